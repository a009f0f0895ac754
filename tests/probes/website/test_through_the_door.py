"""The website and DNS probes through the real door, over real sockets on loopback."""

from functools import partial
from typing import Any

import pytest

from probes.kit.budgets import Budgets
from probes.kit.discover import discover
from probes.kit.network import Network
from probes.kit.observation import Facts
from probes.kit.rule import Finding
from tests.lab.fixtures import StartWorld, start_world
from tests.lab.world import World
from tests.probes.telling import Story, from_control

__all__ = ["start_world"]

OVD = "93.184.216.34"
BUDGETS = Budgets(dns=1, tcp=1, tls=1, http=1, look=6)
PORTS = {80: {"site": "to-tls"}, 443: {"site": "ovd", "certificate": "good"}}
WORLD = {
    "vantages": [
        {"id": "home", "name": {"en": "at home"}, "resolvers": ["77.88.8.8"], "control": ["abroad"]},
        {"id": "abroad", "name": {"en": "abroad"}, "resolvers": ["9.9.9.9"]},
    ],
    "hosts": {OVD: {"names": ["ovdinfo.org", "www.ovdinfo.org"], "ports": PORTS}},
    "sites": {
        "to-tls": [{"status": 301, "redirect": "https://ovdinfo.org/ru"}],
        "ovd": [{"host": "www.ovdinfo.org", "status": 302, "redirect": "http://localhost/"}, {"page": "front"}],
        "blocked": [{"page": "denied"}],
    },
    "pages": {"front": {"title": "OVD-Info", "bytes": 9000}, "denied": {"title": "Access Denied", "bytes": 200}},
}


@pytest.fixture
def start(start_world: StartWorld) -> Any:
    return partial(start_world, WORLD)


async def looked(world: World, vantage: str, probe: str, **params: Any) -> Facts:
    network = Network(world.door(vantage, BUDGETS))
    asked = discover()[probe]
    async with network.look() as look:
        facts: Facts = await asked.observe(asked.params(**params), look)
    await network.aclose()
    return facts


async def judged(world: World, probe: str, **params: Any) -> Finding:
    """What comes of a look from home with one control abroad, as the engine goes about it."""
    asked = discover()[probe]
    facts = await looked(world, "home", probe, **params)
    also = {"also_addresses": asked.addresses(facts)} if probe == "website" else {}
    control = (from_control(await looked(world, "abroad", probe, **params, **also)),)
    if asked.compare:
        network = Network(world.door("home", BUDGETS))
        async with network.look() as look:
            facts = await asked.compare(asked.params(**params), look, facts, control)
        await network.aclose()
    return Story(facts, control).judged_by(asked)


async def test_a_redirect_to_tls_ends_at_a_page_that_proves_itself(start: Any) -> None:
    world = await start()

    facts = await looked(world, "home", "website", url="http://ovdinfo.org/")

    assert [(step.hop, step.url, step.status) for step in facts.http] == [
        (0, "http://ovdinfo.org/", 301),
        (1, "https://ovdinfo.org/ru", 200),
    ]
    assert not discover()["website"].wants_control(facts)


async def test_a_redirect_to_this_machine_is_not_followed(start: Any) -> None:
    facts = await looked(await start(), "home", "website", url="https://www.ovdinfo.org/")

    assert len(facts.http) == 1
    assert "localhost" in facts.details["refused_redirect"]


@pytest.mark.parametrize(
    ("conditions", "rule"),
    [
        ({"path": {"home": [{"action": "reset", "sni": "ovdinfo.org"}]}}, "website.tls.reset.sni"),
        ({"path": {"home": [{"action": "close", "sni": "ovdinfo.org"}]}}, "website.tls.reset.sni"),
        ({"path": {"home": [{"action": "drop", "sni": "ovdinfo.org"}]}}, "website.tls.timeout.sni"),
        ({"path": {"home": [{"action": "reset", "to": f"{OVD}:443"}]}}, "website.tls.reset"),
        ({"path": {"home": [{"action": "refuse", "to": OVD}]}}, "website.tcp.refused"),
        ({"dns": {"77.88.8.8": {"ovdinfo.org": ["127.0.0.1"]}}}, "website.dns.injection.bogon"),
        ({"dns": {"77.88.8.8": {"ovdinfo.org": "nxdomain"}}}, "website.dns.injection.nxdomain"),
        ({"dns": {"77.88.8.8": {"ovdinfo.org": "servfail"}}}, "website.dns.servfail"),
        ({"ports": {OVD: {443: {"site": "ovd", "certificate": "expired"}}}}, "website.tls.expired"),
        ({"ports": {OVD: {443: {"site": "ovd", "certificate": "wrong_name"}}}}, "website.control.one"),
    ],
)
async def test_what_stands_between_home_and_the_site_is_named(start: Any, conditions: dict[str, Any], rule: str) -> None:
    world = await start(conditions)

    assert (await judged(world, "website", url="https://ovdinfo.org/")).rule == rule


@pytest.mark.parametrize(
    ("conditions", "rule"),
    [
        ({}, "dns.answer.shared"),
        ({"dns": {"77.88.8.8": {"ovdinfo.org": ["10.10.34.35"]}}}, "dns.injection.bogon"),
        ({"dns": {"77.88.8.8": {"ovdinfo.org": "refused"}}}, "dns.answer.refused"),
        ({"dns": {"77.88.8.8": {"ovdinfo.org": ["203.0.114.7"], "*": ["203.0.114.7"]}}}, "dns.instrument.captive_portal"),
    ],
)
async def test_what_the_own_resolver_says_is_compared(start: Any, conditions: dict[str, Any], rule: str) -> None:
    world = await start(conditions)

    assert (await judged(world, "dns", name="ovdinfo.org")).rule == rule
