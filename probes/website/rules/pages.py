"""What a page says, once one was reached: whose it is, and whether the website is well."""

from collections.abc import Collection
from typing import Final

from probes.kit.rule import Rule
from probes.kit.rulebook import order
from probes.kit.vocabulary import MarkKind, State, Strength, WhyUnclear
from probes.website.case import WebsiteCase
from probes.website.page import is_challenge, names_countries
from probes.website.rules.wording import rule, unclear

_HTTP: Final = "RFC 9110, section 15"
_NO_DIFFERENCE: Final = "OONI Web Connectivity 0.5 (ts-017): status, body, title and headers"
_CLIENT_ERRORS: Final = range(400, 500)


def _says(case: WebsiteCase, statuses: Collection[int]) -> bool:
    """Whether the website itself answers with one of `statuses`: proven by TLS, or told to a control as well."""
    return case.status in statuses and (case.is_authentic or case.is_agreed)


def _is_well(case: WebsiteCase) -> bool:
    return 200 <= case.status < 400 and not case.own.is_loose_end


def _is_suspended(case: WebsiteCase) -> bool:
    return case.is_its_own(MarkKind.SUSPENDED)


def _is_parked(case: WebsiteCase) -> bool:
    return case.is_its_own(MarkKind.PARKED)


PAGES: Final[tuple[Rule[WebsiteCase], ...]] = (
    unclear(
        "http.redirect.not_followed",
        WhyUnclear.UNSUPPORTED,
        because="{host} redirects to an address that is never followed.",
        source="CWE-918: nobody may send a look to private places",
        where=lambda case: case.own.is_loose_end and case.failure is None,
    ),
    unclear(
        "http.redirect.too_many",
        WhyUnclear.UNSUPPORTED,
        because="{host} redirects again and again. It may wait for a cookie, and a probe brings none.",
        source="RFC 9110, section 15.4: cyclical redirections; RFC 6265, section 3, for sites that set a cookie first",
        where=lambda case: case.own.goes_in_circles,
    ),
    unclear(
        "service.challenge",
        WhyUnclear.BOT_WALL,
        because="{host} asks its visitors to prove that they are no machines (status {status}), and a probe is one.",
        source=f"{order(4)}; Cloudflare, Detect a Challenge Page response",
        where=lambda case: case.page is not None and is_challenge(case.page),
    ),
    unclear(
        "http.redirect.elsewhere",
        WhyUnclear.CONFLICTING,
        because=(
            "A page in clear text sends us to {host}, and sent {working} elsewhere; "
            "regional redirects and block pages both do so."
        ),
        source=f"{order(2)}: a landing that the control never reached, without a fingerprint",
        where=lambda case: case.is_led_astray,
    ),
    unclear(
        "http.page.different",
        WhyUnclear.CONFLICTING,
        because=("{host} answers in clear text with another page (status {status}) than to {working}; nothing says whose it is."),
        source=f"{_NO_DIFFERENCE}; without a fingerprint it is no artefact",
        where=lambda case: case.is_unlike,
    ),
    rule(
        "service.legal_refusal",
        State.RESTRICTED,
        Strength.EXPLICIT,
        because="{host} itself says that it may not be shown for legal reasons (status 451).",
        source="RFC 7725; proven by TLS, or the same elsewhere",
        where=lambda case: _says(case, {451}),
    ),
    rule(
        "service.refuses_country",
        State.RESTRICTED,
        Strength.STRONG,
        because="{host} itself says that it refuses visitors from this country (status {status}); {working} could use it.",
        source=f"{order(4)}: the website's or its content network's own geo-refusal",
        where=lambda case: _says(case, {403, 451}) and bool(case.healthy) and names_countries(case.page),
    ),
    rule(
        "service.refused_here",
        State.RESTRICTED,
        Strength.WEAK,
        because=(
            "{host} itself refuses us (status 403) and gives its page to {working}; it may refuse this place, or only machines."
        ),
        source=order(4),
        where=lambda case: _says(case, {403}) and bool(case.healthy),
    ),
    unclear(
        "service.refused",
        WhyUnclear.BOT_WALL,
        because="{host} itself refuses us (status 403); nobody else was let in to compare with.",
        source=order(4),
        where=lambda case: _says(case, {403}),
    ),
    unclear(
        "service.log_in",
        WhyUnclear.LOGIN_WALL,
        because="{host} asks for a log-in (status {status}).",
        source=f"{order(4)}; {_HTTP}",
        where=lambda case: _says(case, {401, 407}),
    ),
    unclear(
        "service.rate_limit",
        WhyUnclear.RATE_LIMITED,
        because="{host} says that we ask too often (status 429).",
        source="RFC 6585, section 4",
        where=lambda case: _says(case, {429}),
    ),
    unclear(
        "service.error_here",
        WhyUnclear.CONFLICTING,
        because="{host} itself answers with an error (status {status}) and not to {working}.",
        source=f"{order(5)}: an error counts where it is everybody's",
        where=lambda case: case.status >= 500 and case.is_authentic and bool(case.working),
    ),
    unclear(
        "service.missing_here",
        WhyUnclear.CONFLICTING,
        because="{host} itself has no such page for us (status {status}) and gives it to {working}.",
        source=_HTTP,
        where=lambda case: _says(case, _CLIENT_ERRORS) and bool(case.healthy),
    ),
    unclear(
        "service.missing",
        WhyUnclear.WRONG_OBJECT,
        because="{host} is there and has no such page (status {status}): check the target's URL.",
        source=_HTTP,
        where=lambda case: _says(case, _CLIENT_ERRORS),
    ),
    unclear(
        "service.marked_here",
        WhyUnclear.CONFLICTING,
        because="{host} shows a page of suspension or parking here ({own_marks}), and another page to {healthy}.",
        source=f"{order(5)}; an old address may still lead to the old host",
        where=lambda case: (_is_suspended(case) or _is_parked(case)) and case.marks.is_contradicted,
    ),
    rule(
        "service.suspended",
        State.WITHDRAWN,
        Strength.STRONG,
        because="{host} shows the page of a provider that has suspended the account or website ({own_marks}), to {healthy} too.",
        source=f"{order(5)}: a page of suspension",
        where=lambda case: _is_suspended(case) and bool(case.working),
    ),
    rule(
        "service.suspended_unconfirmed",
        State.WITHDRAWN,
        Strength.WEAK,
        because="{host} shows the page of a provider that has suspended the account or site ({own_marks}); nobody else looked.",
        source=f"{order(5)}: a page of suspension",
        where=_is_suspended,
    ),
    rule(
        "service.parked",
        State.LAPSED,
        Strength.STRONG,
        because="{host} shows a parking page ({own_marks}), to {healthy} too: it has run out, was taken, or leads nowhere.",
        source=f"{order(5)}: a parking page",
        where=lambda case: _is_parked(case) and bool(case.working),
    ),
    rule(
        "service.parked_unconfirmed",
        State.LAPSED,
        Strength.WEAK,
        because="{host} shows a parking page ({own_marks}); nobody else looked.",
        source=f"{order(5)}: a parking page",
        where=_is_parked,
    ),
    unclear(
        "service.empty",
        WhyUnclear.WRONG_OBJECT,
        because="{host} answers with an empty page (status {status}); it had {usual_length} bytes and more lately.",
        source=f"{order(5)}: empty content against its own baseline",
        where=lambda case: _is_well(case) and (case.is_authentic or case.is_agreed) and case.baseline.is_empty_now,
    ),
    unclear(
        "service.other_content",
        WhyUnclear.WRONG_OBJECT,
        because="{host} shows something else altogether than it did for a day ({title}): check whether it is still yours.",
        source=f"{order(5)}: foreign content against its own baseline",
        where=lambda case: _is_well(case) and (case.is_authentic or case.is_agreed) and case.baseline.is_another_now,
    ),
    rule(
        "ip.mostly_cut_off",
        State.UNREACHABLE,
        Strength.STRONG,
        because=(
            "{host} is reached at {reached}; at {cut_off}, to which visitors are led as well, it is not, while {working} could "
            "use it there."
        ),
        source=f"{order(7)}: k of n addresses",
        mechanism="ip.unreachable",
        where=lambda case: case.reach.is_mostly_cut_off,
    ),
    rule(
        "ip.partly_cut_off",
        State.OK,
        Strength.STRONG,
        because=(
            "{host} is reached and gives its page, although one of its addresses ({cut_off}) cannot be reached from here, and "
            "can by {working}."
        ),
        source=f"{order(5)}: well, with a finding about the path",
        mechanism="ip.unreachable",
        where=lambda case: _is_well(case) and case.is_authentic and case.reach.is_partial,
    ),
    rule(
        "dns.injection.relayed",
        State.OK,
        Strength.STRONG,
        because=(
            "{host} is reached and gives its page, although the line's resolver leads to {own_answers}, in a network in which "
            "nobody else finds it ({control_answers}): somebody may relay it."
        ),
        source=f"{order(5)}: a hijack that relays to the real website is well, with a finding about the path",
        mechanism="dns.injection.other",
        where=lambda case: _is_well(case) and (case.is_authentic or case.is_agreed) and case.dns.is_relayed,
    ),
    rule(
        "dns.injection.bypassed",
        State.OK,
        Strength.STRONG,
        because="{host} is reached and gives its page, although the resolver of this line also answers with {lies}.",
        source=f"{order(5)}: well, with a finding about the path",
        mechanism="dns.injection.bogon",
        where=lambda case: _is_well(case) and (case.is_authentic or case.is_agreed) and bool(case.dns.lies),
    ),
    rule(
        "service.well",
        State.OK,
        Strength.STRONG,
        because="{host} proves by its certificate to be reached, and gives its page (status {status}).",
        source=order(5),
        where=lambda case: _is_well(case) and case.is_authentic,
    ),
    rule(
        "service.well_in_clear",
        State.OK,
        Strength.STRONG,
        because="{host} gives the same page (status {status}) as to {working}.",
        source=f"{order(5)}; {_NO_DIFFERENCE}",
        where=lambda case: _is_well(case) and case.is_agreed,
    ),
    unclear(
        "http.page.unconfirmed",
        WhyUnclear.NOT_ENOUGH,
        because="{host} gives a page that somebody on the way may have written, and {failing} cannot use it at all.",
        source=order(6),
        where=lambda case: case.page is not None and case.status < 500 and bool(case.failing) and not case.is_ghost,
    ),
    rule(
        "service.well_unconfirmed",
        State.OK,
        Strength.WEAK,
        because="{host} gives a page (status {status}) in clear text; without a control nobody can say whether it is its own.",
        source="weak, since an injected page would look the same",
        where=lambda case: _is_well(case) and not case.controls and not case.own.may_be_led_astray and not case.dns.has_private,
    ),
)
