"""Answers that are right, and what vouches for them."""

from typing import Final

from probes.dns.case import DnsCase
from probes.dns.rules.wording import rule
from probes.kit.rule import Rule
from probes.kit.rulebook import order
from probes.kit.vocabulary import State, Strength

_COMMON: Final = f"{order(8)}: geo-DNS and migrations are common"

ANSWERS: Final[tuple[Rule[DnsCase], ...]] = (
    rule(
        "injection.bypassed",
        State.OK,
        Strength.STRONG,
        because="{name} has an address ({addresses}) that {resolving} got as well; of the other family a forged one ({beside}).",
        source=f"{order(5)}: well, with a finding about the path; most get there by the other family",
        mechanism="dns.injection.bogon",
        where=lambda case: case.is_shared and bool(case.forgeries.bogons_beside),
    ),
    rule(
        "answer.shared",
        State.OK,
        Strength.STRONG,
        because="{name} has an address ({addresses}) that {resolving} got as well.",
        source="OONI Web Connectivity (ts-017): one shared address makes DNS consistent",
        where=lambda case: case.is_shared,
    ),
    rule(
        "answer.proven",
        State.OK,
        Strength.STRONG,
        because="{name} has an address ({addresses}) that proves to be it by a valid certificate.",
        source=f"{_COMMON}, and internal networks have a DNS of their own",
        where=lambda case: case.is_proven,
    ),
    rule(
        "answer.confirmed",
        State.OK,
        Strength.WEAK,
        because="{name} has an address ({addresses}) that a public resolver gives here as well, over TLS or HTTPS.",
        source=f"{_COMMON}; RFC 7858 and RFC 8484: nobody on the path can write into that answer",
        where=lambda case: case.is_confirmed,
    ),
    rule(
        "answer.shared_lately",
        State.OK,
        Strength.WEAK,
        because="{name} has an address ({addresses}) that a control got in the last seven days.",
        source=_COMMON,
        where=lambda case: case.was_shared_lately,
    ),
    rule(
        "answer.proven_lately",
        State.OK,
        Strength.WEAK,
        because="{name} has an address ({addresses}) that proved to be it by a valid certificate in the last seven days.",
        source=_COMMON,
        where=lambda case: case.was_proven_lately,
    ),
    rule(
        "answer.same_alias",
        State.OK,
        Strength.WEAK,
        because="{name} is an alias of the same name for {resolving}, whose addresses differ from place to place.",
        source=f"{order(8)}: content networks answer each region differently",
        where=lambda case: case.resolves and case.is_same_alias,
    ),
    rule(
        "answer.same_network",
        State.OK,
        Strength.WEAK,
        because="{name} has an address ({addresses}) in the same network (autonomous system) as one that {resolving} got.",
        source="OONI Web Connectivity (ts-017): one shared network makes DNS consistent",
        where=lambda case: case.resolves and case.is_same_network,
    ),
    rule(
        "answer.empty",
        State.OK,
        Strength.STRONG,
        because="{name} exists and has no address, here as elsewhere.",
        source="RFC 2308, section 2.2: no data is no error",
        where=lambda case: case.is_empty_everywhere,
    ),
    rule(
        "answer.unconfirmed",
        State.OK,
        Strength.WEAK,
        because="{name} has a public address ({addresses}); without a control nobody can say whether it is the right one.",
        source="weak, since a forged public address would look the same",
        where=lambda case: case.resolves and not case.controls and not case.is_doubtful,
    ),
)
