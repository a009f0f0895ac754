"""How a rule of the website probe is written down, and the names that its sentence may use."""

from typing import Final

from probes.kit.rule import Seen
from probes.kit.rulebook import RuleBook
from probes.kit.sentence import listed, places
from probes.website.case import WebsiteCase
from probes.website.flow import rate, received


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


_BOOK: Final = RuleBook("website", _seen)
rule, unclear = _BOOK.rule, _BOOK.unclear
