"""The rule table of the DNS probe: one story for every rule."""

from collections.abc import Callable
from datetime import timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.kit.discover import discover
from probes.kit.observation import Facts
from probes.kit.vocabulary import State, Strength, Validity
from tests.probes.telling import NOON, Story, Telling, both, from_control, seen

DNS = discover()["dns"]

NAME = "ovdinfo.org"
NOBODY = f"0123456789abcdef.{NAME}"
TRUE = "93.184.216.34"
OTHER = "203.0.114.7"
INVENTED = "203.0.114.99"

STORIES: dict[str, list[Callable[[], Story]]] = {}


def tells_of(rule: str) -> Callable[[Callable[[], Story]], Callable[[], Story]]:
    """The story below must end in the verdict of this rule."""

    def register(story: Callable[[], Story]) -> Callable[[], Story]:
        STORIES.setdefault(rule, []).append(story)
        return story

    return register


def answered(*addresses: str, alias: str | None = None) -> Facts:
    look = Telling().asked(NAME, *addresses, cnames=(alias,) if alias else ())
    return look.asked(NAME, failure="dns_no_answer", qtype="AAAA").asked(NOBODY, failure="dns_nxdomain_error").facts()


def failed(failure: str) -> Facts:
    look = Telling().asked(NAME, failure=failure).asked(NAME, failure=failure, qtype="AAAA")
    return look.asked(NOBODY, failure=failure).facts()


def invented() -> Facts:
    return Telling().asked(NAME, INVENTED).asked(NOBODY, INVENTED).facts()


@tells_of("dns.instrument.resolver")
def a_resolver_that_cannot_be_reached() -> Story:
    return Story(failed("network_unreachable"), both(answered(TRUE)))


@tells_of("dns.injection.bogon")
def a_resolver_answers_with_a_private_address() -> Story:
    return Story(answered("10.10.34.35"), both(answered(TRUE)))


@tells_of("dns.injection.bogon")
def a_resolver_forges_one_family_only() -> Story:
    own = Telling().asked(NAME, TRUE).asked(NAME, "::1", qtype="AAAA").facts()
    theirs = Telling().asked(NAME, TRUE).asked(NAME, "2606:2800:220:1::1", qtype="AAAA").facts()
    return Story(own, both(theirs))


@tells_of("dns.answer.shared")
def one_address_in_common_is_enough() -> Story:
    return Story(answered(TRUE, OTHER), (from_control(answered(TRUE)), from_control(failed("generic_timeout_error"), "DE")))


@tells_of("dns.answer.shared")
def a_wildcard_of_the_zone_shows_everywhere() -> Story:
    everything = Telling().asked(NAME, TRUE).asked(NOBODY, TRUE).facts()
    return Story(everything, both(everything))


@tells_of("dns.answer.shared_lately")
def the_site_has_moved_and_this_resolver_does_not_know_it_yet() -> Story:
    yesterday = seen(answered(OTHER), both(answered(OTHER)), at=NOON - timedelta(days=1))
    return Story(answered(OTHER), both(answered(TRUE)), (yesterday,))


@tells_of("dns.answer.same_alias")
def a_content_network_answers_each_region_differently() -> Story:
    return Story(answered(OTHER, alias="d111.cloudfront.net"), both(answered(TRUE, alias="d111.cloudfront.net")))


@tells_of("dns.answer.empty")
def a_domain_that_only_receives_mail() -> Story:
    return Story(failed("dns_no_answer"), both(failed("dns_no_answer")))


@tells_of("dns.answer.unconfirmed")
def one_machine_alone_gets_a_public_address() -> Story:
    return Story(answered(TRUE))


@tells_of("dns.control.none")
def one_machine_alone_gets_nothing() -> Story:
    return Story(failed("dns_nxdomain_error"))


@tells_of("dns.control.none")
def one_machine_alone_gets_a_private_address() -> Story:
    return Story(answered("10.10.34.35"))


@tells_of("dns.name.down")
def the_registrar_has_put_the_domain_on_hold() -> Story:
    return Story(failed("dns_nxdomain_error"), both(failed("dns_nxdomain_error")))


@tells_of("dns.name.down")
def an_invented_answer_does_not_hide_that_the_name_is_gone() -> Story:
    return Story(invented(), both(failed("dns_nxdomain_error")))


@tells_of("dns.control.one")
def one_control_is_not_enough_to_call_it_down() -> Story:
    return Story(failed("dns_servfail_error"), (from_control(failed("dns_servfail_error")),))


@tells_of("dns.control.divided")
def a_name_that_half_of_the_world_can_resolve() -> Story:
    return Story(failed("dns_servfail_error"), (from_control(failed("dns_servfail_error")), from_control(answered(TRUE), "DE")))


