"""Cases that a reader could read once and may read no more, because a person has withdrawn their release, or others have joined.

Whoever had such a case is told that it is so and since when, so that copies can be dropped; and nothing else. Of what a reader
could never read nothing is told.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any, Final

from api.render import instant
from api.told import steps
from api.visible import Visible
from monitor.core.incident import Event
from monitor.core.kinds import EventKind
from monitor.core.model import Tlp

_DECIDED: Final = (EventKind.RELEASED, EventKind.CORRECTED)
"""The events by which people give an incident another mark."""

_BY_ITSELF: Final = (
    EventKind.SCOPE_CHANGED,
    EventKind.RECLASSIFIED,
    EventKind.CONFIRMED,
    EventKind.ENDED,
    EventKind.REOPENED,
    EventKind.LINKED,
)
"""The events by which a mass event gets a closer mark, because of those who have joined."""

_NOBODYS: Final = ""
"""A mass event belongs to no single organisation. There are few such incidents, so that few events have to be searched."""

_Search = tuple[tuple[EventKind, ...], str | None]

_SEARCHES: Final[tuple[_Search, ...]] = ((_DECIDED, None), (_BY_ITSELF, _NOBODYS))
"""Which events can close an incident, and whose incidents (None: anybody's)."""

_BATCH: Final = 200

_BATCHES: Final = 10
"""How many times `_BATCH` events of either sort are searched for the latest."""

_END: Final = 2**62


@dataclass(frozen=True, slots=True)
class Unreleased:
    """That a case may be read no more: its id, the version and the moment from which on, and its place in the log."""

    incident: str
    version: int
    at: datetime
    seq: int

    @property
    def name(self) -> str:
        """The name under which it is told of."""
        return f"{self.incident}.{self.version}"

    @property
    def payload(self) -> dict[str, Any]:
        """What a reader is told of it."""
        return {"type": "incident.unreleased", "time": instant(self.at), "data": {"incident": self.incident}}


async def following(visible: Visible, seq: int, limit: int) -> list[Unreleased]:
    """Those that happened after this place in the log, oldest first."""
    if visible.reader.reads_everything:
        return []
    found = [one for search in _SEARCHES for one in await _following(visible, search, seq, limit)]
    return sorted(found, key=attrgetter("seq"))[:limit]


async def _following(visible: Visible, search: _Search, seq: int, limit: int) -> list[Unreleased]:
    kinds, whose = search
    found: list[Unreleased] = []
    while len(found) < limit:
        batch = await visible.reading.news(seq, _BATCH, kinds, organisation=whose)
        found += await _among(visible, batch)
        if len(batch) < _BATCH:
            break
        seq = batch[-1][0]
    return found


async def latest(visible: Visible, limit: int) -> list[Unreleased]:
    """The latest, the newest first."""
    if visible.reader.reads_everything:
        return []
    found = [one for search in _SEARCHES for one in await _latest(visible, search, limit)]
    return sorted(found, key=attrgetter("seq"), reverse=True)[:limit]


async def _latest(visible: Visible, search: _Search, limit: int) -> list[Unreleased]:
    kinds, whose = search
    found: list[Unreleased] = []
    seq = _END
    for _ in range(_BATCHES):
        batch = await visible.reading.news(seq, _BATCH, kinds, backwards=True, organisation=whose)
        found += await _among(visible, batch)
        if len(found) >= limit or len(batch) < _BATCH:
            break
        seq = batch[-1][0]
    return found


async def _among(visible: Visible, batch: Sequence[tuple[int, Event]]) -> list[Unreleased]:
    closing = [(seq, event) for seq, event in batch if event.data.get("tlp") not in {None, Tlp.CLEAR}]
    logs = await visible.reading.logs(sorted({event.incident for _, event in closing}))
    left = {name: departure(visible, events) for name, events in logs.items()}
    gone = ((seq, event) for seq, event in closing if left[event.incident] == event.version)
    return [Unreleased(event.incident, event.version, event.at, seq) for seq, event in gone]


def departure(visible: Visible, events: Sequence[Event]) -> int | None:
    """The version with which an incident left the reader's sight for good; None where they read it, or never could."""
    readable = [step.event.version for step in steps(events) if visible.may_read(step.after)]
    return readable[-1] + 1 if readable and readable[-1] < len(events) else None
