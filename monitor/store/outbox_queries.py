"""The outbox's statements, by name: what is owed, what travels, what is given up, and who stands by.

Statements are made once and take their values when they are executed; only filters that a reader may leave out are added
on the spot.
"""

from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Delete,
    Insert,
    Select,
    Update,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    true,
    tuple_,
    union,
    update,
)
from sqlalchemy.sql import FromClause

from monitor.core.kinds import EventKind, IncidentStage, RelationKind
from monitor.core.message import MessageKind, Purpose
from monitor.store import tables
from monitor.store.records import MessageState, ParcelState
from monitor.store.statements import insert_or_keep, replace_all, table_of, upsert

_message = table_of(tables.MessageRow)
_parcel = table_of(tables.ParcelRow)
_delivery = table_of(tables.DeliveryRow)
_care = table_of(tables.CareRow)
_incident = table_of(tables.IncidentRow)
_event = table_of(tables.IncidentEventRow)
_relation = table_of(tables.IncidentRelationRow)
_fact = table_of(tables.FactRow)

# Putting what is due into parcels


@cache
def add_message(dialect: str) -> Insert:
    """A message that is owed from now on, unless it is already."""
    return insert_or_keep(dialect, _message)


_now = bindparam("now", type_=_message.c.due_at.type)
_soon = bindparam("soon", type_=_message.c.due_at.type)


def _may_travel(message: FromClause, by: ColumnElement[Any]) -> ColumnElement[bool]:
    """Due by then, and no news of the same incident is under way through the same channel."""
    other = _message.alias("under_way")
    is_under_way = exists().where(
        other.c.channel == message.c.channel,
        other.c.incident == message.c.incident,
        other.c.state == MessageState.SEALED,
    )
    return and_(message.c.state == MessageState.PENDING, message.c.due_at <= by, ~is_under_way)


def _sealable() -> Select[Any]:
    """What is due; what shares its bundle and falls due soon; and earlier news of the same incidents for the same receivers."""
    first, due, earlier = _message.alias("first"), _message.alias("due"), _message.alias("companion")
    due_bundles = (
        select(first.c.route, first.c.channel, first.c.bundle)
        .where(first.c.state == MessageState.PENDING, first.c.due_at <= _now)
        .distinct()
    )
    ready = (
        select(due.c.number, due.c.channel, due.c.route, due.c.incident)
        .where(
            _may_travel(due, _soon),
            or_(due.c.due_at <= _now, tuple_(due.c.route, due.c.channel, due.c.bundle).in_(due_bundles)),
        )
        .order_by(due.c.number)
        .limit(bindparam("limit"))
        .cte("ready")
    )
    companions = select(earlier.c.number).join_from(
        ready,
        earlier,
        and_(
            earlier.c.channel == ready.c.channel,
            earlier.c.incident == ready.c.incident,
            earlier.c.number < ready.c.number,
            earlier.c.route == ready.c.route,
            earlier.c.state == MessageState.PENDING,
        ),
    )
    chosen = _message.c.number.in_(union(select(ready.c.number), companions))
    return select(_message).where(chosen).order_by(_message.c.number)


SEALABLE = _sealable()


def _any_due() -> Select[Any]:
    due = _message.alias("due")
    return select(due.c.number).where(_may_travel(due, _now)).limit(1)


ANY_DUE = _any_due()
"""Whether it makes sense to seal: asked without taking the lock for writing."""


@cache
def seal(dialect: str) -> Insert:
    """A parcel; or the same one again, after it had been dissolved, or because somebody asked to have its messages again."""
    statement = upsert(dialect, _parcel)
    changing = ("created_at", "payload", "state", "due_at", "attempts", "perhaps_received", "last_error", "settled_at")
    return statement.on_conflict_do_update(
        index_elements=["id"],
        set_={name: statement.excluded[name] for name in changing},
        where=and_(_parcel.c.state != ParcelState.PENDING, _parcel.c.state != ParcelState.LEASED),
    )


PUT_IN: Update = (
    update(_message)
    .where(_message.c.id == bindparam("message"), _message.c.state == MessageState.PENDING)
    .values(state=MessageState.SEALED, parcel=bindparam("sealed_in"))
)


