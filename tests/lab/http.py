"""The little of an HTTP/1.1 server that the lab needs: one request after the other, each given to a function."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import h11

_CHUNK = 64 * 1024

_PIECE = 2 * 1024
"""Bytes of a body that are written at once: a TLS record, of which nothing can be read until all of it is there."""

PACE_SECONDS = 0.05
"""How long one piece of a slow answer takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a client asked. Header names are lower case; `source` is the client's address."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What it is told, and at what pace. `Content-Length` is added."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    bytes_per_second: int | None = None


class HangUp(Exception):
    """Raised by a `Respond` in place of an answer: the connection is closed without a word."""


Respond = Callable[[Request], Awaitable[Response]]


async def serve(respond: Respond, reader: StreamReader, writer: StreamWriter) -> None:
    """Answer a connection's requests until the client goes, or `respond` hangs up."""
    connection = h11.Connection(h11.SERVER)
    try:
        async for request in _requests(connection, reader, writer):
            response = await respond(request)
            length = ("content-length", str(len(response.body)))
            head = h11.Response(status_code=response.status, headers=[*response.headers.items(), length])
            writer.write(connection.send(head) or b"")
            await _send_body(connection, response, writer)
            writer.write(connection.send(h11.EndOfMessage()) or b"")
            await writer.drain()
    except (HangUp, h11.ProtocolError):
        return


async def _send_body(connection: h11.Connection, response: Response, writer: StreamWriter) -> None:
    """Piece by piece, so that a large body takes no more memory than its pieces, and at the pace that it asks for."""
    pace = response.bytes_per_second
    size = _PIECE if pace is None else max(1, int(pace * PACE_SECONDS))
    for start in range(0, len(response.body), size):
        piece = response.body[start : start + size]
        writer.write(connection.send(h11.Data(data=piece)) or b"")
        await writer.drain()
        # Beneath TLS a connection that breaks is told of only when the loop comes round, and drain alone does not let it.
        await asyncio.sleep(0 if pace is None else len(piece) / pace)


async def _requests(connection: h11.Connection, reader: StreamReader, writer: StreamWriter) -> AsyncIterator[Request]:
    while (head := await _event(connection, reader)) and isinstance(head, h11.Request):
        body = bytearray()
        while isinstance(part := await _event(connection, reader), h11.Data):
            body += part.data
        yield Request(
            method=head.method.decode(),
            target=head.target.decode(),
            headers={name.decode(): value.decode("latin-1") for name, value in head.headers},
            body=bytes(body),
            source=writer.get_extra_info("peername")[0],
        )
        if connection.our_state is not h11.DONE:
            return
        connection.start_next_cycle()


async def _event(connection: h11.Connection, reader: StreamReader) -> object:
    while (event := connection.next_event()) is h11.NEED_DATA:
        connection.receive_data(await reader.read(_CHUNK))
    return event
