"""How many looks are under way: two lanes with hard caps, and everybody's turn.

Looks that took long last time go to the slow lane, so that targets which swallow every packet cannot hold up the others.
When a country begins to blackhole, nobody knows yet which those are. So a look in the fast lane that takes long while others
wait for its place is moved to the slow lane, and where that is full it is interrupted and waits there for a look in full.
"""

import asyncio
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from monitor.bus import LaneStatus
from monitor.core.watchlist import Limits
from monitor.engine.heap import Scheduled
from monitor.engine.politeness import Key, Politeness
from probes.kit.vocabulary import Depth


@dataclass(slots=True, eq=False)
class Ticket:
    """One look on its way through a lane. Times are steady seconds.

    - `due`: when it was due; `started`: when it began; `before`: up to when its check was accounted for before it began
    - `depth`: how thoroughly it is to be made
    - `displaced`: it is being interrupted to make room; `overdue`: it is being ended because it is stuck
    """

    item: Scheduled
    keys: tuple[Key, ...]
    due: float
    slow: bool
    depth: Depth = Depth.LIGHT
    started: float = 0.0
    before: float = 0.0
    displaced: bool = False
    overdue: bool = False
    task: asyncio.Task[None] | None = None


@dataclass(slots=True)
class Lane:
    """Looks that wait, first in, first out, and those in flight, in the order in which they took off."""

    cap: int
    queue: deque[Ticket] = field(default_factory=deque)
    flying: dict[Ticket, None] = field(default_factory=dict)

    @property
    def free(self) -> int:
        """Places that are free; none, rather than fewer, after a cap was lowered."""
        return max(0, self.cap - len(self.flying))


class Lanes:
    """The fast lane, the slow one, and the politeness that both keep."""

    def __init__(self, limits: Limits) -> None:
        self._fast = Lane(limits.fast_lane)
        self._slow = Lane(limits.slow_lane)
        self._politeness: Politeness[Ticket] = Politeness(limits.per_host, limits.gap)

    def limit(self, limits: Limits) -> None:
        """Keep to other limits from now on."""
        self._fast.cap, self._slow.cap = limits.fast_lane, limits.slow_lane
        self._politeness.per_host, self._politeness.gap = limits.per_host, limits.gap

    def enter(self, ticket: Ticket) -> None:
        """Wait for a turn."""
        self._lane(ticket).queue.append(ticket)

    def leave(self, ticket: Ticket, now: float) -> None:
        """A look has ended, whatever came of it; who waited for its hosts may be next."""
        del self._lane(ticket).flying[ticket]
        self._politeness.leave(ticket.keys)
        self._return(self._politeness.called(ticket.keys, now))

    def call(self, now: float) -> None:
        """See whose wait for a domain or an address is over, because its gap has passed."""
        self._return(self._politeness.called_anywhere(now))

    def start(self, now: float) -> list[Ticket]:
        """Everybody who may take off now; they are in flight from here on."""
        return [*self._start(self._fast, now), *self._start(self._slow, now)]

    def enter_slow(self, ticket: Ticket) -> None:
        """Wait for another turn in the slow lane, after having been interrupted."""
        ticket.slow, ticket.displaced = True, False
        self.enter(ticket)

    def make_room(self, now: float, patience: float) -> list[Ticket]:
        """Move looks that have taken longer than `patience` out of the fast lane, as many as others wait for.

        Returns those for which the slow lane has no place: they must be interrupted and enter again.
        """
        leaving = sum(ticket.displaced for ticket in self._fast.flying)
        wanted = len(self._fast.queue) - self._fast.free - leaving
        lingering = [ticket for ticket in self._fast.flying if now - ticket.started > patience and not ticket.displaced]
        for ticket in lingering[: max(0, wanted)]:
            ticket.displaced = not self._moved(ticket)
        return [ticket for ticket in lingering if ticket.displaced]

    def flying(self) -> Iterator[Ticket]:
        """Everybody in flight."""
        yield from self._fast.flying
        yield from self._slow.flying

    def status(self, now: float) -> dict[str, LaneStatus]:
        """How full the lanes are, by name."""
        waiting = list(self._politeness.waiting())
        return {
            "fast": _status(self._fast, (ticket for ticket in waiting if not ticket.slow), now),
            "slow": _status(self._slow, (ticket for ticket in waiting if ticket.slow), now),
        }

    def _lane(self, ticket: Ticket) -> Lane:
        return self._slow if ticket.slow else self._fast

    def _return(self, called: Iterable[Ticket]) -> None:
        """Who has waited for a host comes before everybody else in the lane."""
        for ticket in sorted(called, key=lambda ticket: ticket.due, reverse=True):
            self._lane(ticket).queue.appendleft(ticket)

    def _start(self, lane: Lane, now: float) -> Iterator[Ticket]:
        while lane.queue and lane.free:
            ticket = lane.queue.popleft()
            if not ticket.item.gone and self._politeness.enter(ticket, ticket.keys, now):
                ticket.started = now
                lane.flying[ticket] = None
                yield ticket

    def _moved(self, ticket: Ticket) -> bool:
        if not self._slow.free:
            return False
        del self._fast.flying[ticket]
        ticket.slow = True
        self._slow.flying[ticket] = None
        return True


def _status(lane: Lane, in_line: Iterable[Ticket], now: float) -> LaneStatus:
    queued = [*lane.queue, *in_line]
    lag = max((now - ticket.due for ticket in queued), default=0.0)
    return LaneStatus(queued=len(queued), in_flight=len(lane.flying), lag_seconds=max(0.0, lag))
