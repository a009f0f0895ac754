"""One question to the vantage point's own resolver: UDP, asked again once, and over TCP where the answer does not fit.

Every question has a socket of its own. A fixed source port can be spoofed, and a shared socket overflows in a burst or
loses a waiter when its 16-bit id comes round again; both show as false time-outs.
"""

import asyncio
import secrets
import socket
from collections.abc import Sequence
from typing import Final

from probes.kit.address import Place
from probes.kit.dnswire import BadMessage, Question, Reply, answers_to, query_id, read
from probes.kit.failure import Failed, Failure
from probes.kit.network.connector import Connector
from probes.kit.network.plain import Plain

_KEPT: Final = 16
"""Messages that are kept as evidence. Somebody may send thousands."""
_DATAGRAM_CAP: Final = 4096
_FAILURES: Final = {
    "NXDOMAIN": Failure.DNS_NXDOMAIN,
    "SERVFAIL": Failure.DNS_SERVFAIL,
    "REFUSED": Failure.DNS_REFUSED,
}


class Lookup:
    """Asks `resolvers` one question, the second half-way through `patience` (or the only one, again).

    `messages` are the query and everything that came back, and `complaint` is what was wrong with what was no answer, for
    the case that none comes.
    """

    def __init__(self, connector: Connector, resolvers: Sequence[Place], asked: Question) -> None:
        self._connector = connector
        self._turns = list(resolvers[:2]) if len(resolvers) > 1 else [*resolvers, *resolvers]
        self._asked = asked
        self._id = secrets.randbits(16)
        self._sockets: dict[socket.socket, Place] = {}
        self._silent = 0
        self.messages = [asked.message(self._id)]
        self.complaint: str | None = None
        self.reply: Reply | None = None

    @property
    def wire(self) -> bytes:
        """`messages`, each with the two-byte length before it that DNS over TCP has (RFC 1035, 4.2.2)."""
        return _framed(self.messages)

    async def run(self, patience: float) -> None:
        """Wait for the answer, as `reply`. Raises Failed or OSError where it is a failure; the caller ends the waiting."""
        loop = asyncio.get_running_loop()
        self._answered: asyncio.Future[tuple[Reply, Place]] = loop.create_future()
        again = loop.call_later(patience / 2, self._ask)
        try:
            self._ask()
            self.reply, resolver = await self._answered
        finally:
            again.cancel()
            self._hang_up(loop)
        if self.reply.truncated:
            self.reply = await self._ask_over_tcp(resolver)
        _check(self.reply)

    def _hang_up(self, loop: asyncio.AbstractEventLoop) -> None:
        for each in list(self._sockets):
            self._drop(each, loop)

    def _drop(self, opened: socket.socket, loop: asyncio.AbstractEventLoop) -> Place:
        loop.remove_reader(opened)
        opened.close()
        return self._sockets.pop(opened)

    def _ask(self) -> None:
        """Ask whose turn it is, if it is still anybody's."""
        if not self._turns:
            return
        resolver = self._turns.pop(0)
        try:
            opened = self._connector.datagrams(*resolver)
        except OSError as error:
            self._give_up_on(error)
            return
        if opened is None:
            self._silent += 1
        else:
            self._send(opened, resolver)

    def _send(self, opened: socket.socket, resolver: Place) -> None:
        loop = asyncio.get_running_loop()
        self._sockets[opened] = resolver
        loop.add_reader(opened, self._hear, opened)
        try:
            opened.send(self.messages[0])
        except OSError as error:
            self._drop(opened, loop)
            self._give_up_on(error)

    def _give_up_on(self, error: OSError) -> None:
        """A resolver that cannot be reached is a failure only if nobody else is to be asked or waited for."""
        if self._turns:
            self._ask()
        elif not self._sockets and not self._silent and not self._answered.done():
            self._answered.set_exception(error)

    def _hear(self, heard: socket.socket) -> None:
        try:
            message = heard.recv(_DATAGRAM_CAP)
        except BlockingIOError:
            return
        except OSError as error:
            self._drop(heard, asyncio.get_running_loop())
            self._give_up_on(error)
            return
        self._keep(message)
        self._consider(message, self._sockets[heard])

    def _keep(self, message: bytes) -> None:
        if len(self.messages) <= _KEPT:
            self.messages.append(message)

    def _consider(self, message: bytes, resolver: Place) -> None:
        """Whoever guesses neither id nor question is not listened to, and the answer is waited for further."""
        if self._answered.done():
            return
        if query_id(message) != self._id:
            self.complaint = Failure.DNS_WRONG_QUERY_ID
        elif not answers_to(message, self._asked):
            self.complaint = Failure.DNS_SERVER_MISBEHAVING
        else:
            try:
                self._answered.set_result((read(message, self._asked), resolver))
            except BadMessage:
                self._answered.set_exception(Failed(Failure.DNS_SERVER_MISBEHAVING))

    async def _ask_over_tcp(self, resolver: Place) -> Reply:
        plain = await self._connector.connect(*resolver)
        try:
            plain.write(_framed(self.messages[:1]))
            message = await _one_message(plain)
        finally:
            plain.close()
        self._keep(message)
        if query_id(message) != self._id:
            raise Failed(Failure.DNS_WRONG_QUERY_ID)
        try:
            return read(message, self._asked)
        except BadMessage as error:
            raise Failed(Failure.DNS_SERVER_MISBEHAVING) from error


def _framed(messages: Sequence[bytes]) -> bytes:
    return b"".join(len(message).to_bytes(2, "big") + message for message in messages)


async def _one_message(plain: Plain) -> bytes:
    received = await plain.read()
    while len(received) < 2 or len(received) < 2 + int.from_bytes(received[:2], "big"):
        more = await plain.read()
        if not more:
            raise Failed(Failure.EOF)
        received += more
    return received[2 : 2 + int.from_bytes(received[:2], "big")]


def _check(reply: Reply) -> None:
    if reply.rcode != "NOERROR":
        raise Failed(_FAILURES.get(reply.rcode, Failure.DNS_SERVER_MISBEHAVING))
    if not reply.answers:
        raise Failed(Failure.DNS_NO_ANSWER)
