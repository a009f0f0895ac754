"""What only interference leaves behind."""

from collections.abc import Collection
from typing import Final

from probes.dns.case import DnsCase
from probes.dns.rules.wording import artefact, rule
from probes.kit.failure import Failure
from probes.kit.rule import Rule
from probes.kit.rulebook import order
from probes.kit.vocabulary import State, Strength


def _admitted(name: str, how: str, failures: Collection[str | None] | None, mechanism: str) -> Rule[DnsCase]:
    """What the own resolver calls its own doing, with one of `failures` (None: whichever is left). It needs no control."""
    return rule(
        name,
        State.BLOCKED,
        Strength.EXPLICIT,
        because=f"The line's resolver {how} {{name}} ({{trouble}}), on purpose, as it says itself (extended error {{codes}}).",
        source=f"{order(2)}; RFC 8914, codes 4, 15, 16 and 17: its own word, about this name",
        mechanism=mechanism,
        where=lambda case: case.admits and (failures is None or case.own.failure in failures),
    )


ARTEFACTS: Final[tuple[Rule[DnsCase], ...]] = (
    artefact(
        "injection.blockpage",
        Strength.EXPLICIT,
        because=(
            "For {name}, {resolver} gives {lies}, known in this country as what blocked names are given ({marks}); {resolving} "
            "got {theirs}."
        ),
        source=f"{order(2)}: a forged address, in a country in which it is expected",
        mechanism="dns.injection.blockpage",
        found=lambda case: case.forgeries.blockpages,
    ),
    artefact(
        "injection.bogon",
        Strength.EXPLICIT,
        because="For {name}, {resolver} gives {lies}, which no public host can have; {resolving} got public addresses.",
        source=f"{order(2)}; special-purpose addresses: RFC 6890 and OONI Web Connectivity",
        mechanism="dns.injection.bogon",
        found=lambda case: case.forgeries.bogons,
    ),
    _admitted("resolver.denies", "denies", {Failure.DNS_NXDOMAIN}, "dns.nxdomain"),
    _admitted("resolver.refuses", "refuses to answer for", {Failure.DNS_REFUSED}, "dns.refused"),
    _admitted("resolver.fails", "fails at", {Failure.DNS_SERVFAIL}, "dns.servfail"),
    _admitted("resolver.forges", "gives a false answer for", {None}, "dns.injection.other"),
    _admitted("resolver.withholds", "gives no address for", None, "dns"),
    artefact(
        "injection.overtaken",
        Strength.STRONG,
        because=(
            "The question for {name} was answered twice in the name of {resolver}: first with {lies}, for which nobody vouches, "
            "and then with {late}. Whoever forges must be the first to speak."
        ),
        source=f"{order(2)}: a forged UDP answer against an authentic one",
        mechanism="dns.injection.other",
        found=lambda case: case.forgeries.overtaken,
    ),
    artefact(
        "injection.other",
        Strength.STRONG,
        because=(
            "For {name}, {resolver} gives {lies}, where nothing proves to be it; {proven}, as {resolving} got, proves to be it "
            "from here too, by a valid certificate."
        ),
        source=order(8),
        mechanism="dns.injection.other",
        found=lambda case: case.forgeries.others,
    ),
    artefact(
        "denial.forged",
        Strength.STRONG,
        because=(
            "{name} is denied in the name of {resolver}, in a form that no recursor uses or against what the same resolver also "
            "says; {resolving} got {theirs}."
        ),
        source=f"{order(2)}; RFC 1035, section 4.1.1, and RFC 2308, section 2.1: no recursor has authority, a denial has an SOA",
        mechanism="dns.nxdomain",
        found=lambda case: case.forgeries.denials,
    ),
    rule(
        "denial.disproved",
        State.BLOCKED,
        Strength.STRONG,
        because=(
            "The line's resolver says that {name} does not exist, which {proven}, as {resolving} got, disproves from here by a "
            "valid certificate."
        ),
        source=order(8),
        mechanism="dns.nxdomain",
        where=lambda case: case.is_disproved,
    ),
)
