"""The DNS probe through the real door: own and public resolvers, certificates, and somebody on the path, over real sockets."""

from functools import partial
from typing import Any

import pytest

from probes.dns import Params, compare, observe
from probes.kit.budgets import Budgets
from probes.kit.discover import discover
from probes.kit.network import Network
from probes.kit.observation import Facts
from probes.kit.rule import Finding
from probes.kit.vocabulary import Depth
from tests.lab.fixtures import StartWorld, start_world
from tests.lab.world import World
from tests.probes.telling import Story, from_control

__all__ = ["start_world"]

NAME = "ovdinfo.org"
OWN = "77.88.8.8"
BUDGETS = Budgets(dns=0.6, tcp=1, tls=1, http=1, look=6)
RELAY = {443: {"passes_on": True}}
WORLD = {
    "vantages": [
        {"id": "home", "name": {"en": "at home"}, "country": "RU", "resolvers": [OWN], "control": ["abroad"]},
        {"id": "abroad", "name": {"en": "abroad"}, "country": "NL", "resolvers": ["149.112.112.112"]},
    ],
    "public_resolvers": [
        {"transport": "udp", "address": "8.8.8.8"},
        {"transport": "dot", "address": "9.9.9.9", "name": "dns.quad9.net"},
    ],
    "hosts": {
        "93.184.216.34": {"names": [NAME], "ports": {443: {"site": "ovd", "certificate": "good"}}},
        "203.0.114.9": {"names": ["www.example.net"]},
        "10.0.0.80": {"ports": RELAY},
        "95.213.10.80": {"ports": {443: {"site": "ovd", "certificate": "wrong_name"}}},
    },
    "sites": {"ovd": [{"page": "front"}]},
    "pages": {"front": {"title": "OVD-Info"}},
}
FORGED_DENIAL = {"answer": "nxdomain", "authoritative": True, "authority": False}
TRUTH_TOO_LATE = [{"answer": "truth", "after": 0.1}]


def says(answer: Any) -> dict[str, Any]:
    """The own resolver says this about the name."""
    return {"dns": {OWN: {NAME: answer}}}


def on_the_path(**answer: Any) -> dict[str, Any]:
    """Somebody on the path says this, whomever is asked over UDP."""
    return {"spoof": {"home": {NAME: answer}}}


@pytest.fixture
def start(start_world: StartWorld) -> Any:
    return partial(start_world, WORLD)


async def judged(world: World, depth: Depth = Depth.LIGHT) -> Finding:
    """What comes of a look from home with one control abroad, as the engine goes about it."""
    params = Params(name=NAME)
    control = (from_control(await looked(world, "abroad", params, Depth.LIGHT)),)
    first = await looked(world, "home", params, depth)
    network = Network(world.door("home", BUDGETS))
    async with network.look(Depth.FULL) as look:
        facts = await compare(params, look, first, control)
    await network.aclose()
    return Story(facts, control).judged_by(discover()["dns"])


async def looked(world: World, vantage: str, params: Params, depth: Depth) -> Facts:
    network = Network(world.door(vantage, BUDGETS))
    async with network.look(depth) as look:
        facts = await observe(params, look)
    await network.aclose()
    return facts


@pytest.mark.parametrize(
    ("conditions", "rule"),
    [
        ({}, "dns.answer.shared"),
        (says(["10.0.0.80"]), "dns.answer.proven"),
        (says(["95.213.10.80"]), "dns.injection.other"),
        (says({"answer": "nxdomain", "ede": [15]}), "dns.resolver.denies"),
        (says({"answer": "truth", "bogus": True}), "dns.dnssec.bogus"),
        (on_the_path(answer=["95.213.10.80"], then=TRUTH_TOO_LATE), "dns.injection.overtaken"),
        ({"dns": {OWN: {NAME: "drop", "*": "drop"}}}, "dns.instrument.resolver_dead"),
        ({"dns": {OWN: {NAME: ["10.10.34.35"], "*": ["10.10.34.35"]}}}, "dns.instrument.captive_portal"),
    ],
)
async def test_what_is_said_of_the_name_is_seen_through(start: Any, conditions: dict[str, Any], rule: str) -> None:
    assert (await judged(await start(conditions))).rule == rule


@pytest.mark.parametrize(
    ("answer", "rule"),
    [
        ({**FORGED_DENIAL, "every": 2}, "dns.denial.forged"),
        ({"answer": ["127.0.0.1"], "to": ["8.8.8.8"]}, "dns.injection.bogon"),
    ],
)
async def test_what_only_some_questions_meet_with_shows_in_a_full_look(start: Any, answer: dict[str, Any], rule: str) -> None:
    assert (await judged(await start(on_the_path(**answer)), Depth.FULL)).rule == rule
