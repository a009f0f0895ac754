"""Whatever fails, in whatever order: nothing is lost, nothing overtakes, and nobody hears the end of what they were not told."""

import asyncio
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from monitor.alerts import retry
from monitor.alerts.sealing import seal
from monitor.alerts.tending import tend
from monitor.core.incident import Change, Event, Incident, apply, record
from monitor.core.kinds import EventKind, IncidentStage, Severity
from monitor.core.message import MessageKind
from monitor.core.routing import route as routed
from monitor.core.subscription import Channel, Escalation, Grouping, Route
from monitor.store import MessageState, Owed, Posted, Store, Writing, migrate
from tests.monitor.cast import ADDRESS, BLOCKED, watchlist
from tests.monitor.store.cast import opened

Found = TypeVar("Found")

START = datetime(2021, 12, 25, 12, 0, tzinfo=UTC)
LEASE = 60.0
CASES = ("CW-2021-0001", "CW-2021-0002")
CHANNELS = tuple(Channel(id=name, kind="webhook") for name in ("desk", "phone", "pager"))
SEVERITIES = (Severity.PAGE, Severity.MORNING)
ROUTE = Route(
    id="everything",
    channels=("desk",),
    second="phone",
    group=Grouping(wait="10s"),
    repeat="1h",
    escalate=Escalation(after="15min", channels=("pager",), severities=SEVERITIES),
)
WATCHLIST = watchlist(ROUTE, channels=CHANNELS)

NEXT = {
    IncidentStage.SUSPECTED: [(EventKind.CONFIRMED, IncidentStage.CONFIRMED)],
    IncidentStage.CONFIRMED: [
        (EventKind.ENDED, IncidentStage.ENDED),
        (EventKind.SCOPE_CHANGED, None),
        (EventKind.ENDED, IncidentStage.ENDED),
        (EventKind.SCOPE_CHANGED, None),
        (EventKind.RETRACTED, IncidentStage.RETRACTED),
    ],
    IncidentStage.ENDED: [(EventKind.REOPENED, IncidentStage.CONFIRMED)],
}
"""What may happen to an incident next, and what becomes of it."""

OUTCOMES = ("delivered", "failed", "lost without a word", "came without a word", "crash", "crash after")

ENDS = {"incident.ended", "incident.retracted"}
ALARMS = {"incident.confirmed", "incident.reopened"}


