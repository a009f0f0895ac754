"""Who hears of a mass event, and who of its members, on the spine and with the real store."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.alerts.sealing import seal
from monitor.alerts.tending import tend
from monitor.clock import Clock
from monitor.core import decision
from monitor.core.decision import decide
from monitor.core.dossier import Reinstatement
from monitor.core.incident import apply
from monitor.core.kinds import IncidentStage, Severity
from monitor.core.message import MessageKind, Purpose
from monitor.core.subscription import Alerts, Channel, Escalation, Match, Route
from monitor.pipeline import Pipeline, Watch
from monitor.store import MessageState, Store
from probes.kit.vocabulary import State
from tests.monitor.papers import CHECKS, LATECOMER, NIGHT, WATCHLIST, decided, of_all, on_record, report, starts_again
from tests.monitor.spine import STORY, a_pipeline, a_store


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with a_store(tmp_path, CHECKS) as store:
        yield store


@pytest.fixture
def pipeline(store: Store, tmp_path: Path) -> Pipeline:
    return a_pipeline(store, WATCHLIST, CHECKS, NIGHT + timedelta(minutes=30), tmp_path)


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
    assert await alarms(store, OURS) == ["meduza"], "whoever has heard of it does not hear of it again"
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
    raised = [("alarm", "everything", parent.id), ("alarm", "ours", meduza)]
    assert await messages(store) == sorted(raised)
    await pipeline.take(of_all(State.OK, 10, 15, 20))
    over = [("recovery", route, incident) for _, route, incident in raised]
    # Owed to whom the alarm went, as far as one went: the outbox knows.
    owed = [("recovery", "ours", parent.id), *(("recovery", "everything", one.id) for one in members)]
    assert await messages(store) == sorted([*raised, *over, *owed])


GIVEN_BACK = decision.reinstate(Reinstatement(scope="full", date=None, basis="provider"), "the provider says so", "staff")


async def given_back(pipeline: Pipeline, store: Store) -> None:
    """A person says of the mass event that access is back."""
    parent, _ = await on_record(store)
    event = decide(parent, GIVEN_BACK, pipeline.clock.now())
    async with store.writing() as writing:
        await writing.append([event], [apply(parent, event)])
    await pipeline.catch_up()


@pytest.mark.parametrize("restarts", [False, True])
async def test_what_stands_on_after_a_person_closed_the_mass_event_speaks_once_looks_made_since_prove_it(
    pipeline: Pipeline, store: Store, restarts: bool
) -> None:
    tells(pipeline, EVERYTHING)
    await pipeline.take(of_all(State.BLOCKED, 0, 5))
    await given_back(pipeline, store)
    assert {one.stage for one in (await on_record(store))[1]} == {IncidentStage.REINSTATED}
    if restarts:
        await starts_again(pipeline, store)
    await pipeline.take(of_all(State.BLOCKED, 20, 25))
    assert await alarms(store, EVERYTHING) == ["many"], "those looks are older than the word"
    pipeline.clock = Clock.starting(NIGHT + timedelta(minutes=50), speed=1.0)
    await pipeline.take(of_all(State.BLOCKED, 40, 45))
    parent, members = await on_record(store)
    assert {one.stage for one in (parent, *members)} == {IncidentStage.CONFIRMED}
    assert await alarms(store, EVERYTHING) == ["many", "many"]


async def test_the_one_that_stands_on_after_a_person_closed_the_mass_event_speaks_for_itself(
    pipeline: Pipeline, store: Store
) -> None:
    tells(pipeline, EVERYTHING)
    await pipeline.take(of_all(State.BLOCKED, 0, 5))
    await given_back(pipeline, store)
    pipeline.clock = Clock.starting(NIGHT + timedelta(minutes=50), speed=1.0)
    await pipeline.take([report("meduza", minute, State.BLOCKED) for minute in (40, 45)])
    assert (await on_record(store))[0].stage is IncidentStage.REINSTATED
    assert await alarms(store, EVERYTHING) == ["many", "meduza"]


async def test_whoever_joins_a_mass_event_of_which_nobody_wants_to_hear_speaks_for_itself(
    pipeline: Pipeline, store: Store
) -> None:
    tells(pipeline, EVERYTHING)
    await pipeline.take(of_all(State.BLOCKED, 0, 5))
    parent, _ = await on_record(store)
    async with store.writing() as writing:
        await writing.mute(parent.id, NIGHT + timedelta(days=2), "anna")
    await pipeline.take([report(LATECOMER, minute, State.BLOCKED) for minute in (6, 11)])
    assert {one.parent for one in (await on_record(store))[1]} == {parent.id}
    assert await alarms(store, EVERYTHING) == ["many", LATECOMER]


async def test_a_channel_that_is_new_and_heard_of_no_mass_event_hears_of_who_joins_it(pipeline: Pipeline, store: Store) -> None:
    tells(pipeline, EVERYTHING)
    await pipeline.take(of_all(State.BLOCKED, 0, 5))
    new = Route(id="new", channels=("phone",))
    tells(pipeline, EVERYTHING, new)
    await pipeline.take([report(LATECOMER, minute, State.BLOCKED) for minute in (6, 11)])
    assert await alarms(store, new) == [LATECOMER]
    assert await alarms(store, EVERYTHING) == ["many"]


CALLING = EVERYTHING.model_copy(
    update={"escalate": Escalation(after="15min", channels=("pager",), severities=(Severity.MORNING,))}
)


async def tended(pipeline: Pipeline, store: Store) -> None:
    """Hours go by in which nobody acknowledges anything."""
    pipeline.clock = Clock.starting(NIGHT + timedelta(hours=10), speed=1.0)
    now = pipeline.clock.now()
    async with store.reading() as reading:
        due = await tend(reading, pipeline.watch.watchlist, pipeline.address, now)
    async with store.writing() as writing:
        await writing.release(due.released, now)
        await writing.cancel(due.cancelled, now)


async def test_a_call_that_was_left_to_a_mass_event_is_made_once_that_is_taken_back(pipeline: Pipeline, store: Store) -> None:
    tells(pipeline, CALLING)
    await pipeline.take([report("meduza", minute, State.BLOCKED) for minute in (0, 5)])
    await pipeline.take([report(name, minute, State.BLOCKED) for minute in (6, 11) for name in ("mediazona", "memorial")])
    await tended(pipeline, store)
    parent, members = await on_record(store)
    await decided(store, [parent])
    await pipeline.catch_up()
    (meduza,) = [one.id for one in members if one.key.organisation == "meduza"]
    async with store.reading() as reading:
        owed = [(one.message.purpose, one.state) for one in await reading.messages(meduza)]
    calls = [state for purpose, state in owed if purpose is Purpose.ESCALATION]
    assert calls == [MessageState.CANCELLED, MessageState.STANDBY]
    assert len(owed) == 3, "those who know of it are not alarmed again"


async def test_an_alarm_that_never_arrived_was_not_heard(pipeline: Pipeline, store: Store) -> None:
    tells(pipeline, EVERYTHING)
    await pipeline.take([report("meduza", minute, State.BLOCKED) for minute in (0, 5)])
    later = NIGHT + timedelta(minutes=31)
    async with store.writing() as writing:
        await seal(writing, later, timedelta(seconds=30))
        (lost,) = await writing.claim_parcels(later, 60, 5, "worker")
        await writing.dead(lost.parcel.id, later, "the receiver answered 400", "worker")
    await pipeline.take([report(name, minute, State.BLOCKED) for minute in (6, 11) for name in ("mediazona", "memorial")])
    await decided(store, [(await on_record(store))[0]])
    await pipeline.catch_up()
    assert sorted(await alarms(store, EVERYTHING)) == ["many", "mediazona", "meduza", "meduza", "memorial"]


async def test_whoever_heard_the_end_has_not_heard_of_the_return_within_a_mass_event(pipeline: Pipeline, store: Store) -> None:
    tells(pipeline, EVERYTHING)
    await pipeline.take([report("meduza", minute, State.BLOCKED) for minute in (0, 5)])
    await pipeline.take([report("meduza", minute, State.OK) for minute in (10, 15, 20)])
    await pipeline.take(of_all(State.BLOCKED, 24, 29))
    assert await alarms(store, EVERYTHING) == ["meduza", "many"]
    await decided(store, [(await on_record(store))[0]])
    await pipeline.catch_up()
    assert sorted(await alarms(store, EVERYTHING)) == ["many", "mediazona", "meduza", "meduza", "memorial"]
