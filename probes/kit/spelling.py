"""How one address may be written, in texts, DNS messages and certificates, and how it is taken out of them."""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from itertools import product
from typing import Final

SCRUBBED: Final = "[scrubbed]"
"""What stands in place of what was taken out (the word that OONI uses)."""

_DOT: Final = rb"(?:[.\-_]|%2[eE]|&#46;|&#[xX]2[eE];|\[\.\])"
"""What stands between the numbers of an IPv4 address: in text, in a host name, in a URL, in a page's source."""
_COLON: Final = rb"(?::|-|%3[aA]|&#58;|&#[xX]3[aA];)"
_COLONS: Final = re.compile(_COLON)
_CLIENT_SUBNET: Final = b"\x00\x08\x00"
"""How an EDNS client subnet begins (RFC 7871): it carries as much of an asker's address as is thought fit."""

_Swap = tuple[bytes, bytes]
"""Bytes, and as many that stand in their place."""


@dataclass(frozen=True, slots=True)
class _Text:
    """What finds one way of writing an address in a text, where it stands alone.

    `anchors` are what every such text holds one of, since to seek them is much quicker. Where there is an `address`, what
    the pattern finds may be another one, and is read.
    """

    pattern: re.Pattern[bytes]
    anchors: tuple[bytes, ...]
    address: IPv6Address | None = None

    def out_of(self, data: bytes, word: bytes | None) -> bytes:
        """`data` with `word` in place of each find; without a word, with as many crosses as it had bytes."""
        for anchor in self.anchors:
            if anchor in data:
                return self.pattern.sub(lambda found: self._replaced(found[0], word), data)
        return data

    def _replaced(self, found: bytes, word: bytes | None) -> bytes:
        length = self._length(found)
        return ((word or b"x" * length) if length else b"") + found[length:]

    def _length(self, found: bytes) -> int:
        """How much of `found` is the address: something else may follow behind another colon or dash."""
        if self.address is None:
            return len(found)
        ends = (len(found), *(colon.start() for colon in reversed(list(_COLONS.finditer(found)))))
        return next((end for end in ends if _is(self.address, _COLONS.sub(b":", found[:end]))), 0)


@dataclass(frozen=True, slots=True)
class Spellings:
    """All ways in which one address may be written."""

    texts: tuple[_Text, ...]
    in_messages: tuple[_Swap, ...]
    in_subnets: re.Pattern[bytes]
    in_certificates: tuple[_Swap, ...]

    def out_of_text(self, data: bytes) -> bytes:
        """`data` with a word in place of the address."""
        for text in self.texts:
            data = text.out_of(data, SCRUBBED.encode())
        return data

    def out_of_messages(self, data: bytes) -> bytes:
        """DNS messages without the address: no record of it, no name made of it, no subnet that begins like it."""
        if _CLIENT_SUBNET in data:
            data = self.in_subnets.sub(lambda found: bytes(len(found[0])), data)
        return self._blotted(data, self.in_messages)

    def out_of_certificates(self, data: bytes) -> bytes:
        """Certificates without the address."""
        return self._blotted(data, self.in_certificates)

    def _blotted(self, data: bytes, swaps: tuple[_Swap, ...]) -> bytes:
        for old, new in swaps:
            data = data.replace(old, new)
        for text in self.texts:
            data = text.out_of(data, None)
        return data


