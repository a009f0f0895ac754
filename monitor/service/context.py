"""What readers of the service are given: the web application finds a `Context` at `app.state.context`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from monitor.clock import Clock
from monitor.core.watchlist import Watchlist
from monitor.settings import Settings
from monitor.store import Store
from probes.kit.vocabulary import VantageHealth


@dataclass(frozen=True, slots=True, kw_only=True)
class VantageStatus:
    """What is known of a vantage point's own health. `heard` is when its prober last reported."""

    id: str
    country: str | None
    health: VantageHealth
    since: datetime | None
    heard: datetime | None
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """Whether the monitor can be relied on. `problems` are sentences for the person who runs it."""

    ready: bool
    problems: tuple[str, ...] = ()
    vantages: tuple[VantageStatus, ...] = ()
    paused: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What the web application needs of the service; it is found at `app.state.context`."""

    settings: Settings
    clock: Clock
    store: Store
    watchlist: Callable[[], Watchlist]
    metrics: Callable[[], bytes]
    health: Callable[[], Health]
    is_ending: Callable[[], bool] = lambda: False
    """Whether the service is about to end: answers that have no end of their own must come to one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where this machine stands, and whether looks wait until a person has agreed to them."""

    country: str | None = None
    paused: bool = False
