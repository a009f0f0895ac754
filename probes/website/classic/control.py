"""What a control saw, in the terms of OONI's test helper: one look-up, the endpoints, and how fetching the page went."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from probes.kit.address import is_address
from probes.kit.observation import Control, DnsLookup, Facts, HttpExchange, TcpConnect, TlsHandshake
from probes.kit.vocabulary import Validity
from probes.website.classic.paths import in_order, is_ours, own_lookups

_Endpoint = tuple[str, int, str | None]
"""Address, port, and the name in whose name a handshake was made."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A connection or a handshake that was tried, and how it failed, if it did."""

    failure: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Helper:
    """The control's side of a comparison.

    - `host`: the name that it looked up, None where it looked up nothing; `addresses` and `dns_failure` are what came of it
    - `attempts`: the endpoints that it tried
    - `fetched`: whether it tried to fetch the page at all; `http_failure` and `page` are what came of that
    """

    host: str | None = None
    addresses: frozenset[str] = frozenset()
    dns_failure: str | None = None
    attempts: dict[_Endpoint, Attempt] = field(default_factory=dict)
    fetched: bool = False
    http_failure: str | None = None
    page: HttpExchange | None = None
    asns: dict[str, int] = field(default_factory=dict)

    def attempt(self, step: TcpConnect | TlsHandshake) -> Attempt | None:
        """How the same went for the control, None where it was not tried: it tries endpoints of the first hop only."""
        return self.attempts.get(_endpoint(step)) if step.hop == 0 else None


def read_helper(control: Sequence[Control]) -> Helper | None:
    """The one control to compare with, None where none could see.

    OONI asks one helper. Of several controls the first by name counts that got the page, so that one in trouble of its own
    does not hide what the others saw; if none did, the first by name.
    """
    valid = sorted((one for one in control if one.validity is Validity.VALID), key=_by_name)
    helpers = [_helper(one.facts) for one in valid]
    return next((one for one in helpers if one.page is not None), helpers[0] if helpers else None)


def _by_name(control: Control) -> tuple[str, str]:
    return control.vantage, control.started_at.isoformat()


def _helper(facts: Facts) -> Helper:
    lookup = next((one for one in own_lookups(facts) if one.hop == 0), None)
    failure, page = _fetching(facts)
    return Helper(
        host=lookup.name if lookup else None,
        addresses=frozenset(answer for answer in lookup.answers if is_address(answer)) if lookup else frozenset(),
        dns_failure=lookup.failure if lookup else None,
        attempts=_attempts(facts),
        fetched=failure is not None or page is not None,
        http_failure=failure,
        page=page,
        asns=facts.asns,
    )


def _attempts(facts: Facts) -> dict[_Endpoint, Attempt]:
    """How each endpoint went: well if it ever did, else with its last failure."""
    found: dict[_Endpoint, Attempt] = {}
    steps: tuple[TcpConnect | TlsHandshake, ...] = (*facts.tcp, *facts.tls)
    for step in steps:
        known = found.get(_endpoint(step))
        if step.hop == 0 and (known is None or known.failure is not None):
            found[_endpoint(step)] = Attempt(step.failure)
    return found


def _endpoint(step: TcpConnect | TlsHandshake) -> _Endpoint:
    return step.address, step.port, step.server_name if isinstance(step, TlsHandshake) else None


def _fetching(facts: Facts) -> tuple[str | None, HttpExchange | None]:
    """What the way to the page failed with, or the page; neither where nobody tried.

    A helper says so outright, or nothing. In a look of ours it is the deepest thing that the last hop came to.
    """
    deepest = next(iter(in_order(facts)), None)
    if isinstance(deepest, DnsLookup) and not is_ours(deepest):
        return None, None
    if isinstance(deepest, HttpExchange) and deepest.failure is None:
        return None, deepest
    return (deepest.failure if deepest else None), None
