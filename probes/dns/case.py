"""What the rules of the DNS probe are asked about."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from operator import attrgetter
from typing import Final, Self

from probes.dns.forgeries import Forgeries
from probes.dns.reading import asked_name, deciding_family, innocuous_lookups, read_controls, read_own
from probes.dns.resolved import Resolved, addresses_in
from probes.dns.vouching import Vouched
from probes.kit.answers import OWN
from probes.kit.failure import Failure
from probes.kit.observation import Control, DnsLookup, Facts, Observation
from probes.kit.vocabulary import Validity

_MEMORY: Final = timedelta(days=7)
"""How long an answer that was right speaks for itself: migrations are not over at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsCase:
    """One look at a name with all that bears on it.

    - `controls`: those whose instrument and resolver worked
    - `innocuous`: questions for a name that nobody blocks, put to the resolvers here
    - `vouched`: what speaks for an answer that no control was given
    - `forgeries`: answers that only interference explains
    """

    own: Resolved
    controls: tuple[Resolved, ...]
    innocuous: tuple[DnsLookup, ...]
    vouched: Vouched
    forgeries: Forgeries

    @classmethod
    def read(
        cls, facts: Facts, control: Sequence[Control], *, country: str | None = None, recent: Sequence[Observation] = ()
    ) -> Self:
        """Set one look beside its controls. `recent` are looks of the last seven days, `country` is where we look from."""
        name = asked_name(facts)
        controls = read_controls(control, name)
        own = read_own(facts, name, deciding_family(controls))
        vouched = Vouched.read(facts, controls, name, recent, _known_asns(facts, control))
        innocuous = innocuous_lookups(facts, name)
        forgeries = Forgeries.read(facts, own, controls, innocuous, vouched, country)
        return cls(own=own, controls=controls, innocuous=innocuous, vouched=vouched, forgeries=forgeries)

    @property
    def resolves(self) -> bool:
        """Whether the own resolver gives addresses that it has not made up."""
        return bool(self.own.addresses) and not self.is_invented

    @property
    def resolving(self) -> tuple[Resolved, ...]:
        """The controls that get addresses."""
        return tuple(control for control in self.controls if control.addresses)

    @property
    def failing(self) -> tuple[Resolved, ...]:
        """The controls that get none."""
        return tuple(control for control in self.controls if not control.addresses)

    @property
    def is_dead(self) -> bool:
        """Whether the own resolver has no answer for a name that everybody resolves either.

        One that denies that name, and fails at ours in another way, is odd and alive.
        """
        tried = self._own_innocuous
        denied = any(lookup.failure == Failure.DNS_NXDOMAIN for lookup in tried)
        fails = self.own.failure is not None and (not denied or self.own.failure == Failure.DNS_NXDOMAIN)
        return fails and bool(tried) and not addresses_in(tried)

    @property
    def is_captive(self) -> bool:
        """Whether the own resolver leads to one place whatever it is asked for, as in a network that wants a log-in first."""
        alike = not self.own.addresses.isdisjoint(addresses_in(self._own_innocuous))
        return alike and self.vouched.by_name.isdisjoint(self.own.addresses)

    @property
    def is_invented(self) -> bool:
        """Whether the own resolver answers with what it also gives for a name that does not exist, and no control does so."""
        makes_up = not self.own.addresses.isdisjoint(self.own.invented)
        alone = bool(self.controls) and not any(control.invented for control in self.controls)
        return makes_up and alone and self.vouched.by_name.isdisjoint(self.own.addresses)

    @property
    def admits(self) -> bool:
        """Whether the own resolver says that it withholds or forges the answer, and nobody can say that this one is right."""
        return bool(self.own.admissions) and self.vouched.by_name.isdisjoint(self.own.addresses)

    @property
    def is_disproved(self) -> bool:
        """Whether the own resolver denies a name whose address proves right from here, and that was there all along."""
        denied = self.own.failure == Failure.DNS_NXDOMAIN and not self.vouched.was_missing
        return denied and not self.vouched.proven.isdisjoint(self.vouched.given)

    @property
    def is_shared(self) -> bool:
        """Whether a control was given one of the own addresses."""
        return not self.own.addresses.isdisjoint(self.vouched.given)

    @property
    def is_proven(self) -> bool:
        """Whether one of the own addresses shows a valid certificate for the name."""
        return not self.own.addresses.isdisjoint(self.vouched.proven)

    @property
    def is_confirmed(self) -> bool:
        """Whether a public resolver gives one of the own addresses here, over a connection that nobody can write into."""
        return not self.own.addresses.isdisjoint(self.vouched.confirmed)

    @property
    def was_shared_lately(self) -> bool:
        """Whether a control was given one of the own addresses in the last seven days."""
        return not self.own.addresses.isdisjoint(self.vouched.given_lately)

    @property
    def was_proven_lately(self) -> bool:
        """Whether one of the own addresses showed a valid certificate for the name in the last seven days."""
        return not self.own.addresses.isdisjoint(self.vouched.proven_lately)

    @property
    def is_same_alias(self) -> bool:
        """Whether a control got its addresses through the same alias."""
        return any(not self.own.aliases.isdisjoint(control.aliases) for control in self.resolving)

    @property
    def is_same_network(self) -> bool:
        """Whether a control got an address of the same autonomous system."""
        return self.vouched.is_near(self.own.addresses)

    @property
    def is_doubtful(self) -> bool:
        """Whether an answer speaks against itself, by what it is or by what waits there, although no control was asked."""
        anothers = self.forgeries.proofs.anothers
        marked = any(map(self.forgeries.is_marked, self.own.lookups))
        return marked or self.own.addresses != self.own.public or not anothers.isdisjoint(self.own.addresses)

    @property
    def is_accounted_for(self) -> bool:
        """Whether nothing about the own answer asks for a closer look."""
        if self.is_empty_everywhere:
            return True
        told = [lookup for lookup in self.own.lookups if lookup.answers and lookup.qtype == self.own.family]
        vouched = not self.controls or all(map(self.vouched.answers_for, told))
        return bool(self.own.addresses) and vouched and not self._is_remarkable

    @property
    def is_empty_everywhere(self) -> bool:
        """Whether the name exists and has no address, here and wherever else somebody asked."""
        everybody = (self.own, *self.controls)
        return bool(self.controls) and all(one.failure == Failure.DNS_NO_ANSWER for one in everybody)

    @property
    def is_bogus_everywhere(self) -> bool:
        """Whether nobody who checks the name's signatures can resolve it."""
        return self.own.is_bogus and all(one.failure == Failure.DNS_SERVFAIL for one in self.controls)

    @property
    def _is_remarkable(self) -> bool:
        remarks = any(lookup.further or lookup.marks or lookup.extended_errors for lookup in self.own.lookups)
        return remarks or self.is_doubtful or not self.own.addresses.isdisjoint(self.own.invented)

    @property
    def _own_innocuous(self) -> tuple[DnsLookup, ...]:
        return tuple(lookup for lookup in self.innocuous if lookup.transport == OWN)


def case(observation: Observation, recent: Sequence[Observation] = ()) -> DnsCase:
    """Set one observation beside its controls and what came before it. `recent` may hold more than is used."""
    return DnsCase.read(
        observation.facts or Facts(),
        observation.control,
        country=observation.country,
        recent=[one for one in recent if one.validity is Validity.VALID and _is_fresh(one, observation)],
    )


def wants_control(facts: Facts) -> bool:  # noqa: ARG001 - whatever the facts
    """Always: an answer cannot prove itself."""
    return True


def addresses(facts: Facts) -> tuple[str, ...]:  # noqa: ARG001 - the interface of all probes
    """None: a control only asks."""
    return ()


def _known_asns(facts: Facts, control: Sequence[Control]) -> dict[str, int]:
    """What anybody knows of networks; where two tables differ, ours counts."""
    theirs = sorted(control, key=attrgetter("vantage"))
    return {address: asn for known in (*(one.facts.asns for one in theirs), facts.asns) for address, asn in known.items()}


def _is_fresh(earlier: Observation, now: Observation) -> bool:
    """A difference, since the earliest time there is has no week before it."""
    return now.started_at - earlier.started_at <= _MEMORY
