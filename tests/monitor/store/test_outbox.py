"""The outbox: what is owed is delivered at least once, in order, and forgotten never."""

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from monitor.core.message import Message, Parcel
from monitor.store import Attempt, ChannelBacklog, MessageState, Owed, ParcelState, Posted, Queued, Store, migrate
from tests.monitor.store.cast import NOON, a_message, after
from tests.monitor.store.conftest import url_of

LEASE = 60.0


async def owe(store: Store, *messages: Message) -> None:
    async with store.writing() as writing:
        await writing.add_messages(messages)


async def seal(store: Store, now: datetime = NOON, *, limit: int = 100) -> list[list[str]]:
    """Put what may travel into parcels, one per incident and channel. Returns what is in them."""
    async with store.writing() as writing:
        queued = await writing.sealable(now, limit)
        stories: dict[tuple[str, str], list[Queued]] = {}
        for one in queued:
            stories.setdefault((one.message.channel, one.message.incident or one.message.id), []).append(one)
        for story in stories.values():
            await writing.seal(parcel_of(story, now), now, min(one.attempts for one in story))
        return [[one.message.id for one in story] for story in stories.values()]


def parcel_of(story: list[Queued], now: datetime) -> Parcel:
    names = tuple(one.message.id for one in story)
    first = story[0].message
    return Parcel(
        id=" and ".join(names),
        route=first.route,
        channel=first.channel,
        created_at=now,
        messages=names,
        incidents=(first.incident,) if first.incident else (),
        payload={"says": names},
    )


async def claim(store: Store, now: datetime = NOON, *, limit: int = 10, worker: str = "one") -> list[Owed]:
    """Seal what may travel, and take it."""
    await seal(store, now)
    async with store.writing() as writing:
        return await writing.claim_parcels(now, LEASE, limit, worker)


async def deliver(store: Store, parcel: str, now: datetime = NOON) -> bool:
    async with store.writing() as writing:
        return await writing.delivered(parcel, now)


async def dissolve(store: Store, parcel: str, due: datetime, now: datetime = NOON) -> bool:
    async with store.writing() as writing:
        return await writing.dissolve(parcel, now, due, "503 from the hook")


async def posted(store: Store, incident: str = "CW-2021-0001") -> list[Posted]:
    async with store.reading() as reading:
        return await reading.messages(incident)


def ids(owed: list[Owed]) -> list[str]:
    return [one.parcel.id for one in owed]


async def test_a_parcel_is_claimed_once_and_as_it_was_sealed(store: Store) -> None:
    await owe(store, a_message("alarm"))
    [owed] = await claim(store)
    assert (owed.attempts, owed.perhaps_received) == (1, False)
    assert owed.parcel == Parcel(
        id="alarm",
        route="on-call",
        channel="hook",
        created_at=NOON,
        messages=("alarm",),
        incidents=("CW-2021-0001",),
        payload={"says": ["alarm"]},
    )
    assert await claim(store) == []


async def test_a_message_is_sealed_as_it_was_written(store: Store) -> None:
    message = a_message("alarm")
    await owe(store, message)
    async with store.writing() as writing:
        [queued] = await writing.sealable(NOON, 10)
    assert queued == Queued(message=replace(message, due_at=NOON), attempts=0)


async def test_a_message_owed_twice_is_owed_once(store: Store) -> None:
    await owe(store, a_message("alarm"), a_message("alarm"))
    await owe(store, a_message("alarm"))
    assert ids(await claim(store)) == ["alarm"]
    assert await deliver(store, "alarm")
    await owe(store, a_message("alarm"))
    assert await claim(store) == []


async def test_a_recovery_waits_while_its_alarm_is_under_way(store: Store) -> None:
    await owe(store, a_message("alarm"))
    assert ids(await claim(store)) == ["alarm"]
    await owe(store, a_message("recovery", version=2))
    assert await claim(store) == []
    await deliver(store, "alarm")
    assert ids(await claim(store)) == ["recovery"]


