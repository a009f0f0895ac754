"""First the instrument, then what only interference on the path leaves behind."""

from typing import Final

from probes.kit.failure import Failure
from probes.kit.rule import Rule
from probes.kit.vocabulary import Stage, State, Strength, WhyUnclear
from probes.website.case import WebsiteCase
from probes.website.rules.wording import order, rule, unclear


def _has_forged_answers(case: WebsiteCase) -> bool:
    """Whether the own answers are not the website's.

    They lead where no control is led. There waits another's certificate, or nothing, or a page that no control gets; for the
    last two, the control's addresses must prove right from here. None of it is enough for answers that were right here
    lately, or where the website's own certificate waits, be it expired; nor the latter for a website whose addresses vary: a
    dead node of a content network would look the same.
    """
    if not _ends_wrongly(case) or not case.dns.leads_elsewhere or case.dns.was_right_lately or case.tls.is_expired:
        return False
    by_contrast = bool(case.dns.works_as_the_control_says) and not case.dns.varies
    return case.tls.shows_wrong_certificate or by_contrast


def _ends_wrongly(case: WebsiteCase) -> bool:
    return case.is_unlike if case.page else case.stage in {Stage.TCP, Stage.TLS}


def _is_denied(case: WebsiteCase) -> bool:
    """Whether the own resolver denies a name that is there, and not because it remembers a time when it was not."""
    denied = case.stage is Stage.DNS and case.failure == Failure.DNS_NXDOMAIN
    return denied and bool(case.dns.works_as_the_control_says) and not case.dns.was_missing_lately


ARTEFACTS: Final[tuple[Rule[WebsiteCase], ...]] = (
    unclear(
        "instrument.network",
        WhyUnclear.OWN_NETWORK,
        because="The machine that looked could not send anything: {trouble}.",
        source=order(1),
        where=lambda case: case.own.is_own_fault,
    ),
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
    # Strong, not explicit: that an innocuous address lets this name pass as well is not tried yet.
    rule(
        "tls.reset.sni",
        State.BLOCKED,
        Strength.STRONG,
        because=(
            "{address} ends the handshake whenever it is asked for {host}, answers to another name in between, and serves "
            "{host} to {working}."
        ),
        source=f"{order(2)}: a swap of the server name that isolates the trigger",
        mechanism="tls.reset.sni",
        where=lambda case: case.tls.is_cut_by_name,
    ),
    rule(
        "tls.timeout.sni",
        State.BLOCKED,
        Strength.STRONG,
        because=(
            "{address} falls silent whenever it is asked for {host}, answers to another name in between, and serves "
            "{host} to {working}."
        ),
        source=f"{order(2)}: a swap of the server name that isolates the trigger",
        mechanism="tls.timeout",
        where=lambda case: case.tls.is_starved_by_name,
    ),
    rule(
        "tls.mitm.self_signed",
        State.BLOCKED,
        Strength.STRONG,
        because=(
            "Under the name of {host}, {address} shows a certificate here that is its own authority, and a trusted one to "
            "{working}."
        ),
        source=f"{order(2)}: an intercepting certificate",
        mechanism="tls.mitm.self_signed",
        where=lambda case: case.tls.is_impostor and case.tls.is_self_signed,
    ),
    rule(
        "tls.mitm.ca_signed",
        State.BLOCKED,
        Strength.STRONG,
        because=(
            "Under the name of {host}, {address} shows a certificate here by an authority that nobody trusts, and another's "
            "to {working}."
        ),
        source=f"{order(2)}: an intercepting certificate",
        mechanism="tls.mitm.ca_signed",
        where=lambda case: case.tls.is_impostor,
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
