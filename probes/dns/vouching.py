"""What vouches for an answer that looks wrong: geo-DNS and migrations are common, and so are networks with a DNS of their own."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from probes.dns.proofs import Proofs
from probes.dns.reading import read_controls, read_own
from probes.dns.resolved import Resolved
from probes.kit.answers import answers_elsewhere
from probes.kit.failure import Failure
from probes.kit.observation import DnsLookup, Facts, Observation


@dataclass(frozen=True, slots=True, kw_only=True)
class Vouched:
    """What somebody answers for.

    - `given`: the addresses that controls were given for the name, through the names `aliases`, in the autonomous systems
      `networks`
    - `proven`: the addresses that show a valid certificate for the name from here
    - `confirmed`: the addresses that public resolvers gave here, over connections that nobody can write into
    - `given_lately`, `proven_lately`: the same in the last seven days, while all was well
    - `is_steady`: whether, in those days, the own resolver gave what a control was given, and never anything else
    - `was_missing`: whether a control was told, now or in those days, that there is no such name: resolvers remember it for hours
    - `asns`: the autonomous systems of addresses, as far as anybody knows them
    """

    given: frozenset[str]
    aliases: frozenset[str]
    networks: frozenset[int]
    proven: frozenset[str]
    confirmed: frozenset[str]
    given_lately: frozenset[str]
    proven_lately: frozenset[str]
    is_steady: bool
    was_missing: bool
    asns: Mapping[str, int]

    @classmethod
    def read(
        cls, facts: Facts, controls: Sequence[Resolved], name: str | None, recent: Sequence[Observation], asns: Mapping[str, int]
    ) -> Self:
        """Gather what can vouch for an answer to the question for `name`."""
        given = _given(controls)
        past = [_Past.read(one, name) for one in recent]
        return cls(
            given=given,
            aliases=frozenset(alias for control in controls for alias in control.aliases),
            networks=_networks(given, asns),
            proven=Proofs.read(facts, name).right,
            confirmed=frozenset(answers_elsewhere(facts, name)),
            given_lately=frozenset(address for one in past for address in one.given),
            proven_lately=frozenset(address for one in past for address in one.proven),
            is_steady=any(one.own for one in past) and all(one.is_like_elsewhere for one in past if one.own),
            was_missing=_is_missing(controls) or any(one.missing for one in past),
            asns=asns,
        )

    @property
    def by_name(self) -> frozenset[str]:
        """The addresses that somebody was given, or that proved right, now or lately."""
        return self.given | self.proven | self.confirmed | self.given_lately | self.proven_lately

    def is_near(self, addresses: Iterable[str]) -> bool:
        """Whether any of them is in the network of one that a control was given."""
        return not self.networks.isdisjoint(_networks(addresses, self.asns))

    def answers_for(self, lookup: DnsLookup) -> bool:
        """Whether anything at all speaks for this answer."""
        return (
            not self.by_name.isdisjoint(lookup.answers)
            or not self.aliases.isdisjoint(lookup.cnames)
            or self.is_near(lookup.answers)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Past:
    """What an earlier look, at which all was well, says about right answers."""

    own: frozenset[str]
    given: frozenset[str]
    proven: frozenset[str]
    missing: bool

    @classmethod
    def read(cls, earlier: Observation, name: str | None) -> Self:
        facts = earlier.facts or Facts()
        controls = read_controls(earlier.control, name)
        return cls(
            own=read_own(facts, name, "A").addresses,
            given=_given(controls),
            proven=Proofs.read(facts, name).right,
            missing=_is_missing(controls),
        )

    @property
    def is_like_elsewhere(self) -> bool:
        return not self.own.isdisjoint(self.given)


def _given(controls: Iterable[Resolved]) -> frozenset[str]:
    return frozenset(address for control in controls for address in control.addresses)


def _is_missing(controls: Iterable[Resolved]) -> bool:
    return any(control.failure == Failure.DNS_NXDOMAIN for control in controls)


def _networks(addresses: Iterable[str], asns: Mapping[str, int]) -> frozenset[int]:
    """Their autonomous systems; 0 is none (RFC 7607)."""
    return frozenset(asns[address] for address in addresses if asns.get(address))
