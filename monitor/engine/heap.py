"""When each check is due. Pure: every function is told what time it is.

The time of this module is `steady` seconds: those of the epoch at the engine's start, counted on without jumps. A check's
periods lie on a grid that depends on its id and cadence only, so that a restart keeps their phase and checks of one cadence
are spread over it. One look is due in each period, a little after its beginning; of a period in which no look began nothing
is known, and `missed` counts such periods.
"""

import heapq
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache
from typing import Any, Final, NamedTuple
from zlib import crc32

from monitor.core.plan import PlannedCheck

JITTER_SHARE: Final = 0.05
JITTER_CAP: Final = 10.0
"""A look is late by up to a twentieth of its period, ten seconds at most: nobody who watches us can set a clock by it."""

CATCH_UP_RATE: Final = 20.0
"""Looks a second at which checks begin that are new or were left out while the prober was down."""

CATCH_UP_LEAST: Final = 3.0
"""Seconds over which even a few of them are spread."""

_WHOLE: Final = 2**32


class Doing(Enum):
    """What a check is about. A check that is not idle is not queued again."""

    IDLE = auto()
    QUEUED = auto()
    FLYING = auto()


class Routine(NamedTuple):
    """With which probe, from where, and every how many seconds: one object for all checks that have this in common."""

    probe: str
    vantage: str
    every: int


@dataclass(slots=True, eq=False)
class Scheduled:
    """One check and all that the engine keeps of it between looks: small, for there may be 100,000.

    - `params`: the probe's parameters as JSON, a fraction of the size of a dictionary
    - `due`: when the next look is due; `accounted`: when the last one began, or the time up to which its absence is recorded
    - `addresses`: what the last look connected to, as `monitor.engine.politeness.address_keys` packs it
    - `slow`: the last look took so long that the next goes to the slow lane; `bad`: it had to be compared with a control
    - `gone`: the plan no longer holds it
    """

    id: str
    routine: Routine
    params: bytes
    due: float
    accounted: float
    addresses: bytes = b""
    doing: Doing = Doing.IDLE
    slow: bool = False
    bad: bool = False
    gone: bool = False

    def __lt__(self, other: "Scheduled") -> bool:
        return self.due < other.due

    def period(self, moment: float) -> int:
        """The number of the period that `moment` lies in."""
        return int((moment - self._phase()) // self.routine.every)

    def start_of(self, period: int) -> int:
        """When a period begins."""
        return self._phase() + period * self.routine.every

    def due_in(self, period: int) -> float:
        """When the look of this period is due."""
        return self.start_of(period) + _fraction(f"{self.id}{period}") * min(self.routine.every * JITTER_SHARE, JITTER_CAP)

    def missed(self, now: float) -> int:
        """How many whole periods have passed of which nothing is recorded yet."""
        return max(0, self.period(now) - self.period(self.accounted) - 1)

    def sits_out(self, now: float, stretch: int) -> bool:
        """Whether this is a period without a look, when there is one look only to every `stretch` periods."""
        return (self.period(now) + crc32(self.id.encode())) % stretch != 0

    def is_thorough(self, now: float, seconds: int) -> bool:
        """Whether the look of this period is one of those, every `seconds`, that are made thoroughly."""
        return (self.period(now) + crc32(self.id.encode())) % max(1, seconds // self.routine.every) == 0

    def _phase(self) -> int:
        return crc32(self.id.encode()) % self.routine.every


def _fraction(text: str) -> float:
    """A number from 0 up to 1 that depends on `text` only."""
    return crc32(text.encode()) / _WHOLE


class DueHeap:
    """All checks of a plan, by when they are due."""

    def __init__(self) -> None:
        self.checks: dict[str, Scheduled] = {}
        self._heap: list[Scheduled] = []

    def adopt(self, planned: Iterable[PlannedCheck], now: float) -> None:
        """Make the plan's checks ours. One that has not changed goes on as it was; one that has keeps its last look.

        What is new, or was left out while the prober was down, is looked at soon: spread out, and within the running period
        where that can still be saved.
        """
        previous, self.checks = self.checks, {}
        owed: list[tuple[Scheduled, float]] = []
        for check in planned:
            known = previous.get(check.id)
            item = known if known and _is_unchanged(known, check) else _scheduled(check, known, now)
            self.checks[check.id] = item
            if item is not known and (room := _room(item, check, known, now)):
                owed.append((item, room))
        for item in previous.values():
            item.gone = self.checks.get(item.id) is not item
        window = max(CATCH_UP_LEAST, len(owed) / CATCH_UP_RATE)
        for item, room in owed:
            item.due = now + _fraction(item.id) * min(window, room)
        self._heap = list(self.checks.values())
        heapq.heapify(self._heap)

    def due(self, now: float, limit: int) -> Iterator[Scheduled]:
        """Up to `limit` checks that are due, each moved on to its next period: lateness skips whole periods, phase is kept."""
        for _ in range(limit):
            if not self._heap or self._heap[0].due > now:
                return
            item = self._heap[0]
            item.due = item.due_in(item.period(now) + 1)
            heapq.heapreplace(self._heap, item)
            yield item


def _is_unchanged(item: Scheduled, check: PlannedCheck) -> bool:
    return (item.routine, item.params) == (_routine(check.probe, check.vantage, check.every), _packed(check.params))


def _scheduled(check: PlannedCheck, known: Scheduled | None, now: float) -> Scheduled:
    """A check that never ran is accounted for up to now: nothing was missed before anybody wanted it."""
    last_run = check.last_run.timestamp() if check.last_run else now
    item = Scheduled(
        id=check.id,
        routine=_routine(check.probe, check.vantage, check.every),
        params=_packed(check.params),
        due=now,
        accounted=known.accounted if known else min(last_run, now),
    )
    item.due = item.due_in(item.period(now) + 1)
    return item


def _room(item: Scheduled, check: PlannedCheck, known: Scheduled | None, now: float) -> float:
    """Seconds within which a look is owed before the next one is due; 0 where none is."""
    period = item.period(now)
    if known is None and check.last_run is None:
        return float(item.routine.every)
    return item.start_of(period + 1) - now if item.period(item.accounted) < period else 0.0


@lru_cache(maxsize=1024)
def _routine(probe: str, vantage: str, every: int) -> Routine:
    return Routine(probe, vantage, every)


def _packed(params: dict[str, Any]) -> bytes:
    return json.dumps(params, separators=(",", ":"), ensure_ascii=False).encode()
