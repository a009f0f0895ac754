"""Every statement, by name. What differs between SQLite and PostgreSQL takes the dialect's name as its argument.

Statements are made once and take their values when they are executed; only filters that a reader may leave out are added
on the spot.
"""

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
    case,
    delete,
    exists,
    false,
    func,
    insert,
    null,
    or_,
    select,
    text,
    true,
    tuple_,
    update,
)

from monitor.core.model import Tlp
from monitor.store import tables
from monitor.store.statements import insert_or_keep, replace_all, table_of, upsert
from probes.kit.vocabulary import State, Strength

_registry = table_of(tables.CheckRow)
_observation = table_of(tables.ObservationRow)
_blob = table_of(tables.BlobRow)
_link = table_of(tables.ObservationBlobRow)
_state = table_of(tables.CheckStateRow)
_span = table_of(tables.SpanRow)
_hour = table_of(tables.HourRow)
_event = table_of(tables.IncidentEventRow)
_incident = table_of(tables.IncidentRow)
_cited = table_of(tables.IncidentObservationRow)
_country = table_of(tables.IncidentCountryRow)
_relation = table_of(tables.IncidentRelationRow)
_care = table_of(tables.CareRow)
_key = table_of(tables.ApiKeyRow)
_sign_in = table_of(tables.SignInRow)
_session = table_of(tables.StaffSessionRow)
_fact = table_of(tables.FactRow)


# Checks

UNWATCH_ALL: Update = update(_registry).where(_registry.c.watched == true()).values(watched=False)


@cache
def register_check(dialect: str) -> Insert:
    """A check of the configuration, with all its columns."""
    return replace_all(dialect, _registry)


@cache
def register_unknown_check(dialect: str) -> Insert:
    """A check that was looked at without ever having been registered: its look must not be lost for that."""
    return insert_or_keep(dialect, _registry)


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
    return replace_all(dialect, _state)


ADD_SPAN: Insert = insert(_span)

ENDED_SPANS: Select[Any] = (
    select(_span)
    .where(_span.c.check_id == bindparam("check_id"), _span.c.ended_at > bindparam("since"))
    .order_by(_span.c.started_at)
)


@cache
def add_to_hour(dialect: str) -> Insert:
    """Begin an hour, or add to it."""
    statement = upsert(dialect, _hour)
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
    return insert_or_keep(dialect, _blob)


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


def looks_page(checks: Collection[str], *, is_first: bool) -> Select[Any]:
    """Looks of some checks from `since` to before `until`, oldest first; after the one that `at` and `id` name, if not the first.

    Of several checks the index over time alone is of use: that over check and time would make the database sort them all.
    """
    found, (check, *others) = _observation.c, checks
    wanted = func.coalesce(found.check_id, "").in_(sorted(checks)) if others else found.check_id == check
    page = _LOOKS.where(wanted, found.at >= bindparam("since"), found.at < bindparam("until"))
    if not is_first:
        page = page.where(tuple_(found.at, found.id) > tuple_(bindparam("at", type_=found.at.type), bindparam("id")))
    return page.order_by(found.at, found.id).limit(bindparam("limit"))


