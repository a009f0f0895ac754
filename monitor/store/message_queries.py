"""The statements about messages: what is owed, what may travel, and what has become of it."""

from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Insert,
    Select,
    Update,
    and_,
    bindparam,
    case,
    exists,
    func,
    or_,
    select,
    tuple_,
    union,
    update,
)
from sqlalchemy.sql import FromClause

from monitor.core.message import MessageKind
from monitor.store import tables
from monitor.store.records import MessageState
from monitor.store.statements import insert_or_keep, table_of

_message = table_of(tables.MessageRow)

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

PUT_IN: Update = (
    update(_message)
    .where(_message.c.id == bindparam("message"), _message.c.state == MessageState.PENDING)
    .values(state=MessageState.SEALED, parcel=bindparam("sealed_in"))
)

# What becomes of it

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
        late_since=func.coalesce(_message.c.late_since, _message.c.due_at),
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

UNTELL: Update = update(_message).where(_message.c.number == bindparam("one")).values(payload=bindparam("left"))

COLLAPSE = (
    update(_message)
    .where(_message.c.id.in_(bindparam("messages", expanding=True)), _message.c.state == MessageState.PENDING)
    .values(state=MessageState.COLLAPSED, settled_at=bindparam("now"))
    .returning(_message.c.id)
)

HOLD: Update = (
    update(_message)
    .where(_message.c.id == bindparam("message"), _message.c.state == MessageState.PENDING)
    .values(due_at=bindparam("due"), late_since=None)
)

KNOWN: Select[Any] = select(_message.c.id).where(_message.c.id.in_(bindparam("messages", expanding=True)))

# A clock that was set back

LATER_MESSAGES: Select[Any] = select(_message.c.number, _message.c.due_at, _message.c.severity, _message.c.route).where(
    _message.c.state.in_((MessageState.PENDING, MessageState.STANDBY)), _message.c.due_at > _now
)

DATE_MESSAGE: Update = update(_message).where(_message.c.number == bindparam("one")).values(due_at=bindparam("due"))

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
    "late_since": None,
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

_fell_due = func.coalesce(_message.c.late_since, _message.c.due_at, type_=_message.c.due_at.type)

_channels = select(_message.c.channel).distinct().subquery("channels")

_backlog = (
    select(
        _message.c.channel,
        func.count(case((_is_open, 1))).label("waiting"),
        func.count(case((_is_dead, 1))).label("dead"),
        func.min(case((and_(_is_open, _fell_due <= _now), _fell_due)), type_=_message.c.due_at.type).label("oldest"),
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
