"""The stories: each breaks something in a running service, waits until all is well again, and counts."""

import asyncio
import random
import sqlite3
import sys
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import httpx2

from tests.faults.house import House, furnish
from tests.faults.receiving import Account, account
from tests.lab.demonstration import running_service
from tests.lab.sinks import WebhookSink, answering

HOUR: Final = timedelta(hours=1)

Progress = Callable[[str], None]


def _silent(_: str) -> None:
    """Say nothing."""


@asynccontextmanager
async def a_house(folder: Path, targets: int, *, speed: float = 1.0) -> AsyncIterator[tuple[House, WebhookSink]]:
    """A furnished house and the receiver of its messages."""
    async with WebhookSink.running() as sink:
        yield furnish(folder, targets, sink.url, speed=speed), sink


async def until(condition: Callable[[], bool], within: float, what: str) -> None:
    """Wait for a condition. Raises TimeoutError, with `what` was waited for, after `within` real seconds."""
    try:
        async with asyncio.timeout(within):
            while not condition():
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise TimeoutError(f"{what} did not come to pass within {within:g} seconds") from None


def stages(house: House, stage: str) -> int:
    """How many incidents of targets are in this stage."""
    return house.count(f"select count(*) from incident where stage = '{stage}' and target != ''")


def settled(house: House) -> bool:
    """Whether nothing is owed any more."""
    return house.count("select count(*) from message where state in ('pending', 'sealed')") == 0


