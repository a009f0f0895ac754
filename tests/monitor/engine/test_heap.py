"""When checks are due: spread, once in each period, in phase for ever, and never forgotten."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from monitor.core.plan import PlannedCheck
from monitor.engine.heap import CATCH_UP_LEAST, CATCH_UP_RATE, JITTER_CAP, JITTER_SHARE, DueHeap, Scheduled

START = 1_772_366_400.0


def planned(name: str, every: int = 300, last_run: float | None = None) -> PlannedCheck:
    moment = datetime.fromtimestamp(last_run, UTC) if last_run is not None else None
    return PlannedCheck(id=name, probe="website", vantage="berlin", every=every, params={"url": name}, last_run=moment)


def heap_of(*checks: PlannedCheck, now: float = START) -> DueHeap:
    heap = DueHeap()
    heap.adopt(checks, now)
    return heap


def due(heap: DueHeap, now: float) -> list[Scheduled]:
    return list(heap.due(now, limit=1_000_000))


def test_checks_of_one_cadence_are_spread_over_it() -> None:
    heap = heap_of(*(planned(f"site-{number}", last_run=START) for number in range(3000)))
    by_minute = Counter(int(item.due - START) // 60 for item in heap.checks.values())
    assert all(450 < by_minute[minute] < 750 for minute in range(5)), by_minute


def test_a_few_new_checks_are_looked_at_almost_at_once() -> None:
    heap = heap_of(*(planned(f"site-{number}") for number in range(10)))
    assert all(START <= item.due <= START + CATCH_UP_LEAST for item in heap.checks.values())


def test_thousands_of_new_checks_do_not_burst() -> None:
    heap = heap_of(*(planned(f"site-{number}", every=3600) for number in range(6000)))
    busiest = Counter(int(item.due) for item in heap.checks.values()).most_common(1)[0][1]
    assert busiest < 3 * CATCH_UP_RATE
    assert max(item.due for item in heap.checks.values()) <= START + 6000 / CATCH_UP_RATE


def test_a_check_whose_turn_passed_while_the_prober_was_down_is_looked_at_soon() -> None:
    (item,) = heap_of(planned("yearly", every=86400, last_run=START - 2 * 86400)).checks.values()
    assert START <= item.due <= START + CATCH_UP_LEAST
    assert item.missed(START) == 1


def test_a_check_that_was_looked_at_in_this_period_waits_for_the_next() -> None:
    (item,) = heap_of(planned("daily", every=86400, last_run=START)).checks.values()
    assert item.due >= item.start_of(item.period(START) + 1)


def test_a_last_look_from_the_future_is_one_of_now() -> None:
    (item,) = heap_of(planned("site", last_run=START + 1e6)).checks.values()
    assert item.accounted == START


def test_the_same_check_has_the_same_phase_after_a_restart() -> None:
    before = heap_of(planned("site", last_run=START)).checks["site"]
    after = heap_of(planned("site", last_run=START + 7000), now=START + 7000).checks["site"]
    assert (after.start_of(0) - before.start_of(0)) % 300 == 0


def test_an_unchanged_check_goes_on_as_it_was() -> None:
    heap = heap_of(planned("a"), planned("b"))
    a, b = heap.checks["a"], heap.checks["b"]
    heap.adopt([planned("a"), planned("c")], START + 10)
    assert heap.checks["a"] is a
    assert not a.gone
    assert b.gone


def test_a_changed_check_keeps_its_last_look() -> None:
    heap = heap_of(planned("a"))
    old = heap.checks["a"]
    old.accounted = START + 100
    heap.adopt([planned("a", every=86400)], START + 200)
    new = heap.checks["a"]
    assert old.gone
    assert (new.routine.every, new.accounted) == (86400, START + 100)


def test_one_tick_takes_up_no_more_than_its_limit() -> None:
    heap = heap_of(*(planned(f"site-{number}") for number in range(100)))
    late = START + 10_000
    assert len(list(heap.due(late, limit=30))) == 30
    assert len(due(heap, late)) == 70


def test_of_stretched_periods_each_check_sits_out_all_but_one() -> None:
    (item,) = heap_of(planned("site")).checks.values()
    looked = [not item.sits_out(START + 300 * period, 4) for period in range(40)]
    assert sum(looked) == 10
    assert all(sum(looked[first : first + 4]) == 1 for first in range(36))


EVERY = st.integers(min_value=1, max_value=90_000)
STEPS = st.lists(st.floats(min_value=0, max_value=200_000), min_size=1, max_size=25)


@given(cadences=st.lists(EVERY, min_size=1, max_size=8), steps=STEPS)
def test_whatever_the_stalls_each_check_is_due_once_in_a_period_and_stays_in_phase(
    cadences: Sequence[int], steps: Sequence[float]
) -> None:
    heap = heap_of(*(planned(f"site-{number}", every) for number, every in enumerate(cadences)))
    grid = {name: item.start_of(0) for name, item in heap.checks.items()}
    periods: Counter[tuple[str, int]] = Counter()
    now = START
    for step in steps:
        now += step
        was_due = {item.id for item in heap.checks.values() if item.due <= now}
        taken = due(heap, now)
        assert {item.id for item in taken} == was_due, "no check is lost"
        assert len(taken) == len(was_due), "none comes twice"
        periods.update((item.id, item.period(now)) for item in taken)
        for item in heap.checks.values():
            assert item.due > now
        for item in taken:
            jitter = item.due - item.start_of(item.period(item.due))
            assert 0 <= jitter < min(item.routine.every * JITTER_SHARE, JITTER_CAP)
            assert item.start_of(0) == grid[item.id], "phase is kept"
            assert item.period(item.due) == item.period(now) + 1, "whole periods are skipped"
    assert max(periods.values(), default=1) <= 1


@given(every=EVERY, steps=STEPS)
def test_looks_and_gaps_together_account_for_every_period(every: int, steps: Sequence[float]) -> None:
    heap = heap_of(planned("site", every))
    (item,) = heap.checks.values()
    first = item.period(START)
    accounted = {first}
    now = START
    for step in steps:
        now += step
        for _ in due(heap, now):
            missed = item.missed(now)
            before = item.period(item.accounted)
            accounted.update(range(before + 1, before + 1 + missed))
            accounted.add(item.period(now))
            item.accounted = now
    assert accounted == set(range(first, max(accounted) + 1))
    assert item.period(now) - max(accounted) <= 1


@given(st.floats(min_value=0, max_value=4e9), EVERY)
def test_a_moment_lies_in_its_period(moment: float, every: int) -> None:
    (item,) = heap_of(planned("site", every)).checks.values()
    period = item.period(moment)
    assert item.start_of(period) <= moment < item.start_of(period + 1)
