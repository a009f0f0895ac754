"""Every statement, by name. What differs between SQLite and PostgreSQL takes the dialect's name as its argument.

Statements are made once and take their values when they are executed; only filters that a reader may leave out are added
on the spot.
"""

from collections.abc import Collection
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Delete,
    Insert,
    Select,
    Table,
    Update,
    and_,
    bindparam,
    case,
    delete,
    exists,
    false,
    func,
    insert,
    or_,
    select,
    true,
    tuple_,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql import FromClause

from monitor.store import tables
from monitor.store.records import MessageState
from probes.kit.vocabulary import State, Strength


def _table(row: type[tables.Row]) -> Table:
    return tables.Row.metadata.tables[str(row.__tablename__)]


_registry = _table(tables.CheckRow)
_observation = _table(tables.ObservationRow)
_blob = _table(tables.BlobRow)
_link = _table(tables.ObservationBlobRow)
_state = _table(tables.CheckStateRow)
_span = _table(tables.SpanRow)
_hour = _table(tables.HourRow)
_event = _table(tables.IncidentEventRow)
_incident = _table(tables.IncidentRow)
_cited = _table(tables.IncidentObservationRow)
_message = _table(tables.MessageRow)
_delivery = _table(tables.DeliveryRow)
_key = _table(tables.ApiKeyRow)
_sign_in = _table(tables.SignInRow)
_session = _table(tables.StaffSessionRow)
_fact = _table(tables.FactRow)


def _upsert(dialect: str, table: Table) -> "sqlite.Insert | postgresql.Insert":
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


def _replace_all(dialect: str, table: Table) -> Insert:
    """Insert a row, or set all its columns where its key is there already."""
    statement = _upsert(dialect, table)
    keys = table.primary_key.columns.keys()
    others = {column.name: statement.excluded[column.name] for column in table.columns if column.name not in keys}
    return statement.on_conflict_do_update(index_elements=keys, set_=others)


def _insert_or_keep(dialect: str, table: Table) -> Insert:
    """Insert a row, unless one that must be unique with it is there already."""
    return _upsert(dialect, table).on_conflict_do_nothing()


# Checks

UNWATCH_ALL: Update = update(_registry).where(_registry.c.watched == true()).values(watched=False)


@cache
def register_check(dialect: str) -> Insert:
    """A check of the configuration, with all its columns."""
    return _replace_all(dialect, _registry)


@cache
def register_unknown_check(dialect: str) -> Insert:
    """A check that was looked at without ever having been registered: its look must not be lost for that."""
    return _insert_or_keep(dialect, _registry)


CURRENT: Select[Any] = (
    select(
        _state,
        *(_registry.c[name] for name in ("organisation", "target", "probe", "vantage", "country", "every")),
    )
    .join_from(_state, _registry, _registry.c.id == _state.c.check_id)
    .where(_registry.c.watched == true())
    .order_by(_registry.c.organisation, _registry.c.target, _registry.c.probe, _registry.c.vantage)
)

LAST_RUNS: Select[Any] = (
    select(_state.c.check_id, _state.c.last_at)
    .join_from(_state, _registry, _registry.c.id == _state.c.check_id)
    .where(_registry.c.watched == true())
)

_STANDING = ("check_id", "state", "since", "last_at", "looks", "measured_state", "measured_since", "measured_at")
STANDINGS: Select[Any] = select(*(_state.c[name] for name in _STANDING)).where(
    _state.c.check_id.in_(bindparam("check_ids", expanding=True))
)


@cache
def set_standing(dialect: str) -> Insert:
    """Where a check stands now."""
    return _replace_all(dialect, _state)


ADD_SPAN: Insert = insert(_span)

ENDED_SPANS: Select[Any] = (
    select(_span)
    .where(_span.c.check_id == bindparam("check_id"), _span.c.ended_at > bindparam("since"))
    .order_by(_span.c.started_at)
)