CHECKS_OF = select(_registry.c.id, _registry.c.organisation, _registry.c.target).where(
    _registry.c.organisation == bindparam("organisation")
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

# Judging again

LOOKS_FROM = (
    _LOOKS.where(
        _observation.c.at >= bindparam("since"),
        tuple_(_observation.c.at, _observation.c.id) > tuple_(bindparam("at", type_=_observation.c.at.type), bindparam("id")),
    )
    .order_by(_observation.c.at, _observation.c.id)
    .limit(bindparam("limit"))
)
COUNT_FROM: Select[Any] = select(func.count()).select_from(_observation).where(_observation.c.at >= bindparam("since"))

_NARROW = [column for column in _observation.c if column.name not in {"facts", "control"}]
LOOKS_OF: Select[Any] = (
    select(*_NARROW, null().label("facts"), null().label("control"), *_IDENTITY)
    .select_from(_looked)
    .where(_observation.c.check_id == bindparam("check_id"))
    .order_by(_observation.c.at, _observation.c.id)
)
"""All looks of a check without what was seen: only what follows from their verdicts is asked for."""

_JUDGED = ("state", "rule", "because", "strength", "why_unclear", "mechanism", "scope", "ruleset")
REJUDGE: Update = (
    update(_observation)
    .where(_observation.c.id == bindparam("observation"))
    .values({name: bindparam(f"judged_{name}") for name in _JUDGED})
)

SPANS_UP_TO: Select[Any] = (
    select(_span)
    .where(_span.c.check_id == bindparam("check_id"), _span.c.started_at < bindparam("until"))
    .order_by(_span.c.started_at)
)
FORGET_SPANS: Delete = delete(_span).where(_span.c.check_id == bindparam("check_id"), _span.c.ended_at > bindparam("since"))
FORGET_HOURS: Delete = delete(_hour).where(_hour.c.check_id == bindparam("check_id"), _hour.c.hour >= bindparam("since"))

# Retention

DROPPABLE: Select[Any] = (
    select(_observation.c.number)
    .where(
        _observation.c.at < bindparam("before"),
        ~exists().where(_cited.c.observation == _observation.c.id),
        ~exists().where(
            _registry.c.id == _observation.c.check_id,
            _incident.c.organisation == _registry.c.organisation,
            _incident.c.target == _registry.c.target,
            # Rounds of canaries, nobody's looks, are kept for the isolation of their own country only.
            or_(_incident.c.organisation != "", _incident.c.country.is_not_distinct_from(_observation.c.country)),
            _observation.c.at >= _incident.c.keep_from,
            or_(_incident.c.keep_until.is_(None), _observation.c.at <= _incident.c.keep_until),
        ),
    )
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
    return insert_or_keep(dialect, _cited)


ORIGINS: Select[Any] = (
    select(_cited.c.incident, _observation.c.provenance)
    .join_from(_cited, _observation, _observation.c.id == _cited.c.observation)
    .where(_cited.c.incident.in_(bindparam("incidents", expanding=True)), _observation.c.provenance.is_not(None))
)
"""Who else made the looks that incidents rest on."""

# Incidents

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

LAST_EVENT_AT: Select[Any] = select(_event.c.at).order_by(_event.c.seq.desc()).limit(1)


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


def incidents(*, stages: Collection[str] | None, country: str | None, after: str | None, **equal: str | None) -> Select[Any]:
    """Incidents, the latest change first. What is None does not filter; `after` is the id that the page before ended with."""
    statement = select(_incident.c.data).order_by(_incident.c.updated.desc(), _incident.c.id.desc()).limit(bindparam("limit"))
    for name, value in equal.items():
        if value is not None:
            statement = statement.where(_incident.c[name] == value)
    if country is not None:
        statement = statement.where(exists().where(_country.c.incident == _incident.c.id, _country.c.country == country))
    if stages is not None:
        statement = statement.where(_incident.c.stage.in_(sorted(stages)) if stages else false())
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


CARE = select(_care).where(_care.c.incident == bindparam("incident"))


# What was announced

_planned = table_of(tables.PlannedChangeRow)
_planned_look = table_of(tables.PlannedLookRow)

ADD_PLANNED: Insert = insert(_planned)
PLANNED: Select[Any] = (
    select(_planned)
    .where(_planned.c.ends_at > bindparam("since", type_=_planned.c.ends_at.type))
    .order_by(_planned.c.starts_at, _planned.c.id)
)
EXPLANATIONS: Select[Any] = select(_planned_look).where(
    _planned_look.c.observation.in_(bindparam("observations", expanding=True))
)


@cache
def explain_look(dialect: str) -> Insert:
    """That a planned change explains a look."""
    return insert_or_keep(dialect, _planned_look)


CANCEL_PLANNED: Update = (
    update(_planned)
    .where(_planned.c.id == bindparam("change"), _planned.c.cancelled_at.is_(None))
    .values(cancelled_at=bindparam("now"))
)

# By when somebody must act

_deadline = table_of(tables.DeadlineRow)

DEADLINES: Select[Any] = select(_deadline).order_by(_deadline.c.at, *_deadline.primary_key.columns)


@cache
def note_deadline(dialect: str) -> Insert:
    """A date that was found, unless it is known to be that very date."""
    statement = upsert(dialect, _deadline)
    new = statement.excluded
    return statement.on_conflict_do_update(
        index_elements=_deadline.primary_key.columns.keys(),
        set_={"at": new.at, "seen_at": new.seen_at},
        where=_deadline.c.at != new.at,
    )


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
    return replace_all(dialect, _fact)
