"""What must not be stored: cookies, credentials, and where we look from.

A block page likes to greet its visitor by address, and an address in published evidence can cost a volunteer dearly. So
everything passes through here before it becomes a blob or a word in the facts.
"""

import re
from collections.abc import Iterable
from ipaddress import IPv6Address, ip_address
from itertools import chain
from typing import Final, TypeAlias

SCRUBBED: Final = "[scrubbed]"
"""What stands in place of what was taken out (the word that OONI uses)."""

_SECRET_HEADER: Final = re.compile(
    rb"^((?:set-cookie2?|cookie2?|(?:proxy-)?authorization)[ \t]*:)[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*",
    re.IGNORECASE | re.MULTILINE,
)
_ADDRESS: Final = re.compile(
    r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.]*\d)"  # IPv4
    r"|(?<![\w:])(?=[0-9a-f:]*:[0-9a-f:]*:)[0-9a-f:]{2,39}(?:\.\d{1,3}){0,3}(?:%\w+)?(?![\w:])",  # IPv6
    re.IGNORECASE,
)

_Sought: TypeAlias = tuple[tuple[bytes, re.Pattern[bytes]], ...]
"""Each spelling of an address, and what finds it where it stands alone."""


def without_addresses(text: str) -> str:
    """`text` with every IP address taken out, as OONI does to failures outside its vocabulary."""
    return _ADDRESS.sub(SCRUBBED, text)


def without_secrets(head: bytes) -> bytes:
    """The head of a request or response with the values of cookies and credentials taken out, continuation lines too."""
    return _SECRET_HEADER.sub(rb"\1 " + SCRUBBED.encode(), head)


class Scrubber:
    """Takes a vantage point's own addresses out of what is to be stored.

    It learns addresses while it works (`learn`), because a machine behind a changing line is not told its address. Of those
    learnt it keeps the 64 used last; those that it was made with it keeps for ever.
    """

    _MOST = 64

    def __init__(self, addresses: Iterable[str]) -> None:
        self._told = {address: _sought(address) for address in addresses}
        self._learnt: dict[str, _Sought] = {}
        """The one used last stands last."""

    def learn(self, address: str) -> None:
        """Take `address` out from now on. Loopback, and what is no address, gives nobody away."""
        if address in self._told:
            return
        sought = self._learnt.pop(address, ()) or _sought(address)
        if not sought:
            return
        self._learnt[address] = sought
        if len(self._learnt) > self._MOST:
            del self._learnt[next(iter(self._learnt))]

    def scrub(self, data: bytes) -> bytes:
        """`data` without the known addresses."""
        for spelling, pattern in chain.from_iterable((*self._told.values(), *self._learnt.values())):
            # A plain search is some hundred times cheaper than the pattern, and almost always the end of it.
            if spelling in data:
                data = pattern.sub(SCRUBBED.encode(), data)
        return data

    def scrub_text(self, text: str) -> str:
        """The same for text. Half characters, which cannot be written down, become question marks."""
        return self.scrub(text.encode("utf-8", "replace")).decode("utf-8", "replace")


def _sought(address: str) -> _Sought:
    return tuple((spelling, _whole(spelling)) for spelling in _spellings(address))


def _spellings(address: str) -> tuple[bytes, ...]:
    """The ways in which a page may spell an address. IPv6 comes shortened, in full, and in either case."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return ()
    if parsed.is_loopback:
        return ()
    if isinstance(parsed, IPv6Address):
        plain = (parsed.compressed, parsed.exploded)
        return tuple(form.encode() for text in plain for form in (text, text.upper()))
    return (str(parsed).encode(),)


def _whole(spelling: bytes) -> re.Pattern[bytes]:
    """Finds `spelling` only where it is not part of a longer address."""
    before, after = (rb"[0-9a-fA-F:.]", rb"[0-9a-fA-F:]") if b":" in spelling else (rb"[\d.]", rb"\d|\.\d")
    return re.compile(rb"(?<!" + before + rb")" + re.escape(spelling) + rb"(?!" + after + rb")")
