"""Reading facts: where one look at a website ended, and how."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Final, TypeVar

from probes.kit.address import may_connect
from probes.kit.answers import answers_to, is_a_visitors, is_private
from probes.kit.failure import Failure
from probes.kit.innocuous import are_related
from probes.kit.observation import DnsLookup, Facts, HttpExchange, Step, TcpConnect, TlsHandshake
from probes.kit.vocabulary import Aim, Stage
from probes.website.redirect import TOO_MANY, is_redirect
from probes.website.target import host_of

OWN_NETWORK: Final = frozenset(
    {
        Failure.NETWORK_DOWN,
        Failure.PERMISSION_DENIED,
        Failure.ADDRESS_FAMILY_NOT_SUPPORTED,
        Failure.ADDRESS_NOT_AVAILABLE,
        Failure.NO_BUFFER_SPACE,
    }
)
"""Failures that the machine itself reports before anything leaves it."""

CUT: Final = frozenset({Failure.CONNECTION_RESET, Failure.CONNECTION_ABORTED, Failure.EOF})
"""Somebody ended the connection in the middle. Middleboxes do so by RST or by FIN, which come to the same."""

TIMEOUTS: Final = frozenset({Failure.GENERIC_TIMEOUT, Failure.TIMED_OUT})

CERTIFICATE: Final = frozenset({Failure.SSL_INVALID_CERTIFICATE, Failure.SSL_INVALID_HOSTNAME, Failure.SSL_UNKNOWN_AUTHORITY})
"""The handshake went through, and its chain does not prove that this is the host."""

ANOTHERS: Final = frozenset({Failure.SSL_INVALID_HOSTNAME, Failure.SSL_UNKNOWN_AUTHORITY})
"""The chain is not that of the host, or anybody may have made it. One whose time is over is the host's own all the same."""

_Attempt = TypeVar("_Attempt", bound=TcpConnect | TlsHandshake)
_Recorded = TypeVar("_Recorded", bound=Step)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """The deepest thing that a look came to. `page` is the last response, if it was read to its end."""

    stage: Stage | None = None
    failure: str | None = None
    address: str | None = None
    handshake: TlsHandshake | None = None
    page: HttpExchange | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """One look at a website from its first page to where it ended.

    - `host`, `hop`: whom the last step was meant for, and after how many redirects; `first_host`: where the walk began
    - `answers`: the addresses that the own resolver gave for `host`; None where nobody asked (an address needs no asking,
      and a proxy's far end asks for itself)
    - `in_clear`: whether any page on the way came without TLS, so that anybody on the path could have written it
    """

    first_host: str | None
    host: str | None
    hop: int
    answers: tuple[str, ...] | None
    in_clear: bool
    ending: Ending

    @property
    def page(self) -> HttpExchange | None:
        """The last response, where there is one."""
        return self.ending.page

    @property
    def is_loose_end(self) -> bool:
        """Whether the last response sent us on and nobody followed."""
        return self.page is not None and is_redirect(self.page)

    @property
    def goes_in_circles(self) -> bool:
        """Whether the look was sent on until it gave up, as by a site that waits for a cookie: a browser might get through."""
        return self.ending.failure == TOO_MANY

    @property
    def is_proven(self) -> bool:
        """Whether the last response came from a holder of a certificate for its host."""
        shaken = self.ending.handshake
        return self.page is not None and shaken is not None and shaken.failure is None

    @property
    def may_be_led_astray(self) -> bool:
        """Whether a page in clear text sent us to a host that has nothing to do with the target."""
        return self.in_clear and not are_related(self.first_host, self.host)

    @property
    def is_own_fault(self) -> bool:
        """Whether nothing ever left the machine that looked."""
        ending = self.ending
        if ending.stage is Stage.DNS:
            return _resolver_rank(ending.failure) == _OWN
        return _rank(ending.failure, ending.address) == _OWN


def read_walk(facts: Facts) -> Walk:
    """Find the last hop, and on it the deepest layer that anything was recorded for; success counts before failure."""
    hop = max((step.hop for step in _visits(facts)), default=0)
    host = _host(facts, hop)
    answers = answers_to(facts, host)
    return Walk(
        first_host=_host(facts, 0),
        host=host,
        hop=hop,
        answers=answers,
        in_clear=any(exchange.url.startswith("http:") for exchange in facts.http),
        ending=_ending(facts, hop, host, answers),
    )


def proofs(facts: Facts, host: str | None) -> frozenset[str]:
    """The addresses that proved by TLS to be `host`."""
    return frozenset(one.address for one in facts.tls if one.server_name == host and one.failure is None)


