"""The spine, with the real store: a probe that reports what it is told, and a bus that hands over what the story needs."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.bus import Report
from monitor.bus.frames import encode
from monitor.bus.incoming import WithIncoming, drop
from monitor.core.deadline import Deadline
from monitor.core.incident import Change, apply, record
from monitor.core.kinds import EventKind, IncidentStage
from monitor.core.model import Tlp, Words
from monitor.core.plan import Check
from monitor.core.subscription import Alerts, Channel, Match, Route
from monitor.core.watchlist import Monitor, Organisation, PlannedChange, Target, VantagePoint, Watchlist
from monitor.pipeline import Pipeline, Watch
from monitor.store import Store, Writing
from probes.kit.observation import Blob, Control, Facts, Observation, Provenance, TlsHandshake
from probes.kit.vocabulary import State, Unmeasured, Validity
from tests.monitor.spine import STORY, STRONG, a_check, a_pipeline, a_report, a_store, bus_of

START = datetime(2021, 12, 25, 9, 0, tzinfo=UTC)


WATCHLIST = Watchlist(
    version="1",
    monitor=Monitor(
        vantages=(
            VantagePoint(id="moscow", name=Words(en="Moscow"), country="RU"),
            VantagePoint(id="kazan", name=Words(en="Kazan"), country="RU"),
        )
    ),
    organisations=(
        Organisation(id="ovd-info", name=Words(en="OVD-Info"), targets=(Target(id="ovd.info", url="https://ovd.info/"),)),
    ),
    alerts=Alerts(
        channels=(Channel(id="team", kind="webhook", settings={}),),
        routes=(Route(id="all", match=Match(), channels=("team",)),),
    ),
)


def check(vantage: str) -> Check:
    return a_check("ovd-info", "ovd.info", vantage)


CHECKS = {one.id: one for one in (check("moscow"), check("kazan"))}


def report(minute: float, state: State | str, vantage: str = "moscow", **changes: Any) -> Report:
    blob = Blob.of(f"body of minute {minute}".encode())
    return a_report(check(vantage), START + timedelta(minutes=minute), state, (blob,), **changes)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with a_store(tmp_path, CHECKS) as store:
        yield store


@pytest.fixture
def pipeline(store: Store, tmp_path: Path) -> Pipeline:
    return a_pipeline(store, WATCHLIST, CHECKS, START + timedelta(minutes=30), tmp_path)


async def test_a_block_becomes_an_incident_with_its_messages_in_one_go(pipeline: Pipeline, store: Store) -> None:
    woken: list[bool] = []
    pipeline.told = lambda: woken.append(True)
    reports = [report(0, State.OK), report(5, State.BLOCKED), report(8, State.BLOCKED)]
    await pipeline.take(reports)
    async with store.reading() as reading:
        (incident,) = await reading.incidents()
        events = await reading.events(incident.id)
        messages = await reading.messages(incident.id)
        (state,) = await reading.current()
    assert incident.id == "CW-2021-0001"
    assert incident.stage is IncidentStage.CONFIRMED
    assert [event.kind for event in events] == [EventKind.OPENED, EventKind.CONFIRMED]
    assert [posted.message.kind.value for posted in messages] == ["alarm"]
    assert state.state is State.BLOCKED
    assert bus_of(pipeline).acknowledged == [one.observation.id for one in reports]
    assert woken == [True]


async def test_what_is_handed_over_twice_counts_once(pipeline: Pipeline, store: Store) -> None:
    reports = [report(0, State.BLOCKED), report(5, State.BLOCKED)]
    await pipeline.take(reports)
    await pipeline.take(reports)
    await pipeline.take([*reports, *reports])
    async with store.reading() as reading:
        (incident,) = await reading.incidents()
        hours = await reading.hours(check("moscow").id, START)
        messages = await reading.messages(incident.id)
    assert incident.version == 2
    assert sum(hour.looks for hour in hours) == 2
    assert len(messages) == 1


TWO_YEARS_AGO = -2 * 365 * 24 * 60
WITNESS = Provenance(service="ooni", name="a report", attribution="OONI, CC BY-NC-SA 4.0")


@pytest.mark.parametrize(
    ("minute", "provenance", "incidents"),
    [(TWO_YEARS_AGO, WITNESS, 0), (-60, WITNESS, 1), (TWO_YEARS_AGO, None, 1)],
    ids=["somebody else's, long ago", "somebody else's, just now", "our own, late after a cut"],
)
async def test_what_others_saw_long_ago_is_kept_and_no_incident_begins_with_it(
    pipeline: Pipeline, store: Store, minute: int, provenance: Provenance | None, incidents: int
) -> None:
    reports = [report(minute + passed, State.BLOCKED, provenance=provenance) for passed in (0, 5)]
    await pipeline.take(reports)
    async with store.reading() as reading:
        kept = [await reading.observation(one.observation.id) for one in reports]
        found = await reading.incidents()
    assert None not in kept
    assert len(found) == incidents


async def test_a_look_that_a_command_left_is_stored_once_however_often_it_is_left(
    pipeline: Pipeline, store: Store, tmp_path: Path
) -> None:
    folder = tmp_path / "incoming"
    pipeline.bus = WithIncoming(pipeline.bus, folder)
    left = report(0, State.OK, provenance=WITNESS)
    for _ in range(2):
        await asyncio.to_thread(drop, folder, left)
        await pipeline.finish()
    async with store.reading() as reading:
        kept = await reading.observation(left.observation.id)
        hours = await reading.hours(check("moscow").id, START)
    assert kept is not None
    assert sum(hour.looks for hour in hours) == 1
    assert await asyncio.to_thread(lambda: list(folder.iterdir())) == []


async def test_a_locked_database_loses_nothing_and_is_said_aloud(pipeline: Pipeline, store: Store, tmp_path: Path) -> None:
    pipeline.retry = 0.02
    other = sqlite3.connect(tmp_path / "cutwatch.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    one = report(0, State.OK)
    taking = asyncio.create_task(pipeline.take([one]))
    async with asyncio.timeout(5):
        while pipeline.trouble is None:
            await asyncio.sleep(0.01)
    assert bus_of(pipeline).acknowledged == []
    other.execute("ROLLBACK")
    other.close()
    async with asyncio.timeout(5):
        await taking
    async with store.reading() as reading:
        assert await reading.observation(one.observation.id) is not None


async def test_a_trouble_that_is_over_is_forgotten(pipeline: Pipeline) -> None:
    pipeline.trouble = "the database was locked"
    await pipeline.take([report(0, State.OK)])
    assert pipeline.trouble is None


async def test_a_stop_does_not_wait_for_a_locked_database(pipeline: Pipeline, store: Store, tmp_path: Path) -> None:
    pipeline.retry = 0.02
    other = sqlite3.connect(tmp_path / "cutwatch.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    bus_of(pipeline).waiting = [report(0, State.OK)]
    running = asyncio.create_task(pipeline.run())
    async with asyncio.timeout(5):
        while pipeline.trouble is None:
            await asyncio.sleep(0.01)
        await pipeline.finish()
    running.cancel()
    other.close()
    assert bus_of(pipeline).acknowledged == [], "what could not be written is left to the prober's journal"
    assert pipeline.trouble is not None


async def test_a_look_that_cannot_be_stored_is_set_aside_and_holds_up_nobody(
    pipeline: Pipeline, store: Store, tmp_path: Path
) -> None:
    poison = report(0, State.OK, unmeasured=Unmeasured.LATE, validity=Validity.INVALID, missed=2**70)
    good = report(1, State.OK)
    await pipeline.take([poison, good])
    assert set(bus_of(pipeline).acknowledged) == {poison.observation.id, good.observation.id}
    async with store.reading() as reading:
        assert await reading.observation(good.observation.id) is not None
        assert await reading.observation(poison.observation.id) is None
    (kept,) = (tmp_path / "aside").iterdir()
    assert kept.read_bytes() == encode(poison), "it is set aside, not lost"
    assert pipeline.set_aside == 1


async def test_what_was_well_lately_is_remembered_when_a_look_needs_a_comparison(pipeline: Pipeline) -> None:
    remembered: list[int] = []

    def count(observation: Observation, recent: Sequence[Observation]) -> Observation:
        remembered.append(len(recent))
        return observation

    pipeline.watch = Watch(WATCHLIST, CHECKS, {"story": replace(STORY, case=count)})
    await pipeline.take([report(0, State.OK), report(1, State.OK)])
    control = Control(vantage="berlin", country="DE", started_at=START, facts=Facts())
    await pipeline.take([report(5, State.BLOCKED, control=(control,))])
    assert remembered == [0, 0, 1]


async def test_an_incident_that_nobody_can_follow_any_more_is_taken_back(pipeline: Pipeline, store: Store) -> None:
    await pipeline.take([report(0, State.BLOCKED), report(5, State.BLOCKED)])
    pipeline.watch = Watch(WATCHLIST, {}, {"story": STORY})
    await pipeline.let_go()
    async with store.reading() as reading:
        (incident,) = await reading.incidents()
        events = await reading.events(incident.id)
    assert incident.stage is IncidentStage.RETRACTED
    assert "no longer" in (events[-1].change.reason or "")


async def test_what_a_person_has_just_decided_does_not_keep_a_new_configuration_out(pipeline: Pipeline, store: Store) -> None:
    await pipeline.take([report(0, State.BLOCKED), report(5, State.BLOCKED)])
    await release(store)
    pipeline.watch = Watch(WATCHLIST, {}, {"story": STORY})
    await pipeline.let_go()
    async with store.reading() as reading:
        (after,) = await reading.incidents()
    assert (after.stage, after.tlp, after.version) == (IncidentStage.RETRACTED, Tlp.CLEAR, 4)


async def test_a_vantage_point_that_was_removed_no_longer_holds_an_incident_open(pipeline: Pipeline, store: Store) -> None:
    both = [report(minute, State.BLOCKED, vantage) for minute in (0, 5) for vantage in ("moscow", "kazan")]
    await pipeline.take(both)
    moscow = check("moscow")
    pipeline.watch = Watch(WATCHLIST, {moscow.id: moscow}, {"story": STORY})
    await pipeline.let_go()
    await pipeline.take([report(minute, State.OK) for minute in (10, 15, 20)])
    async with store.reading() as reading:
        (incident,) = await reading.incidents()
    assert incident.stage is IncidentStage.ENDED


async def test_a_rule_with_a_fault_makes_one_look_unclear_and_holds_up_nobody(pipeline: Pipeline, store: Store) -> None:
    poisoned, good = report(0, "poison"), report(1, State.OK)
    await pipeline.take([poisoned, good])
    async with store.reading() as reading:
        kept = await reading.observation(poisoned.observation.id)
        other = await reading.observation(good.observation.id)
    assert kept is not None
    assert (kept.verdict.state, kept.verdict.rule) == (State.UNCLEAR, "instrument.rule_failed")
    assert other is not None
    assert other.verdict.state is State.OK


async def test_what_an_offline_vantage_point_saw_is_unmeasured_and_opens_nothing(pipeline: Pipeline, store: Store) -> None:
    offline = {"validity": Validity.INVALID, "unmeasured": Unmeasured.OFFLINE}
    await pipeline.take([report(minute, State.BLOCKED, **offline) for minute in (0, 5, 10)])
    async with store.reading() as reading:
        assert await reading.incidents() == []
        (state,) = await reading.current()
    assert state.state is State.UNMEASURED


async def test_a_loss_within_a_planned_change_is_kept_and_opens_nothing(pipeline: Pipeline, store: Store) -> None:
    move = PlannedChange(start=START, end=START + timedelta(hours=3))
    target = Target(id="ovd.info", url="https://ovd.info/", planned=(move,))
    organisation = WATCHLIST.organisations[0].model_copy(update={"targets": (target,)})
    watchlist = WATCHLIST.model_copy(update={"organisations": (organisation,)})
    pipeline.watch = Watch(watchlist, CHECKS, {"story": STRONG})
    await pipeline.take([report(minute, State.BLOCKED) for minute in range(0, 60, 5)])
    async with store.reading() as reading:
        assert await reading.incidents() == []
        (state,) = await reading.current()
    assert state.state is State.BLOCKED


async def release(store: Store) -> None:
    """Let the one incident leave the house, as a person does on the command line."""
    async with store.reading() as reading:
        (incident,) = await reading.incidents()
    released = record(incident.id, incident.version + 1, START, EventKind.RELEASED, Change(tlp=Tlp.CLEAR, reason="agreed"))
    async with store.writing() as writing:
        await writing.append([released], [apply(incident, released)])


async def test_a_release_by_a_person_is_caught_up_with(pipeline: Pipeline, store: Store) -> None:
    await pipeline.take([report(0, State.BLOCKED), report(5, State.BLOCKED)])
    await release(store)
    await pipeline.take([report(minute, State.OK) for minute in (10, 15, 20)])
    async with store.reading() as reading:
        (after,) = await reading.incidents()
    assert (after.stage, after.tlp, after.version) == (IncidentStage.ENDED, Tlp.CLEAR, 4)


async def test_a_retraction_by_a_person_is_taken_note_of(pipeline: Pipeline, store: Store) -> None:
    await pipeline.take([report(0, State.BLOCKED), report(5, State.BLOCKED)])
    async with store.reading() as reading:
        (incident,) = await reading.incidents()
    decision = Change(stage=IncidentStage.RETRACTED, reason="our own proxy was broken")
    retracted = record(incident.id, incident.version + 1, START, EventKind.RETRACTED, decision)
    async with store.writing() as writing:
        await writing.append([retracted], [apply(incident, retracted)])
    await pipeline.catch_up()
    open_ones = 'cutwatch_incidents_open{country="RU",kind="blocking",organisation="ovd-info",provider=""}'
    assert f"{open_ones} 0.0" in pipeline.metrics.text().decode()
    await pipeline.take([report(minute, State.BLOCKED) for minute in (10, 15, 20)])
    async with store.reading() as reading:
        (after,) = await reading.incidents()
    assert after.stage is IncidentStage.RETRACTED, "what a person took back does not come back by itself the same day"


async def test_a_suspicion_asks_the_other_places_to_look_at_once(pipeline: Pipeline) -> None:
    await pipeline.take([report(0, State.BLOCKED)])
    assert bus_of(pipeline).asked == [check("kazan").id]


async def test_a_first_bad_look_is_looked_at_again(pipeline: Pipeline) -> None:
    await pipeline.take([report(0, State.OK), report(5, State.BLOCKED)])
    assert [(at - START).total_seconds() / 60 for at, _ in pipeline.relooks] == [8, 15]
    assert {check_name for _, check_name in pipeline.relooks} == {check("moscow").id}


async def test_a_long_block_is_not_looked_at_out_of_turn(pipeline: Pipeline) -> None:
    await pipeline.take([report(0, State.BLOCKED)])
    pipeline.relooks.clear()
    await pipeline.take([report(minute, State.BLOCKED) for minute in range(5, 60, 5)])
    assert pipeline.relooks == []


async def test_the_first_good_look_of_an_incident_is_looked_at_again(pipeline: Pipeline) -> None:
    await pipeline.take([report(0, State.BLOCKED), report(5, State.BLOCKED)])
    pipeline.relooks.clear()
    bus_of(pipeline).asked.clear()
    await pipeline.take([report(10, State.OK)])
    running = asyncio.create_task(pipeline.run())
    async with asyncio.timeout(5):
        while not bus_of(pipeline).asked:
            await asyncio.sleep(0.01)
    running.cancel()
    assert bus_of(pipeline).asked == [check("moscow").id]


async def test_at_the_end_what_was_handed_over_is_still_taken(pipeline: Pipeline) -> None:
    bus_of(pipeline).waiting = [report(minute, State.OK) for minute in range(3)]
    await pipeline.finish()
    assert len(bus_of(pipeline).acknowledged) == 3


async def test_raw_bytes_are_kept_with_the_look(pipeline: Pipeline, store: Store) -> None:
    one = report(0, State.OK)
    await pipeline.take([one])
    async with store.reading() as reading:
        assert await reading.blob(one.blobs[0].name) == one.blobs[0].data


async def test_when_a_certificate_ends_is_written_once_and_again_when_it_has_changed(
    pipeline: Pipeline, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[Deadline] = []
    original = Writing.note_deadlines

    async def counting(self: Writing, deadlines: Sequence[Deadline]) -> None:
        written.extend(deadlines)
        await original(self, deadlines)

    monkeypatch.setattr(Writing, "note_deadlines", counting)
    for minute, ends in enumerate((90, 90, 90, 30)):
        one = report(minute, State.OK)
        shown = TlsHandshake(
            started=0, duration=0.1, address="192.0.2.1", port=443, server_name="ovd.info", not_after=START + timedelta(days=ends)
        )
        facts = Facts(details={"state": State.OK.value}, tls=(shown,))
        await pipeline.take([Report(replace(one.observation, facts=facts), ())])
    assert [one.at for one in written] == [START + timedelta(days=days) for days in (90, 30)]
    async with store.reading() as reading:
        assert await reading.deadlines() == written[1:]


async def test_the_metrics_follow(pipeline: Pipeline) -> None:
    await pipeline.take([report(0, State.OK), report(5, State.BLOCKED), report(8, State.BLOCKED)])
    text = pipeline.metrics.text().decode()
    labels = 'organisation="ovd-info",target="ovd.info",probe="story",vantage="moscow"'
    assert f'cutwatch_target_state{{{labels},state="blocked"}} 1.0' in text
    assert f'cutwatch_target_state{{{labels},state="ok"}} 0.0' in text
    assert 'cutwatch_incidents_open{country="RU",kind="blocking",organisation="ovd-info",provider=""} 1.0' in text
    assert 'cutwatch_incidents_total{country="RU",kind="blocking",provider=""} 1.0' in text
