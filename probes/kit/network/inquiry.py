"""One question to one resolver, however it is asked, and what came of it."""

import secrets
from collections.abc import Sequence
from time import perf_counter
from typing import Final, NamedTuple

from probes.kit.dnswire import BadMessage, Extra, Question, Reply, query_id, read
from probes.kit.failure import Failed, Failure
from probes.kit.observation import DnsReply

SYSTEM: Final = "system"
"""How facts name the vantage point's own resolver: its address would say where we look from."""

_KEPT: Final = 16
"""Messages that are kept as evidence. Somebody may send thousands."""
_FAILURES: Final = {
    "NXDOMAIN": Failure.DNS_NXDOMAIN,
    "SERVFAIL": Failure.DNS_SERVFAIL,
    "REFUSED": Failure.DNS_REFUSED,
}


class Source(NamedTuple):
    """How facts name the resolver that is asked, and the way to it."""

    resolver: str
    transport: str


OWN: Final = Source(SYSTEM, SYSTEM)


class Inquiry:
    """A question and what came of it.

    `reply`, `failure`, `began`, `duration`, the answers after the first (`further`), and `messages`: what went back and forth.
    """

    def __init__(self, asked: Question, source: Source, extra: Extra) -> None:
        self.asked = asked
        self.source = source
        self.extra = extra
        self.checking_disabled = extra is not Extra.NONE and Extra.UNCHECKED in extra
        self.id = secrets.randbits(16)
        self.messages = [asked.message(self.id, extra)]
        self.reply: Reply | None = None
        self.further: list[DnsReply] = []
        self.failure: str | None = Failure.INTERRUPTED
        self.began = perf_counter()
        self.duration = 0.0

    @property
    def wire(self) -> bytes:
        """`messages`, each with the two-byte length before it that DNS over TCP has (RFC 1035, 4.2.2)."""
        return framed(self.messages)

    @property
    def answers(self) -> tuple[str, ...]:
        """The addresses that were answered."""
        return self.reply.answers if self.reply else ()

    def keep(self, message: bytes) -> None:
        """Keep `message` as evidence, if it is not one of thousands."""
        if len(self.messages) <= _KEPT:
            self.messages.append(message)

    def accept(self, message: bytes) -> None:
        """Take `message`, which came over a connection, as the answer. Raises Failed where it is none."""
        self.keep(message)
        if query_id(message) != self.id:
            raise Failed(Failure.DNS_WRONG_QUERY_ID)
        try:
            self.reply = read(message, self.asked)
        except BadMessage as error:
            raise Failed(Failure.DNS_SERVER_MISBEHAVING) from error

    def said(self) -> str | None:
        """The word for what the reply says, None where it gives addresses."""
        if self.reply is None or self.reply.rcode != "NOERROR":
            return _FAILURES.get(self.reply.rcode if self.reply else "", Failure.DNS_SERVER_MISBEHAVING)
        return None if self.reply.answers else Failure.DNS_NO_ANSWER


def framed(messages: Sequence[bytes]) -> bytes:
    """`messages` as they stand one after the other in a stream."""
    return b"".join(len(message).to_bytes(2, "big") + message for message in messages)