async def test_a_recovery_waits_while_its_alarm_may_have_arrived(store: Store) -> None:
    await owe(store, a_message("alarm"))
    await claim(store)
    await owe(store, a_message("recovery", version=2))
    async with store.writing() as writing:
        assert await writing.postpone("alarm", NOON, after(5), "no answer")
    assert await claim(store, after(4)) == []
    [owed] = await claim(store, after(5))
    assert (owed.parcel.id, owed.attempts, owed.perhaps_received) == ("alarm", 2, True)


async def test_what_certainly_did_not_arrive_is_sealed_anew_with_what_has_come_since(store: Store) -> None:
    await owe(store, a_message("alarm"))
    await claim(store)
    await owe(store, a_message("recovery", after(1), version=2))
    assert await dissolve(store, "alarm", after(5))
    [owed] = await claim(store, after(1))
    assert owed.parcel.messages == ("alarm", "recovery")
    assert [(one.state, one.attempts, one.parcel) for one in await posted(store)] == [
        (MessageState.SEALED, 1, "alarm and recovery"),
        (MessageState.SEALED, 0, "alarm and recovery"),
    ]


async def test_the_same_messages_travel_under_the_same_id_again(store: Store) -> None:
    await owe(store, a_message("alarm"))
    for number in range(3):
        [owed] = await claim(store, after(number))
        assert (owed.parcel.id, owed.attempts) == ("alarm", number + 1)
        assert await dissolve(store, "alarm", after(number + 1), after(number))


async def test_earlier_news_travels_along_with_what_is_due_and_later_news_waits_for_its_time(store: Store) -> None:
    held = replace(a_message("held back"), due_at=after(600))
    later = replace(a_message("later", version=3), due_at=after(600))
    await owe(store, held, a_message("now", version=2), later)
    assert await seal(store) == [["held back", "now"]]


async def test_news_of_another_route_does_not_travel_along(store: Store) -> None:
    await owe(store, replace(a_message("in russian"), route="press", due_at=after(600)), a_message("now", version=2))
    assert await seal(store) == [["now"]]


async def test_another_channel_and_another_incident_wait_for_nobody(store: Store) -> None:
    await owe(store, a_message("here"), a_message("there", channel="mail"), a_message("else", incident="CW-2021-0002"))
    assert ids(await claim(store)) == ["here", "there", "else"]


async def test_messages_about_the_monitor_itself_wait_for_nobody(store: Store) -> None:
    await owe(store, a_message("blind", incident=None), a_message("sees again", incident=None))
    assert ids(await claim(store)) == ["blind", "sees again"]


async def test_after_a_dead_alarm_the_rest_may_travel(store: Store) -> None:
    await owe(store, a_message("alarm"))
    await claim(store)
    await owe(store, a_message("recovery", version=2))
    async with store.writing() as writing:
        assert await writing.dead("alarm", NOON, "410 gone")
    assert ids(await claim(store)) == ["recovery"]


async def test_a_worker_that_died_leaves_its_parcel_to_others_who_know_that_it_may_have_arrived(store: Store) -> None:
    await owe(store, a_message("alarm"))
    await claim(store)
    assert await claim(store, NOON + timedelta(seconds=LEASE - 1), worker="two") == []
    [owed] = await claim(store, NOON + timedelta(seconds=LEASE), worker="two")
    assert (owed.attempts, owed.perhaps_received) == (2, True)


async def test_a_worker_that_was_thought_dead_cannot_take_the_parcel_from_the_next(store: Store) -> None:
    await owe(store, a_message("alarm"))
    await claim(store, worker="one")
    await owe(store, a_message("recovery", version=2))
    later = NOON + timedelta(seconds=LEASE)
    await claim(store, later, worker="two")
    async with store.writing() as writing:
        assert not await writing.postpone("alarm", later, later, "time-out", worker="one")
        assert not await writing.dissolve("alarm", later, later, "time-out", worker="one")
        assert not await writing.dead("alarm", later, "time-out", worker="one")
    assert await claim(store, later) == []


