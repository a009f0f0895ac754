"""The tables, as SQLModel classes. Nothing outside `monitor.store` sees them: rows at the edge, frozen values inside.

Every `datetime` column is SQLModel's `UTCDateTime`: it refuses a time without a zone and gives UTC back. Closed words are
stored as text, so that a new word needs no migration. What strangers sent is kept in binary columns only, because
PostgreSQL's text cannot hold every character that a hostile server can send.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKeyConstraint, Index, Integer, MetaData, UniqueConstraint
from sqlmodel import Field, SQLModel

_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
"""Constraints get the same names on both databases, so that a later migration can find them."""

_CLUSTERED = {"sqlite_with_rowid": False}
"""Rows live in the primary key's own tree: half the space and half the reads for narrow rows that are found by their key."""

_NUMBER = BigInteger().with_variant(Integer(), "sqlite")
"""Row numbers outgrow 32 bits; SQLite's INTEGER holds 64, and only under that name is it the row's own number."""

_JSON = JSON(none_as_null=True)


class Row(SQLModel):
    """Base of all tables; it holds their metadata apart from any other SQLModel user's."""

    metadata = MetaData(naming_convention=_NAMES)


class CheckRow(Row, table=True):
    """Whom a check serves. It names no address: those stay in the configuration.

    `watched` is false for a check that the configuration no longer asks for; its past stays readable. `every` is in seconds,
    empty for a check that was never registered before it was looked at.
    """

    __tablename__ = "check_registry"

    id: str = Field(primary_key=True)
    organisation: str
    target: str
    probe: str
    vantage: str
    country: str | None = None
    every: int | None = None
    watched: bool = True


class ObservationRow(Row, table=True):
    """One look and the verdict on it. `facts` and `control` are packed JSON and stand last, so that verdicts read fast.

    `country` is the vantage point's at that time: a vantage point that moves must not rewrite the past.
    """

    __tablename__ = "observation"
    __table_args__ = (
        UniqueConstraint("id"),
        ForeignKeyConstraint(["check_id"], ["check_registry.id"]),
        Index(None, "check_id", "at"),
        Index(None, "at"),
    )

    number: int | None = Field(default=None, primary_key=True, sa_type=_NUMBER)
    id: str
    at: datetime
    check_id: str
    country: str | None = None
    validity: str
    unmeasured: str | None = None
    missed: int
    duration: float
    timing_suspect: bool
    probe_version: int
    software: str
    state: str
    rule: str
    because: str
    strength: str
    why_unclear: str | None = None
    mechanism: str | None = None
    scope: str | None = None
    ruleset: str
    provenance: dict[str, Any] | None = Field(default=None, sa_type=_JSON)
    facts: bytes | None = None
    control: bytes | None = None


class BlobRow(Row, table=True):
    """Raw, redacted bytes of a stage, kept once however often they are seen. `data` is zlib; `size` is before compression."""

    __tablename__ = "blob"
    __table_args__ = (UniqueConstraint("sha256"),)

    number: int | None = Field(default=None, primary_key=True, sa_type=_NUMBER)
    sha256: bytes
    size: int
    first_seen: datetime
    data: bytes


class ObservationBlobRow(Row, table=True):
    """Which observation rests on which bytes. Numbers, not names: at eight blobs a look this is the longest table."""

    __tablename__ = "observation_blob"
    __table_args__ = (
        ForeignKeyConstraint(["observation"], ["observation.number"], ondelete="CASCADE"),
        ForeignKeyConstraint(["blob"], ["blob.number"]),
        Index(None, "blob"),
        _CLUSTERED,
    )

    observation: int = Field(primary_key=True, sa_type=_NUMBER)
    blob: int = Field(primary_key=True, sa_type=_NUMBER)


class CheckStateRow(Row, table=True):
    """What a check says now; the span in which it stands is kept here, as long as it lasts.

    During a gap `state` is `unmeasured`, and the `measured_…` columns keep what was known before.
    """

    __tablename__ = "check_state"
    __table_args__ = (ForeignKeyConstraint(["check_id"], ["check_registry.id"]), _CLUSTERED)

    check_id: str = Field(primary_key=True)
    state: str
    since: datetime
    last_at: datetime
    looks: int
    observation: str
    rule: str
    because: str
    strength: str
    why_unclear: str | None = None
    mechanism: str | None = None
    scope: str | None = None
    measured_state: str | None = None
    measured_since: datetime | None = None
    measured_at: datetime | None = None


