"""Second channels, escalation, acknowledging, muting and reminders: what is told because something did not happen."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from monitor.alerts import retry
from monitor.alerts.channels.kit.outcome import Outcome
from monitor.alerts.outbox import Outbox
from monitor.core.incident import MASS, CaseKey, Change, Event, Incident, Relation, apply, record
from monitor.core.kinds import EventKind, IncidentStage, RelationKind, Severity
from monitor.core.routing import route as routed
from monitor.core.subscription import Channel, Escalation, Grouping, Route
from monitor.core.watchlist import Watchlist
from monitor.store import ParcelState, Store
from tests.monitor.alerts.stage import DELIVERED, GONE, NO_ANSWER, UNAVAILABLE, MovedClock, Receiver, running, until
from tests.monitor.cast import ADDRESS, BLOCKED, watchlist
from tests.monitor.store.cast import opened

CHANNELS = tuple(Channel(id=name, kind=name) for name in ("desk", "phone", "pager"))
WHOLE = "CW-2021-0099"
PLAIN = Route(id="everything", channels=("desk",), group=Grouping(wait=0))
WITH_SECOND = PLAIN.model_copy(update={"second": "phone"})
ESCALATING = PLAIN.model_copy(
    update={"escalate": Escalation(after="15min", channels=("pager",), severities=(Severity.PAGE, Severity.MORNING))}
)
REPEATING = PLAIN.model_copy(update={"repeat": 3600})


class Story:
    """One incident from its first alarm on, told to whom a route names; every channel has a receiver of its own."""

    def __init__(self, store: Store, clock: MovedClock) -> None:
        self.store = store
        self.clock = clock
        self.receivers = {channel.id: Receiver() for channel in CHANNELS}
        self.incident: Incident | None = None
        self.watchlist: Watchlist
        self.outbox: Outbox

    @asynccontextmanager
    async def told_by(self, route: Route) -> AsyncIterator[None]:
        """Let an outbox work as long as this lasts."""
        self.watchlist = watchlist(route, channels=CHANNELS)
        kinds = {name: one.kind() for name, one in self.receivers.items()}
        async with running(self.store, self.clock, kinds, configured=lambda: self.watchlist) as self.outbox:
            yield

    async def happens(self, kind: EventKind, **change: Any) -> None:
        """Write an event and what it owes, as the pipeline does, and let it be told."""
        if self.incident is None:
            event, self.incident = opened(BLOCKED.id, self.clock.now(), key=BLOCKED.key, strength=BLOCKED.strength)
            await self._write(event)
        event = record(self.incident.id, self.incident.version + 1, self.clock.now(), kind, Change(**change))
        self.incident = apply(self.incident, event)
        await self._write(event)
        await self.passes(0)

    async def _write(self, event: Event) -> None:
        assert self.incident is not None
        async with self.store.writing() as writing:
            await writing.append([event], [self.incident])
            await writing.add_messages(routed(event, self.incident, self.watchlist, ADDRESS))

    async def begins(self) -> None:
        await self.happens(EventKind.CONFIRMED, stage=IncidentStage.CONFIRMED)

    async def spreads(self) -> None:
        await self.happens(EventKind.SCOPE_CHANGED, vantages=("moscow-home",))

    async def ends(self) -> None:
        await self.happens(EventKind.ENDED, stage=IncidentStage.ENDED)

    async def returns(self) -> None:
        await self.happens(EventKind.REOPENED, stage=IncidentStage.CONFIRMED)

    async def is_retracted(self) -> None:
        await self.happens(EventKind.RETRACTED, stage=IncidentStage.RETRACTED, reason="our mistake")

    async def acknowledges(self) -> None:
        async with self.store.writing() as writing:
            await writing.acknowledge(BLOCKED.id, "anna", self.clock.now())

    async def belongs_to(self, whole: str) -> None:
        """Let the incident turn out to be one of many that a mass event consists of."""
        key = CaseKey(organisation="", target="", family=f"{MASS}path", country="RU")
        event, parent = opened(whole, self.clock.now(), key=key, members=(BLOCKED.id,))
        async with self.store.writing() as writing:
            await writing.append([event], [parent])
        await self.happens(EventKind.LINKED, relations=(Relation(RelationKind.MEMBER_OF, whole),))

    async def is_told_of(self, whole: str) -> None:
        """Let the mass event be told as well."""
        async with self.store.reading() as reading:
            parent = await reading.incident(whole)
        assert parent is not None
        change = Change(stage=IncidentStage.CONFIRMED, affected=("ovd-info",), struck=1)
        event = record(whole, parent.version + 1, self.clock.now(), EventKind.CONFIRMED, change)
        confirmed = apply(parent, event)
        async with self.store.writing() as writing:
            await writing.append([event], [confirmed])
            await writing.add_messages(routed(event, confirmed, self.watchlist, ADDRESS))
        await self.passes(0)

    async def passes(self, seconds: float) -> None:
        """Let time pass, and all be done that it asks for."""
        self.clock.move(seconds)
        await self.outbox.tend(self.clock.now())
        self.outbox.wake()
        await until(self._is_quiet)

    async def _is_quiet(self) -> bool:
        now = self.clock.now()
        async with self.store.reading() as reading:
            under_way = [
                *await reading.parcels(state=ParcelState.LEASED),
                *(one for one in await reading.parcels(state=ParcelState.PENDING) if one.due_at <= now),
            ]
            return not under_way and not await reading.any_due(now)

    async def fails(self, channel: str, times: int) -> None:
        """Let so many attempts through a channel fail, each when it is due."""
        receiver = self.receivers[channel]
        while len(receiver.tried) < times:
            await self.passes(max(60, retry.SCHEDULE[len(receiver.tried)] * 1.1))

    def said(self, channel: str) -> list[str]:
        """What a receiver was told, in order, in short."""
        return [str(parcel.payload["type"]).removeprefix("incident.") for parcel in self.receivers[channel].parcels]

    def told(self, channel: str) -> list[tuple[str, str]]:
        """The same, each with the incident that it is about."""
        return [
            (incident, str(parcel.payload["type"]).removeprefix("incident."))
            for parcel in self.receivers[channel].parcels
            for incident in parcel.incidents
        ]

    async def states(self, channel: str) -> list[str]:
        """What has become of the messages through a channel, in the order in which they came to be owed."""
        async with self.store.reading() as reading:
            return [str(one.state) for one in await reading.messages(BLOCKED.id) if one.message.channel == channel]


@pytest.fixture
def story(store: Store, clock: MovedClock) -> Story:
    return Story(store, clock)


async def test_where_the_first_channel_delivers_the_second_is_silent(story: Story) -> None:
    async with story.told_by(WITH_SECOND):
        await story.begins()
        await story.ends()
    assert (story.said("desk"), story.said("phone")) == (["confirmed", "ended"], [])
    assert await story.states("phone") == ["cancelled", "cancelled"]


@pytest.mark.parametrize("failure", [UNAVAILABLE, NO_ANSWER], ids=["refused", "no answer"])
async def test_the_second_channel_speaks_after_the_fifth_failure_of_the_first(story: Story, failure: Outcome) -> None:
    story.receivers["desk"].always(failure)
    async with story.told_by(WITH_SECOND):
        await story.begins()
        await story.fails("desk", 4)
        assert story.said("phone") == []
        await story.fails("desk", 5)
    assert story.said("phone") == ["confirmed"]


async def test_the_second_channel_speaks_at_once_where_the_first_is_gone(story: Story) -> None:
    story.receivers["desk"].always(GONE)
    async with story.told_by(WITH_SECOND):
        await story.begins()
    assert story.said("phone") == ["confirmed"]


async def test_whoever_heard_of_it_by_the_second_channel_hears_of_its_end_there(story: Story) -> None:
    story.receivers["desk"].always(UNAVAILABLE)
    async with story.told_by(WITH_SECOND):
        await story.begins()
        await story.fails("desk", 5)
        story.receivers["desk"].always(DELIVERED)
        await story.passes(600)
        await story.ends()
    assert story.said("desk") == story.said("phone") == ["confirmed", "ended"]


async def test_an_end_that_the_first_channel_cannot_tell_is_told_by_the_second(story: Story) -> None:
    async with story.told_by(WITH_SECOND):
        await story.begins()
        story.receivers["desk"].always(UNAVAILABLE)
        await story.ends()
        await story.fails("desk", 6)
    assert (story.said("desk"), story.said("phone")) == (["confirmed"], ["ended"])


async def test_a_retraction_reaches_the_second_channel_where_only_that_had_spoken(story: Story) -> None:
    story.receivers["desk"].always(UNAVAILABLE)
    async with story.told_by(WITH_SECOND):
        await story.begins()
        await story.fails("desk", 5)
        await story.is_retracted()
        await story.passes(600)
    assert (story.said("desk"), story.said("phone")) == ([], ["confirmed", "retracted"])


async def test_others_are_called_where_nobody_acknowledges_in_time(story: Story) -> None:
    async with story.told_by(ESCALATING):
        await story.begins()
        await story.passes(899)
        assert story.said("pager") == []
        await story.passes(2)
        assert story.said("pager") == ["confirmed"]
        await story.ends()
        await story.passes(15)
    assert story.said("pager") == ["confirmed", "ended"]


async def test_whoever_heard_the_alarm_hears_the_end_though_the_route_was_renamed_meanwhile(story: Story) -> None:
    route = ESCALATING.model_copy(update={"repeat": 3600})
    async with story.told_by(route):
        await story.begins()
        await story.passes(901)
    async with story.told_by(route.model_copy(update={"id": "everyone"})):
        await story.passes(2700)
        await story.ends()
        await story.passes(15)
    assert (story.said("desk"), story.said("pager")) == (["confirmed", "reminder", "ended"], ["confirmed", "ended"])


async def test_a_route_that_is_added_does_not_tell_the_end_a_second_time(story: Story) -> None:
    async with story.told_by(PLAIN):
        await story.begins()
        louder = WITH_SECOND.model_copy(update={"id": "louder", "repeat": 60, "language": "ru"})
        story.watchlist = watchlist(louder, PLAIN, channels=CHANNELS)
        await story.ends()
    assert [one.payload["data"]["language"] for one in story.receivers["desk"].parcels] == ["en", "en"]
    assert story.said("desk") == ["confirmed", "ended"]


async def test_the_end_of_a_return_that_could_not_be_told_says_that_it_is_late(story: Story) -> None:
    async with story.told_by(PLAIN):
        await story.begins()
        await story.ends()
        story.receivers["desk"].then(UNAVAILABLE)
        await story.returns()
        await story.ends()
        await story.passes(10)
    last = story.receivers["desk"].parcels[-1].payload
    assert story.said("desk") == ["confirmed", "ended", "ended"]
    assert last["data"]["late"]


async def test_an_acknowledgement_stands_though_the_clock_was_set_back_before_it(story: Story) -> None:
    async with story.told_by(ESCALATING):
        await story.begins()
        story.clock.move(-3600)
        await story.acknowledges()
        await story.passes(3600 + 901)
    assert story.said("pager") == []


async def test_who_sees_to_a_block_does_not_see_to_an_interception(story: Story) -> None:
    async with story.told_by(ESCALATING):
        await story.begins()
        await story.acknowledges()
        await story.happens(EventKind.RECLASSIFIED, mechanisms=("tls.mitm.untrusted",))
        await story.passes(901)
    assert story.said("pager") == ["reclassified"]


async def test_who_sees_to_a_loss_sees_to_it_under_any_other_name(story: Story) -> None:
    async with story.told_by(ESCALATING):
        await story.begins()
        await story.acknowledges()
        await story.happens(EventKind.RECLASSIFIED, mechanisms=("tls.reset.sni", "http.blockpage"))
        await story.passes(901)
    assert story.said("pager") == []


@pytest.mark.parametrize("how", ["acknowledged", "muted"])
async def test_what_is_said_of_a_mass_event_holds_for_its_members(story: Story, how: str) -> None:
    async with story.told_by(ESCALATING.model_copy(update={"repeat": 600})):
        await story.begins()
        await story.belongs_to(WHOLE)
        async with story.store.writing() as writing:
            if how == "acknowledged":
                await writing.acknowledge(WHOLE, "anna", story.clock.now())
            else:
                await writing.mute(WHOLE, story.clock.now().replace(year=2100), "anna")
        await story.passes(901)
        await story.spreads()
    news = ["scope_changed"] if how == "acknowledged" else []
    assert (story.said("desk"), story.said("pager")) == (["confirmed", *news], [])


async def test_of_a_mass_event_people_are_reminded_and_called_once_and_not_of_each_member(story: Story) -> None:
    async with story.told_by(ESCALATING.model_copy(update={"repeat": 3600})):
        await story.begins()
        await story.passes(60)
        await story.belongs_to(WHOLE)
        await story.is_told_of(WHOLE)
        await story.passes(3600)
    assert story.told("desk") == [(BLOCKED.id, "confirmed"), (WHOLE, "confirmed"), (WHOLE, "reminder")]
    assert [name for name, what in story.told("pager") if what != "reminder"] == [WHOLE]


async def test_whoever_has_not_heard_of_the_mass_event_is_reminded_of_what_they_know(story: Story) -> None:
    async with story.told_by(ESCALATING.model_copy(update={"repeat": 3600})):
        await story.begins()
        await story.belongs_to(WHOLE)
        await story.passes(3601)
    assert story.told("desk") == [(BLOCKED.id, "confirmed"), (BLOCKED.id, "reminder")]
    assert story.said("pager") == ["confirmed"]


async def test_a_program_is_reminded_of_everything(story: Story) -> None:
    story.receivers["webhook"] = Receiver()
    route = REPEATING.model_copy(update={"channels": ("webhook",)})
    async with story.told_by(route):
        story.watchlist = watchlist(route, channels=(Channel(id="webhook", kind="webhook"),))
        await story.begins()
        await story.belongs_to(WHOLE)
        await story.is_told_of(WHOLE)
        await story.passes(3601)
    assert [name for name, what in story.told("webhook") if what != "confirmed"] == [BLOCKED.id, WHOLE]


async def test_nobody_else_is_called_for_what_somebody_sees_to(story: Story) -> None:
    async with story.told_by(ESCALATING):
        await story.begins()
        async with story.store.writing() as writing:
            await writing.acknowledge(BLOCKED.id, "anna", story.clock.now())
        await story.passes(901)
        await story.ends()
        await story.passes(15)
    assert story.said("pager") == []
    assert await story.states("pager") == ["cancelled", "cancelled"]


async def test_others_are_called_again_for_what_comes_back(story: Story) -> None:
    async with story.told_by(ESCALATING):
        await story.begins()
        async with story.store.writing() as writing:
            await writing.acknowledge(BLOCKED.id, "anna", story.clock.now())
        await story.passes(60)
        await story.ends()
        await story.passes(60)
        await story.returns()
        await story.passes(901)
    assert story.said("pager") == ["reopened"]


@pytest.mark.parametrize("how", ["ended", "muted"])
async def test_nobody_else_is_called_for_what_is_over_or_muted(story: Story, how: str) -> None:
    async with story.told_by(ESCALATING):
        await story.begins()
        if how == "ended":
            await story.ends()
        else:
            async with story.store.writing() as writing:
                await writing.mute(BLOCKED.id, story.clock.now().replace(year=2100), "anna")
        await story.passes(901)
    assert story.said("pager") == []
    assert set(await story.states("pager")) == {"cancelled"}


async def test_muting_holds_back_news_and_reminders_but_not_the_end(story: Story) -> None:
    async with story.told_by(REPEATING):
        await story.begins()
        async with story.store.writing() as writing:
            await writing.mute(BLOCKED.id, story.clock.now().replace(year=2100), "anna")
        await story.spreads()
        await story.passes(7300)
        assert story.said("desk") == ["confirmed"]
        await story.ends()
    assert story.said("desk") == ["confirmed", "ended"]


async def test_news_that_was_held_back_comes_when_nobody_wants_quiet_any_more(story: Story) -> None:
    async with story.told_by(PLAIN):
        await story.begins()
        async with story.store.writing() as writing:
            await writing.mute(BLOCKED.id, story.clock.now().replace(year=2100), "anna")
        await story.spreads()
        async with story.store.writing() as writing:
            await writing.unmute(BLOCKED.id)
        await story.passes(61)
    assert story.said("desk") == ["confirmed", "scope_changed"]


async def test_people_are_reminded_of_what_stands_until_somebody_sees_to_it(story: Story) -> None:
    async with story.told_by(REPEATING):
        await story.begins()
        await story.passes(3599)
        assert story.said("desk") == ["confirmed"]
        await story.passes(2)
        await story.passes(15)
        assert story.said("desk") == ["confirmed", "reminder"]
        await story.passes(3600)
        assert story.said("desk") == ["confirmed", "reminder", "reminder"]
        async with story.store.writing() as writing:
            await writing.acknowledge(BLOCKED.id, "anna", story.clock.now())
        await story.passes(7200)
    assert story.said("desk") == ["confirmed", "reminder", "reminder"]


async def test_a_restart_reminds_nobody_twice_and_makes_up_for_nothing(story: Story) -> None:
    async with story.told_by(REPEATING):
        await story.begins()
        await story.passes(3601)
    async with story.told_by(REPEATING):
        await story.passes(15)
        assert story.said("desk") == ["confirmed", "reminder"]
    story.clock.move(5 * 3600)
    async with story.told_by(REPEATING):
        await story.passes(15)
    assert story.said("desk") == ["confirmed", "reminder", "reminder"]


async def test_nobody_is_reminded_of_what_they_were_not_told(story: Story) -> None:
    story.receivers["desk"].always(GONE)
    async with story.told_by(REPEATING):
        await story.begins()
        await story.passes(3601)
    assert await story.states("desk") == ["dead"]


async def test_whoever_knows_of_the_end_only_is_not_reminded_of_the_return(story: Story) -> None:
    async with story.told_by(ESCALATING.model_copy(update={"repeat": 3600})):
        await story.begins()
        await story.passes(901)
        await story.passes(2600)
        await story.ends()
        await story.returns()
        await story.passes(800)
    assert story.said("pager") == ["confirmed", "ended"]


async def test_nobody_is_reminded_after_the_end(story: Story) -> None:
    async with story.told_by(REPEATING):
        await story.begins()
        await story.ends()
        await story.passes(7201)
    assert story.said("desk") == ["confirmed", "ended"]
