"""Looks that cannot be stored: which of them are set aside, and when it is the database that is at fault."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.bus import Report
from monitor.bus.frames import encode
from monitor.core.model import Words
from monitor.core.watchlist import Monitor, Organisation, Target, VantagePoint, Watchlist
from monitor.pipeline import Pipeline
from monitor.pipeline.refusal import SEVERAL, keep_apart
from monitor.store import Judged, Store, Writing
from probes.kit.vocabulary import State, Unmeasured, Validity
from tests.monitor.spine import a_check, a_pipeline, a_report, a_store, bus_of

START = datetime(2021, 12, 25, 9, 0, tzinfo=UTC)
CHECK = a_check("ovd-info")
WATCHLIST = Watchlist(
    version="1",
    monitor=Monitor(vantages=(VantagePoint(id="moscow", name=Words(en="Moscow"), country="RU"),)),
    organisations=(
        Organisation(id="ovd-info", name=Words(en="OVD-Info"), targets=(Target(id="site", url="https://ovd.info/"),)),
    ),
)


def report(minute: float, **changes: Any) -> Report:
    return a_report(CHECK, START + timedelta(minutes=minute), State.OK, **changes)


def poison(minute: float) -> Report:
    """A look with a number that the database cannot hold."""
    return report(minute, unmeasured=Unmeasured.LATE, validity=Validity.INVALID, missed=2**70)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with a_store(tmp_path, {CHECK.id: CHECK}) as store:
        yield store


@pytest.fixture
def pipeline(store: Store, tmp_path: Path) -> Pipeline:
    pipeline = a_pipeline(store, WATCHLIST, {CHECK.id: CHECK}, START + timedelta(minutes=30), tmp_path)
    pipeline.retry = 0.02
    return pipeline


class Fault:
    """A database that takes no look for a reason that nobody foresaw, until it is mended."""

    def __init__(self, error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
        self.error: Exception | None = error

        async def add_looks(writing: Writing, looks: Sequence[Judged], now: datetime | None = None) -> None:
            if self.error is not None:
                raise self.error
            await original(writing, looks, now)

        original = Writing.add_looks
        monkeypatch.setattr(Writing, "add_looks", add_looks)


async def in_trouble(pipeline: Pipeline) -> str:
    async with asyncio.timeout(5):
        while pipeline.trouble is None:
            await asyncio.sleep(0.01)
    return pipeline.trouble


def kept(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in (folder / "aside").glob("*")]


@pytest.mark.parametrize("error", [MemoryError(), sqlite3.OperationalError("no such column: observation.later")])
async def test_a_database_that_takes_no_look_at_all_loses_none_and_is_said_aloud(
    pipeline: Pipeline, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    fault = Fault(error, monkeypatch)
    reports = [report(minute) for minute in range(SEVERAL)]
    taking = asyncio.create_task(pipeline.take(reports))
    assert type(error).__name__ in await in_trouble(pipeline)
    assert (bus_of(pipeline).acknowledged, kept(tmp_path)) == ([], [])
    fault.error = None
    async with asyncio.timeout(5):
        await taking
    assert pipeline.trouble is None
    assert set(bus_of(pipeline).acknowledged) == {one.observation.id for one in reports}
    async with store.reading() as reading:
        assert None not in [await reading.observation(one.observation.id) for one in reports]


async def test_looks_that_come_one_by_one_and_are_all_refused_are_no_coincidence(
    pipeline: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Fault(MemoryError(), monkeypatch)
    for minute in range(SEVERAL - 1):
        await pipeline.take([report(minute)])
    pipeline.ending = True
    await pipeline.take([report(SEVERAL)])
    assert pipeline.trouble is not None
    assert len(bus_of(pipeline).acknowledged) == len(kept(tmp_path)) == SEVERAL - 1


@pytest.mark.parametrize("good", [0, 2, 5], ids=["first", "in between", "last"])
async def test_where_another_look_is_stored_at_the_same_time_those_that_are_refused_are_at_fault(
    pipeline: Pipeline, tmp_path: Path, good: int
) -> None:
    reports: Sequence[Report] = [report(minute) if minute == good else poison(minute) for minute in range(6)]
    async with asyncio.timeout(5):
        await pipeline.take(reports)
    assert set(bus_of(pipeline).acknowledged) == {one.observation.id for one in reports}
    assert sorted(kept(tmp_path)) == sorted(encode(one) for one in reports if one is not reports[good])
    assert (pipeline.set_aside, pipeline.trouble) == (5, None)


async def test_a_look_that_can_be_kept_nowhere_is_not_acknowledged_and_ends_nothing(pipeline: Pipeline, tmp_path: Path) -> None:
    """The folder for such looks cannot be made; then somebody makes room."""
    in_the_way = tmp_path / "aside"
    in_the_way.touch()
    one = poison(0)
    taking = asyncio.create_task(pipeline.take([one]))
    assert "neither in the database nor apart" in await in_trouble(pipeline)
    assert bus_of(pipeline).acknowledged == []
    in_the_way.unlink()
    async with asyncio.timeout(5):
        await taking
    assert (bus_of(pipeline).acknowledged, kept(tmp_path)) == ([one.observation.id], [encode(one)])
    assert pipeline.trouble is None


async def test_what_was_kept_before_the_disk_was_full_is_kept_and_counted_once(
    pipeline: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full_at_the_second(folder: Path, one: Report) -> str | None:
        written.append(one)
        return "the disk is full" if len(written) == 2 else keep_apart(folder, one)

    written: list[Report] = []
    monkeypatch.setattr("monitor.pipeline.spine.keep_apart", full_at_the_second)
    first, second = poison(0), poison(1)
    async with asyncio.timeout(5):
        await pipeline.take([first, report(2), second])
    assert written == [first, second, second]
    assert (pipeline.set_aside, len(kept(tmp_path))) == (2, 2)


async def test_a_stop_waits_for_neither(pipeline: Pipeline, tmp_path: Path) -> None:
    (tmp_path / "aside").touch()
    taking = asyncio.create_task(pipeline.take([poison(0)]))
    await in_trouble(pipeline)
    pipeline.ending = True
    async with asyncio.timeout(5):
        await taking
    assert bus_of(pipeline).acknowledged == []
