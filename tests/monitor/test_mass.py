"""Mass events and announced changes on the spine, with the real store: what one batch causes is written in one go."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.bus import Report
from monitor.clock import Clock
from monitor.core import decision
from monitor.core.decision import Decision, decide
from monitor.core.incident import Incident, apply, fold
from monitor.core.kinds import EventKind, IncidentStage, Severity
from monitor.core.ledger import Ledger
from monitor.core.mass import Masses
from monitor.core.message import MessageKind, Purpose
from monitor.core.model import Tlp, Words
from monitor.core.planned import AnnouncedChange
from monitor.core.subscription import Alerts, Channel, Escalation, Match, Route
from monitor.core.watchlist import Mass, Monitor, Organisation, PlannedChange, Target, VantagePoint, Watchlist
from monitor.pipeline import Pipeline, Watch
from monitor.store import Store, StoreUnavailable, Writing
from probes.kit.vocabulary import State
from tests.monitor.spine import STORY, STRONG, a_check, a_pipeline, a_report, a_store

NIGHT = datetime(2022, 3, 4, 1, 0, tzinfo=UTC)
PAPERS = ("meduza", "mediazona", "memorial")

WATCHLIST = Watchlist(
    version="1",
    monitor=Monitor(
        vantages=(VantagePoint(id="moscow", name=Words(en="Moscow"), country="RU"),),
        mass=Mass(members=3, organisations=3),
    ),
    organisations=tuple(
        Organisation(id=name, name=Words(en=name.title()), targets=(Target(id="site", url=f"https://{name}.example/"),))
        for name in PAPERS
    ),
)


CHECKS = {one.id: one for one in map(a_check, PAPERS)}


def report(organisation: str, minute: float, state: State) -> Report:
    return a_report(a_check(organisation), NIGHT + timedelta(minutes=minute), state)


def of_all(state: State, *minutes: float) -> list[Report]:
    return [report(organisation, minute, state) for minute in minutes for organisation in PAPERS]


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with a_store(tmp_path, CHECKS) as store:
        yield store


@pytest.fixture
def pipeline(store: Store, tmp_path: Path) -> Pipeline:
    return a_pipeline(store, WATCHLIST, CHECKS, NIGHT + timedelta(minutes=30), tmp_path)


async def on_record(store: Store) -> tuple[Incident, list[Incident]]:
    """The one mass event, and all other incidents."""
    async with store.reading() as reading:
        found = await reading.all_incidents()
        for one in found:
            assert fold(await reading.events(one.id)) == one
    (parent,) = [one for one in found if one.is_mass]
    return parent, [one for one in found if not one.is_mass]


MISTAKEN = decision.retract("our own line was at fault", "command line")


async def decided(store: Store, incidents: Iterable[Incident], wanted: Decision = MISTAKEN) -> None:
    """A person decides about these incidents, on the command line: if nothing else is said, to take them back."""
    for one in incidents:
        event = decide(one, wanted, NIGHT)
        async with store.writing() as writing:
            await writing.append([event], [apply(one, event)])


async def starts_again(pipeline: Pipeline, store: Store) -> None:
    """The service knows what is on record, and nothing of what was decided while it stood still."""
    async with store.reading() as reading:
        known = await reading.all_incidents()
        pipeline.seen = await reading.last_seq()
    pipeline.ledger, pipeline.masses = Ledger([], known), Masses(known)


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


async def messages(store: Store) -> list[tuple[str, str, str | None]]:
    """Kind, route and incident of every message that is owed."""
    async with store.reading() as reading:
        found = [await reading.messages(one.id) for one in await reading.all_incidents()]
    return sorted((one.message.kind.value, one.message.route, one.message.incident) for some in found for one in some)


EVERYTHING = Route(id="everything", channels=("desk",))
OURS = Route(id="ours", match=Match(organisations=("meduza",)), channels=("phone",))


CHANNELS = (Channel(id="desk", kind="email"), Channel(id="phone", kind="chat"), Channel(id="pager", kind="chat"))


def tells(pipeline: Pipeline, *routes: Route) -> None:
    """Let the service tell people by these routes."""
    told = WATCHLIST.model_copy(update={"alerts": Alerts(channels=CHANNELS, routes=routes)})
    pipeline.watch = Watch(told, CHECKS, {"story": STORY})


async def alarms(store: Store, route: Route) -> list[str]:
    """Of what the readers of a route are alarmed, in order: an organisation's loss, or "many" for a mass event."""
    async with store.reading() as reading:
        found = {one.id: one for one in await reading.all_incidents()}
        owed = [one.message for name in found for one in await reading.messages(name)]
    mine = [one for one in owed if (one.route, one.kind, one.purpose) == (route.id, MessageKind.ALARM, Purpose.DIRECT)]
    return [found[one.incident or ""].key.organisation or "many" for one in sorted(mine, key=lambda one: one.created_at)]


