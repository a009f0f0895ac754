"""Pages that say themselves what they are: known block pages, and refusals that name whoever blocks."""

from typing import Final

from probes.kit.rule import Rule
from probes.kit.rulebook import order
from probes.kit.vocabulary import State, Strength
from probes.website.case import WebsiteCase
from probes.website.rules.wording import rule

_FINGERPRINT: Final = f"{order(2)}: a known block page, in a country in which it is known"


BLOCKPAGES: Final[tuple[Rule[WebsiteCase], ...]] = (
    rule(
        "dns.injection.blockpage",
        State.BLOCKED,
        Strength.EXPLICIT,
        because=(
            "The line's resolver leads to {own_answers}, where visitors from this country are shown a known block page "
            "({marks}); {working} could use {host}."
        ),
        source=_FINGERPRINT,
        mechanism="dns.injection.blockpage",
        where=lambda case: case.shows_blockpage and case.dns.leads_elsewhere,
    ),
    rule(
        "http.redirect.blockpage",
        State.BLOCKED,
        Strength.EXPLICIT,
        because="A page in clear text sends us to a known block page of this country ({marks}); {working} could use the website.",
        source=_FINGERPRINT,
        mechanism="http.redirect",
        where=lambda case: case.shows_blockpage and case.marks.is_by_redirect,
    ),
    rule(
        "http.blockpage",
        State.BLOCKED,
        Strength.EXPLICIT,
        because="In place of {host} comes a known block page of this country ({marks}); {working} could use the website.",
        source=_FINGERPRINT,
        mechanism="http.blockpage",
        where=lambda case: case.shows_blockpage,
    ),
    rule(
        "http.legal_block",
        State.BLOCKED,
        Strength.EXPLICIT,
        because="In place of {host} comes a page that says that {blocked_by} blocks it (status 451); {working} could use it.",
        source="RFC 7725, section 4: a link of the relation blocked-by",
        mechanism="http.blockpage",
        where=lambda case: case.status == 451 and case.is_unlike and case.marks.blocked_by is not None,
    ),
)
