"""A country is cut off while we look from inside: from dead canaries to the message that wakes somebody, and to its end.

The prober's engine works in its virtual world; what it hands over goes into the real pipeline with a real store.
"""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.bus import Report
from monitor.clock import Clock
from monitor.core.decision import retract
from monitor.core.incident import Incident
from monitor.core.kinds import EventKind, IncidentStage, Kind, Severity
from monitor.core.ledger import Ledger
from monitor.core.letting_go import NOBODY_LOOKS
from monitor.core.model import Words
from monitor.core.plan import Check
from monitor.core.sight import sight_id
from monitor.core.subscription import Alerts, Channel, Match, Route
from monitor.core.watchlist import Monitor, Organisation, Target, VantagePoint, Watchlist
from monitor.intake.decisions import carry_out
from monitor.metrics import Metrics
from monitor.pipeline import Pipeline, Watch
from monitor.service import Place
from monitor.service.wiring import Service
from monitor.settings import Settings
from monitor.store import Store, migrate
from probes.kit.observation import Observation
from probes.kit.probe import Probe
from probes.kit.rule import Rule
from probes.kit.vocabulary import State, Strength, Validity
from tests.monitor.engine.virtual import FAKE, NOON, Host, Stage, check, plan, vantage
from tests.monitor.spine import Bus

SITE, AT_HOME = "ovd-info", "at-home"
MOSCOW, BERLIN = vantage("moscow", country="RU"), vantage("berlin", country="DE")
GONE = Host(seconds=0.2, failure="network_unreachable")
BLOCKED = Host(seconds=0.2, failure="connection_reset")


def told(state: State, *, failing: bool) -> Rule[Observation]:
    """Every failure looks like a block, so that nothing but the isolation keeps it from being called one."""
    return Rule(
        id=f"fake.{state}",
        state=state,
        strength=Strength.EXPLICIT,
        because="The story says so.",
        source="this test",
        fits=lambda case: {} if case.facts is not None and (case.facts.details["failure"] is not None) is failing else None,
    )


PROBE: Probe = replace(FAKE, rules=(told(State.BLOCKED, failing=True), told(State.OK, failing=False)))


def watched(name: str, place: VantagePoint) -> Check:
    return Check(
        id=f"{name}-{place.id}",
        organisation="ovd-info",
        target=name,
        probe="fake",
        vantage=place.id,
        country=place.country,
        every=60,
        params={},
    )


CHECKS = {one.id: one for one in (watched(SITE, MOSCOW), watched(AT_HOME, MOSCOW), watched(SITE, BERLIN))}

WATCHLIST = Watchlist(
    version="1",
    monitor=Monitor(vantages=(MOSCOW, BERLIN)),
    organisations=(
        Organisation(
            id="ovd-info",
            name=Words(en="OVD-Info"),
            targets=(Target(id=SITE, url="https://ovd-info.example/"), Target(id=AT_HOME, url="https://at-home.example/")),
        ),
        Organisation(id="memorial", name=Words(en="Memorial")),
    ),
    alerts=Alerts(
        channels=(Channel(id="pager", kind="webhook", discreet=False), Channel(id="others", kind="webhook")),
        routes=(
            Route(id="ours", match=Match(organisations=("ovd-info",), severities=(Severity.PAGE,)), channels=("pager",)),
            Route(id="theirs", match=Match(organisations=("memorial",)), channels=("others",)),
        ),
    ),
)


