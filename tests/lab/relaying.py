"""Passing a connection on: whole, slowly, or only so far."""

import asyncio
import socket
import struct
from asyncio import StreamReader, StreamWriter
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import partial
from typing import Any, Final

from tests.lab.http import PACE_SECONDS

_CHUNK: Final = 64 * 1024

Flow = Callable[[StreamReader, StreamWriter], Coroutine[Any, Any, None]]
"""How bytes go from one side to the other."""


async def relay(server: str, source: str, said: bytes, reader: StreamReader, writer: StreamWriter, back: Flow) -> None:
    """Connect to `server` (`127.x.y.z:port`) from the address `source`, repeat what was `said`, and pass everything on.

    `back` is how the server's bytes reach the client. A connection that breaks on either side ends in a RST.
    """
    address, _, port = server.rpartition(":")
    there, away = await asyncio.open_connection(address, int(port), local_addr=(source, 0))
    try:
        away.write(said)
        async with asyncio.TaskGroup() as both:
            both.create_task(pump(reader, away))
            both.create_task(back(there, writer))
    except* OSError:
        reset(writer)
    finally:
        away.transport.abort()


def reset(writer: StreamWriter) -> None:
    """Close with a RST: nothing lingers. What the client has closed meanwhile needs none."""
    with suppress(OSError):
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def hold(reader: StreamReader) -> None:
    """Say nothing until the other side gives up."""
    while await reader.read(_CHUNK):
        pass


async def pump(source: StreamReader, sink: StreamWriter) -> None:
    """Everything, as it comes."""
    while data := await source.read(_CHUNK):
        sink.write(data)
        await sink.drain()
    sink.write_eof()


def throttled(bytes_per_second: int) -> Flow:
    """Everything, at this pace."""
    return partial(_drip, bytes_per_second)


def frozen(after_bytes: int) -> Flow:
    """So many bytes, and then nothing, not even an end: the connection is held."""
    return partial(_freeze, after_bytes)


async def _drip(bytes_per_second: int, source: StreamReader, sink: StreamWriter) -> None:
    piece = max(1, int(bytes_per_second * PACE_SECONDS))
    while data := await source.read(piece):
        sink.write(data)
        await sink.drain()
        await asyncio.sleep(len(data) / bytes_per_second)
    sink.write_eof()


async def _freeze(after_bytes: int, source: StreamReader, sink: StreamWriter) -> None:
    left = after_bytes
    while left and (data := await source.read(min(left, _CHUNK))):
        sink.write(data)
        await sink.drain()
        left -= len(data)
    await hold(source)
