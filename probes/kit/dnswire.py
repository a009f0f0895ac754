"""DNS messages for the one common case: a question for A or AAAA, and its answer.

dnspython costs 0.2-0.3 ms for a question and its answer, this reader 0.01 ms, and there are two of them in every look. So
whatever is usual is read here, and whatever is odd, in any respect, is handed to dnspython. Where both can read a message
they agree: a test holds them to it.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Flag, auto
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from typing import Final

import dns.edns
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import idna

QTYPES: Final = {"A": 1, "AAAA": 28}
_A, _NS, _CNAME, _SOA, _AAAA = 1, 2, 5, 6, 28
_INTERNET: Final = 1

_HEADER: Final = struct.Struct("!6H")
_RECORD: Final = struct.Struct("!HHIH")
_RESPONSE, _AUTHORITATIVE, _TRUNCATED, _RECURSION_DESIRED, _CHECKING_DISABLED = 0x8000, 0x0400, 0x0200, 0x0100, 0x0010
_ODD_FLAGS: Final = 0x7800  # any operation but a plain query
_RCODES: Final = ("NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED")
_NO_SUBNET: Final = struct.pack("!HHHBB", 8, 4, 1, 0, 0)
"""A client subnet of no length (RFC 7871, 7.1.2): the website's own name servers shall not learn where we ask from."""

_OPT: Final = struct.pack("!BHHIH", 0, 41, 1232, 0, len(_NO_SUBNET)) + _NO_SUBNET
"""EDNS0 (RFC 6891): answers of 1232 bytes fit every path unfragmented; DNSSEC's records are not asked for (DO clear)."""
_MOST_RECORDS: Final = 8192
"""Records that are read, more than a message has room for; of odd messages fewer, since dnspython takes 0.1 ms for one."""
_MOST_ODD_RECORDS: Final = 512
_MOST_POINTERS: Final = 16
MOST_ANSWERS: Final = 64
"""Addresses and aliases that are kept of one answer. A message has room for thousands."""
_MOST_EXTENDED_ERRORS: Final = 8
_PLAIN: Final = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789-_")
"""Bytes of a name that read the same in every notation; dnspython escapes the others."""


class BadName(ValueError):
    """A name cannot be put into a DNS question."""


class BadMessage(ValueError):
    """Bytes are not a DNS message."""


class Extra(Flag):
    """What a question may say beyond what a stub resolver says."""

    NONE = 0
    EXTENDED = auto()
    """EDNS0, without which no resolver gives the reason of a refusal (RFC 8914)."""
    UNCHECKED = auto()
    """The resolver is not to validate (CD=1)."""


class _Odd(Exception):
    """The message is beyond the fast path; dnspython may still understand it."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: a name in lower-case ASCII without the final dot, its wire form, and `A` or `AAAA`.

    `places` are the name and its parents by where they stand in a message: most names of an answer point there.
    """

    name: str
    qtype: str
    wire: bytes
    places: Mapping[int, str]

    def message(self, query_id: int, extra: Extra = Extra.NONE) -> bytes:
        """The query: recursion desired and, unless `extra` says so, nothing else, as a stub resolver asks."""
        if extra is Extra.NONE:
            return _HEADER.pack(query_id, _RECURSION_DESIRED, 1, 0, 0, 0) + self.wire
        flags = _RECURSION_DESIRED | (_CHECKING_DISABLED if Extra.UNCHECKED in extra else 0)
        extension = _OPT if Extra.EXTENDED in extra else b""
        return _HEADER.pack(query_id, flags, 1, 0, 0, 1 if extension else 0) + self.wire + extension


@dataclass(frozen=True, slots=True)
class Reply:
    """What a resolver said. `answers` are the addresses at the end of the chain of `cnames` that begins at the question.

    Of both at most `MOST_ANSWERS` are kept; `dropped` says how many addresses there were beyond. `has_authority` says whether
    the authority section held anything, `extended_errors` are the codes of RFC 8914.
    """

    rcode: str
    authoritative: bool = False
    truncated: bool = False
    answers: tuple[str, ...] = ()
    cnames: tuple[str, ...] = ()
    dropped: int = 0
    has_authority: bool = True
    extended_errors: tuple[int, ...] = ()


