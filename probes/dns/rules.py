"""The judgement of the DNS probe: a table, read from the top; the first fitting rule wins."""

from collections.abc import Callable, Collection
from typing import Final

from probes.dns.case import TIMEOUTS, DnsCase
from probes.kit.failure import Failure
from probes.kit.rule import Rule, Seen
from probes.kit.sentence import listed, places
from probes.kit.vocabulary import State, Strength, WhyUnclear

_ORDER: Final = 'detection.md, "Our order", '


def _rule(
    name: str,
    state: State,
    strength: Strength,
    *,
    because: str,
    source: str,
    where: Callable[[DnsCase], bool],
    mechanism: str | None = None,
    why_unclear: WhyUnclear | None = None,
) -> Rule[DnsCase]:
    return Rule(
        id=f"dns.{name}",
        state=state,
        strength=strength,
        because=because,
        source=source,
        fits=lambda case: _seen(case) if where(case) else None,
        mechanism=mechanism,
        why_unclear=why_unclear,
    )


def _seen(case: DnsCase) -> Seen:
    return {
        "name": case.own.name or "the name",
        "addresses": listed(case.own.addresses),
        "lies": listed(case.lies),
        "trouble": case.own.failure,
        "resolving": places([one.country for one in case.resolving]),
        "failing": places([one.country for one in case.failing]),
        "theirs": listed(address for one in case.resolving for address in one.addresses),
    }


def _unclear(name: str, why: WhyUnclear, *, because: str, source: str, where: Callable[[DnsCase], bool]) -> Rule[DnsCase]:
    return _rule(name, State.UNCLEAR, Strength.WEAK, because=because, source=source, where=where, why_unclear=why)


def _alone(name: str, what: str, failures: Collection[str] | None, mechanism: str) -> Rule[DnsCase]:
    """What the own resolver does, with one of `failures` (None: whichever is left), where every control resolves the name."""
    return _rule(
        name,
        State.UNREACHABLE,
        Strength.STRONG,
        because=f"The line's resolver {what} {{name}} ({{trouble}}), which {{resolving}} could resolve.",
        source=f"{_ORDER}7 and 8: one resolver cannot tell a forged answer from its own policy",
        mechanism=mechanism,
        where=lambda case: _fails_alone(case) and (failures is None or case.own.failure in failures),
    )


def _fails_alone(case: DnsCase) -> bool:
    return case.own.failure is not None and bool(case.resolving)


RULES: Final[tuple[Rule[DnsCase], ...]] = (
    _unclear(
        "instrument.resolver",
        WhyUnclear.OWN_NETWORK,
        because="The line's resolver could not be asked: {trouble}.",
        source=f"{_ORDER}1",
        where=lambda case: case.own.failure is not None and case.own.is_out_of_reach,
    ),
    _rule(
        "injection.bogon",
        State.BLOCKED,
        Strength.EXPLICIT,
        because="The line's resolver answers {lies} for {name}, which no public host can have; {resolving} got public addresses.",
        source=f"{_ORDER}2; special-purpose addresses: RFC 6890 and OONI Web Connectivity",
        mechanism="dns.injection.bogon",
        where=lambda case: bool(case.lies),
    ),
    _rule(
        "answer.shared",
        State.OK,
        Strength.STRONG,
        because="{name} has an address ({addresses}) that {resolving} got as well.",
        source="OONI Web Connectivity (ts-017): one shared address makes DNS consistent",
        where=lambda case: case.resolves and case.is_shared,
    ),
    _rule(
        "answer.shared_lately",
        State.OK,
        Strength.WEAK,
        because="{name} has an address ({addresses}) that a control got in the last seven days.",
        source=f"{_ORDER}8: geo-DNS and migrations are common",
        where=lambda case: case.resolves and case.was_shared_lately,
    ),
    _rule(
        "answer.same_alias",
        State.OK,
        Strength.WEAK,
        because="{name} is an alias of the same name for {resolving}, whose addresses differ from place to place.",
        source=f"{_ORDER}8: content networks answer each region differently",
        where=lambda case: case.resolves and case.is_same_alias,
    ),
    _rule(
        "answer.empty",
        State.OK,
        Strength.STRONG,
        because="{name} exists and has no address, here as elsewhere.",
        source="RFC 2308, section 2.2: no data is no error",
        where=lambda case: case.is_empty_everywhere,
    ),
    _rule(
        "answer.unconfirmed",
        State.OK,
        Strength.WEAK,
        because="{name} has a public address ({addresses}); without a control nobody can say whether it is the right one.",
        source="weak, since a forged public address would look the same",
        where=lambda case: case.resolves and not case.controls and not case.has_private,
    ),
    _unclear(
        "control.none",
        WhyUnclear.NO_CONTROL,
        because="The line's resolver gives no public address for {name}, and no control was asked: it may be so everywhere.",
        source=f"{_ORDER}9",
        where=lambda case: not case.controls and bool(case.own.lookups),
    ),
    _rule(
        "name.down",
        State.DOWN,
        Strength.STRONG,
        because="{name} has no address, here and for {failing}.",
        source=f"{_ORDER}6",
        where=lambda case: not case.resolves and not case.resolving and len(case.failing) >= 2,
    ),
    _unclear(
        "control.one",
        WhyUnclear.NOT_ENOUGH,
        because="{name} has no address, here and for {failing}; one control is not enough to call it down.",
        source=f"{_ORDER}6",
        where=lambda case: not case.resolves and not case.resolving and bool(case.failing),
    ),
    _unclear(
        "control.divided",
        WhyUnclear.CONFLICTING,
        because="{name} has no address here and for {failing}; {resolving} could resolve it.",
        source=f"{_ORDER}6 and 7: neither everywhere nor here only",
        where=lambda case: not case.resolves and bool(case.resolving) and bool(case.failing),
    ),
    _rule(
        "answer.invented",
        State.UNREACHABLE,
        Strength.STRONG,
        because="The line's resolver answers {addresses} for {name} and for names that do not exist; {resolving} got {theirs}.",
        source="RFC 4592: a wildcard of the zone would show at the controls as well",
        mechanism="dns.nxdomain",
        where=lambda case: case.is_invented and bool(case.resolving),
    ),
    _alone("answer.nxdomain", "denies", {Failure.DNS_NXDOMAIN}, "dns.nxdomain"),
    _alone("answer.refused", "refuses to answer for", {Failure.DNS_REFUSED}, "dns.refused"),
    _alone("answer.servfail", "fails at", {Failure.DNS_SERVFAIL}, "dns.servfail"),
    _alone("answer.timeout", "stays silent about", TIMEOUTS, "dns.timeout"),
    _alone("answer.failed", "gives no address for", None, "dns"),
    _unclear(
        "answer.different",
        WhyUnclear.CONFLICTING,
        because="The line's resolver answers {addresses} for {name}; {resolving} got {theirs}. Regions and migrations do so too.",
        source=f"{_ORDER}8",
        where=lambda case: case.resolves and bool(case.resolving),
    ),
    _unclear(
        "answer.only_here",
        WhyUnclear.CONFLICTING,
        because="The line's resolver answers {addresses} for {name}, which {failing} could not resolve.",
        source=f"{_ORDER}8",
        where=lambda case: case.resolves and bool(case.failing),
    ),
    _unclear(
        "instrument.not_enough",
        WhyUnclear.NOT_ENOUGH,
        because="The look ended before any resolver had spoken about {name}.",
        source="the last rule always fits",
        where=lambda case: True,  # noqa: ARG005 - whatever the case
    ),
)
