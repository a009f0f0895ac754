"""A vantage point asks first whether it can see at all."""

import asyncio

import pytest

from monitor.core.watchlist import Canaries
from monitor.engine.canaries import CanaryWatch, Round, health_of
from monitor.engine.lookouts import Lookout
from probes.kit.budgets import Budgets
from probes.kit.network import Network
from probes.kit.vocabulary import VantageHealth
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


async def test_where_ipv6_leads_nowhere_ipv4_is_enough(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []

    async def both(look: FakeLook, name: str) -> tuple[str, ...]:
        return ("2001:db8::1", "2001:db8::2", "192.0.2.1", "192.0.2.2")

    real = FakeLook.handshake

    async def handshake(look: FakeLook, address: str, port: int, server_name: str) -> object:
        tried.append(address)
        return await real(look, address, port, "dead.test" if ":" in address else server_name)

    stage.world.hosts["dead.test"] = DEAD
    monkeypatch.setattr(FakeLook, "resolve", both)
    monkeypatch.setattr(FakeLook, "handshake", handshake)
    assert await stage.until(watch_of(stage).after(0)) is VantageHealth.HEALTHY
    assert set(tried) == {"192.0.2.1"}
