"""The statements about parcels: what travels, in whose hands, and every attempt to deliver it."""

from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Insert, Select, String, Update, and_, bindparam, cast, insert, or_, select, true, update
from sqlalchemy.sql import FromClause

from monitor.store import tables
from monitor.store.records import ParcelState
from monitor.store.statements import table_of, upsert

_message = table_of(tables.MessageRow)
_parcel = table_of(tables.ParcelRow)
_delivery = table_of(tables.DeliveryRow)

_now = bindparam("now", type_=_parcel.c.due_at.type)


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


def held_by(statement: Update, worker: str | None) -> Update:
    """The same, but only while the parcel is in this worker's hands."""
    return statement if worker is None else statement.where(_parcel.c.lease_by == worker)


# A clock that was set back

LATER_PARCELS: Select[Any] = select(_parcel.c.number, _parcel.c.due_at, _parcel.c.lease_until).where(
    _parcel.c.state.in_((ParcelState.PENDING, ParcelState.LEASED)), or_(_parcel.c.due_at > _now, _parcel.c.lease_until > _now)
)

DATE_PARCEL: Update = (
    update(_parcel).where(_parcel.c.number == bindparam("one")).values(due_at=bindparam("due"), lease_until=bindparam("until"))
)

# What can be read

PARCEL: Select[Any] = select(_parcel).where(_parcel.c.id == bindparam("id"))


SPEAKING_OF: Select[Any] = select(_parcel.c.number, _parcel.c.payload).where(
    cast(_parcel.c.payload, String).contains(bindparam("incident"))
)
"""The parcels that name an incident, whatever has become of them."""

UNTELL: Update = update(_parcel).where(_parcel.c.number == bindparam("one")).values(payload=bindparam("left"))


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


ADD_ATTEMPT: Insert = insert(_delivery)

ATTEMPTS: Select[Any] = select(_delivery).where(_delivery.c.parcel == bindparam("parcel")).order_by(_delivery.c.number)
