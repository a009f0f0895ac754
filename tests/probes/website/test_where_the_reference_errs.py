"""The conditions under which OONI's verdict is known to err: on the very same facts, theirs by their rules, and ours.

They are those that the design lists (detection.md, "Our order").
"""

from dataclasses import replace
from typing import Any

import pytest

from probes.kit.discover import discover
from probes.kit.observation import Facts
from probes.kit.vocabulary import State, WhyUnclear
from probes.website.classic import classic
from tests.probes.telling import Story, Telling, both, from_control
from tests.probes.website import stories_of_interference as interference
from tests.probes.website.stories import (
    FORGED,
    HTTP,
    HTTPS,
    SECOND,
    SITE,
    TRUE,
    fine,
    fine_in_clear,
    greeted,
    landed_elsewhere,
    resolved,
)

ELSEWHERE = "https://www.example.org/"
WEBSITE = discover()["website"]

ACCESSIBLE = (True, False)
BLOCKED_BY_FAILURE, BLOCKED_BY_DIFFERENCE = (False, "http-failure"), (False, "http-diff")


def theirs(story: Story) -> tuple[object, object]:
    verdict = classic(story.own, story.controls)
    return verdict.accessible, verdict.blocking


def ours(story: Story) -> tuple[State, WhyUnclear | None]:
    finding = story.judged_by(WEBSITE)
    return finding.state, finding.why_unclear


def mechanism(story: Story) -> str | None:
    return story.judged_by(WEBSITE).mechanism


def redirected() -> Telling:
    """The site sends its visitors on to another host, whose name resolves."""
    look = greeted().got(HTTPS, TRUE, status=301, location=ELSEWHERE)
    return look.asked("www.example.org", SECOND, hop=1)


def test_a_name_that_does_not_resolve_is_not_accessible_because_nobody_could_compare() -> None:
    story = Story(Telling().asked(SITE, failure="dns_nxdomain_error").facts())
    assert theirs(story) == ACCESSIBLE
    assert ours(story) == (State.UNCLEAR, WhyUnclear.NO_CONTROL)


AFTER_A_REDIRECT = {
    "the connection": redirected().connected(SECOND, hop=1, failure="connection_refused").facts(),
    "the handshake": redirected()
    .connected(SECOND, hop=1)
    .shook_hands(SECOND, "www.example.org", hop=1, failure="eof_error")
    .facts(),
}


@pytest.mark.parametrize("own", AFTER_A_REDIRECT.values(), ids=AFTER_A_REDIRECT.keys())
def test_what_fails_after_a_redirect_is_not_blocked_where_it_fails_for_the_control_too(own: Facts) -> None:
    one, two = Story(own, (from_control(own),)), Story(own, both(own))
    assert theirs(one) == theirs(two) == BLOCKED_BY_FAILURE
    assert ours(one) == (State.UNCLEAR, WhyUnclear.NOT_ENOUGH)
    assert ours(two) == (State.DOWN, None)


def test_a_challenge_in_clear_text_is_no_block_page() -> None:
    challenge: dict[str, Any] = {
        "status": 503,
        "title": "Just a moment...",
        "body_length": 8432,
        "header_names": ("Cf-Mitigated",),
    }
    story = Story(resolved().connected(TRUE, 80).got(HTTP, TRUE, **challenge).facts(), both(fine_in_clear()))
    assert theirs(story) == BLOCKED_BY_DIFFERENCE
    assert ours(story) == (State.UNCLEAR, WhyUnclear.BOT_WALL)


def test_a_hijack_that_relays_the_real_site_leaves_a_trace_in_the_verdict() -> None:
    """Theirs says accessible and no more: that the answers were inconsistent does not enter it."""
    look = resolved(FORGED).asked(SITE, TRUE, transport="doh", resolver="9.9.9.9")
    story = Story(replace(interference.visited(look, FORGED), asns={FORGED: 137, TRUE: 15133}), both(fine()))
    assert theirs(story) == ACCESSIBLE
    assert ours(story) == (State.OK, None)
    assert mechanism(story) == "dns.injection.other"


def test_a_page_that_freezes_is_throttled_and_no_mere_failure() -> None:
    story = interference.a_page_that_freezes_while_its_neighbour_s_flows()
    assert theirs(story) == BLOCKED_BY_FAILURE
    assert ours(story) == (State.THROTTLED, None)
    assert mechanism(story) == "tls.freeze"


def test_a_page_that_trickles_in_is_throttled_although_it_comes_in_the_end() -> None:
    story = interference.a_page_that_trickles_in_and_was_quick_yesterday()
    assert theirs(story) == ACCESSIBLE
    assert ours(story) == (State.THROTTLED, None)


def test_a_block_page_over_tls_behind_a_redirect_in_clear_text_is_a_block_page() -> None:
    """The valid certificate of a censor's own host proves that the page is the censor's."""
    look = landed_elsewhere().facts()
    moved, landing = look.http
    known = replace(look, http=(replace(moved, marks=(interference.WARNING,)), landing))
    story = Story(known, both(fine_in_clear()), country="RU")
    assert theirs(story) == ACCESSIBLE
    assert ours(story) == (State.BLOCKED, None)
    assert mechanism(story) == "http.redirect"


def test_a_landing_that_no_control_reaches_is_not_accessible_even_where_no_fingerprint_knows_it() -> None:
    story = Story(landed_elsewhere().facts(), both(fine_in_clear()), country="RU")
    assert theirs(story) == ACCESSIBLE
    assert ours(story) == (State.UNCLEAR, WhyUnclear.CONFLICTING)


def test_a_site_most_of_whose_addresses_are_cut_off_is_not_simply_accessible() -> None:
    story = interference.two_addresses_of_three_are_cut_off()
    assert theirs(story) == ACCESSIBLE
    assert ours(story)[0] is not State.OK
    assert mechanism(story) == "ip.unreachable"


def test_one_address_of_several_that_is_cut_off_leaves_a_trace_in_the_verdict() -> None:
    story = interference.one_address_of_three_is_cut_off()
    assert theirs(story) == ACCESSIBLE
    assert ours(story) == (State.OK, None)
    assert mechanism(story) == "ip.unreachable"
