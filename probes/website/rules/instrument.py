"""First of all the instrument: whether it is the line that is out of order, and no website."""

from typing import Final

from probes.kit.failure import Failure
from probes.kit.rule import Rule
from probes.kit.rulebook import order
from probes.kit.vocabulary import Aim, Stage, WhyUnclear
from probes.website.case import WebsiteCase
from probes.website.rules.wording import unclear

_NO_WAY: Final = frozenset({Failure.HOST_UNREACHABLE, Failure.NETWORK_UNREACHABLE})


def _is_behind_a_portal(case: WebsiteCase) -> bool:
    """Whether the line answers for everybody: the innocuous name gets the page, or the addresses, that the website gets."""
    if case.marks.blockpages or case.dns.forged_marks or case.dns.says_that_it_blocks:
        return False
    if not case.working or case.is_authentic or case.is_agreed:
        return False
    answers_for_all = case.dns.is_the_same_for_any_name and case.dns.leads_elsewhere
    return case.reach.is_behind_a_portal or answers_for_all


def _has_no_way(case: WebsiteCase) -> bool:
    """Whether a router says that it knows no way, to the website and to an innocuous host alike."""
    lost = case.stage is Stage.TCP and case.failure in _NO_WAY
    return lost and any(one.aim is Aim.INNOCUOUS_HOST and one.failure in _NO_WAY for one in case.reach.facts.tcp)


INSTRUMENT: Final[tuple[Rule[WebsiteCase], ...]] = (
    unclear(
        "instrument.network",
        WhyUnclear.OWN_NETWORK,
        because="The machine that looked could not send anything: {trouble}.",
        source=order(1),
        where=lambda case: case.own.is_own_fault,
    ),
    unclear(
        "instrument.no_way",
        WhyUnclear.OWN_NETWORK,
        because="This line has no way to {host} ({trouble}), nor to an address that nobody blocks.",
        source=order(1),
        where=_has_no_way,
    ),
    unclear(
        "instrument.opened",
        WhyUnclear.OWN_NETWORK,
        because="Whoever shows a certificate of {issuer} for {host} shows one for names that nobody blocks, too.",
        source=f"{order(1)}: a proxy or a program on the way to everything",
        where=lambda case: bool(case.working) and case.tls.is_intercepted_for_all and not case.tls.is_of_the_state,
    ),
    unclear(
        "instrument.resolver",
        WhyUnclear.OWN_NETWORK,
        because="The line's resolver answers to no name ({trouble}), not even to one that nobody blocks: it is out of order.",
        source=f"{order(1)}: own resolver dead",
        where=lambda case: case.stage is Stage.DNS and case.failure is not None and case.dns.is_dead,
    ),
    unclear(
        "instrument.captive_portal",
        WhyUnclear.OWN_NETWORK,
        because="This line leads to the same place, whatever name is asked for: it may want a log-in or a payment first.",
        source=f"{order(1)}: captive portal; RFC 7710",
        where=_is_behind_a_portal,
    ),
)