class SpanRow(Row, table=True):
    """A past stretch of equal states of one check. `ended_at` is when the next stretch began."""

    __tablename__ = "span"
    __table_args__ = (ForeignKeyConstraint(["check_id"], ["check_registry.id"]), _CLUSTERED)

    check_id: str = Field(primary_key=True)
    started_at: datetime = Field(primary_key=True)
    last_at: datetime
    ended_at: datetime
    state: str
    looks: int


class HourRow(Row, table=True):
    """Looks of one check in one hour by state; durations in seconds. `missed` counts the periods without a look that counts."""

    __tablename__ = "hour"
    __table_args__ = (ForeignKeyConstraint(["check_id"], ["check_registry.id"]), _CLUSTERED)

    check_id: str = Field(primary_key=True)
    hour: datetime = Field(primary_key=True)
    state: str = Field(primary_key=True)
    looks: int
    missed: int
    duration_sum: float
    duration_max: float


class IncidentEventRow(Row, table=True):
    """The append-only log. Triggers forbid UPDATE and DELETE; `seq` never repeats."""

    __tablename__ = "incident_event"
    __table_args__ = (UniqueConstraint("incident", "version"), {"sqlite_autoincrement": True})

    seq: int | None = Field(default=None, primary_key=True, sa_type=_NUMBER)
    incident: str
    version: int
    at: datetime
    kind: str
    data: dict[str, Any] = Field(sa_type=_JSON)


class IncidentRow(Row, table=True):
    """An incident as its events have left it, whole in `data`. The log is the truth; this can be rebuilt from it.

    Looks at its target made from `keep_from` to `keep_until` (empty: for now) are never dropped; with `keep_from` empty none
    are kept for its sake. `entry` is the documented incident's file.
    """

    __tablename__ = "incident"
    __table_args__ = (
        UniqueConstraint("entry"),
        Index(None, "updated", "id"),
        Index(None, "organisation", "updated"),
        Index(None, "organisation", "target"),
        Index(None, "tlp", "updated", "version"),
    )

    id: str = Field(primary_key=True)
    version: int
    organisation: str
    target: str
    kind: str
    country: str | None = None
    stage: str
    origin: str
    provider: str | None = None
    tlp: str
    entry: str | None = None
    keep_from: datetime | None = None
    keep_until: datetime | None = None
    updated: datetime
    data: dict[str, Any] = Field(sa_type=_JSON)


class IncidentCountryRow(Row, table=True):
    """Where an incident is felt: it is found by any of its countries."""

    __tablename__ = "incident_country"
    __table_args__ = (Index(None, "country"), _CLUSTERED)

    incident: str = Field(primary_key=True)
    country: str = Field(primary_key=True)


class IncidentRelationRow(Row, table=True):
    """How an incident stands to others: readers of either want to know."""

    __tablename__ = "incident_relation"
    __table_args__ = (Index(None, "other"), _CLUSTERED)

    incident: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    other: str = Field(primary_key=True)


class CareRow(Row, table=True):
    """What people have said about being told of an incident: that somebody sees to it, and until when to be quiet."""

    __tablename__ = "care"

    incident: str = Field(primary_key=True)
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    acknowledged_version: int | None = None
    muted_until: datetime | None = None
    muted_by: str | None = None


class PlannedChangeRow(Row, table=True):
    """A change that somebody announced on the command line, besides those in the organisations' files."""

    __tablename__ = "planned_change"
    __table_args__ = (Index(None, "organisation", "target"),)

    id: str = Field(primary_key=True)
    organisation: str
    target: str
    starts_at: datetime
    ends_at: datetime
    note: str | None = None
    entered_at: datetime
    entered_by: str
    cancelled_at: datetime | None = None


class PlannedLookRow(Row, table=True):
    """Which planned change explains the loss that a look shows, as it was known then: the look has no say for that."""

    __tablename__ = "planned_look"
    __table_args__ = (ForeignKeyConstraint(["observation"], ["observation.id"], ondelete="CASCADE"), _CLUSTERED)

    observation: str = Field(primary_key=True)
    starts_at: datetime
    ends_at: datetime
    note: str | None = None