@lru_cache(maxsize=4096)
def question(name: str, qtype: str) -> Question:
    """Put `name` into a question, in its IDNA form. Raises BadName."""
    text = _ascii(name)
    labels = text.encode().split(b".")
    if len(text) > 253 or not all(0 < len(label) < 64 and _PLAIN.issuperset(label) for label in labels):
        raise BadName(f"{name[:80]!r} is not a host name: give letters, digits, '-' and '_', at most 63 between two dots")
    wire = b"".join(bytes((len(label),)) + label for label in labels) + struct.pack("!BHH", 0, QTYPES[qtype], _INTERNET)
    return Question(text, qtype, wire, _places(text))


def _places(name: str) -> dict[int, str]:
    """In wire form a label has one byte of length before it where the text has a dot behind it, so the offsets agree."""
    starts = [0, *(index + 1 for index, letter in enumerate(name) if letter == ".")]
    return {_HEADER.size + start: name[start:] for start in starts}


def _ascii(name: str) -> str:
    plain = name.removesuffix(".")
    if plain.isascii():
        return plain.lower()
    try:
        return idna.encode(plain, uts46=True).decode()
    except idna.IDNAError as error:
        raise BadName(f"{name[:80]!r} is not an internationalised name: {error}") from error


def query_id(message: bytes) -> int | None:
    """The id of a message, if it is long enough to have one."""
    return int.from_bytes(message[:2], "big") if len(message) >= 2 else None


def answers_to(message: bytes, asked: Question) -> bool:
    """Whether `message` is a response that echoes exactly the question that was asked (RFC 5452, 9.1); letter case is free."""
    if len(message) < _HEADER.size:
        return False
    _, flags, questions, _, _, _ = _HEADER.unpack_from(message)
    echo = message[_HEADER.size : _HEADER.size + len(asked.wire)]
    return bool(flags & _RESPONSE) and questions == 1 and echo.lower() == asked.wire


def read(message: bytes, asked: Question) -> Reply:
    """Read a response to `asked`; of a truncated one the head only. Raises BadMessage where it is none, or broken."""
    if not answers_to(message, asked):
        raise BadMessage("the message does not answer the question that was asked")
    if message[2] << 8 & _TRUNCATED:
        # Whatever came with it is incomplete and may end anywhere: it is asked again over TCP.
        return Reply(_rcode(message[3] & 0xF), truncated=True)
    try:
        return _read_plain(message, asked)
    except (_Odd, struct.error, IndexError):
        return _read_odd(message, asked)


def _read_plain(message: bytes, asked: Question) -> Reply:
    _, flags, _, count, authorities, additionals = _HEADER.unpack_from(message)
    if flags & _ODD_FLAGS or count + authorities + additionals > _MOST_RECORDS:
        raise _Odd
    records = _Records(message, asked)
    addresses, aliases = records.read(count, QTYPES[asked.qtype])
    records.skip(authorities + additionals)
    if records.position != len(message):
        raise _Odd
    answers, cnames = _follow(asked.name, addresses, aliases)
    return Reply(
        _rcode(flags & 0xF),
        bool(flags & _AUTHORITATIVE),
        answers=answers[:MOST_ANSWERS],
        cnames=cnames,
        dropped=max(len(answers) - MOST_ANSWERS, 0),
        has_authority=authorities > 0,
    )


def _rcode(number: int) -> str:
    return _RCODES[number] if number < len(_RCODES) else dns.rcode.to_text(dns.rcode.Rcode(number))