def spellings(address: str) -> Spellings | None:
    """The ways to write `address`. None for what is no address, and for loopback, which gives nobody away."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return None
    if parsed.is_loopback:
        return None
    return _of_four(parsed) if isinstance(parsed, IPv4Address) else _of_six(parsed)


def _of_four(address: IPv4Address) -> Spellings:
    packed, numbers = address.packed, str(address).encode().split(b".")
    mapped = bytes(10) + b"\xff\xff" + packed
    return Spellings(
        texts=(_numbers(numbers), _numbers(numbers[::-1]), _mapped(packed)),
        in_messages=(_record(packed), _record(mapped), _labels(numbers), _labels(numbers[::-1]), *_plain(b"-".join(numbers))),
        in_subnets=_subnets(packed, 1),
        in_certificates=(_alternative_name(packed), _alternative_name(mapped), *_plain(b".".join(numbers))),
    )


def _of_six(address: IPv6Address) -> Spellings:
    packed = address.packed
    nibbles = [b"%x" % nibble for byte in reversed(packed) for nibble in (byte & 15, byte >> 4)]
    return Spellings(
        texts=(_groups(address),),
        in_messages=(_record(packed), _labels(nibbles)),
        in_subnets=_subnets(packed, 2),
        in_certificates=(_alternative_name(packed), *_plain(address.compressed.encode())),
    )


def _numbers(numbers: list[bytes]) -> _Text:
    """The four numbers in a row. What may not stand before is said after the first, which is then found much quicker."""
    first = numbers[0]
    text = first + rb"(?<![\d.]" + first + rb")" + b"".join(_DOT + number for number in numbers[1:]) + rb"(?!\d|\.\d)"
    return _Text(re.compile(text), anchors=(max(numbers, key=len),))


def _mapped(packed: bytes) -> _Text:
    """An IPv4 address as the end of an IPv6 one (`::ffff:cb00:7107`)."""
    high, low = (b"%x" % int.from_bytes(packed[start : start + 2], "big") for start in (0, 2))
    text = rb"ffff" + _COLON + b"0{0,3}" + high + _COLON + b"0{0,3}" + low + rb"(?![0-9a-f])"
    return _Text(re.compile(text, re.IGNORECASE), anchors=(b"ffff", b"FFFF"))


def _groups(address: IPv6Address) -> _Text:
    """Any way to write an IPv6 address: shortened or not, in either case, with dashes, with its end as an IPv4 address."""
    first = b"%x" % int.from_bytes(address.packed[:2], "big")
    text = rb"(?<![0-9a-f:])0{0,3}" + first + rb"(?:" + _COLON + rb"{1,2}[0-9a-f]{0,4}){1,8}(?:(?:\.\d{1,3}){3})?"
    return _Text(re.compile(text, re.IGNORECASE), anchors=_cases(first), address=address)


def _cases(digits: bytes) -> tuple[bytes, ...]:
    """Every mixture of small and capital letters."""
    letters = [{digit, digit.upper()} for digit in digits.decode()]
    return tuple("".join(each).encode() for each in product(*letters))


def _is(address: IPv6Address, text: bytes) -> bool:
    try:
        return IPv6Address(text.decode()) == address
    except ValueError:
        return False


def _record(packed: bytes) -> _Swap:
    """The data of an A or AAAA record, with its length before it."""
    length = len(packed).to_bytes(2, "big")
    return length + packed, length + bytes(len(packed))


def _labels(labels: list[bytes]) -> _Swap:
    """Labels of a name, as in the names of reverse look-ups, each with its length before it."""
    crosses = [b"x" * len(one) for one in labels]
    return _name(labels), _name(crosses)


def _name(labels: list[bytes]) -> bytes:
    return b"".join(bytes((len(one),)) + one for one in labels)


def _plain(text: bytes) -> tuple[_Swap, _Swap]:
    """A text among bytes that are none: a digit or a letter that stands next to it there is none either."""
    crosses = b"x" * len(text)
    return (text, crosses), (text.upper(), crosses)


def _subnets(packed: bytes, family: int) -> re.Pattern[bytes]:
    """The address in client subnets of every length; of the last byte some bits may have been cleared."""
    forms = [
        rb"(?<=\x00\x08\x00" + re.escape(bytes((4 + length, 0, family))) + rb"..)" + re.escape(packed[: length - 1]) + b"."
        for length in range(2, len(packed) + 1)
    ]
    return re.compile(b"|".join(forms), re.DOTALL)


def _alternative_name(packed: bytes) -> _Swap:
    """An address among a certificate's alternative names: its tag and length, then the address (RFC 5280, 4.2.1.6)."""
    before = bytes((0x87, len(packed)))
    return before + packed, before + bytes(len(packed))