def _free(parcel: FromClause) -> ColumnElement[bool]:
    """Due and in nobody's hands: a lease that has ended is no lease."""
    return or_(
        and_(parcel.c.state == ParcelState.PENDING, parcel.c.due_at <= _now),
        and_(parcel.c.state == ParcelState.LEASED, parcel.c.lease_until <= _now),
    )


def _claim() -> Any:
    """Take what is free. `_free` is asked twice: PostgreSQL asks the outer one again after a wait."""
    candidate = _parcel.alias("candidate")
    chosen = (
        select(candidate.c.number)
        .where(_free(candidate))
        .order_by(candidate.c.due_at, candidate.c.number)
        .limit(bindparam("limit"))
    )
    return (
        update(_parcel)
        .where(_parcel.c.number.in_(chosen), _free(_parcel))
        .values(
            # What was in somebody's hands until the lease ended may have arrived.
            perhaps_received=or_(_parcel.c.perhaps_received, _parcel.c.state == ParcelState.LEASED),
            state=ParcelState.LEASED,
            lease_until=bindparam("until"),
            lease_by=bindparam("worker"),
            attempts=_parcel.c.attempts + 1,
        )
        .returning(*_parcel.c)
    )


CLAIM = _claim()

CONTENTS: Select[Any] = (
    select(_message.c.parcel, _message.c.id, _message.c.incident)
    .where(_message.c.parcel.in_(bindparam("parcels", expanding=True)))
    .order_by(_message.c.number)
)

_this = _parcel.c.id == bindparam("parcel")
_leased = _parcel.c.state == ParcelState.LEASED
_NO_LEASE = {"lease_until": None, "lease_by": None}

DELIVERED: Update = (
    update(_parcel)
    .where(_this, _parcel.c.state != ParcelState.DELIVERED)
    .values(state=ParcelState.DELIVERED, settled_at=bindparam("now"), last_error=None, **_NO_LEASE)
)
POSTPONE: Update = (
    update(_parcel)
    .where(_this, _leased)
    .values(
        state=ParcelState.PENDING, due_at=bindparam("due"), last_error=bindparam("error"), perhaps_received=true(), **_NO_LEASE
    )
)
DISSOLVE: Update = (
    update(_parcel)
    .where(_this, _leased)
    .values(state=ParcelState.DISSOLVED, due_at=bindparam("due"), last_error=bindparam("error"), **_NO_LEASE)
)
GIVE_UP: Update = (
    update(_parcel)
    .where(_this, _leased)
    .values(state=ParcelState.DEAD, settled_at=bindparam("now"), last_error=bindparam("error"), **_NO_LEASE)
)

_inside = _message.c.parcel == bindparam("sealed_in")
_sealed = _message.c.state == MessageState.SEALED
ARRIVED: Update = (
    update(_message)
    .where(_inside, _message.c.state.in_((MessageState.SEALED, MessageState.DEAD)))
    .values(state=MessageState.DELIVERED, settled_at=bindparam("now"), last_error=None, attempts=_message.c.attempts + 1)
)
KEPT_IN: Update = (
    update(_message)
    .where(_inside, _sealed)
    .values(attempts=_message.c.attempts + bindparam("tried"), last_error=bindparam("error"))
)
TAKEN_OUT: Update = (
    update(_message)
    .where(_inside, _sealed)
    .values(
        state=MessageState.PENDING,
        parcel=None,
        due_at=bindparam("due"),
        last_error=bindparam("error"),
        attempts=_message.c.attempts + bindparam("tried"),
    )
)
LOST: Update = (
    update(_message)
    .where(_inside, _sealed)
    .values(
        state=MessageState.DEAD,
        settled_at=bindparam("now"),
        last_error=bindparam("error"),
        attempts=_message.c.attempts + bindparam("tried"),
    )
)
COLLAPSE = (
    update(_message)
    .where(_message.c.id.in_(bindparam("messages", expanding=True)), _message.c.state == MessageState.PENDING)
    .values(state=MessageState.COLLAPSED, settled_at=bindparam("now"))
    .returning(_message.c.id)
)


def held_by(statement: Update, worker: str | None) -> Update:
    """The same, but only while the parcel is in this worker's hands."""
    return statement if worker is None else statement.where(_parcel.c.lease_by == worker)


HOLD: Update = (
    update(_message)
    .where(_message.c.id == bindparam("message"), _message.c.state == MessageState.PENDING)
    .values(due_at=bindparam("due"))
)