class Telling(RuleBasedStateMachine):
    """Incidents that come and go, and receivers that fail in every way, beside a record of what these have really received."""

    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="cutwatch-telling-"))
        self.runner = asyncio.Runner()
        shutil.copy(self.template, self.folder / "cutwatch.db")
        self.store = self.runner.run(Store.open(f"sqlite+aiosqlite:///{self.folder / 'cutwatch.db'}"))
        self.now = START
        self.incidents: dict[str, Incident] = {}
        self.travelled: dict[str, dict[str, Any]] = {}
        self.received: dict[str, list[tuple[str, str, int, list[int]]]] = {channel.id: [] for channel in CHANNELS}
        self.perhaps: set[tuple[str, str, int]] = set()

    def teardown(self) -> None:
        try:
            self.everything_works_again()
            self.runner.run(self.all_is_settled())
        finally:
            self.runner.run(self.store.close())
            self.runner.close()
            shutil.rmtree(self.folder)

    def write(self, work: Callable[[Writing], Awaitable[Found]]) -> Found:
        async def transaction() -> Found:
            async with self.store.writing() as writing:
                return await work(writing)

        return self.runner.run(transaction())

    @initialize()
    def the_first_is_confirmed(self) -> None:
        self.something_happens(CASES[0], 0)

    @rule(case=st.sampled_from(CASES), choice=st.integers(0, 4))
    def something_happens(self, case: str, choice: int) -> None:
        if case not in self.incidents:
            event, self.incidents[case] = opened(case, self.now, key=BLOCKED.key, strength=BLOCKED.strength)
            self.append(event)
        incident = self.incidents[case]
        following = NEXT.get(incident.stage, [])
        if not following:
            return
        kind, stage = following[choice % len(following)]
        change = Change(stage=stage, vantages=() if stage is None else None)
        event = record(case, incident.version + 1, self.now, kind, change)
        self.incidents[case] = apply(incident, event)
        self.append(event)

    def append(self, event: Event) -> None:
        incident = self.incidents[event.incident]

        async def append(writing: Writing) -> None:
            await writing.append([event], [incident])
            await writing.add_messages(routed(event, incident, WATCHLIST, ADDRESS))

        self.write(append)

    @rule(seconds=st.sampled_from([1, 70, 1000, 3700]))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule(case=st.sampled_from(CASES))
    def somebody_acknowledges(self, case: str) -> None:
        self.write(lambda writing: writing.acknowledge(case, "anna", self.now))

    @rule(case=st.sampled_from(CASES), minutes=st.sampled_from([0, 5, 60]))
    def somebody_mutes(self, case: str, minutes: int) -> None:
        self.write(lambda writing: writing.mute(case, self.now + timedelta(minutes=minutes), "anna"))

    @rule()
    def tended(self) -> None:
        async def look_after() -> None:
            async with self.store.reading() as reading:
                found = await tend(reading, WATCHLIST, ADDRESS, self.now)
            async with self.store.writing() as writing:
                await writing.release(found.released, self.now)
                await writing.cancel(found.cancelled, self.now)
                await writing.add_messages(found.reminders)

        self.runner.run(look_after())

    @rule(outcome=st.sampled_from(OUTCOMES), seconds=st.sampled_from([0, 15, 400]))
    def receivers_are_tried(self, outcome: str, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)
        self.tended()
        self.attempts_are_made(outcome)

    @rule(outcome=st.sampled_from(OUTCOMES[1:]))
    def receivers_are_out_for_a_while(self, outcome: str) -> None:
        for _ in range(retry.SECOND):
            self.receivers_are_tried(outcome, 70)

    def attempts_are_made(self, outcome: str) -> None:
        for owed in self.claimed():
            if outcome in ("delivered", "came without a word", "crash after"):
                self.arrives(owed)
            self.is_recorded(owed, outcome)

    def claimed(self) -> list[Owed]:
        async def claim(writing: Writing) -> list[Owed]:
            await seal(writing, self.now, timedelta(seconds=10))
            return await writing.claim_parcels(self.now, LEASE, 10, "worker")

        found = self.write(claim)
        for owed in found:
            assert self.travelled.setdefault(owed.parcel.id, owed.parcel.payload) == owed.parcel.payload
        return found

    def is_recorded(self, owed: Owed, outcome: str) -> None:
        parcel, due = owed.parcel, self.now + timedelta(seconds=5)

        async def record_it(writing: Writing) -> None:
            if outcome == "delivered":
                await writing.delivered(parcel.id, self.now)
                await writing.stand_down(parcel.messages, self.now)
                return
            if owed.attempts >= 7:
                await writing.dead(parcel.id, self.now, "no answer", "worker")
            elif outcome == "failed" and not owed.perhaps_received:
                await writing.dissolve(parcel.id, self.now, due, "busy", "worker")
            else:
                await writing.postpone(parcel.id, self.now, due, "no answer", "worker")
            await writing.stand_in(parcel.messages, self.now, retry.SECOND)

        if "word" in outcome or "crash" in outcome:
            self.perhaps |= {(parcel.channel, incident, 0) for incident in parcel.incidents}
        if "crash" not in outcome:
            self.write(record_it)

    def arrives(self, owed: Owed) -> None:
        """A receiver drops what it has had, by its id, and reads the rest."""
        log, parcel = self.received[owed.parcel.channel], owed.parcel
        if parcel.id in {name for name, *_ in log}:
            return
        for told in parcel.payload["data"].get("items", [parcel.payload | {"id": parcel.id} | parcel.payload["data"]]):
            self.hears(parcel.channel, parcel.id, told)

    def hears(self, channel: str, parcel: str, told: dict[str, Any]) -> None:
        incident, version, covers = told["incident"], told["version"], told.get("covers", [told["version"]])
        heard = [(kind, at) for name, kind, at, case in self.lines(channel, incident)]
        is_newer = not heard or version > heard[-1][1] or told["type"] == "incident.reminder"
        assert is_newer, (channel, told["type"], version, heard)
        if told["type"] in ENDS:
            assert told.get("late") or self.knew(channel, incident)
        if told["type"] == "incident.reminder":
            assert heard
            assert heard[-1][0] not in ENDS
        self.received[channel].append((parcel, told["type"], version, [*covers, CASES.index(incident)]))

    def lines(self, channel: str, incident: str) -> list[tuple[str, str, int, str]]:
        """What a receiver has heard of an incident."""
        number = CASES.index(incident)
        return [(name, kind, at, incident) for name, kind, at, covers in self.received[channel] if covers[-1] == number]

    def knew(self, channel: str, incident: str) -> bool:
        """Whether the alarm had come, or may have: by the channel itself, or by the one that it stands in for."""
        channels = {channel, "desk"} if channel == "phone" else {channel}
        heard = any(kind in ALARMS for one in channels for _, kind, *_ in self.lines(one, incident))
        return heard or any((one, incident, 0) in self.perhaps for one in channels)

    def everything_works_again(self) -> None:
        for _ in range(12):
            self.now += timedelta(seconds=1000)
            self.tended()
            self.attempts_are_made("delivered")

    async def all_is_settled(self) -> None:
        async with self.store.reading() as reading:
            posted = [one for case in CASES for one in await reading.messages(case)]
        waiting = {MessageState.SEALED, MessageState.PENDING, MessageState.STANDBY}
        assert not [one for one in posted if one.state in waiting and not self.is_muted_news(one)]
        for one in posted:
            if one.message.kind is MessageKind.ALARM and one.message.channel == "desk":
                vanished = one.state is MessageState.COLLAPSED and self.was_retracted(one, posted)
                assert one.state in (MessageState.DELIVERED, MessageState.DEAD) or vanished
                if one.state is MessageState.DELIVERED:
                    assert self.was_heard(one)

    def is_muted_news(self, one: Posted) -> bool:
        return one.state is MessageState.PENDING and one.due_at > self.now

    def was_retracted(self, alarm: Posted, posted: list[Posted]) -> bool:
        return any(
            one.message.incident == alarm.message.incident and one.message.payload["type"] == "incident.retracted"
            for one in posted
        )

    def was_heard(self, alarm: Posted) -> bool:
        """Whether the receiver really has it, in its own words or in those that cover it."""
        number = CASES.index(alarm.message.incident or "")
        return any(
            alarm.message.version in covers[:-1] and covers[-1] == number for *_, covers in self.received[alarm.message.channel]
        )


@pytest.fixture(scope="module", autouse=True)
def _template_for_the_machine() -> Iterator[None]:
    with tempfile.TemporaryDirectory() as folder:
        Telling.template = Path(folder) / "cutwatch.db"
        migrate(f"sqlite+aiosqlite:///{Telling.template}")
        yield


TestTelling = Telling.TestCase
TestTelling.settings = settings(max_examples=12, stateful_step_count=30, deadline=None)
