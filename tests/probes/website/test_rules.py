"""The rule table of the website probe: every rule has a story, and nothing is blocked without an artefact."""

from collections.abc import Callable
from itertools import permutations

import pytest

from probes.kit.discover import discover
from probes.kit.vocabulary import State, Strength, Validity, WhyUnclear
from tests.probes.telling import Story, both, from_control
from tests.probes.website import (
    stories,
    stories_of_interference,  # noqa: F401 - importing it tells its stories
)
from tests.probes.website.stories import STORIES, fine, missing, refused, swapped, with_more_controls

WEBSITE = discover()["website"]

_TOLD = [(rule, story) for rule, told in STORIES.items() for story in told]


@pytest.mark.parametrize(("rule", "story"), _TOLD, ids=[story.__name__ for _, story in _TOLD])
def test_the_story_ends_in_its_rule(rule: str, story: Callable[[], Story]) -> None:
    assert story().judged_by(WEBSITE).rule == rule


def test_every_rule_has_a_story_and_an_id_of_its_own() -> None:
    ids = [rule.id for rule in WEBSITE.rules]

    assert len(ids) == len(set(ids))
    assert set(ids) == set(STORIES)


def test_every_rule_says_where_its_reading_comes_from() -> None:
    assert all(rule.source and rule.because.endswith(".") for rule in WEBSITE.rules)
    assert all((rule.why_unclear is not None) == (rule.state is State.UNCLEAR) for rule in WEBSITE.rules)


def test_unreachable_is_never_called_blocked_for_want_of_an_artefact() -> None:
    bare = [rule for rule in WEBSITE.rules if rule.state is State.BLOCKED]

    assert {rule.id for rule in bare} == {
        "website.dns.injection.blockpage",
        "website.dns.injection.bogon",
        "website.dns.injection.denial",
        "website.dns.injection.known_address",
        "website.dns.injection.nxdomain",
        "website.dns.injection.other",
        "website.dns.injection.overtaken",
        "website.dns.says_so",
        "website.http.blockpage",
        "website.http.legal_block",
        "website.http.page.injected",
        "website.http.page.not_over_tls",
        "website.http.redirect.blockpage",
        "website.http.redirect.injected",
        "website.http.reset.host",
        "website.http.timeout.host",
        "website.tls.mitm.ca_signed",
        "website.tls.mitm.self_signed",
        "website.tls.mitm.state_ca",
        "website.tls.reset.sni_everywhere",
        "website.tls.reset.sni",
        "website.tls.timeout.sni_everywhere",
        "website.tls.timeout.sni",
    }
    assert all(rule.mechanism for rule in bare)


@pytest.mark.parametrize(("rule", "story"), _TOLD, ids=[story.__name__ for _, story in _TOLD])
def test_the_order_of_the_controls_changes_no_word(rule: str, story: Callable[[], Story]) -> None:
    told = with_more_controls(story(), refused())

    verdicts = {Story(told.own, controls, told.recent).judged_by(WEBSITE) for controls in permutations(told.controls)}

    assert len(verdicts) == 1


@pytest.mark.parametrize(("rule", "story"), _TOLD, ids=[story.__name__ for _, story in _TOLD])
def test_a_failing_control_never_makes_a_block(rule: str, story: Callable[[], Story]) -> None:
    before = story().judged_by(WEBSITE)
    after = with_more_controls(story(), refused(), missing()).judged_by(WEBSITE)

    assert before.state is State.BLOCKED or after.state is not State.BLOCKED


def test_the_reason_names_countries_and_never_vantage_points() -> None:
    finding = stories.a_resolver_answers_with_a_private_address().judged_by(WEBSITE)

    assert finding.because == (
        "The line's resolver answers with 10.10.34.35, which no public host can have, while the controls in DE and NL could use "
        "the website at public addresses."
    )
    assert (finding.strength, finding.mechanism) == (Strength.EXPLICIT, "dns.injection.bogon")


def test_a_control_whose_own_instrument_failed_does_not_count() -> None:
    blind = from_control(refused(), "DE", validity=Validity.INVALID)
    finding = Story(refused(), (from_control(refused()), blind)).judged_by(WEBSITE)

    assert (finding.rule, finding.why_unclear) == ("website.control.one", WhyUnclear.NOT_ENOUGH)


def test_a_control_that_looked_twice_is_still_one_control() -> None:
    finding = Story(refused(), (from_control(refused()), from_control(refused()))).judged_by(WEBSITE)

    assert finding.rule == "website.control.one"


def test_a_control_that_is_sent_in_circles_neither_works_nor_fails() -> None:
    lost = from_control(stories.in_circles(), "DE")

    assert Story(refused(), (from_control(refused()), lost)).judged_by(WEBSITE).rule == "website.control.one"
    assert Story(refused(), (from_control(fine()), lost)).judged_by(WEBSITE).rule == "website.tcp.refused"


def test_a_swap_proves_nothing_where_no_control_was_served_by_that_address() -> None:
    finding = Story(swapped("connection_reset"), both(fine("203.0.114.7"))).judged_by(WEBSITE)

    assert finding.state is not State.BLOCKED


def test_a_private_address_that_the_zone_gives_to_everybody_is_the_zone_s_fault() -> None:
    local = stories.resolved("127.0.0.1").facts()

    assert Story(local, both(local)).judged_by(WEBSITE).state is State.DOWN


def test_a_site_on_the_same_network_may_be_reached_at_its_private_address() -> None:
    assert Story(fine("10.0.0.7"), both(fine())).judged_by(WEBSITE).state is State.OK