async def test_what_was_delivered_stays_delivered(store: Store) -> None:
    await owe(store, a_message("alarm"))
    await claim(store)
    assert await deliver(store, "alarm")
    assert not await deliver(store, "alarm", after(1))
    async with store.writing() as writing:
        assert not await writing.postpone("alarm", after(1), after(2), "late")
        assert not await writing.dissolve("alarm", after(1), after(2), "late")
        assert not await writing.dead("alarm", after(1), "late")
        assert await writing.collapse(["alarm"], after(1)) == set()
    [alarm] = await posted(store)
    assert (alarm.state, alarm.settled_at, alarm.attempts) == (MessageState.DELIVERED, NOON, 1)


async def test_what_arrived_after_it_was_given_up_counts_as_delivered(store: Store) -> None:
    await owe(store, a_message("alarm"))
    await claim(store)
    async with store.writing() as writing:
        assert await writing.dead("alarm", NOON, "no answer for three days")
    assert await deliver(store, "alarm", after(1))
    [alarm] = await posted(store)
    assert (alarm.state, alarm.last_error) == (MessageState.DELIVERED, None)


async def test_only_messages_in_no_parcel_collapse(store: Store) -> None:
    await owe(store, a_message("alarm"))
    await claim(store)
    await owe(store, a_message("update", version=2), a_message("end", version=3))
    async with store.writing() as writing:
        assert await writing.collapse(["alarm", "update"], NOON) == {"update"}
    await deliver(store, "alarm")
    assert ids(await claim(store)) == ["end"]


async def test_who_was_told_is_known_by_channel(store: Store) -> None:
    await owe(store, a_message("alarm"), a_message("by mail", channel="mail"))
    await claim(store)
    await deliver(store, "alarm")
    async with store.writing() as writing:
        turns = await writing.turns({"CW-2021-0001", "CW-2021-0002"})
    assert [(one.route, one.channel, one.incident, one.has_arrived) for one in turns] == [
        ("on-call", "hook", "CW-2021-0001", True),
        ("on-call", "mail", "CW-2021-0001", False),
    ]


async def test_a_claim_takes_no_more_than_asked_for_and_the_longest_due_first(store: Store) -> None:
    for number in range(5):
        await owe(store, a_message(f"m{number}", after(number), incident=f"CW-2021-{number:04d}"))
        await seal(store, after(number))
    assert ids(await claim(store, after(5), limit=2)) == ["m0", "m1"]


async def test_what_became_of_a_message_can_be_read(store: Store) -> None:
    await owe(store, a_message("alarm"))
    await claim(store)
    attempt = Attempt(parcel="alarm", at=NOON, outcome="retried", duration=0.25, status=503, error="busy")
    async with store.writing() as writing:
        await writing.record_attempt(attempt)
        await writing.record_attempt(replace(attempt, error="x" * 100_000))
        await writing.dissolve("alarm", NOON, after(1), "503 " * 10_000)
    async with store.reading() as reading:
        first, second = await reading.attempts("alarm")
        parcel = await reading.parcel("alarm")
    [alarm] = await posted(store)
    assert (alarm.state, alarm.attempts, alarm.due_at) == (MessageState.PENDING, 1, after(1))
    assert alarm.message == replace(a_message("alarm"), due_at=after(1))
    assert (alarm.last_error, second.error) == ("503 " * 250, "x" * 1000)
    assert first == attempt
    assert parcel is not None
    assert (parcel.state, parcel.attempts) == (ParcelState.DISSOLVED, 1)


async def test_the_backlog_of_a_channel_shrinks_to_none(store: Store) -> None:
    old, new = a_message("old", after(-5), incident="CW-2021-0002"), a_message("new")
    await owe(store, old, new, a_message("mail", channel="mail"))
    await claim(store)
    async with store.writing() as writing:
        await writing.dead("mail", NOON, "no such mailbox")
    async with store.reading() as reading:
        assert await reading.outbox() == [
            ChannelBacklog(channel="hook", waiting=2, dead=0, oldest=after(-5)),
            ChannelBacklog(channel="mail", waiting=0, dead=1, oldest=None),
        ]
    await deliver(store, "old")
    await deliver(store, "new")
    async with store.reading() as reading:
        assert (await reading.outbox())[0] == ChannelBacklog(channel="hook", waiting=0, dead=0, oldest=None)


