"""What follows from verdicts, worked out again after they have changed: current states, spans and hours of a check.

Only what rests on looks that are all still stored is redone. Looks around an incident outlive others, so there are gaps: what
was counted before, or in, the newest hour of which a look is gone stays as it was.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from monitor.store import course_queries, course_rows, look_queries, look_rows
from monitor.store.courses import Course, hours_of
from monitor.store.records import Judged, Span, Standing
from monitor.store.rows import fetched
from probes.kit.vocabulary import State

_INSTANT: Final = timedelta(microseconds=1)


async def rewrite(connection: AsyncConnection, looks: Sequence[Judged]) -> None:
    """Put the verdicts of these looks in place of the stored ones. Facts are never touched."""
    if looks:
        await connection.execute(look_queries.REJUDGE, [look_rows.new_judgement(look.verdict) for look in looks])


async def redo(connection: AsyncConnection, check: str, looks: Sequence[Judged]) -> None:
    """Work out anew what follows from `looks`: all that are stored of one check, oldest first, at least one."""
    looks = await _whole(connection, check, looks)
    if not looks:
        return
    first = looks[0].verdict.at
    before = await _before(connection, check, first)
    course = Course(check, standing=before)
    course.follow(look.verdict for look in looks)
    await connection.execute(course_queries.FORGET_SPANS, {"check_id": check, "since": first})
    if course.ended:
        await connection.execute(course_queries.ADD_SPAN, [course_rows.SPAN.columns(span) for span in course.ended])
    if course.standing is not None and course.newest is not None:
        standing = course_rows.standing_columns(course.standing, course.newest)
        await connection.execute(course_queries.set_standing(connection.dialect.name), standing)
    await _redo_hours(connection, check, looks)


async def _before(connection: AsyncConnection, check: str, first: datetime) -> Standing | None:
    """Where the check stood before the first look that is still stored, as far as that was kept."""
    spans = fetched(await connection.execute(course_queries.SPANS_UP_TO, {"check_id": check, "until": first}))
    present = fetched(await connection.execute(course_queries.STANDINGS, {"check_ids": [check]}))
    reaching = [course_rows.SPAN.value(row) for row in spans]
    open_since = [one for one in map(course_rows.STANDING.value, present) if one.since < first]
    if open_since:
        return _cut(open_since[-1], first)
    return _as_standing(reaching[-1], first) if reaching else None


def _cut(standing: Standing, first: datetime) -> Standing:
    measured_at = standing.measured_at and min(standing.measured_at, first - _INSTANT)
    return replace(standing, last_at=min(standing.last_at, first - _INSTANT), measured_at=measured_at)


def _as_standing(span: Span, first: datetime) -> Standing:
    measured = span.state is not State.UNMEASURED
    last = min(span.last_at, first - _INSTANT)
    return Standing(
        state=span.state,
        since=span.started_at,
        last_at=last,
        looks=span.looks,
        measured_state=span.state if measured else None,
        measured_since=span.started_at if measured else None,
        measured_at=last if measured else None,
    )


async def _whole(connection: AsyncConnection, check: str, looks: Sequence[Judged]) -> Sequence[Judged]:
    """The looks from the first hour on since when none is gone, as the hourly roll-up has counted them."""
    kept = Counter(_hour(look) for look in looks)
    rows = await connection.execute(course_queries.HOURS, {"check_id": check, "since": _hour(looks[0])})
    counted: Counter[datetime] = Counter()
    for hour in map(course_rows.HOUR.value, fetched(rows)):
        counted[hour.hour] += hour.looks
    broken = [hour for hour, number in counted.items() if kept[hour] != number]
    since = max(broken) + timedelta(hours=1) if broken else _hour(looks[0])
    return [look for look in looks if look.verdict.at >= since]


def _hour(look: Judged) -> datetime:
    return look.verdict.at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


async def _redo_hours(connection: AsyncConnection, check: str, looks: Sequence[Judged]) -> None:
    """Count the hours anew. All their looks are there."""
    await connection.execute(course_queries.FORGET_HOURS, {"check_id": check, "since": _hour(looks[0])})
    rows = [course_rows.HOUR.columns(hour) for hour in hours_of(looks)]
    await connection.execute(course_queries.add_to_hour(connection.dialect.name), rows)
