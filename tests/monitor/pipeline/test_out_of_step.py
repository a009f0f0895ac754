"""What is remembered is not what the database holds: a backup was put back, or somebody else writes to it all the time."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.bus import Report
from monitor.core.incident import Incident
from monitor.core.kinds import IncidentStage
from monitor.core.model import Words
from monitor.core.watchlist import Monitor, Organisation, Target, VantagePoint, Watchlist
from monitor.pipeline import Pipeline, Watch
from monitor.store import OutOfStep, Store, StoreUnavailable, Writing
from probes.kit.vocabulary import State
from tests.monitor.spine import STORY, a_check, a_pipeline, a_report, a_store, bus_of

START = datetime(2021, 12, 25, 9, 0, tzinfo=UTC)
CHECK = a_check("ovd-info")
WATCHLIST = Watchlist(
    version="1",
    monitor=Monitor(vantages=(VantagePoint(id="moscow", name=Words(en="Moscow"), country="RU"),)),
    organisations=(
        Organisation(id="ovd-info", name=Words(en="OVD-Info"), targets=(Target(id="site", url="https://ovd.info/"),)),
    ),
)
SOON = 5
"""Seconds after which a story that still goes on has failed."""


def report(minute: float, state: State) -> Report:
    return a_report(CHECK, START + timedelta(minutes=minute), state)


async def only(store: Store) -> Incident:
    async with store.reading() as reading:
        (incident,) = await reading.all_incidents()
    return incident


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with a_store(tmp_path, {CHECK.id: CHECK}) as store:
        yield store


@pytest.fixture
async def pipeline(store: Store, tmp_path: Path) -> Pipeline:
    """With a block that is confirmed."""
    pipeline = a_pipeline(store, WATCHLIST, {CHECK.id: CHECK}, START + timedelta(minutes=30), tmp_path)
    pipeline.retry = 0.02
    await pipeline.take([report(0, State.BLOCKED), report(5, State.BLOCKED)])
    return pipeline


@pytest.fixture
def busy(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> Pipeline:
    """Whatever is entered into the log, somebody else has just entered something."""

    async def forestalled(*_: object) -> None:
        raise OutOfStep("CW-2021-0001 stands at version 9: the next event is 10, not 9")

    monkeypatch.setattr(Writing, "append", forestalled)
    return pipeline


async def test_a_backup_that_was_put_back_is_followed_from_where_it_stands(pipeline: Pipeline, store: Store) -> None:
    """What the backup does not know was never written, as far as anybody can tell from now on."""
    known = await only(store)
    pipeline.ledger.revise(replace(known, version=known.version + 1))
    pipeline.seen += 1000
    async with asyncio.timeout(SOON):
        await pipeline.take([report(minute, State.OK) for minute in (10, 15, 20)])
    assert (await only(store)).stage is IncidentStage.ENDED
    assert pipeline.trouble is None
    async with store.reading() as reading:
        assert pipeline.seen <= await reading.last_seq()


async def test_an_incident_that_a_backup_knows_nothing_of_is_begun_anew(pipeline: Pipeline, store: Store) -> None:
    lost = replace(await only(store), id="CW-2021-0002", version=7)
    pipeline.ledger.revise(lost)
    async with asyncio.timeout(SOON):
        await pipeline.take([report(minute, State.OK) for minute in (10, 15, 20)])
    assert (await only(store)).stage is IncidentStage.ENDED


async def test_what_does_not_heal_is_said_aloud_and_holds_up_no_stop(busy: Pipeline) -> None:
    already = len(bus_of(busy).acknowledged)
    taking = asyncio.create_task(busy.take([report(minute, State.OK) for minute in (10, 15, 20)]))
    async with asyncio.timeout(SOON):
        while busy.trouble is None:
            await asyncio.sleep(0.01)
        assert "another Cutwatch" in busy.trouble
        busy.ending = True
        await taking
    assert len(bus_of(busy).acknowledged) == already


async def test_a_new_configuration_does_not_wait_for_ever(busy: Pipeline) -> None:
    busy.watch = Watch(WATCHLIST, {}, {"story": STORY})
    async with asyncio.timeout(SOON):
        with pytest.raises(StoreUnavailable, match="another Cutwatch"):
            await busy.let_go()


async def test_mass_events_that_always_come_too_late_hold_up_nobody_for_ever(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def forestalled(*_: object) -> None:
        raise OutOfStep("CW-2021-0002 stands at version 9: the next event is 10, not 9")

    monkeypatch.setattr(Pipeline, "_enter", forestalled)
    async with asyncio.timeout(SOON):
        with pytest.raises(StoreUnavailable, match="another Cutwatch"):
            await pipeline.catch_up()


async def test_a_new_configuration_is_taken_after_a_backup_was_put_back(pipeline: Pipeline, store: Store) -> None:
    known = await only(store)
    pipeline.ledger.revise(replace(known, version=known.version + 1))
    pipeline.watch = Watch(WATCHLIST, {}, {"story": STORY})
    async with asyncio.timeout(SOON):
        await pipeline.let_go()
    assert (await only(store)).stage is IncidentStage.RETRACTED
