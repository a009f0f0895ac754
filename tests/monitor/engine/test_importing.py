"""Places from which others look: what they saw is handed over as theirs, and silence is never taken for health."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from monitor.core.plan import PlannedCheck
from monitor.core.watchlist import VantagePoint
from monitor.engine.engine import Engine
from probes.imported.services.witness import Wish, Witness, witness_id
from probes.kit.api import Unavailable
from probes.kit.observation import Facts, Observation, Provenance
from probes.kit.vocabulary import Unmeasured, Validity, VantageHealth
from tests.monitor.engine.virtual import FAKE, NOON, Stage, check, plan, vantage

HOUR = 3600
DELAY = timedelta(hours=3)


def witness(wish: Wish, at: datetime, failure: str | None = None, name: str = "m1") -> Witness:
    """A look that somebody else made."""
    return Witness(
        Observation(
            id=witness_id(at, wish.check, name),
            check=wish.check,
            vantage="",
            started_at=at,
            duration=1.0,
            facts=Facts(details={"failure": failure}),
            provenance=Provenance(service="ooni", name=name, attribution="OONI, CC BY-NC-SA 4.0", asn=64500),
            probe_version=0,
            software="theirs",
        )
    )


class FakeSource:
    """A service of this test: `sees` says what it brings, or raises what it fails with."""

    name = "OONI"
    at_once = 1

    def __init__(self, delay: timedelta) -> None:
        self.delay = delay
        self.wishes: list[Wish] = []
        self.sees: Callable[[Wish], tuple[Witness, ...]] = lambda wish: ()
        self.is_closed = False
        self.complaint: str | None = None
        self.thanked: list[str] = []

    def taken(self, check: str) -> None:
        self.thanked.append(check)

    async def look(self, wish: Wish) -> tuple[Witness, ...]:
        self.wishes.append(wish)
        return self.sees(wish)

    def problem(self) -> str | None:
        return self.complaint

    async def aclose(self) -> None:
        self.is_closed = True


class Importing(Stage):
    """A stage whose engine may ask `ooni`, which publishes, and `globalping`, which looks when it is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.ooni = FakeSource(DELAY)
        self.globalping = FakeSource(timedelta(0))
        self.opened: list[str] = []
        self.engine = Engine(
            bus=self.bus,
            probes={"fake": FAKE},
            opener=self.world.open,
            clock=self.clock,
            software="cutwatch/test",
            sources=self.open,
        )

    def open(self, place: VantagePoint) -> Any:
        self.opened.append(place.id)
        return {"ooni": self.ooni, "globalping": self.globalping}[place.kind.value]

    async def hours(self, number: float) -> None:
        """Let hours pass, a tick a minute."""
        for _ in range(int(number * 60)):
            await self.clock.advance(60)
            await self.engine.tick(self.clock.monotonic())
            await self.clock.settle()


@pytest.fixture
async def stage() -> AsyncIterator[Importing]:
    stage = Importing()
    yield stage
    await stage.close()


def imported(**more: Any) -> PlannedCheck:
    return check("memorial", every=HOUR, place="ooni-ru", **more)


def live(**more: Any) -> PlannedCheck:
    return check("memorial", **{"every": HOUR, "place": "volunteers-ru", "volunteers": True, **more})


OONI = vantage("ooni-ru", canaries=False, kind="ooni", country="RU", asn=64500)
GLOBALPING = vantage("volunteers-ru", canaries=False, kind="globalping", country="RU", asn=64500, control=("berlin",))


async def test_what_was_published_is_handed_over_as_it_was_seen_and_whose(stage: Importing) -> None:
    seen_at = NOON - timedelta(hours=2)
    stage.ooni.sees = lambda wish: (witness(wish, seen_at),)
    stage.engine.adopt(plan([imported()], OONI))
    await stage.hours(0.2)
    (seen,) = [one for one in stage.bus.of("memorial") if one.facts]
    assert (seen.vantage, seen.country, seen.started_at) == ("ooni-ru", "RU", seen_at)
    assert (seen.probe_version, seen.software, seen.validity) == (FAKE.version, "cutwatch/test", Validity.VALID)
    assert seen.provenance is not None
    assert seen.provenance.attribution == "OONI, CC BY-NC-SA 4.0"
    assert set(stage.ooni.thanked) == {"memorial"}


async def test_the_next_question_goes_on_from_the_newest_that_is_known(stage: Importing) -> None:
    seen_at = NOON - timedelta(hours=2)
    stage.ooni.sees = lambda wish: (witness(wish, seen_at),) if len(stage.ooni.wishes) == 1 else ()
    stage.engine.adopt(plan([imported()], OONI))
    await stage.hours(2.5)
    first, *others = stage.ooni.wishes
    assert (first.newest, first.country, first.asn, first.host) == (None, "RU", 64500, "memorial.example")
    assert {one.newest for one in others} == {seen_at}


