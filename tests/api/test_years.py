"""Years at a glance: counted honestly, and drawn so that nothing leaves the drawing."""

from hypothesis import given
from hypothesis import strategies as st

from api.years import HEIGHT, Year, columns_of, years_of
from monitor.core.kinds import EventKind, IncidentStage
from tests.api import cast
from tests.api.routes.test_timeline import stated

YEARS = st.lists(
    st.builds(Year, st.integers(1, 9998), st.integers(0, 500), st.integers(0, 500), st.integers(1, 500)),
    unique_by=lambda one: one.year,
    min_size=1,
    max_size=60,
)


def test_every_incident_is_counted_once_in_its_year() -> None:
    measured, ordered, undated = cast.suspicion(1), stated(2, "An order", "2021/2023"), stated(3, "A list")
    found = years_of(one.incident for one in (measured, ordered, undated))
    assert found == [Year(2026, 1, 0, 0), Year(2021, 0, 1, 0), Year(None, 0, 1, 0)]


def test_what_was_retracted_is_not_counted() -> None:
    story = cast.suspicion(1).then(EventKind.RETRACTED, cast.NOW, stage=IncidentStage.RETRACTED)
    assert years_of([story.incident]) == []


def test_where_nothing_has_a_date_nothing_is_drawn() -> None:
    assert columns_of([Year(None, 0, 3, 0)]) is None
    assert columns_of([]) is None


def test_a_single_year_does_not_fill_the_drawing() -> None:
    drawn = columns_of([Year(2026, 1, 0, 0)])
    assert drawn is not None
    assert (drawn.first, drawn.last) == (2019, 2026)
    assert drawn.bars[0].width < drawn.width / 8


@given(YEARS)
def test_every_bar_stays_within_the_drawing_and_the_highest_reaches_its_top(years: list[Year]) -> None:
    drawn = columns_of(years)
    assert drawn is not None
    assert all(bar.x >= 0 and bar.x + bar.width <= drawn.width for bar in drawn.bars)
    assert all(bar.y >= -0.2 and bar.y + bar.height <= HEIGHT + 0.2 for bar in drawn.bars)
    assert min(bar.y for bar in drawn.bars) == 0
    assert drawn.last == max(one.year or 0 for one in years)
    assert drawn.last - drawn.first < 30
