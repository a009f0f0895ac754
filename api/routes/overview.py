"""`/`: what is broken now, by organisation, and how fresh that knowledge is."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from api.answers import count
from api.labels import STATES
from api.parameters import ONLY_LANGUAGE, IncidentFilters
from api.show import freshness_line, show, wording
from api.visible import OVER, Seen, Visible
from monitor.core.incident import OPEN_STAGES, Incident, IncidentStage
from monitor.store import CheckState
from probes.kit.vocabulary import State

router = APIRouter(include_in_schema=False)

LATELY: Final = timedelta(days=7)

_OPEN_SHOWN: Final = 500

_OVER_SHOWN: Final = 20

_TONES: Final = ("bad", "doubt", "good", "calm")
"""What a reader must know first."""


@dataclass(frozen=True, slots=True)
class Group:
    """The open incidents of one organisation. `known`: its page is open to the reader as well."""

    slug: str
    known: bool
    incidents: list[Incident]


@dataclass(frozen=True, slots=True)
class Row:
    """An organisation in one line: how many checks stand where, worst first, and when the newest look began."""

    slug: str
    states: list[tuple[State, int]]
    last: datetime | None


@router.get("/", dependencies=[ONLY_LANGUAGE])
async def overview(request: Request, visible: Seen) -> HTMLResponse:
    """What is broken now."""
    words = wording(request, visible)
    states = await visible.states()
    freshness = visible.freshness(states)
    known = sorted((one.id for one in visible.organisations()), key=words.organisation)
    values = {
        "groups": _groups(await visible.incidents(IncidentFilters(), stages=OPEN_STAGES, limit=_OPEN_SHOWN), known),
        "ended": await _lately_over(visible),
        "organisations": [_row(slug, states) for slug in known],
        "freshness": freshness,
        "freshness_line": freshness_line(freshness, words),
    }
    return show(request, visible, "overview.html", values)


def _groups(incidents: list[Incident], known: list[str]) -> list[Group]:
    """Open incidents by organisation; those of whole networks first, then confirmed ones, then the latest."""
    ordered = sorted(incidents, key=lambda one: (one.stage is not IncidentStage.CONFIRMED, -one.onset.by.timestamp()))
    groups: dict[str, list[Incident]] = {}
    for incident in ordered:
        groups.setdefault(incident.key.organisation, []).append(incident)
    return [Group(slug, slug in known, groups[slug]) for slug in sorted(groups, key=bool)]


async def _lately_over(visible: Visible) -> list[Incident]:
    over = await visible.incidents(IncidentFilters(), stages=OVER, limit=_OVER_SHOWN)
    return [one for one in over if visible.now - one.updated <= LATELY]


def _row(slug: str, states: list[CheckState]) -> Row:
    own = [one for one in states if one.organisation == slug]
    worst_first = sorted(count(own).items(), key=lambda one: _TONES.index(STATES[one[0]].tone))
    return Row(slug, worst_first, max((one.measured_at for one in own if one.measured_at), default=None))
