"""Writing looks: the hot path. Everything that a batch of looks changes goes out in a dozen statements, however many they are."""

import asyncio
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, Final, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from monitor.store import course_queries, course_rows, look_queries, look_rows
from monitor.store.courses import Course, hours_of
from monitor.store.packing import compressed
from monitor.store.records import Judged
from monitor.store.rows import fetched

One = TypeVar("One")

_AT_ONCE: Final = 5000
"""Values in one question; SQLite allows 32,766."""


def portions(values: Iterable[One], size: int = _AT_ONCE) -> Iterator[list[One]]:
    """The values in lists of at most `size`."""
    remaining = iter(values)
    while portion := list(islice(remaining, size)):
        yield portion


async def add_looks(connection: AsyncConnection, looks: Sequence[Judged], now: datetime | None = None) -> None:
    """Write looks that may be stored already, or be twice in `looks`: each counts once."""
    fresh = await _fresh(connection, looks)
    if not fresh:
        return
    await _follow(connection, fresh, now)
    await connection.execute(look_queries.ADD_OBSERVATION, [look_rows.look_columns(look) for look in fresh])
    await connection.execute(
        course_queries.add_to_hour(connection.dialect.name), [course_rows.HOUR.columns(hour) for hour in hours_of(fresh)]
    )
    await _keep_blobs(connection, fresh)


async def known_observations(connection: AsyncConnection, ids: Iterable[str]) -> dict[str, int]:
    """The row numbers of those observations that are stored, by id."""
    known: dict[str, int] = {}
    for portion in portions(ids):
        rows = await connection.execute(look_queries.KNOWN_OBSERVATIONS, {"ids": portion})
        known.update((name, number) for name, number in rows)
    return known


async def _fresh(connection: AsyncConnection, looks: Sequence[Judged]) -> list[Judged]:
    by_id = {look.observation.id: look for look in reversed(looks)}
    known = await known_observations(connection, by_id)
    return [look for name, look in reversed(by_id.items()) if name not in known]


async def _follow(connection: AsyncConnection, looks: Iterable[Judged], now: datetime | None) -> None:
    """Move every check of the batch to where it stands now."""
    by_check: dict[str, list[Judged]] = {}
    for look in looks:
        by_check.setdefault(look.verdict.check, []).append(look)
    courses = {check: Course(check, standing=None) for check in by_check}
    await _recall(connection, courses)
    await _register_unknown(connection, [by_check[check][0] for check, course in courses.items() if course.standing is None])
    for check, course in courses.items():
        course.follow((look.verdict for look in by_check[check]), now)
    await _write_courses(connection, courses.values())


async def _recall(connection: AsyncConnection, courses: Mapping[str, Course]) -> None:
    for portion in portions(courses):
        rows = await connection.execute(course_queries.STANDINGS, {"check_ids": portion})
        for row in fetched(rows):
            courses[row["check_id"]].standing = course_rows.STANDING.value(row)


async def _register_unknown(connection: AsyncConnection, looks: Sequence[Judged]) -> None:
    if looks:
        rows = [course_rows.unknown_check_columns(look.verdict) for look in looks]
        await connection.execute(course_queries.register_unknown_check(connection.dialect.name), rows)


async def _write_courses(connection: AsyncConnection, courses: Collection[Course]) -> None:
    standings = [course_rows.standing_columns(one.standing, one.newest) for one in courses if one.standing and one.newest]
    spans = [course_rows.SPAN.columns(span) for one in courses for span in one.ended]
    if standings:
        await connection.execute(course_queries.set_standing(connection.dialect.name), standings)
    if spans:
        await connection.execute(course_queries.ADD_SPAN, spans)


async def _keep_blobs(connection: AsyncConnection, looks: Sequence[Judged]) -> None:
    """Keep the bytes that are new, and note for all of them which observation rests on them."""
    first_seen = {blob.name: (blob.data, look.verdict.at) for look in reversed(looks) for blob in look.blobs}
    if not first_seen:
        return
    blobs = await _known_blobs(connection, first_seen)
    unknown = {name: seen for name, seen in first_seen.items() if name not in blobs}
    if unknown:
        rows = await asyncio.to_thread(_compressed, unknown)
        await connection.execute(look_queries.add_blob(connection.dialect.name), rows)
        blobs |= await _known_blobs(connection, unknown)
    numbers = await known_observations(connection, [look.observation.id for look in looks if look.blobs])
    await connection.execute(look_queries.ADD_LINK, list(_links(looks, numbers, blobs)))


async def _known_blobs(connection: AsyncConnection, names: Iterable[str]) -> dict[str, int]:
    """The row numbers of those blobs that are stored, by name."""
    known: dict[str, int] = {}
    for portion in portions(bytes.fromhex(name) for name in names):
        rows = await connection.execute(look_queries.KNOWN_BLOBS, {"names": portion})
        known.update((name.hex(), number) for name, number in rows)
    return known


def _compressed(blobs: Mapping[str, tuple[bytes, datetime]]) -> list[dict[str, Any]]:
    """Rows of blobs. It runs in a thread: half a megabyte takes ten milliseconds, and compressing lets others work."""
    return [
        {"sha256": bytes.fromhex(name), "size": len(data), "first_seen": seen, "data": compressed(data)}
        for name, (data, seen) in blobs.items()
    ]


def _links(looks: Iterable[Judged], numbers: Mapping[str, int], blobs: Mapping[str, int]) -> Iterator[dict[str, int]]:
    for look in looks:
        for name in {blob.name for blob in look.blobs}:
            yield {"observation": numbers[look.observation.id], "blob": blobs[name]}