async def an_overburdened_receiver(
    folder: Path, *, targets: int, outage: float, speed: float, say: Progress = _silent
) -> Account:
    """The receiver answers 503 for `outage` seconds of the clock, while every target is cut off and half of them come back."""
    async with a_house(folder, targets, speed=speed) as (house, sink), running_service(house.environment):
        sink.otherwise = answering(503)
        looks = house.cut_off(range(targets), house.clock.now() - 4 * HOUR)
        await until(lambda: stages(house, "confirmed") == targets, 90, f"{targets} incidents")
        say(f"{looks} looks, {targets} incidents confirmed while the receiver answers 503")
        house.come_back(range(0, targets, 2), house.clock.now() - 3 * HOUR)
        await until(lambda: stages(house, "ended") == (targets + 1) // 2, 90, "half of them over")
        await house.clock.sleep(outage)
        sink.otherwise = answering(204)
        say(f"the receiver is well again after {len(sink.requests)} requests")
        house.come_back(range(1, targets, 2), house.clock.now() - 3 * HOUR)
        await until(lambda: stages(house, "ended") == targets, 90, "all of them over")
        await until(lambda: settled(house), 60 + 120 / speed, "an empty outbox")
        return account(house, sink.accepted)


async def killed_again_and_again(
    folder: Path, *, targets: int, kills: int, seed: int = 20211225, say: Progress = _silent
) -> Account:
    """`kill -9` at random instants while targets are cut off and come back; then the service may run in peace."""
    moments = random.Random(seed)
    async with a_house(folder, targets) as (house, sink):
        began = house.clock.now() - 4 * HOUR
        for number in range(kills):
            _go_on(house, number, kills, began)
            await _die(house, moments)
            if number % 10 == 9:
                say(f"{number + 1} kills, {len(sink.accepted)} requests accepted")
        async with running_service(house.environment):
            await until(lambda: stages(house, "confirmed") + stages(house, "ended") == targets, 120, "all incidents")
            house.come_back(_standing(house), began + HOUR)
            await until(lambda: stages(house, "ended") == targets, 120, "the right final state")
            await until(lambda: settled(house), 120, "an empty outbox")
        return account(house, sink.accepted)


def _go_on(house: House, number: int, kills: int, began: datetime) -> None:
    """Let the storm rage on: with every kill a few more targets are cut off, and half of those that stand open come back."""
    house.cut_off(range(number * house.targets // kills, (number + 1) * house.targets // kills), began)
    standing = _standing(house)
    house.come_back(standing[: (len(standing) + 1) // 2], began + HOUR)


def _standing(house: House) -> list[int]:
    """The targets whose incident is confirmed and not over."""
    found = house.rows("select target from incident where stage = 'confirmed' and target != '' order by id")
    return [int(target.removeprefix("site-")) for (target,) in found]


async def _die(house: House, moments: random.Random) -> None:
    """Kill the service at a random instant: one time in ten while it starts, else once it has begun to work.

    Its prober, which needs some seconds to notice, is still there when the next service starts, as in life.
    """
    command = (sys.executable, "-m", "monitor", "run")
    service = await asyncio.create_subprocess_exec(*command, stdout=DEVNULL, env=house.environment, start_new_session=True)
    try:
        if moments.random() > 0.1:
            await _answering(house)
        await asyncio.sleep(moments.uniform(0.0, 2.0))
    finally:
        with suppress(ProcessLookupError):
            service.kill()
        await service.wait()


async def a_locked_database(folder: Path, *, targets: int, held: float, say: Progress = _silent) -> tuple[int, int, bool]:
    """Another program holds the database for `held` seconds while looks come in. How many came, how many are stored, and
    whether the service said aloud that it cannot write."""
    async with a_house(folder, targets) as (house, _), running_service(house.environment):
        await _answering(house)
        aloud = False
        with closing(sqlite3.connect(house.data / "cutwatch.db", isolation_level=None)) as database:
            database.execute("BEGIN IMMEDIATE")
            looks = house.cut_off(range(targets), house.clock.now() - 4 * HOUR)
            say(f"{looks} looks come in while another program holds the database")
            loop = asyncio.get_running_loop()
            ends = loop.time() + held
            while loop.time() < ends:
                aloud = aloud or await _says_that_it_cannot_write(house)
                await asyncio.sleep(0.5)
            database.execute("ROLLBACK")
        await until(lambda: house.count("select count(*) from observation") >= looks, 60, "all looks stored")
        await until(lambda: stages(house, "confirmed") == targets, 60, "the incidents")
        return looks, house.count("select count(*) from observation"), aloud


async def a_full_disk(data: Path, folder: Path, *, targets: int, say: Progress = _silent) -> tuple[int, int, bool]:
    """The disk under `data` is filled to the brim, looks wait, and later there is room again. What is counted: as above."""
    async with a_house(folder, targets) as (house, _):
        house.environment["CUTWATCH_DATABASE_URL"] = f"sqlite+aiosqlite:///{data / 'cutwatch.db'}"
        async with running_service(house.environment):
            await _answering(house)
            filler = data / "filler"
            _fill(filler)
            looks = house.cut_off(range(targets), house.clock.now() - 4 * HOUR)
            say(f"{looks} looks come in while the disk is full")
            aloud = await _eventually(lambda: _says_that_it_cannot_write(house), within=30)
            filler.unlink()
            await until(lambda: _stored(data) >= looks, 60, "all looks stored")
            return looks, _stored(data), aloud


def _stored(data: Path) -> int:
    try:
        with closing(sqlite3.connect(f"file:{data}/cutwatch.db?mode=ro", uri=True)) as database:
            (number,) = database.execute("select count(*) from observation").fetchone()
    except sqlite3.OperationalError:
        return 0
    return int(number)


def _fill(filler: Path) -> None:
    """Write until nothing more fits."""
    with suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))


async def _eventually(condition: Callable[[], Awaitable[bool]], within: float) -> bool:
    try:
        async with asyncio.timeout(within):
            while not await condition():
                await asyncio.sleep(0.3)
    except TimeoutError:
        return False
    return True


async def _answering(house: House) -> None:
    assert await _eventually(lambda: _is_answering(house), within=30)


async def _is_answering(house: House) -> bool:
    answer = await _asked(f"{house.address}/healthz")
    return answer is not None and answer.is_success


async def _says_that_it_cannot_write(house: House) -> bool:
    """Whether `/readyz` says so, to whoever asks on this machine."""
    answer = await _asked(f"{house.address}/readyz")
    return answer is not None and answer.status_code == 503 and "the database cannot be used" in answer.text


async def _asked(address: str) -> httpx2.Response | None:
    try:
        async with httpx2.AsyncClient(trust_env=False, timeout=10) as client:
            return await client.get(address)
    except httpx2.TransportError:
        return None
