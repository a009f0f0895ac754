"""The same over real sockets: resolvers, handshakes and certificates of the loopback world, and what is done to them."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from monitor.clock import Clock
from monitor.core.watchlist import Canaries
from monitor.engine.canaries import CanaryWatch
from probes.kit.budgets import Budgets
from probes.kit.network import Network
from probes.kit.vocabulary import VantageHealth
from tests.lab.conditions import Conditions
from tests.lab.fixtures import StartWorld
from tests.lab.world import World

HOME = {"home-1.example": "5.255.255.1", "home-2.example": "5.255.255.2"}
ABROAD = {"abroad-1.example": "93.184.216.1", "abroad-2.example": "93.184.216.2"}
RESOLVER = "77.88.8.8"

TOPOLOGY: dict[str, Any] = {
    "vantages": [{"id": "moscow", "name": {"en": "Moscow"}, "country": "RU", "resolvers": [RESOLVER]}],
    "hosts": {
        address: {"names": [name], "ports": {443: {"site": "any", "certificate": "good"}}}
        for name, address in (HOME | ABROAD).items()
    },
    "sites": {"any": [{"page": "front"}]},
    "pages": {"front": {"title": "Hello"}},
}

QUIET: dict[str, Any] = {}
WHITELISTED = {"path": {"moscow": [{"action": "drop", "except": [RESOLVER, *HOME]}]}}
ALL_IS_GONE = {"path": {"moscow": [{"action": "drop"}]}}
RESOLVER_IS_DEAD = {"dns": {RESOLVER: {"*": "drop"}}}
ABROAD_IS_FORGED = {"dns": {RESOLVER: {name: [HOME["home-1.example"]] for name in ABROAD}}}
CONDITIONS = (QUIET, WHITELISTED, ALL_IS_GONE, RESOLVER_IS_DEAD, ABROAD_IS_FORGED)


@pytest.fixture
async def world(start_world: StartWorld) -> World:
    return await start_world(TOPOLOGY, *CONDITIONS)


@pytest.fixture
async def watch(world: World) -> AsyncIterator[CanaryWatch]:
    network = Network(world.door("moscow", Budgets(dns=0.2, tcp=0.2, tls=1, http=1, look=3)))
    canaries = Canaries(domestic=tuple(HOME), foreign=tuple(ABROAD))
    yield CanaryWatch("moscow", canaries, network, Clock(speed=1000))
    await network.aclose()


async def health(watch: CanaryWatch) -> VantageHealth:
    return await watch.after(watch._clock.monotonic())


@pytest.mark.parametrize(
    ("conditions", "expected", "detail"),
    [
        (WHITELISTED, VantageHealth.ISOLATED, "2 of 2 domestic and 0 of 2 foreign canaries answer"),
        (ABROAD_IS_FORGED, VantageHealth.ISOLATED, "2 of 2 domestic and 0 of 2 foreign canaries answer"),
        (ALL_IS_GONE, VantageHealth.OFFLINE, "0 of 2 domestic and 0 of 2 foreign canaries answer"),
        (
            RESOLVER_IS_DEAD,
            VantageHealth.OFFLINE,
            "0 of 2 domestic and 0 of 2 foreign canaries answer; the resolver of this place does not answer; its network works",
        ),
    ],
    ids=["whitelisted", "abroad is forged", "all is gone", "the resolver is dead"],
)
async def test_what_is_done_to_a_place_is_told_apart(
    world: World, watch: CanaryWatch, conditions: dict[str, Any], expected: VantageHealth, detail: str
) -> None:
    assert await health(watch) is VantageHealth.HEALTHY
    world.apply(Conditions.model_validate(conditions))
    assert await health(watch) is expected
    assert watch.report().detail == detail
    world.apply(Conditions())
    assert await health(watch) is VantageHealth.HEALTHY
