"""The bus over a Unix socket keeps the contract, and minds who may connect and how much it holds."""

import asyncio
import contextlib
import os
import socket
import struct
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import uvloop

from monitor.bus import Report
from monitor.bus.blobs import LIFETIME, WORTH
from monitor.bus.frames import Wish, encode
from monitor.bus.journal import Journal
from monitor.bus.local import INBOX_LOOKS, PATH_CAP, LocalProberBus, LocalServiceBus, SocketUnusable, socket_path
from monitor.clock import Clock
from probes.kit.observation import Blob
from probes.kit.vocabulary import Unmeasured
from tests.monitor.bus.contract import WAIT, BusContract, acknowledge, beat, consumed
from tests.monitor.bus.making import DEADLINE, numbers, plan, report, until


class LocalEnds:
    """Both ends of a local bus in one process."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self.folder = folder
        self.clock = clock

    async def start(self) -> None:
        await self.start_service()
        await self.start_prober()

    async def start_service(self) -> None:
        self.service = LocalServiceBus(self.folder)
        await self.service.start()

    async def start_prober(self) -> None:
        self.journal = Journal(self.folder / "spill")
        self.prober = LocalProberBus(socket_path(self.folder), self.journal, self.clock)
        self.talking = asyncio.create_task(self.prober.run())
        await until(self.is_connected, "the prober is connected")

    def is_connected(self) -> bool:
        return self.prober.cut_off(self.clock.monotonic()) == 0

    async def stop_prober(self) -> None:
        self.talking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self.talking
        self.journal.close()

    async def restart_prober(self) -> None:
        await self.stop_prober()
        await until(lambda: self.service._conversation is None, "the service has noticed")
        await self.start_prober()

    async def restart_service(self) -> None:
        await self.service.close()
        await self.start_service()
        await until(lambda: self.service._conversation is not None, "the prober has reconnected")

    async def stop(self) -> None:
        await self.stop_prober()
        await self.service.close()


class Later(Clock):
    """A clock that can be moved ahead."""

    ahead = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + type(self).ahead


@pytest.fixture
async def ends(tmp_path: Path) -> AsyncIterator[LocalEnds]:
    ends = LocalEnds(tmp_path, Clock())
    await ends.start()
    yield ends
    await ends.stop()


class TestLocalBus(BusContract):
    pass


def test_it_works_on_the_loop_that_we_run(tmp_path: Path) -> None:
    async def one_look() -> list[Report]:
        ends = LocalEnds(tmp_path, Clock())
        await ends.start()
        await ends.prober.submit(report(1))
        taken = await consumed(ends.service, 1)
        await ends.stop()
        return taken

    assert numbers(uvloop.run(one_look())) == [1]


async def test_only_this_user_can_reach_the_socket(ends: LocalEnds) -> None:
    assert socket_path(ends.folder).stat().st_mode & 0o777 == 0o600


async def test_the_socket_goes_with_the_service(ends: LocalEnds) -> None:
    await ends.service.close()
    assert not socket_path(ends.folder).exists()


async def test_a_socket_that_a_killed_service_left_is_replaced(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(os.fspath(socket_path(tmp_path)))
    ends = LocalEnds(tmp_path, Clock())
    await ends.start()
    await ends.prober.submit(report(1))
    assert numbers(await consumed(ends.service, 1)) == [1]
    await ends.stop()


async def test_a_second_service_is_refused(ends: LocalEnds) -> None:
    with pytest.raises(SocketUnusable, match="stop that first"):
        await LocalServiceBus(ends.folder).start()


async def test_a_second_prober_is_turned_away_and_the_first_goes_on(ends: LocalEnds) -> None:
    reader, writer = await asyncio.open_unix_connection(socket_path(ends.folder))
    assert await reader.read() == b""
    writer.close()
    await ends.prober.submit(report(1))
    assert numbers(await consumed(ends.service, 1)) == [1]


async def test_a_folder_with_a_long_path_gets_a_short_private_one(tmp_path: Path) -> None:
    deep = tmp_path / ("x" * 100) / ("y" * 100)
    deep.mkdir(parents=True)
    ends = LocalEnds(deep, Clock())
    await ends.start()
    path = socket_path(deep)
    assert len(os.fsencode(path)) <= PATH_CAP
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert path.exists()
    await ends.stop()
    path.parent.rmdir()


def test_a_short_folder_that_others_may_use_is_refused(tmp_path: Path) -> None:
    deep = tmp_path / ("x" * 150)
    private = socket_path(deep).parent
    try:
        private.chmod(0o755)
        with pytest.raises(SocketUnusable, match="not ours alone"):
            socket_path(deep)
    finally:
        private.rmdir()


async def test_noise_is_hung_up_on_and_the_prober_can_connect_again(ends: LocalEnds) -> None:
    await ends.stop_prober()
    await until(lambda: ends.service._conversation is None, "the service has noticed")
    reader, writer = await asyncio.open_unix_connection(socket_path(ends.folder))
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert await reader.read() == b""
    writer.close()
    await ends.start_prober()
    await ends.prober.submit(report(1))
    assert numbers(await consumed(ends.service, 1)) == [1]


async def test_what_only_the_service_may_say_changes_nothing(ends: LocalEnds) -> None:
    await ends.stop_prober()
    await until(lambda: ends.service._conversation is None, "the service has noticed")
    _, writer = await asyncio.open_unix_connection(socket_path(ends.folder))
    writer.write(encode(Wish("ovd-info")) + encode(plan("x")) + struct.pack(">BII", 1, 2, 0) + b"{}" + encode(beat(0.4)))
    await until(lambda: ends.service.heartbeat == beat(0.4), "what comes after it is heard")
    writer.close()
    await ends.start_prober()
    assert await ends.service.consume(1, 0) == []


async def test_a_restarted_prober_is_not_told_of_a_gap_that_is_recorded_already(ends: LocalEnds) -> None:
    look = report(0).observation
    gap = replace(look, id="gap", facts=None, unmeasured=Unmeasured.LATE, missed=4, duration=1200.0)
    await ends.service.publish(plan("ovd-info"))
    await ends.prober.submit(Report(gap))
    await ends.prober.submit(Report(replace(look, id="late", started_at=look.started_at - timedelta(hours=1))))
    await consumed(ends.service, 2)
    await ends.restart_prober()
    arrived = await anext(ends.prober.plans())
    assert arrived.checks[0].last_run == look.started_at + timedelta(seconds=900)


async def test_the_service_reads_no_further_than_it_can_process(ends: LocalEnds) -> None:
    await ends.stop_prober()
    await until(lambda: ends.service._conversation is None, "the service has noticed")
    _, writer = await asyncio.open_unix_connection(socket_path(ends.folder))
    flood = b"".join(encode(report(number)) for number in range(3 * INBOX_LOOKS))
    writer.write(flood)
    await until(lambda: len(ends.service._inbox._reports) == INBOX_LOOKS, "the inbox is full")
    taken = await consumed(ends.service, 3 * INBOX_LOOKS)
    assert numbers(taken) == list(range(3 * INBOX_LOOKS))
    writer.close()
    await ends.start_prober()


async def test_a_page_that_does_not_change_travels_once_a_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ends = LocalEnds(tmp_path, Later())
    await ends.start()
    page = bytes(WORTH)

    async def arrived(number: int) -> tuple[Blob, ...]:
        await ends.prober.submit(report(number, page=page))
        (taken,) = await consumed(ends.service, 1)
        await acknowledge(ends.service, [taken])
        assert await ends.prober.drain(DEADLINE) == 0
        return taken.blobs

    assert await arrived(1) == (Blob.of(page),)
    assert await arrived(2) == ()
    monkeypatch.setattr(Later, "ahead", LIFETIME)
    assert await arrived(3) == (Blob.of(page),)
    assert await arrived(4) == ()
    await ends.restart_service()
    assert await arrived(5) == (Blob.of(page),)
    await ends.stop()


async def test_a_page_that_was_never_acknowledged_travels_again(ends: LocalEnds) -> None:
    page = bytes(WORTH)
    await ends.prober.submit(report(1, page=page))
    await ends.prober.submit(report(2, page=page))
    assert [one.blobs for one in await consumed(ends.service, 2)] == [(Blob.of(page),)] * 2


async def test_trouble_with_the_spill_is_said_in_the_heartbeat(
    ends: LocalEnds, monkeypatch: pytest.MonkeyPatch, failing_disk: Callable[[], None]
) -> None:
    failing_disk()
    await ends.prober.submit(report(1))
    await ends.prober.heartbeat(beat(0.1))
    await until(lambda: ends.service.heartbeat is not None, "the heartbeat is heard")
    assert ends.service.heartbeat is not None
    assert "looks cannot be spilled" in ends.service.heartbeat.problems[0]
    assert numbers(await consumed(ends.service, 1)) == [1]


@pytest.fixture
def failing_disk(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    def fail() -> None:
        def pwrite(descriptor: int, data: bytes, offset: int) -> int:
            raise OSError(28, os.strerror(28))

        monkeypatch.setattr(os, "pwrite", pwrite)

    return fail


async def test_draining_gives_up_in_time_when_the_service_is_gone(ends: LocalEnds) -> None:
    await ends.service.close()
    await ends.prober.submit(report(1))
    async with asyncio.timeout(DEADLINE):
        assert await ends.prober.drain(WAIT) == 1
    await until(lambda: ends.prober.cut_off(ends.clock.monotonic()) > 0, "the prober knows that it is cut off")
    await ends.start_service()
