"""What must not be stored: cookies, credentials, and where we look from.

A block page likes to greet its visitor by address, and an address in published evidence can cost a volunteer dearly. So
everything passes through here before it becomes a blob or a word in the facts.
"""

import re
from collections.abc import Callable, Iterable
from ipaddress import ip_address
from itertools import chain
from typing import Final, TypeVar

from probes.kit.observation import Blob
from probes.kit.spelling import SCRUBBED, Spellings, spellings

_SECRET_HEADER: Final = re.compile(
    rb"^((?:set-cookie2?|cookie2?|(?:proxy-)?authorization)[ \t]*:)[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*",
    re.IGNORECASE | re.MULTILINE,
)
_ADDRESS: Final = re.compile(
    r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.]*\d)"  # IPv4
    r"|(?<![\w:])(?=[0-9a-f:]*:[0-9a-f:]*:)[0-9a-f:]{2,39}(?:\.\d{1,3}){0,3}(?:%\w+)?(?![\w:])",  # IPv6
    re.IGNORECASE,
)
_REMEMBERED: Final = 4096
"""Pages and chains, by their hash, and short texts that are remembered to hold nothing: most are the same from look to look."""
_SHORT: Final = 300

_T = TypeVar("_T")


def without_addresses(text: str) -> str:
    """`text` with every IP address taken out, as OONI does to failures outside its vocabulary."""
    return _ADDRESS.sub(SCRUBBED, text)


def without_secrets(head: bytes) -> bytes:
    """The head of a request or response with the values of cookies and credentials taken out, continuation lines too."""
    return _SECRET_HEADER.sub(rb"\1 " + SCRUBBED.encode(), head)


class Scrubber:
    """Takes a vantage point's own addresses out of what is to be stored.

    It learns addresses while it works (`learn`), because a machine behind a changing line is not told its address. Of those
    learnt it keeps the 64 used last; those that it was made with it keeps for ever. What everybody knows (`public`) it does
    not learn.
    """

    _MOST = 64

    def __init__(self, addresses: Iterable[str], *, public: Iterable[str] = ()) -> None:
        self._told = {_shortest(address): forms for address in addresses if (forms := spellings(address))}
        self._public = frozenset(public)
        self._learnt: dict[str, Spellings] = {}
        """The one used last stands last."""
        self._clean: dict[str, None] = {}
        self._texts: dict[str, str] = {}

    def learn(self, address: str) -> None:
        """Take `address` out from now on. Loopback, and what is no address, gives nobody away."""
        address = address.partition("%")[0]
        if address in self._told or address in self._public:
            return
        known = self._learnt.pop(address, None)
        forms = known or spellings(address)
        if forms is None:
            return
        self._learnt[address] = forms
        if known is None:
            self._clean.clear()
            self._texts.clear()
        if len(self._learnt) > self._MOST:
            del self._learnt[next(iter(self._learnt))]

    def _all(self) -> Iterable[Spellings]:
        return chain(self._told.values(), self._learnt.values())

    def scrub(self, data: bytes) -> bytes:
        """`data` without the known addresses, however a text spells them."""
        for forms in self._all():
            data = forms.out_of_text(data)
        return data

    def scrub_text(self, text: str) -> str:
        """The same for text. Half characters, which cannot be written down, become question marks."""
        known = self._texts.get(text)
        if known is not None:
            return known
        scrubbed = self.scrub(text.encode("utf-8", "replace")).decode("utf-8", "replace")
        if len(text) <= _SHORT:
            _remember(self._texts, text, scrubbed)
        return scrubbed

    def page(self, data: bytes) -> Blob:
        """`data` without the known addresses, as it is to be stored."""
        return self._cleaned(Blob.of(data), self.scrub)

    def certificates(self, chain: Blob) -> Blob:
        """Certificates without the known addresses, each byte where it was; their signatures no longer fit then."""
        return self._cleaned(chain, self._out_of_certificates)

    def _cleaned(self, blob: Blob, cleanse: Callable[[bytes], bytes]) -> Blob:
        if blob.name in self._clean:
            return blob
        scrubbed = cleanse(blob.data)
        if scrubbed != blob.data:
            return Blob.of(scrubbed)
        _remember(self._clean, blob.name, None)
        return blob

    def messages(self, data: bytes) -> bytes:
        """DNS messages without the known addresses. Each byte stays where it was, so that they can still be read."""
        for forms in self._all():
            data = forms.out_of_messages(data)
        return data

    def _out_of_certificates(self, data: bytes) -> bytes:
        for forms in self._all():
            data = forms.out_of_certificates(data)
        return data

    def address(self, address: str) -> str:
        """An address among the facts. A private one gives nobody away, and as an answer it is a lie that must be seen."""
        known = address in self._told or address in self._learnt
        return SCRUBBED if known and not ip_address(address).is_private else address


def _remember(memory: dict[str, _T], key: str, value: _T) -> None:
    while len(memory) >= _REMEMBERED:
        del memory[next(iter(memory))]
    memory[key] = value


def _shortest(address: str) -> str:
    return str(ip_address(address.partition("%")[0]))
