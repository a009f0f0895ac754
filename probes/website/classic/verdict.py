"""The walk that decides, as in OONI Web Connectivity 0.5 (its "classic" analysis): the first step that says anything counts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from probes.kit.address import is_address, is_loopback
from probes.kit.observation import Control, DnsLookup, Facts, HttpExchange, TcpConnect, TlsHandshake
from probes.website.classic.control import Helper, read_helper
from probes.website.classic.difference import differ
from probes.website.classic.paths import Decisive, in_order, is_over_tls, own_lookups
from probes.website.classic.resolution import INCONSISTENT, consistency, dns_failure, is_empty_for_both, is_known_to

Blocking = Literal["dns", "tcp_ip", "http-diff", "http-failure"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Classic:
    """OONI's verdict. `blocking` names the layer, is False where nothing is blocked, and None where that cannot be said.

    `accessible` is None then too; False with `blocking` False means down. The failures are those that decided.
    """

    accessible: bool | None
    blocking: Literal[False] | Blocking | None
    dns_consistency: str | None
    dns_experiment_failure: str | None
    http_experiment_failure: str | None


_Said = tuple[bool | None, Literal[False] | Blocking | None]

_OK: Final[_Said] = (True, False)
_DOWN: Final[_Said] = (False, False)
_UNKNOWN: Final[_Said] = (None, None)


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What a step that decides says, and the failure that it decided by."""

    said: _Said
    failure: str | None = None


def classic(facts: Facts, control: Sequence[Control]) -> Classic:
    """The classic verdict on one look. Pure.

    It is OONI's own, flaws included; rules and their source are told in `docs/classic.md`. Only the own resolver's look-ups,
    the addresses that came from them and the pages fetched there have a say (`aim` VISIT).
    """
    helper = read_helper(control)
    lookups = own_lookups(facts)
    fits = consistency(lookups, helper, _asns(facts, helper))
    # Where no step decides there is nothing that inconsistent answers could explain.
    outcome = _walk(facts, helper)
    accessible, blocking = _overridden(outcome.said, fits) if outcome else _UNKNOWN
    return Classic(
        accessible=accessible,
        blocking=blocking,
        dns_consistency=fits,
        dns_experiment_failure=dns_failure(lookups),
        http_experiment_failure=outcome.failure if outcome else None,
    )


def _asns(facts: Facts, helper: Helper | None) -> Mapping[str, int]:
    return {**(helper.asns if helper else {}), **facts.asns}


def _overridden(said: _Said, fits: str | None) -> _Said:
    """Answers that do not fit the control's explain whatever else is wrong, and nothing that is right."""
    return (False, "dns") if fits == INCONSISTENT and said != _OK else said


def _walk(facts: Facts, helper: Helper | None) -> _Outcome | None:
    """What the first step says that decides anything."""
    outcomes = (_decided(step, helper) for step in in_order(facts))
    return next((outcome for outcome in outcomes if outcome is not None), None)


def _decided(step: Decisive, helper: Helper | None) -> _Outcome | None:
    if isinstance(step, HttpExchange):
        return _by_page(step, helper)
    if isinstance(step, DnsLookup):
        return _by_lookup(step, helper)
    if step.failure is None:
        return None
    return _Outcome(_of_endpoint(step, helper), step.failure)


def _by_page(page: HttpExchange, helper: Helper | None) -> _Outcome | None:
    if page.failure is not None:
        return _Outcome(_of_broken_page(helper), page.failure)
    if (page.status or 0) // 100 not in {2, 4, 5}:
        return None
    if is_over_tls(page):
        return _Outcome(_OK)
    if helper is None or not helper.fetched:
        return _Outcome(_UNKNOWN)
    return _Outcome((False, "http-diff")) if differ(page, helper.page) else _Outcome(_OK)


def _of_broken_page(helper: Helper | None) -> _Said:
    if helper is None or not helper.fetched:
        return _UNKNOWN
    return _DOWN if helper.http_failure is not None else (False, "http-failure")


def _of_endpoint(step: TcpConnect | TlsHandshake, helper: Helper | None) -> _Said:
    """What a connection or handshake says that failed."""
    theirs = helper.attempt(step) if helper else None
    if theirs is None:
        return (False, "http-failure") if helper is not None and helper.fetched else _UNKNOWN
    if theirs.failure is not None:
        return _DOWN
    return False, "tcp_ip" if isinstance(step, TcpConnect) else "http-failure"


def _by_lookup(lookup: DnsLookup, helper: Helper | None) -> _Outcome | None:
    if lookup.failure is None:
        return _by_loopback(lookup, helper)
    if helper is None or not is_known_to(helper, lookup):
        # That a failure counts as accessible where the control is out of reach is a known flaw of the reference.
        return _Outcome((False, "dns") if helper is not None and helper.fetched else _OK, lookup.failure)
    if is_empty_for_both(lookup, helper):
        # Here alone the reference names no failure beside its verdict.
        return _Outcome(_DOWN)
    return _Outcome(_DOWN if helper.dns_failure is not None else (False, "dns"), lookup.failure)


def _by_loopback(lookup: DnsLookup, helper: Helper | None) -> _Outcome | None:
    """Answers that lead back to the visitor's own machine, where nobody looks for a website."""
    if helper is None or not is_known_to(helper, lookup) or helper.dns_failure is not None:
        return None
    if not _are_loopback(lookup.answers):
        return None
    return _Outcome(_DOWN if _are_loopback(helper.addresses) else (False, "dns"))


def _are_loopback(answers: Iterable[str]) -> bool:
    """Whether there are addresses, and all of them are this machine's own."""
    addresses = [answer for answer in answers if is_address(answer)]
    return bool(addresses) and all(map(is_loopback, addresses))
