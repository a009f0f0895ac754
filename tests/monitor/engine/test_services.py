"""From a service on loopback through the whole prober to a verdict that cites it."""

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.clock import Clock
from monitor.core.plan import Check, Plan, PlannedCheck
from monitor.core.verdict import judge
from monitor.core.watchlist import Canaries, Limits, VantagePoint
from monitor.engine.engine import Engine
from monitor.engine.services import Services
from monitor.settings import MissingSecret, Settings
from probes.imported.services.globalping import Globalping
from probes.imported.services.ooni import Ooni
from probes.kit.discover import discover
from probes.kit.observation import Observation
from probes.kit.vocabulary import State, Unmeasured
from tests.lab.services import GlobalpingStandIn, OoniStandIn, Published, failed, names, page
from tests.monitor.engine.virtual import MemoryBus

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOST = "ovd-info.example"
FAST = 60.0


def place(kind: str, url: str | None, **more: Any) -> VantagePoint:
    service = {key: more.pop(key) for key in ("token", "limit") if key in more}
    given = {"id": "others", "name": {"en": "Others"}, "kind": kind, "country": "RU", "asn": 64500, **more}
    return VantagePoint.model_validate({**given, "service": {"url": url, **service}})


def services(clock: Clock | None = None, **settings: Any) -> Services:
    return Services(Settings(**settings), clock or Clock(), "cutwatch/test")


async def imported(vantage: VantagePoint, checks: Iterable[PlannedCheck], enough: int) -> list[Observation]:
    """What an engine that runs in fast time hands over, once there is enough of it."""
    clock, bus = Clock.starting(NOON, FAST), MemoryBus()

    def no_network(*_: Any) -> Any:
        raise AssertionError("nobody looks from here")

    engine = Engine(
        bus=bus, probes=discover(), opener=no_network, clock=clock, software="cutwatch/test", sources=services(clock).open
    )
    engine.adopt(Plan(version="1", checks=tuple(checks), vantages=(vantage,), canaries=Canaries(), limits=Limits()))
    try:
        async with asyncio.timeout(20):
            while len(bus.observations) < enough:
                await engine.tick(clock.monotonic())
                await asyncio.sleep(0.01)
    finally:
        await engine.finish(0)
    return bus.observations


def check(probe: str) -> PlannedCheck:
    params = {"url": f"https://{HOST}/"} if probe == "website" else {"name": HOST}
    return PlannedCheck(id=f"{probe}-check", probe=probe, vantage="others", every=3600, params=params, volunteers=True)


def verdict_on(seen: Observation, probe: str) -> Any:
    whole = Check(
        id=seen.check,
        organisation="ovd-info",
        target="site",
        probe=probe,
        vantage=seen.vantage,
        country=seen.country,
        every=3600,
        params={},
    )
    return judge(discover()[probe], whole, seen)


async def test_what_volunteers_published_becomes_verdicts_that_can_be_cited() -> None:
    service = OoniStandIn(
        [
            Published(at=NOON - timedelta(hours=3), host=HOST),
            Published(at=NOON - timedelta(hours=2), host=HOST, failure="connection_reset"),
            Published(at=NOON - timedelta(hours=1), host=HOST, failure="connection_reset"),
            Published(at=NOON - timedelta(hours=1), host=HOST, asn=64999),
        ]
    )
    async with service.open():
        seen = await imported(place("ooni", service.url), [check("website")], 3)
    assert [one.started_at.hour for one in seen] == [9, 10, 11]
    assert {(one.check, one.vantage, one.country) for one in seen} == {("website-check", "others", "RU")}
    assert all(one.provenance and one.provenance.asn == 64500 for one in seen)
    well, *cut = [verdict_on(one, "website").state for one in seen]
    assert well is State.OK
    assert set(cut) <= {State.UNREACHABLE, State.BLOCKED}


async def test_volunteers_who_are_asked_see_the_page_and_the_name() -> None:
    service = GlobalpingStandIn(lambda _, request: page() if request["type"] == "http" else names("198.51.100.7"))
    async with service.open():
        seen = await imported(place("globalping", service.url), [check("website"), check("dns")], 2)
    (website,) = [one for one in seen if one.check == "website-check"]
    assert verdict_on(website, "website").state is State.OK


async def test_a_failure_that_is_not_the_target_s_is_unmeasured() -> None:
    service = GlobalpingStandIn(lambda *_: failed("Test failed. Please try again.", "internal"))
    async with service.open():
        (seen,) = await imported(place("globalping", service.url), [check("website")], 1)
    assert seen.unmeasured is Unmeasured.OFFLINE
    assert verdict_on(seen, "website").state is State.UNMEASURED


async def test_a_service_that_is_not_there_is_unmeasured() -> None:
    (seen,) = await imported(place("ooni", "http://127.0.0.1:1"), [check("website")], 1)
    assert seen.unmeasured is Unmeasured.OFFLINE
    assert verdict_on(seen, "website").state is State.UNMEASURED


async def test_a_token_is_a_secret_and_goes_to_the_service_only(monkeypatch: pytest.MonkeyPatch) -> None:
    service = GlobalpingStandIn(lambda *_: page())
    wanted = place("globalping", service.url or "http://127.0.0.1:1", token="CUTWATCH_GLOBALPING")
    with pytest.raises(MissingSecret, match="CUTWATCH_GLOBALPING"):
        services().open(wanted)
    monkeypatch.setenv("CUTWATCH_GLOBALPING", "a-secret")
    async with service.open():
        await imported(place("globalping", service.url, token="CUTWATCH_GLOBALPING"), [check("website")], 1)
    assert {one.headers["authorization"] for one in service.requests} == {"Bearer a-secret"}


async def test_the_public_services_are_the_default_except_in_the_lab(tmp_path: Path) -> None:
    for kind, client in (("ooni", Ooni), ("globalping", Globalping)):
        source = services().open(place(kind, None))
        assert isinstance(source, client)
        await source.aclose()
        with pytest.raises(ValueError, match="in the lab"):
            services(lab_world=tmp_path / "world.json").open(place(kind, None))


def test_nobody_looks_for_us_from_a_place_of_our_own() -> None:
    with pytest.raises(ValueError, match="nobody else looks"):
        services().open(place("direct", "http://127.0.0.1:1"))
