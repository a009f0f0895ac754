"""The censor: a relay on the path that listens to how a connection opens, and then lets it through or does not."""

import asyncio
import re
import socket
import ssl
import struct
from asyncio import StreamReader, StreamWriter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from tests.lab.certificates import server_context_without_chain
from tests.lab.listening import Handler
from tests.lab.scenario import Action, PathRule, endpoint

_CHUNK = 64 * 1024
_LONGEST_OPENING = 64 * 1024
_TLS_HANDSHAKE = b"\x16"
_HEAD_END = b"\r\n\r\n"
_HOST = re.compile(rb"^host:[ \t]*([^\s:]+)", re.IGNORECASE | re.MULTILINE)
_BARE_HEAD = b"HTTP/1.0 200 OK\r\n\r\n"
"""An injected page comes without headers, and the connection's end ends it."""

_PACE_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Opening:
    """The first that a client says, and what can be read off it."""

    data: bytes
    sni: str | None = None
    host: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """The way from one vantage point to one nominal endpoint. `rules` and `server` are asked anew for every connection.

    `source` is the vantage point's loopback address, which the server must see; `server` is where the endpoint really is,
    None while it is closed; `page` gives the bytes of a page to inject.
    """

    address: str
    port: int
    source: str
    rules: Callable[[], Sequence[PathRule]]
    server: Callable[[], str | None]
    page: Callable[[str], bytes]


def handler(path: Path) -> Handler:
    """What sits on one path."""

    async def connected(reader: StreamReader, writer: StreamWriter) -> None:
        rules = [rule for rule in path.rules() if concerns(rule, path.address, path.port)]
        opening = await read_opening(reader) if rules else Opening(b"")
        rule = next((rule for rule in rules if is_triggered(rule, opening)), None)
        await _act(rule, path, opening, reader, writer)

    return connected


async def _act(rule: PathRule | None, path: Path, opening: Opening, reader: StreamReader, writer: StreamWriter) -> None:
    match rule.action if rule else None:
        case Action.RESET | Action.REFUSE:
            reset(writer)
        case Action.DROP:
            await _hold(reader)
        case Action.INJECT:
            assert rule is not None
            assert rule.page is not None
            writer.write(_BARE_HEAD + path.page(rule.page))
            await writer.drain()
        case Action.CLOSE:
            return
        case Action.THROTTLE | None:
            await _relay(path, opening.data, reader, writer, rule.bytes_per_second if rule else None)


def concerns(rule: PathRule, address: str, port: int) -> bool:
    """Whether the rule is about connections to this endpoint."""
    return rule.to in {None, address, endpoint(address, port)}


def is_triggered(rule: PathRule, opening: Opening) -> bool:
    """Whether what the client said sets the rule off. Every trigger that the rule has must be met."""
    return (
        (rule.sni is None or _is_under(opening.sni, rule.sni))
        and (rule.host is None or _is_under(opening.host, rule.host))
        and (rule.contains is None or rule.contains.encode() in opening.data)
    )


def _is_under(name: str | None, parent: str) -> bool:
    return name is not None and (name == parent or name.endswith(f".{parent}"))


async def read_opening(reader: StreamReader) -> Opening:
    """Read until it is plain whom the client wants: a whole ClientHello, or a whole HTTP head, or nothing more to come."""
    data = b""
    while len(data) < _LONGEST_OPENING:
        more = await reader.read(_CHUNK)
        data += more
        if not more or _is_whole(data):
            break
    return Opening(data, sni=_server_name(data)[0], host=_host(data))


def _is_whole(data: bytes) -> bool:
    return _server_name(data)[1] if data.startswith(_TLS_HANDSHAKE) else _HEAD_END in data


def _server_name(data: bytes) -> tuple[str | None, bool]:
    """The name in a ClientHello, and whether the ClientHello is whole. OpenSSL reads it, as far as it goes."""
    heard: list[str | None] = []

    def listen(_: ssl.SSLObject, name: str | None, __: ssl.SSLContext) -> int:
        heard.append(name)
        return ssl.AlertDescription.ALERT_DESCRIPTION_USER_CANCELLED

    context = server_context_without_chain()
    context.sni_callback = listen
    incoming = ssl.MemoryBIO()
    incoming.write(data)
    try:
        context.wrap_bio(incoming, ssl.MemoryBIO(), server_side=True).do_handshake()
    except ssl.SSLWantReadError:
        return None, False
    except ssl.SSLError:
        return (heard[0] if heard else None), True
    return None, True


def _host(data: bytes) -> str | None:
    found = _HOST.search(data.partition(_HEAD_END)[0])
    return found[1].decode("latin-1").lower() if found else None


def reset(writer: StreamWriter) -> None:
    """Close with a RST: nothing lingers. What the client has closed meanwhile needs none."""
    with suppress(OSError):
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def _hold(reader: StreamReader) -> None:
    """Say nothing until the client gives up."""
    while await reader.read(_CHUNK):
        pass


async def _relay(path: Path, said: bytes, reader: StreamReader, writer: StreamWriter, bytes_per_second: int | None) -> None:
    server = path.server()
    if server is None:
        return reset(writer)
    address, _, port = server.rpartition(":")
    there, back = await asyncio.open_connection(address, int(port), local_addr=(path.source, 0))
    try:
        back.write(said)
        async with asyncio.TaskGroup() as both:
            both.create_task(_pump(reader, back))
            both.create_task(_pump(there, writer) if bytes_per_second is None else _drip(there, writer, bytes_per_second))
    except* OSError:
        reset(writer)
    finally:
        back.transport.abort()


async def _pump(source: StreamReader, sink: StreamWriter) -> None:
    while data := await source.read(_CHUNK):
        sink.write(data)
        await sink.drain()
    sink.write_eof()


async def _drip(source: StreamReader, sink: StreamWriter, bytes_per_second: int) -> None:
    piece = max(1, int(bytes_per_second * _PACE_SECONDS))
    while data := await source.read(piece):
        sink.write(data)
        await sink.drain()
        await asyncio.sleep(len(data) / bytes_per_second)
    sink.write_eof()
