"""What the rules of the DNS probe are asked about."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from probes.kit.answers import answers_to, has_private_answers, private_lies
from probes.kit.failure import Failure
from probes.kit.observation import Control, DnsLookup, Facts, Observation
from probes.kit.vocabulary import Validity

TIMEOUTS: Final = frozenset({Failure.GENERIC_TIMEOUT, Failure.TIMED_OUT})

_MEMORY: Final = timedelta(days=7)
"""How long an answer that a control was given speaks for itself: migrations are not over at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """What one resolver said about the name. `country` is where it was asked."""

    country: str | None
    facts: Facts
    name: str | None

    @property
    def lookups(self) -> list[DnsLookup]:
        """The questions for the name itself."""
        return [lookup for lookup in self.facts.dns if lookup.name == self.name]

    @property
    def addresses(self) -> frozenset[str]:
        """The addresses of the name."""
        return frozenset(answers_to(self.facts, self.name) or ())

    @property
    def aliases(self) -> frozenset[str]:
        """The names that it is an alias of."""
        return frozenset(alias for lookup in self.lookups for alias in lookup.cnames)

    @property
    def invented(self) -> frozenset[str]:
        """The addresses of the name that cannot exist."""
        return frozenset(answer for lookup in self.facts.dns if lookup.name != self.name for answer in lookup.answers)

    @property
    def failure(self) -> str | None:
        """Why there is no address: what the resolver says of the name, else that it was out of reach."""
        if self.addresses:
            return None
        return min((lookup.failure for lookup in self.lookups if lookup.failure), key=_rank, default=None)

    @property
    def is_out_of_reach(self) -> bool:
        """Whether the resolver was never really asked, or nothing was recorded of it."""
        return not self.addresses and (self.failure is None or _rank(self.failure) == _OUT_OF_REACH)


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsCase:
    """One look at a name with all that bears on it. `controls` holds those whose instrument and resolver worked."""

    own: Resolved
    controls: tuple[Resolved, ...]
    recent: tuple[Observation, ...]

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
    def is_invented(self) -> bool:
        """Whether the own resolver answers with what it also gives for a name that does not exist, and no control does so."""
        makes_up = not self.own.addresses.isdisjoint(self.own.invented)
        return makes_up and bool(self.controls) and not any(control.invented for control in self.controls)

    @property
    def lies(self) -> tuple[str, ...]:
        """Private answers that only a lie explains."""
        resolving, failing = ([one.facts for one in group] for group in (self.resolving, self.failing))
        return private_lies(self.own.facts, resolving, failing)

    @property
    def has_private(self) -> bool:
        """Whether any answer is an address that no public host has."""
        return has_private_answers(self.own.facts)

    @property
    def is_shared(self) -> bool:
        """Whether a control was given one of the own addresses."""
        return any(not self.own.addresses.isdisjoint(control.addresses) for control in self.controls)

    @property
    def is_same_alias(self) -> bool:
        """Whether a control got its addresses through the same alias."""
        return any(not self.own.aliases.isdisjoint(control.aliases) for control in self.resolving)

    @property
    def was_shared_lately(self) -> bool:
        """Whether a control was given one of the own addresses in the last seven days."""
        earlier = (answers_to(control.facts, self.own.name) or () for one in self.recent for control in one.control)
        return any(not self.own.addresses.isdisjoint(answers) for answers in earlier)

    @property
    def is_empty_everywhere(self) -> bool:
        """Whether the name exists and has no address, here and wherever else somebody asked."""
        everybody = (self.own, *self.controls)
        return bool(self.controls) and all(one.failure == Failure.DNS_NO_ANSWER for one in everybody)


def case(observation: Observation, recent: Sequence[Observation] = ()) -> DnsCase:
    """Set one observation beside its controls and what came before it. `recent` may hold more than is used."""
    facts = observation.facts or Facts()
    name = min((lookup.name for lookup in facts.dns), key=len, default=None)
    earliest = observation.started_at - _MEMORY
    return DnsCase(
        own=Resolved(country=None, facts=facts, name=name),
        controls=_read_controls(observation.control, name),
        recent=tuple(one for one in recent if one.validity is Validity.VALID and one.started_at >= earliest),
    )


def wants_control(facts: Facts) -> bool:  # noqa: ARG001 - whatever the facts
    """Always: an answer cannot prove itself."""
    return True


def addresses(facts: Facts) -> tuple[str, ...]:  # noqa: ARG001 - the interface of all probes
    """None: a control only asks."""
    return ()


def _read_controls(control: Iterable[Control], name: str | None) -> tuple[Resolved, ...]:
    by_vantage = {one.vantage: one for one in control if one.validity is Validity.VALID}
    looks = (Resolved(country=one.country, facts=one.facts, name=name) for _, one in sorted(by_vantage.items()))
    return tuple(look for look in looks if not look.is_out_of_reach)


_OUT_OF_REACH: Final = 2
"""The rank of a failure that comes from nobody who was asked."""


def _rank(failure: str) -> int:
    """How much a failure says about the name: a resolver's word, an empty answer, a resolver out of reach."""
    if failure == Failure.DNS_NO_ANSWER:
        return 1
    return 0 if failure.startswith("dns_") or failure in TIMEOUTS else _OUT_OF_REACH
