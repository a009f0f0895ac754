"""A vantage point asks first whether it can see at all."""

import asyncio
from itertools import groupby, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from monitor.bus import Report
from monitor.bus.frames import decode, encode
from monitor.core.sight import sight_id
from monitor.core.watchlist import Canaries
from monitor.engine.canaries import (
    CanaryWatch,
    Family,
    Round,
    Selection,
    Sighting,
    Sign,
    broken_family,
    health_of,
    observation_of,
)
from monitor.engine.lookouts import Lookout
from probes.kit.budgets import Budgets
from probes.kit.network import Network
from probes.kit.vocabulary import Validity, VantageHealth
from tests.monitor.engine.virtual import NOON, FakeLook, Host, Stage, vantage

DOMESTIC = ("home-1.test", "home-2.test")
FOREIGN = ("abroad-1.test", "abroad-2.test")
DEAD = Host(failure="network_unreachable")


@pytest.mark.parametrize(
    ("domestic", "foreign", "health"),
    [
        ((2, 2), (2, 2), VantageHealth.HEALTHY),
        ((1, 2), (1, 2), VantageHealth.HEALTHY),
        ((0, 2), (0, 2), VantageHealth.OFFLINE),
        ((2, 2), (0, 2), VantageHealth.ISOLATED),
        ((0, 2), (2, 2), VantageHealth.HEALTHY),
        ((0, 0), (1, 3), VantageHealth.OFFLINE),
        ((0, 0), (2, 3), VantageHealth.HEALTHY),
        ((0, 3), (0, 0), VantageHealth.OFFLINE),
        ((0, 0), (0, 0), VantageHealth.UNKNOWN),
    ],
)
def test_what_a_round_says(domestic: tuple[int, int], foreign: tuple[int, int], health: VantageHealth) -> None:
    assert health_of(Round(domestic=domestic, foreign=foreign), quorum=0.5) is health


def watch_of(stage: Stage, *, domestic: tuple[str, ...] = DOMESTIC, foreign: tuple[str, ...] = FOREIGN) -> CanaryWatch:
    return CanaryWatch("moscow", Canaries(domestic=domestic, foreign=foreign), network(stage), stage.clock)


def network(stage: Stage) -> Network:
    return stage.world.open(vantage("moscow"), Budgets())


def rounds(stage: Stage) -> int:
    return sum(name == DOMESTIC[0] for name in stage.world.asked)


async def test_a_round_is_made_at_once_and_then_at_every_beat(stage: Stage) -> None:
    watch = watch_of(stage)
    running = asyncio.create_task(watch.run())
    await stage.clock.advance(1)
    assert (watch.health, rounds(stage)) == (VantageHealth.HEALTHY, 1)
    await stage.clock.advance(150)
    assert rounds(stage) == 3
    running.cancel()


async def test_the_health_changes_when_the_foreign_canaries_fall_silent(stage: Stage) -> None:
    watch = watch_of(stage)
    await stage.until(watch.after(0))
    stage.world.hosts.update(dict.fromkeys(FOREIGN, DEAD))
    assert await stage.until(watch.after(stage.clock.monotonic())) is VantageHealth.ISOLATED
    report = watch.report()
    assert report.since is not None
    assert report.since > NOON
    assert report.detail == "2 of 2 domestic and 0 of 2 foreign canaries answer"


async def test_losing_sight_is_a_warning_and_regaining_it_is_none(stage: Stage) -> None:
    watch = watch_of(stage)
    with capture_logs() as logs:
        await stage.until(watch.after(0))
        stage.world.hosts.update(dict.fromkeys(FOREIGN, DEAD))
        await stage.until(watch.after(stage.clock.monotonic()))
    assert [(one["log_level"], one["health"]) for one in logs] == [("info", "healthy"), ("warning", "isolated")]


async def test_a_certificate_that_does_not_verify_is_no_answer(stage: Stage) -> None:
    stage.world.hosts.update(dict.fromkeys((*DOMESTIC, *FOREIGN), Host(failure="ssl_unknown_authority")))
    assert await stage.until(watch_of(stage).after(0)) is VantageHealth.OFFLINE