class _Records:
    """A cursor over the records of a message. Raises _Odd, IndexError or struct.error where it does not understand."""

    __slots__ = ("_message", "_names", "position")

    def __init__(self, message: bytes, asked: Question) -> None:
        self._message = message
        self._names = dict(asked.places)
        self.position = _HEADER.size + len(asked.wire)

    def read(self, count: int, qtype: int) -> tuple[dict[str, list[str]], dict[str, str]]:
        """The addresses and the aliases of `count` records, by the name that owns them."""
        addresses: dict[str, list[str]] = {}
        aliases: dict[str, str] = {}
        for _ in range(count):
            owner, kind, start = self._next()
            if kind == qtype:
                addresses.setdefault(owner, []).append(self._address(kind, start))
            elif kind == _CNAME and owner not in aliases:
                aliases[owner] = self._target(start)
            else:
                raise _Odd
        return addresses, aliases

    def skip(self, count: int) -> None:
        """Pass over records beside the answer, but see that they are what they say."""
        for _ in range(count):
            _, kind, start = self._next()
            if kind in {_A, _AAAA}:
                self._address(kind, start)
            elif kind == _NS:
                self._target(start)
            elif kind == _SOA:
                self._zone(start)
            else:
                raise _Odd

    def _next(self) -> tuple[str, int, int]:
        """The owner and the type of the next record, and where its data begins; the cursor moves behind them."""
        owner, start = self._name(self.position)
        kind, network, _, length = _RECORD.unpack_from(self._message, start)
        self.position = start + _RECORD.size + length
        if network != _INTERNET or self.position > len(self._message):
            raise _Odd
        return owner, kind, start + _RECORD.size

    def _address(self, kind: int, start: int) -> str:
        data = self._message[start : self.position]
        if kind == _A and len(data) == 4:
            return ".".join(map(str, data))
        if kind == _AAAA and len(data) == 16:
            return str(IPv6Address(data))
        raise _Odd

    def _target(self, start: int) -> str:
        name, end = self._name(start)
        if end != self.position:
            raise _Odd
        return name

    def _zone(self, start: int) -> None:
        """A SOA record: two names and five numbers (RFC 1035, 3.3.13)."""
        _, mailbox = self._name(start)
        if self._name(mailbox)[1] + 20 != self.position:
            raise _Odd

    def _name(self, start: int, pointers: int = 0) -> tuple[str, int]:
        """The name at `start`, lower-case, and where it ends. Pointers may only lead back, and not too often."""
        labels: list[str] = []
        position = start
        while length := self._message[position]:
            if length >= 0xC0:
                target = (length & 0x3F) << 8 | self._message[position + 1]
                return self._joined(start, labels, self._pointed(target, start, pointers + 1)), position + 2
            labels.append(self._label(position, length))
            position += length + 1
        return self._joined(start, labels, ""), position + 1

    def _pointed(self, target: int, start: int, pointers: int) -> str:
        if not _HEADER.size <= target < start or pointers > _MOST_POINTERS:
            raise _Odd
        known = self._names.get(target)
        return known if known is not None else self._name(target, pointers)[0]

    def _label(self, position: int, length: int) -> str:
        label = self._message[position + 1 : position + 1 + length].lower()
        if length > 63 or len(label) != length or not _PLAIN.issuperset(label):
            raise _Odd
        return label.decode()

    def _joined(self, start: int, labels: list[str], rest: str) -> str:
        name = ".".join((*labels, rest)) if rest else ".".join(labels)
        if len(name) > 253 or not name:
            raise _Odd
        self._names[start] = name
        return name


def _follow(name: str, addresses: dict[str, list[str]], aliases: dict[str, str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The addresses where the aliases lead, and the aliases passed on the way. A circle ends where it closes."""
    passed: list[str] = []
    while name in aliases and aliases[name] not in passed and len(passed) < MOST_ANSWERS:
        name = aliases[name]
        passed.append(name)
    return tuple(dict.fromkeys(addresses.get(name, ()))), tuple(passed)


def _read_odd(message: bytes, asked: Question) -> Reply:
    if sum(_HEADER.unpack_from(message)[3:]) > _MOST_ODD_RECORDS:
        raise BadMessage(f"an unusual message with more than {_MOST_ODD_RECORDS} records")
    try:
        parsed = dns.message.from_wire(message)
    except Exception as error:
        # dnspython meets a stranger's bytes here: whatever it stumbles over, they were no proper message.
        raise BadMessage(f"not a DNS message: {type(error).__name__}") from error
    addresses: dict[str, list[str]] = {}
    aliases: dict[str, str] = {}
    for found in parsed.answer:
        owner = _text(found.name)
        if found.rdtype == dns.rdatatype.CNAME:
            aliases.setdefault(owner, _text(found[0].target))
        elif found.rdtype == QTYPES[asked.qtype] and found.rdclass == dns.rdataclass.IN:
            addresses.setdefault(owner, []).extend(str(ip_address(data.address)) for data in found)
    answers, cnames = _follow(asked.name, addresses, aliases)
    return Reply(
        dns.rcode.to_text(parsed.rcode()),
        bool(parsed.flags & dns.flags.AA),
        answers=answers[:MOST_ANSWERS],
        cnames=cnames,
        dropped=max(len(answers) - MOST_ANSWERS, 0),
        has_authority=bool(parsed.authority),
        extended_errors=_extended_errors(parsed),
    )


def _extended_errors(parsed: dns.message.Message) -> tuple[int, ...]:
    codes = (int(option.code) for option in parsed.options if isinstance(option, dns.edns.EDEOption))
    return tuple(dict.fromkeys(codes))[:_MOST_EXTENDED_ERRORS]


def _text(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True).lower()
