"""How a rule of the DNS probe is written down, and the names that its sentence may use."""

from collections.abc import Callable, Sequence
from typing import Final

from probes.dns.case import DnsCase
from probes.kit.answers import OWN
from probes.kit.observation import DnsLookup
from probes.kit.rule import Rule, Seen
from probes.kit.rulebook import RuleBook
from probes.kit.sentence import listed, places
from probes.kit.vocabulary import State, Strength


def artefact(
    name: str,
    strength: Strength,
    *,
    because: str,
    source: str,
    mechanism: str,
    found: Callable[[DnsCase], Sequence[DnsLookup]],
) -> Rule[DnsCase]:
    """A rule that says `blocked` where anything is `found`. `because` may also use the names of `_caught`."""
    return Rule(
        id=f"dns.{name}",
        state=State.BLOCKED,
        strength=strength,
        because=because,
        source=source,
        fits=lambda case: {**_seen(case), **_caught(forged)} if (forged := found(case)) else None,
        mechanism=mechanism,
    )


def _seen(case: DnsCase) -> Seen:
    return {
        "name": case.own.name or "the name",
        "addresses": listed(case.own.addresses),
        "trouble": case.own.failure or listed(case.own.addresses) or "no address",
        "resolving": places([one.country for one in case.resolving]),
        "failing": places([one.country for one in case.failing]),
        "theirs": listed(address for one in case.resolving for address in one.addresses),
        "proven": listed(case.vouched.proven & case.vouched.given),
        "beside": listed(answer for lookup in case.forgeries.bogons_beside for answer in lookup.answers),
        "codes": ", ".join(str(code) for code in sorted(case.own.admissions)),
    }


def _caught(forged: Sequence[DnsLookup]) -> Seen:
    """Who lied: the own resolver, if it was among them, for that is the one that visitors ask."""
    by_own = any(lookup.transport == OWN for lookup in forged)
    return {
        "resolver": "the line's resolver" if by_own else "a public resolver asked in clear text",
        "lies": listed(answer for lookup in forged for answer in lookup.answers),
        "late": listed(answer for lookup in forged for reply in lookup.further for answer in reply.answers),
        "marks": listed(mark.name for lookup in forged for mark in lookup.marks),
    }


_BOOK: Final = RuleBook("dns", _seen)
rule, unclear = _BOOK.rule, _BOOK.unclear