async def test_failing_looks_share_a_round_that_began_after_them(stage: Stage) -> None:
    watch = watch_of(stage)
    await stage.until(watch.after(0))
    await stage.clock.advance(30)
    moment = stage.clock.monotonic()
    await stage.until(asyncio.gather(*(watch.after(moment) for _ in range(50))))
    assert rounds(stage) == 2
    await stage.until(watch.after(moment))
    assert rounds(stage) == 2


async def test_a_round_that_began_before_the_look_does_not_do(stage: Stage) -> None:
    watch = watch_of(stage)
    early = asyncio.create_task(watch.after(0))
    await stage.clock.advance(0.05)
    assert rounds(stage) == 1
    await stage.until(watch.after(stage.clock.monotonic()))
    assert rounds(stage) == 2
    await early


async def test_canaries_are_not_asked_more_often_than_every_twelfth_of_their_cadence(stage: Stage) -> None:
    watch = watch_of(stage)
    began = stage.clock.monotonic()
    for _ in range(5):
        await stage.until(watch.after(stage.clock.monotonic()))
    assert stage.clock.monotonic() - began >= 4 * 60 / 12


async def test_a_look_that_is_well_is_not_in_doubt_while_all_is_well(stage: Stage) -> None:
    place = vantage("moscow")
    here = Lookout(place, network(stage), watch_of(stage))
    assert here.is_doubtful(failing=())
    await stage.until(here.canaries.after(0))
    assert not here.is_doubtful(failing=("berlin",))
    assert here.is_doubtful(failing=("moscow",))


async def test_without_canaries_nobody_waits_and_nobody_knows(stage: Stage) -> None:
    watch = watch_of(stage, domestic=(), foreign=())
    await watch.run()
    assert await watch.after(stage.clock.monotonic()) is VantageHealth.UNKNOWN
    assert "no canaries are configured" in watch.report().detail


