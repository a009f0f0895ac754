"""What shows that the look says nothing about the name: its own resolver is out of order, or answers to everything alike."""

from typing import Final

from probes.dns.case import DnsCase
from probes.dns.rules.wording import unclear
from probes.kit.rule import Rule
from probes.kit.rulebook import order
from probes.kit.vocabulary import WhyUnclear

INSTRUMENT: Final[tuple[Rule[DnsCase], ...]] = (
    unclear(
        "instrument.unreadable",
        WhyUnclear.UNPARSEABLE,
        because="What was answered for {name} are no addresses.",
        source="RFC 1035, section 3.4.1: an A record holds an address",
        where=lambda case: case.own.is_unreadable,
    ),
    unclear(
        "instrument.resolver",
        WhyUnclear.OWN_NETWORK,
        because="The line's resolver could not be asked: {trouble}.",
        source=order(1),
        where=lambda case: case.own.failure is not None and case.own.is_out_of_reach,
    ),
    unclear(
        "instrument.resolver_dead",
        WhyUnclear.OWN_NETWORK,
        because="The line's resolver has no answer for {name} ({trouble}), and none for a name that nobody blocks.",
        source=f"{order(1)}: own resolver dead",
        where=lambda case: case.is_dead,
    ),
    unclear(
        "instrument.captive_portal",
        WhyUnclear.OWN_NETWORK,
        because="The line's resolver leads to {addresses} whatever name it is asked for, as where one must log in or pay first.",
        source=f"{order(1)}: captive portal; RFC 8952",
        where=lambda case: case.is_captive,
    ),
)
