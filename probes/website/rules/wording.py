"""How a rule of the website probe is written down, and the names that its sentence may use."""

from collections.abc import Callable

from probes.kit.rule import Rule, Seen
from probes.kit.sentence import listed, places
from probes.kit.vocabulary import Meant, State, Strength, WhyUnclear
from probes.website.case import WebsiteCase
from probes.website.flow import rate, received


def order(step: int) -> str:
    """The source of a rule that is the design's own."""
    return f'detection.md, "Our order", {step}'


def rule(
    name: str,
    state: State,
    strength: Strength,
    *,
    because: str,
    source: str,
    where: Callable[[WebsiteCase], bool],
    mechanism: str | None = None,
    scope: Meant | None = None,
) -> Rule[WebsiteCase]:
    """A rule that fits where `where` says so. `because` may use the names of `_seen`."""
    return Rule(
        id=f"website.{name}",
        state=state,
        strength=strength,
        because=because,
        source=source,
        fits=_where(where),
        mechanism=mechanism,
        scope=scope,
    )


def unclear(name: str, why: WhyUnclear, *, because: str, source: str, where: Callable[[WebsiteCase], bool]) -> Rule[WebsiteCase]:
    """A rule that says why the facts do not decide."""
    return Rule(
        id=f"website.{name}",
        state=State.UNCLEAR,
        strength=Strength.WEAK,
        because=because,
        source=source,
        fits=_where(where),
        why_unclear=why,
    )


def _where(fits: Callable[[WebsiteCase], bool]) -> Callable[[WebsiteCase], Seen | None]:
    return lambda case: _seen(case) if fits(case) else None


def _seen(case: WebsiteCase) -> Seen:
    return {
        "host": case.own.host or "the website",
        "address": case.own.ending.address or "its address",
        "trouble": case.failure or f"status {case.status}",
        "status": case.status,
        "working": places([one.country for one in case.working]),
        "failing": places([one.country for one in case.failing]),
        "expired_for": places([one.country for one in case.controls if case.tls.is_over_for(one)]),
        "own_answers": listed(case.dns.own_answers),
        "control_answers": listed(case.dns.control_answers),
        "lies": listed(case.dns.lies),
        "proven": listed(case.dns.works_as_others_say),
        "overtaken": listed(case.dns.overtaken),
        "marks": _known_marks(case),
        "blocked_by": case.marks.blocked_by,
        "issuer": (shaken.issuer if (shaken := case.own.ending.handshake) else None) or "its own",
        "received": received(case.http.last),
        "rate": round(rate(case.http.last) or 0) if case.http.last else 0,
        "healthy": places([one.country for one in case.healthy]),
        "own_marks": listed(mark.name for mark in case.marks.of_service),
        "title": (case.page.title if case.page else None) or "without a title",
        "usual_length": case.baseline.usual_length,
        "reached": listed(case.reach.reached),
        "cut_off": listed(case.reach.cut_off),
    }


def _known_marks(case: WebsiteCase) -> str:
    """The fingerprints that fit, and whom the page itself names."""
    names = listed(mark.name for mark in (*case.marks.blockpages, *case.dns.forged_marks))
    actor = case.marks.actor
    return f"{names}; it calls itself a page of {actor}" if actor else names
