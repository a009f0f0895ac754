"""`/providers/{id}`: what a provider did to whom, when, with or without notice, and whether and when it took it back."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from api import providers
from api.parameters import ONLY_LANGUAGE
from api.problems import not_found
from api.provider_schemas import Days
from api.show import show
from api.visible import Seen
from api.when import when
from monitor.core.incident import Incident

router = APIRouter(include_in_schema=False)

_SHOWN: Final = 100
"""Deeds that its page shows: the latest. The timeline has them all."""

_LONG_AGO: Final = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Deed:
    """An incident in which the provider had a part. `notice`: whether notice was given, None where nobody says."""

    incident: Incident
    notice: bool | None
    until_reinstated: Days | None


@router.get("/providers/{slug}", dependencies=[ONLY_LANGUAGE])
async def provider(request: Request, visible: Seen, slug: str) -> HTMLResponse:
    """One provider and its record, as far as the reader may know."""
    found = next((one for one in visible.watchlist.providers if one.id == slug), None)
    if found is None:
        raise not_found()
    caused = (await providers.by_provider(request, visible)).get(slug, [])
    latest = sorted(caused, key=_place, reverse=True)[:_SHOWN]
    values = {
        "provider": found,
        "record": providers.record(caused),
        "deeds": [_deed(one) for one in latest],
        "left_out": len(caused) - len(latest),
    }
    return show(request, visible, "provider.html", values)


def _place(incident: Incident) -> tuple[datetime, str]:
    found = when(incident)
    return (found.start if found else _LONG_AGO), incident.id


def _deed(incident: Incident) -> Deed:
    process = incident.dossier.due_process if incident.dossier else None
    return Deed(incident, process.notice_given if process else None, providers.until_reinstated(incident))
