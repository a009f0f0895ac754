"""How a rule of the website probe is written down, and the names that its sentence may use."""

from collections.abc import Callable

from probes.kit.rule import Rule, Seen
from probes.kit.sentence import listed, places
from probes.kit.vocabulary import State, Strength, WhyUnclear
from probes.website.case import WebsiteCase


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
        "own_answers": listed(case.dns.own_answers),
        "control_answers": listed(case.dns.control_answers),
        "lies": listed(case.dns.lies),
        "proven": listed(case.dns.works_as_the_control_says),
    }
