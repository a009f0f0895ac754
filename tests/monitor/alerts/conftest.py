"""A real store, a clock that stands still until it is moved, and a receiver."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from monitor.store import Store, migrate
from tests.lab.sinks import WebhookSink
from tests.monitor.alerts.stage import MovedClock


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    url = f"sqlite+aiosqlite:///{tmp_path / 'cutwatch.db'}"
    await asyncio.to_thread(migrate, url)
    opened = await Store.open(url)
    yield opened
    await opened.close()


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
async def sink() -> AsyncIterator[WebhookSink]:
    async with WebhookSink.running() as running:
        yield running
