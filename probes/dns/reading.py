"""Sorting the questions of a look: whom they were put to, and what they were meant to tell."""

from collections.abc import Iterable
from typing import Final

from probes.dns.resolved import Resolved
from probes.kit.answers import OWN
from probes.kit.observation import Control, DnsLookup, Facts
from probes.kit.vocabulary import Aim, Validity

_FOR_THE_NAME: Final = frozenset({Aim.VISIT, Aim.AGAIN})


def asked_name(facts: Facts) -> str | None:
    """The name that the look was for: of what a visitor would ask, the shortest."""
    names = {lookup.name for lookup in facts.dns if lookup.aim is Aim.VISIT}
    return min(names, key=lambda name: (len(name), name), default=None)


def read_own(facts: Facts, name: str | None, family: str) -> Resolved:
    """What the vantage point's own resolver said."""
    own = [lookup for lookup in facts.dns if lookup.transport == OWN]
    for_the_name = [lookup for lookup in own if lookup.name == name and lookup.aim in _FOR_THE_NAME]
    return Resolved(
        country=None,
        name=name,
        lookups=_checked(for_the_name),
        unchecked=tuple(lookup for lookup in own if lookup.name == name and lookup.checking_disabled),
        below=_below(own, name),
        family=family,
    )


def read_controls(control: Iterable[Control], name: str | None) -> tuple[Resolved, ...]:
    """What the controls' resolvers said, one look for each vantage point whose instrument worked and whose resolver spoke."""
    first = {one.vantage: one for one in sorted(control, key=_order, reverse=True)}
    looks = (_read_control(one, name) for _, one in sorted(first.items()) if one.validity is Validity.VALID)
    return tuple(look for look in looks if not look.is_out_of_reach and not look.is_unreadable)


def deciding_family(controls: Iterable[Resolved]) -> str:
    """`A`, unless the controls find nothing but `AAAA`."""
    given = {lookup.qtype for one in controls for lookup in one.lookups if lookup.answers}
    return "AAAA" if given == {"AAAA"} else "A"


def for_comparison(facts: Facts, name: str | None, transports: Iterable[str]) -> tuple[DnsLookup, ...]:
    """The questions for the name that were put to public resolvers by one of `transports`."""
    chosen = frozenset(transports)
    return _checked(lookup for lookup in facts.dns if lookup.transport in chosen and lookup.name == name)


def innocuous_lookups(facts: Facts, name: str | None) -> tuple[DnsLookup, ...]:
    """The questions for a name that nobody blocks."""
    asked = (lookup for lookup in facts.dns if lookup.aim is Aim.PROBE_NAME)
    return _checked(lookup for lookup in asked if lookup.name != name and not _is_below(lookup, name))


def _read_control(control: Control, name: str | None) -> Resolved:
    asked = control.facts.dns
    return Resolved(
        country=control.country,
        name=name,
        lookups=_checked(lookup for lookup in asked if lookup.name == name),
        below=_below(asked, name),
    )


def _order(control: Control) -> tuple[str, str]:
    return control.vantage, control.started_at.isoformat()


def _checked(lookups: Iterable[DnsLookup]) -> tuple[DnsLookup, ...]:
    return tuple(lookup for lookup in lookups if not lookup.checking_disabled)


def _below(lookups: Iterable[DnsLookup], name: str | None) -> tuple[DnsLookup, ...]:
    return tuple(lookup for lookup in lookups if _is_below(lookup, name))


def _is_below(lookup: DnsLookup, name: str | None) -> bool:
    return name is not None and lookup.name.endswith(f".{name}")
