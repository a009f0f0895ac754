"""What the own resolver said, against what the controls' resolvers said and what proved right."""

from collections.abc import Iterable
from dataclasses import dataclass

from probes.kit.answers import answers_to, has_private_answers, is_private, private_lies
from probes.kit.failure import Failure
from probes.kit.observation import Facts, Observation
from probes.website.control import ControlLook
from probes.website.walk import Walk, chains_past_use, proofs


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """The names of one look. Where nothing else is said, it is about the host at which the look ended.

    What speaks for a lie must come from `working` controls, those that can use the website: a control in trouble proves
    nothing about others. What speaks against one may come from any control.
    """

    facts: Facts
    own: Walk
    controls: tuple[ControlLook, ...]
    recent: tuple[Observation, ...]

    @property
    def own_answers(self) -> frozenset[str]:
        """What the own resolver answered."""
        return frozenset(self.own.answers or ())

    @property
    def control_answers(self) -> frozenset[str]:
        """What the resolvers of working controls answered."""
        return frozenset(answer for one in self._working for answer in answers_to(one.facts, self.own.host) or ())

    @property
    def lies(self) -> tuple[str, ...]:
        """Private answers, at any hop, that only a lie explains; not where private addresses proved right here lately."""
        if self._is_inside:
            return ()
        failing = (one.facts for one in self.controls if not one.works)
        return private_lies(self.facts, (one.facts for one in self._working), failing)

    @property
    def has_private(self) -> bool:
        """Whether the own resolver gave any address that no public host has."""
        return has_private_answers(self.facts)

    @property
    def leads_elsewhere(self) -> bool:
        """Whether the own answers were given to no control, proved right to none, and showed none the chain that they show here.

        A chain counts that bears the host's name by a trusted authority, if out of date: another's certificate is another's,
        whoever sees it.
        """
        given = {answer for one in self.controls for answer in answers_to(one.facts, self.own.host) or ()}
        proven = {address for one in self.controls for address in proofs(one.facts, self.own.host)}
        right = given | proven | self._same_for_others
        return bool(self.own_answers and self.control_answers) and self.own_answers.isdisjoint(right)

    @property
    def works_as_the_control_says(self) -> tuple[str, ...]:
        """The addresses that only the control was given and that proved right from here."""
        return tuple(sorted(proofs(self.facts, self.own.host) & self.control_answers - self.own_answers))

    @property
    def was_right_lately(self) -> bool:
        """Whether one of the own answers proved right, or was given to a control, in the last seven days."""
        right = (proofs(facts, self.own.host) for one in self.recent for facts in _all_facts(one))
        given = (answers_to(control.facts, self.own.host) or () for one in self.recent for control in one.control)
        return any(not self.own_answers.isdisjoint(addresses) for source in (right, given) for addresses in source)

    @property
    def varies(self) -> bool:
        """Whether the website was fine here in the last seven days at addresses that no control is given now."""
        fine = (
            proofs(facts, self.own.host).intersection(answers_to(facts, self.own.host) or ())
            for one in self.recent
            if (facts := one.facts)
        )
        return any(addresses and addresses.isdisjoint(self.control_answers) for addresses in fine)

    @property
    def was_missing_lately(self) -> bool:
        """Whether, in the last seven days, the name did not exist for a control either: resolvers remember that for hours."""
        lookups = (lookup for one in self.recent for control in one.control for lookup in control.facts.dns)
        return any(lookup.name == self.own.host and lookup.failure == Failure.DNS_NXDOMAIN for lookup in lookups)

    @property
    def _same_for_others(self) -> frozenset[str]:
        """The addresses that show a control the very chain of the host that they show here, no more valid there."""
        theirs = {shown for one in self.controls for shown in chains_past_use(one.facts, self.own.host)}
        return frozenset(address for address, _ in chains_past_use(self.facts, self.own.host) & theirs)

    @property
    def _is_inside(self) -> bool:
        """Whether we stand in a network that has a private way to the website: its own, or one with such a proxy."""
        return any(is_private(address) for one in self.recent if one.facts for address in proofs(one.facts, self.own.host))

    @property
    def _working(self) -> Iterable[ControlLook]:
        return (one for one in self.controls if one.works)


def _all_facts(observation: Observation) -> Iterable[Facts]:
    if observation.facts:
        yield observation.facts
    yield from (control.facts for control in observation.control)
