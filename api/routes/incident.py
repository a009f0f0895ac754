"""`/incidents/{id}`, the latest, and `/incidents/{id}/v{n}`, which never changes: what happened, how we know, how to cite it."""

import re
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from api.parameters import ONLY_LANGUAGE
from api.problems import not_found
from api.show import show, wording
from api.visible import Seen, Visible
from monitor.core.incident import Incident

router = APIRouter(include_in_schema=False, dependencies=[ONLY_LANGUAGE])

_NUMBER: Final = re.compile(r"[1-9][0-9]{0,8}")


@router.get("/incidents/{name}")
async def latest(request: Request, visible: Seen, name: str) -> HTMLResponse:
    """An incident as it is now."""
    incident = await visible.incident(name)
    return await _page(request, visible, incident, newest=incident.version)


@router.get("/incidents/{name}/v{number}")
async def version(request: Request, visible: Seen, name: str, number: str) -> HTMLResponse:
    """An incident as it was."""
    if not _NUMBER.fullmatch(number):
        raise not_found()
    newest = await visible.incident(name)
    return await _page(request, visible, await visible.version(name, int(number)), newest=newest.version)


async def _page(request: Request, visible: Visible, incident: Incident, newest: int) -> HTMLResponse:
    words = wording(request, visible)
    permanent = f"{visible.context.settings.address}/incidents/{incident.id}/v{incident.version}"
    history = await visible.history(incident)
    values: dict[str, Any] = {
        "incident": incident,
        "newest": newest,
        "history": history[: incident.version],
        "looks": await visible.looks(incident),
        "attributions": (await visible.attributions([incident.id])).get(incident.id),
        "permanent": permanent,
        "citation": words.citation(incident, permanent),
        "organisation": next((one for one in visible.organisations() if one.id == incident.key.organisation), None),
    }
    return show(request, visible, "incident.html", values)
