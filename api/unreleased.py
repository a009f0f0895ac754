"""Cases that a reader could read once and may read no more, because a person has withdrawn their release.

Whoever had such a case is told that it is so and since when, so that copies can be dropped; and nothing else. Of what a reader
could never read nothing is told.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from api.render import instant
from api.told import steps
from api.visible import Visible
from monitor.core.incident import Event
from monitor.core.kinds import EventKind
from monitor.core.model import Tlp

_CLOSING: Final = (EventKind.RELEASED, EventKind.CORRECTED)
"""The events that can give an incident another mark."""

_BATCH: Final = 200

_BATCHES: Final = 10
"""How many times `_BATCH` events are searched for the latest."""

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
    found: list[Unreleased] = []
    while len(found) < limit and not visible.reader.reads_everything:
        batch = await visible.reading.news(seq, _BATCH, _CLOSING)
        found += await _among(visible, batch)
        if len(batch) < _BATCH:
            break
        seq = batch[-1][0]
    return found[:limit]


async def latest(visible: Visible, limit: int) -> list[Unreleased]:
    """The latest, the newest first."""
    found: list[Unreleased] = []
    seq = _END
    for _ in range(0 if visible.reader.reads_everything else _BATCHES):
        batch = await visible.reading.news(seq, _BATCH, _CLOSING, backwards=True)
        found += await _among(visible, batch)
        if len(found) >= limit or len(batch) < _BATCH:
            break
        seq = batch[-1][0]
    return found[:limit]


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
