"""One question to the vantage point's own resolver: UDP, asked again once, and over TCP where the answer does not fit.

Every question has a socket of its own. A fixed source port can be spoofed, and a shared socket overflows in a burst or
loses a waiter when its 16-bit id comes round again; both show as false time-outs.
"""

import asyncio
import secrets
import socket
from collections.abc import Sequence
from time import perf_counter
from typing import Final

from probes.kit.address import Place
from probes.kit.dnswire import BadMessage, Question, Reply, answers_to, query_id, read
from probes.kit.failure import Failed, Failure, classify
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
    """Asks `resolvers` one question for `seconds`: the second one half-way, or the only one again.

    It runs by itself between `begin` and `end`, so that two cost no more than one. What came of it: `reply`, `failure`,
    `duration`, and `messages`, the query and everything that came back.
    """

    def __init__(self, connector: Connector, resolvers: Sequence[Place], asked: Question, seconds: float) -> None:
        self._connector = connector
        self._turns = list(resolvers[:2]) if len(resolvers) > 1 else [*resolvers, *resolvers]
        self._seconds = max(seconds, 0)
        self._id = secrets.randbits(16)
        self._loop = asyncio.get_running_loop()
        self._answered: asyncio.Future[Place | Exception] = self._loop.create_future()
        self._sockets: dict[socket.socket, Place] = {}
        self._timers: list[asyncio.TimerHandle] = []
        self._silent = False
        self._complaint: str | None = None
        self.asked = asked
        self.messages = [asked.message(self._id)]
        self.reply: Reply | None = None
        self.failure: str | None = Failure.INTERRUPTED
        self.began = perf_counter()
        self.duration = 0.0

    @property
    def wire(self) -> bytes:
        """`messages`, each with the two-byte length before it that DNS over TCP has (RFC 1035, 4.2.2)."""
        return _framed(self.messages)

    def begin(self) -> None:
        """Ask."""
        self._timers = [
            self._loop.call_later(self._seconds / 2, self._ask),
            self._loop.call_later(self._seconds, self._settle, TimeoutError()),
        ]
        self._ask()

    async def end(self) -> None:
        """Wait for the answer, or for the end of the time. Where the answer did not fit, it is asked for again over TCP."""
        try:
            await self._wait()
            self.failure = _failure(self.reply)
        except Exception as error:
            self.failure = self._complaint if self._complaint and isinstance(error, TimeoutError) else classify(error)
        finally:
            self.close()

    async def _wait(self) -> None:
        outcome = await self._answered
        if isinstance(outcome, Exception):
            raise outcome
        if self.reply is not None and self.reply.truncated:
            await self._ask_over_tcp(outcome)

    def close(self) -> None:
        """Listen no longer. The clock has stopped with the answer, if there was one."""
        if not self._answered.done():
            self._stop_clock()
        for timer in self._timers:
            timer.cancel()
        for each in list(self._sockets):
            self._drop(each)

    def _stop_clock(self) -> None:
        self.duration = perf_counter() - self.began

    def _settle(self, outcome: Place | Exception) -> None:
        if not self._answered.done():
            self._stop_clock()
            self._answered.set_result(outcome)

    def _drop(self, opened: socket.socket) -> None:
        self._loop.remove_reader(opened)
        opened.close()
        del self._sockets[opened]

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
            self._silent = True
        else:
            self._send(opened, resolver)

    def _send(self, opened: socket.socket, resolver: Place) -> None:
        self._sockets[opened] = resolver
        self._loop.add_reader(opened, self._hear, opened)
        try:
            opened.send(self.messages[0])
        except OSError as error:
            self._drop(opened)
            self._give_up_on(error)

    def _give_up_on(self, error: OSError) -> None:
        """A resolver that cannot be reached is a failure only if nobody else is to be asked or waited for."""
        if self._turns:
            self._ask()
        elif not self._sockets and not self._silent:
            self._settle(error)

    def _hear(self, heard: socket.socket) -> None:
        try:
            message = heard.recv(_DATAGRAM_CAP)
        except BlockingIOError:
            return
        except OSError as error:
            self._drop(heard)
            self._give_up_on(error)
            return
        self._keep(message)
        self._consider(message, self._sockets[heard])

    def _keep(self, message: bytes) -> None:
        if len(self.messages) <= _KEPT:
            self.messages.append(message)

    def _consider(self, message: bytes, resolver: Place) -> None:
        """Who guesses id or question wrong is not listened to, and the answer is waited for further."""
        if query_id(message) != self._id:
            self._complaint = Failure.DNS_WRONG_QUERY_ID
        elif not answers_to(message, self.asked):
            self._complaint = Failure.DNS_SERVER_MISBEHAVING
        elif not self._answered.done():
            self._read(message, resolver)

    def _read(self, message: bytes, resolver: Place) -> None:
        try:
            self.reply = read(message, self.asked)
        except BadMessage:
            self._settle(Failed(Failure.DNS_SERVER_MISBEHAVING))
        else:
            self._settle(resolver)

    async def _ask_over_tcp(self, resolver: Place) -> None:
        try:
            async with asyncio.timeout(self._seconds - self.duration):
                message = await self._exchange_over_tcp(resolver)
        finally:
            self._stop_clock()
        self._keep(message)
        if query_id(message) != self._id:
            raise Failed(Failure.DNS_WRONG_QUERY_ID)
        try:
            self.reply = read(message, self.asked)
        except BadMessage as error:
            raise Failed(Failure.DNS_SERVER_MISBEHAVING) from error

    async def _exchange_over_tcp(self, resolver: Place) -> bytes:
        plain = await self._connector.connect(*resolver)
        try:
            plain.write(_framed(self.messages[:1]))
            return await _one_message(plain)
        finally:
            plain.close()


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


def _failure(reply: Reply | None) -> str | None:
    if reply is None or reply.rcode != "NOERROR":
        return _FAILURES.get(reply.rcode if reply else "", Failure.DNS_SERVER_MISBEHAVING)
    return None if reply.answers else Failure.DNS_NO_ANSWER
