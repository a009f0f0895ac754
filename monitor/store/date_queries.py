"""The statements about dates: what was announced, and by when somebody must act."""

from functools import cache
from typing import Any

from sqlalchemy import Insert, Select, Update, bindparam, insert, select, update

from monitor.store import tables
from monitor.store.statements import insert_or_keep, table_of, upsert

_planned = table_of(tables.PlannedChangeRow)
_planned_look = table_of(tables.PlannedLookRow)
_deadline = table_of(tables.DeadlineRow)

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
