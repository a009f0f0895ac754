"""Whoever opens a connection and does nothing with it is let go, and whoever makes use of it is not."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import pytest
from fastapi import FastAPI, Response

from monitor.service import connection
from tests.api.listening import serving

_SOON = 0.1

_LARGE = 8 * 1024 * 1024

_ASKING_FOR_MUCH = b"GET /much HTTP/1.1\r\nHost: x\r\n\r\n"

_ASKING_FOR_LITTLE = b"GET /little HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture
def app() -> FastAPI:
    made = FastAPI()

    @made.get("/much")
    async def much() -> Response:
        return Response(b"x" * _LARGE)

    @made.get("/little")
    async def little() -> Response:
        return Response(b"well")

    return made


@asynccontextmanager
async def connected(address: str) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection of somebody with a small buffer."""
    host, _, port = address.removeprefix("http://").partition(":")
    taking = socket.socket()
    taking.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    taking.setblocking(False)
    await asyncio.get_running_loop().sock_connect(taking, (host, int(port)))
    reader, writer = await asyncio.open_connection(sock=taking, limit=4096)
    try:
        yield reader, writer
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def is_let_go(reader: asyncio.StreamReader) -> bool:
    """Whether the other side ends the connection before long."""
    async with asyncio.timeout(10):
        try:
            return await reader.read(1) == b""
        except ConnectionResetError:
            return True


@pytest.mark.parametrize("sent", [b"", b"GET / HTT", b"GET / HTTP/1.1\r\nHost: x\r\nX-a: "])
async def test_a_head_that_does_not_come_is_not_waited_for(app: FastAPI, monkeypatch: pytest.MonkeyPatch, sent: bytes) -> None:
    monkeypatch.setattr(connection, "HEAD_PATIENCE", _SOON)
    async with serving(app) as address, connected(address) as (reader, writer):
        writer.write(sent)
        assert await is_let_go(reader)


async def test_a_head_that_trickles_is_not_waited_for(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "HEAD_PATIENCE", _SOON)
    async with serving(app) as address, connected(address) as (reader, writer):
        trickling = asyncio.create_task(trickle(writer, _ASKING_FOR_LITTLE + b"GET / HTTP/1.1\r\n"))
        assert (await reader.readuntil(b"well")).startswith(b"HTTP/1.1 200")
        assert await is_let_go(reader)
        trickling.cancel()


async def trickle(writer: asyncio.StreamWriter, first: bytes) -> None:
    """Send one request whole, and of the next ever more."""
    writer.write(first)
    while True:
        await asyncio.sleep(_SOON / 10)
        writer.write(b"X-a: b\r\n")


async def test_whoever_asks_again_and_again_keeps_the_connection(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "HEAD_PATIENCE", 2 * _SOON)
    async with serving(app) as address, connected(address) as (reader, writer):
        for _ in range(4):
            writer.write(_ASKING_FOR_LITTLE)
            assert (await reader.readuntil(b"well")).startswith(b"HTTP/1.1 200")
            await asyncio.sleep(_SOON)


async def test_an_answer_that_nobody_takes_is_dropped(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "TAKING_PATIENCE", _SOON)
    closed = seen_closing(monkeypatch)
    async with serving(app) as address, connected(address) as (_, writer):
        writer.write(_ASKING_FOR_MUCH)
        async with asyncio.timeout(10):
            await closed.wait()


def seen_closing(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """An event that happens when the server has lost a connection."""
    closed = asyncio.Event()
    lost: Callable[[connection.PatientConnection, Exception | None], None] = connection.PatientConnection.connection_lost

    def noticed(self: connection.PatientConnection, exc: Exception | None) -> None:
        lost(self, exc)
        closed.set()

    monkeypatch.setattr(connection.PatientConnection, "connection_lost", noticed)
    return closed


async def test_an_answer_that_is_taken_slowly_arrives_whole(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "TAKING_PATIENCE", 3 * _SOON)
    async with serving(app) as address, connected(address) as (reader, writer):
        writer.write(_ASKING_FOR_MUCH)
        await reader.readuntil(b"\r\n\r\n")
        for _ in range(8):
            await reader.readexactly(_LARGE // 8)
            await asyncio.sleep(_SOON)


async def test_one_connection_too_many_is_closed_and_the_others_are_not(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "MOST", 1)
    async with serving(app) as address, connected(address) as (reader, writer):
        writer.write(_ASKING_FOR_LITTLE)
        await reader.readuntil(b"well")
        async with connected(address) as (refused, _):
            assert await is_let_go(refused)
        writer.write(_ASKING_FOR_LITTLE)
        assert (await reader.readuntil(b"well")).startswith(b"HTTP/1.1 200")
