"""The strip of a check's recent past."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from api.strips import HEIGHT, WIDTH, strip_of, window_for
from monitor.store import Span
from probes.kit.vocabulary import State
from tests.api.cast import NOW

SINCE = NOW - timedelta(days=7)


def span(state: State, began: float, ended: float | None, last: float | None = None) -> Span:
    """A stretch; times are hours before now."""
    at = [None if hours is None else NOW - timedelta(hours=hours) for hours in (began, ended, last)]
    assert at[0] is not None
    return Span(check="check", state=state, started_at=at[0], ended_at=at[1], last_at=at[2] or at[1] or NOW, looks=1)


def test_time_runs_from_left_to_right_without_seams() -> None:
    well, lost = strip_of([span(State.OK, 168, 84), span(State.BLOCKED, 84, None)], SINCE, NOW).bars
    assert (well.x, well.width) == (0, WIDTH / 2)
    assert (lost.x, lost.width) == (WIDTH / 2, WIDTH / 2)


def test_height_tells_what_colour_tells() -> None:
    drawn = [strip_of([span(state, 1, None)], SINCE, NOW).bars for state in (State.OK, State.UNCLEAR, State.DOWN)]
    heights = [bar.height for bars in drawn for bar in bars]
    assert heights == sorted(set(heights))
    assert heights[-1] == HEIGHT


def test_what_nobody_measured_leaves_a_gap() -> None:
    assert strip_of([span(State.UNMEASURED, 10, None)], SINCE, NOW).bars == ()


def test_a_short_loss_is_not_lost_in_a_long_week() -> None:
    (bar,) = strip_of([span(State.BLOCKED, 0.01, None)], SINCE, NOW).bars
    assert bar.width >= 1
    assert bar.x + bar.width <= WIDTH


def test_the_present_stretch_ends_with_the_newest_look() -> None:
    (bar,) = strip_of([span(State.OK, 168, None, last=84)], SINCE, NOW).bars
    assert bar.width == WIDTH / 2


def test_what_began_before_the_strip_begins_at_its_left_edge_and_what_ended_before_it_is_not_drawn() -> None:
    assert strip_of([span(State.OK, 500, 84)], SINCE, NOW).bars[0].x == 0
    assert strip_of([span(State.OK, 500, 400)], SINCE, NOW).bars == ()


def test_days_are_marked_where_they_begin() -> None:
    days = strip_of([], SINCE, NOW).days
    assert len(days) == 7
    assert days[0] == round(WIDTH / 14, 1)


@given(st.lists(st.tuples(st.sampled_from(State), st.floats(0, 400), st.floats(0, 400)), max_size=20))
def test_no_bar_leaves_the_strip(stretches: list[tuple[State, float, float]]) -> None:
    spans = [span(state, max(one, other), min(one, other)) for state, one, other in stretches]
    for bar in strip_of(spans, SINCE, NOW).bars:
        assert bar.x >= 0
        assert bar.x + bar.width <= WIDTH + 0.2
        assert 0 <= bar.y < HEIGHT
        assert bar.y + bar.height == HEIGHT


def test_a_young_target_fills_its_strip() -> None:
    assert window_for([span(State.OK, 2, None)], NOW) == timedelta(hours=3)
    assert window_for([span(State.OK, 20, None)], NOW) == timedelta(days=1)
    assert window_for([span(State.OK, 500, None)], NOW) == timedelta(days=7)