class House:
    """A prober in a virtual world, and the service that takes what it hands over."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store = store
        self.folder = folder
        self.stage = Stage({"fake": PROBE})
        self.pipeline = Pipeline(
            store=store,
            bus=Bus(),
            clock=self.clock,
            metrics=Metrics(),
            ledger=Ledger(),
            watch=Watch(WATCHLIST, CHECKS, {"fake": PROBE}),
            address="https://watch.example",
            aside=folder / "aside",
        )
        self.pipeline.metrics.configured(WATCHLIST)
        self.start_prober()

    @property
    def clock(self) -> Clock:
        """The service's, which shows what the prober's shows."""
        return Clock.starting(self.stage.clock.now(), speed=0)

    def start_prober(self) -> None:
        planned = [check(one.id, domain=f"{one.target}.example", every=one.every, place=one.vantage) for one in CHECKS.values()]
        self.stage.engine.adopt(plan(planned, MOSCOW, BERLIN))

    async def restart_prober(self) -> None:
        """The prober is killed, and a new one begins in the same world at the same time; the clock goes on."""
        await self.stage.close()
        old = self.stage
        self.stage = Stage({"fake": PROBE})
        self.stage.world = replace(old.world, clock=self.stage.clock)
        self.stage.clock.state["passed"] = old.clock.state["passed"]
        self.stage.engine._lookouts._opener = self.stage.world.open
        self.start_prober()

    async def restart_service(self) -> None:
        """All that the service remembers is what the store does."""
        service = Service(Settings(data_dir=self.folder), self.clock, Place(), self.pipeline.watch, self.store)
        resumed = await service._resumed_pipeline()
        resumed.bus = Bus()
        self.pipeline = resumed

    async def minutes(self, count: float) -> None:
        """Let so much time pass, and hand over every minute."""
        for _ in range(round(count)):
            await self.stage.pass_time(60)
            await self.hand_over()

    async def hand_over(self) -> None:
        handed = [*(Report(one) for one in self.stage.bus.rounds), *self.stage.bus.reports]
        self.stage.bus.rounds.clear()
        self.stage.bus.reports.clear()
        self.pipeline.clock = self.clock
        if handed:
            await self.pipeline.take(handed)
            await self.pipeline.take(handed)  # delivery is at least once

    def cut_off(self, *places: str) -> None:
        """From now on nothing abroad can be reached from these places; OVD-Info's site is abroad."""
        for place in places:
            abroad = ("ovd-info.example", *(f"{place}-abroad-{number}.test" for number in (1, 2)))
            self.stage.world.seen_from.update({(place, name): GONE for name in abroad})

    def connect_again(self) -> None:
        self.stage.world.seen_from.clear()
        self.stage.world.dead_lines.clear()

    async def incidents(self, kind: Kind) -> list[Incident]:
        async with self.store.reading() as reading:
            return await reading.incidents(kind=kind)

    async def isolation(self) -> Incident:
        (incident,) = await self.incidents(Kind.ISOLATION)
        return incident

    async def events(self) -> list[EventKind]:
        async with self.store.reading() as reading:
            return [event.kind for event in await reading.events((await self.isolation()).id)]

    def metric(self, line: str) -> bool:
        return line in self.pipeline.metrics.text().decode().splitlines()


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    url = f"sqlite+aiosqlite:///{tmp_path / 'cutwatch.db'}"
    migrate(url)
    store = await Store.open(url, busy_timeout=0.2)
    house = House(store, tmp_path)
    async with store.writing() as writing:
        await writing.save_checks(house.pipeline.watch.registered)
    yield house
    await house.stage.close()
    await store.close()


OPEN = 'cutwatch_incidents_open{country="RU",kind="isolation",organisation="",provider=""}'


async def test_a_country_that_is_cut_off_is_one_incident_and_no_block_of_anybody(house: House) -> None:
    await house.minutes(5)
    assert house.metric(f"{OPEN} 0.0")
    house.cut_off("moscow")
    await house.minutes(20)
    incident = await house.isolation()
    assert incident.stage is IncidentStage.CONFIRMED
    assert (incident.key.organisation, incident.key.country, incident.vantages) == ("", "RU", ("moscow",))
    assert "2 of 2 domestic and 0 of 2 foreign canaries answer" in incident.because
    assert incident.onset.after is not None
    assert incident.onset.by - incident.onset.after < timedelta(seconds=90)
    assert await house.incidents(Kind.BLOCKING) == []
    assert house.metric(f"{OPEN} 1.0")


async def test_those_who_are_looked_at_from_there_are_woken_and_nobody_else(house: House) -> None:
    house.cut_off("moscow")
    await house.minutes(10)
    async with house.store.reading() as reading:
        messages = [posted.message for posted in await reading.messages((await house.isolation()).id)]
    assert [(one.route, one.channel, one.kind.value) for one in messages] == [("ours", "pager", "alarm")]
    assert messages[0].payload["data"]["severity"] == "page"
    assert messages[0].payload["data"]["title"] == "A network in Russia cut off from the world, act now"


async def test_what_works_inside_still_works_and_what_fails_is_part_of_the_isolation(house: House) -> None:
    house.cut_off("moscow")
    await house.minutes(10)
    async with house.store.reading() as reading:
        states = {one.check: (one.state, one.rule) for one in await reading.current()}
        [look, *_] = await reading.observations(f"{SITE}-moscow", NOON, NOON + timedelta(hours=1), 1)
    assert states[f"{SITE}-moscow"] == (State.UNCLEAR, "instrument.isolated")
    assert states[f"{AT_HOME}-moscow"] == (State.OK, "instrument.isolated_works")
    assert states[f"{SITE}-berlin"] == (State.OK, "fake.ok")
    assert states[sight_id("moscow")] == (State.UNREACHABLE, "canaries.sight.isolated")
    assert look.observation.validity is Validity.ISOLATED


