"""The statements about checks: where each stands, and how it came there in spans and hours."""

from functools import cache
from typing import Any

from sqlalchemy import Delete, Insert, Select, Update, bindparam, case, delete, insert, select, true, update

from monitor.store import tables
from monitor.store.statements import insert_or_keep, replace_all, table_of, upsert

_registry = table_of(tables.CheckRow)
_state = table_of(tables.CheckStateRow)
_span = table_of(tables.SpanRow)
_hour = table_of(tables.HourRow)

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

CHECKS_OF = select(_registry.c.id, _registry.c.organisation, _registry.c.target).where(
    _registry.c.organisation == bindparam("organisation")
)

SPANS_UP_TO: Select[Any] = (
    select(_span)
    .where(_span.c.check_id == bindparam("check_id"), _span.c.started_at < bindparam("until"))
    .order_by(_span.c.started_at)
)

FORGET_SPANS: Delete = delete(_span).where(_span.c.check_id == bindparam("check_id"), _span.c.ended_at > bindparam("since"))

FORGET_HOURS: Delete = delete(_hour).where(_hour.c.check_id == bindparam("check_id"), _hour.c.hour >= bindparam("since"))