def chains_past_use(facts: Facts, host: str | None) -> frozenset[tuple[str, str]]:
    """Addresses with the hash of the chain that they showed: for `host`, by a trusted authority, and not valid for all that."""
    return frozenset(
        (one.address, one.chain_hash)
        for one in facts.tls
        if one.server_name == host and one.chain_hash and one.failure == Failure.SSL_INVALID_CERTIFICATE
    )


def _visits(facts: Facts) -> Iterable[Step]:
    return (step for step in (*facts.dns, *facts.tcp, *facts.tls, *facts.http) if step.aim is Aim.VISIT)


def _host(facts: Facts, hop: int) -> str | None:
    """Whom a hop was meant for, from whatever was recorded of it."""
    for exchange in _at(facts.http, hop):
        return host_of(exchange.url)
    for lookup in _at(facts.dns, hop):
        if is_a_visitors(lookup):
            return lookup.name
    for handshake in _at(facts.tls, hop):
        return handshake.server_name
    return next((connect.address for connect in _at(facts.tcp, hop)), None)


def _at(steps: Sequence[_Recorded], hop: int) -> list[_Recorded]:
    """The steps of a hop that a visitor would have taken, in their order; the others served a comparison."""
    return sorted((step for step in steps if step.hop == hop and step.aim is Aim.VISIT), key=attrgetter("started"))


def _ending(facts: Facts, hop: int, host: str | None, answers: tuple[str, ...] | None) -> Ending:
    handshakes = _on_the_way([one for one in _at(facts.tls, hop) if one.server_name == host], answers)
    connects = _on_the_way(_at(facts.tcp, hop), answers)
    exchange = next(iter(_at(facts.http, hop)), None)
    if exchange:
        return _http_ending(exchange, handshakes)
    if handshakes:
        return _tls_ending(min(handshakes, key=_telling))
    if connects:
        best = min(connects, key=_telling)
        return Ending(stage=Stage.TCP, failure=best.failure, address=best.address)
    return _dns_ending([one for one in _at(facts.dns, hop) if is_a_visitors(one)], answers)


def _on_the_way(steps: Sequence[_Attempt], answers: tuple[str, ...] | None) -> list[_Attempt]:
    """The first attempt at each address that the own resolver gave."""
    first: dict[str, _Attempt] = {}
    for step in steps:
        if answers is None or step.address in answers:
            first.setdefault(step.address, step)
    return list(first.values())


def _http_ending(exchange: HttpExchange, handshakes: Sequence[TlsHandshake]) -> Ending:
    over_tls = handshakes if exchange.url.startswith("https:") else ()
    shaken = next((one for one in over_tls if exchange.address in {None, one.address}), None)
    if shaken and shaken.failure is not None:
        return _tls_ending(shaken)
    whole = exchange.failure is None and exchange.status is not None
    return Ending(
        stage=Stage.HTTP,
        failure=exchange.failure,
        address=exchange.address,
        handshake=shaken,
        page=exchange if whole else None,
    )


def _tls_ending(handshake: TlsHandshake) -> Ending:
    return Ending(stage=Stage.TLS, failure=handshake.failure, address=handshake.address, handshake=handshake)


def _dns_ending(lookups: Sequence[DnsLookup], answers: tuple[str, ...] | None) -> Ending:
    """Answers that may not be connected to end a walk as surely as none."""
    if answers:
        led_nowhere = not any(may_connect(answer) for answer in answers) or all(map(is_private, answers))
        return Ending(stage=Stage.DNS, failure=Failure.DNS_BOGON if led_nowhere else None)
    best = min(lookups, key=lambda lookup: _resolver_rank(lookup.failure), default=None)
    return Ending(stage=Stage.DNS if best else None, failure=best.failure if best else None)


def is_of_own_making(failure: str | None, address: str | None) -> bool:
    """Whether a failed attempt never left the machine, or its line, so that it says nothing about the address."""
    return _rank(failure, address) == _OWN


_OWN: Final = 3
"""The rank of a failure of the machine's own making."""


def _telling(step: TcpConnect | TlsHandshake) -> int:
    return _rank(step.failure, step.address)


def _rank(failure: str | None, address: str | None) -> int:
    """How much an attempt tells: success, then a failure out there, then one of our own making.

    An unreachable network is our own fault for IPv6, which many places lack; for IPv4 a router on the way said it.
    """
    if failure is None:
        return 0
    lacks_ipv6 = failure == Failure.NETWORK_UNREACHABLE and ":" in (address or "")
    return _OWN if failure in OWN_NETWORK or lacks_ipv6 else 1


def _resolver_rank(failure: str | None) -> int:
    """The same for a question: success, then what a resolver says, then an empty answer, then a resolver out of reach."""
    if failure is None:
        return 0
    if failure == Failure.DNS_NO_ANSWER:
        return 2
    was_asked = failure.startswith(("dns_", "android_dns_")) or failure in TIMEOUTS
    return 1 if was_asked else _OWN
