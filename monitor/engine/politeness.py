"""How we treat those we look at: a few looks at once and a gap between them, per registrable domain and per address.

Whose turn it is not waits in the line of the first domain or address that is busy, first in, first out. What is remembered
of a domain or address is dropped once nothing is under way there and its gap has passed, so memory follows the load.
"""

import json
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from ipaddress import ip_address
from typing import Final, Generic, TypeVar
from urllib.parse import urlsplit
from zlib import crc32

from publicsuffixlist import PublicSuffixList

from probes.kit.observation import Facts

Key = str | bytes
"""A registrable domain, or an address in the short form of `address_keys`."""

Waiting = TypeVar("Waiting")

ADDRESSES: Final = 4
"""Addresses of one look that are counted; a light look connects to one of each family."""

_KEY_SIZE: Final = 4


def domain_key(params: bytes) -> tuple[Key, ...]:
    """The registrable domain that a look with these parameters (as JSON) troubles; a bare address counts as itself.

    Only who is asked for a `url` is troubled: a DNS look asks nobody but our own resolver.
    """
    url = json.loads(params).get("url")
    try:
        host = urlsplit(url).hostname if isinstance(url, str) else None
    except ValueError:
        return ()
    return (_registrable(host.rstrip(".")),) if host else ()


def address_keys(facts: Facts) -> bytes:
    """The addresses that a look connected to, four bytes of checksum each: two that collide are merely treated as one."""
    addresses = dict.fromkeys(step.address for step in facts.tcp)
    return b"".join(crc32(address.encode()).to_bytes(_KEY_SIZE, "big") for address in list(addresses)[:ADDRESSES])


def unpacked(addresses: bytes) -> tuple[Key, ...]:
    """The keys that `address_keys` packed."""
    return tuple(addresses[start : start + _KEY_SIZE] for start in range(0, len(addresses), _KEY_SIZE))


@lru_cache(maxsize=4096)
def _registrable(host: str) -> str:
    try:
        return str(ip_address(host))
    except ValueError:
        return _suffixes().privatesuffix(host) or host


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


@dataclass(slots=True)
class _Host:
    in_flight: int = 0
    free_at: float = 0.0


class Politeness(Generic[Waiting]):
    """Lets looks start. `now` is in seconds of a clock that never runs backwards."""

    def __init__(self, per_host: int, gap: float) -> None:
        self.per_host = per_host
        self.gap = gap
        self._hosts: dict[Key, _Host] = {}
        self._lines: dict[Key, deque[Waiting]] = {}

    def enter(self, who: Waiting, keys: Iterable[Key], now: float) -> bool:
        """Start if every key permits it; else wait in the line of the first that does not. Says which."""
        wanted = tuple(keys)
        for key in wanted:
            if not self._room(key, now):
                self._lines.setdefault(key, deque()).append(who)
                return False
        for key in wanted:
            host = self._hosts.setdefault(key, _Host())
            host.in_flight += 1
            host.free_at = now + self.gap
        return True

    def leave(self, keys: Iterable[Key]) -> None:
        """A look that had started has ended."""
        for key in keys:
            self._hosts[key].in_flight -= 1

    def called(self, keys: Iterable[Key], now: float) -> list[Waiting]:
        """Those at the head of the lines of `keys` whose turn has come; they must `enter` again."""
        called = []
        for key in keys:
            if line := self._lines.get(key):
                called += [line.popleft() for _ in range(min(len(line), self._room(key, now)))]
                if not line:
                    del self._lines[key]
        return called

    def called_anywhere(self, now: float) -> list[Waiting]:
        """The same for all lines. Hosts where nothing is under way and nobody need wait any more are forgotten."""
        called = self.called(list(self._lines), now)
        self._hosts = {key: host for key, host in self._hosts.items() if host.in_flight or host.free_at > now}
        return called

    def waiting(self) -> Iterator[Waiting]:
        """Everybody who stands in a line."""
        for line in self._lines.values():
            yield from line

    def _room(self, key: Key, now: float) -> int:
        """How many may start at this host now. With a gap it is one at most."""
        host = self._hosts.get(key)
        if host is None:
            return 1 if self.gap else self.per_host
        if now < host.free_at:
            return 0
        room = self.per_host - host.in_flight
        return min(room, 1) if self.gap else room
