"""The rule table of the DNS probe: every story ends in its rule, and no rule says more than it may."""

from collections.abc import Callable
from datetime import timedelta
from typing import Final

import pytest

from probes.kit.discover import discover
from probes.kit.vocabulary import State, Strength, Validity, WhyUnclear
from tests.probes.dns.stories import (
    OTHER,
    STORIES,
    TRUE,
    a_dead_resolver_while_a_public_one_answers,
    a_denial_that_only_some_questions_get,
    a_resolver_forges_one_family_only,
    a_resolver_gives_the_address_of_a_known_block_page,
    a_resolver_says_that_it_censors,
    answered,
    answers_of_public_resolvers_are_replaced_by_private_ones_on_the_way,
    failed,
    other_public_addresses_are_no_proof,
)
from tests.probes.telling import NOON, Story, both, from_control, seen

DNS: Final = discover()["dns"]

MECHANISMS: Final = {
    "dns",
    "dns.injection.blockpage",
    "dns.injection.bogon",
    "dns.injection.other",
    "dns.nxdomain",
    "dns.refused",
    "dns.servfail",
    "dns.timeout",
}

_TOLD = [(rule, story) for rule, told in STORIES.items() for story in told]


@pytest.mark.parametrize(("rule", "story"), _TOLD, ids=[story.__name__ for _, story in _TOLD])
def test_the_story_ends_in_its_rule(rule: str, story: Callable[[], Story]) -> None:
    assert story().judged_by(DNS).rule == rule


def test_every_rule_has_a_story_and_an_id_of_its_own() -> None:
    ids = [rule.id for rule in DNS.rules]

    assert len(ids) == len(set(ids))
    assert set(ids) == set(STORIES)
    assert all(rule.source and rule.because.endswith(".") for rule in DNS.rules)


def test_only_artefacts_are_called_blocked() -> None:
    blocked = {rule.id for rule in DNS.rules if rule.state is State.BLOCKED}

    assert blocked == {
        "dns.injection.blockpage",
        "dns.injection.bogon",
        "dns.injection.overtaken",
        "dns.injection.other",
        "dns.denial.forged",
        "dns.denial.disproved",
        "dns.resolver.denies",
        "dns.resolver.refuses",
        "dns.resolver.fails",
        "dns.resolver.forges",
        "dns.resolver.withholds",
    }


def test_only_what_leaves_no_other_reading_is_explicit() -> None:
    explicit = {rule.id.rpartition(".")[0] for rule in DNS.rules if rule.strength is Strength.EXPLICIT}

    assert explicit == {"dns.injection", "dns.resolver"}


def test_mechanisms_are_those_of_the_contract() -> None:
    assert {rule.mechanism for rule in DNS.rules if rule.mechanism} == MECHANISMS


def test_whatever_is_unclear_says_why() -> None:
    assert all((rule.why_unclear is None) == (rule.state is not State.UNCLEAR) for rule in DNS.rules)
    assert a_dead_resolver_while_a_public_one_answers().judged_by(DNS).why_unclear is WhyUnclear.OWN_NETWORK


@pytest.mark.parametrize(
    ("story", "words"),
    [
        (a_resolver_gives_the_address_of_a_known_block_page, "For ovdinfo.org, the line's resolver gives 203.0.114.7, known in"),
        (a_resolver_gives_the_address_of_a_known_block_page, "(own:ru_example); the controls in DE and NL got 93.184.216.34."),
        (answers_of_public_resolvers_are_replaced_by_private_ones_on_the_way, "a public resolver asked in clear text gives 127"),
        (a_denial_that_only_some_questions_get, "ovdinfo.org is denied in the name of a public resolver asked in clear text"),
        (
            other_public_addresses_are_no_proof,
            "answers 203.0.114.7 for ovdinfo.org; the controls in DE and NL got 93.184.216.34.",
        ),
        (
            a_resolver_says_that_it_censors,
            "denies ovdinfo.org (dns_nxdomain_error), on purpose, as it says itself (extended error 16)",
        ),
        (a_resolver_forges_one_family_only, "of the other family a forged one (::1)"),
    ],
)
def test_the_reason_names_the_answers_and_countries(story: Callable[[], Story], words: str) -> None:
    assert words in story().judged_by(DNS).because


def test_a_control_that_could_not_ask_does_not_count() -> None:
    blind = from_control(failed("dns_nxdomain_error"), "DE", validity=Validity.INVALID)
    cut_off = from_control(failed("network_unreachable"), "SE")
    story = Story(failed("dns_nxdomain_error"), (from_control(failed("dns_nxdomain_error")), blind, cut_off))

    assert story.judged_by(DNS).rule == "dns.control.one"


def test_what_was_right_more_than_a_week_ago_speaks_for_nothing() -> None:
    long_ago = seen(answered(OTHER), both(answered(OTHER)), at=NOON - timedelta(days=8))

    assert Story(answered(OTHER), both(answered(TRUE)), (long_ago,)).judged_by(DNS).rule == "dns.answer.different"