@pytest.mark.parametrize("how", ["it was no mass event", "one was a false alarm"])
async def test_what_the_mass_event_told_is_told_by_each_once_it_is_taken_back(pipeline: Pipeline, store: Store, how: str) -> None:
    tells(pipeline, EVERYTHING, OURS)
    await pipeline.take(of_all(State.BLOCKED, 0, 5))
    assert await alarms(store, EVERYTHING) == ["many"]
    parent, members = await on_record(store)
    (mistaken,) = [one for one in members if one.key.organisation == "memorial"]
    await decided(store, [parent if how == "it was no mass event" else mistaken])
    await pipeline.catch_up()
    assert (await on_record(store))[0].stage is IncidentStage.RETRACTED
    still = {one.key.organisation for one in (await on_record(store))[1] if one.is_open}
    many, *others = await alarms(store, EVERYTHING)
    assert (many, sorted(others)) == ("many", sorted(still))
    assert sorted(await alarms(store, OURS)) == ["many", "meduza"], "whoever has heard of it does not hear of it again"
    await pipeline.catch_up()
    assert len(await alarms(store, EVERYTHING)) == 1 + len(still)


async def test_whoever_was_told_before_there_was_a_mass_event_is_not_told_again_after_it(
    pipeline: Pipeline, store: Store
) -> None:
    tells(
        pipeline,
        EVERYTHING.model_copy(
            update={"escalate": Escalation(after="15min", channels=("pager",), severities=(Severity.MORNING,))}
        ),
    )
    await pipeline.take([report("meduza", minute, State.BLOCKED) for minute in (0, 5)])
    await pipeline.take([report(name, minute, State.BLOCKED) for minute in (6, 11) for name in ("mediazona", "memorial")])
    parent, members = await on_record(store)
    assert await alarms(store, EVERYTHING) == ["meduza", "many"]
    await decided(store, [parent])
    await pipeline.catch_up()
    assert sorted(await alarms(store, EVERYTHING)) == ["many", "mediazona", "meduza", "memorial"]
    (meduza,) = [one.id for one in members if one.key.organisation == "meduza"]
    async with store.reading() as reading:
        owed = [one.message.purpose for one in await reading.messages(meduza)]
    assert owed == [Purpose.DIRECT, Purpose.ESCALATION], "nor are others called a second time"


async def test_that_fewer_stand_is_news_to_programs_and_to_nobody_who_is_tired(pipeline: Pipeline, store: Store) -> None:
    program = Channel(id="program", kind="webhook")
    routes = (EVERYTHING, Route(id="programs", channels=("program",)))
    told = WATCHLIST.model_copy(update={"alerts": Alerts(channels=(*CHANNELS, program), routes=routes)})
    pipeline.watch = Watch(told, CHECKS, {"story": STORY})
    await pipeline.take(of_all(State.BLOCKED, 0, 5))
    pipeline.clock = Clock.starting(NIGHT + timedelta(minutes=50), speed=1.0)
    await pipeline.take([report("meduza", minute, State.OK) for minute in (40, 45, 50)])
    parent, _ = await on_record(store)
    assert (parent.struck, parent.affected) == (2, ("mediazona", "memorial"))
    async with store.reading() as reading:
        owed = [(one.message.kind, one.message.route) for one in await reading.messages(parent.id)]
    assert sorted(owed) == [("alarm", "everything"), ("alarm", "programs"), ("update", "programs")]


async def test_many_that_fall_at_once_are_told_once_and_their_own_to_those_who_asked_for_them(
    pipeline: Pipeline, store: Store
) -> None:
    tells(pipeline, EVERYTHING, OURS)
    await pipeline.take(of_all(State.BLOCKED, 0, 5))
    parent, members = await on_record(store)
    (meduza,) = [one.id for one in members if one.key.organisation == "meduza"]
    raised = [("alarm", "everything", parent.id), ("alarm", "ours", meduza), ("alarm", "ours", parent.id)]
    assert await messages(store) == sorted(raised)
    await pipeline.take(of_all(State.OK, 10, 15, 20))
    over = [("recovery", route, incident) for _, route, incident in raised]
    # Owed to whom the alarm went, as far as one went: the outbox knows.
    owed = [("recovery", "everything", one.id) for one in members]
    assert await messages(store) == sorted([*raised, *over, *owed])