# Who was told

_may_have_arrived = exists().where(_parcel.c.id == _message.c.parcel, _parcel.c.perhaps_received == true())
_has_arrived = or_(
    _message.c.state == MessageState.DELIVERED,
    # Somebody asked to have it again.
    and_(_message.c.state.in_((MessageState.PENDING, MessageState.SEALED)), _message.c.settled_at.is_not(None)),
    and_(_message.c.state == MessageState.DEAD, _may_have_arrived),
)
_of_incidents = _message.c.incident.in_(bindparam("incidents", expanding=True))
_is_alarm = _message.c.kind == MessageKind.ALARM
_is_last = or_(
    _message.c.kind == MessageKind.RECOVERY,
    and_(_message.c.kind == MessageKind.UPDATE, _event.c.kind == EventKind.RETRACTED),
)
_is_owed = _message.c.state.in_((MessageState.PENDING, MessageState.SEALED))

TURNS: Select[Any] = (
    select(
        _message.c.id.label("message"),
        _message.c.route,
        _message.c.channel,
        _message.c.incident,
        _message.c.version,
        case((_is_alarm, literal(value=False)), else_=literal(value=True)).label("is_last"),
        case((_has_arrived, literal(value=True)), else_=literal(value=False)).label("has_arrived"),
        case((_is_alarm, null()), else_=_message.c.payload).label("payload"),
    )
    .join_from(
        _message,
        _event,
        and_(_event.c.incident == _message.c.incident, _event.c.version == _message.c.version),
        isouter=True,
    )
    .where(
        _of_incidents,
        or_(
            and_(_is_alarm, or_(_has_arrived, _is_owed, _message.c.state == MessageState.DEAD)),
            and_(_is_last, or_(_has_arrived, _is_owed)),
        ),
    )
)
"""The alarms and the last words about incidents that are owed, or have arrived, and the alarms that were lost."""

BEING_TOLD: Select[Any] = (
    select(_message.c.channel, _message.c.incident, _message.c.purpose)
    .where(_of_incidents, _is_alarm, or_(_has_arrived, _is_owed))
    .distinct()
)

UNATTENDED: Select[Any] = (
    select(
        _message.c.channel,
        _message.c.incident,
        func.min(_message.c.settled_at, type_=_message.c.settled_at.type).label("told_at"),
        func.max(_message.c.created_at, type_=_message.c.created_at.type).label("alarm_at"),
    )
    .join_from(_incident, _message, _message.c.incident == _incident.c.id)
    .join(_care, _care.c.incident == _incident.c.id, isouter=True)
    .where(
        _incident.c.stage == IncidentStage.CONFIRMED,
        _is_alarm,
        _message.c.channel.in_(bindparam("channels", expanding=True)),
        _message.c.state == MessageState.DELIVERED,
        or_(_care.c.acknowledged_version.is_(None), _care.c.acknowledged_version < _incident.c.version),
    )
    .group_by(_message.c.channel, _message.c.incident)
)
"""Who knows of what stands, and since when. Whoever acknowledged it before its last change is asked of by the caller."""

KNOWN: Select[Any] = select(_message.c.id).where(_message.c.id.in_(bindparam("messages", expanding=True)))

# What stands by

ESCALATIONS: Select[Any] = (
    select(_message)
    .where(
        _message.c.state == MessageState.STANDBY,
        _message.c.due_at <= bindparam("now"),
        _message.c.purpose == Purpose.ESCALATION,
    )
    .order_by(_message.c.number)
)


def _seconds(*conditions: ColumnElement[bool]) -> Select[Any]:
    return (
        select(_second.c.id, _second.c.kind, _second.c.incident, _second.c.version, _second.c.route, _second.c.channel)
        .join_from(
            _first,
            _second,
            and_(
                _second.c.incident == _first.c.incident,
                _second.c.state == MessageState.STANDBY,
                _second.c.version == _first.c.version,
                _second.c.stands_in_for == _first.c.channel,
                _second.c.purpose == Purpose.SECOND,
            ),
        )
        .where(_first.c.id.in_(bindparam("messages", expanding=True)), *conditions)
        .order_by(_second.c.number)
    )


_first, _second = _message.alias("first"), _message.alias("second")
SECONDS = _seconds()
"""What stands in for these messages."""