async def test_after_a_restart_the_plan_says_what_is_known(stage: Importing) -> None:
    stage.engine.adopt(plan([imported(last_run=NOON - timedelta(hours=5))], OONI))
    await stage.hours(0.2)
    assert [one.newest for one in stage.ooni.wishes] == [NOON - timedelta(hours=5)]


async def test_that_nobody_looked_is_recorded_once_for_each_time_and_only_once_it_is_certain(stage: Importing) -> None:
    stage.engine.adopt(plan([imported(last_run=NOON)], OONI))
    await stage.hours(4)
    assert stage.bus.of("memorial") == []
    await stage.hours(8)
    gaps = stage.bus.of("memorial")
    assert {(one.facts, one.unmeasured, one.validity) for one in gaps} == {(None, Unmeasured.OFFLINE, Validity.INVALID)}
    assert sum(one.missed for one in gaps) in {7, 8}
    assert len({one.started_at for one in gaps}) == len(gaps)
    assert all(one.started_at <= NOON + timedelta(hours=12) - DELAY for one in gaps)


async def test_a_time_of_which_something_is_known_is_no_gap(stage: Importing) -> None:
    stage.ooni.sees = lambda wish: (witness(wish, wish.now - timedelta(hours=1), name=f"{wish.now}"),)
    stage.engine.adopt(plan([imported(last_run=NOON)], OONI))
    await stage.hours(12)
    assert all(one.facts for one in stage.bus.of("memorial"))


async def test_what_is_published_late_comes_after_the_gaps_that_are_known(stage: Importing) -> None:
    """So that what was seen, and not the gap, says where the check stands."""
    stage.engine.adopt(plan([imported(last_run=NOON)], OONI))
    await stage.hours(8)
    late = NOON + timedelta(hours=8) - DELAY + timedelta(minutes=1)
    stage.ooni.sees = lambda wish: (witness(wish, late),)
    await stage.hours(1.1)
    gaps = [one.started_at for one in stage.bus.of("memorial") if one.facts is None]
    assert gaps
    assert max(gaps) < late


async def test_a_service_that_is_out_of_reach_is_neither_well_nor_down(stage: Importing) -> None:
    def fail(wish: Wish) -> tuple[Witness, ...]:
        raise Unavailable("it cannot be reached (ConnectError)")

    stage.ooni.sees = fail
    stage.engine.adopt(plan([imported()], OONI))
    await stage.hours(0.2)
    (gap,) = stage.bus.of("memorial")
    assert (gap.facts, gap.unmeasured, gap.validity) == (None, Unmeasured.OFFLINE, Validity.INVALID)
    await stage.engine.beat()
    (beat,) = stage.bus.beats
    assert [one.health for one in beat.vantages] == [VantageHealth.OFFLINE]
    assert beat.problems == ("ooni-ru: OONI cannot be asked: it cannot be reached (ConnectError)",)
    stage.ooni.sees = lambda wish: ()
    await stage.hours(1.1)
    await stage.engine.beat()
    assert [one.health for one in stage.bus.beats[-1].vantages] == [VantageHealth.HEALTHY]
    assert stage.bus.beats[-1].problems == ()


async def test_a_service_s_limits_are_told_in_the_heartbeat(stage: Importing) -> None:
    stage.globalping.complaint = "Globalping: 19 of 250 tests are left this hour"
    stage.engine.adopt(plan([live()], GLOBALPING))
    await stage.engine.beat()
    assert stage.bus.beats[0].problems == ("Globalping: 19 of 250 tests are left this hour",)


async def test_a_client_that_crashes_is_no_finding(stage: Importing) -> None:
    def crash(wish: Wish) -> tuple[Witness, ...]:
        raise ZeroDivisionError

    stage.globalping.sees = crash
    stage.engine.adopt(plan([live()], GLOBALPING))
    await stage.hours(0.2)
    assert [one.unmeasured for one in stage.bus.of("memorial")] == [Unmeasured.CRASHED]


async def test_a_client_that_crashed_is_asked_again(stage: Importing) -> None:
    def crash(wish: Wish) -> tuple[Witness, ...]:
        raise ZeroDivisionError

    stage.ooni.sees = crash
    stage.engine.adopt(plan([imported()], OONI))
    await stage.hours(0.2)
    stage.ooni.sees = lambda wish: (witness(wish, NOON),)
    await stage.hours(1.1)
    assert [one.started_at for one in stage.bus.of("memorial") if one.facts] == [NOON]


