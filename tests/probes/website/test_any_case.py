"""Whatever was seen: exactly one verdict, whoever looked first, and no block made by a control in trouble."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations
from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from probes.kit.discover import discover
from probes.kit.observation import DnsReply, Facts, Mark, Step
from probes.kit.vocabulary import Aim, MarkKind, State
from probes.website.control import read_controls
from tests.probes.telling import NOON, Story, Telling, from_control, seen
from tests.probes.website import stories_of_interference  # noqa: F401 - importing it tells its stories
from tests.probes.website.stories import FORGED, INNOCUOUS, SITE, STORIES, TRUE, fine, fine_in_clear, missing, refused

WEBSITE = discover()["website"]

ANSWERS = st.lists(st.sampled_from([TRUE, FORGED, "10.10.34.35", "127.0.0.1", "::1", "no address"]), max_size=3, unique=True)
DNS_FAILURES = st.sampled_from(
    ["dns_nxdomain_error", "dns_servfail_error", "dns_no_answer", "generic_timeout_error", "connection_refused"]
)
FAILURES = st.sampled_from(
    [
        None,
        None,
        "generic_timeout_error",
        "connection_reset",
        "eof_error",
        "connection_refused",
        "network_down",
        "unknown_failure: odd",
    ]
)
TLS_FAILURES = FAILURES | st.sampled_from(
    ["ssl_unknown_authority", "ssl_invalid_hostname", "ssl_invalid_certificate", "ssl_failed_handshake"]
)
STATUSES = st.sampled_from([None, 200, 200, 204, 301, 401, 403, 404, 429, 451, 500, 503, 199, 999])
ADDRESSES = st.sampled_from([TRUE, FORGED, "10.10.34.35"])


AIMS = st.sampled_from([Aim.VISIT, *Aim])
MARKS = st.lists(
    st.builds(
        Mark,
        name=st.sampled_from(["own:one", "own:two"]),
        kind=st.sampled_from(MarkKind),
        countries=st.sampled_from([(), ("RU",), ("NL",)]),
    ),
    max_size=2,
).map(tuple)
LATE = st.lists(st.builds(DnsReply, after=st.just(0.1), rcode=st.just("NOERROR"), answers=ANSWERS.map(tuple)), max_size=1).map(
    tuple
)
TRANSPORTS = st.sampled_from(["system", "system", "udp", "doh"])
FLOWS = st.sampled_from([(), ((0.2, 60_000),), ((0.25, 17_000), (0.5, 17_000), (1.0, 17_000)), ((0.5, 1500), (1.0, 3000))])


@st.composite
def looks(draw: st.DrawFn) -> Facts:
    """Any facts at all, likely or not: a look may end anywhere, and a second step may follow."""
    look = Telling()
    for hop in range(draw(st.integers(0, 2))):
        name = draw(st.sampled_from([SITE, SITE, "warning.example.ru"]))
        answers = draw(ANSWERS)
        failure = None if answers else draw(DNS_FAILURES)
        errors = draw(st.sampled_from([(), (), (16,)]))
        look.asked(name, *answers, failure=failure, hop=hop, marks=draw(MARKS), further=draw(LATE), extended_errors=errors)
        for _ in range(draw(st.integers(0, 2))):
            asked = draw(st.sampled_from([name, INNOCUOUS]))
            look.asked(asked, *draw(ANSWERS), hop=hop, aim=draw(AIMS), transport=draw(TRANSPORTS), failure=draw(FAILURES))
        for address in draw(st.lists(ADDRESSES, max_size=2)):
            look.connected(address, failure=draw(FAILURES), hop=hop, aim=draw(AIMS))
        for address in draw(st.lists(ADDRESSES, max_size=3)):
            names = st.sampled_from([name, name, INNOCUOUS])
            issuer = draw(st.sampled_from([f"CN={name}", "CN=Honest Authority", "CN=State"]))
            shown: dict[str, Any] = {
                "issuer": issuer,
                "subject": f"CN={name}",
                "not_after": NOON,
                "marks": draw(MARKS),
                "aim": draw(AIMS),
            }
            look.shook_hands(address, draw(names), failure=draw(TLS_FAILURES), hop=hop, **shown)
        for _ in range(draw(st.integers(0, 2))):
            scheme = draw(st.sampled_from(["http", "https"]))
            title = draw(st.sampled_from([None, "Default Web Page", "Access Denied", "Just a moment..."]))
            location = draw(st.sampled_from([None, "/", "http://localhost/"]))
            page: dict[str, Any] = {
                "title": title,
                "location": location,
                "marks": draw(MARKS),
                "received": draw(FLOWS),
                "aim": draw(AIMS),
            }
            look.got(f"{scheme}://{name}/", draw(ADDRESSES), status=draw(STATUSES), failure=draw(FAILURES), hop=hop, **page)
    return look.facts()


_TOLD = [story() for told in STORIES.values() for story in told]
OWN = st.sampled_from([story.own for story in _TOLD]) | looks()
THEIRS = st.sampled_from([fine(), fine_in_clear(), refused(), missing(), *(story.own for story in _TOLD)]) | looks()


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """What one story saw here, with the controls of others, and whatever came before."""
    theirs = draw(st.lists(THEIRS, max_size=3))
    controls = tuple(from_control(facts, place) for facts, place in zip(theirs, ("NL", "DE", "SE"), strict=False))
    recent = tuple(seen(facts, controls[:1]) for facts in draw(st.lists(THEIRS, max_size=1)))
    return Story(draw(OWN), controls, recent, country=draw(st.sampled_from([None, "RU"])))


def listed(facts: Facts) -> list[tuple[str, Sequence[Step]]]:
    return [("dns", facts.dns), ("tcp", facts.tcp), ("tls", facts.tls), ("http", facts.http)]


@given(stories())
def test_every_case_gets_exactly_one_verdict_in_a_whole_sentence(story: Story) -> None:
    finding = story.judged_by(WEBSITE)

    assert finding.rule in {rule.id for rule in WEBSITE.rules}
    assert "{" not in finding.because


@given(stories(), THEIRS)
def test_a_control_in_trouble_never_turns_down_or_unclear_into_blocked(story: Story, trouble: Facts) -> None:
    failing = from_control(trouble, "FR")
    if any(look.works for look in read_controls((failing,))):
        return
    before = story.judged_by(WEBSITE).state
    after = replace(story, controls=(*story.controls, failing)).judged_by(WEBSITE).state

    assert after is not State.BLOCKED or before is State.BLOCKED


@given(stories())
def test_the_order_of_the_controls_changes_nothing(story: Story) -> None:
    findings = {replace(story, controls=order).judged_by(WEBSITE) for order in permutations(story.controls)}

    assert len(findings) == 1


@given(stories(), st.randoms(use_true_random=False))
def test_the_order_in_which_steps_are_listed_changes_nothing(story: Story, chance: Random) -> None:
    shuffled: dict[str, Any] = {kind: tuple(chance.sample(steps, len(steps))) for kind, steps in listed(story.own)}

    assert replace(story, own=replace(story.own, **shuffled)).judged_by(WEBSITE) == story.judged_by(WEBSITE)


@given(OWN)
def test_nothing_is_blocked_or_down_without_a_control(own: Facts) -> None:
    finding = Story(own, country="RU").judged_by(WEBSITE)

    assert finding.state not in {State.BLOCKED, State.THROTTLED, State.DOWN, State.UNREACHABLE}
    # A parking page says of itself what it is.
    assert finding.state is not State.LAPSED or finding.rule == "website.service.parked_unconfirmed"
