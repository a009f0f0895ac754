"""`/incidents/{id}`, the latest, and `/incidents/{id}/v{n}`, which never changes: what happened, how we know, how to cite it.

`/incidents/{id}/log` tells every change. A signed-in member of staff can say on the page that they see to it, or have quiet.
"""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from api import deciding, looks, told
from api.access import STAFF, StaffByForm, context_of, form_token, is_public
from api.forms import StaffRoute
from api.languages import chosen_language
from api.parameters import ONLY_LANGUAGE
from api.problems import not_found
from api.show import show, wording
from api.visible import Seen, Visible
from monitor.core.incident import Event, Incident
from monitor.core.kinds import EventKind
from monitor.core.revision import Difference

router = APIRouter(include_in_schema=False, route_class=StaffRoute, dependencies=[ONLY_LANGUAGE])

_NUMBER: Final = re.compile(r"[1-9][0-9]{0,8}")

_POSTED: Final = 50
"""Messages about it that its page shows: the latest."""

Hours = Annotated[int, Form(ge=0, le=24 * 90)]


@dataclass(frozen=True, slots=True)
class Shown:
    """An event as the page tells it, and what it changed. `is_over`: what was seen did not stand any more by then."""

    event: Event
    changed: tuple[Difference, ...]
    is_over: bool


@router.get("/incidents/{name}")
async def latest(request: Request, visible: Seen, name: str) -> HTMLResponse:
    """An incident as it is now."""
    incident = await visible.incident(name)
    others = {"related": await visible.related(incident), "members": await visible.members(incident)}
    return await _page(request, visible, incident, {"newest": incident.version, "is_fixed": False, **others})


@router.get("/incidents/{name}/log")
async def log(request: Request, visible: Seen, name: str) -> HTMLResponse:
    """Every change of it, with its reason and what came out different."""
    incident = await visible.incident(name)
    return show(request, visible, "log.html", {"incident": incident, **await _history(visible, incident)})


@router.get("/incidents/{name}/v{number}")
async def version(request: Request, visible: Seen, name: str, number: str) -> HTMLResponse:
    """An incident as it was. Of others it names those that it named then, and says nothing of what has become of them since."""
    if not _NUMBER.fullmatch(number):
        raise not_found()
    newest = await visible.incident(name)
    fixed = {"newest": newest.version, "is_fixed": True, "related": (), "members": ()}
    return await _page(request, visible, await visible.version(name, int(number)), fixed)


@router.post("/incidents/{name}/acknowledgement")
async def acknowledgement(request: Request, reader: StaffByForm, name: str) -> RedirectResponse:
    """Note that somebody sees to it."""
    await deciding.acknowledge(context_of(request), reader, name)
    return _back(request, name)


@router.post("/incidents/{name}/mute")
async def mute(request: Request, reader: StaffByForm, name: str, hours: Hours) -> RedirectResponse:
    """Be quiet about it for so many hours; 0 ends the quiet."""
    context = context_of(request)
    await deciding.mute(context, reader, name, context.clock.now() + timedelta(hours=hours) if hours else None)
    return _back(request, name)


def _back(request: Request, name: str) -> RedirectResponse:
    asked = chosen_language(request)
    return RedirectResponse(f"/incidents/{name}{f'?lang={asked}' if asked else ''}", 303)


async def _page(request: Request, visible: Visible, incident: Incident, more: dict[str, Any]) -> HTMLResponse:
    words = wording(request, visible)
    permanent = f"{visible.context.settings.address}/incidents/{incident.id}/v{incident.version}"
    values: dict[str, Any] = {
        "incident": incident,
        **await _history(visible, incident),
        "looks": await looks.around(visible, incident),
        "attributions": (await visible.attributions([incident.id])).get(incident.id),
        "permanent": permanent,
        "citation": words.citation(incident, permanent),
        "organisation": next((one for one in visible.organisations() if one.id == incident.key.organisation), None),
        **await _for_insiders(request, visible, incident),
        **more,
    }
    return show(request, visible, "incident.html", values)


async def _history(visible: Visible, incident: Incident) -> dict[str, Any]:
    """What happened up to the version that is shown, and which of the versions the reader may read."""
    is_insider = visible.reader.belongs_to(incident.key.organisation)
    steps = [one for one in await visible.log(incident) if one.event.version <= incident.version]
    return {
        "is_released": any(one.event.kind is EventKind.RELEASED for one in steps),
        "steps": [Shown(one.event, told.changed(one, is_insider=is_insider), not one.after.is_open) for one in steps],
        "versions": {one.event.version for one in steps if is_insider or is_public(one.after)},
    }


async def _for_insiders(request: Request, visible: Visible, incident: Incident) -> dict[str, Any]:
    """Who knows of it, and who sees to it; for staff, what a form needs."""
    if not visible.reader.belongs_to(incident.key.organisation):
        return {"is_insider": False}
    token = form_token(request) if visible.reader is STAFF else ""
    posted = await visible.reading.messages(incident.id) if visible.reader.reads_everything else []
    care = await visible.reading.care(incident.id)
    return {"is_insider": True, "care": care, "posted": posted[-_POSTED:], "form_token": token}
