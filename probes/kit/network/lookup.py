"""One question over UDP, asked again once, and over TCP where the answer does not fit.

Every question has a socket of its own. A fixed source port can be spoofed, and a shared socket overflows in a burst or
loses a waiter when its 16-bit id comes round again; both show as false time-outs.
"""

import asyncio
import socket
from collections.abc import Sequence
from time import perf_counter
from typing import Final

from probes.kit.address import Place
from probes.kit.dnswire import BadMessage, Extra, Question, answers_to, query_id, read
from probes.kit.failure import Failed, Failure, classify
from probes.kit.network.connector import Connector
from probes.kit.network.conversation import by_length
from probes.kit.network.inquiry import OWN, Inquiry, Source
from probes.kit.observation import DnsReply

_DATAGRAM_CAP: Final = 4096
_FURTHER_KEPT: Final = 8
_TOO_NEW: Final = frozenset({"FORMERR", "NOTIMP"})
"""What a resolver says that does not know EDNS (RFC 6891, 7); it is then asked again without."""


class Lookup(Inquiry):
    """Asks `resolvers` one question for `seconds`: the second one half-way, or the only one again, then without EDNS.

    It runs by itself between `begin` and `end`, so that two cost no more than one. For `linger` seconds after the answer
    others are listened for: a forged answer comes first, and the true one after it.
    """

    def __init__(
        self,
        connector: Connector,
        resolvers: Sequence[Place],
        asked: Question,
        seconds: float,
        *,
        source: Source = OWN,
        extra: Extra = Extra.NONE,
        linger: float = 0.0,
    ) -> None:
        super().__init__(asked, source, extra)
        self._query = self.messages[0]
        self._connector = connector
        self._turns = list(resolvers[:2]) if len(resolvers) > 1 else [*resolvers, *resolvers]
        self._seconds = max(seconds, 0)
        self._linger = linger
        self._loop = asyncio.get_running_loop()
        self._answered: asyncio.Future[Place | Exception] = self._loop.create_future()
        self._sockets: dict[socket.socket, Place] = {}
        self._timers: list[asyncio.TimerHandle] = []
        self._silent = False
        self._complaint: str | None = None

    def begin(self) -> None:
        """Ask."""
        self._timers = [
            self._loop.call_later(self._seconds / 2, self._ask_again),
            self._loop.call_later(self._seconds, self._settle, TimeoutError()),
        ]
        self._ask()

    async def end(self) -> None:
        """Wait for the answer, or for the end of the time. Where the answer did not fit, it is asked for again over TCP."""
        try:
            await self._wait()
            self.failure = self.said()
        except Exception as error:
            self.failure = self._complaint if self._complaint and isinstance(error, TimeoutError) else classify(error)
        finally:
            self.close()

    async def _wait(self) -> None:
        outcome = await self._answered
        if self._linger and self._sockets:
            since = self.began + self.duration
            end = min(since + self._linger, self.began + self._seconds)
            await asyncio.sleep(max(end - perf_counter(), 0))
        if isinstance(outcome, Exception):
            raise outcome
        if self.reply is not None and self.reply.truncated:
            await self._ask_over_tcp(outcome)

    def close(self) -> None:
        """Listen no longer. The clock has stopped with the answer, if there was one."""
        if not self._answered.done():
            self._stop_clock()
        self._stop_timers()
        for each in list(self._sockets):
            self._drop(each)

    def _stop_timers(self) -> None:
        for timer in self._timers:
            timer.cancel()

    def _stop_clock(self) -> None:
        self.duration = perf_counter() - self.began

    def _settle(self, outcome: Place | Exception) -> None:
        if not self._answered.done():
            self._stop_clock()
            self._stop_timers()
            self._answered.set_result(outcome)

    def _drop(self, opened: socket.socket) -> None:
        self._loop.remove_reader(opened)
        opened.close()
        del self._sockets[opened]

    def _ask_again(self) -> None:
        """Ask once more, as plainly as can be: a box on the way may not let EDNS pass."""
        if self._turns and Extra.EXTENDED in self.extra:
            self.extra &= ~Extra.EXTENDED
            self._query = self.asked.message(self.id, self.extra)
            self.keep(self._query)
        self._ask()

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
            opened.send(self._query)
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
        self.keep(message)
        self._consider(message, heard)

    def _consider(self, message: bytes, heard: socket.socket) -> None:
        """Who guesses id or question wrong is not listened to, and the answer is waited for further."""
        if query_id(message) != self.id:
            self._complaint = Failure.DNS_WRONG_QUERY_ID
        elif not answers_to(message, self.asked):
            self._complaint = Failure.DNS_SERVER_MISBEHAVING
        elif self._answered.done():
            self._note(message)
        else:
            self._read(message, heard)

    def _read(self, message: bytes, heard: socket.socket) -> None:
        try:
            reply = read(message, self.asked)
        except BadMessage:
            self._settle(Failed(Failure.DNS_SERVER_MISBEHAVING))
            return
        if reply.rcode in _TOO_NEW and self._turns and Extra.EXTENDED in self.extra:
            self._ask_again()
            return
        self.reply = reply
        resolver = self._sockets[heard]
        self._hear_only(heard)
        self._settle(resolver)

    def _hear_only(self, heard: socket.socket) -> None:
        """Whoever was asked beside the one that answered may answer as well; only a second answer to one question is odd."""
        if len(self._sockets) > 1:
            for other in [each for each in self._sockets if each is not heard]:
                self._drop(other)

    def _note(self, message: bytes) -> None:
        if len(self.further) >= _FURTHER_KEPT:
            return
        try:
            reply = read(message, self.asked)
        except BadMessage:
            return
        after = perf_counter() - self.began
        self.further.append(DnsReply(after=after, rcode=reply.rcode, authoritative=reply.authoritative, answers=reply.answers))

    async def _ask_over_tcp(self, resolver: Place) -> None:
        try:
            async with asyncio.timeout(self._seconds - self.duration):
                message = await self._exchange_over_tcp(resolver)
        finally:
            self._stop_clock()
        self.accept(message)

    async def _exchange_over_tcp(self, resolver: Place) -> bytes:
        plain = await self._connector.connect(*resolver)
        try:
            return await by_length(plain, self._query)
        finally:
            plain.close()
