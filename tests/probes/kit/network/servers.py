"""Small servers that do one thing each, and a door that leads to them."""

import asyncio
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import trustme

from probes.kit.address import AddressMap
from probes.kit.budgets import Budgets
from probes.kit.network import Door, Network

SITE = "198.51.100.1"
"""Where the site seems to live."""
RESOLVER = "198.51.100.53"
NAME = "ovdinfo.org"

Reader = asyncio.StreamReader
Writer = asyncio.StreamWriter
Serve = Callable[[Reader, Writer], Awaitable[None]]
Answer = Callable[[bytes], list[bytes]]

QUICK = Budgets(dns=0.6, late=0.05, tcp=0.4, tls=0.4, http=0.6, look=3)
"""For stories in which somebody stays silent."""
SECOND_TRY = Budgets(dns=3, late=0.05, tcp=10, tls=10, http=10, look=30)
"""For stories in which a first question is lost: the next follows after half the time."""
PATIENT = Budgets(dns=10, late=0.05, tcp=10, tls=10, http=10, look=30)
"""For all others: a busy machine must not turn an answer into a time-out."""


@dataclass
class Lab:
    """Servers on loopback, and the door by which they are reached at their nominal addresses."""

    folder: Path
    authority: trustme.CA
    budgets: Budgets = PATIENT
    routes: dict[str, str] = field(default_factory=dict)
    closing: list[Callable[[], Awaitable[None]]] = field(default_factory=list)

    async def site(self, serve: Serve, *, port: int = 80, tls: ssl.SSLContext | None = None, address: str = SITE) -> None:
        """Let `serve` answer at `address`."""
        connections: set[asyncio.Task[None]] = set()

        async def handle(reader: Reader, writer: Writer) -> None:
            connections.add(cast("asyncio.Task[None]", asyncio.current_task()))
            # Whatever a client does to a server, it is the client's test; and a server ends with its story.
            with suppress(OSError, EOFError, asyncio.LimitOverrunError, asyncio.CancelledError):
                await serve(reader, writer)
            writer.transport.abort()

        server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=tls)
        host, number = server.sockets[0].getsockname()
        self.routes[f"{address}:{port}"] = f"{host}:{number}"

        async def close() -> None:
            server.close()
            for connection in connections:
                connection.cancel()
            await asyncio.gather(*connections)

        self.closing.append(close)

    async def secure_site(self, serve: Serve, *names: str, authority: trustme.CA | None = None, **dates: Any) -> None:
        """The same over TLS with a certificate for `names`, by default for the site's own."""
        await self.site(serve, port=443, tls=self._certified(names or (NAME,), authority, **dates))

    async def resolver(self, answer: Answer, address: str = RESOLVER, *, pause: float = 0.0) -> None:
        """Let `answer` say what datagrams come back for one, with `pause` seconds between them."""
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(answer, pause), local_addr=("127.0.0.1", 0))
        host, port = transport.get_extra_info("sockname")
        self.routes[f"{address}:53/udp"] = f"{host}:{port}"

        async def close() -> None:
            transport.close()

        self.closing.append(close)

    async def dot(self, answer: Answer, *names: str, address: str, authority: trustme.CA | None = None) -> None:
        """Let `answer` say what is answered over TLS at `address`, where the certificate is for `names`."""
        await self.site(by_length(answer), port=853, address=address, tls=self._certified(names, authority))

    async def doh(self, serve: Serve, *names: str, address: str, authority: trustme.CA | None = None) -> None:
        """Let `serve` answer over HTTPS at `address`."""
        await self.site(serve, port=443, address=address, tls=self._certified(names, authority))

    def _certified(self, names: tuple[str, ...], authority: trustme.CA | None, **dates: Any) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        (authority or self.authority).issue_cert(*names, **dates).configure_cert(context)
        return context

    def network(self, **door: Any) -> Network:
        """The door, which the lab closes."""
        self.authority.cert_pem.write_to_path(str(self.folder / "trust.pem"))
        given: dict[str, Any] = {
            "budgets": self.budgets,
            "resolvers": (RESOLVER,),
            "address_map": AddressMap(self.routes),
            "vantage": "lab",
        }
        network = Network(Door(**(given | {"trust": self.folder / "trust.pem"} | door)))
        self.closing.append(network.aclose)
        return network


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, answer: Answer, pause: float) -> None:
        self._answer = answer
        self._pause = pause

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        first, *others = self._answer(data) or [b""]
        if first:
            self._transport.sendto(first, addr)
        for turn, message in enumerate(others, start=1):
            asyncio.get_running_loop().call_later(turn * self._pause, self._transport.sendto, message, addr)


async def request_of(reader: Reader) -> bytes:
    return await reader.readuntil(b"\r\n\r\n")


def by_length(answer: Answer) -> Serve:
    """A resolver that hears a message with its length before it (TCP, DoT) and answers alike."""

    async def serve(reader: Reader, writer: Writer) -> None:
        length = int.from_bytes(await reader.readexactly(2), "big")
        for message in answer(await reader.readexactly(length)):
            writer.write(len(message).to_bytes(2, "big") + message)
        await writer.drain()
        await reader.read()

    return serve


def by_post(answer: Answer, requests: list[bytes] | None = None) -> Serve:
    """A resolver that is asked by POST (DoH); `requests` are the heads that it heard."""

    async def serve(reader: Reader, writer: Writer) -> None:
        head = await request_of(reader)
        if requests is not None:
            requests.append(head)
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        for message in answer(await reader.readexactly(length)):
            writer.write(page(message, b"Content-Type: application/dns-message"))
        await writer.drain()
        await reader.read()

    return serve


def saying(response: bytes) -> Serve:
    """A server that hears a request and answers with these bytes, and no more."""

    async def serve(reader: Reader, writer: Writer) -> None:
        await request_of(reader)
        writer.write(response)
        await writer.drain()
        writer.write_eof() if writer.can_write_eof() else writer.close()
        await reader.read()

    return serve


def page(body: bytes, *headers: bytes, status: bytes = b"200 OK") -> bytes:
    lines = (b"HTTP/1.1 " + status, b"Content-Length: %d" % len(body), *headers)
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


async def silent(reader: Reader, writer: Writer) -> None:
    """A server that listens and says nothing."""
    await reader.read()


async def closing(reader: Reader, writer: Writer) -> None:
    """A server that closes as soon as it has heard something."""
    await reader.read(100)
    writer.write_eof()
    await reader.read()


async def resetting(reader: Reader, writer: Writer) -> None:
    """What a censor does: a reset as soon as it has heard something."""
    await reader.read(100)
    reset(writer)


def reset(writer: Writer) -> None:
    listening = writer.get_extra_info("socket")
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
