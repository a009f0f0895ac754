"""Fixtures of the lab, for `tests/conftest.py` to import."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest

from tests.lab.conditions import Conditions
from tests.lab.sinks import WebhookSink
from tests.lab.topology import Topology
from tests.lab.world import World

StartWorld = Callable[..., Awaitable[World]]


@pytest.fixture
async def start_world() -> AsyncIterator[StartWorld]:
    """Starts loopback worlds: `await start_world(topology, *conditions)`; the first conditions given hold at once.

    The topology is a `Topology`, or a mapping of the same shape as a scenario file's `world`. All worlds end with the test.
    """
    async with AsyncExitStack() as worlds:

        async def start(topology: object, *ahead: object) -> World:
            conditions = [Conditions.model_validate(each) for each in ahead]
            world = await worlds.enter_async_context(World.running(Topology.model_validate(topology), conditions))
            if conditions:
                world.apply(conditions[0])
            return world

        yield start


@pytest.fixture
async def webhook_sink() -> AsyncIterator[WebhookSink]:
    """A receiver of webhooks on loopback."""
    async with WebhookSink.running() as sink:
        yield sink
