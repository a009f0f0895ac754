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

from monitor.core.message import Message
from monitor.store import Attempt, ChannelBacklog, MessageState, Owed, Store, migrate
from tests.monitor.store.cast import NOON, a_message, after
from tests.monitor.store.conftest import url_of

LEASE = 60.0


async def owe(store: Store, *messages: Message) -> None:
    async with store.writing() as writing:
        await writing.add_messages(messages)


async def claim(store: Store, now: datetime = NOON, *, limit: int = 10, worker: str = "one") -> list[Owed]:
    async with store.writing() as writing:
        return await writing.claim_messages(now, LEASE, limit, worker)


async def deliver(store: Store, message: str, now: datetime = NOON) -> bool:
    async with store.writing() as writing:
        return await writing.delivered(message, now)


def ids(owed: list[Owed]) -> list[str]:
    return [one.message.id for one in owed]


async def test_a_message_is_claimed_once_and_as_it_was_written(store: Store) -> None:
    message = a_message("alarm")
    await owe(store, message)
    assert await claim(store) == [Owed(message=message, attempts=1)]
    assert await claim(store) == []


async def test_a_message_owed_twice_is_owed_once(store: Store) -> None:
    await owe(store, a_message("alarm"), a_message("alarm"))
    await owe(store, a_message("alarm"))
    assert ids(await claim(store)) == ["alarm"]
    assert await deliver(store, "alarm")
    await owe(store, a_message("alarm"))
    assert await claim(store) == []


async def test_a_recovery_waits_for_its_alarm(store: Store) -> None:
    await owe(store, a_message("alarm"), a_message("recovery", version=2))
    assert ids(await claim(store)) == ["alarm"]
    assert await claim(store) == []
    await deliver(store, "alarm")
    assert ids(await claim(store)) == ["recovery"]


async def test_a_recovery_waits_while_its_alarm_is_postponed(store: Store) -> None:
    await owe(store, a_message("alarm"), a_message("recovery", version=2))
    await claim(store)
    async with store.writing() as writing:
        assert await writing.postpone("alarm", NOON, after(5), "503 from the hook")
    assert await claim(store, after(4)) == []
    (owed,) = await claim(store, after(5))
    assert (owed.message.id, owed.attempts) == ("alarm", 2)


async def test_another_channel_and_another_incident_wait_for_nobody(store: Store) -> None:
    await owe(store, a_message("here"), a_message("there", channel="mail"), a_message("else", incident="CW-2021-0002"))
    assert ids(await claim(store)) == ["here", "there", "else"]


async def test_messages_about_the_monitor_itself_wait_for_nobody(store: Store) -> None:
    await owe(store, a_message("blind", incident=None), a_message("sees again", incident=None))
    assert ids(await claim(store)) == ["blind", "sees again"]


async def test_after_a_dead_alarm_the_rest_goes_out(store: Store) -> None:
    await owe(store, a_message("alarm"), a_message("recovery", version=2))
    await claim(store)
    async with store.writing() as writing:
        assert await writing.dead("alarm", NOON, "410 gone")
    assert ids(await claim(store)) == ["recovery"]


async def test_a_worker_that_died_leaves_its_message_to_others(store: Store) -> None:
    await owe(store, a_message("alarm"))
    await claim(store)
    assert await claim(store, NOON + timedelta(seconds=LEASE - 1), worker="two") == []
    (owed,) = await claim(store, NOON + timedelta(seconds=LEASE), worker="two")
    assert owed.attempts == 2


async def test_a_worker_that_was_thought_dead_cannot_take_the_message_from_the_next(store: Store) -> None:
    await owe(store, a_message("alarm"), a_message("recovery", version=2))
    await claim(store, worker="one")
    later = NOON + timedelta(seconds=LEASE)
    await claim(store, later, worker="two")
    async with store.writing() as writing:
        assert not await writing.postpone("alarm", later, later, "time-out", worker="one")
        assert not await writing.dead("alarm", later, "time-out", worker="one")
    assert await claim(store, later) == []


async def test_what_was_delivered_stays_delivered(store: Store) -> None:
    await owe(store, a_message("alarm"))
    await claim(store)
    assert await deliver(store, "alarm")
    assert not await deliver(store, "alarm", after(1))
    async with store.writing() as writing:
        assert not await writing.postpone("alarm", after(1), after(2), "late")
        assert not await writing.dead("alarm", after(1), "late")
        assert await writing.collapse(["alarm"], after(1)) == set()
    async with store.reading() as reading:
        (posted,) = await reading.messages("CW-2021-0001")
    assert (posted.state, posted.settled_at) == (MessageState.DELIVERED, NOON)


async def test_only_messages_in_nobodys_hands_collapse(store: Store) -> None:
    await owe(store, a_message("alarm"), a_message("update", version=2), a_message("end", version=3))
    await claim(store)
    async with store.writing() as writing:
        assert await writing.collapse(["alarm", "update"], NOON) == {"update"}
    await deliver(store, "alarm")
    assert ids(await claim(store)) == ["end"]


async def test_a_claim_takes_no_more_than_asked_for_and_the_longest_due_first(store: Store) -> None:
    await owe(store, *(a_message(f"m{number}", after(-number), incident=f"CW-2021-{number:04d}") for number in range(5)))
    assert ids(await claim(store, limit=2)) == ["m4", "m3"]


