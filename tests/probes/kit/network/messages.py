"""What resolvers answer: the truth, changed a little."""

from collections.abc import Callable

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

RECORDS = {"A": ("198.51.100.1",), "AAAA": ("2001:db8::1",)}
Change = Callable[[dns.message.Message], None]


def truth(query: bytes, change: Change = lambda _: None) -> bytes:
    """What an honest resolver answers, changed a little."""
    asked = dns.message.from_wire(query)
    reply = dns.message.make_response(asked)
    kind = dns.rdatatype.to_text(asked.question[0].rdtype)
    reply.answer.append(dns.rrset.from_text(asked.question[0].name, 60, "IN", kind, *RECORDS[kind]))
    change(reply)
    return reply.to_wire()


def another_id(query: bytes) -> bytes:
    return (int.from_bytes(query[:2], "big") ^ 1).to_bytes(2, "big")


def empty(reply: dns.message.Message) -> None:
    reply.answer.clear()


def refusing(code: str) -> Change:
    def change(reply: dns.message.Message) -> None:
        reply.answer.clear()
        reply.set_rcode(dns.rcode.from_text(code))

    return change


def answering(**records: str) -> Change:
    """A change to other addresses: `answering(A="203.0.113.1")`."""

    def change(reply: dns.message.Message) -> None:
        asked = reply.question[0]
        kind = dns.rdatatype.to_text(asked.rdtype)
        reply.answer[:] = [dns.rrset.from_text(asked.name, 60, "IN", kind, records[kind])] if kind in records else []

    return change


def truncated(reply: dns.message.Message) -> None:
    reply.answer.clear()
    reply.flags |= dns.flags.TC


def unframed(wire: bytes) -> list[bytes]:
    messages = []
    while wire:
        length = int.from_bytes(wire[:2], "big")
        messages.append(wire[2 : 2 + length])
        wire = wire[2 + length :]
    return messages
