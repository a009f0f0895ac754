"""The outbox: what is owed is delivered at least once, in order, and forgotten never."""

from dataclasses import replace
from datetime import datetime, timedelta

from monitor.core.message import Parcel
from monitor.store import Attempt, ChannelBacklog, MessageState, ParcelState, Posted, Queued, Store
from tests.monitor.store.cast import NOON, a_message, after
from tests.monitor.store.conftest import ON_BOTH_DATABASES
from tests.monitor.store.workers import LEASE, claim, deliver, dissolve, ids, owe, seal

pytestmark = ON_BOTH_DATABASES


async def posted(store: Store, incident: str = "CW-2021-0001") -> list[Posted]:
    async with store.reading() as reading:
        return await reading.messages(incident)


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
        assert await reading.outbox(NOON) == [
            ChannelBacklog(channel="hook", waiting=2, dead=0, oldest=after(-5)),
            ChannelBacklog(channel="mail", waiting=0, dead=1, oldest=None),
        ]
    await deliver(store, "old")
    await deliver(store, "new")
    async with store.reading() as reading:
        assert (await reading.outbox(NOON))[0] == ChannelBacklog(channel="hook", waiting=0, dead=0, oldest=None)


async def oldest(store: Store, now: datetime) -> datetime | None:
    async with store.reading() as reading:
        [backlog] = await reading.outbox(now)
    return backlog.oldest


async def test_what_is_held_until_the_morning_is_not_late_before_it(store: Store) -> None:
    await owe(store, replace(a_message("held back"), due_at=after(600)))
    assert await oldest(store, after(599)) is None
    assert await oldest(store, after(620)) == after(600)


async def test_what_is_tried_in_vain_is_late_since_it_first_fell_due(store: Store) -> None:
    await owe(store, replace(a_message("held back"), due_at=after(60)))
    for number in range(2):
        await claim(store, after(60 + 10 * number))
        await dissolve(store, "held back", after(70 + 10 * number), after(60 + 10 * number))
    assert await oldest(store, after(75)) == after(60)


async def test_what_is_put_aside_because_nobody_wants_to_hear_it_is_not_late(store: Store) -> None:
    await owe(store, a_message("alarm"))
    await claim(store)
    await dissolve(store, "alarm", after(5))
    async with store.writing() as writing:
        await writing.hold([("alarm", after(60))])
    assert await oldest(store, after(30)) is None


async def test_what_is_sent_again_is_late_since_it_was_asked_for(store: Store) -> None:
    await owe(store, a_message("alarm"))
    await claim(store)
    await dissolve(store, "alarm", after(5))
    await claim(store, after(5))
    async with store.writing() as writing:
        await writing.dead("alarm", after(6), "gone")
        await writing.replay(["alarm"], after(90))
    assert await oldest(store, after(95)) == after(90)