async def test_a_canary_that_breaks_the_network_is_one_that_does_not_answer(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def crash(*_: object) -> tuple[str, ...]:
        raise RuntimeError("broken")

    monkeypatch.setattr(FakeLook, "resolve", crash)
    assert await stage.until(watch_of(stage).after(0)) is VantageHealth.OFFLINE


async def test_through_a_proxy_names_are_resolved_at_its_far_end(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    async def nobody(*_: object) -> tuple[str, ...]:
        return ()

    monkeypatch.setattr(FakeLook, "resolve", nobody)
    monkeypatch.setattr(FakeLook, "proxied", True)
    assert await stage.until(watch_of(stage).after(0)) is VantageHealth.HEALTHY


async def test_where_the_proxy_itself_is_gone_that_is_what_the_round_says(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody was asked: the canaries may be as well as ever."""
    monkeypatch.setattr(FakeLook, "proxied", True)
    stage.world.proxies_down.add("moscow")
    stage.world.hosts.update(dict.fromkeys((*DOMESTIC, *FOREIGN), DEAD))
    heard = Heard(stage)
    assert await stage.until(heard.watch.after(0)) is VantageHealth.OFFLINE
    made = observation_of(heard.sightings[0], "cutwatch/test")
    assert made.facts is not None
    assert made.facts.details["blind"] is True
    assert made.facts.details["detail"] == "0 of 2 domestic and 0 of 2 foreign canaries answer; the proxy does not work"


BOTH = ("2001:db8::1", "2001:db8::2", "192.0.2.1", "192.0.2.2")


@pytest.fixture
def tried(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every name has addresses of both families, and those of IPv6 lead nowhere. Returns what was shaken hands with."""
    found: list[str] = []
    real = FakeLook.handshake

    async def both(look: FakeLook, name: str) -> tuple[str, ...]:
        return BOTH

    async def handshake(look: FakeLook, address: str, port: int, server_name: str) -> object:
        found.append(address)
        return await real(look, address, port, "dead.test" if ":" in address else server_name)

    stage.world.hosts["dead.test"] = DEAD
    monkeypatch.setattr(FakeLook, "resolve", both)
    monkeypatch.setattr(FakeLook, "handshake", handshake)
    return found


async def test_where_ipv6_leads_nowhere_ipv4_is_enough(stage: Stage, tried: list[str]) -> None:
    assert await stage.until(watch_of(stage).after(0)) is VantageHealth.HEALTHY
    assert set(tried) == {"192.0.2.1"}


async def test_now_and_then_both_families_are_tried_and_one_that_is_broken_is_named(stage: Stage, tried: list[str]) -> None:
    watch = watch_of(stage)
    running = asyncio.create_task(watch.run())
    await stage.clock.advance(70)
    assert set(tried) == {"192.0.2.1", "2001:db8::1"}
    tried.clear()
    await stage.clock.advance(300)
    assert set(tried) == {"192.0.2.1"}
    assert watch.health is VantageHealth.HEALTHY
    assert watch.report().detail == "2 of 2 domestic and 2 of 2 foreign canaries answer; IPv6 does not work here"
    running.cancel()


def both_families(name: str, *, ipv4: bool, ipv6: bool) -> Sign:
    return Sign(name=name, proved=((Family.IPV4, ipv4), (Family.IPV6, ipv6)))


@pytest.mark.parametrize(
    ("signs", "broken"),
    [
        ([both_families("a", ipv4=True, ipv6=False), both_families("b", ipv4=True, ipv6=False)], Family.IPV6),
        ([both_families("a", ipv4=False, ipv6=True), both_families("b", ipv4=False, ipv6=True)], Family.IPV4),
        ([both_families("a", ipv4=True, ipv6=False), both_families("b", ipv4=True, ipv6=True)], None),
        ([both_families("a", ipv4=True, ipv6=False), Sign(name="b", proved=((Family.IPV4, True),))], None),
        ([both_families("a", ipv4=False, ipv6=False), both_families("b", ipv4=False, ipv6=False)], None),
    ],
    ids=["no IPv6", "no IPv4", "one canary without", "too few to tell", "nothing works"],
)
def test_a_family_is_broken_where_several_canaries_live_at_the_other_alone(signs: list[Sign], broken: Family | None) -> None:
    assert broken_family(signs) is broken


async def test_a_dead_resolver_is_called_by_its_name(stage: Stage) -> None:
    """The canaries live on at the addresses at which they were last met."""
    watch = watch_of(stage)
    await stage.until(watch.after(0))
    stage.world.dead_resolvers.add("moscow")
    assert await stage.until(watch.after(stage.clock.monotonic())) is VantageHealth.OFFLINE
    assert watch.report().detail.endswith("; the resolver of this place does not answer; its network works")
    stage.world.dead_lines.add("moscow")
    assert await stage.until(watch.after(stage.clock.monotonic())) is VantageHealth.OFFLINE
    assert "resolver" not in watch.report().detail


async def test_a_resolver_that_was_dead_from_the_start_cannot_be_told_from_a_dead_line(stage: Stage) -> None:
    stage.world.dead_resolvers.add("moscow")
    watch = watch_of(stage)
    assert await stage.until(watch.after(0)) is VantageHealth.OFFLINE
    assert watch.report().detail == "0 of 2 domestic and 0 of 2 foreign canaries answer"


@pytest.mark.parametrize(
    ("remembered", "health"),
    [
        ((0, 2), VantageHealth.OFFLINE),
        ((0, 0), VantageHealth.ISOLATED),
    ],
    ids=["the resolver fails for names abroad", "abroad is gone"],
)
def test_names_abroad_that_do_not_resolve_are_no_isolation_while_their_hosts_answer(
    remembered: tuple[int, int], health: VantageHealth
) -> None:
    seen = Round(domestic=(2, 2), foreign=(0, 2), remembered=remembered)
    assert health_of(seen, quorum=0.5) is health


class Heard:
    """What a watch has handed over."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.sightings: list[Sighting] = []
        self.watch = CanaryWatch("moscow", Canaries(domestic=DOMESTIC, foreign=FOREIGN), network(stage), stage.clock, self.hear)

    async def hear(self, sighting: Sighting) -> None:
        self.sightings.append(sighting)

    @property
    def healths(self) -> list[VantageHealth]:
        return [one.health for one in self.sightings]

    async def watch_for(self, minutes: float) -> list[VantageHealth]:
        """What is handed over within so many minutes."""
        before = len(self.sightings)
        running = asyncio.create_task(self.watch.run())
        await self.stage.clock.advance(minutes * 60)
        running.cancel()
        return self.healths[before:]


async def test_while_all_is_well_rounds_are_handed_over_at_a_slow_pace(stage: Stage) -> None:
    heard = Heard(stage)
    await heard.watch_for(45)
    assert len(await heard.watch_for(60)) in {3, 4}


async def test_an_isolated_place_says_so_with_every_round(stage: Stage) -> None:
    heard = Heard(stage)
    stage.world.hosts.update(dict.fromkeys(FOREIGN, DEAD))
    assert await heard.watch_for(9.9) == [VantageHealth.ISOLATED] * 10


async def test_failing_looks_do_not_multiply_what_is_handed_over(stage: Stage) -> None:
    heard = Heard(stage)
    stage.world.hosts.update(dict.fromkeys(FOREIGN, DEAD))
    for _ in range(24):
        await stage.until(heard.watch.after(stage.clock.monotonic()))
    assert len(heard.sightings) <= 4


async def test_a_change_is_handed_over_with_the_round_before_it(stage: Stage) -> None:
    """Together they bracket what happened, however slow the pace was."""
    heard = Heard(stage)
    await heard.watch_for(100)
    stage.world.hosts.update(dict.fromkeys(FOREIGN, DEAD))
    await stage.until(heard.watch.after(stage.clock.monotonic()))
    before, after = heard.sightings[-2:]
    assert (before.health, after.health) == (VantageHealth.HEALTHY, VantageHealth.ISOLATED)
    assert after.began - before.began < 70


async def test_after_a_recovery_rounds_follow_closely_until_it_is_settled(stage: Stage) -> None:
    heard = Heard(stage)
    stage.world.hosts.update(dict.fromkeys(FOREIGN, DEAD))
    await heard.watch_for(10)
    stage.world.hosts.clear()
    assert (await heard.watch_for(12)).count(VantageHealth.HEALTHY) >= 11


async def test_a_round_that_cannot_be_handed_over_still_tells_those_who_wait(stage: Stage) -> None:
    heard = Heard(stage)

    async def full(sighting: Sighting) -> None:
        raise OSError("no room")

    heard.watch._hear = full
    assert await stage.until(heard.watch.after(0)) is VantageHealth.HEALTHY


async def test_a_round_becomes_an_observation_of_its_place(stage: Stage) -> None:
    heard = Heard(stage)
    stage.world.hosts[FOREIGN[0]] = DEAD
    await stage.until(heard.watch.after(0))
    made = observation_of(heard.sightings[0], "cutwatch/test")
    assert (made.check, made.vantage, made.software) == (sight_id("moscow"), "moscow", "cutwatch/test")
    assert made.validity is Validity.VALID
    assert made.facts is not None
    assert made.facts.details["health"] == "healthy"
    assert made.facts.details["detail"] == "2 of 2 domestic and 1 of 2 foreign canaries answer"
    assert made.facts.details["foreign"] == {
        FOREIGN[0]: {"resolved": True, "proved": {"IPv4": False}},
        FOREIGN[1]: {"resolved": True, "proved": {"IPv4": True}},
    }
    assert decode(encode(Report(made))) == Report(made)


@given(st.lists(st.sampled_from([VantageHealth.HEALTHY, VantageHealth.OFFLINE, VantageHealth.ISOLATED]), min_size=1, max_size=60))
def test_whatever_happens_every_change_is_handed_over_in_order(healths: list[VantageHealth]) -> None:
    selection = Selection()
    rounds = [
        Sighting(vantage="moscow", started_at=NOON, began=30.0 * number, seconds=0.1, health=health, detail="")
        for number, health in enumerate(healths)
    ]
    picked = [one for seen in rounds for one in selection.pick(seen)]
    assert [one.began for one in picked] == sorted({one.began for one in picked})
    assert [health for health, _ in groupby(one.health for one in picked)] == [health for health, _ in groupby(healths)]
    changes = {after.began: before.began for before, after in pairwise(rounds) if before.health is not after.health}
    assert all(before in {one.began for one in picked} for before in changes.values())
