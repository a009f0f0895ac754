"""A prober and a service as processes that can be killed at any moment. Each writes down what it has done, line by line."""

import asyncio
import os
from pathlib import Path

from monitor.bus.journal import Journal
from monitor.bus.local import LocalProberBus, LocalServiceBus, socket_path
from monitor.clock import Clock
from tests.monitor.bus.making import report

BATCH = 20
WAIT = 0.02


class Diary:
    """Lines that survive their writer."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def note(self, *lines: str) -> None:
        os.write(self._descriptor, "".join(f"{line}\n" for line in lines).encode())


def make_looks(folder: Path) -> None:
    """Submit looks without end."""
    asyncio.run(_make_looks(folder))


async def _make_looks(folder: Path) -> None:
    made = Diary(folder / "made")
    bus = LocalProberBus(socket_path(folder), Journal(folder / "spill"), Clock())
    talking = asyncio.create_task(bus.run())
    number = 0
    while not talking.done():
        number += 1
        look = report(number, page=os.urandom(2000))
        await bus.submit(look)
        made.note(f"{look.observation.id} {look.blobs[0].name}")
        await asyncio.sleep(0.001)


def hand_over_the_rest(folder: Path) -> None:
    """Make no looks, and end when the service has taken all that are left."""
    asyncio.run(_hand_over_the_rest(folder))


async def _hand_over_the_rest(folder: Path) -> None:
    journal = Journal(folder / "spill")
    bus = LocalProberBus(socket_path(folder), journal, Clock())
    talking = asyncio.create_task(bus.run())
    left = await bus.drain(20)
    talking.cancel()
    await asyncio.gather(talking, return_exceptions=True)
    journal.close()
    assert left == 0


def take_looks(folder: Path) -> None:
    """Consume, write down, and only then acknowledge, without end."""
    asyncio.run(_take_looks(folder))


async def _take_looks(folder: Path) -> None:
    taken = Diary(folder / "taken")
    bus = LocalServiceBus(folder)
    await bus.start()
    while True:
        looks = await bus.consume(BATCH, WAIT)
        taken.note(*(f"{look.observation.id} {look.blobs[0].name}" for look in looks))
        await bus.ack([look.observation.id for look in looks])
