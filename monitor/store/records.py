"""What goes into the store and comes out of it, as plain values."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from monitor.core.message import Message
from monitor.core.verdict import Verdict
from probes.kit.observation import Blob, Observation
from probes.kit.vocabulary import Meant, State, Strength, WhyUnclear


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A look with its verdict. `blobs` are the bytes to keep with it; what is read back names them in its facts only."""

    observation: Observation
    verdict: Verdict
    blobs: tuple[Blob, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a check stands after a look.

    `since` is when the present state began, `last_at` the newest look, `looks` how many have shown this state since. A gap
    closes nothing: during one `state` is `unmeasured`, the `measured_…` fields keep the last state that was seen, and if that
    state is seen again afterwards its `measured_since` is still the time before the gap. They are None as long as nothing
    was ever measured.
    """

    state: State
    since: datetime
    last_at: datetime
    looks: int
    measured_state: State | None = None
    measured_since: datetime | None = None
    measured_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckState(Standing):
    """A watched check, where it stands, and what its newest look said. `every` is in seconds."""

    check: str
    organisation: str
    target: str
    probe: str
    vantage: str
    country: str | None = None
    every: int | None = None
    observation: str
    rule: str
    because: str
    strength: Strength
    why_unclear: WhyUnclear | None = None
    mechanism: str | None = None
    scope: Meant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A stretch of equal states. The state is known from `started_at` to `last_at`; the next one began at `ended_at`.

    Between `last_at` and `ended_at` nobody looked: that is the bracket within which the state changed. The present stretch
    has no end.
    """

    check: str
    state: State
    started_at: datetime
    last_at: datetime
    ended_at: datetime | None
    looks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Hour:
    """The looks of one check in one hour that had the same state; `hour` is its first moment, durations are seconds.

    `missed` counts the periods for which there is no look that counts: it is nonzero for `unmeasured` only. The measured
    share of a time is therefore: looks of all other states, divided by those looks plus `missed`.
    """

    check: str
    hour: datetime
    state: State
    looks: int
    missed: int
    duration_sum: float
    duration_max: float


class MessageState(StrEnum):
    """How far a message has come. A leased message is in a worker's hands until its lease ends."""

    PENDING = "pending"
    LEASED = "leased"
    DELIVERED = "delivered"
    DEAD = "dead"
    COLLAPSED = "collapsed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """A message that the claiming worker must now deliver. `attempts` counts this one, and those that a crash cut short."""

    message: Message
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """A message and what has become of it. `settled_at` is when it was delivered, given up or collapsed."""

    message: Message
    state: MessageState
    due_at: datetime
    attempts: int
    last_error: str | None
    settled_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt to deliver a message; `duration` in seconds, `status` the channel's own code (HTTP's, SMTP's)."""

    message: str
    at: datetime
    outcome: str
    duration: float
    status: int | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelBacklog:
    """What one channel still owes. `oldest` is when its oldest undelivered message was written; None if it owes nothing."""

    channel: str
    waiting: int
    dead: int
    oldest: datetime | None
