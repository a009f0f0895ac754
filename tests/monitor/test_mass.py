"""Mass events and announced changes on the spine, with the real store: what one batch causes is written in one go."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.core import decision
from monitor.core.kinds import EventKind, IncidentStage
from monitor.core.model import Tlp
from monitor.core.planned import AnnouncedChange
from monitor.core.watchlist import PlannedChange
from monitor.pipeline import Pipeline, Watch
from monitor.store import Store, StoreUnavailable, Writing
from probes.kit.vocabulary import State
from tests.monitor.papers import CHECKS, NIGHT, PAPERS, WATCHLIST, decided, of_all, on_record, report, starts_again
from tests.monitor.spine import STORY, STRONG, a_pipeline, a_store


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with a_store(tmp_path, CHECKS) as store:
        yield store


@pytest.fixture
def pipeline(store: Store, tmp_path: Path) -> Pipeline:
    return a_pipeline(store, WATCHLIST, CHECKS, NIGHT + timedelta(minutes=30), tmp_path)


async def test_a_night_in_which_all_are_blocked_is_one_event_with_its_members(pipeline: Pipeline, store: Store) -> None:
    await pipeline.take(of_all(State.BLOCKED, 0, 5))
    parent, members = await on_record(store)
    assert (parent.stage, parent.affected) == (IncidentStage.CONFIRMED, tuple(sorted(PAPERS)))
    assert {one.id for one in members} == set(parent.members)
    assert {one.parent for one in members} == {parent.id}
    assert {one.id for one in pipeline.ledger.incidents} == {one.id for one in members}, "it is no case of looks"


async def test_the_members_are_counted_and_the_parent_is_not(pipeline: Pipeline) -> None:
    await pipeline.take(of_all(State.BLOCKED, 0, 5))
    assert 'cutwatch_incidents_total{country="RU",kind="blocking",provider=""} 3.0' in pipeline.metrics.text().decode()


async def test_its_members_live_on_and_end_it(pipeline: Pipeline, store: Store) -> None:
    await pipeline.take(of_all(State.BLOCKED, 0, 5))
    await pipeline.take(of_all(State.OK, 10, 15, 20))
    parent, members = await on_record(store)
    assert {one.stage for one in (parent, *members)} == {IncidentStage.ENDED}


async def test_a_service_that_starts_again_knows_its_mass_events(pipeline: Pipeline, store: Store) -> None:
    await pipeline.take(of_all(State.BLOCKED, 0, 5))
    before, _ = await on_record(store)
    await starts_again(pipeline, store)
    await pipeline.take(of_all(State.OK, 10, 15, 20))
    parent, _ = await on_record(store)
    assert (parent.id, parent.stage) == (before.id, IncidentStage.ENDED)


@pytest.mark.parametrize("running", [True, False], ids=["while it runs", "while it stands still"])
async def test_what_people_take_back_leaves_it(pipeline: Pipeline, store: Store, running: bool) -> None:
    await pipeline.take(of_all(State.BLOCKED, 0, 5))
    await pipeline.catch_up()
    _, members = await on_record(store)
    await decided(store, members[:1])
    if not running:
        await starts_again(pipeline, store)
    await pipeline.let_go()
    after, others = await on_record(store)
    assert (after.stage, after.members) == (IncidentStage.RETRACTED, ())
    assert {one.parent for one in others} == {None}


def before_the_next_write(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], Awaitable[None]]) -> None:
    """Let this happen between what the service reads and what it then writes."""
    writing, waiting = Store.writing, [happens]

    @asynccontextmanager
    async def interrupted(store: Store) -> AsyncIterator[Writing]:
        if waiting:
            await waiting.pop()()
        async with writing(store) as transaction:
            yield transaction

    monkeypatch.setattr(Store, "writing", interrupted)


@pytest.mark.parametrize("running", [True, False], ids=["while it runs", "while it stands still"])
async def test_a_decision_that_comes_between_leaves_no_mass_event_behind(
    pipeline: Pipeline, store: Store, monkeypatch: pytest.MonkeyPatch, running: bool
) -> None:
    await pipeline.take(of_all(State.BLOCKED, 0, 5))
    await pipeline.catch_up()
    parent, members = await on_record(store)
    await decided(store, members[:1])
    if not running:
        await starts_again(pipeline, store)

    async def released() -> None:
        await decided(store, [parent], decision.release(Tlp.GREEN, "agreed", "staff"))

    before_the_next_write(monkeypatch, released)
    async with asyncio.timeout(5):
        await (pipeline.catch_up() if running else pipeline.let_go())
    after, others = await on_record(store)
    assert (after.stage, after.tlp, after.members) == (IncidentStage.RETRACTED, Tlp.GREEN, ())
    assert {one.parent for one in others} == {None}


async def test_what_could_not_be_written_is_followed_the_next_time(
    pipeline: Pipeline, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await pipeline.take(of_all(State.BLOCKED, 0, 5))
    await pipeline.catch_up()
    _, members = await on_record(store)
    await decided(store, members[:1])

    async def locked() -> None:
        raise StoreUnavailable("the database is locked")

    before_the_next_write(monkeypatch, locked)
    with pytest.raises(StoreUnavailable):
        await pipeline.catch_up()
    await pipeline.catch_up()
    assert (await on_record(store))[0].stage is IncidentStage.RETRACTED


async def test_decisions_that_are_many_leave_no_mass_event_behind(
    pipeline: Pipeline, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was decided of the parent itself may lie further ahead in the log than is read at once."""
    monkeypatch.setattr("monitor.pipeline.spine.DECISIONS", 1)
    await pipeline.take(of_all(State.BLOCKED, 0, 5))
    async with store.reading() as reading:
        pipeline.seen = await reading.last_seq()
    parent, members = await on_record(store)
    await decided(store, members[:1])
    await decided(store, [parent], decision.release(Tlp.GREEN, "agreed", "staff"))
    await pipeline.catch_up()
    assert (await on_record(store))[0].stage is IncidentStage.RETRACTED


