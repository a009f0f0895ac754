"""Answers that only interference explains, whoever of those asked in clear text from here was given them.

What may be geo-DNS, a migration or an internal network is none: see `Vouched`. Everything here needs a control that was given
public addresses, and trouble with IPv6 alone never counts: only answers of the deciding family do.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

from probes.dns.proofs import Proofs
from probes.dns.reading import for_comparison
from probes.dns.resolved import Resolved, addresses_in
from probes.dns.vouching import Vouched
from probes.kit.answers import OWN, is_private
from probes.kit.failure import Failure
from probes.kit.observation import DnsLookup, Facts
from probes.kit.vocabulary import MarkKind

Lookups = tuple[DnsLookup, ...]

_IN_CLEAR: Final = ("udp",)
"""How public resolvers are asked so that anybody on the path can answer in their place."""

_HARD_TO_FORGE: Final = ("tcp", "dot", "doh")
"""How the same resolvers are asked where that takes more than to be the first to speak."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgeries:
    """Reads what was answered in clear text from here: by the own resolver, and by public ones over UDP.

    - `in_clear`: without what comes from a resolver that treats a name that nobody blocks alike: what it says is not about this
      name
    - `beyond_doubt`: what was answered over TCP, TLS or HTTPS
    - `truth`: the public addresses that controls were given, by record type
    """

    own: Resolved
    in_clear: Lookups
    beyond_doubt: Lookups
    truth: dict[str, frozenset[str]]
    vouched: Vouched
    proofs: Proofs
    country: str | None

    @classmethod
    def read(
        cls,
        facts: Facts,
        own: Resolved,
        controls: Sequence[Resolved],
        innocuous: Lookups,
        vouched: Vouched,
        country: str | None,
    ) -> Self:
        """`country` is where we look from: a fingerprint counts only where it is expected."""
        asked = (*own.lookups, *for_comparison(facts, own.name, _IN_CLEAR))
        return cls(
            own=own,
            in_clear=tuple(lookup for lookup in asked if _is_sound(lookup, innocuous)),
            beyond_doubt=for_comparison(facts, own.name, _HARD_TO_FORGE),
            truth={qtype: _public(controls, qtype) for qtype in ("A", "AAAA")},
            vouched=vouched,
            proofs=Proofs.read(facts, own.name),
            country=country,
        )

    @property
    def blockpages(self) -> Lookups:
        """Answers with an address that is known in this country to be given for what is blocked there."""
        return tuple(lookup for lookup in self._strange if self.is_marked(lookup))

    @property
    def bogons(self) -> Lookups:
        """Answers of nothing but addresses that no public host can have."""
        return tuple(lookup for lookup in self._strange if _is_bogon(lookup))

    @property
    def bogons_beside(self) -> Lookups:
        """The same from the own resolver for the family that does not decide."""
        beside = (lookup for lookup in self.own.lookups if lookup.qtype != self.own.family and self.truth.get(lookup.qtype))
        return tuple(lookup for lookup in beside if _is_bogon(lookup) and self.vouched.by_name.isdisjoint(lookup.answers))

    @property
    def overtaken(self) -> Lookups:
        """Answers that nothing speaks for, each followed by a second one that a control was given or that proved right."""
        return tuple(lookup for lookup in self._unaccountable if self._is_overtaken(lookup))

    @property
    def others(self) -> Lookups:
        """Answers that nothing speaks for and that lead to another host or none, while the control's address proves right."""
        if self.vouched.proven.isdisjoint(self._true):
            return ()
        return tuple(lookup for lookup in self._unaccountable if self._leads_astray(lookup))

    @property
    def denials(self) -> Lookups:
        """Denials that cannot come from a resolver, or that the same resolver gives the lie.

        A recursor does not claim authority (AA), and a proper denial carries the zone's SOA record (RFC 2308, section 2.1). That
        a resolver says otherwise a moment later counts only for a name that was there all along.
        """
        denied = [lookup for lookup in self._deciding if lookup.failure == Failure.DNS_NXDOMAIN]
        return tuple(lookup for lookup in denied if _is_homemade(lookup) or self._is_taken_back(lookup))

    def is_marked(self, lookup: DnsLookup) -> bool:
        """Whether the answer bears a mark of a forged address that is expected in this country."""
        marks = (mark for mark in lookup.marks if mark.kind is MarkKind.FORGED_ADDRESS)
        return any(not mark.countries or self.country in mark.countries for mark in marks)

    @property
    def _true(self) -> frozenset[str]:
        return self.truth.get(self.own.family, frozenset())

    @property
    def _deciding(self) -> Lookups:
        """What counts: only if a control was given a public address for the same question."""
        return tuple(lookup for lookup in self.in_clear if lookup.qtype == self.own.family) if self._true else ()

    @property
    def _strange(self) -> Lookups:
        """Answers of which no address was given to anybody else, or proved right."""
        answered = (lookup for lookup in self._deciding if lookup.answers)
        return tuple(lookup for lookup in answered if self.vouched.by_name.isdisjoint(lookup.answers))

    @property
    def _unaccountable(self) -> Lookups:
        """Strange public answers for which neither alias nor network speaks, nor a certificate that was once the name's."""
        public = (lookup for lookup in self._strange if not any(map(is_private, lookup.answers)))
        unknown = (lookup for lookup in public if not self.vouched.answers_for(lookup))
        return tuple(lookup for lookup in unknown if self.proofs.worn.isdisjoint(lookup.answers))

    @property
    def _right(self) -> frozenset[str]:
        return self._true | self.vouched.proven

    def _is_overtaken(self, lookup: DnsLookup) -> bool:
        return any(not self._right.isdisjoint(reply.answers) for reply in lookup.further)

    def _is_taken_back(self, lookup: DnsLookup) -> bool:
        if self.vouched.was_missing:
            return False
        others = (one for one in self.beyond_doubt if (one.resolver, one.qtype) == (lookup.resolver, lookup.qtype))
        return self._is_overtaken(lookup) or any(not self._right.isdisjoint(one.answers) for one in others)

    def _leads_astray(self, lookup: DnsLookup) -> bool:
        """That nobody is there counts only where addresses are known not to vary: a content network has dead nodes, too."""
        if not self.proofs.anothers.isdisjoint(lookup.answers):
            return True
        is_steady = lookup.transport == OWN and self.vouched.is_steady
        return is_steady and not self.proofs.silent.isdisjoint(lookup.answers)


def _public(controls: Sequence[Resolved], qtype: str) -> frozenset[str]:
    asked = (lookup for control in controls for lookup in control.lookups if lookup.qtype == qtype)
    return frozenset(address for address in addresses_in(asked) if not is_private(address))


def _is_sound(lookup: DnsLookup, innocuous: Lookups) -> bool:
    """Whether the resolver tells names apart, as far as it was tried: by another answer, or by any where it denies this one."""
    tried = [one for one in innocuous if (one.resolver, one.transport) == (lookup.resolver, lookup.transport)]
    given = addresses_in(tried)
    return given.isdisjoint(lookup.answers) if lookup.answers else bool(given) or not tried


def _is_bogon(lookup: DnsLookup) -> bool:
    return bool(lookup.answers) and all(map(is_private, lookup.answers))


def _is_homemade(lookup: DnsLookup) -> bool:
    return lookup.authoritative and not lookup.has_authority
