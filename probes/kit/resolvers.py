"""Which resolvers a vantage point asks: those of its configuration, else those of the machine."""

from collections.abc import Sequence
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from probes.kit.address import Place, is_address
from probes.kit.hostname import ascii_host

RESOLV_CONF: Final = Path("/etc/resolv.conf")
_DNS_PORT: Final = 53
_MOST: Final = 3
"""Resolvers that are read from a file (as glibc, resolv.conf(5))."""


class Transport(StrEnum):
    """How a public resolver is asked: in clear text, over TLS (RFC 7858), or over HTTPS (RFC 8484)."""

    UDP = "udp"
    DOT = "dot"
    DOH = "doh"


def _an_address(text: str) -> str:
    if not is_address(text):
        raise ValueError("write an IP address such as 9.9.9.9: a name would have to be looked up first")
    return str(ip_address(text))


class PublicResolver(BaseModel):
    """A resolver that is nobody's own, asked by its address, so that its name need not be looked up first.

    `name` is what its certificate must prove, for DoT and DoH; `path` is where DoH is asked.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    transport: Transport
    address: Annotated[str, AfterValidator(_an_address)]
    port: int | None = Field(default=None, ge=1, le=65535, description="left out: 53, 853 or 443")
    name: Annotated[str, AfterValidator(ascii_host)] | None = None
    path: str = Field(default="/dns-query", pattern=r"^/[!-~]{0,200}$")

    @model_validator(mode="after")
    def _is_named(self) -> Self:
        if self.transport is not Transport.UDP and self.name is None:
            raise ValueError("add the `name` that the resolver's certificate must prove, as dot and doh need it")
        return self


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
