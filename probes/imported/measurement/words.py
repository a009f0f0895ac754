"""OONI's words in ours: failures of older versions, the names of its resolvers, addresses with ports."""

from typing import Any, Final

from probes.imported.measurement.fields import Fields, clean
from probes.kit.address import is_address
from probes.kit.failure import UNKNOWN_PREFIX, Failure
from probes.kit.hostname import ascii_host

NOT_SAID: Final = UNKNOWN_PREFIX + "it failed, and the measurement does not say how"

_OLD: Final = {
    "dns_name_error": Failure.DNS_NXDOMAIN,
    "dns_server_failure": Failure.DNS_SERVFAIL,
    "connection_refused_error": Failure.CONNECTION_REFUSED,
    "connection_reset_error": Failure.CONNECTION_RESET,
    "host_unreachable_error": Failure.HOST_UNREACHABLE,
    "network_unreachable_error": Failure.NETWORK_UNREACHABLE,
    "tcp_timed_out_error": Failure.TIMED_OUT,
    "response_never_received": Failure.EOF,
}
"""What helpers and old probes call a failure that has a word of its own today. Others stand as they were written."""

_OWN: Final = frozenset({"getaddrinfo", "system", "golang_net_resolver", "netgo", ""})
_ENGINES: Final = {"udp": "udp", "tcp": "tcp", "dot": "dot", "doh": "doh", "doh3": "doh"}

OWN: Final = "system"
"""The transport of a question to the own resolver, and how facts name that resolver where each family was asked for."""

CALL: Final = "getaddrinfo"
"""How facts name it where the operating system was asked for whatever address there is."""

_FAILURE_CAP: Final = 300


def failure_in(fields: Fields, name: str = "failure") -> str | None:
    """The failure under `name`. Old probes write `false` for none, and sometimes `true` for one."""
    value: Any = fields.content.get(name)
    if value is None or value is False or value == "":
        return None
    if value is True:
        return NOT_SAID
    if not isinstance(value, str):
        raise fields.wrong(name, "is no failure in words")
    word = clean(value, _FAILURE_CAP)
    return _OLD.get(word, word)


def transport_of(engine: str) -> str | None:
    """`system`, `udp`, `tcp`, `dot` or `doh`; None for a way of asking that we do not know, which then says nothing."""
    return OWN if engine in _OWN else _ENGINES.get(engine)


def wire_name(host: str) -> str:
    """A host as the wire carries it, in one spelling whoever wrote it: lower case, A-labels, no final dot."""
    try:
        return ascii_host(host)
    except ValueError:
        return host.lower().removesuffix(".")  # OONI measures what we would never look for, such as this very machine


def endpoint(text: str) -> tuple[str, int] | None:
    """The address and port in `192.0.2.1:443` or `[2001:db8::1]:443`, None where it is none."""
    host, _, port = text.rpartition(":")
    address = host.strip("[]")
    fits = is_address(address) and port.isascii() and port.isdecimal() and 0 < len(port) <= 5
    return (address, int(port)) if fits and int(port) < 65536 else None
