"""How a prober and the service talk: plans go out, looks come back, and nothing is forgotten in between.

Plans travel, not runs: a prober is told what is its own and how often, and keeps looking while nobody listens. Delivery is
at least once. A look is the prober's until the service says that it is written, so the service may meet it twice and knows
it again by its id.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from monitor.core.plan import Plan
from probes.kit.observation import Blob, Observation
from probes.kit.vocabulary import VantageHealth


@dataclass(frozen=True, slots=True)
class Report:
    """One look and the raw bytes that go with it. Bytes that the service already has may be left out."""

    observation: Observation
    blobs: tuple[Blob, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneStatus:
    """How full a lane is. `lag_seconds` is how long the look that waits longest has been due."""

    queued: int
    in_flight: int
    lag_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class VantageReport:
    """What a vantage point's own canaries say of it, and since when."""

    vantage: str
    health: VantageHealth
    since: datetime | None
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat:
    """A prober on itself.

    - `loop_busy`: the share of one processor that it used lately, 0 to 1
    - `clock_step`: seconds by which the wall clock jumped since the last heartbeat, None where it did not
    - `problems`: sentences for the person who runs it
    """

    at: datetime
    lanes: dict[str, LaneStatus]
    vantages: tuple[VantageReport, ...]
    loop_busy: float
    clock_step: float | None = None
    problems: tuple[str, ...] = ()


class ProberBus(Protocol):
    """A prober's end."""

    def plans(self) -> AsyncIterator[Plan]:
        """Each plan as it comes; where several came meanwhile, the newest only."""
        ...

    def looks(self) -> AsyncIterator[str]:
        """Ids of checks that the service wants looked at now."""
        ...

    async def submit(self, report: Report) -> None:
        """Take over a look: it is kept until the service has written it, even if this process is killed at once.

        Raises `monitor.bus.frames.Unsendable` where it cannot be put into bytes.
        """
        ...

    async def heartbeat(self, heartbeat: Heartbeat) -> None:
        """Say how the prober is. Only the newest counts, and it is not kept."""
        ...

    async def drain(self, seconds: float) -> int:
        """Wait until the service has written everything, `seconds` at most. Returns how many looks it still has not."""
        ...


class ServiceBus(Protocol):
    """The service's end."""

    @property
    def heartbeat(self) -> Heartbeat | None:
        """The newest heartbeat, None before the first."""
        ...

    async def publish(self, plan: Plan) -> None:
        """Give probers their plan; one that connects later gets it then."""
        ...

    async def look(self, check_id: str) -> None:
        """Ask for a look now. It is a wish: a prober keeps to politeness, and to its budget of extra looks."""
        ...

    async def consume(self, limit: int, wait: float) -> list[Report]:
        """Up to `limit` looks, as soon as there are so many, else what has come after `wait` seconds."""
        ...

    async def ack(self, ids: Sequence[str]) -> None:
        """Say which observations are written. What is never acknowledged comes again, at the latest when a prober reconnects."""
        ...