async def test_what_became_of_a_message_can_be_read(store: Store) -> None:
    await owe(store, a_message("alarm"))
    await claim(store)
    attempt = Attempt(message="alarm", at=NOON, outcome="retried", duration=0.25, status=503, error="busy")
    async with store.writing() as writing:
        await writing.record_attempt(attempt)
        await writing.record_attempt(replace(attempt, error="x" * 100_000))
        await writing.postpone("alarm", NOON, after(1), "503 " * 10_000)
    async with store.reading() as reading:
        (posted,) = await reading.messages("CW-2021-0001")
        first, second = await reading.attempts("alarm")
    assert (posted.state, posted.attempts, posted.due_at) == (MessageState.PENDING, 1, after(1))
    assert posted.message == a_message("alarm")
    assert (posted.last_error, second.error) == ("503 " * 250, "x" * 1000)
    assert first == attempt


async def test_the_backlog_of_a_channel_shrinks_to_none(store: Store) -> None:
    await owe(store, a_message("old", after(-5)), a_message("new"), a_message("mail", channel="mail"))
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
    worker: str = ""
    until: datetime = NOON
    attempts: int = 0


class Deliveries(RuleBasedStateMachine):
    """Workers that claim, deliver, fail, die and come back late, in any order, beside a model of what must be true."""

    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="cutwatch-outbox-"))
        self.runner = asyncio.Runner()
        shutil.copy(self.template, self.folder / "cutwatch.db")
        self.store = self.runner.run(Store.open(url_of(self.folder / "cutwatch.db")))
        self.now = NOON
        self.known: dict[str, Known] = {}

    def teardown(self) -> None:
        self.runner.run(self.store.close())
        self.runner.close()
        shutil.rmtree(self.folder)

    @rule(channel=st.sampled_from("ab"), incident=st.sampled_from(["x", "y", None]))
    def owe(self, channel: str, incident: str | None) -> None:
        name = f"m{len(self.known)}"
        self.runner.run(owe(self.store, a_message(name, self.now, channel=channel, incident=incident)))
        self.known[name] = Known(line=(channel, incident) if incident else None, due=self.now)

    @rule(seconds=st.sampled_from([1, 30, 60]))
    def wait(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule(worker=st.sampled_from(["one", "two"]), limit=st.integers(1, 4))
    def claim(self, worker: str, limit: int) -> None:
        claimable = self.claimable()
        claimed = self.runner.run(claim(self.store, self.now, limit=limit, worker=worker))
        assert ids(claimed) == claimable[:limit]
        for owed in claimed:
            known = self.known[owed.message.id]
            known.state, known.worker, known.until = MessageState.LEASED, worker, self.now + timedelta(seconds=LEASE)
            known.attempts += 1
            assert owed.attempts == known.attempts

    def claimable(self) -> list[str]:
        free = [(one.due, name) for name, one in self.known.items() if self.is_free(one) and self.is_first(name)]
        return [name for _, name in sorted(free, key=lambda one: (one[0], int(one[1][1:])))]

    def is_free(self, known: Known) -> bool:
        due = known.state is MessageState.PENDING and known.due <= self.now
        return due or (known.state is MessageState.LEASED and known.until <= self.now)

    def is_first(self, name: str) -> bool:
        known = self.known[name]
        names = list(self.known)
        earlier = [self.known[other] for other in names[: names.index(name)]]
        owed = {MessageState.PENDING, MessageState.LEASED}
        return known.line is None or not any(other.line == known.line and other.state in owed for other in earlier)

    def any_of(self, data: st.DataObject) -> str:
        return data.draw(st.sampled_from(sorted(self.known)))

    @precondition(lambda self: self.known)
    @rule(data=st.data())
    def deliver(self, data: st.DataObject) -> None:
        name = self.any_of(data)
        news = self.runner.run(deliver(self.store, name, self.now))
        assert news is (self.known[name].state is not MessageState.DELIVERED)
        self.known[name].state = MessageState.DELIVERED

    @precondition(lambda self: self.known)
    @rule(data=st.data(), worker=st.sampled_from(["one", "two"]), seconds=st.sampled_from([0, 5, 90]))
    def postpone(self, data: st.DataObject, worker: str, seconds: int) -> None:
        name = self.any_of(data)
        due = self.now + timedelta(seconds=seconds)
        held = self.is_held(name, worker)

        async def postpone() -> bool:
            async with self.store.writing() as writing:
                return await writing.postpone(name, self.now, due, "busy", worker=worker)

        assert self.runner.run(postpone()) is held
        if held:
            self.known[name].state, self.known[name].due = MessageState.PENDING, due

    @precondition(lambda self: self.known)
    @rule(data=st.data(), worker=st.sampled_from(["one", "two"]))
    def give_up(self, data: st.DataObject, worker: str) -> None:
        name = self.any_of(data)
        held = self.is_held(name, worker)

        async def give_up() -> bool:
            async with self.store.writing() as writing:
                return await writing.dead(name, self.now, "gone", worker=worker)

        assert self.runner.run(give_up()) is held
        if held:
            self.known[name].state = MessageState.DEAD

    def is_held(self, name: str, worker: str) -> bool:
        known = self.known[name]
        return known.state is MessageState.LEASED and known.worker == worker

    @invariant()
    def nothing_is_forgotten(self) -> None:
        async def backlogs() -> list[ChannelBacklog]:
            async with self.store.reading() as reading:
                return await reading.outbox()

        owed = sum(one.state in {MessageState.PENDING, MessageState.LEASED} for one in self.known.values())
        dead = sum(one.state is MessageState.DEAD for one in self.known.values())
        found = self.runner.run(backlogs())
        assert (sum(one.waiting for one in found), sum(one.dead for one in found)) == (owed, dead)


@pytest.fixture(scope="module", autouse=True)
def _template_for_the_machine() -> Iterator[None]:
    with tempfile.TemporaryDirectory() as folder:
        Deliveries.template = Path(folder) / "cutwatch.db"
        migrate(url_of(Deliveries.template))
        yield


TestDeliveries = Deliveries.TestCase
TestDeliveries.settings = settings(max_examples=30, stateful_step_count=25, deadline=None)