async def test_volunteers_look_when_they_are_asked(stage: Importing) -> None:
    stage.globalping.sees = lambda wish: (witness(wish, wish.now),)
    stage.engine.adopt(plan([live()], GLOBALPING, vantage("berlin")))
    await stage.hours(3.5)
    looks = stage.bus.of("memorial")
    assert len(looks) == len(stage.globalping.wishes) in {3, 4, 5}
    assert all(one.facts and not one.control for one in looks)


async def test_what_fails_there_is_compared_with_our_own_places(stage: Importing) -> None:
    stage.globalping.sees = lambda wish: (witness(wish, wish.now, failure="connection_reset"),)
    stage.engine.adopt(plan([live()], GLOBALPING, vantage("berlin")))
    await stage.hours(0.2)
    (look,) = stage.bus.of("memorial")
    assert [(one.vantage, one.validity) for one in look.control] == [("berlin", Validity.VALID)]
    assert any(blob.data == b"berlin saw memorial.example" for blob in stage.bus.reports[-1].blobs)


async def test_a_look_over_which_our_own_probe_stumbles_is_accounted_for(stage: Importing) -> None:
    stage.globalping.sees = lambda wish: (without_details(witness(wish, wish.now)),)
    stage.engine.adopt(plan([live()], GLOBALPING, vantage("berlin")))
    await stage.hours(0.2)
    (look,) = stage.bus.of("memorial")
    assert (look.facts, look.unmeasured) == (None, Unmeasured.CRASHED)


def without_details(one: Witness) -> Witness:
    """Facts of which the probe of these tests can make nothing."""
    return replace(one, observation=replace(one.observation, facts=Facts()))


async def test_a_control_that_cannot_see_does_not_count_there_either(stage: Importing) -> None:
    stage.world.dead_lines.add("berlin")
    stage.globalping.sees = lambda wish: (witness(wish, wish.now, failure="connection_reset"),)
    stage.engine.adopt(plan([live()], GLOBALPING, vantage("berlin")))
    await stage.hours(0.3)
    (look,) = stage.bus.of("memorial")
    assert [(one.vantage, one.validity) for one in look.control] == [("berlin", Validity.INVALID)]


async def test_where_there_is_no_volunteer_the_period_is_unmeasured(stage: Importing) -> None:
    stage.engine.adopt(plan([live()], GLOBALPING))
    await stage.hours(0.2)
    (look,) = stage.bus.of("memorial")
    assert (look.facts, look.unmeasured) == (None, Unmeasured.OFFLINE)
    assert NOON <= look.started_at < NOON + timedelta(minutes=12)


async def test_no_volunteer_is_asked_for_what_was_not_switched_on(stage: Importing) -> None:
    stage.engine.adopt(plan([live(volunteers=False)], GLOBALPING))
    await stage.hours(2)
    assert stage.globalping.wishes == []
    assert stage.bus.observations == []


async def test_what_others_look_at_is_not_hurried(stage: Importing) -> None:
    stage.engine.adopt(plan([live(last_run=NOON)], GLOBALPING))
    stage.engine._relooks.want("memorial", 0)
    await stage.pass_time(5)
    assert stage.globalping.wishes == []


async def test_places_of_one_service_share_its_client_and_a_changed_plan_closes_it(stage: Importing) -> None:
    other = vantage("ooni-ru-mobile", canaries=False, kind="ooni", country="RU", asn=64501)
    stage.engine.adopt(plan([imported()], OONI, other))
    await stage.hours(0.1)
    assert stage.opened == ["ooni-ru"]
    stage.engine.adopt(plan([]))
    await stage.clock.settle()
    assert stage.ooni.is_closed


async def test_paused_nobody_is_asked(stage: Importing) -> None:
    stage.engine.adopt(plan([imported()], OONI, paused=True))
    await stage.hours(2)
    assert stage.ooni.wishes == []


async def test_a_place_whose_service_cannot_be_opened_says_so(stage: Importing) -> None:
    def refuse(place: VantagePoint) -> Any:
        raise ValueError("write https://")

    stage.engine = Engine(
        bus=stage.bus, probes={"fake": FAKE}, opener=stage.world.open, clock=stage.clock, software="x", sources=refuse
    )
    stage.engine.adopt(plan([imported()], OONI))
    await stage.hours(3.1)
    assert {one.unmeasured for one in stage.bus.of("memorial")} == {Unmeasured.OFFLINE}
    await stage.engine.beat()
    assert stage.bus.beats[0].problems == ("ooni-ru: this vantage point cannot be used: write https://",)
