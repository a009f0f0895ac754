"""`/organisations/{slug}`: what works, where, since when; a strip for every target and vantage point, with a table beside it."""

from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from api.parameters import ONLY_LANGUAGE, IncidentFilters
from api.show import freshness_line, show, wording
from api.strips import WINDOWS, Strip, strip_of, window_for
from api.visible import ATTESTED, OVER, SEEN, Seen, Visible
from monitor.core.incident import OPEN_STAGES
from monitor.core.watchlist import Target
from monitor.store import CheckState, Span

router = APIRouter(include_in_schema=False)

SHOWN: Final = WINDOWS[-1]

_STRETCHES: Final = 40
"""Stretches in the table beside a strip: the newest."""


@dataclass(frozen=True, slots=True)
class Course:
    """Where a check stands and has stood, the newest stretch first. `hours` is the time that its strip shows."""

    state: CheckState
    strip: Strip
    hours: int
    spans: list[Span]
    left_out: int


@router.get("/organisations/{slug}", dependencies=[ONLY_LANGUAGE])
async def organisation(request: Request, visible: Seen, slug: str) -> HTMLResponse:
    """One organisation."""
    found = visible.organisation(slug)
    states = await visible.states(slug)
    values = {
        "organisation": found,
        "incidents": await visible.incidents(IncidentFilters(organisation=slug), stages=OPEN_STAGES, origins=SEEN),
        "past": await visible.incidents(IncidentFilters(organisation=slug), stages=OVER, origins=SEEN),
        "documented": await visible.incidents(IncidentFilters(organisation=slug), origins=ATTESTED),
        "targets": [(target, await _courses(visible, target, states)) for target in visible.targets(found)],
        "freshness_line": freshness_line(visible.freshness(states, slug), wording(request, visible)),
        "days": SHOWN.days,
    }
    return show(request, visible, "organisation.html", values)


async def _courses(visible: Visible, target: Target, states: list[CheckState]) -> list[Course]:
    return [await _course(visible, state) for state in states if state.target == target.id]


async def _course(visible: Visible, state: CheckState) -> Course:
    since = visible.now - SHOWN
    spans = await visible.spans(state, since)
    window = window_for(spans, visible.now)
    strip = strip_of(spans, visible.now - window, visible.now)
    hours = int(window.total_seconds()) // 3600
    return Course(state, strip, hours, spans[::-1][:_STRETCHES], max(0, len(spans) - _STRETCHES))