SECONDS_OF_FAILED = _seconds(or_(_first.c.attempts >= bindparam("attempts"), _first.c.state == MessageState.DEAD))
"""What stands in for those of these messages that have failed so often, or were given up."""

TALKING: Select[Any] = select(_message.c.incident, _message.c.version, _message.c.route, _message.c.channel).where(
    _message.c.incident.in_(bindparam("incidents", expanding=True)),
    _message.c.state.in_((MessageState.PENDING, MessageState.SEALED, MessageState.DELIVERED)),
    _message.c.purpose == Purpose.SECOND,
)
"""Which channels stand in already: one that stands in for two speaks once."""

_standing_by = and_(_message.c.id.in_(bindparam("messages", expanding=True)), _message.c.state == MessageState.STANDBY)
RELEASE: Update = update(_message).where(_standing_by).values(state=MessageState.PENDING, due_at=bindparam("due"))
CANCEL: Update = update(_message).where(_standing_by).values(state=MessageState.CANCELLED, settled_at=bindparam("settled"))


# A clock that was set back

LATER_MESSAGES: Select[Any] = select(_message.c.number, _message.c.due_at).where(
    _message.c.state.in_((MessageState.PENDING, MessageState.STANDBY)), _message.c.due_at > _now
)
LATER_PARCELS: Select[Any] = select(_parcel.c.number, _parcel.c.due_at, _parcel.c.lease_until).where(
    _parcel.c.state.in_((ParcelState.PENDING, ParcelState.LEASED)), or_(_parcel.c.due_at > _now, _parcel.c.lease_until > _now)
)
DATE_MESSAGE: Update = update(_message).where(_message.c.number == bindparam("one")).values(due_at=bindparam("due"))
DATE_PARCEL: Update = (
    update(_parcel).where(_parcel.c.number == bindparam("one")).values(due_at=bindparam("due"), lease_until=bindparam("until"))
)

# What people say


@cache
def acknowledge(dialect: str) -> Insert:
    """Somebody sees to an incident."""
    version = select(_incident.c.version).where(_incident.c.id == bindparam("incident")).scalar_subquery()
    return _care_for(dialect, "acknowledged_at", "acknowledged_by", "acknowledged_version", acknowledged_version=version)


@cache
def mute(dialect: str) -> Insert:
    """Somebody wants quiet."""
    return _care_for(dialect, "muted_until", "muted_by")


def _care_for(dialect: str, *columns: str, **computed: Any) -> Insert:
    given = ("incident", *(name for name in columns if name not in computed))
    statement = upsert(dialect, _care).values({name: bindparam(name) for name in given} | computed)
    return statement.on_conflict_do_update(index_elements=["incident"], set_={name: statement.excluded[name] for name in columns})


CARES: Select[Any] = select(_care).order_by(_care.c.incident)
_muted = _care.c.muted_until.is_not(None)
MUTED: Select[Any] = select(_care.c.incident, _care.c.muted_until).where(
    _care.c.incident.in_(bindparam("incidents", expanding=True)), _muted
)
MUTED_WITH_THE_REST: Select[Any] = (
    select(_relation.c.incident, _care.c.muted_until)
    .join_from(_relation, _care, _care.c.incident == _relation.c.other)
    .where(_relation.c.incident.in_(bindparam("incidents", expanding=True)), _relation.c.kind == RelationKind.MEMBER_OF, _muted)
)
"""Of which members of mass events nobody wants to hear until when."""

# Having it again

_replayable = (MessageState.DELIVERED, MessageState.DEAD, MessageState.COLLAPSED)
REPLAYABLE: Select[Any] = (
    select(_message)
    .where(_message.c.id.in_(bindparam("messages", expanding=True)), _message.c.state.in_(_replayable))
    .order_by(_message.c.number)
)
REST_OF_THE_STORY: Select[Any] = select(_message.c.id).where(
    _message.c.incident == bindparam("incident"),
    _message.c.state.in_(_replayable),
    _message.c.route == bindparam("route"),
    _message.c.channel == bindparam("channel"),
    _message.c.number > bindparam("number"),
    _message.c.kind != MessageKind.REMINDER,
)
"""What has happened since to an incident, for one receiver."""

