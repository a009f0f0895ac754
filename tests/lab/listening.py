"""Loopback listeners whose every connection is known, so that a world is taken down without leaving anything behind."""

import asyncio
import ssl
from asyncio import StreamReader, StreamWriter
from collections.abc import Awaitable, Callable
from contextlib import suppress

Handler = Callable[[StreamReader, StreamWriter], Awaitable[None]]

_SHUTDOWN_SECONDS = 0.5
"""How long a TLS connection may take to say goodbye."""


class Listener:
    """A TCP or TLS server on an ephemeral port of one loopback address."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._connections: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.endpoint = ""

    @classmethod
    async def open(cls, address: str, handler: Handler, context: ssl.SSLContext | None = None) -> "Listener":
        """Listen on `address`; `endpoint` then says where, as `127.x.y.z:port`."""
        listener = cls(handler)
        shutdown = None if context is None else _SHUTDOWN_SECONDS
        listener._server = await asyncio.start_server(
            listener._accept, address, 0, ssl=context, ssl_shutdown_timeout=shutdown, backlog=256
        )
        listener.endpoint = endpoint_of(listener._server.sockets[0].getsockname())
        return listener

    async def close(self) -> None:
        """Stop listening and cut every connection."""
        if self._server is not None:
            self._server.close()
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    def _accept(self, reader: StreamReader, writer: StreamWriter) -> None:
        connection = asyncio.create_task(self._serve(reader, writer))
        self._connections.add(connection)
        connection.add_done_callback(self._connections.discard)

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        try:
            with suppress(OSError, EOFError):  # the peer went away, which is its right
                await self._handler(reader, writer)
                writer.close()
                await writer.wait_closed()
        finally:
            writer.transport.abort()


def endpoint_of(name: tuple[str, int]) -> str:
    """An IPv4 socket name as `address:port`."""
    return f"{name[0]}:{name[1]}"
