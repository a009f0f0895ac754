"""What failed, and for whom: nobody to compare with, everybody, some, or this place alone."""

from collections.abc import Collection
from typing import Final

from probes.dns.case import DnsCase
from probes.dns.resolved import TIMEOUTS
from probes.dns.rules.wording import rule, unclear
from probes.kit.failure import Failure
from probes.kit.rule import Rule
from probes.kit.rulebook import order
from probes.kit.vocabulary import State, Strength, WhyUnclear

_DNSSEC: Final = "RFC 4035, section 5.5: bogus data is answered with SERVFAIL, unless CD is set; RFC 8914, codes 6 to 12"


def _alone(name: str, what: str, failures: Collection[str] | None, mechanism: str) -> Rule[DnsCase]:
    """What the own resolver does, with one of `failures` (None: whichever is left), where every control resolves the name."""
    return rule(
        name,
        State.UNREACHABLE,
        Strength.STRONG,
        because=f"The line's resolver {what} {{name}} ({{trouble}}), which {{resolving}} could resolve.",
        source=f"{order(7)} and 8: one resolver cannot tell a forged answer from its own policy",
        mechanism=mechanism,
        where=lambda case: _fails_alone(case) and (failures is None or case.own.failure in failures),
    )


def _fails_alone(case: DnsCase) -> bool:
    return case.own.failure is not None and bool(case.resolving)


def _fails_everywhere(case: DnsCase) -> bool:
    return not case.resolves and not case.resolving and bool(case.failing)


FAILURES: Final[tuple[Rule[DnsCase], ...]] = (
    unclear(
        "control.none",
        WhyUnclear.NO_CONTROL,
        because=(
            "What the line's resolver says of {name} ({trouble}) cannot be taken as it is, and no control was asked: it may be "
            "so everywhere."
        ),
        source=order(9),
        where=lambda case: not case.controls and bool(case.own.lookups),
    ),
    rule(
        "dnssec.down",
        State.DOWN,
        Strength.STRONG,
        because="No resolver that checks the signatures of {name} accepts them, here and for {failing}: its DNSSEC is broken.",
        source=f"{order(6)}; {_DNSSEC}",
        where=lambda case: _fails_everywhere(case) and len(case.failing) >= 2 and case.is_bogus_everywhere,
    ),
    rule(
        "name.down",
        State.DOWN,
        Strength.STRONG,
        because="{name} has no address, here and for {failing}.",
        source=order(6),
        where=lambda case: _fails_everywhere(case) and len(case.failing) >= 2,
    ),
    unclear(
        "control.one",
        WhyUnclear.NOT_ENOUGH,
        because="{name} has no address, here and for {failing}; one control is not enough to call it down.",
        source=order(6),
        where=_fails_everywhere,
    ),
    # Not `down`, which is broken for everybody who looked, nor `lapsed`: that a signature ran out is not said. And never
    # `blocked`: who forges answers breaks signatures, but so does a clumsy change of keys, and far more often.
    unclear(
        "dnssec.bogus",
        WhyUnclear.CONFLICTING,
        because=(
            "The line's resolver does not accept the signatures of {name}, which {resolving} could resolve: its DNSSEC may be "
            "broken, and not every resolver checks it, or somebody changes what this one is told."
        ),
        source=_DNSSEC,
        where=lambda case: case.own.is_bogus and bool(case.resolving),
    ),
    unclear(
        "control.divided",
        WhyUnclear.CONFLICTING,
        because="{name} has no address here and for {failing}; {resolving} could resolve it.",
        source=f"{order(6)} and 7: neither everywhere nor here only",
        where=lambda case: not case.resolves and bool(case.resolving) and bool(case.failing),
    ),
    rule(
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
    unclear(
        "answer.different",
        WhyUnclear.CONFLICTING,
        because="The line's resolver answers {addresses} for {name}; {resolving} got {theirs}. Regions and migrations do so too.",
        source=order(8),
        where=lambda case: case.resolves and bool(case.resolving),
    ),
    unclear(
        "answer.only_here",
        WhyUnclear.CONFLICTING,
        because="The line's resolver answers {addresses} for {name}, which {failing} could not resolve.",
        source=order(8),
        where=lambda case: case.resolves and bool(case.failing),
    ),
    unclear(
        "instrument.not_enough",
        WhyUnclear.NOT_ENOUGH,
        because="The look ended before any resolver had spoken about {name}.",
        source="the last rule always fits",
        where=lambda case: True,  # noqa: ARG005 - whatever the case
    ),
)
