"""A TCP connection as a stream of bytes."""

import asyncio
from typing import Final, cast

from probes.kit.meter import Meter

_ENOUGH: Final = 256 * 1024
"""Bytes that may wait unread. A server that sends faster than we read is held back, so ten gigabytes cost no memory."""


class Plain(asyncio.Protocol):
    """Reads what arrives, no faster than it is asked for, and tells an end from a reset.

    The loop's own streams and TLS do not: asyncio reports a peer that closes during a handshake as a reset, which is
    what a censor does and an overloaded server does not.
    """

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._arrived: list[bytes] = []
        self._waiting = 0
        self._ended = False
        self._error: Exception | None = None
        self._reader: asyncio.Future[None] | None = None
        self._meter: Meter | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Of asyncio: the connection stands."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Of asyncio: bytes arrived."""
        self._arrived.append(data)
        self._waiting += len(data)
        if self._meter is not None:
            self._meter.note(len(data))
        if self._waiting >= _ENOUGH and self._transport is not None:
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> bool:
        """Of asyncio: the peer will send no more. The transport stays open, for it is ours to close."""
        self._ended = True
        self._wake()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """Of asyncio: the connection is gone. After the peer's own end, a late reset says nothing."""
        self._error = self._error or (None if self._ended else exc)
        self._ended = True
        self._wake()

    def _wake(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)

    async def read(self) -> bytes:
        """What has arrived, at least one byte; nothing at the end. Raises OSError where the connection broke."""
        while not self._arrived:
            if self._error is not None:
                raise self._error
            if self._ended:
                return b""
            self._reader = asyncio.get_running_loop().create_future()
            await self._reader
        return self._take()

    def _take(self) -> bytes:
        data = self._arrived[0] if len(self._arrived) == 1 else b"".join(self._arrived)
        self._arrived.clear()
        if self._waiting >= _ENOUGH and self._transport is not None and not self._ended:
            self._transport.resume_reading()
        self._waiting = 0
        return data

    def measure(self) -> Meter:
        """Count from now on what arrives, beginning with what waits to be read."""
        self._meter = Meter(self._waiting)
        return self._meter

    def write(self, data: bytes) -> None:
        """Send `data`. A broken connection shows when the answer is read."""
        if self._transport is not None:
            self._transport.write(data)

    def close(self) -> None:
        """Give the connection up at once; nothing that matters is still to be sent."""
        if self._transport is not None:
            self._transport.abort()

    @property
    def local_address(self) -> str:
        """The address that this machine has on this connection."""
        name = self._transport.get_extra_info("sockname") if self._transport is not None else None
        return name[0] if name else ""