@cache
def add_to_hour(dialect: str) -> Insert:
    """Begin an hour, or add to it."""
    statement = _upsert(dialect, _hour)
    new = statement.excluded
    return statement.on_conflict_do_update(
        index_elements=_hour.primary_key.columns.keys(),
        set_={
            "looks": _hour.c.looks + new.looks,
            "missed": _hour.c.missed + new.missed,
            "duration_sum": _hour.c.duration_sum + new.duration_sum,
            "duration_max": case((_hour.c.duration_max < new.duration_max, new.duration_max), else_=_hour.c.duration_max),
        },
    )


HOURS: Select[Any] = (
    select(_hour)
    .where(_hour.c.check_id == bindparam("check_id"), _hour.c.hour >= bindparam("since"))
    .order_by(_hour.c.hour, _hour.c.state)
)

# Observations and their bytes

ADD_OBSERVATION: Insert = insert(_observation)
ADD_LINK: Insert = insert(_link)

KNOWN_OBSERVATIONS: Select[Any] = select(_observation.c.id, _observation.c.number).where(
    _observation.c.id.in_(bindparam("ids", expanding=True))
)

KNOWN_BLOBS: Select[Any] = select(_blob.c.sha256, _blob.c.number).where(_blob.c.sha256.in_(bindparam("names", expanding=True)))

BLOB: Select[Any] = select(_blob.c.data).where(_blob.c.sha256 == bindparam("name"))


@cache
def add_blob(dialect: str) -> Insert:
    """Bytes that were not known, unless somebody else was quicker."""
    return _insert_or_keep(dialect, _blob)


_IDENTITY = tuple(_registry.c[name] for name in ("organisation", "target", "probe", "vantage"))
_looked = _observation.join(_registry, _registry.c.id == _observation.c.check_id)
_VERDICT_COLUMNS = (
    *(
        _observation.c[name]
        for name in (
            "id",
            "check_id",
            "country",
            "at",
            "state",
            "rule",
            "because",
            "strength",
            "why_unclear",
            "mechanism",
            "scope",
            "ruleset",
        )
    ),
    *_IDENTITY,
)
_VERDICTS: Select[Any] = select(*_VERDICT_COLUMNS).select_from(_looked).order_by(_observation.c.at, _observation.c.id)
_LOOKS: Select[Any] = select(_observation, *_IDENTITY).select_from(_looked)

VERDICTS_OF_ALL = _VERDICTS.where(_observation.c.at >= bindparam("since"))
VERDICTS_OF_SOME = VERDICTS_OF_ALL.where(_observation.c.check_id.in_(bindparam("check_ids", expanding=True)))
TELLING_VERDICTS = (
    select(*_VERDICT_COLUMNS)
    .select_from(_looked)
    .where(
        _observation.c.check_id == bindparam("check_id"),
        _observation.c.state.not_in((State.UNCLEAR, State.UNMEASURED)),
        _observation.c.strength != Strength.WEAK,
    )
    .order_by(_observation.c.at.desc(), _observation.c.id.desc())
    .limit(bindparam("limit"))
)
LAST_VERDICTS = _VERDICTS.join(_state, _state.c.observation == _observation.c.id).where(_registry.c.watched == true())

OBSERVATION = _LOOKS.where(_observation.c.id == bindparam("id"))

OBSERVATIONS = (
    _LOOKS.where(
        _observation.c.check_id == bindparam("check_id"),
        _observation.c.at >= bindparam("since"),
        _observation.c.at < bindparam("until"),
    )
    .order_by(_observation.c.at.desc(), _observation.c.id.desc())
    .limit(bindparam("limit"))
)

LAST_WELL = (
    _LOOKS.where(
        _observation.c.check_id == bindparam("check_id"),
        _observation.c.at >= bindparam("since"),
        _observation.c.at < bindparam("until"),
        _observation.c.state == State.OK.value,
    )
    .order_by(_observation.c.at.desc(), _observation.c.id.desc())
    .limit(1)
)

# Retention

DROPPABLE: Select[Any] = (
    select(_observation.c.number)
    .where(_observation.c.at < bindparam("before"), ~exists().where(_cited.c.observation == _observation.c.id))
    .order_by(_observation.c.at)
    .limit(bindparam("limit"))
)

BLOBS_OF: Select[Any] = select(_link.c.blob).where(_link.c.observation.in_(bindparam("numbers", expanding=True))).distinct()

