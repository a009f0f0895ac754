"""What goes into the store and comes out of it, as plain values."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from monitor.core.message import Message, Parcel
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
    """How far a message has come.

    - `standby`: owed only if the channel that it stands in for fails, or nobody acknowledges in time
    - `pending`: owed, and in no parcel
    - `sealed`: in a parcel that is under way
    - `collapsed`: another message says it all
    - `cancelled`: what it stood by for did not come to pass
    """

    STANDBY = "standby"
    PENDING = "pending"
    SEALED = "sealed"
    DELIVERED = "delivered"
    DEAD = "dead"
    COLLAPSED = "collapsed"
    CANCELLED = "cancelled"


class ParcelState(StrEnum):
    """How far a parcel has come. A leased one is in a worker's hands; a dissolved one gave its messages back, undelivered."""

    PENDING = "pending"
    LEASED = "leased"
    DELIVERED = "delivered"
    DEAD = "dead"
    DISSOLVED = "dissolved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Care:
    """What people have said about being told of an incident: that somebody sees to it, and until when to be quiet.

    `acknowledged_version` is the incident's version as it was then: times do not tell what came first where clocks are set.
    """

    incident: str
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    acknowledged_version: int | None = None
    muted_until: datetime | None = None
    muted_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued:
    """A message that may travel now. `attempts` is how often it has travelled in vain; `again` if it has arrived once."""

    message: Message
    attempts: int
    again: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Unattended:
    """A confirmed incident that nobody has acknowledged, and since when one receiver knows of it.

    `alarm_at` is when what the newest alarm tells happened, of those that have arrived.
    """

    channel: str
    incident: str
    told_at: datetime
    alarm_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """A parcel that the claiming worker must now deliver. `attempts` counts this one, and those that a crash cut short.

    Where it was `perhaps_received` it must not be taken apart any more.
    """

    parcel: Parcel
    attempts: int
    perhaps_received: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """A message and what has become of it. `settled_at` is when nothing more was owed of it; `parcel` is what it travels in."""

    message: Message
    state: MessageState
    due_at: datetime
    attempts: int
    parcel: str | None
    last_error: str | None
    settled_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A parcel and what has become of it."""

    parcel: Parcel
    state: ParcelState
    due_at: datetime
    attempts: int
    last_error: str | None
    settled_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt to deliver a parcel; `duration` in seconds, `status` the channel's own code (HTTP's, SMTP's)."""

    parcel: str
    at: datetime
    outcome: str
    duration: float
    status: int | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelBacklog:
    """What one channel still owes. `oldest` is when that fell due which has waited longest since; None if nothing is due."""

    channel: str
    waiting: int
    dead: int
    oldest: datetime | None