_AFRESH: dict[str, Any] = {
    "state": MessageState.PENDING,
    "parcel": None,
    "due_at": bindparam("due"),
    "attempts": 0,
    "last_error": None,
}
_again = update(_message).where(_message.c.id.in_(bindparam("messages", expanding=True)), _message.c.state.in_(_replayable))
OWE_AFRESH: Update = _again.values(**_AFRESH, settled_at=None)
OWE_AGAIN: Update = _again.where(_message.c.state == MessageState.DELIVERED).values(**_AFRESH)
"""What has arrived once keeps when it did."""

# What can be read

MESSAGES: Select[Any] = select(_message).where(_message.c.incident == bindparam("incident")).order_by(_message.c.number)

NAMED: Select[Any] = (
    select(_message)
    .where(
        or_(
            _message.c.id.in_(bindparam("names", expanding=True)),
            _message.c.parcel.in_(bindparam("names", expanding=True)),
        )
    )
    .order_by(_message.c.number)
)
"""Messages by their own ids or those of their parcels."""

PARCEL: Select[Any] = select(_parcel).where(_parcel.c.id == bindparam("id"))

_SWITCHED_OFF = "switched off: "
SWITCHED_OFF: Select[Any] = select(_fact.c.name, _fact.c.value).where(
    _fact.c.name.between(_SWITCHED_OFF, _SWITCHED_OFF + "\U0010ffff")
)
"""Channels whose receivers want no more messages, and what is known of that."""


@cache
def switch_off(dialect: str) -> Insert:
    """That a channel's receiver wants no more messages, in place of what was known of that."""
    return replace_all(dialect, _fact)


SWITCH_ON: Delete = delete(_fact).where(_fact.c.name == bindparam("name"))


def switched_off(channel: str) -> str:
    """The name under which it is remembered that a channel's receiver wants no more messages."""
    return _SWITCHED_OFF + channel


def channel_of(name: str) -> str:
    """The channel of such a name."""
    return name.removeprefix(_SWITCHED_OFF)


def parcels(*, after: str | None, **equal: str | None) -> Select[Any]:
    """Parcels, the newest first. What is None does not filter; `after` is the id that the page before ended with."""
    statement = select(_parcel).order_by(_parcel.c.number.desc()).limit(bindparam("limit"))
    for name, value in equal.items():
        if value is not None:
            statement = statement.where(_parcel.c[name] == value)
    if after is not None:
        last = _parcel.alias("last")
        statement = statement.where(_parcel.c.number < select(last.c.number).where(last.c.id == after).scalar_subquery())
    return statement


def dead_letters(*, since: Any, **equal: str | None) -> Select[Any]:
    """Messages that were given up, the last first. What is None does not filter."""
    statement = (
        select(_message)
        .where(_message.c.state == MessageState.DEAD)
        .order_by(_message.c.settled_at.desc(), _message.c.number.desc())
        .limit(bindparam("limit"))
    )
    for name, value in equal.items():
        if value is not None:
            statement = statement.where(_message.c[name] == value)
    return statement if since is None else statement.where(_message.c.settled_at >= since)


_OPEN = (MessageState.PENDING, MessageState.SEALED)
_is_dead = _message.c.state == MessageState.DEAD
_is_open = _message.c.state.in_(_OPEN)
_channels = select(_message.c.channel).distinct().subquery("channels")
_backlog = (
    select(
        _message.c.channel,
        func.count(case((_is_open, 1))).label("waiting"),
        func.count(case((_is_dead, 1))).label("dead"),
        func.min(case((_is_open, _message.c.created_at)), type_=_message.c.created_at.type).label("oldest"),
    )
    .where(_message.c.state.in_((*_OPEN, MessageState.DEAD)))
    .group_by(_message.c.channel)
    .subquery("backlog")
)
OUTBOX: Select[Any] = (
    select(
        _channels.c.channel,
        func.coalesce(_backlog.c.waiting, 0).label("waiting"),
        func.coalesce(_backlog.c.dead, 0).label("dead"),
        _backlog.c.oldest,
    )
    .join_from(_channels, _backlog, _backlog.c.channel == _channels.c.channel, isouter=True)
    .order_by(_channels.c.channel)
)
"""Every channel that was ever used, so that a backlog which is gone reads as none."""

ADD_ATTEMPT: Insert = insert(_delivery)
ATTEMPTS: Select[Any] = select(_delivery).where(_delivery.c.parcel == bindparam("parcel")).order_by(_delivery.c.number)