DROP_OBSERVATIONS: Delete = delete(_observation).where(_observation.c.number.in_(bindparam("numbers", expanding=True)))

DROP_ORPHANS: Delete = delete(_blob).where(
    _blob.c.number.in_(bindparam("numbers", expanding=True)),
    ~exists().where(_link.c.blob == _blob.c.number),
)


@cache
def cite(dialect: str) -> Insert:
    """An observation that an incident rests on."""
    return _insert_or_keep(dialect, _cited)


ORIGINS: Select[Any] = (
    select(_cited.c.incident, _observation.c.provenance)
    .join_from(_cited, _observation, _observation.c.id == _cited.c.observation)
    .where(_cited.c.incident.in_(bindparam("incidents", expanding=True)), _observation.c.provenance.is_not(None))
)
"""Who else made the looks that incidents rest on."""

# Incidents

ADD_EVENT: Insert = insert(_event)

LAST_VERSIONS: Select[Any] = (
    select(_event.c.incident, func.max(_event.c.version))
    .where(_event.c.incident.in_(bindparam("incidents", expanding=True)))
    .group_by(_event.c.incident)
)

EVENTS: Select[Any] = select(_event).where(_event.c.incident == bindparam("incident")).order_by(_event.c.version)

EVENTS_AFTER: Select[Any] = select(_event).where(_event.c.seq > bindparam("seq")).order_by(_event.c.seq).limit(bindparam("limit"))

LAST_SEQ: Select[Any] = select(func.coalesce(func.max(_event.c.seq), 0))

LAST_EVENT_AT: Select[Any] = select(_event.c.at).order_by(_event.c.seq.desc()).limit(1)


@cache
def keep_incident(dialect: str) -> Insert:
    """An incident as its events have left it."""
    return _replace_all(dialect, _incident)


_numbers = _incident.c.id.between(bindparam("first"), bindparam("beyond"))
LAST_INCIDENT_ID: Select[Any] = (
    select(_incident.c.id).where(_numbers).order_by(func.length(_incident.c.id).desc(), _incident.c.id.desc()).limit(1)
)

ALL_INCIDENTS: Select[Any] = select(_incident.c.data).order_by(_incident.c.updated, _incident.c.id)

INCIDENT: Select[Any] = select(_incident.c.data).where(_incident.c.id == bindparam("id"))


def incidents(*, stages: Collection[str] | None, after: str | None, **equal: str | None) -> Select[Any]:
    """Incidents, the latest change first. What is None does not filter; `after` is the id that the page before ended with."""
    statement = select(_incident.c.data).order_by(_incident.c.updated.desc(), _incident.c.id.desc()).limit(bindparam("limit"))
    for name, value in equal.items():
        if value is not None:
            statement = statement.where(_incident.c[name] == value)
    if stages is not None:
        statement = statement.where(_incident.c.stage.in_(sorted(stages)) if stages else false())
    if after is not None:
        last = _incident.alias("last")
        mark = select(last.c.updated, last.c.id).where(last.c.id == after).scalar_subquery()
        statement = statement.where(tuple_(_incident.c.updated, _incident.c.id) < mark)
    return statement


# The outbox

_OPEN = (MessageState.PENDING, MessageState.LEASED)


@cache
def add_message(dialect: str) -> Insert:
    """A message that is owed from now on, unless it is already."""
    return _insert_or_keep(dialect, _message)


def _free(message: FromClause) -> ColumnElement[bool]:
    """Due and in nobody's hands: a lease that has ended is no lease."""
    return or_(
        and_(message.c.state == MessageState.PENDING, message.c.due_at <= bindparam("now", type_=_message.c.due_at.type)),
        and_(message.c.state == MessageState.LEASED, message.c.lease_until <= bindparam("now", type_=_message.c.due_at.type)),
    )


def _first_in_line(message: FromClause) -> ColumnElement[bool]:
    """No earlier message about the same incident is still owed through the same channel."""
    earlier = _message.alias("earlier")
    return ~exists().where(
        earlier.c.channel == message.c.channel,
        earlier.c.incident == message.c.incident,
        earlier.c.number < message.c.number,
        earlier.c.state.in_(_OPEN),
    )


