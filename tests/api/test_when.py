"""When an incident happened, as far as anybody knows."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.when import When, when
from monitor.core.descriptive import Basis
from monitor.core.dossier import Bounds, DatedStatement, Dates, Dossier
from monitor.core.model import Words
from tests.api import cast


def day(year: int, month: int = 1, day: int = 1) -> datetime:
    return datetime(year, month, day, tzinfo=UTC)


def stated(date: str | None, **bounds: str) -> When | None:
    dates = Dates(announced=DatedStatement(date=date, basis=Basis.MEDIA)) if date else Dates()
    known = Bounds(**bounds, derived_from="the report") if bounds else None
    return when(cast.attested(1, dossier=Dossier(title=Words(en="A case"), dates=dates, bounds=known)).incident)


@pytest.mark.parametrize(
    ("date", "start", "end"),
    [
        ("2021", day(2021), day(2022)),
        ("2021-12", day(2021, 12), day(2022)),
        ("2021-12-25", day(2021, 12, 25), day(2021, 12, 26)),
        ("2021~", day(2021), day(2022)),
        ("2021/2022-03", day(2021), day(2022, 4)),
        ("2021/..", day(2021), day(2022)),
        ("../2021", day(2021), day(2022)),
    ],
)
def test_a_stated_date_is_as_long_as_it_is_vague(date: str, start: datetime, end: datetime) -> None:
    assert stated(date) == When(start, end)


def test_what_only_other_dates_bound_says_so() -> None:
    assert stated(None, not_before="2021", not_after="2021-12-25") == When(day(2021), day(2021, 12, 26), is_derived=True)
    assert stated(None, not_after="2022-06-07") == When(day(2022, 6, 7), day(2022, 6, 8), is_derived=True)
    assert stated("2021", not_after="2022-06-07") == When(day(2021), day(2022))


def test_bounds_that_contradict_each_other_break_nothing() -> None:
    found = stated(None, not_before="2023", not_after="2021")
    assert found == When(day(2023), day(2023), is_derived=True)


def test_what_nobody_dates_has_no_place() -> None:
    assert stated(None) is None
    assert when(cast.attested(1, dossier=None).incident) is None
    assert when(cast.suspicion(1, onset=None).incident) is None


def test_our_own_looks_tell_the_moment() -> None:
    began = cast.NOW - timedelta(hours=4)
    assert when(cast.suspicion(1).incident) == When(began, began)


@given(st.datetimes(), st.datetimes(), st.integers(0, 1000))
def test_years_that_follow_one_another_leave_no_moment_out(since: datetime, at: datetime, days: int) -> None:
    since, at = since.replace(tzinfo=UTC), at.replace(tzinfo=UTC)
    try:
        found = When(at, at + timedelta(days=days))
    except OverflowError:
        return
    assert found.meets(None, since) or found.meets(since, None)
    assert not (days == 0 and found.meets(None, since) and found.meets(since, None))
