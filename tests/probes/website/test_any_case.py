"""Whatever was seen: exactly one verdict, whoever looked first, and no block made by a control in trouble."""

from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from probes.kit.discover import discover
from probes.kit.observation import Facts
from probes.kit.vocabulary import State
from probes.website.control import read_controls
from tests.probes.telling import NOON, Story, Telling, from_control, seen
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


@st.composite
def looks(draw: st.DrawFn) -> Facts:
    """Any facts at all, likely or not: a look may end anywhere, and a second step may follow."""
    look = Telling()
    for hop in range(draw(st.integers(0, 2))):
        name = draw(st.sampled_from([SITE, SITE, "warning.example.ru"]))
        answers = draw(ANSWERS)
        look.asked(name, *answers, failure=None if answers else draw(DNS_FAILURES), hop=hop)
        for address in draw(st.lists(ADDRESSES, max_size=2)):
            look.connected(address, failure=draw(FAILURES), hop=hop)
        for address in draw(st.lists(ADDRESSES, max_size=3)):
            names = st.sampled_from([name, name, INNOCUOUS])
            issuer = draw(st.sampled_from([f"CN={name}", "CN=Honest Authority", "CN=State"]))
            look.shook_hands(
                address, draw(names), failure=draw(TLS_FAILURES), hop=hop, issuer=issuer, subject=f"CN={name}", not_after=NOON
            )
        if draw(st.booleans()):
            scheme = draw(st.sampled_from(["http", "https"]))
            title = draw(st.sampled_from([None, "Default Web Page", "Access Denied", "Just a moment..."]))
            location = draw(st.sampled_from([None, "/", "http://localhost/"]))
            status, address = draw(STATUSES), draw(ADDRESSES)
            look.got(
                f"{scheme}://{name}/", address, status=status, failure=draw(FAILURES), hop=hop, title=title, location=location
            )
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
    return Story(draw(OWN), controls, recent)


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
    after = Story(story.own, (*story.controls, failing), story.recent).judged_by(WEBSITE).state

    assert after is not State.BLOCKED or before is State.BLOCKED


@given(stories())
def test_the_order_of_the_controls_changes_nothing(story: Story) -> None:
    findings = {Story(story.own, order, story.recent).judged_by(WEBSITE) for order in permutations(story.controls)}

    assert len(findings) == 1


@given(OWN)
def test_nothing_is_blocked_or_down_without_a_control(own: Facts) -> None:
    assert Story(own).judged_by(WEBSITE).state not in {State.BLOCKED, State.DOWN, State.UNREACHABLE, State.LAPSED}
