"""Which of the facts the classic verdict knows: look-ups at the own resolver, and the visits to what they answered."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from probes.kit.address import may_connect
from probes.kit.failure import Failure
from probes.kit.observation import DnsLookup, Facts, HttpExchange, TcpConnect, TlsHandshake
from probes.kit.vocabulary import Aim
from probes.website.walk import CERTIFICATE

_OWN: Final = "system"
_PAIR: Final = ("A", "AAAA")

Decisive = DnsLookup | TcpConnect | TlsHandshake | HttpExchange
_LAYERS: Final[tuple[type[Decisive], ...]] = (HttpExchange, TlsHandshake, TcpConnect, DnsLookup)


def own_lookups(facts: Facts) -> list[DnsLookup]:
    """What the own resolver was asked on behalf of the visit.

    OONI asks the operating system, which answers for both families at once. We ask for each, so our two questions for a name
    are taken for one; those that somebody else has recorded (`resolver` names the call that was made) stand as they are.
    """
    asked = [one for one in facts.dns if one.transport == _OWN and one.aim is Aim.VISIT]
    joined: dict[object, list[DnsLookup]] = {}
    for number, one in enumerate(asked):
        joined.setdefault((one.hop, one.name) if is_ours(one) and one.qtype in _PAIR else number, []).append(one)
    return [_as_one(questions) for questions in joined.values()]


def is_ours(lookup: DnsLookup) -> bool:
    """Whether the look-up is one of our own, and not recorded by somebody else."""
    return lookup.resolver == _OWN


def _as_one(questions: Sequence[DnsLookup]) -> DnsLookup:
    if len(questions) == 1:
        return questions[0]
    answers = tuple(dict.fromkeys(answer for one in questions for answer in one.answers))
    failures = [one.failure for one in questions if one.failure is not None]
    telling = [failure for failure in failures if failure != Failure.DNS_NO_ANSWER]
    failure = None if answers else next(iter((*telling, *failures)), None)
    return replace(questions[0], qtype="ANY", answers=answers, failure=failure)


def is_missing_ipv6(lookup: DnsLookup) -> bool:
    """Whether the look-up only says that a name has no IPv6 address, which most names do not."""
    return lookup.qtype == "AAAA" and lookup.failure == Failure.DNS_NO_ANSWER


def visited_pages(facts: Facts) -> list[HttpExchange]:
    """The exchanges of the visit. OONI does not talk to whoever shows a bad certificate, so what such a one said is left out."""
    broken = {(one.hop, one.address) for one in facts.tls if one.aim is Aim.VISIT and one.failure in CERTIFICATE}
    visits = (one for one in facts.http if one.aim is Aim.VISIT)
    return [one for one in visits if not (is_over_tls(one) and (one.hop, one.address) in broken)]


def is_over_tls(exchange: HttpExchange) -> bool:
    """Whether the exchange took place inside TLS."""
    return exchange.url.lower().startswith("https:")


def in_order(facts: Facts) -> list[Decisive]:
    """The steps in the order in which they are asked for a verdict.

    Deepest redirect first; in a hop HTTP before TLS before TCP before DNS; in a layer success before failure, and failures
    by their words. Of several that are alike the last to have begun comes first, as in OONI.
    """
    latest_first = [*_steps(facts)][::-1]
    return sorted(latest_first, key=_rank)


def _steps(facts: Facts) -> Iterator[Decisive]:
    yield from own_lookups(facts)
    # What we would not connect to ourselves, such as loopback, OONI does not try either.
    yield from (one for one in facts.tcp if one.aim is Aim.VISIT and not _is_refusal(one))
    yield from (one for one in facts.tls if one.aim is Aim.VISIT)
    yield from visited_pages(facts)


def _is_refusal(step: TcpConnect) -> bool:
    return step.failure == Failure.DNS_BOGON and not may_connect(step.address)


def _rank(step: Decisive) -> tuple[int, int, str]:
    return -step.hop, _LAYERS.index(type(step)), step.failure or ""
