"""What forgetful receivers are told again: a real store, and a channel that remembers what it is handed."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from typing import cast

import pytest
import structlog.testing

from monitor.alerts.channels import ChannelKind, Stories, discover
from monitor.alerts.channels.kit.outcome import Outcome, Result
from monitor.alerts.refreshing import LATELY, refresher
from monitor.core.incident import Incident
from monitor.core.kinds import EventKind, IncidentStage
from monitor.core.message import Message, Parcel
from monitor.core.subscription import Channel
from monitor.store import Store
from tests.monitor.alerts.channels.parcels import owed
from tests.monitor.alerts.stage import MovedClock, Nothing
from tests.monitor.cast import BLOCKED, DOWN, ended, happening, watchlist

Round = Callable[[], Awaitable[None]]


class Forgetful:
    """A receiver that has to be told again. `told` holds what it was told, one entry for each round."""

    def __init__(self) -> None:
        self.told: list[list[list[str]]] = []
        self.result: Outcome | Exception = Outcome(result=Result.DELIVERED)

    def kind(self) -> ChannelKind:
        async def deliver(parcel: Parcel, settings: object, now: datetime) -> Outcome:
            raise AssertionError("nothing is delivered here")

        async def refresh(stories: Stories, settings: object, now: datetime) -> Outcome:
            self.told.append([[payload["type"] for payload in story] for story in stories])
            if isinstance(self.result, Exception):
                raise self.result
            return self.result

        return ChannelKind(
            name="forgetful", documentation="Forgets.", settings=Nothing, patience=5, deliver=deliver, refresh=refresh
        )


@pytest.fixture
def receiver() -> Forgetful:
    return Forgetful()


@pytest.fixture
def one_round(store: Store, clock: MovedClock, receiver: Forgetful) -> Round:
    configured = watchlist(channels=(Channel(id="desk", kind="forgetful", discreet=False), Channel(id="phone", kind="webhook")))
    kinds = {**discover(), "forgetful": receiver.kind()}
    return refresher(store, lambda: configured, kinds, clock)


async def stands(store: Store, incident: Incident, *told: Message) -> None:
    """The incident is open, and these messages about it have been delivered."""
    suspected = replace(incident, version=1, stage=IncidentStage.SUSPECTED, confirmed_at=None)
    async with store.writing() as writing:
        await writing.append([happening(EventKind.OPENED, suspected)], [suspected])
    await goes_on(store, EventKind.CONFIRMED, incident, *told)


async def goes_on(store: Store, event: EventKind, incident: Incident, *told: Message) -> None:
    async with store.writing() as writing:
        await writing.append([happening(event, incident)], [incident])
        await writing.add_messages(told)
        for one in told:
            parcel = Parcel(id=one.id, route=one.route, channel=one.channel, created_at=one.created_at, messages=(one.id,))
            await writing.seal(parcel, one.created_at, 0)
            await writing.delivered(parcel.id, one.created_at)


async def test_what_it_was_told_it_is_told_again_every_time(store: Store, receiver: Forgetful, one_round: Round) -> None:
    await stands(store, BLOCKED, owed())
    await one_round()
    await one_round()
    assert receiver.told == [[["incident.confirmed"]]] * 2


async def test_what_it_was_not_told_it_is_not_told_again(store: Store, receiver: Forgetful, one_round: Round) -> None:
    await stands(store, BLOCKED)
    async with store.writing() as writing:
        await writing.add_messages([owed()])
    await one_round()
    assert receiver.told == []


async def test_what_another_channel_told_is_not_its_own(store: Store, receiver: Forgetful, one_round: Round) -> None:
    await stands(store, BLOCKED, owed(channel="phone"))
    await stands(store, DOWN, owed(incident=DOWN))
    await one_round()
    assert receiver.told == [[["incident.confirmed"]]]


async def test_an_end_is_repeated_for_a_quarter_of_an_hour(
    store: Store, clock: MovedClock, receiver: Forgetful, one_round: Round
) -> None:
    over = replace(ended(BLOCKED), updated=clock.now())
    await stands(store, BLOCKED, owed())
    await goes_on(store, EventKind.ENDED, over, owed(EventKind.ENDED, over))
    await one_round()
    clock.move(LATELY.total_seconds() + 1)
    await one_round()
    assert receiver.told == [[["incident.confirmed", "incident.ended"]]]


@pytest.mark.parametrize(
    ("result", "said"),
    [
        (Outcome(result=Result.UNAVAILABLE, error="the receiver answered 503"), "the receiver answered 503"),
        (ValueError("x9secret"), "ValueError"),
        (TimeoutError(), "it did not answer in time"),
    ],
)
async def test_a_receiver_that_cannot_be_told_is_named_in_the_log(
    result: Outcome | Exception, said: str, store: Store, receiver: Forgetful, one_round: Round
) -> None:
    receiver.result = result
    await stands(store, BLOCKED, owed())
    with structlog.testing.capture_logs() as logs:
        await one_round()
    [line] = logs
    assert (line["event"], line["channel"], line["error"]) == ("a receiver could not be told what stands", "desk", said)


async def test_without_a_forgetful_channel_nothing_is_read(clock: MovedClock) -> None:
    unread = cast("Store", None)
    await refresher(unread, watchlist, discover(), clock)()
