"""Recursive resolvers of the lab: real DNS messages over UDP and TCP, answering by whatever view they are given."""

import asyncio
from asyncio import DatagramProtocol, DatagramTransport, StreamReader, StreamWriter
from collections.abc import Callable
from enum import StrEnum
from ipaddress import ip_address
from typing import cast

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

from tests.lab.listening import Listener, endpoint_of


class Refusal(StrEnum):
    """Answers that are not addresses."""

    NXDOMAIN = "nxdomain"
    NO_ANSWER = "no_answer"
    SERVFAIL = "servfail"
    REFUSED = "refused"
    DROP = "drop"


Answer = Refusal | tuple[str, ...]
"""What a name leads to: IPv4 and IPv6 addresses, or a refusal."""

View = Callable[[str], Answer]
"""From a name (lower case, A-labels, no trailing dot) to its answer, as of now."""

_RCODES = {
    Refusal.NXDOMAIN: dns.rcode.NXDOMAIN,
    Refusal.NO_ANSWER: dns.rcode.NOERROR,
    Refusal.SERVFAIL: dns.rcode.SERVFAIL,
    Refusal.REFUSED: dns.rcode.REFUSED,
}
_FAMILIES = {dns.rdatatype.A: 4, dns.rdatatype.AAAA: 6}
_TTL_SECONDS = 60


class Resolver:
    """One resolver as one vantage point sees it, on a UDP and a TCP port of its own."""

    def __init__(self, udp: DatagramTransport, tcp: Listener) -> None:
        self._udp = udp
        self._tcp = tcp
        self.udp = endpoint_of(udp.get_extra_info("sockname"))
        self.tcp = tcp.endpoint

    @classmethod
    async def open(cls, address: str, view: View) -> "Resolver":
        """Listen on `address`."""

        async def serve(reader: StreamReader, writer: StreamWriter) -> None:
            await _serve_stream(view, reader, writer)

        loop = asyncio.get_running_loop()
        udp, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(view), local_addr=(address, 0))
        return cls(udp, await Listener.open(address, serve))

    async def close(self) -> None:
        """Stop listening."""
        self._udp.close()
        await self._tcp.close()


def reply(wire: bytes, view: View) -> bytes | None:
    """The answer to one query, or None where there is to be silence. What is not a query is met with silence too."""
    try:
        query = dns.message.from_wire(wire)
    except (dns.exception.DNSException, ValueError):
        return None
    if not query.question or query.flags & dns.flags.QR:
        return None
    asked = query.question[0]
    answer = view(asked.name.to_text(omit_final_dot=True).lower())
    if answer is Refusal.DROP:
        return None
    response = dns.message.make_response(query, recursion_available=True)
    if isinstance(answer, Refusal):
        response.set_rcode(_RCODES[answer])
        return response.to_wire()
    family = _FAMILIES.get(asked.rdtype)
    fitting = [address for address in answer if ip_address(address).version == family]
    if fitting:
        response.answer.append(dns.rrset.from_text_list(asked.name, _TTL_SECONDS, "IN", asked.rdtype, fitting))
    return response.to_wire()


class _Datagrams(DatagramProtocol):
    def __init__(self, view: View) -> None:
        self._view = view
        self._transport: DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        answer = reply(data, self._view)
        if answer is not None and self._transport is not None:
            self._transport.sendto(answer, addr)


async def _serve_stream(view: View, reader: StreamReader, writer: StreamWriter) -> None:
    """Answer queries with their two-byte length prefix (RFC 1035, 4.2.2) until the client goes."""
    while True:
        length = int.from_bytes(await reader.readexactly(2), "big")
        answer = reply(await reader.readexactly(length), view)
        if answer is not None:
            writer.write(len(answer).to_bytes(2, "big") + answer)
            await writer.drain()
