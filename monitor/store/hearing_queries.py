"""The statements about who has heard of incidents, who stands by to hear, and who wants quiet."""

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
    literal,
    null,
    or_,
    select,
    true,
    update,
)

from monitor.core.kinds import EventKind, IncidentStage, RelationKind
from monitor.core.message import MessageKind, Purpose
from monitor.store import tables
from monitor.store.records import MessageState
from monitor.store.statements import table_of, upsert

_event = table_of(tables.IncidentEventRow)
_incident = table_of(tables.IncidentRow)
_relation = table_of(tables.IncidentRelationRow)
_care = table_of(tables.CareRow)
_fact = table_of(tables.FactRow)
_message = table_of(tables.MessageRow)
_parcel = table_of(tables.ParcelRow)

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
        case((_has_arrived, literal(value=False)), else_=_message.c.state == MessageState.DEAD).label("is_lost"),
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
    .order_by(_message.c.number)
)
"""The alarms and the last words about incidents that are owed, or have arrived, and the alarms that were lost."""

BEING_TOLD: Select[Any] = (
    select(_message.c.channel, _message.c.incident, _message.c.purpose)
    .where(_of_incidents, _is_alarm, or_(_has_arrived, _is_owed))
    .distinct()
)

CALLED_LATER: Select[Any] = (
    select(_message.c.channel, _message.c.incident)
    .where(_of_incidents, _is_alarm, _message.c.state == MessageState.STANDBY, _message.c.purpose == Purpose.ESCALATION)
    .distinct()
)
"""Who is called about an alarm in a while, if nobody acknowledges it."""

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


CARE: Select[Any] = select(_care).where(_care.c.incident == bindparam("incident"))

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

_SWITCHED_OFF = "switched off: "

SWITCHED_OFF: Select[Any] = select(_fact.c.name, _fact.c.value).where(
    _fact.c.name.between(_SWITCHED_OFF, _SWITCHED_OFF + "\U0010ffff")
)
"""Channels whose receivers want no more messages, and what is known of that."""

SWITCH_ON: Delete = delete(_fact).where(_fact.c.name == bindparam("name"))


def switched_off(channel: str) -> str:
    """The name under which it is remembered that a channel's receiver wants no more messages."""
    return _SWITCHED_OFF + channel


def channel_of(name: str) -> str:
    """The channel of such a name."""
    return name.removeprefix(_SWITCHED_OFF)
