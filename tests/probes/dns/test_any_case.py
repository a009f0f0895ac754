"""Whatever was seen: exactly one verdict, in whatever order, and no block made by a control in trouble."""

from dataclasses import replace
from itertools import permutations
from random import Random
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from probes.kit.discover import discover
from probes.kit.observation import DnsReply, Facts
from probes.kit.vocabulary import Aim, State, WhyUnclear
from tests.probes.dns.stories import (
    FORGED_IN_RUSSIA,
    INNOCUOUS,
    INSIDE,
    NAME,
    NOBODY,
    OTHER,
    PRIVATE,
    PUBLIC,
    SIXTH,
    STATE_AUTHORITY,
    STORIES,
    TRUE,
    answered,
    failed,
)
from tests.probes.telling import Story, Telling, from_control, seen

DNS: Final = discover()["dns"]

ANSWERS: Final = st.lists(
    st.sampled_from([TRUE, TRUE, OTHER, PRIVATE, INSIDE, "127.0.0.1", SIXTH, "::1", "no address", ""]), max_size=3, unique=True
)
FAILURES: Final = st.sampled_from(
    [
        "dns_nxdomain_error",
        "dns_servfail_error",
        "dns_refused_error",
        "dns_no_answer",
        "generic_timeout_error",
        "connection_refused",
        "unknown_failure: odd {braces}",
    ]
)
HANDSHAKES: Final = st.sampled_from(
    [None, None, "ssl_invalid_hostname", "ssl_invalid_certificate", "ssl_unknown_authority", "connection_reset"]
)
CONNECTIONS: Final = st.sampled_from([None, None, "connection_refused", "generic_timeout_error", "network_unreachable"])
WAYS: Final = st.sampled_from(
    [
        ("system", "system", NAME, Aim.VISIT),
        ("system", "system", NAME, Aim.VISIT),
        ("system", "system", NAME, Aim.AGAIN),
        ("system", "tcp", NAME, Aim.AGAIN),
        ("system", "system", NOBODY, Aim.PROBE_NAME),
        ("system", "system", INNOCUOUS, Aim.PROBE_NAME),
        (PUBLIC, "udp", NAME, Aim.ELSEWHERE),
        (PUBLIC, "udp", INNOCUOUS, Aim.PROBE_NAME),
        (PUBLIC, "dot", NAME, Aim.ELSEWHERE),
    ]
)


@st.composite
def looks(draw: st.DrawFn) -> Facts:
    """Any facts at all, likely or not."""
    look = Telling()
    for resolver, transport, name, aim in draw(st.lists(WAYS, max_size=7)):
        answers = draw(ANSWERS)
        look.asked(
            name,
            *answers,
            failure=None if answers else draw(FAILURES),
            aim=aim,
            transport=transport,
            resolver=resolver,
            qtype=draw(st.sampled_from(["A", "A", "AAAA"])),
            cnames=draw(st.sampled_from([(), (), ("d111.cloudfront.net",)])),
            authoritative=draw(st.booleans()),
            has_authority=draw(st.booleans()),
            checking_disabled=draw(st.sampled_from([False, False, False, True])),
            extended_errors=draw(st.sampled_from([(), (), (6,), (15,), (17,)])),
            further=draw(st.sampled_from([(), (), (DnsReply(after=0.1, rcode="NOERROR", answers=(TRUE,)),)])),
            marks=draw(st.sampled_from([(), (), (FORGED_IN_RUSSIA,)])),
        )
    for address in draw(st.lists(st.sampled_from([TRUE, OTHER, INSIDE]), max_size=3)):
        look.connected(address, failure=draw(CONNECTIONS), aim=Aim.ELSEWHERE)
        look.shook_hands(address, NAME, failure=draw(HANDSHAKES), marks=draw(st.sampled_from([(), (), (STATE_AUTHORITY,)])))
    asns = draw(st.sampled_from([{}, {TRUE: 13335, OTHER: 13335}, {TRUE: 13335, OTHER: 12389}, {OTHER: 0}]))
    return replace(look.facts(), asns=asns)


