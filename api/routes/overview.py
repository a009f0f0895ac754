"""`/`: what is broken now, by organisation and by provider, and how fresh that knowledge is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from api.answers import count
from api.labels import STATES
from api.parameters import ONLY_LANGUAGE, IncidentFilters
from api.show import freshness_line, show, wording
from api.visible import OVER, SEEN, Seen, Visible
from api.wording import Wording
from monitor.core.incident import OPEN_STAGES, Incident
from monitor.core.kinds import IncidentStage
from monitor.store import CheckState
from probes.kit.vocabulary import State

router = APIRouter(include_in_schema=False)

LATELY: Final = timedelta(days=7)

_OPEN_SHOWN: Final = 500

_OVER_SHOWN: Final = 20

_MEMBERS_SHOWN: Final = 20
"""Members of a mass event to which its card leads; its own page names all."""

_TONES: Final = ("bad", "doubt", "good", "calm")
"""What a reader must know first."""


@dataclass(frozen=True, slots=True)
class Card:
    """An incident with the first of its members, where it is a mass event, and how many of them the reader may read."""

    incident: Incident
    members: list[Incident]
    count: int


@dataclass(frozen=True, slots=True)
class Group:
    """The open incidents of one organisation, or of nobody in particular. `known`: its page is open to the reader as well."""

    slug: str
    title: str
    known: bool
    cards: list[Card]


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
    standing = await visible.incidents(IncidentFilters(), stages=OPEN_STAGES, origins=SEEN, limit=_OPEN_SHOWN)
    over = await _lately_over(visible)
    members = await _members(visible, (*standing, *over))
    cards = _cards(_ordered(standing), members)
    values = {
        "groups": _groups(cards, known, words),
        "by_provider": _by_provider(cards, words),
        "ended": _cards(over, members),
        "organisations": [_row(slug, states) for slug in known],
        "freshness": freshness,
        "freshness_line": freshness_line(freshness, words),
    }
    return show(request, visible, "overview.html", values)


async def _members(visible: Visible, incidents: Iterable[Incident]) -> dict[str, list[Incident]]:
    """The readable members of each mass event among these."""
    return {one.id: await visible.members(await visible.incident(one.id)) for one in incidents if one.is_mass}


def _cards(incidents: Iterable[Incident], members: Mapping[str, list[Incident]]) -> list[Card]:
    """A card for each; what belongs to a mass event stands on its card alone."""
    beneath = {one.id for some in members.values() for one in some}
    own = ((one, members.get(one.id, [])) for one in incidents if one.id not in beneath)
    return [Card(one, some[:_MEMBERS_SHOWN], len(some)) for one, some in own]


def _ordered(incidents: Iterable[Incident]) -> list[Incident]:
    """Confirmed ones first, then the latest."""
    return sorted(
        incidents,
        key=lambda one: (one.stage is not IncidentStage.CONFIRMED, -(one.onset.by if one.onset else one.detected).timestamp()),
    )


def _groups(cards: Iterable[Card], known: list[str], words: Wording) -> list[Group]:
    """Open incidents by organisation; those of whole networks first."""
    groups: dict[tuple[str, str], list[Card]] = {}
    for card in cards:
        groups.setdefault((card.incident.key.organisation, words.struck(card.incident)), []).append(card)
    return [
        Group(slug, title, slug in known, groups[slug, title]) for slug, title in sorted(groups, key=lambda one: bool(one[0]))
    ]


def _by_provider(cards: Iterable[Card], words: Wording) -> list[tuple[str, list[Incident]]]:
    """The same incidents by who did it, as far as that is known."""
    found: dict[str, list[Incident]] = {}
    for card in cards:
        if card.incident.provider:
            found.setdefault(card.incident.provider, []).append(card.incident)
    return sorted(found.items(), key=lambda one: words.provider(one[0]).casefold())


async def _lately_over(visible: Visible) -> list[Incident]:
    over = await visible.incidents(IncidentFilters(), stages=OVER, origins=SEEN, limit=_OVER_SHOWN)
    return [one for one in over if visible.now - one.updated <= LATELY]


def _row(slug: str, states: list[CheckState]) -> Row:
    own = [one for one in states if one.organisation == slug]
    worst_first = sorted(count(own).items(), key=lambda one: _TONES.index(STATES[one[0]].tone))
    return Row(slug, worst_first, max((one.measured_at for one in own if one.measured_at), default=None))