@dataclass
class Known:
    """What the model knows of a message."""

    line: tuple[str, str] | None
    due: datetime
    state: MessageState = MessageState.PENDING
    attempts: int = 0


@dataclass
class Carried:
    """What the model knows of a parcel."""

    inside: list[str]
    due: datetime
    state: ParcelState = ParcelState.PENDING
    worker: str = ""
    until: datetime = NOON
    perhaps_received: bool = False


class Deliveries(RuleBasedStateMachine):
    """Workers that seal, claim, deliver, fail, die and come back late, in any order, beside a model of what must be true."""

    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="cutwatch-outbox-"))
        self.runner = asyncio.Runner()
        shutil.copy(self.template, self.folder / "cutwatch.db")
        self.store = self.runner.run(Store.open(url_of(self.folder / "cutwatch.db")))
        self.now = NOON
        self.known: dict[str, Known] = {}
        self.carried: dict[str, Carried] = {}
        self.arrived: list[str] = []

    def teardown(self) -> None:
        self.runner.run(self.store.close())
        self.runner.close()
        shutil.rmtree(self.folder)

    @rule(channel=st.sampled_from("ab"), incident=st.sampled_from(["x", "y", None]), seconds=st.sampled_from([0, 0, 45]))
    def owe(self, channel: str, incident: str | None, seconds: int) -> None:
        name = f"m{len(self.known)}"
        due = self.now + timedelta(seconds=seconds)
        message = replace(a_message(name, self.now, channel=channel, incident=incident), due_at=due)
        self.runner.run(owe(self.store, message))
        self.known[name] = Known(line=(channel, incident) if incident else None, due=due)

    @rule(seconds=st.sampled_from([1, 30, 60]))
    def wait(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule()
    def seal(self) -> None:
        expected = sorted(self.sealable())
        assert sorted(self.runner.run(seal(self.store, self.now))) == expected
        for inside in expected:
            self.carried[" and ".join(inside)] = Carried(inside, self.now)
            for name in inside:
                self.known[name].state = MessageState.SEALED

    def sealable(self) -> list[list[str]]:
        """What must now go into one parcel each: whatever is due, with all earlier news of the same line."""
        together: dict[object, list[str]] = {}
        for name, known in self.known.items():
            if known.state is MessageState.PENDING and not self.is_under_way(known.line):
                together.setdefault(known.line or name, []).append(name)
        parts = (self.up_to_the_last_due(line) for line in together.values())
        return [part for part in parts if part]

    def is_under_way(self, line: tuple[str, str] | None) -> bool:
        return line is not None and any(one.line == line and one.state is MessageState.SEALED for one in self.known.values())

    def up_to_the_last_due(self, line: list[str]) -> list[str]:
        due = [place for place, name in enumerate(line) if self.known[name].due <= self.now]
        return line[: due[-1] + 1] if due else []

    @rule(worker=st.sampled_from(["one", "two"]), limit=st.integers(1, 4))
    def claim(self, worker: str, limit: int) -> None:
        async def claim() -> list[Owed]:
            async with self.store.writing() as writing:
                return await writing.claim_parcels(self.now, LEASE, limit, worker)

        claimed = self.runner.run(claim())
        assert set(ids(claimed)) <= set(self.free())
        assert len(claimed) == min(limit, len(self.free()))
        for owed in claimed:
            parcel = self.carried[owed.parcel.id]
            parcel.perhaps_received |= parcel.state is ParcelState.LEASED
            parcel.state, parcel.worker, parcel.until = ParcelState.LEASED, worker, self.now + timedelta(seconds=LEASE)
            assert (list(owed.parcel.messages), owed.perhaps_received) == (parcel.inside, parcel.perhaps_received)
            assert owed.parcel.payload == {"says": parcel.inside}

    def free(self) -> list[str]:
        return [name for name, one in self.carried.items() if self.is_free(one)]

    def is_free(self, parcel: Carried) -> bool:
        due = parcel.state is ParcelState.PENDING and parcel.due <= self.now
        return due or (parcel.state is ParcelState.LEASED and parcel.until <= self.now)

    def any_of(self, data: st.DataObject) -> str:
        return data.draw(st.sampled_from(sorted(self.carried)))

    def is_held(self, name: str, worker: str) -> bool:
        parcel = self.carried[name]
        return parcel.state is ParcelState.LEASED and parcel.worker == worker

    def held(self, worker: str) -> list[str]:
        return [name for name in self.carried if self.is_held(name, worker)]

    @precondition(lambda self: self.held("one"))
    @rule()
    def deliver(self) -> None:
        name = self.held("one")[0]
        assert self.runner.run(deliver(self.store, name, self.now))
        self.carried[name].state = ParcelState.DELIVERED
        for inside in self.carried[name].inside:
            self.known[inside].state = MessageState.DELIVERED
            self.known[inside].attempts += 1
            self.arrived.append(inside)

    @precondition(lambda self: self.carried)
    @rule(data=st.data(), worker=st.sampled_from(["one", "two"]), seconds=st.sampled_from([0, 5, 90]))
    def fail_without_an_answer(self, data: st.DataObject, worker: str, seconds: int) -> None:
        name = self.any_of(data)
        held, due = self.is_held(name, worker), self.now + timedelta(seconds=seconds)

        async def postpone() -> bool:
            async with self.store.writing() as writing:
                return await writing.postpone(name, self.now, due, "no answer", worker=worker)

        assert self.runner.run(postpone()) is held
        if held:
            parcel = self.carried[name]
            parcel.state, parcel.due, parcel.perhaps_received = ParcelState.PENDING, due, True
            for inside in parcel.inside:
                self.known[inside].attempts += 1

    @precondition(lambda self: self.carried)
    @rule(data=st.data(), worker=st.sampled_from(["one", "two"]), seconds=st.sampled_from([0, 5, 90]))
    def fail_for_certain(self, data: st.DataObject, worker: str, seconds: int) -> None:
        name = self.any_of(data)
        held, due = self.is_held(name, worker), self.now + timedelta(seconds=seconds)

        async def dissolve() -> bool:
            async with self.store.writing() as writing:
                return await writing.dissolve(name, self.now, due, "busy", worker=worker)

        assert self.runner.run(dissolve()) is held
        if held:
            self.carried[name].state = ParcelState.DISSOLVED
            for inside in self.carried[name].inside:
                known = self.known[inside]
                known.state, known.due, known.attempts = MessageState.PENDING, due, known.attempts + 1

    @precondition(lambda self: self.carried)
    @rule(data=st.data(), worker=st.sampled_from(["one", "two"]))
    def give_up(self, data: st.DataObject, worker: str) -> None:
        name = self.any_of(data)
        held = self.is_held(name, worker)

        async def give_up() -> bool:
            async with self.store.writing() as writing:
                return await writing.dead(name, self.now, "gone", worker=worker)

        assert self.runner.run(give_up()) is held
        if held:
            self.carried[name].state = ParcelState.DEAD
            for inside in self.carried[name].inside:
                self.known[inside].state = MessageState.DEAD
                self.known[inside].attempts += 1

    @invariant()
    def nothing_is_forgotten(self) -> None:
        async def left() -> dict[str, tuple[MessageState, int]]:
            async with self.store.reading() as reading:
                found = [one for incident in "xy" for one in await reading.messages(incident)]
            return {one.message.id: (one.state, one.attempts) for one in found}

        expected = {name: (one.state, one.attempts) for name, one in self.known.items() if one.line}
        assert self.runner.run(left()) == expected

    @invariant()
    def nothing_overtakes(self) -> None:
        for line in {one.line for one in self.known.values() if one.line}:
            order = [int(name[1:]) for name in self.arrived if self.known[name].line == line]
            assert order == sorted(order)


@pytest.fixture(scope="module", autouse=True)
def _template_for_the_machine() -> Iterator[None]:
    with tempfile.TemporaryDirectory() as folder:
        Deliveries.template = Path(folder) / "cutwatch.db"
        migrate(url_of(Deliveries.template))
        yield


TestDeliveries = Deliveries.TestCase
TestDeliveries.settings = settings(max_examples=20, stateful_step_count=25, deadline=None)
