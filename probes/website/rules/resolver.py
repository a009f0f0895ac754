"""Lies of the own resolver, or of whoever answers in its place."""

from typing import Final

from probes.kit.failure import Failure
from probes.kit.rule import Rule
from probes.kit.rulebook import order
from probes.kit.vocabulary import Stage, State, Strength
from probes.website.case import WebsiteCase
from probes.website.rules.wording import rule


def _has_forged_answers(case: WebsiteCase) -> bool:
    """Whether the own answers are not the website's.

    They lead where no control is led. There waits another's certificate, or nothing, or a page that no control gets; for the
    last two, the control's addresses must prove right from here. None of it is enough for answers that were right here
    lately, or where the website's own certificate waits, be it expired; nor the latter for a website whose addresses vary: a
    dead node of a content network would look the same.
    """
    if not _leads_astray(case):
        return False
    by_contrast = bool(case.dns.works_as_the_control_says) and not case.dns.varies
    return case.tls.shows_wrong_certificate or by_contrast


def _leads_astray(case: WebsiteCase) -> bool:
    """Whether the own answers end badly, are nobody else's, and were not right lately."""
    if not _ends_wrongly(case) or not case.dns.leads_elsewhere:
        return False
    return not case.dns.was_right_lately and not case.tls.is_expired


def _ends_wrongly(case: WebsiteCase) -> bool:
    return case.is_unlike if case.page else case.stage in {Stage.TCP, Stage.TLS}


def _is_denied(case: WebsiteCase) -> bool:
    """Whether the own resolver denies a name that is there, and not because it remembers a time when it was not."""
    denied = case.stage is Stage.DNS and case.failure == Failure.DNS_NXDOMAIN
    vouched = case.dns.was_missing_lately or case.dns.is_denied_publicly
    return denied and bool(case.working and case.dns.works_as_others_say) and not vouched


RESOLVER: Final[tuple[Rule[WebsiteCase], ...]] = (
    rule(
        "dns.injection.bogon",
        State.BLOCKED,
        Strength.EXPLICIT,
        because=(
            "The line's resolver answers with {lies}, which no public host can have, while {working} could use the website "
            "at public addresses."
        ),
        source=f"{order(2)}; special-purpose addresses: RFC 6890 and OONI Web Connectivity",
        mechanism="dns.injection.bogon",
        where=lambda case: bool(case.dns.lies) and not case.is_authentic and not case.is_agreed,
    ),
    rule(
        "dns.injection.known_address",
        State.BLOCKED,
        Strength.EXPLICIT,
        because=(
            "The line's resolver leads to {own_answers}, known in this country for answers that are forged ({marks}); {working} "
            "could use {host} at {control_answers}."
        ),
        source=f"{order(2)}: a forged address",
        mechanism="dns.injection.blockpage",
        where=lambda case: bool(case.dns.forged_marks) and bool(case.working) and _leads_astray(case),
    ),
    rule(
        "dns.injection.overtaken",
        State.BLOCKED,
        Strength.EXPLICIT,
        because=(
            "The question for {host} was answered twice: first with {own_answers}, and then with {overtaken}, as for {working}. "
            "Whoever forges must be the first to speak."
        ),
        source=f"{order(2)}: a forged UDP answer against an authentic one",
        mechanism="dns.injection.other",
        where=lambda case: bool(case.dns.overtaken) and _ends_wrongly(case) and not case.dns.was_right_lately,
    ),
    rule(
        "dns.says_so",
        State.BLOCKED,
        Strength.EXPLICIT,
        because="The line's resolver itself says that it blocks {host} (an extended error), while {working} could use it.",
        source=f"{order(2)}; RFC 8914, codes 15 to 17",
        mechanism="dns.injection.other",
        where=lambda case: case.dns.says_that_it_blocks and bool(case.working) and not case.is_authentic and not case.is_agreed,
    ),
    rule(
        "dns.injection.other",
        State.BLOCKED,
        Strength.STRONG,
        because=(
            "The line's resolver gives {own_answers} for {host}, which no other resolver does, and what is there cannot prove "
            "to be the website ({trouble}). Elsewhere the name leads to {control_answers}, and {working} could use it there."
        ),
        source=order(8),
        mechanism="dns.injection.other",
        where=_has_forged_answers,
    ),
    rule(
        "dns.injection.denial",
        State.BLOCKED,
        Strength.STRONG,
        because=(
            "The line's resolver denies {host} in a form that no such resolver uses (as its authority, and without proof), gives "
            "an address over TCP, and {working} could use the website: somebody answers in its place."
        ),
        source=f"{order(2)}; RFC 2308, section 2.1",
        mechanism="dns.nxdomain",
        where=lambda case: case.stage is Stage.DNS and bool(case.working) and case.dns.is_denied_by_no_recursor,
    ),
    rule(
        "dns.injection.nxdomain",
        State.BLOCKED,
        Strength.STRONG,
        because=(
            "The line's resolver says that {host} does not exist, while {working} could use it, and {proven} proves to be it "
            "from here too, by a valid certificate."
        ),
        source=order(8),
        mechanism="dns.nxdomain",
        where=_is_denied,
    ),
)
