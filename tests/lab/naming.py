"""What resolvers say about names: the truth of the world, what a resolver says instead, and what an injector forges."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from ipaddress import ip_address
from typing import Final, TypeVar

from tests.lab.conditions import TRUTH, Conditions, DnsAnswer, DnsSaying
from tests.lab.dns import Answer, Question, Refusal, View
from tests.lab.spelling import EVERY, fits
from tests.lab.topology import Topology

DNSSEC_BOGUS: Final = 6
"""The code of an Extended DNS Error (RFC 8914, section 4.7)."""

_Found = TypeVar("_Found")
_Scope = tuple[str, str]
"""Who says something other than the truth: `("dns", resolver)` or `("spoof", vantage point)`."""


class Naming:
    """The views of all resolvers of a world. `vantage_of` tells a vantage point by its source address."""

    def __init__(self, topology: Topology, vantage_of: Callable[[str], str | None]) -> None:
        self._truth = truth_of(topology)
        self._vantage_of = vantage_of
        self._conditions = Conditions()
        self._asked: Counter[tuple[_Scope, str, str]] = Counter()

    def apply(self, conditions: Conditions) -> None:
        """From now on these conditions hold; questions are counted anew."""
        self._conditions = conditions
        self._asked.clear()

    def addresses(self, name: str) -> tuple[str, ...]:
        """Where `name` truly leads."""
        return best(self._truth, name) or ()

    def view(self, resolver: str) -> View:
        """What is heard from the resolver at this nominal address. An injector on the path is quicker than it."""

        def view(question: Question) -> Sequence[Answer]:
            own = self._of_resolver(resolver, question)
            return self._spoofed(resolver, question, own) or own

        return view

    def _of_resolver(self, resolver: str, question: Question) -> Sequence[Answer]:
        true = Answer(said=best(self._truth, question.name) or Refusal.NXDOMAIN)
        given = self._conditions.dns
        saying = best(given.get(resolver, {}), question.name) or best(given.get(EVERY, {}), question.name)
        return self._heard(("dns", resolver), saying, question, true) or (true,)

    def _spoofed(self, resolver: str, question: Question, own: Sequence[Answer]) -> Sequence[Answer]:
        vantage = self._vantage_of(question.source)
        if vantage is None or not question.over_udp:
            return ()
        saying = best(self._conditions.spoof.get(vantage, {}), question.name)
        if saying is None or (saying.to and resolver not in saying.to):
            return ()
        return self._heard(("spoof", vantage), saying, question, own[0])

    def _heard(self, scope: _Scope, saying: DnsAnswer | None, question: Question, true: Answer) -> Sequence[Answer]:
        """All that is heard of a saying; nothing where it leaves this question alone."""
        if saying is None or not self._is_its_turn(scope, saying, question):
            return ()
        if saying.bogus and not question.checking_disabled:
            return (Answer(said=Refusal.SERVFAIL, extended_errors=(DNSSEC_BOGUS, *saying.ede), after=saying.after),)
        return tuple(_answer(each, true) for each in (saying, *saying.then))

    def _is_its_turn(self, scope: _Scope, saying: DnsAnswer, question: Question) -> bool:
        key = (scope, question.name, question.qtype)
        self._asked[key] += 1
        return (self._asked[key] - 1) % saying.every == 0


def truth_of(topology: Topology) -> dict[str, tuple[str, ...]]:
    """What the undisturbed DNS says: every name, or pattern, with the addresses of all hosts that carry it, IPv4 first."""
    names = {name for host in topology.hosts.values() for name in host.names}
    return {name: _sorted(address for address, host in topology.hosts.items() if name in host.names) for name in names}


def _sorted(addresses: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(addresses, key=lambda address: ip_address(address).version))


def best(said: Mapping[str, _Found], name: str) -> _Found | None:
    """What is said of the name itself, else of the longest pattern that it fits."""
    fitting = sorted((pattern for pattern in said if fits(name, pattern)), key=lambda pattern: (pattern == name, len(pattern)))
    return said[fitting[-1]] if fitting else None


def _answer(saying: DnsSaying, true: Answer) -> Answer:
    return Answer(
        said=true.said if saying.answer == TRUTH else saying.answer,
        cnames=saying.cname,
        authoritative=saying.authoritative,
        authority=saying.authority,
        extended_errors=saying.ede,
        after=saying.after,
    )