def _claim() -> Any:
    """Take what is free and first in line. `_free` is asked twice: PostgreSQL asks the outer one again after a wait."""
    candidate = _message.alias("candidate")
    chosen = (
        select(candidate.c.number)
        .where(_free(candidate), _first_in_line(candidate))
        .order_by(candidate.c.due_at, candidate.c.number)
        .limit(bindparam("limit"))
    )
    return (
        update(_message)
        .where(_message.c.number.in_(chosen), _free(_message))
        .values(
            state=MessageState.LEASED,
            lease_until=bindparam("until"),
            lease_by=bindparam("worker"),
            attempts=_message.c.attempts + 1,
        )
        .returning(*_message.c)
    )


CLAIM = _claim()

_this = _message.c.id == bindparam("message")
_leased = _message.c.state == MessageState.LEASED
_NO_LEASE = {"lease_until": None, "lease_by": None}

DELIVERED: Update = (
    update(_message)
    .where(_this, _message.c.state != MessageState.DELIVERED)
    .values(state=MessageState.DELIVERED, settled_at=bindparam("now"), last_error=None, **_NO_LEASE)
)
POSTPONE: Update = (
    update(_message)
    .where(_this, _leased)
    .values(state=MessageState.PENDING, due_at=bindparam("due"), last_error=bindparam("error"), **_NO_LEASE)
)
GIVE_UP: Update = (
    update(_message)
    .where(_this, _leased)
    .values(state=MessageState.DEAD, settled_at=bindparam("now"), last_error=bindparam("error"), **_NO_LEASE)
)
COLLAPSE = (
    update(_message)
    .where(_message.c.id.in_(bindparam("messages", expanding=True)), _message.c.state == MessageState.PENDING)
    .values(state=MessageState.COLLAPSED, settled_at=bindparam("now"))
    .returning(_message.c.id)
)


def held_by(statement: Update, worker: str | None) -> Update:
    """The same, but only while the message is in this worker's hands."""
    return statement if worker is None else statement.where(_message.c.lease_by == worker)


MESSAGES: Select[Any] = select(_message).where(_message.c.incident == bindparam("incident")).order_by(_message.c.number)

_channels = select(_message.c.channel).distinct().subquery("channels")
_open_or_dead = _message.c.state.in_((*_OPEN, MessageState.DEAD))
_is_dead = _message.c.state == MessageState.DEAD
_is_open = _message.c.state.in_(_OPEN)
OUTBOX: Select[Any] = (
    select(
        _channels.c.channel,
        func.count(case((_is_open, 1))).label("waiting"),
        func.count(case((_is_dead, 1))).label("dead"),
        func.min(case((_is_open, _message.c.created_at)), type_=_message.c.created_at.type).label("oldest"),
    )
    .join_from(_channels, _message, and_(_message.c.channel == _channels.c.channel, _open_or_dead), isouter=True)
    .group_by(_channels.c.channel)
    .order_by(_channels.c.channel)
)
"""Every channel that was ever used, so that a backlog which is gone reads as none."""

ADD_ATTEMPT: Insert = insert(_delivery)
ATTEMPTS: Select[Any] = select(_delivery).where(_delivery.c.message == bindparam("message")).order_by(_delivery.c.number)

# Who may read

REVOKE_KEY: Update = (
    update(_key).where(_key.c.id == bindparam("key"), _key.c.revoked_at.is_(None)).values(revoked_at=bindparam("now"))
)
TOUCH_KEY: Update = update(_key).where(_key.c.id == bindparam("key")).values(last_used_at=bindparam("now"))
USE_SIGN_IN: Delete = delete(_sign_in).where(_sign_in.c.hash == bindparam("hash"), _sign_in.c.expires_at > bindparam("now"))
FORGET_SIGN_INS: Delete = delete(_sign_in).where(_sign_in.c.expires_at <= bindparam("now"))
END_SESSION: Delete = delete(_session).where(_session.c.hash == bindparam("hash"))
FORGET_SESSIONS: Delete = delete(_session).where(_session.c.expires_at <= bindparam("now"))


@cache
def set_fact(dialect: str) -> Insert:
    """Something to remember, in place of what was remembered under that name."""
    return _replace_all(dialect, _fact)
