"""What the resolver of one place said about one name."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from probes.kit.address import is_address
from probes.kit.answers import is_private
from probes.kit.failure import Failure
from probes.kit.observation import DnsLookup
from probes.kit.vocabulary import Aim

TIMEOUTS: Final = frozenset({Failure.GENERIC_TIMEOUT, Failure.TIMED_OUT})

_BLOCKING: Final = frozenset({4, 15, 16, 17})
"""Extended errors by which a resolver says that it does not tell the truth: forged, blocked, censored, filtered (RFC 8914)."""

_BOGUS: Final = frozenset(range(6, 13))
"""Extended errors by which a resolver says that signatures do not verify, from `DNSSEC Bogus` to `NSEC Missing` (RFC 8914)."""

_OUT_OF_REACH: Final = 2
"""The rank of a failure that comes from nobody who was asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """What was answered for `name` in one place.

    - `country`: where it was asked
    - `lookups`: the questions for the name itself; `unchecked`: those that asked for no validation (CD=1)
    - `below`: questions for a name below it that cannot exist
    - `family`: the record type that decides, `A` unless the name has nothing but `AAAA`: trouble with IPv6 alone leaves a
      name as usable as it is for most
    """

    country: str | None
    name: str | None
    lookups: tuple[DnsLookup, ...] = ()
    unchecked: tuple[DnsLookup, ...] = ()
    below: tuple[DnsLookup, ...] = ()
    family: str = "A"

    @property
    def addresses(self) -> frozenset[str]:
        """The addresses of the name. What is no address is none."""
        return addresses_in(self.lookups)

    @property
    def public(self) -> frozenset[str]:
        """Those that a public host can have."""
        return frozenset(address for address in self.addresses if not is_private(address))

    @property
    def aliases(self) -> frozenset[str]:
        """The names that it is an alias of."""
        return frozenset(alias for lookup in self.lookups for alias in lookup.cnames)

    @property
    def invented(self) -> frozenset[str]:
        """The addresses of the name that cannot exist."""
        return addresses_in(self.below)

    @property
    def failure(self) -> str | None:
        """Why there is no address: what the resolver says of the name, else that it was out of reach."""
        if self.addresses:
            return None
        failed = (lookup for lookup in self.lookups if lookup.failure)
        first = min(failed, key=self._telling, default=None)
        return first.failure if first else None

    @property
    def is_out_of_reach(self) -> bool:
        """Whether the resolver was never really asked, or nothing was recorded of it."""
        return not self.addresses and (self.failure is None or _rank(self.failure) == _OUT_OF_REACH)

    @property
    def is_unreadable(self) -> bool:
        """Whether something was answered, and none of it is an address."""
        return not self.addresses and any(lookup.answers for lookup in self.lookups)

    @property
    def admissions(self) -> frozenset[int]:
        """The extended errors by which the resolver itself says that it withholds or forges the answer that decides."""
        deciding = (lookup for lookup in self.lookups if lookup.qtype == self.family)
        return frozenset(code for lookup in deciding for code in lookup.extended_errors if code in _BLOCKING)

    @property
    def is_bogus(self) -> bool:
        """Whether the resolver fails because signatures do not verify: it says so, or answers once it need not check."""
        says_so = any(code in _BOGUS for lookup in self.lookups for code in lookup.extended_errors)
        return self.failure == Failure.DNS_SERVFAIL and (says_so or bool(addresses_in(self.unchecked)))

    def _telling(self, lookup: DnsLookup) -> tuple[bool, bool, int, bool, str]:
        """Failures in the order of what they tell; the same whatever order they were recorded in."""
        failure = lookup.failure or ""
        rank = _rank(failure)
        return rank == _OUT_OF_REACH, lookup.qtype != self.family, rank, lookup.aim is Aim.AGAIN, failure


def addresses_in(lookups: Iterable[DnsLookup]) -> frozenset[str]:
    """The addresses that `lookups` were answered with."""
    return frozenset(answer for lookup in lookups for answer in lookup.answers if is_address(answer))


def _rank(failure: str) -> int:
    """How much a failure says about the name: a resolver's word, an empty answer, a resolver out of reach."""
    if failure == Failure.DNS_NO_ANSWER:
        return 1
    return 0 if failure.startswith("dns_") or failure in TIMEOUTS else _OUT_OF_REACH
