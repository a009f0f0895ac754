"""Somebody between us and the website: connections that hang on a name, false certificates, pages that it does not have."""

from typing import Final

from probes.kit.rule import Rule
from probes.kit.rulebook import order
from probes.kit.vocabulary import State, Strength
from probes.website.case import WebsiteCase
from probes.website.rules.wording import rule

_SWAP: Final = f"{order(2)}: a swap of the server name that isolates the trigger"
_BY_NAME: Final = f"{order(2)}: a swap of the Host that isolates the trigger"


INTERCEPTION: Final[tuple[Rule[WebsiteCase], ...]] = (
    rule(
        "tls.mitm.state_ca",
        State.BLOCKED,
        Strength.EXPLICIT,
        because=(
            "Under the name of {host}, {address} shows a certificate here that a state's own authority has issued ({issuer}), "
            "and another's to {working}."
        ),
        source=f"{order(2)}: an intercepting or state-root certificate",
        mechanism="tls.mitm.state_ca",
        where=lambda case: case.tls.is_of_the_state,
    ),
    rule(
        "tls.reset.sni_everywhere",
        State.BLOCKED,
        Strength.EXPLICIT,
        because=(
            "{address} ends the handshake when it is asked for {host}, and so does an address that has nothing to do with it "
            "and answers to its own name. {working} could use {host}."
        ),
        source=f"{_SWAP}, both ways",
        mechanism="tls.reset.sni",
        where=lambda case: case.tls.is_cut_everywhere,
    ),
    rule(
        "tls.reset.sni",
        State.BLOCKED,
        Strength.STRONG,
        because=(
            "{address} ends the handshake whenever it is asked for {host}, answers to another name in between, and serves "
            "{host} to {working}."
        ),
        source=_SWAP,
        mechanism="tls.reset.sni",
        where=lambda case: case.tls.is_cut_by_name,
    ),
    rule(
        "tls.timeout.sni_everywhere",
        State.BLOCKED,
        Strength.EXPLICIT,
        because=(
            "{address} falls silent when it is asked for {host}, and so does an address that has nothing to do with it "
            "and answers to its own name. {working} could use {host}."
        ),
        source=f"{_SWAP}, both ways",
        mechanism="tls.timeout",
        where=lambda case: case.tls.is_starved_everywhere,
    ),
    rule(
        "tls.timeout.sni",
        State.BLOCKED,
        Strength.STRONG,
        because=(
            "{address} falls silent whenever it is asked for {host}, answers to another name in between, and serves "
            "{host} to {working}."
        ),
        source=_SWAP,
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
        "http.reset.host",
        State.BLOCKED,
        Strength.STRONG,
        because=(
            "Every request for {host} is cut off, at {address} and at a host that has nothing to do with it and answers to its "
            "own name; {working} could use {host}."
        ),
        source=_BY_NAME,
        mechanism="http.reset.host",
        where=lambda case: case.http.is_cut_by_host,
    ),
    rule(
        "http.timeout.host",
        State.BLOCKED,
        Strength.STRONG,
        because=(
            "Every request for {host} stays unanswered, at {address} and at a host that has nothing to do with it and answers to "
            "its own name; {working} could use {host}."
        ),
        source=_BY_NAME,
        mechanism="http.timeout",
        where=lambda case: case.http.is_silenced_by_host,
    ),
    rule(
        "http.redirect.injected",
        State.BLOCKED,
        Strength.STRONG,
        because=(
            "A page in clear text sends us to {host}, and no control there; a host that has nothing to do with the website seems "
            "to do the same as soon as it is asked for that name. {working} could use the website."
        ),
        source=_BY_NAME,
        mechanism="http.redirect",
        where=lambda case: case.is_led_astray and case.http.is_written_on_the_way,
    ),
    rule(
        "http.page.injected",
        State.BLOCKED,
        Strength.STRONG,
        because=(
            "In place of {host} comes a page that no control gets, and a host that has nothing to do with the website seems to "
            "give it as well, as soon as it is asked for that name. {working} could use the website."
        ),
        source=_BY_NAME,
        mechanism="http.blockpage",
        where=lambda case: case.is_unlike and case.http.is_written_on_the_way,
    ),
    rule(
        "http.page.not_over_tls",
        State.BLOCKED,
        Strength.STRONG,
        because=(
            "In clear text the address of {host} gives us a page, again and again, that nobody else gets; over TLS the same "
            "address proves to be the website and gives the page that {working} got."
        ),
        source=f"{order(2)}: the same address, asked in clear text and over TLS",
        mechanism="http.blockpage",
        where=lambda case: case.is_unlike and case.http.is_as_elsewhere_over_tls,
    ),
)
