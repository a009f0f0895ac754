"""What somebody in the middle can read off the first that a client says: a server's name, or a Host header."""

import re
import ssl
from asyncio import StreamReader
from dataclasses import dataclass
from typing import Final

from tests.lab.certificates import server_context_without_chain

_CHUNK: Final = 64 * 1024
_LONGEST: Final = 64 * 1024
_TLS_HANDSHAKE: Final = b"\x16"
_HEAD_END: Final = b"\r\n\r\n"
_HOST: Final = re.compile(rb"^host:[ \t]*([^\s:]+)", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Opening:
    """The first that a client says, and what can be read off it."""

    data: bytes
    sni: str | None = None
    host: str | None = None


async def read_opening(reader: StreamReader) -> Opening:
    """Read until it is plain whom the client wants: a whole ClientHello, or a whole HTTP head, or nothing more to come."""
    data = b""
    while len(data) < _LONGEST:
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
