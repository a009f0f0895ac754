"""The statements about incidents and their log."""

from collections.abc import Collection
from functools import cache
from typing import Any

from sqlalchemy import (
    Delete,
    Insert,
    Select,
    TextClause,
    Update,
    bindparam,
    delete,
    exists,
    false,
    func,
    insert,
    or_,
    select,
    text,
    tuple_,
    update,
)

from monitor.core.model import Tlp
from monitor.store import tables
from monitor.store.statements import insert_or_keep, replace_all, table_of

_observation = table_of(tables.ObservationRow)
_event = table_of(tables.IncidentEventRow)
_incident = table_of(tables.IncidentRow)
_cited = table_of(tables.IncidentObservationRow)
_country = table_of(tables.IncidentCountryRow)
_relation = table_of(tables.IncidentRelationRow)

# The log

ADD_EVENT: Insert = insert(_event)

REDACT_EVENT: Update = (
    update(_event)
    .where(_event.c.incident == bindparam("of_incident"), _event.c.version == bindparam("of_version"))
    .values(data=bindparam("left"))
)
"""The guard of the log lets it pass only right after an erasure."""

OVERWRITE_WHAT_GOES: TextClause = text("PRAGMA secure_delete = ON")
"""From then on this connection to SQLite fills what it frees with zeros."""

LAST_VERSIONS: Select[Any] = (
    select(_event.c.incident, func.max(_event.c.version))
    .where(_event.c.incident.in_(bindparam("incidents", expanding=True)))
    .group_by(_event.c.incident)
)

EVENTS: Select[Any] = select(_event).where(_event.c.incident == bindparam("incident")).order_by(_event.c.version)

EVENTS_AFTER: Select[Any] = select(_event).where(_event.c.seq > bindparam("seq")).order_by(_event.c.seq).limit(bindparam("limit"))

LAST_SEQ: Select[Any] = select(func.coalesce(func.max(_event.c.seq), 0))

SEQ_OF: Select[Any] = select(_event.c.seq).where(
    _event.c.incident == bindparam("incident"), _event.c.version == bindparam("version")
)

_marking = _event.alias("marking")

SEQ_OF_ONCE_MARKED: Select[Any] = SEQ_OF.where(
    exists().where(_marking.c.incident == _event.c.incident, _marking.c.data["tlp"].as_string() == bindparam("tlp"))
)
"""The same of those incidents only that have ever borne a TLP mark: to tell so, no log is read."""

LOGS: Select[Any] = (
    select(_event)
    .where(_event.c.incident.in_(bindparam("incidents", expanding=True)))
    .order_by(_event.c.incident, _event.c.version)
)
"""Everything that has happened to some incidents."""

TALLY = select(func.count(), func.sum(_incident.c.version), func.max(_incident.c.updated)).where(
    _incident.c.tlp == bindparam("tlp")
)
"""What differs after every change of the incidents with one TLP mark; it takes as long whatever happens to the others."""


@cache
def cite(dialect: str) -> Insert:
    """An observation that an incident rests on."""
    return insert_or_keep(dialect, _cited)


ORIGINS: Select[Any] = (
    select(_cited.c.incident, _observation.c.provenance)
    .join_from(_cited, _observation, _observation.c.id == _cited.c.observation)
    .where(_cited.c.incident.in_(bindparam("incidents", expanding=True)), _observation.c.provenance.is_not(None))
)
"""Who else made the looks that incidents rest on."""


@cache
def keep_incident(dialect: str) -> Insert:
    """An incident as its events have left it."""
    return replace_all(dialect, _incident)


_numbers = _incident.c.id.between(bindparam("first"), bindparam("beyond"))

LAST_INCIDENT_ID: Select[Any] = (
    select(_incident.c.id).where(_numbers).order_by(func.length(_incident.c.id).desc(), _incident.c.id.desc()).limit(1)
)

ALL_INCIDENTS: Select[Any] = select(_incident.c.data).order_by(_incident.c.updated, _incident.c.id)

INCIDENT: Select[Any] = select(_incident.c.data).where(_incident.c.id == bindparam("id"))

NAMED: Select[Any] = select(_incident.c.data).where(_incident.c.id.in_(bindparam("incidents", expanding=True)))
"""Some incidents by their ids."""

NAMED_WITH_TLP: Select[Any] = NAMED.where(_incident.c.tlp == bindparam("tlp"))

ENTRIES: Select[Any] = select(_incident.c.data).where(_incident.c.entry.is_not(None)).order_by(_incident.c.entry)
"""The documented incidents."""

RELATED: Select[Any] = (
    select(_relation).where(_relation.c.other == bindparam("incident")).order_by(_relation.c.kind, _relation.c.incident)
)
"""Which incidents name this one as related to them, and how."""

FORGET_COUNTRIES: Delete = delete(_country).where(_country.c.incident.in_(bindparam("incidents", expanding=True)))

ADD_COUNTRY: Insert = insert(_country)

FORGET_RELATIONS: Delete = delete(_relation).where(_relation.c.incident.in_(bindparam("incidents", expanding=True)))

ADD_RELATION: Insert = insert(_relation)


def incidents(
    *,
    stages: Collection[str] | None,
    country: str | None,
    after: str | None,
    origins: Collection[str] | None = None,
    **equal: str | None,
) -> Select[Any]:
    """Incidents, the latest change first. What is None does not filter; `after` is the id that the page before ended with."""
    statement = select(_incident.c.data).order_by(_incident.c.updated.desc(), _incident.c.id.desc()).limit(bindparam("limit"))
    for name, value in equal.items():
        if value is not None:
            statement = statement.where(_incident.c[name] == value)
    if country is not None:
        statement = statement.where(exists().where(_country.c.incident == _incident.c.id, _country.c.country == country))
    if stages is not None:
        statement = statement.where(_incident.c.stage.in_(sorted(stages)) if stages else false())
    if origins is not None:
        statement = statement.where(_incident.c.origin.in_(sorted(origins)))
    if after is not None:
        last = _incident.alias("last")
        mark = select(last.c.updated, last.c.id).where(last.c.id == after).scalar_subquery()
        statement = statement.where(tuple_(_incident.c.updated, _incident.c.id) < mark)
    return statement


def news(organisations: Collection[str] | None, country: str | None, *, backwards: bool, **equal: str | None) -> Select[Any]:
    """Events of some kinds, of incidents of these organisations (None: of all), of whole networks and of public ones.

    For nobody's organisations, which is for the public, only the public ones count: even the time that it takes to pass over
    the others would tell of them. They come in the order of the log, after number `seq`, or before it and the other way about.
    """
    beyond = _event.c.seq < bindparam("seq") if backwards else _event.c.seq > bindparam("seq")
    statement = (
        select(_event)
        .join_from(_event, _incident, _incident.c.id == _event.c.incident)
        .where(beyond, _event.c.kind.in_(bindparam("kinds", expanding=True)))
        .order_by(_event.c.seq.desc() if backwards else _event.c.seq)
        .limit(bindparam("limit"))
    )
    if organisations is not None:
        own = _incident.c.organisation.in_(["", *sorted(organisations)] if organisations else [])
        statement = statement.where(or_(own, _incident.c.tlp == Tlp.CLEAR.value))
    for name, value in equal.items():
        if value is not None:
            statement = statement.where(_incident.c[name] == value)
    if country is not None:
        statement = statement.where(exists().where(_country.c.incident == _incident.c.id, _country.c.country == country))
    return statement