async def test_when_it_is_over_it_ends_within_a_bracket(house: House) -> None:
    house.cut_off("moscow")
    await house.minutes(30)
    house.connect_again()
    await house.minutes(9)
    assert (await house.isolation()).stage is IncidentStage.CONFIRMED
    await house.minutes(5)
    incident = await house.isolation()
    assert await house.events() == [EventKind.OPENED, EventKind.CONFIRMED, EventKind.ENDED]
    assert incident.end is not None
    assert incident.end.after is not None
    assert incident.end.by - incident.end.after < timedelta(seconds=90)
    assert house.metric(f"{OPEN} 0.0")


async def test_a_lost_line_is_no_lost_country(house: House) -> None:
    house.stage.world.dead_lines.add("moscow")
    await house.minutes(30)
    assert await house.incidents(Kind.ISOLATION) == []


async def test_a_passing_trouble_abroad_wakes_nobody(house: House) -> None:
    await house.minutes(2)
    house.cut_off("moscow")
    await house.minutes(2)
    house.connect_again()
    await house.minutes(10)
    assert await house.events() == [EventKind.OPENED, EventKind.RETRACTED]
    async with house.store.reading() as reading:
        assert await reading.messages((await house.isolation()).id) == []


async def test_a_block_from_before_neither_grows_nor_ends_while_the_country_is_cut_off(house: House) -> None:
    house.stage.world.seen_from["moscow", "at-home.example"] = BLOCKED
    await house.minutes(10)
    (before,) = await house.incidents(Kind.BLOCKING)
    assert before.stage is IncidentStage.CONFIRMED
    house.stage.world.seen_from.clear()
    house.cut_off("moscow")
    await house.minutes(40)
    assert await house.incidents(Kind.BLOCKING) == [before]
    house.connect_again()
    await house.minutes(20)
    (after,) = await house.incidents(Kind.BLOCKING)
    assert after.stage is IncidentStage.ENDED


@pytest.mark.parametrize("when", [2, 20], ids=["suspected", "confirmed"])
async def test_prober_and_service_may_begin_anew_at_any_time(house: House, when: int) -> None:
    await house.minutes(2)
    house.cut_off("moscow")
    await house.minutes(when)
    await house.restart_prober()
    await house.restart_service()
    await house.minutes(20)
    assert (await house.isolation()).stage is IncidentStage.CONFIRMED
    house.connect_again()
    await house.minutes(5)
    await house.restart_service()
    await house.restart_prober()
    await house.minutes(12)
    assert await house.events() == [EventKind.OPENED, EventKind.CONFIRMED, EventKind.ENDED]
    assert await house.incidents(Kind.BLOCKING) == []


async def test_a_service_that_was_away_learns_of_it_from_what_the_prober_has_kept(house: House) -> None:
    await house.minutes(1)
    house.cut_off("moscow")
    await house.stage.pass_time(15 * 60)
    house.connect_again()
    await house.stage.pass_time(15 * 60)
    await house.hand_over()
    assert await house.events() == [EventKind.OPENED, EventKind.CONFIRMED, EventKind.ENDED]


async def test_a_shutdown_that_follows_a_false_alarm_is_an_incident_of_its_own(house: House) -> None:
    house.cut_off("moscow")
    await house.minutes(10)
    false_alarm = await house.isolation()
    wrong = retract("our own firewall", "staff")
    await carry_out(house.store, false_alarm.id, wrong, house.clock.now(), WATCHLIST, "https://watch.example")
    await house.pipeline.catch_up()
    house.connect_again()
    await house.minutes(15)
    await house.restart_service()
    house.cut_off("moscow")
    await house.minutes(10)
    stages = {one.id: one.stage for one in await house.incidents(Kind.ISOLATION)}
    assert stages.pop(false_alarm.id) is IncidentStage.RETRACTED
    assert list(stages.values()) == [IncidentStage.CONFIRMED]


async def test_a_place_that_nobody_looks_from_any_more_does_not_keep_its_country_cut_off(house: House) -> None:
    house.cut_off("moscow")
    await house.minutes(10)
    left = WATCHLIST.model_copy(update={"monitor": Monitor(vantages=(BERLIN,))})
    house.pipeline.watch = Watch(left, CHECKS, {"fake": PROBE})
    await house.pipeline.let_go()
    incident = await house.isolation()
    assert incident.stage is IncidentStage.RETRACTED
    async with house.store.reading() as reading:
        assert (await reading.events(incident.id))[-1].change.reason == NOBODY_LOOKS
