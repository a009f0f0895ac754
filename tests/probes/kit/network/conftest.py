"""Every story of the door is told on both loops, in a small world of its own."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import trustme
import uvloop

from tests.probes.kit.network.servers import Lab


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """The loops on which each story is told."""
    return {"asyncio": asyncio.SelectorEventLoop, "uvloop": uvloop.new_event_loop}


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
async def lab(tmp_path: Path, authority: trustme.CA) -> AsyncIterator[Lab]:
    opened = Lab(tmp_path, authority)
    yield opened
    for close in reversed(opened.closing):
        await close()
    await asyncio.sleep(0)
