"""DNS consistency: whether the own resolver's answers for the target fit those that the control was given."""

from collections.abc import Mapping, Sequence
from enum import Enum, auto
from typing import Final

from probes.kit.address import is_address
from probes.kit.failure import Failure
from probes.kit.observation import DnsLookup
from probes.website.classic.control import Helper
from probes.website.classic.paths import is_missing_ipv6

CONSISTENT: Final = "consistent"
INCONSISTENT: Final = "inconsistent"


class _Standing(Enum):
    """How one look-up compares. What cannot be compared has no standing."""

    VALID = auto()
    INVALID = auto()
    EXPECTED = auto()
    UNEXPECTED = auto()


def consistency(lookups: Sequence[DnsLookup], helper: Helper | None, asns: Mapping[str, int]) -> str | None:
    """`consistent`, `inconsistent`, or None where it cannot be said. That an address passes TLS does not make it consistent."""
    if helper is None:
        return None
    first = [one for one in lookups if one.hop == 0]
    found = {_standing(one, helper, asns) for one in first}
    wrong = {_Standing.INVALID, _Standing.UNEXPECTED}
    if found.isdisjoint(wrong) and not found.isdisjoint({_Standing.VALID, _Standing.EXPECTED}):
        return CONSISTENT
    resolved_alone = any(one.failure is None and _addresses(one) for one in first) and not helper.addresses
    return INCONSISTENT if resolved_alone or not found.isdisjoint(wrong) else None


def dns_failure(lookups: Sequence[DnsLookup]) -> str | None:
    """The first failure of the own resolver for the target itself."""
    return next((one.failure for one in lookups if one.hop == 0 and one.failure and not is_missing_ipv6(one)), None)


def is_known_to(helper: Helper | None, lookup: DnsLookup) -> bool:
    """Whether the control has looked up the same name."""
    return helper is not None and helper.host == lookup.name


def is_empty_for_both(lookup: DnsLookup, helper: Helper) -> bool:
    """Whether the name has no address, neither here nor for the control, which calls that a success with an empty list."""
    return lookup.failure == Failure.DNS_NO_ANSWER and helper.dns_failure is None and not helper.addresses


def _standing(lookup: DnsLookup, helper: Helper, asns: Mapping[str, int]) -> _Standing | None:
    if is_missing_ipv6(lookup) or not is_known_to(helper, lookup):
        return None
    if lookup.failure is not None:
        expected = helper.dns_failure is not None or is_empty_for_both(lookup, helper)
        return _Standing.EXPECTED if expected else _Standing.UNEXPECTED
    given = _addresses(lookup)
    if not given or helper.dns_failure is not None:
        return None
    shared = given & helper.addresses or _networks(given, asns) & _networks(helper.addresses, asns)
    return _Standing.VALID if shared else _Standing.INVALID


def _addresses(lookup: DnsLookup) -> frozenset[str]:
    return frozenset(answer for answer in lookup.answers if is_address(answer))


def _networks(addresses: frozenset[str], asns: Mapping[str, int]) -> frozenset[int]:
    """The autonomous systems of `addresses`; zero stands for an unknown one."""
    return frozenset(asn for address in addresses if (asn := asns.get(address, 0)))
