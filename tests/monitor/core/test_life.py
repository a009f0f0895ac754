"""The life of an incident, told look by look. The cast: OVD-Info's site, seen from two networks in Russia and from Berlin."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.incident import Bracket, CaseKey, Change, Event, Incident, apply, case_key, concerns, fold, record
from monitor.core.kinds import EventKind, IncidentStage, Kind, Severity
from monitor.core.letting_go import CONFIGURATION
from monitor.core.life import advance
from monitor.core.severity import severity
from monitor.core.verdict import Verdict
from monitor.core.watchlist import Confirmation
from probes.kit.vocabulary import State, Strength

START = datetime(2021, 12, 25, 9, 0, tzinfo=UTC)
POLICY = Confirmation()
RU = CaseKey(organisation="ovd-info", target="ovd.info", family="path", country="RU")


def look(
    minute: float,
    state: State,
    *,
    strength: Strength = Strength.STRONG,
    vantage: str = "moscow",
    probe: str = "website",
    country: str = "RU",
) -> Verdict:
    return Verdict(
        observation=f"{minute:07.2f}-{vantage}-{probe}",
        check=f"{probe}@{vantage}",
        organisation="ovd-info",
        target="ovd.info",
        probe=probe,
        vantage=vantage,
        country=country,
        at=START + timedelta(minutes=minute),
        state=state,
        rule=f"{probe}.{state}",
        because=f"the site is {state}",
        strength=strength,
        mechanism="tls.reset.sni" if state is State.BLOCKED else None,
        ruleset="website/1",
    )


def live(verdicts: Sequence[Verdict], policy: Confirmation = POLICY, key: CaseKey = RU) -> list[Event]:
    """Let the looks happen one by one, as the service does, and return every event that they caused."""
    incident: Incident | None = None
    events: list[Event] = []
    numbers = count(1)
    for position, verdict in enumerate(verdicts):
        seen = [earlier for earlier in verdicts[: position + 1] if concerns(key, earlier)]
        for event in advance(incident, seen, policy, verdict.at, lambda: f"CW-2021-{next(numbers):04d}", key):
            incident = apply(None if event.kind is EventKind.OPENED else incident, event)
            events.append(event)
    return events


def kinds(events: Sequence[Event]) -> list[str]:
    return [event.kind.value for event in events]


def test_one_explicit_look_is_a_suspicion_and_the_second_confirms_it() -> None:
    events = live(
        [
            look(0, State.OK),
            look(5, State.BLOCKED, strength=Strength.EXPLICIT),
            look(8, State.BLOCKED, strength=Strength.EXPLICIT),
        ]
    )
    assert kinds(events) == ["opened", "confirmed"]
    incident = fold(events)
    assert incident is not None
    assert (incident.kind, incident.stage) == (Kind.BLOCKING, IncidentStage.CONFIRMED)
    assert incident.onset.after == START
    assert incident.onset.by == START + timedelta(minutes=5)
    assert incident.mechanisms == ("tls.reset.sni",)


def test_strong_looks_confirm_only_when_three_of_them_span_ten_minutes() -> None:
    crowded = [look(0, State.BLOCKED), look(3, State.BLOCKED), look(6, State.BLOCKED)]
    assert kinds(live(crowded)) == ["opened"]
    assert kinds(live([look(0, State.BLOCKED), look(3, State.BLOCKED), look(10, State.BLOCKED)])) == ["opened", "confirmed"]


def test_looks_crowded_together_count_once() -> None:
    burst = [look(second / 60, State.BLOCKED, strength=Strength.EXPLICIT) for second in (0, 20, 40, 60)]
    assert kinds(live(burst)) == ["opened"]


def test_unreachable_from_one_place_needs_twice_the_time() -> None:
    ten = [look(minute, State.UNREACHABLE) for minute in (0, 3, 10)]
    assert kinds(live(ten)) == ["opened"]
    assert kinds(live([*ten, look(20, State.UNREACHABLE)])) == ["opened", "confirmed"]


def test_unreachable_is_confirmed_sooner_when_a_second_place_agrees() -> None:
    looks = [look(minute, State.UNREACHABLE, vantage=vantage) for minute in (0, 3, 10) for vantage in ("kazan", "moscow")]
    events = live(looks)
    assert kinds(events)[:2] == ["opened", "confirmed"]
    assert fold(events).kind is Kind.UNREACHABLE


def test_a_passing_failure_is_retracted_and_never_confirmed() -> None:
    events = live([look(0, State.OK), look(5, State.UNREACHABLE), look(8, State.OK)])
    assert kinds(events) == ["opened", "retracted"]


def test_a_suspicion_that_returns_soon_is_the_same_incident() -> None:
    events = live([look(0, State.UNREACHABLE), look(3, State.OK), look(30, State.UNREACHABLE)])
    assert kinds(events) == ["opened", "retracted", "reopened"]
    assert {event.incident for event in events} == {"CW-2021-0001"}
    assert events[-1].change.stage is IncidentStage.SUSPECTED


@pytest.mark.parametrize("state", [State.UNCLEAR, State.UNMEASURED])
def test_what_decides_nothing_neither_confirms_nor_ends(state: State) -> None:
    blocked = [look(minute, State.BLOCKED, strength=Strength.EXPLICIT) for minute in (0, 5)]
    after = [look(minute, state) for minute in range(10, 300, 5)]
    assert kinds(live([*blocked, *after])) == ["opened", "confirmed"]


def test_weak_looks_alone_never_open_an_incident() -> None:
    assert live([look(minute, State.BLOCKED, strength=Strength.WEAK) for minute in range(0, 120, 5)]) == []


def test_an_hour_of_silence_starts_the_count_anew() -> None:
    looks = [look(0, State.BLOCKED), look(5, State.BLOCKED), look(90, State.BLOCKED)]
    assert kinds(live(looks)) == ["opened"]


def test_recovery_ends_the_incident_after_the_policy_in_reverse() -> None:
    blocked = [look(minute, State.BLOCKED) for minute in (5, 8, 15)]
    well = [look(minute, State.OK) for minute in (20, 25, 30)]
    events = live([look(0, State.OK), *blocked, *well])
    assert kinds(events) == ["opened", "confirmed", "ended"]
    incident = fold(events)
    assert incident is not None
    assert incident.end is not None
    assert incident.end.after == START + timedelta(minutes=15)
    assert incident.end.by == START + timedelta(minutes=20)


def test_one_network_that_still_fails_keeps_the_incident_open() -> None:
    both = [look(minute, State.BLOCKED, vantage=vantage) for minute in (0, 5, 10) for vantage in ("kazan", "moscow")]
    one_back = [look(minute, State.OK, vantage="kazan") for minute in (15, 20, 25)]
    events = live([*both, *one_back])
    assert kinds(events)[-1] == "scope_changed"
    assert fold(events).vantages == ("moscow",)


def test_a_block_that_turns_into_interception_is_another_matter() -> None:
    """Whoever was told of a block in the morning must be woken now: what visitors type may be read."""
    blocked = [look(minute, State.BLOCKED, strength=Strength.EXPLICIT) for minute in (0, 5)]
    forged = [
        replace(one, mechanism="tls.mitm") for one in (look(10, State.BLOCKED), look(15, State.BLOCKED), look(25, State.BLOCKED))
    ]
    events = live([*blocked, *forged])
    assert kinds(events) == ["opened", "confirmed", "reclassified"]
    assert severity(fold(events)) is Severity.PAGE


def test_a_second_network_joins_the_incident() -> None:
    first = [look(minute, State.BLOCKED, strength=Strength.EXPLICIT) for minute in (0, 5)]
    second = [look(minute, State.BLOCKED, strength=Strength.EXPLICIT, vantage="kazan") for minute in (6, 11)]
    events = live([*first, *second])
    assert kinds(events) == ["opened", "confirmed", "scope_changed"]
    assert fold(events).vantages == ("kazan", "moscow")


def test_an_unreachable_site_whose_block_shows_itself_is_reclassified() -> None:
    bare = [look(minute, State.UNREACHABLE) for minute in (0, 3, 10, 20)]
    shown = [look(minute, State.BLOCKED, strength=Strength.EXPLICIT) for minute in (25, 30)]
    events = live([*bare, *shown])
    assert kinds(events) == ["opened", "confirmed", "reclassified"]
    incident = fold(events)
    assert incident is not None
    assert incident.kind is Kind.BLOCKING
    assert incident.onset.by == START, "what was seen later does not move the beginning"


def test_a_block_that_returns_within_a_day_is_the_same_incident_and_intermittent() -> None:
    first = [look(minute, State.BLOCKED, strength=Strength.EXPLICIT) for minute in (0, 5)]
    well = [look(minute, State.OK) for minute in (10, 15, 20)]
    again = [look(minute, State.BLOCKED, strength=Strength.EXPLICIT) for minute in (60, 65)]
    events = live([*first, *well, *again])
    assert kinds(events) == ["opened", "confirmed", "ended", "reopened"]
    incident = fold(events)
    assert incident is not None
    assert incident.intermittent
    assert incident.onset.by == START


def test_a_block_that_returns_after_days_is_a_new_incident() -> None:
    first = [look(minute, State.BLOCKED, strength=Strength.EXPLICIT) for minute in (0, 5)]
    well = [look(minute, State.OK) for minute in (10, 15, 20)]
    later = 3 * 24 * 60
    again = [look(later + minute, State.BLOCKED, strength=Strength.EXPLICIT) for minute in (0, 5)]
    events = live([*first, *well, *again])
    assert [event.incident for event in events if event.kind is EventKind.OPENED] == ["CW-2021-0001", "CW-2021-0002"]


def test_what_berlin_sees_is_no_part_of_the_russian_case() -> None:
    berlin = look(0, State.OK, vantage="berlin", country="DE")
    assert not concerns(RU, berlin)
    assert case_key(look(0, State.DOWN)) == CaseKey(organisation="ovd-info", target="ovd.info", family="outage", country=None)


def test_a_weak_good_look_does_not_close_the_case_for_the_censor() -> None:
    blocked = [look(minute, State.BLOCKED, strength=Strength.EXPLICIT) for minute in (0, 5)]
    weak = [look(minute, State.OK, strength=Strength.WEAK) for minute in range(10, 120, 5)]
    assert kinds(live([*blocked, *weak])) == ["opened", "confirmed"]


def test_looks_from_a_clock_that_ran_ahead_hide_nothing() -> None:
    ahead = [look(24 * 60 + minute, State.OK) for minute in (0, 5)]
    blocked = [look(minute, State.BLOCKED, strength=Strength.EXPLICIT) for minute in (10, 15)]
    events = advance(None, [*ahead, *blocked], POLICY, blocked[-1].at, lambda: "CW-1", RU)
    assert kinds(events) == ["opened", "confirmed"]


def test_a_witness_of_ten_days_ago_is_none() -> None:
    old = [look(minute, State.UNREACHABLE, vantage="kazan") for minute in (0, 3)]
    later = 10 * 24 * 60
    new = [look(later + minute, State.UNREACHABLE) for minute in (0, 3, 10)]
    events = live([*old, *new])
    assert "confirmed" not in kinds(events)


def test_a_bracket_reaches_over_a_silence_to_the_last_good_look() -> None:
    looks = [
        look(0, State.OK),
        look(90, State.BLOCKED, strength=Strength.EXPLICIT),
        look(95, State.BLOCKED, strength=Strength.EXPLICIT),
    ]
    incident = fold(live(looks))
    assert incident is not None
    assert incident.onset.after == START


def test_an_outage_that_turns_into_a_block_elsewhere_is_over() -> None:
    outage = CaseKey(organisation="ovd-info", target="ovd.info", family="outage", country=None)
    down = [look(minute, State.DOWN, vantage=vantage) for minute in (0, 5, 10) for vantage in ("kazan", "moscow")]
    blocked = [look(minute, State.BLOCKED, vantage=vantage) for minute in (15, 20, 25) for vantage in ("kazan", "moscow")]
    assert kinds(live([*down, *blocked], key=outage))[-1] == "ended"


def test_a_check_that_only_says_unclear_afterwards_does_not_hold_the_case_open_for_ever() -> None:
    both = [
        look(minute, State.BLOCKED, strength=Strength.EXPLICIT, probe=probe) for minute in (0, 5) for probe in ("dns", "website")
    ]
    well = [look(minute, State.OK) for minute in range(10, 180, 5)]
    unclear = [look(minute + 1, State.UNCLEAR, probe="dns") for minute in range(10, 180, 5)]
    events = live(sorted([*both, *well, *unclear], key=lambda verdict: verdict.at))
    assert kinds(events) == ["opened", "confirmed", "ended"]


def test_a_log_with_a_gap_is_refused() -> None:
    opened, confirmed = live(
        [look(0, State.BLOCKED, strength=Strength.EXPLICIT), look(5, State.BLOCKED, strength=Strength.EXPLICIT)]
    )
    incident = apply(None, opened)
    with pytest.raises(ValueError, match="cannot follow"):
        apply(apply(incident, confirmed), confirmed)
    with pytest.raises(ValueError, match="must start"):
        apply(None, confirmed)


SEQUENCES = st.lists(
    st.tuples(
        st.integers(1, 60),
        st.sampled_from([State.OK, State.BLOCKED, State.UNREACHABLE, State.UNCLEAR, State.UNMEASURED, State.DOWN]),
        st.sampled_from(list(Strength)),
        st.sampled_from(["moscow", "kazan"]),
    ),
    max_size=40,
)


@given(SEQUENCES)
def test_whatever_happens_the_log_folds_and_no_two_incidents_are_open_at_once(
    steps: list[tuple[int, State, Strength, str]],
) -> None:
    minute = 0
    looks = []
    for gap, state, strength, vantage in steps:
        minute += gap
        looks.append(look(minute, state, strength=strength, vantage=vantage))
    current: Incident | None = None
    for event in live(looks):
        if event.kind is EventKind.OPENED:
            assert current is None or not current.is_open
            current = None
        current = apply(current, event)
        assert event.at >= current.onset.by
        if current.stage is IncidentStage.ENDED:
            assert current.end is not None
            assert current.end.after is None or current.end.after <= current.end.by
    if current is not None and current.confirmed_at is not None:
        assert any(one.state in {State.BLOCKED, State.UNREACHABLE} for one in looks)


@given(SEQUENCES, st.randoms(use_true_random=False))
def test_the_order_in_which_looks_are_handed_over_does_not_matter(
    steps: list[tuple[int, State, Strength, str]], random: Random
) -> None:
    looks = [
        look(index * 7, state, strength=strength, vantage=vantage) for index, (_, state, strength, vantage) in enumerate(steps)
    ]
    shuffled = list(looks)
    random.shuffle(shuffled)
    now = START + timedelta(days=1)
    assert advance(None, looks, POLICY, now, lambda: "CW-1", RU) == advance(None, shuffled, POLICY, now, lambda: "CW-1", RU)


def decided(incident: Incident, minute: float, kind: EventKind, stage: IncidentStage, by: str = "staff") -> Incident:
    """What a person makes of an incident in that minute."""
    at = START + timedelta(minutes=minute)
    end = None if stage is IncidentStage.RETRACTED else Bracket(after=None, by=at)
    change = Change(stage=stage, end=end, reason="the press office says so", by=by)
    return apply(incident, record(incident.id, incident.version + 1, at, kind, change))


def goes_on(incident: Incident, verdicts: Sequence[Verdict]) -> tuple[list[EventKind], Incident]:
    """Let these looks follow, one by one, on what is known already."""
    happened = []
    for position, verdict in enumerate(verdicts):
        for event in advance(incident, verdicts[: position + 1], POLICY, verdict.at, lambda: "CW-2021-0002", RU):
            incident = apply(None if event.kind is EventKind.OPENED else incident, event)
            happened.append(event.kind)
    return happened, incident


def a_standing_block(minutes: int = 10) -> tuple[list[Verdict], Incident]:
    looks = [look(minute, State.BLOCKED) for minute in range(0, minutes + 1, 5)]
    incident = fold(live(looks))
    assert incident is not None
    return looks, incident


SAID_TO_BE_OVER = [(EventKind.REINSTATED, IncidentStage.REINSTATED), (EventKind.AVERTED, IncidentStage.AVERTED)]


@pytest.mark.parametrize(("kind", "stage"), SAID_TO_BE_OVER)
def test_what_a_person_says_is_over_stays_so_until_looks_made_since_prove_the_contrary(
    kind: EventKind, stage: IncidentStage
) -> None:
    looks, incident = a_standing_block()
    said = decided(incident, 12, kind, stage)
    later = [look(minute, State.BLOCKED) for minute in (13, 18, 23)]
    happened, now = goes_on(said, [*looks, *later[:2]])
    assert (happened, now.stage) == ([], stage), "two looks of another ten minutes are not enough"
    happened, now = goes_on(said, [*looks, *later])
    assert (happened, now.stage) == ([EventKind.REOPENED], IncidentStage.CONFIRMED), "a block that stands is not hidden"
    assert (now.intermittent, now.end, now.onset) == (False, None, incident.onset), "it never went away"


def test_what_was_reinstated_and_is_blocked_again_has_come_and_gone() -> None:
    looks, incident = a_standing_block()
    said = decided(incident, 12, EventKind.REINSTATED, IncidentStage.REINSTATED)
    well = [look(minute, State.OK) for minute in (13, 18)]
    again = [look(minute, State.BLOCKED) for minute in (60, 65, 70)]
    happened, now = goes_on(said, [*looks, *well, *again])
    assert (happened, now.intermittent) == ([EventKind.REOPENED], True)


def test_a_person_who_is_right_hears_no_more_of_it() -> None:
    looks, incident = a_standing_block()
    said = decided(incident, 12, EventKind.REINSTATED, IncidentStage.REINSTATED)
    assert goes_on(said, [*looks, *(look(minute, State.OK) for minute in range(15, 300, 5))]) == ([], said)


def test_whoever_says_it_again_and_again_is_contradicted_each_time_only_by_proof() -> None:
    looks, incident = a_standing_block()
    for minute in (12, 40, 80):
        incident = decided(incident, minute, EventKind.REINSTATED, IncidentStage.REINSTATED)
        looks += [look(minute + more, State.BLOCKED) for more in (1, 6, 11, 16)]
        happened, incident = goes_on(incident, looks)
        assert happened == [EventKind.REOPENED]


@pytest.mark.parametrize("suspected_only", [True, False])
def test_what_a_person_took_back_stays_so_for_a_day_and_then_the_old_looks_count_no_more(suspected_only: bool) -> None:
    looks, incident = a_standing_block(minutes=5 if suspected_only else 10)
    taken_back = decided(incident, 12, EventKind.RETRACTED, IncidentStage.RETRACTED)
    same_day = [look(minute, State.BLOCKED) for minute in range(15, 600, 5)]
    assert goes_on(taken_back, [*looks, *same_day]) == ([], taken_back)
    next_day = [look(1460 + minute, State.BLOCKED) for minute in (0, 5, 10)]
    happened, another = goes_on(taken_back, [*looks, *next_day])
    assert happened == [EventKind.OPENED, EventKind.CONFIRMED]
    assert another.id == "CW-2021-0002"
    assert another.onset == Bracket(after=None, by=next_day[0].at)


def test_the_looks_of_one_incident_do_not_prove_the_next() -> None:
    looks, incident = a_standing_block()
    said = decided(incident, 12, EventKind.REINSTATED, IncidentStage.REINSTATED)
    happened, another = goes_on(said, [*looks, look(13, State.BLOCKED), look(1455, State.BLOCKED)])
    assert (happened, another.stage) == ([EventKind.OPENED], IncidentStage.SUSPECTED)
    happened, another = goes_on(another, [*looks, look(13, State.BLOCKED), look(1455, State.BLOCKED), look(1465, State.BLOCKED)])
    assert all(bracket.by >= said.stage_since for bracket in [another.onset] if bracket and said.stage_since)


def test_what_nobody_watched_for_a_while_goes_on_where_it_was() -> None:
    looks, incident = a_standing_block()
    let_go = decided(incident, 12, EventKind.RETRACTED, IncidentStage.RETRACTED, by=CONFIGURATION)
    happened, now = goes_on(let_go, [*looks, look(200, State.BLOCKED), look(205, State.BLOCKED), look(210, State.BLOCKED)])
    assert (happened, now.id, now.onset) == ([EventKind.REOPENED], incident.id, incident.onset)


def test_what_was_let_go_is_not_opened_again_by_what_was_seen_before() -> None:
    looks, incident = a_standing_block()
    let_go = decided(incident, 12, EventKind.RETRACTED, IncidentStage.RETRACTED, by=CONFIGURATION)
    assert goes_on(let_go, [*looks, look(200, State.OK)]) == ([], let_go)
    happened, _ = goes_on(let_go, [*looks, look(200, State.BLOCKED)])
    assert happened == []


def test_what_is_said_of_an_ended_incident_does_not_lengthen_the_time_in_which_it_opens_again() -> None:
    looks, incident = a_standing_block()
    well = [look(minute, State.OK) for minute in (15, 20, 25)]
    happened, ended = goes_on(incident, [*looks, *well])
    assert happened == [EventKind.ENDED]
    at = START + timedelta(minutes=1400)
    linked = apply(ended, record(ended.id, ended.version + 1, at, EventKind.LINKED, Change(reason="see also")))
    happened, now = goes_on(linked, [*looks, *well, *(look(1500 + minute, State.BLOCKED) for minute in (0, 5, 10))])
    assert (happened[0], now.id) == (EventKind.OPENED, "CW-2021-0002")


def test_an_end_by_a_clock_that_was_set_back_is_not_before_the_beginning() -> None:
    _, incident = a_standing_block()
    said = decided(incident, -60, EventKind.REINSTATED, IncidentStage.REINSTATED)
    assert said.onset is not None
    assert said.end is not None
    assert said.end.by == said.onset.by