_TOLD: Final = [story() for told in STORIES.values() for story in told]
OWN: Final = st.sampled_from([story.own for story in _TOLD]) | looks()
THEIRS: Final = st.sampled_from([answered(TRUE), *(one.facts for story in _TOLD for one in story.controls)]) | looks()
TROUBLE: Final = st.sampled_from(
    [
        failed("dns_nxdomain_error"),
        failed("dns_servfail_error"),
        failed("generic_timeout_error"),
        failed("dns_no_answer"),
        Facts(),
    ]
)


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """What one story saw here, with the controls of others, and whatever came before."""
    theirs = draw(st.lists(THEIRS, max_size=3))
    controls = tuple(from_control(facts, place) for facts, place in zip(theirs, ("NL", "DE", "SE"), strict=False))
    recent = tuple(seen(facts, controls[:1]) for facts in draw(st.lists(THEIRS, max_size=1)))
    return Story(draw(OWN), controls, recent, draw(st.sampled_from([None, "RU"])))


def shuffled(facts: Facts, random: Random) -> Facts:
    """The same, recorded in another order."""
    return replace(
        facts,
        dns=tuple(random.sample(facts.dns, len(facts.dns))),
        tcp=tuple(random.sample(facts.tcp, len(facts.tcp))),
        tls=tuple(random.sample(facts.tls, len(facts.tls))),
    )


@given(stories())
def test_every_case_gets_exactly_one_verdict_in_a_whole_sentence(story: Story) -> None:
    finding = story.judged_by(DNS)

    assert finding.rule in {rule.id for rule in DNS.rules}
    assert finding.because.endswith(".")


@given(stories(), TROUBLE)
def test_a_control_in_trouble_never_turns_down_or_unclear_into_blocked(story: Story, trouble: Facts) -> None:
    before = story.judged_by(DNS).state
    after = replace(story, controls=(*story.controls, from_control(trouble, "FR"))).judged_by(DNS).state

    assert after is not State.BLOCKED or before is State.BLOCKED


@given(stories(), st.randoms(use_true_random=False))
def test_the_order_in_which_anything_was_seen_changes_nothing(story: Story, random: Random) -> None:
    again = [
        replace(
            story,
            own=shuffled(story.own, random),
            controls=tuple(replace(one, facts=shuffled(one.facts, random)) for one in order),
            recent=tuple(replace(one, facts=shuffled(one.facts or Facts(), random)) for one in story.recent),
        )
        for order in permutations(story.controls)
    ]

    assert {one.judged_by(DNS) for one in again} == {story.judged_by(DNS)}


@given(OWN)
def test_without_a_control_only_the_resolver_s_own_word_says_blocked(own: Facts) -> None:
    finding = Story(own, country="RU").judged_by(DNS)

    assert finding.state in {State.OK, State.UNCLEAR} or finding.rule.startswith("dns.resolver.")
    assert finding.why_unclear is not WhyUnclear.CONFLICTING


@given(stories())
def test_an_answer_that_a_control_was_given_as_well_is_never_called_false(story: Story) -> None:
    shared = replace(story, own=answered(TRUE), controls=(*story.controls, from_control(answered(TRUE), "FR")))

    assert shared.judged_by(DNS).rule == "dns.answer.shared"


@given(stories(), st.sampled_from([answered(OTHER), answered(INSIDE)]), st.booleans())
def test_an_answer_that_was_given_or_proved_right_lately_is_never_called_false(story: Story, own: Facts, by_name: bool) -> None:
    address = own.dns[0].answers[0]
    proof = Telling().shook_hands(address, NAME).facts()
    earlier = seen(answered(TRUE), (from_control(own),)) if by_name else seen(replace(answered(address), tls=proof.tls))

    assert replace(story, own=own, recent=(earlier,)).judged_by(DNS).state is State.OK


@given(stories())
def test_a_broken_signature_is_never_called_blocked(story: Story) -> None:
    unchecked = Telling().asked(NAME, TRUE, checking_disabled=True, aim=Aim.AGAIN).facts()
    own = replace(failed("dns_servfail_error", extended_errors=(6,)), tls=story.own.tls)
    bogus = replace(story, own=replace(own, dns=own.dns + unchecked.dns))

    assert bogus.judged_by(DNS).state in {State.UNCLEAR, State.DOWN}
