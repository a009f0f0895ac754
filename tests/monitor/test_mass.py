"""Mass events and announced changes on the spine, with the real store: what one batch causes is written in one go."""

from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.bus import Report
from monitor.clock import Clock
from monitor.core import decision
from monitor.core.decision import decide
from monitor.core.incident import Incident, apply, fold
from monitor.core.kinds import EventKind, IncidentStage
from monitor.core.ledger import Ledger
from monitor.core.mass import Masses
from monitor.core.model import Words
from monitor.core.plan import Check, check_id
from monitor.core.planned import AnnouncedChange
from monitor.core.watchlist import (
    Alerts,
    Channel,
    Mass,
    Match,
    Monitor,
    Organisation,
    PlannedChange,
    Route,
    Target,
    VantagePoint,
    Watchlist,
)
from monitor.metrics import Metrics
from monitor.pipeline import Pipeline, Watch
from monitor.store import Store, migrate
from probes.kit.observation import Facts, Observation, new_id
from probes.kit.vocabulary import State, Strength
from tests.monitor.test_pipeline import STORY, Bus, rule

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


def a_check(organisation: str) -> Check:
    return Check(
        id=check_id(organisation, "site", "story", "moscow"),
        organisation=organisation,
        target="site",
        probe="story",
        vantage="moscow",
        country="RU",
        every=300,
        params={},
    )


CHECKS = {one.id: one for one in map(a_check, PAPERS)}


def report(organisation: str, minute: float, state: State) -> Report:
    at = NIGHT + timedelta(minutes=minute)
    observation = Observation(
        id=new_id(at),
        check=a_check(organisation).id,
        vantage="moscow",
        started_at=at,
        duration=0.1,
        facts=Facts(details={"state": str(state)}),
        probe_version=1,
        software="test",
    )
    return Report(observation, ())


def of_all(state: State, *minutes: float) -> list[Report]:
    return [report(organisation, minute, state) for minute in minutes for organisation in PAPERS]


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    url = f"sqlite+aiosqlite:///{tmp_path / 'cutwatch.db'}"
    migrate(url)
    store = await Store.open(url, busy_timeout=0.2)
    async with store.writing() as writing:
        await writing.save_checks(list(CHECKS.values()))
    yield store
    await store.close()


@pytest.fixture
def pipeline(store: Store, tmp_path: Path) -> Pipeline:
    return Pipeline(
        store=store,
        bus=Bus(),
        clock=Clock.starting(NIGHT + timedelta(minutes=30), speed=1.0),
        metrics=Metrics(),
        ledger=Ledger(),
        watch=Watch(WATCHLIST, CHECKS, {"story": STORY}),
        address="http://127.0.0.1:8000",
        aside=tmp_path / "aside",
    )


async def on_record(store: Store) -> tuple[Incident, list[Incident]]:
    """The one mass event, and all other incidents."""
    async with store.reading() as reading:
        found = await reading.all_incidents()
        for one in found:
            assert fold(await reading.events(one.id)) == one
    (parent,) = [one for one in found if one.is_mass]
    return parent, [one for one in found if not one.is_mass]


async def decided(store: Store, incidents: Iterable[Incident]) -> None:
    """A person takes these incidents back, on the command line."""
    for one in incidents:
        event = decide(one, decision.retract("our own line was at fault", "command line"), NIGHT)
        async with store.writing() as writing:
            await writing.append([event], [apply(one, event)])


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
    before, members = await on_record(store)
    pipeline.ledger, pipeline.masses = Ledger([], members), Masses([before, *members])
    await pipeline.take(of_all(State.OK, 10, 15, 20))
    parent, _ = await on_record(store)
    assert (parent.id, parent.stage) == (before.id, IncidentStage.ENDED)


@pytest.mark.parametrize("running", [True, False], ids=["while it runs", "while it stands still"])
async def test_what_people_take_back_leaves_it(pipeline: Pipeline, store: Store, running: bool) -> None:
    await pipeline.take(of_all(State.BLOCKED, 0, 5))
    await pipeline.catch_up()
    parent, members = await on_record(store)
    await decided(store, members[:1])
    if not running:
        known = [parent, *(await on_record(store))[1]]
        pipeline.ledger, pipeline.masses = Ledger([], known), Masses(known)
        async with store.reading() as reading:
            pipeline.seen = await reading.last_seq()
    await pipeline.let_go()
    after, others = await on_record(store)
    assert (after.stage, after.members) == (IncidentStage.RETRACTED, ())
    assert {one.parent for one in others} == {None}


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
    strong = replace(STORY, rules=tuple(rule(state, Strength.STRONG) for state in State))
    pipeline.watch = Watch(WATCHLIST, CHECKS, {"story": strong})
    move = await announce(store, "meduza")
    await pipeline.catch_up()
    losses = [report("meduza", minute, State.BLOCKED) for minute in (0, 5, 10, 15)]
    await pipeline.take(losses)
    names = [one.observation.id for one in losses]
    async with store.reading() as reading:
        assert await reading.all_incidents() == []
        assert await reading.explanations([*names, "another"]) == dict.fromkeys(names, move)


async def test_a_suspicion_that_an_announced_change_explains_is_taken_back(pipeline: Pipeline, store: Store) -> None:
    strong = replace(STORY, rules=tuple(rule(state, Strength.STRONG) for state in State))
    pipeline.watch = Watch(WATCHLIST, CHECKS, {"story": strong})
    await pipeline.take([report("meduza", 0, State.BLOCKED)])
    await announce(store, "meduza")
    await pipeline.catch_up()
    await pipeline.take([report("meduza", 5, State.BLOCKED)])
    async with store.reading() as reading:
        (incident,) = await reading.all_incidents()
        events = await reading.events(incident.id)
    assert [event.kind for event in events] == [EventKind.OPENED, EventKind.RETRACTED]


async def test_what_explains_a_look_goes_with_it(pipeline: Pipeline, store: Store) -> None:
    strong = replace(STORY, rules=tuple(rule(state, Strength.STRONG) for state in State))
    pipeline.watch = Watch(WATCHLIST, CHECKS, {"story": strong})
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


async def test_many_that_fall_at_once_are_told_once_and_their_own_to_those_who_asked_for_them(
    pipeline: Pipeline, store: Store
) -> None:
    channels = (Channel(id="desk", kind="email"), Channel(id="phone", kind="chat"))
    told = WATCHLIST.model_copy(update={"alerts": Alerts(channels=channels, routes=(EVERYTHING, OURS))})
    pipeline.watch = Watch(told, CHECKS, {"story": STORY})
    await pipeline.take(of_all(State.BLOCKED, 0, 5))
    parent, members = await on_record(store)
    (meduza,) = [one.id for one in members if one.key.organisation == "meduza"]
    alarms = [("alarm", "everything", parent.id), ("alarm", "ours", meduza), ("alarm", "ours", parent.id)]
    assert await messages(store) == sorted(alarms)
    await pipeline.take(of_all(State.OK, 10, 15, 20))
    over = [("recovery", route, incident) for _, route, incident in alarms]
    # Owed to whom the alarm went, as far as one went: the outbox knows.
    owed = [("recovery", "everything", one.id) for one in members]
    assert await messages(store) == sorted([*alarms, *over, *owed])
