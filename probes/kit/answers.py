"""What the own resolver answered, and when an answer can be nothing but a lie."""

from collections.abc import Iterable
from typing import Final

from probes.kit.address import is_address, is_bogon
from probes.kit.observation import DnsLookup, Facts
from probes.kit.vocabulary import Aim

OWN: Final = "system"
"""The transport of a question to the vantage point's own resolver, asked as a visitor's machine asks it."""


def is_a_visitors(lookup: DnsLookup) -> bool:
    """Whether a visitor's machine would have asked this: the own resolver, and not to learn something about it."""
    return lookup.transport == OWN and lookup.aim is Aim.VISIT


def answers_to(facts: Facts, name: str | None) -> tuple[str, ...] | None:
    """What the own resolver answered for `name`, each address once; None if nobody asked it."""
    lookups = [lookup for lookup in facts.dns if lookup.name == name and is_a_visitors(lookup)]
    return tuple(dict.fromkeys(answer for lookup in lookups for answer in lookup.answers)) if lookups else None


def answers_elsewhere(facts: Facts, name: str | None) -> tuple[str, ...]:
    """What public resolvers that prove who they are (DoT, DoH) answered for `name`, each address once, in order."""
    asked = (lookup for lookup in facts.dns if lookup.name == name and lookup.transport in {"dot", "doh"})
    return tuple(sorted({answer for lookup in asked if lookup.failure is None for answer in lookup.answers}))


def is_private(answer: str) -> bool:
    """Whether an answer is an address that no public host can have."""
    return is_address(answer) and is_bogon(answer)


def has_private_answers(facts: Facts) -> bool:
    """Whether any answer to a visitor is."""
    return any(is_private(answer) for lookup in facts.dns if is_a_visitors(lookup) for answer in lookup.answers)


def private_lies(facts: Facts, working: Iterable[Facts], others: Iterable[Facts]) -> tuple[str, ...]:
    """Private answers in `facts` that only a lie explains.

    To one question the resolver gave nothing but addresses that no public host has, while somebody `working` was given
    public ones, and nobody, working or not, was given any of these: a zone that names private addresses does so to everybody.
    """
    working = tuple(working)
    public = {_question(lookup) for one in working for lookup in one.dns if _is_public(lookup)}
    given = {answer for one in (*working, *others) for lookup in one.dns for answer in lookup.answers}
    own = (lookup for lookup in facts.dns if is_a_visitors(lookup))
    private = [lookup for lookup in own if lookup.answers and all(map(is_private, lookup.answers))]
    lying = [lookup for lookup in private if _question(lookup) in public and given.isdisjoint(lookup.answers)]
    return tuple(sorted({answer for lookup in lying for answer in lookup.answers}))


def _question(lookup: DnsLookup) -> tuple[str, str]:
    return lookup.name, lookup.qtype


def _is_public(lookup: DnsLookup) -> bool:
    return bool(lookup.answers) and not any(map(is_private, lookup.answers))
