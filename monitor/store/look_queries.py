"""The statements about looks, the verdicts on them, and the bytes that they rest on."""

from collections.abc import Collection
from functools import cache
from typing import Any

from sqlalchemy import (
    Delete,
    Insert,
    Select,
    Update,
    bindparam,
    delete,
    exists,
    func,
    insert,
    null,
    or_,
    select,
    true,
    tuple_,
    update,
)

from monitor.store import tables
from monitor.store.statements import insert_or_keep, table_of
from probes.kit.vocabulary import State, Strength

_registry = table_of(tables.CheckRow)
_observation = table_of(tables.ObservationRow)
_blob = table_of(tables.BlobRow)
_link = table_of(tables.ObservationBlobRow)
_state = table_of(tables.CheckStateRow)
_incident = table_of(tables.IncidentRow)
_cited = table_of(tables.IncidentObservationRow)

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