@tells_of("dns.answer.invented")
def a_resolver_answers_to_every_name() -> Story:
    return Story(invented(), both(answered(TRUE)))


def failed_here(failure: str) -> Story:
    return Story(failed(failure), both(answered(TRUE)))


@tells_of("dns.answer.nxdomain")
def a_resolver_denies_the_name() -> Story:
    return failed_here("dns_nxdomain_error")


@tells_of("dns.answer.refused")
def a_resolver_refuses_the_name() -> Story:
    return failed_here("dns_refused_error")


@tells_of("dns.answer.servfail")
def a_resolver_fails_at_the_name() -> Story:
    return failed_here("dns_servfail_error")


@tells_of("dns.answer.timeout")
def a_resolver_says_nothing() -> Story:
    return failed_here("generic_timeout_error")


@tells_of("dns.answer.failed")
def a_resolver_knows_the_name_and_no_address() -> Story:
    return failed_here("dns_no_answer")


@tells_of("dns.answer.different")
def other_public_addresses_are_no_proof() -> Story:
    return Story(answered(OTHER), both(answered(TRUE)))


@tells_of("dns.answer.only_here")
def an_answer_for_a_name_that_others_find_missing() -> Story:
    return Story(answered(OTHER), both(failed("dns_nxdomain_error")))


@tells_of("dns.instrument.not_enough")
def a_look_that_recorded_nothing() -> Story:
    return Story(Facts(), both(answered(TRUE)))


_TOLD = [(rule, story) for rule, told in STORIES.items() for story in told]


@pytest.mark.parametrize(("rule", "story"), _TOLD, ids=[story.__name__ for _, story in _TOLD])
def test_the_story_ends_in_its_rule(rule: str, story: Callable[[], Story]) -> None:
    assert story().judged_by(DNS).rule == rule


def test_every_rule_has_a_story_and_an_id_of_its_own() -> None:
    ids = [rule.id for rule in DNS.rules]

    assert len(ids) == len(set(ids))
    assert set(ids) == set(STORIES)
    assert all(rule.source and rule.because.endswith(".") for rule in DNS.rules)


def test_only_an_impossible_answer_is_called_blocked() -> None:
    blocked = [rule for rule in DNS.rules if rule.state is State.BLOCKED]

    assert [(rule.id, rule.strength, rule.mechanism) for rule in blocked] == [
        ("dns.injection.bogon", Strength.EXPLICIT, "dns.injection.bogon")
    ]


def test_the_reason_names_the_answers_and_countries() -> None:
    assert other_public_addresses_are_no_proof().judged_by(DNS).because == (
        "The line's resolver answers 203.0.114.7 for ovdinfo.org; the controls in DE and NL got 93.184.216.34. "
        "Regions and migrations do so too."
    )


def test_a_control_that_could_not_ask_does_not_count() -> None:
    blind = from_control(failed("dns_nxdomain_error"), "DE", validity=Validity.INVALID)
    cut_off = from_control(failed("network_unreachable"), "SE")
    story = Story(failed("dns_nxdomain_error"), (from_control(failed("dns_nxdomain_error")), blind, cut_off))

    assert story.judged_by(DNS).rule == "dns.control.one"


def test_a_private_address_that_the_zone_gives_to_everybody_is_no_lie() -> None:
    assert Story(answered("10.0.0.1"), both(answered("10.0.0.1"))).judged_by(DNS).state is State.OK


LOOKS = st.sampled_from(
    [story().own for _, story in _TOLD] + [control.facts for _, story in _TOLD for control in story().controls]
)


@st.composite
def stories(draw: st.DrawFn) -> Story:
    controls = tuple(
        from_control(facts, place) for facts, place in zip(draw(st.lists(LOOKS, max_size=3)), ("NL", "DE", "SE"), strict=False)
    )
    return Story(draw(LOOKS), controls, tuple(seen(facts, controls[:1]) for facts in draw(st.lists(LOOKS, max_size=1))))


@given(stories())
def test_every_case_gets_one_verdict_whoever_answered_first(story: Story) -> None:
    findings = {Story(story.own, order, story.recent).judged_by(DNS) for order in permutations(story.controls)}

    assert len(findings) == 1
    assert "{" not in findings.pop().because


@given(
    stories(), st.sampled_from([failed("dns_nxdomain_error"), failed("generic_timeout_error"), failed("dns_no_answer"), Facts()])
)
def test_a_failing_control_never_turns_down_or_unclear_into_blocked(story: Story, trouble: Facts) -> None:
    before = story.judged_by(DNS).state
    after = Story(story.own, (*story.controls, from_control(trouble, "FR")), story.recent).judged_by(DNS).state

    assert after is not State.BLOCKED or before is State.BLOCKED
