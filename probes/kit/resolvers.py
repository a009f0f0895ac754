"""Which resolvers a vantage point asks: those of its configuration, else those of the machine."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from probes.kit.address import Place, is_address

RESOLV_CONF: Final = Path("/etc/resolv.conf")
_DNS_PORT: Final = 53
_MOST: Final = 3
"""Resolvers that are read from a file (as glibc, resolv.conf(5))."""


class Resolvers:
    """The resolvers of one vantage point. Those of the machine are read again when its file changes, as a laptop's does.

    `configured` holds `ip`, `ip:port` or `[ip]:port`. Raises ValueError for anything else.
    """

    def __init__(self, configured: Sequence[str], path: Path = RESOLV_CONF) -> None:
        self._configured = tuple(place(text) for text in configured)
        self._path = path
        self._read: tuple[int, tuple[Place, ...]] | None = None

    def places(self) -> tuple[Place, ...]:
        """Whom to ask, in this order; at least one."""
        return self._configured or self._of_the_machine()

    def _of_the_machine(self) -> tuple[Place, ...]:
        try:
            changed = self._path.stat().st_mtime_ns
            if self._read is None or self._read[0] != changed:
                self._read = changed, nameservers(self._path.read_text(encoding="utf-8", errors="replace"))
        except OSError:
            self._read = 0, nameservers("")
        return self._read[1]


def nameservers(text: str) -> tuple[Place, ...]:
    """The name servers of a resolv.conf. A file that names none means one on this machine, as its manual says."""
    lines = [line.split() for line in text.splitlines()]
    found = [line[1] for line in lines if len(line) > 1 and line[0] == "nameserver" and is_address(line[1])]
    return tuple((address, _DNS_PORT) for address in found[:_MOST]) or (("127.0.0.1", _DNS_PORT),)


def place(text: str) -> Place:
    """Read `ip`, `ip:port` or `[ip]:port`. Raises ValueError."""
    if is_address(text):
        return text, _DNS_PORT
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not is_address(host) or not port.isdecimal() or not 0 < int(port) < 65536:
        raise ValueError(f"resolver {text!r} is not an address: use 'ip', 'ip:port' or '[ip]:port'")
    return host, int(port)
