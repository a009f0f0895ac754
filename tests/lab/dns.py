"""Resolvers of the lab: real DNS messages over UDP, TCP, TLS and HTTPS, answering by whatever view they are given."""

import asyncio
from asyncio import DatagramProtocol, DatagramTransport, StreamReader, StreamWriter
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from ssl import SSLContext
from typing import Final, cast

import dns.edns
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

from tests.lab.certificates import Certificate, server_context
from tests.lab.http import HangUp, Request, Response
from tests.lab.http import serve as serve_http
from tests.lab.listening import Handler, Listener, endpoint_of


class Refusal(StrEnum):
    """Answers that are not addresses."""

    NXDOMAIN = "nxdomain"
    NO_ANSWER = "no_answer"
    SERVFAIL = "servfail"
    REFUSED = "refused"
    DROP = "drop"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What somebody asks. `name` is in lower case, with A-labels and no trailing dot; `source` is the asker's address."""

    name: str
    qtype: str
    over_udp: bool
    source: str
    checking_disabled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is answered: addresses of both families, or a refusal. `after` is in real seconds since the question."""

    said: Refusal | tuple[str, ...]
    cnames: tuple[str, ...] = ()
    authoritative: bool = False
    authority: bool = True
    extended_errors: tuple[int, ...] = ()
    after: float = 0.0


View = Callable[[Question], Sequence[Answer]]
"""All answers to a question, as of now. Only UDP has room for more than the first."""

_RCODES: Final = {
    Refusal.NXDOMAIN: dns.rcode.NXDOMAIN,
    Refusal.NO_ANSWER: dns.rcode.NOERROR,
    Refusal.SERVFAIL: dns.rcode.SERVFAIL,
    Refusal.REFUSED: dns.rcode.REFUSED,
}
_FAMILIES: Final = {dns.rdatatype.A: 4, dns.rdatatype.AAAA: 6}
_TTL_SECONDS: Final = 60
_AUTHORITY: Final = "ns.{zone} hostmaster.{zone} 1 3600 600 86400 60"
_DOH: Final = "application/dns-message"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolver:
    """One resolver and where it listens, each as `127.x.y.z:port`. Those that nobody asks encrypted have no `dot` and `doh`."""

    udp: str
    tcp: str
    dot: str | None
    doh: str | None
    listening: AsyncExitStack

    @classmethod
    async def open(cls, address: str, view: View, names: tuple[str, ...] = ()) -> "Resolver":
        """Listen on `address`; encrypted too where there are `names` for its certificate to prove."""
        stack = AsyncExitStack()
        loop = asyncio.get_running_loop()
        udp, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(view), local_addr=(address, 0))
        stack.callback(udp.close)
        ways = _ways(view, server_context(Certificate.GOOD, names) if names else None)
        listeners = {way: await Listener.open(address, *how) for way, how in ways.items()}
        for listener in listeners.values():
            stack.push_async_callback(listener.close)
        at = {way: listener.endpoint for way, listener in listeners.items()}
        own = endpoint_of(udp.get_extra_info("sockname"))
        return cls(udp=own, tcp=at["tcp"], dot=at.get("dot"), doh=at.get("doh"), listening=stack)

    async def close(self) -> None:
        """Stop listening."""
        await self.listening.aclose()


def replies(wire: bytes, view: View, source: str, *, over_udp: bool) -> list[tuple[float, bytes]]:
    """What is sent in answer to one query, each with its delay. What is not a query is met with silence."""
    try:
        query = dns.message.from_wire(wire)
    except (dns.exception.DNSException, ValueError):
        return []
    if not query.question or query.flags & dns.flags.QR:
        return []
    answers = [answer for answer in view(_question(query, source, over_udp=over_udp)) if answer.said is not Refusal.DROP]
    return [(answer.after, _reply(query, answer)) for answer in answers]


def _question(query: dns.message.Message, source: str, *, over_udp: bool) -> Question:
    asked = query.question[0]
    return Question(
        name=asked.name.to_text(omit_final_dot=True).lower(),
        qtype=dns.rdatatype.to_text(asked.rdtype),
        over_udp=over_udp,
        source=source,
        checking_disabled=bool(query.flags & dns.flags.CD),
    )


def _reply(query: dns.message.Message, answer: Answer) -> bytes:
    response = dns.message.make_response(query, recursion_available=True)
    if answer.authoritative:
        response.flags |= dns.flags.AA
    if answer.extended_errors and query.edns >= 0:
        response.use_edns(options=[dns.edns.EDEOption(dns.edns.EDECode.make(code)) for code in answer.extended_errors])
    if isinstance(answer.said, Refusal):
        response.set_rcode(_RCODES[answer.said])
    else:
        _add_addresses(response, query.question[0], answer)
    is_denial = not response.answer and response.rcode() in {dns.rcode.NOERROR, dns.rcode.NXDOMAIN}
    if is_denial and answer.authority:
        response.authority.append(_authority(query.question[0].name))
    return response.to_wire(want_shuffle=False)  # else addresses come in an order that differs from time to time


def _add_addresses(response: dns.message.Message, asked: dns.rrset.RRset, answer: Answer) -> None:
    """The aliases, and at the last of them the addresses of the family that was asked for."""
    name = asked.name
    for alias in answer.cnames:
        target = dns.name.from_text(alias)
        response.answer.append(dns.rrset.from_text(name, _TTL_SECONDS, "IN", "CNAME", target.to_text()))
        name = target
    family = _FAMILIES.get(asked.rdtype)
    fitting = [address for address in answer.said if ip_address(address).version == family]
    if fitting:
        response.answer.append(dns.rrset.from_text_list(name, _TTL_SECONDS, "IN", asked.rdtype, fitting))


def _authority(name: dns.name.Name) -> dns.rrset.RRset:
    """Who speaks for the zone: taken to be the name's last two labels."""
    zone = dns.name.Name(name.labels[-3:])
    return dns.rrset.from_text(zone, _TTL_SECONDS, "IN", "SOA", _AUTHORITY.format(zone=zone.to_text()))


