"""What the own resolver said, against what the controls' resolvers said and what proved right."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from probes.kit.answers import answers_elsewhere, answers_to, has_private_answers, is_a_visitors, is_private, private_lies
from probes.kit.failure import Failure
from probes.kit.observation import DnsLookup, Facts, Mark, Observation
from probes.kit.vocabulary import Aim, MarkKind
from probes.website.control import ControlLook
from probes.website.walk import Walk, chains_past_use, proofs


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """The names of one look. Where nothing else is said, it is about the host at which the look ended.

    What speaks for a lie must come from `working` controls, those that can use the website: a control in trouble proves
    nothing about others. What speaks against one may come from any control.
    """

    country: str | None
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
        if not self.publicly.isdisjoint(self.own_answers):
            return ()
        failing = (one.facts for one in self.controls if not one.works)
        return private_lies(self.facts, (one.facts for one in self._working), failing)

    @property
    def publicly(self) -> frozenset[str]:
        """What public resolvers that prove who they are answered from here: nobody on the way can have written that."""
        return frozenset(answers_elsewhere(self.facts, self.own.host))

    @property
    def is_denied_publicly(self) -> bool:
        """Whether such a resolver says from here that the name does not exist."""
        asked = (one for one in self.facts.dns if one.name == self.own.host and one.transport in {"dot", "doh"})
        return any(one.failure == Failure.DNS_NXDOMAIN for one in asked)

    @property
    def is_denied_by_no_recursor(self) -> bool:
        """Whether the own resolver denies the name as no recursor does, and over TCP gives an address that others get.

        A recursor is no authority (AA), and a denial proves itself by a record of the zone's authority (RFC 2308, section 2.1).
        """
        denials = [one for one in self._lookups if one.failure == Failure.DNS_NXDOMAIN]
        odd = any(one.authoritative and not one.has_authority for one in denials)
        over_tcp = (one for one in self.facts.dns if one.name == self.own.host and one.transport == "tcp")
        true = self.control_answers | self.publicly
        return odd and any(not true.isdisjoint(one.answers) for one in over_tcp)

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
        right = given | proven | self._same_for_others | self.publicly
        return bool(self.own_answers and self.control_answers) and self.own_answers.isdisjoint(right)

    @property
    def works_as_the_control_says(self) -> tuple[str, ...]:
        """The addresses that only the control was given and that proved right from here."""
        return tuple(sorted(proofs(self.facts, self.own.host) & self.control_answers - self.own_answers))

    @property
    def works_as_others_say(self) -> tuple[str, ...]:
        """The same for what controls, or public resolvers that prove who they are, answered."""
        return tuple(sorted(proofs(self.facts, self.own.host) & (self.control_answers | self.publicly) - self.own_answers))

    @property
    def forged_marks(self) -> tuple[Mark, ...]:
        """The marks of known forged addresses among the own answers, as far as they count in this country."""
        found = (mark for lookup in self._lookups for mark in lookup.marks if mark.kind is MarkKind.FORGED_ADDRESS)
        return tuple(dict.fromkeys(mark for mark in found if counts(mark, self.country)))

    @property
    def overtaken(self) -> tuple[str, ...]:
        """The late answers to a question that had been answered otherwise, if others were given them, and nobody the first.

        Of two answers to one question one is forged, and whoever forges must be the first to speak. The others are controls,
        and public resolvers whose answer proves itself from here.
        """
        late = {answer for lookup in self._lookups for reply in lookup.further for answer in reply.answers}
        proven = self.publicly & proofs(self.facts, self.own.host)
        return tuple(sorted(late & (self.control_answers | proven) - self.own_answers)) if self.leads_elsewhere else ()

    @property
    def says_that_it_blocks(self) -> bool:
        """Whether the own resolver itself says that it blocks or censors the name, and gives no address that others get."""
        says_so = any(not _BLOCKING.isdisjoint(lookup.extended_errors) for lookup in self._lookups)
        return says_so and self.own_answers.isdisjoint(self.control_answers | self.publicly)

    @property
    def is_right_unchecked(self) -> bool:
        """Whether the own resolver, told not to check signatures, gives an address that a control was given."""
        unchecked = (one for one in self.facts.dns if one.name == self.own.host and one.checking_disabled)
        return any(not self.control_answers.isdisjoint(one.answers) for one in unchecked if one.resolver == "system")

    @property
    def is_dead(self) -> bool:
        """Whether the own resolver answers to no name at all, not even to one that everybody resolves."""
        tried = [one for one in self.facts.dns if one.transport == "system" and one.aim is Aim.PROBE_NAME]
        silent = all(one.failure and one.failure not in _SAID for one in (*tried, *self._lookups))
        return bool(tried) and bool(self._lookups) and silent

    @property
    def is_the_same_for_any_name(self) -> bool:
        """Whether an innocuous name leads to the very addresses to which the website's leads: the line answers for everybody."""
        tried = (one for one in self.facts.dns if one.transport == "system" and one.aim is Aim.PROBE_NAME)
        return any(not self.own_answers.isdisjoint(one.answers) for one in tried)

    @property
    def is_relayed(self) -> bool:
        """Whether the own answers are in networks where nobody else's are, neither a control's nor those of DoT or DoH from here.

        What works there all the same may be a relay that a forged answer leads to. It takes both witnesses, and no such
        answer in the last days, for regions and migrations look alike.
        """
        theirs = {self.facts.asns.get(answer) for answer in self.publicly | self.control_answers}
        own = {self.facts.asns.get(answer) for answer in self.own_answers}
        if not self.publicly or not self.control_answers or None in own | theirs or not own:
            return False
        return own.isdisjoint(theirs) and self.control_answers >= self.publicly and not self.was_right_lately

    @property
    def _lookups(self) -> list[DnsLookup]:
        return [one for one in self.facts.dns if one.name == self.own.host and is_a_visitors(one)]

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


_SAID: Final = frozenset({Failure.DNS_NXDOMAIN, Failure.DNS_NO_ANSWER})
"""Failures that are an answer all the same."""

_BLOCKING: Final = frozenset({15, 16})
"""Blocked and Censored; not Filtered (17), which whoever uses the resolver has asked for. Source: RFC 8914, section 4."""


def counts(mark: Mark, country: str | None) -> bool:
    """Whether a mark counts where we stand: only in the countries that it is known from."""
    return not mark.countries or country in mark.countries


def _all_facts(observation: Observation) -> Iterable[Facts]:
    if observation.facts:
        yield observation.facts
    yield from (control.facts for control in observation.control)
