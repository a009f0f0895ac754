"""When looks are believed: what interferes all the time, what comes and goes, and what merely happens."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import count
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.incident import Event
from monitor.core.kinds import IncidentStage, Kind
from monitor.core.ledger import Ledger
from monitor.core.verdict import Verdict
from probes.kit.vocabulary import State, Strength
from tests.monitor.core.looking import POLICY, START, at, confirmed, kinds, live, look, looks


@pytest.mark.parametrize("pattern", ["B.", "B..", "BB.", "BB..", "U.", "U..", "UU.", "X..."])
def test_interference_that_lets_some_looks_through_is_confirmed_and_said_to_come_and_go(pattern: str) -> None:
    (incident,) = confirmed(live(looks("..." + pattern * 12)))
    assert incident.intermittent
    assert incident.onset.after == at(10)
    assert incident.onset.by == at(15), "it began where the evidence began to add up"


def test_a_block_that_lets_every_other_look_through_is_confirmed_within_an_hour_or_so() -> None:
    (incident,) = confirmed(live(looks("." + "U." * 12)))
    assert incident.updated - at(5) <= timedelta(minutes=65)


def test_something_that_comes_and_goes_takes_twice_the_time_however_telling_it_is() -> None:
    fast = looks("X.X.X.X", every=3)
    assert confirmed(live(fast)) == []
    assert len(confirmed(live(looks("X.X.X.X.X", every=3)))) == 1


def test_looks_seen_every_half_hour_add_up_as_well() -> None:
    assert len(confirmed(live(looks("BBB", every=30)))) == 1
    (incident,) = confirmed(live(looks("U.." * 12, every=30)))
    assert incident.intermittent


def test_bursts_now_and_then_prove_nothing() -> None:
    month = "UUU" + "." * 40 + "U" + "." * 90 + "BUU" + "." * 60 + "U" + "." * 12 + "UU" + "." * 25
    assert confirmed(live(looks(month * 12))) == []


def test_two_explicit_looks_with_a_good_one_between_are_not_yet_proof() -> None:
    assert confirmed(live(looks("...X.X....."))) == []


def test_a_lucky_look_does_not_end_what_comes_and_goes() -> None:
    happened = live(looks("B." * 12 + "..." + "B." * 4))
    assert "ended" not in kinds(happened)
    assert kinds(live(looks("B." * 12 + "." * 20)))[-1] == "ended"


def test_a_steady_block_ends_with_the_third_good_look_in_ten_minutes() -> None:
    happened = live(looks("." + "B" * 60 + "..."))
    assert kinds(happened) == ["opened", "confirmed", "ended"]
    _, incident = happened[-1]
    assert incident.end is not None
    assert (incident.end.after, incident.end.by) == (at(300), at(305))


def test_good_looks_before_a_network_joined_do_not_make_its_block_leaky() -> None:
    first, second = looks("B" * 24), looks("." * 10 + "B" * 10 + "...", vantage="kazan")
    happened = live([*first, *second])
    assert kinds(happened) == ["opened", "confirmed", "scope_changed", "scope_changed"]
    assert happened[-1][1].vantages == ("moscow",)


def test_a_steady_block_that_begins_to_let_looks_through_is_said_to_come_and_go() -> None:
    happened = live(looks("B" * 20 + ".B" * 12))
    assert kinds(happened) == ["opened", "confirmed", "scope_changed"]
    assert happened[-1][1].intermittent
    assert happened[-1][1].stage is IncidentStage.CONFIRMED


def test_a_single_failure_after_the_end_does_not_bring_back_what_came_and_went() -> None:
    happened = live(looks("B." * 12 + "." * 40 + "U"))
    assert kinds(happened)[-1] == "ended"


def test_silence_neither_confirms_nor_ends() -> None:
    blocked = looks("BB")
    much_later = looks("B", start=600)
    assert confirmed(live([*blocked, *much_later])) == []
    confirmed_before = looks("BBB")
    good_after_a_night = looks("..", start=600)
    assert kinds(live([*confirmed_before, *good_after_a_night])) == ["opened", "confirmed"]


def test_rare_looks_add_up_although_silence_lies_between_them() -> None:
    """Public measurements may come every two hours: their cadence is not ours."""
    assert len(confirmed(live(looks("....BBBB", every=120)))) == 1
    assert len(confirmed(live(looks("....UUUUUUU", every=120)))) == 1
    assert confirmed(live(looks("....UU.U.UU.", every=120))) == []


def test_looks_a_day_apart_never_add_up() -> None:
    assert confirmed(live(looks("B" * 20, every=1440))) == []


def test_one_network_of_twelve_that_fails_steadily_is_never_outvoted() -> None:
    well = [one for number in range(11) for one in looks("." * 12, vantage=f"network-{number:02d}")]
    happened = live([*well, *looks("...BBB......", vantage="tele2")])
    (incident,) = confirmed(happened)
    assert incident.vantages == ("tele2",)


@pytest.mark.parametrize("pattern", ["B." * 15, "U.." * 15])
def test_one_network_of_twelve_in_which_it_comes_and_goes_is_never_outvoted(pattern: str) -> None:
    well = [one for number in range(11) for one in looks("." * len(pattern), vantage=f"network-{number:02d}")]
    (incident,) = confirmed(live([*well, *looks(pattern, vantage="tele2")]))
    assert incident.vantages == ("tele2",)
    assert incident.intermittent


def test_a_look_that_arrives_late_is_put_where_it_belongs() -> None:
    ledger = Ledger()
    live([look(0, State.BLOCKED), look(10, State.BLOCKED)], ledger=ledger)
    step = ledger.take([look(5, State.BLOCKED)], POLICY, at(12), lambda: "CW-2021-0002")
    ((_, incident),) = step.events
    assert (incident.stage, incident.onset.by) == (IncidentStage.CONFIRMED, START)


GAPS = st.integers(1, 60)
LETTERS = st.sampled_from(".BUX?")
COURSES = st.lists(st.tuples(GAPS, LETTERS, st.sampled_from(["moscow", "kazan"])), max_size=60)


def told(steps: Sequence[tuple[int, str, str]]) -> list[Verdict]:
    minute, course = 0, []
    for gap, letter, vantage in steps:
        minute += gap
        course += looks(letter, start=minute, vantage=vantage)
    return course


def at_once(course: Sequence[Verdict]) -> list[Event]:
    numbers = count(1)
    step = Ledger().take(course, POLICY, START + timedelta(days=3), lambda: f"CW-2021-{next(numbers):04d}")
    return [event for event, _ in step.events]


@given(COURSES, st.randoms(use_true_random=False), st.integers(1, 20))
def test_neither_the_order_within_a_batch_nor_its_size_matters(
    steps: list[tuple[int, str, str]], random: Random, size: int
) -> None:
    course = told(steps)
    shuffled = random.sample(course, len(course))
    assert at_once(shuffled) == at_once(course)
    assert kinds(live(course, size=size)) == kinds(live(course))


@given(COURSES, st.integers(0, 60))
def test_a_restart_at_any_moment_gives_the_same_result(steps: list[tuple[int, str, str]], moment: int) -> None:
    course = told(steps)
    through = Ledger()
    live(course[:moment], ledger=through)
    restarted = Ledger(course[:moment], through.incidents)
    assert kinds(live(course[moment:], ledger=through)) == kinds(live(course[moment:], ledger=restarted))


@given(COURSES)
def test_looks_handed_over_again_change_nothing(steps: list[tuple[int, str, str]]) -> None:
    course = told(steps)
    ledger = Ledger()
    once = live(course, ledger=ledger)
    twice = live([*course, *course])
    assert kinds(twice) == kinds(once)


@given(COURSES, st.lists(st.tuples(st.integers(0, 600), st.sampled_from(list(State)))))
def test_weak_looks_never_change_anything(steps: list[tuple[int, str, str]], weak: list[tuple[int, State]]) -> None:
    course = told(steps)
    hints = [look(minute + 0.5, state, strength=Strength.WEAK) for minute, state in weak]
    with_hints = live([*course, *hints])
    assert [(event.kind, event.at) for event, _ in with_hints] == [(event.kind, event.at) for event, _ in live(course)]


@given(st.lists(st.integers(3, 60), min_size=2, max_size=12), st.text("BX", min_size=13, max_size=13), st.text(".U?", max_size=4))
def test_a_steady_block_is_confirmed_by_the_third_distinct_look_over_ten_minutes(
    gaps: list[int], letters: str, past: str
) -> None:
    before = looks(past + ".", every=5, start=-60)
    minutes = [sum(gaps[:index]) for index in range(len(gaps) + 1)]
    block = [one for minute, letter in zip(minutes, letters, strict=False) for one in looks(letter, start=minute)]
    happened = live([*before, *block])
    due = next((minute for index, minute in enumerate(minutes) if index >= 2 and minute >= 10), None)
    if due is not None:
        assert any(incident.kind is Kind.BLOCKING and incident.updated <= at(due) for incident in confirmed(happened))


@given(st.lists(st.tuples(st.sampled_from("BU"), st.integers(20, 200)), max_size=15))
def test_isolated_failures_are_never_confirmed(failures: list[tuple[str, int]]) -> None:
    assert confirmed(live(looks("".join(letter + "." * pause for letter, pause in failures)))) == []


@given(COURSES, st.lists(st.tuples(st.integers(0, 3600), st.sampled_from(["moscow", "kazan"])), max_size=10))
def test_more_good_looks_never_confirm_anything_earlier(steps: list[tuple[int, str, str]], good: list[tuple[int, str]]) -> None:
    course = told(steps)
    more = [one for minute, vantage in good for one in looks(".", start=minute + 0.25, vantage=vantage)]
    without, with_more = confirmed(live(course)), confirmed(live([*course, *more]))
    if with_more:
        assert without
        assert min(one.updated for one in without) <= min(one.updated for one in with_more)