class _Datagrams(DatagramProtocol):
    def __init__(self, view: View) -> None:
        self._view = view
        self._transport: DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        for after, message in replies(data, self._view, addr[0], over_udp=True):
            if after:
                asyncio.get_running_loop().call_later(after, self._send, message, addr)
            else:
                self._send(message, addr)

    def _send(self, message: bytes, to: tuple[str, int]) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(message, to)


def _ways(view: View, context: SSLContext | None) -> dict[str, tuple[Handler, SSLContext | None]]:
    """How to answer connections, and under which certificate."""

    async def in_frames(reader: StreamReader, writer: StreamWriter) -> None:
        await _serve_stream(view, reader, writer)

    async def over_http(reader: StreamReader, writer: StreamWriter) -> None:
        await serve_http(lambda request: _over_http(view, request), reader, writer)

    plain: dict[str, tuple[Handler, SSLContext | None]] = {"tcp": (in_frames, None)}
    return plain if context is None else {**plain, "dot": (in_frames, context), "doh": (over_http, context)}


async def _serve_stream(view: View, reader: StreamReader, writer: StreamWriter) -> None:
    """Answer queries with their two-byte length prefix (RFC 1035, 4.2.2) until the client goes."""
    while True:
        length = int.from_bytes(await reader.readexactly(2), "big")
        wire = await reader.readexactly(length)
        for after, message in replies(wire, view, writer.get_extra_info("peername")[0], over_udp=False)[:1]:
            await asyncio.sleep(after)
            writer.write(len(message).to_bytes(2, "big") + message)
            await writer.drain()


async def _over_http(view: View, request: Request) -> Response:
    """DNS over HTTPS by POST (RFC 8484). What the view drops ends the connection."""
    if request.method != "POST" or request.headers.get("content-type") != _DOH:
        return Response(status=415)
    for after, message in replies(request.body, view, request.source, over_udp=False)[:1]:
        await asyncio.sleep(after)
        return Response(headers={"Content-Type": _DOH}, body=message)
    raise HangUp
