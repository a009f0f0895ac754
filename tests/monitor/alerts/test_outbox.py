"""Deliveries over time: real store, a clock that is moved, receivers that do as they are told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from monitor.alerts import retry
from monitor.alerts.channels import discover
from monitor.alerts.channels.kit.outcome import Outcome, Result
from monitor.alerts.lane import WIDTH
from monitor.alerts.outbox import LEASE, Outbox
from monitor.core.kinds import Severity
from monitor.core.message import Message, MessageKind
from monitor.core.subscription import Channel, QuietHours, Route
from monitor.core.watchlist import Watchlist
from monitor.store import MessageState, Posted, Reading, Store, StoreUnavailable, Writing
from tests.monitor.alerts.stage import (
    DELIVERED,
    GONE,
    NO_ANSWER,
    REFUSED,
    UNAVAILABLE,
    MovedClock,
    Receiver,
    message,
    owe,
    posted,
    running,
    until,
)
from tests.monitor.cast import DESK, watchlist


async def stands(store: Store, one: Message, state: MessageState, attempts: int = 1) -> None:
    """Wait until the message is in this state after so many attempts."""

    async def is_so() -> bool:
        row = await posted(store, one)
        return (row.state, row.attempts) == (state, attempts)

    await until(is_so)


async def test_what_is_owed_is_delivered_and_recorded(store: Store, clock: MovedClock) -> None:
    receiver, alarm = Receiver(), message(1, clock)
    await owe(store, alarm)
    async with running(store, clock, {"webhook": receiver.kind()}) as outbox:
        await stands(store, alarm, MessageState.DELIVERED)
        async with store.reading() as reading:
            [attempt] = await reading.attempts(alarm.id)
    assert receiver.seen == [alarm.id]
    assert (attempt.outcome, attempt.status, attempt.at) == ("delivered", 204, clock.now())
    assert outbox.deliveries == {("desk", "delivered"): 1}


async def test_a_message_written_later_is_delivered_when_the_worker_is_woken(store: Store, clock: MovedClock) -> None:
    receiver, alarm = Receiver(), message(1, clock)
    async with running(store, clock, {"webhook": receiver.kind()}) as outbox:
        await owe(store, alarm)
        outbox.wake()
        await stands(store, alarm, MessageState.DELIVERED)
    assert receiver.seen == [alarm.id]


async def test_what_fails_is_tried_again_when_it_is_time(store: Store, clock: MovedClock) -> None:
    receiver, alarm = Receiver(), message(1, clock)
    receiver.then(UNAVAILABLE)
    await owe(store, alarm)
    async with running(store, clock, {"webhook": receiver.kind()}) as outbox:
        await stands(store, alarm, MessageState.PENDING)
        row = await posted(store, alarm)
        assert timedelta(seconds=5) <= row.due_at - clock.now() <= timedelta(seconds=5.5)
        assert row.last_error == "the receiver answered 503"
        clock.move(5.5)
        outbox.wake()
        await stands(store, alarm, MessageState.DELIVERED, attempts=2)
    assert outbox.deliveries == {("desk", "retried"): 1, ("desk", "delivered"): 1}


async def test_after_three_days_a_message_is_given_up_and_says_why(store: Store, clock: MovedClock) -> None:
    receiver, alarm = Receiver(), message(1, clock)
    receiver.always(REFUSED)
    await owe(store, alarm)
    begun = clock.now()
    async with running(store, clock, {"webhook": receiver.kind()}) as outbox:
        for attempts in range(1, len(retry.SCHEDULE)):
            await stands(store, alarm, MessageState.PENDING, attempts)
            clock.move((await posted(store, alarm)).due_at.timestamp() - clock.now().timestamp())
            outbox.wake()
        await stands(store, alarm, MessageState.DEAD, attempts=len(retry.SCHEDULE))
    row = await posted(store, alarm)
    assert timedelta(days=3) < clock.now() - begun < timedelta(days=4)
    assert (row.last_error, row.settled_at) == ("the receiver answered 400", clock.now())
    assert outbox.deliveries == {("desk", "retried"): 12, ("desk", "dead"): 1}


@pytest.mark.parametrize(("asked", "kept"), [(600.0, 600), (1e9, 86400)])
async def test_a_receiver_that_asks_us_to_stay_away_is_left_alone(
    store: Store, clock: MovedClock, asked: float, kept: int
) -> None:
    receiver, first, second = Receiver(), message(1, clock), message(2, clock)
    receiver.then(Outcome(result=Result.UNAVAILABLE, error="429", status=429, retry_after=asked))
    await owe(store, first)
    async with running(store, clock, {"webhook": receiver.kind()}) as outbox:
        await stands(store, first, MessageState.PENDING)
        await owe(store, second)
        outbox.wake()
        await stands(store, second, MessageState.PENDING)
        assert receiver.tried == [first.id]
        for row in (await posted(store, first), await posted(store, second)):
            assert row.due_at - clock.now() == timedelta(seconds=kept)
        clock.move(kept)
        outbox.wake()
        await stands(store, first, MessageState.DELIVERED, attempts=2)
        await stands(store, second, MessageState.DELIVERED, attempts=2)


async def test_a_receiver_that_is_gone_is_switched_off_until_it_is_configured_anew(store: Store, clock: MovedClock) -> None:
    receiver, configured = Receiver(), [watchlist()]
    first, second, elsewhere, later = message(1, clock), message(2, clock), message(3, clock, channel="phone"), message(4, clock)
    receiver.then(GONE)
    await owe(store, first)
    async with running(store, clock, {"webhook": receiver.kind()}, configured=lambda: configured[0]) as outbox:
        await stands(store, first, MessageState.DEAD)
        await owe(store, second, elsewhere)
        outbox.wake()
        await stands(store, second, MessageState.DEAD, attempts=0)
        await stands(store, elsewhere, MessageState.DELIVERED)
        assert "switched off" in str((await posted(store, second)).last_error)
        configured[0] = watchlist(channels=(DESK.model_copy(update={"discreet": True}),))
        await owe(store, later)
        outbox.wake()
        await stands(store, later, MessageState.DELIVERED)
    assert receiver.tried == [first.id, elsewhere.id, later.id]


async def test_a_receiver_that_stalls_holds_up_nobody_else(store: Store, clock: MovedClock) -> None:
    slow, quick = Receiver(), Receiver()
    slow.stall()
    stuck = [message(number, clock) for number in range(1, 41)]
    others = [message(number, clock, channel="phone") for number in range(41, 61)]
    await owe(store, *stuck, *others)
    kinds = {"webhook": slow.kind(), "quick": quick.kind()}
    channels = (DESK, Channel(id="phone", kind="quick"))
    async with running(store, clock, kinds, configured=lambda: watchlist(channels=channels)):
        for one in others:
            await stands(store, one, MessageState.DELIVERED)
        assert len(slow.tried) == WIDTH
        assert slow.seen == []
        slow.opened.set()
        for one in stuck:
            await stands(store, one, MessageState.DELIVERED)


async def test_an_attempt_ends_with_the_patience_of_its_channel(store: Store, clock: MovedClock) -> None:
    receiver, alarm = Receiver(), message(1, clock)
    receiver.stall()
    await owe(store, alarm)
    async with running(store, clock, {"webhook": receiver.kind(patience=0.05)}):
        await stands(store, alarm, MessageState.SEALED)
    assert (await posted(store, alarm)).last_error == "the receiver did not answer within 0.05 seconds"


async def test_a_receiver_in_trouble_is_tried_with_a_few_messages_only(store: Store, clock: MovedClock) -> None:
    receiver = Receiver()
    receiver.always(UNAVAILABLE)
    storm = [message(number, clock) for number in range(1, 51)]
    await owe(store, *storm)
    async with running(store, clock, {"webhook": receiver.kind()}) as outbox:
        for one in storm:
            await stands(store, one, MessageState.PENDING)
        assert WIDTH <= len(receiver.tried) < 2 * WIDTH
        assert outbox.deliveries == {("desk", "retried"): len(receiver.tried)}
        receiver.always(DELIVERED)
        clock.move(6)
        outbox.wake()
        for one in storm:
            await stands(store, one, MessageState.DELIVERED, attempts=2)
    assert sorted(receiver.seen) == sorted(one.id for one in storm)


async def test_a_receiver_that_fails_now_and_then_gets_everything_else_at_once(store: Store, clock: MovedClock) -> None:
    receiver = Receiver()
    for _ in range(10):
        receiver.then(UNAVAILABLE, DELIVERED, DELIVERED, UNAVAILABLE, DELIVERED)
    storm = [message(number, clock) for number in range(1, 51)]
    await owe(store, *storm)
    async with running(store, clock, {"webhook": receiver.kind()}) as outbox:

        async def all_were_tried() -> bool:
            return outbox.deliveries.total() == len(storm)

        await until(all_were_tried)
    assert outbox.deliveries == {("desk", "delivered"): 30, ("desk", "retried"): 20}


async def test_one_message_that_is_refused_does_not_hold_up_the_others(store: Store, clock: MovedClock) -> None:
    receiver = Receiver()
    receiver.then(REFUSED)
    poison, *others = [message(number, clock) for number in range(1, 21)]
    await owe(store, poison, *others)
    async with running(store, clock, {"webhook": receiver.kind()}):
        for one in others:
            await stands(store, one, MessageState.DELIVERED)
        await stands(store, poison, MessageState.PENDING)


async def test_a_recovery_never_overtakes_its_alarm(store: Store, clock: MovedClock) -> None:
    receiver = Receiver()
    alarm = message(1, clock, incident="CW-2021-0001", version=2)
    recovery = message(1, clock, incident="CW-2021-0001", version=3, kind=MessageKind.RECOVERY)
    receiver.then(NO_ANSWER)
    await owe(store, alarm)
    async with running(store, clock, {"webhook": receiver.kind()}) as outbox:

        async def has_failed() -> bool:
            return outbox.deliveries["desk", "retried"] == 1

        await until(has_failed)
        await owe(store, recovery)
        outbox.wake()
        clock.move(6)
        outbox.wake()
        await stands(store, recovery, MessageState.DELIVERED)
    assert receiver.tried == [alarm.id, alarm.id, recovery.id]


async def killed_in_mid_delivery(store: Store, clock: MovedClock, alarm: Message) -> None:
    receiver = Receiver()
    receiver.stall()
    await owe(store, alarm)
    task = asyncio.create_task(Outbox(store, clock, watchlist, "killed", {"webhook": receiver.kind()}).run())

    async def is_under_way() -> bool:
        return receiver.tried == [alarm.id]

    await until(is_under_way)
    task.cancel()
    await asyncio.wait({task})


async def test_what_a_killed_worker_held_is_delivered_again_with_the_same_id(store: Store, clock: MovedClock) -> None:
    receiver, alarm = Receiver(), message(1, clock)
    await killed_in_mid_delivery(store, clock, alarm)
    clock.move(LEASE + 1)
    async with running(store, clock, {"webhook": receiver.kind()}):
        await stands(store, alarm, MessageState.DELIVERED)
    assert receiver.seen == [alarm.id]


def test_a_lease_outlasts_every_attempt() -> None:
    assert all(kind.patience < LEASE / 2 for kind in discover().values())


async def test_what_another_worker_holds_is_left_to_it(store: Store, clock: MovedClock) -> None:
    receiver, held, free = Receiver(), message(1, clock), message(2, clock)
    await killed_in_mid_delivery(store, clock, held)
    clock.move(LEASE - 1)
    await owe(store, free)
    async with running(store, clock, {"webhook": receiver.kind()}):
        await stands(store, free, MessageState.DELIVERED)
    assert receiver.tried == [free.id]


async def test_two_workers_share_a_store_without_delivering_anything_twice(store: Store, clock: MovedClock) -> None:
    receiver = Receiver()
    storm = [message(number, clock) for number in range(1, 61)]
    await owe(store, *storm)
    kinds = {"webhook": receiver.kind()}
    async with running(store, clock, kinds, worker="one"), running(store, clock, kinds, worker="two"):
        for one in storm:
            await stands(store, one, MessageState.DELIVERED)
    assert sorted(receiver.seen) == sorted(one.id for one in storm)


async def test_stopping_ends_what_is_under_way_and_gives_the_rest_back(store: Store, clock: MovedClock) -> None:
    receiver = Receiver()
    receiver.stall()
    storm = [message(number, clock) for number in range(1, 11)]
    await owe(store, *storm)
    async with running(store, clock, {"webhook": receiver.kind()}) as outbox:

        async def all_places_are_taken() -> bool:
            return len(receiver.tried) == WIDTH

        await until(all_places_are_taken)
        stopping = asyncio.create_task(outbox.stop())
        await asyncio.sleep(0)
        assert not stopping.done()
        receiver.opened.set()
        await stopping
    states = [(await posted(store, one)).state for one in storm]
    assert states == [MessageState.DELIVERED] * WIDTH + [MessageState.PENDING] * (10 - WIDTH)


class Faulty(Store):
    """A store that cannot be written for a while: it fails as often as it is told."""

    def __init__(self, real: Store) -> None:
        self._real = real
        self.failures = 0

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Writing]:
        if self.failures:
            self.failures -= 1
            raise StoreUnavailable("another program holds a lock on the database")
        async with self._real.writing() as writing:
            yield writing

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Reading]:
        async with self._real.reading() as reading:
            yield reading


async def test_a_locked_database_delays_a_message_and_loses_none(store: Store, clock: MovedClock) -> None:
    receiver, alarm, faulty = Receiver(), message(1, clock), Faulty(store)
    await owe(store, alarm)
    faulty.failures = 1
    async with running(faulty, clock, {"webhook": receiver.kind()}) as outbox:

        async def has_failed() -> bool:
            return faulty.failures == 0

        await until(has_failed)
        outbox.wake()
        await stands(store, alarm, MessageState.DELIVERED)


async def test_a_delivery_that_cannot_be_recorded_is_recorded_later_and_not_made_twice(
    store: Store, clock: MovedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.alerts.outbox.RECORDING", 0.01)
    receiver, alarm, faulty = Receiver(), message(1, clock), Faulty(store)
    receiver.stall()
    await owe(store, alarm)
    async with running(faulty, clock, {"webhook": receiver.kind()}):

        async def is_under_way() -> bool:
            return bool(receiver.tried)

        await until(is_under_way)
        faulty.failures = 5
        receiver.opened.set()
        await stands(store, alarm, MessageState.DELIVERED)
    assert receiver.tried == [alarm.id]


async def test_a_fault_in_a_channel_loses_nothing_and_repeats_no_secret(store: Store, clock: MovedClock) -> None:
    receiver, alarm, other = Receiver(), message(1, clock), message(2, clock)
    receiver.then(RuntimeError("token=whsec_c2VjcmV0"))
    await owe(store, alarm, other)
    async with running(store, clock, {"webhook": receiver.kind()}):
        await stands(store, other, MessageState.DELIVERED)
        await stands(store, alarm, MessageState.PENDING)
    error = (await posted(store, alarm)).last_error
    assert error == "the channel failed with RuntimeError, which is a fault in Cutwatch; please report it"


@pytest.mark.parametrize(
    ("channels", "said"),
    [
        ((), "there is no channel desk in alerts.yaml any more: put it back, then replay"),
        ((Channel(id="desk", kind="pigeon"),), "pigeon is not a kind of channel; there are: webhook"),
        (
            (Channel(id="desk", kind="webhook", settings={"url": "https://x.org/token-1234"}),),
            "the settings of desk in alerts.yaml do not fit: url: Extra inputs are not permitted",
        ),
    ],
)
async def test_a_mistake_in_the_configuration_keeps_the_message_until_it_is_mended(
    store: Store, clock: MovedClock, channels: tuple[Channel, ...], said: str
) -> None:
    receiver, alarm = Receiver(), message(1, clock)
    configured: list[Watchlist] = [watchlist(channels=channels)]
    await owe(store, alarm)
    async with running(store, clock, {"webhook": receiver.kind()}, configured=lambda: configured[0]) as outbox:
        await stands(store, alarm, MessageState.PENDING)
        assert (await posted(store, alarm)).last_error == said
        configured[0] = watchlist()
        clock.move(6)
        outbox.wake()
        await stands(store, alarm, MessageState.DELIVERED, attempts=2)


async def test_a_channel_that_is_gone_from_the_configuration_is_given_up_within_the_hour(store: Store, clock: MovedClock) -> None:
    receiver, alarm = Receiver(), message(1, clock)
    await owe(store, alarm)
    begun = clock.now()
    async with running(store, clock, {"webhook": receiver.kind()}, configured=lambda: watchlist(channels=())) as outbox:
        for attempts in range(1, retry.LAST_WITHOUT_CHANNEL):
            await stands(store, alarm, MessageState.PENDING, attempts)
            await come_to(await posted(store, alarm), clock, outbox)
        await stands(store, alarm, MessageState.DEAD, attempts=retry.LAST_WITHOUT_CHANNEL)
    assert timedelta(minutes=30) < clock.now() - begun < timedelta(hours=1)


async def come_to(row: Posted, clock: MovedClock, outbox: Outbox) -> None:
    """Let it be as late as this message is due."""
    clock.move((row.due_at - clock.now()).total_seconds())
    outbox.wake()


async def test_a_receiver_that_is_gone_stays_switched_off_after_a_restart(store: Store, clock: MovedClock) -> None:
    receiver, first, second = Receiver(), message(1, clock), message(2, clock)
    receiver.then(GONE)
    await owe(store, first)
    async with running(store, clock, {"webhook": receiver.kind()}):
        await stands(store, first, MessageState.DEAD)
    await owe(store, second)
    async with running(store, clock, {"webhook": receiver.kind()}):
        await stands(store, second, MessageState.DEAD, attempts=0)
    assert receiver.tried == [first.id]


async def test_asking_to_have_a_message_again_switches_its_channel_on(store: Store, clock: MovedClock) -> None:
    receiver, alarm = Receiver(), message(1, clock)
    receiver.then(GONE)
    await owe(store, alarm)
    async with running(store, clock, {"webhook": receiver.kind()}) as outbox:
        await stands(store, alarm, MessageState.DEAD)
        async with store.writing() as writing:
            assert await writing.replay([alarm.id], clock.now()) == [alarm.id]
        outbox.wake()
        await stands(store, alarm, MessageState.DELIVERED)
    assert receiver.tried == [alarm.id, alarm.id]


async def test_a_dead_alarm_that_is_asked_for_after_the_end_comes_as_one_late_message(store: Store, clock: MovedClock) -> None:
    receiver = Receiver()
    alarm = message(1, clock)
    recovery = message(1, clock, version=5, kind=MessageKind.RECOVERY)
    receiver.then(GONE)
    await owe(store, alarm)
    async with running(store, clock, {"webhook": receiver.kind()}) as outbox:
        await stands(store, alarm, MessageState.DEAD)
        await owe(store, recovery)
        outbox.wake()
        await stands(store, recovery, MessageState.COLLAPSED, attempts=0)
        async with store.writing() as writing:
            assert await writing.replay([alarm.id], clock.now()) == [alarm.id, recovery.id]
        outbox.wake()
        await stands(store, recovery, MessageState.DELIVERED)
    [parcel] = receiver.parcels
    assert (parcel.payload["type"], parcel.payload["data"]["late"]) == ("incident.ended", True)


async def test_what_was_delivered_travels_again_as_it_was_when_it_is_asked_for(store: Store, clock: MovedClock) -> None:
    receiver, alarm = Receiver(), message(1, clock)
    await owe(store, alarm)
    async with running(store, clock, {"webhook": receiver.kind()}) as outbox:
        await stands(store, alarm, MessageState.DELIVERED)
        async with store.writing() as writing:
            await writing.replay([alarm.id], clock.now())
        outbox.wake()

        async def has_come_again() -> bool:
            return len(receiver.parcels) == 2

        await until(has_come_again)
        await stands(store, alarm, MessageState.DELIVERED)
    assert receiver.parcels[0].id == receiver.parcels[1].id
    assert receiver.parcels[0].payload == receiver.parcels[1].payload


async def test_what_comes_within_the_wait_of_its_group_travels_as_one(store: Store, clock: MovedClock) -> None:
    receiver = Receiver()
    first = replace(message(1, clock, bundle="group"), due_at=clock.now())
    second = replace(message(2, clock, bundle="group"), due_at=clock.now() + timedelta(seconds=20))
    third = replace(message(3, clock, bundle="group"), due_at=clock.now() + timedelta(hours=2))
    await owe(store, first, second, third)
    route = Route(id="everything", channels=("desk",))
    async with running(store, clock, {"webhook": receiver.kind()}, configured=lambda: watchlist(route)):
        await stands(store, second, MessageState.DELIVERED)
    [parcel] = receiver.parcels
    assert parcel.messages == (first.id, second.id)
    assert (await posted(store, third)).state is MessageState.PENDING


async def test_an_outage_ends_with_one_message_for_what_came_and_went_meanwhile(store: Store, clock: MovedClock) -> None:
    """As measured with the peers: a receiver that answers 503 while 200 incidents begin, and end while it still does."""
    receiver = Receiver()
    receiver.always(UNAVAILABLE)
    alarms = [message(number, clock, bundle="all") for number in range(1, 201)]
    ends = [message(number, clock, version=5, kind=MessageKind.RECOVERY, bundle="all") for number in range(1, 151)]
    await owe(store, *alarms)
    async with running(store, clock, {"webhook": receiver.kind()}) as outbox:
        for _ in range(3):
            await until_failed(clock, outbox)
        clock.move(30)
        await owe(store, *ends)
        outbox.wake()
        await until_failed(clock, outbox)
        receiver.always(DELIVERED)
        clock.move(600)
        outbox.wake()
        await until(lambda: nothing_waits(store))
    [parcel] = receiver.parcels
    told = parcel.payload["data"]
    assert len(receiver.tried) <= 6
    assert (told["count"], len(told["incidents"]), len(parcel.messages)) == (200, 200, 350)
    assert sorted(told["incidents"]) == sorted([f"CW-2021-{n:04d}/{5 if n <= 150 else 2}" for n in range(1, 201)])


async def nothing_waits(store: Store) -> bool:
    async with store.reading() as reading:
        return not any(one.waiting for one in await reading.outbox(datetime.now(UTC)))


async def until_failed(clock: MovedClock, outbox: Outbox) -> None:
    """Let a failed attempt pass, and come to the next."""
    before = outbox.deliveries.total()

    async def has_failed_again() -> bool:
        return outbox.deliveries.total() > before

    clock.move(70)
    outbox.wake()
    await until(has_failed_again)


async def test_nobody_waits_for_an_hour_because_the_clock_was_set_back_by_one(store: Store, clock: MovedClock) -> None:
    receiver, tried, fresh = Receiver(), message(1, clock), message(2, clock)
    receiver.then(UNAVAILABLE)
    await owe(store, tried)
    async with running(store, clock, {"webhook": receiver.kind()}) as outbox:
        await stands(store, tried, MessageState.PENDING)
        await owe(store, replace(fresh, due_at=clock.now() + timedelta(seconds=30)))
        began = clock.now()
        clock.move(-3600)
        outbox.wake()

        async def dated_anew() -> bool:
            return (await posted(store, fresh)).due_at < began

        await until(dated_anew)
        clock.move(40)
        outbox.wake()
        await stands(store, tried, MessageState.DELIVERED, attempts=2)
        await stands(store, fresh, MessageState.DELIVERED)


async def test_nobody_is_called_in_the_night_because_the_clock_was_set_back(store: Store, clock: MovedClock) -> None:
    now = clock.now()
    until_then = (now + timedelta(hours=6)).replace(minute=0, second=0, microsecond=0)
    night = QuietHours(since=f"{now - timedelta(hours=3):%H:00}", until=f"{until_then:%H:%M}")
    asleep = Route(id="everything", channels=("desk",), quiet_hours=night, timezone="UTC")
    held = replace(message(1, clock), due_at=until_then)
    urgent = replace(message(2, clock), due_at=until_then, severity=Severity.PAGE)
    await owe(store, held, urgent)
    async with running(store, clock, {"webhook": Receiver().kind()}, configured=lambda: watchlist(asleep)) as outbox:
        clock.move(-3600)
        outbox.wake()

        async def dated_anew() -> bool:
            return (await posted(store, urgent)).due_at < until_then - timedelta(minutes=50)

        await until(dated_anew)
        assert (await posted(store, held)).due_at == until_then
