"""A clock that ran ahead and was set back, and what it leaves behind: looks and decisions of an hour that comes twice. Pure.

Looks dated by the wrong clock have had their say by it, and must not have it again
when their time comes; and until then a time that lies ahead of now must not hide what is seen meanwhile.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from monitor.core.verdict import Verdict

SKEW: Final = timedelta(minutes=1)
"""Looks dated later than this after now were stamped by a clock that has since been set back: they wait for their time."""


@dataclass(frozen=True, slots=True)
class Setback:
    """That the clock shows `now` after it has shown `before`, a later time (None: after a start, when nobody knows it)."""

    now: datetime
    before: datetime | None

    def has_spoken(self, look: Verdict) -> bool:
        """Whether a look is dated ahead of now and has had its say already, because the clock that ran ahead had come so far."""
        return look.at > self.now and (self.before is None or look.at <= self.before + SKEW)


@dataclass(frozen=True, slots=True)
class Misdated:
    """Times that lay ahead of the clock when it was found set back, each with what the clock showed then.

    Whatever happened at such a time had happened by then: so that is how late it counts, for as long as it is asked about.
    """

    found: Mapping[datetime, datetime] = field(default_factory=lambda: MappingProxyType({}))

    def latest(self, at: datetime) -> datetime:
        """When something that is dated `at` had happened at the latest."""
        return self.found.get(at, at)

    def at_setback(self, now: datetime, times: Iterable[datetime]) -> "Misdated":
        """What is known of these times, which are all that matter, once the clock was found to show `now`."""
        return Misdated(MappingProxyType(dict(self._brought_back(now, times))))

    def _brought_back(self, now: datetime, times: Iterable[datetime]) -> Iterator[tuple[datetime, datetime]]:
        for at in times:
            latest = self.latest(at)
            if latest > now + SKEW:
                yield at, now
            elif latest != at:
                yield at, latest


NONE_MISDATED: Final = Misdated()


def setback(before: datetime | None, now: datetime) -> Setback | None:
    """Whether a clock that showed `before` when it was last asked (None: never since the start) may have been set back."""
    return Setback(now, before) if before is None or now + SKEW < before else None


def spoken_and_waiting(window: Sequence[Verdict], now: datetime) -> tuple[Sequence[Verdict], Sequence[Verdict]]:
    """Of looks, oldest first: those that speak, and those dated ahead, which wait for their time."""
    spoken = bisect_right(window, now + SKEW, key=lambda look: look.at)
    return window[:spoken], window[spoken:]


def bounded(window: Sequence[Verdict], now: datetime, size: int) -> tuple[Verdict, ...]:
    """Of looks, oldest first, the newest, and of those that wait the first: these crowd out none that speaks."""
    spoken, waiting = spoken_and_waiting(window, now)
    return (*spoken[-size:], *waiting[:size])