async def test_letting_a_target_go_takes_no_mass_event_for_a_case_of_looks(pipeline: Pipeline, store: Store) -> None:
    await pipeline.take(of_all(State.BLOCKED, 0, 5))
    await pipeline.let_go()
    parent, members = await on_record(store)
    assert {one.stage for one in (parent, *members)} == {IncidentStage.CONFIRMED}
    pipeline.watch = Watch(WATCHLIST, {}, {"story": STORY})
    await pipeline.let_go()
    parent, members = await on_record(store)
    assert {one.stage for one in members} == {IncidentStage.RETRACTED}
    assert parent.stage is IncidentStage.RETRACTED


async def announce(store: Store, organisation: str) -> PlannedChange:
    move = PlannedChange(start=NIGHT, end=NIGHT + timedelta(hours=3), note="moves to another host")
    announced = AnnouncedChange(
        id="plan-1", organisation=organisation, target="site", change=move, entered_at=NIGHT, entered_by="command line"
    )
    async with store.writing() as writing:
        await writing.announce(announced)
    return move


async def test_a_change_that_was_announced_on_the_command_line_explains_a_loss_and_that_is_kept(
    pipeline: Pipeline, store: Store
) -> None:
    pipeline.watch = Watch(WATCHLIST, CHECKS, {"story": STRONG})
    move = await announce(store, "meduza")
    await pipeline.catch_up()
    losses = [report("meduza", minute, State.BLOCKED) for minute in (0, 5, 10, 15)]
    await pipeline.take(losses)
    names = [one.observation.id for one in losses]
    async with store.reading() as reading:
        assert await reading.all_incidents() == []
        assert await reading.explanations([*names, "another"]) == dict.fromkeys(names, move)


async def test_a_suspicion_that_an_announced_change_explains_is_taken_back(pipeline: Pipeline, store: Store) -> None:
    pipeline.watch = Watch(WATCHLIST, CHECKS, {"story": STRONG})
    await pipeline.take([report("meduza", 0, State.BLOCKED)])
    await announce(store, "meduza")
    await pipeline.catch_up()
    await pipeline.take([report("meduza", 5, State.BLOCKED)])
    async with store.reading() as reading:
        (incident,) = await reading.all_incidents()
        events = await reading.events(incident.id)
    assert [event.kind for event in events] == [EventKind.OPENED, EventKind.RETRACTED]


async def test_what_explains_a_look_goes_with_it(pipeline: Pipeline, store: Store) -> None:
    pipeline.watch = Watch(WATCHLIST, CHECKS, {"story": STRONG})
    await announce(store, "meduza")
    await pipeline.catch_up()
    loss = report("meduza", 0, State.BLOCKED)
    await pipeline.take([loss])
    async with store.writing() as writing:
        assert await writing.drop_observations(NIGHT + timedelta(days=100), 10) == 1
    async with store.reading() as reading:
        assert await reading.explanations([loss.observation.id]) == {}
