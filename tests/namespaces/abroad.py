"""What is abroad: a web server with a certificate, and a resolver that takes its time, as real ones do."""

import asyncio
import signal
import socket
import sys
from asyncio import DatagramProtocol, DatagramTransport, StreamReader, StreamReaderProtocol, StreamWriter
from pathlib import Path
from ssl import SSLContext
from typing import Final, cast

import dns.message
import dns.rdatatype
import dns.rrset

from tests.lab.certificates import Certificate, server_context, trust
from tests.namespaces.country import INNOCUOUS, SERVER, say_ready

SITE: Final = "www.ngo.example"
NAMES: Final = {SITE: SERVER, "www.example.net": INNOCUOUS, "www.example.com": INNOCUOUS}
DISTANCE: Final = 0.15
"""Seconds that the server and the resolver think before they answer: time in which whoever sits at the border may act."""

_BODY: Final = b"<title>Human Rights Monitor</title>" + b"." * 60_000
_HEAD: Final = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nX-Monitor: yes\r\nContent-Length: %d\r\n\r\n" % len(_BODY)


class _Resolver(DatagramProtocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        response = dns.message.make_response(query, recursion_available=True)
        asked = query.question[0]
        address = NAMES.get(asked.name.to_text(omit_final_dot=True).lower())
        if address and asked.rdtype == dns.rdatatype.A:
            response.answer.append(dns.rrset.from_text(asked.name, 60, "IN", "A", address))
        asyncio.get_running_loop().call_later(DISTANCE, self._transport.sendto, response.to_wire(), addr)


async def _serve_page(reader: StreamReader, writer: StreamWriter) -> None:
    try:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(_HEAD + _BODY)
        await writer.drain()
    except (EOFError, OSError):
        pass
    finally:
        writer.close()


async def _shake_hands(accepted: socket.socket, context: SSLContext) -> None:
    """Wait, and only then begin TLS: what the client said first has long passed the border."""
    await asyncio.sleep(DISTANCE)
    loop = asyncio.get_running_loop()
    reader = StreamReader()
    try:
        await loop.connect_accepted_socket(lambda: StreamReaderProtocol(reader, _serve_page), accepted, ssl=context)
    except OSError:
        accepted.close()


async def _listen(address: str, names: tuple[str, ...]) -> None:
    loop = asyncio.get_running_loop()
    context = server_context(Certificate.GOOD, names)
    listening = socket.create_server((address, 443), backlog=64)
    listening.setblocking(False)
    under_way: set[asyncio.Task[None]] = set()
    while True:
        accepted, _ = await loop.sock_accept(listening)
        accepted.setblocking(False)
        shaking = loop.create_task(_shake_hands(accepted, context))
        under_way.add(shaking)
        shaking.add_done_callback(under_way.discard)


async def _main() -> None:
    loop = asyncio.get_running_loop()
    ending = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, ending.set)
    await loop.create_datagram_endpoint(_Resolver, local_addr=(SERVER, 53))
    servers = [
        loop.create_task(_listen(SERVER, (SITE,))),
        loop.create_task(_listen(INNOCUOUS, ("www.example.net", "www.example.com"))),
    ]
    say_ready()
    await ending.wait()
    for server in servers:
        server.cancel()


if __name__ == "__main__":
    Path(sys.argv[1]).write_bytes(trust())
    asyncio.run(_main())
