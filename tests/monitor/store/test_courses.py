"""How looks move a check, and fill its hours."""

from datetime import timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from monitor.store.courses import Course, hours_of, span_of
from monitor.store.records import Judged, Span, Standing
from probes.kit.vocabulary import State
from tests.monitor.store.cast import MOSCOW, NOON, a_look, after


def follow(*looks: Judged, standing: Standing | None = None) -> Course:
    course = Course(MOSCOW.id, standing)
    course.follow(look.verdict for look in looks)
    return course


def standing_of(course: Course) -> Standing:
    assert course.standing is not None
    return course.standing


def test_the_first_look_begins_the_first_span() -> None:
    course = follow(a_look(NOON, State.OK))
    assert course.ended == []
    standing = standing_of(course)
    assert (standing.state, standing.since, standing.looks, standing.measured_since) == (State.OK, NOON, 1, NOON)


def test_equal_looks_lengthen_a_span_and_another_state_ends_it() -> None:
    course = follow(a_look(NOON), a_look(after(5)), a_look(after(10), State.BLOCKED))
    assert course.ended == [Span(check=MOSCOW.id, state=State.OK, started_at=NOON, last_at=after(5), ended_at=after(10), looks=2)]
    standing = standing_of(course)
    assert (standing.state, standing.since, standing.looks) == (State.BLOCKED, after(10), 1)


def test_a_later_batch_adds_to_the_span_in_which_the_check_stood() -> None:
    before = standing_of(follow(a_look(NOON)))
    standing = standing_of(follow(a_look(after(5)), standing=before))
    assert (standing.since, standing.last_at, standing.looks) == (NOON, after(5), 2)


def test_a_later_batch_ends_the_span_in_which_the_check_stood() -> None:
    before = standing_of(follow(a_look(NOON), a_look(after(5))))
    (well,) = follow(a_look(after(10), State.DOWN), standing=before).ended
    assert (well.started_at, well.last_at, well.ended_at, well.looks) == (NOON, after(5), after(10), 2)


def test_a_gap_is_a_span_of_its_own_and_what_was_known_before_stays_known() -> None:
    during = follow(a_look(NOON, State.BLOCKED), a_look(after(5), State.UNMEASURED))
    assert [span.state for span in during.ended] == [State.BLOCKED]
    standing = standing_of(during)
    assert (standing.state, standing.since) == (State.UNMEASURED, after(5))
    assert (standing.measured_state, standing.measured_since, standing.measured_at) == (State.BLOCKED, NOON, NOON)


def test_a_gap_closes_nothing() -> None:
    course = follow(a_look(NOON, State.BLOCKED), a_look(after(5), State.UNMEASURED), a_look(after(10), State.BLOCKED))
    standing = standing_of(course)
    assert standing.since == after(10)
    assert standing.measured_since == NOON


def test_nothing_measured_yet_is_known_as_nothing() -> None:
    standing = standing_of(follow(a_look(NOON, State.UNMEASURED)))
    assert (standing.measured_state, standing.measured_since, standing.measured_at) == (None, None, None)


def test_a_look_that_arrives_late_rewrites_nothing() -> None:
    before = standing_of(follow(a_look(after(10), State.BLOCKED)))
    course = Course(MOSCOW.id, before)
    course.follow([a_look(after(5), State.OK).verdict])
    assert (course.standing, course.newest, course.ended) == (before, None, [])


def test_a_gap_counts_in_its_hour_as_missed_and_never_as_up_or_down() -> None:
    looks = [a_look(NOON), a_look(after(10), State.UNMEASURED, missed=3), a_look(after(20), State.UNMEASURED)]
    hours = {hour.state: hour for hour in hours_of(looks)}
    assert hours.keys() == {State.OK, State.UNMEASURED}
    assert (hours[State.OK].looks, hours[State.OK].missed) == (1, 0)
    assert (hours[State.UNMEASURED].looks, hours[State.UNMEASURED].missed) == (2, 4)


def test_an_hour_begins_on_the_full_hour_of_utc() -> None:
    hours = hours_of([a_look(after(59)), a_look(after(60))])
    assert [hour.hour for hour in hours] == [NOON, after(60)]


def test_an_hour_sums_its_durations() -> None:
    (hour,) = hours_of([a_look(NOON, duration=0.25), a_look(after(1), duration=0.75)])
    assert (hour.duration_sum, hour.duration_max) == (1.0, 0.75)


states = st.sampled_from([State.OK, State.BLOCKED, State.DOWN, State.UNMEASURED])


@given(st.lists(states, min_size=1, max_size=30), st.data())
def test_spans_tile_the_time_however_the_looks_were_batched(seen: list[State], data: st.DataObject) -> None:
    looks = [a_look(NOON + timedelta(minutes=minute), state) for minute, state in enumerate(seen)]
    in_order: list[Span] = []
    standing = None
    while looks:
        size = data.draw(st.integers(1, len(looks)))
        batch, looks = looks[:size], looks[size:]
        course = follow(*data.draw(st.permutations(batch)), standing=standing)
        standing = course.standing
        in_order.extend(course.ended)
    assert standing is not None
    in_order.append(span_of(MOSCOW.id, standing, ended_at=None))

    assert sum(span.looks for span in in_order) == len(seen)
    assert all(one.ended_at == following.started_at for one, following in pairwise(in_order))
    assert all(one.state is not following.state for one, following in pairwise(in_order))
    assert [span.state for span in in_order for _ in range(span.looks)] == seen