class DeadlineRow(Row, table=True):
    """A date by which somebody must act, such as a certificate's end. `subject` tells several of one kind apart."""

    __tablename__ = "deadline"
    __table_args__ = (Index(None, "at"), _CLUSTERED)

    organisation: str = Field(primary_key=True)
    target: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    subject: str = Field(primary_key=True)
    at: datetime
    seen_at: datetime


class IncidentObservationRow(Row, table=True):
    """What an incident rests on: these observations are never dropped."""

    __tablename__ = "incident_observation"
    __table_args__ = (Index(None, "observation"), _CLUSTERED)

    incident: str = Field(primary_key=True)
    observation: str = Field(primary_key=True)


class MessageRow(Row, table=True):
    """What is owed. `number` is the order in which messages came to be owed; `settled_at` is when nothing more was owed.

    A message travels in the parcel that `parcel` names; several to one receiver may share one. What stands by (`purpose`) is
    owed only once the channel that it stands in for fails, or nobody acknowledges in time. Once an attempt has failed, `due_at`
    is when it is tried next, and `late_since` when it first fell due.
    """

    __tablename__ = "message"
    __table_args__ = (
        UniqueConstraint("id"),
        Index(None, "state", "due_at"),
        Index(None, "channel", "incident", "state", "number"),
        Index(None, "incident", "state"),
        Index(None, "parcel"),
        {"sqlite_autoincrement": True},
    )

    number: int | None = Field(default=None, primary_key=True, sa_type=_NUMBER)
    id: str
    kind: str
    incident: str | None = None
    version: int
    route: str
    channel: str
    bundle: str
    severity: str
    purpose: str
    stands_in_for: str | None = None
    created_at: datetime
    payload: dict[str, Any] = Field(sa_type=_JSON)
    state: str
    due_at: datetime
    attempts: int
    parcel: str | None = None
    last_error: str | None = None
    settled_at: datetime | None = None
    late_since: datetime | None = None


class ParcelRow(Row, table=True):
    """What travels: one message, or several to one receiver in one. It is sealed once and changes only by an erasure.

    `perhaps_received` is set where an attempt ended without an answer: then it must come again as it is, under the same id.
    """

    __tablename__ = "parcel"
    __table_args__ = (
        UniqueConstraint("id"),
        Index(None, "state", "due_at"),
        Index(None, "channel", "state"),
        {"sqlite_autoincrement": True},
    )

    number: int | None = Field(default=None, primary_key=True, sa_type=_NUMBER)
    id: str
    route: str
    channel: str
    created_at: datetime
    payload: dict[str, Any] = Field(sa_type=_JSON)
    state: str
    due_at: datetime
    attempts: int
    perhaps_received: bool = False
    lease_until: datetime | None = None
    lease_by: str | None = None
    last_error: str | None = None
    settled_at: datetime | None = None


class DeliveryRow(Row, table=True):
    """One attempt to deliver a parcel. `duration` is in seconds; `status` is the channel's own code, such as HTTP's."""

    __tablename__ = "delivery"
    __table_args__ = (ForeignKeyConstraint(["parcel"], ["parcel.id"]), Index(None, "parcel"))

    number: int | None = Field(default=None, primary_key=True, sa_type=_NUMBER)
    parcel: str
    at: datetime
    outcome: str
    status: int | None = None
    error: str | None = None
    duration: float


class ApiKeyRow(Row, table=True):
    """A key to the API, or the secret part of a feed's address (`use`). Only the hash of its secret is kept."""

    __tablename__ = "api_key"
    __table_args__ = (UniqueConstraint("hash"),)

    id: str = Field(primary_key=True)
    name: str
    hash: str
    use: str
    scopes: list[str] = Field(sa_type=_JSON)
    organisations: list[str] | None = Field(default=None, sa_type=_JSON)
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None


class SignInRow(Row, table=True):
    """A one-time sign-in that has not been used yet."""

    __tablename__ = "sign_in"

    hash: str = Field(primary_key=True)
    expires_at: datetime


class StaffSessionRow(Row, table=True):
    """A signed-in browser."""

    __tablename__ = "staff_session"

    hash: str = Field(primary_key=True)
    expires_at: datetime


class FactRow(Row, table=True):
    """What the service must remember of itself, such as the country that a person named at the first start."""

    __tablename__ = "fact"

    name: str = Field(primary_key=True)
    value: str
