"""Dates as sources give them are read exactly, never made more exact, and told in words."""
# ruff: noqa: RUF001 (Cyrillic letters are what Russian is written in)

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.edtf import NotADate, checked, is_approximate, span, spoken, spoken_bounds

days = st.dates(min_value=date(1900, 1, 1), max_value=date(2100, 12, 31))
approximately = st.sampled_from(["", "~"])


@st.composite
def points(draw: st.DrawFn) -> str:
    """A year, a month or a day, sure or not."""
    length = draw(st.sampled_from([4, 7, 10]))
    return draw(days).isoformat()[:length] + draw(approximately)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "first", "after"),
    [
        ("2021", "2021-01-01", "2022-01-01"),
        ("2021-12", "2021-12-01", "2022-01-01"),
        ("2024-02-29", "2024-02-29", "2024-03-01"),
        ("2022~", "2022-01-01", "2023-01-01"),
        ("2021/2022-03", "2021-01-01", "2022-04-01"),
    ],
)
def test_a_date_lies_between_the_moments_that_it_covers(text: str, first: str, after: str) -> None:
    assert span(text) == (moment(first), moment(after))


def test_a_stretch_may_be_open_on_one_side() -> None:
    assert span("2021-12-25/..") == (moment("2021-12-25"), None)
    assert span("../2021-12-25") == (None, moment("2021-12-26"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "..",
        "../..",
        "2021-13",
        "2023-02-29",
        "21",
        "2021-1",
        "2021/2020",
        "2021/2022/2023",
        "25.12.2021",
        "2021-12-25T10:00",
        "~2021",
        "0000",
        "9999",
        "٢٠٢١",
        "2021\n",
    ],
)
def test_what_is_no_such_date_is_refused_with_how_to_write_one(text: str) -> None:
    with pytest.raises(NotADate, match="is not a date: write 2021"):
        checked(text)


@given(st.text(max_size=30))
def test_no_text_fails_otherwise_than_by_being_no_date(text: str) -> None:
    try:
        first, after = span(text)
    except NotADate:
        return
    assert first is None or after is None or first < after


@given(days)
def test_a_day_lies_within_its_month_and_its_month_within_its_year(day: date) -> None:
    text = day.isoformat()
    spans = [span(text[:length]) for length in (10, 7, 4)]
    assert spans[0][1] - spans[0][0] == timedelta(days=1)
    for inner, outer in pairwise(spans):
        assert outer[0] <= inner[0] < inner[1] <= outer[1]


@given(points(), points())
def test_a_stretch_reaches_from_the_beginning_of_its_first_to_the_end_of_its_last_date(first: str, last: str) -> None:
    since, until = span(first)[0], span(last)[1]
    if since < until:
        assert span(f"{first}/{last}") == (since, until)
    else:
        with pytest.raises(NotADate):
            span(f"{first}/{last}")


@given(points())
def test_what_is_approximate_says_so_aloud(text: str) -> None:
    assert spoken(text, "en").startswith("around ") == is_approximate(text)
    assert spoken(text, "ru").startswith("около ") == is_approximate(text)


@given(points(), st.sampled_from(["{}", "{}/..", "../{}"]))
def test_no_part_is_told_that_was_not_given(text: str, frame: str) -> None:
    for language in ("en", "ru"):
        figures = [word for word in spoken(frame.format(text), language).split() if word.isdigit()]
        assert len(figures) == (2 if len(text.rstrip("~")) == 10 else 1)
        assert text[:4].lstrip("0") in figures


@pytest.mark.parametrize(
    ("text", "english", "russian"),
    [
        ("2021", "2021", "2021 год"),
        ("2022~", "around 2022", "около 2022 года"),
        ("2023-12", "December 2023", "декабрь 2023 года"),
        ("2021-12-25", "25 December 2021", "25 декабря 2021 года"),
        ("../2021-12-25", "by 25 December 2021", "не позднее 25 декабря 2021 года"),
        ("2022-03/..", "since March 2022", "с марта 2022 года"),
        ("2021/2022-03", "from 2021 to March 2022", "с 2021 года по март 2022 года"),
        ("2021~/2022", "from around 2021 to 2022", "примерно с 2021 года по 2022 год"),
        ("../2022~", "by around 2022", "примерно не позднее 2022 года"),
    ],
)
def test_a_date_is_told_as_people_say_it(text: str, english: str, russian: str) -> None:
    assert (spoken(text, "en"), spoken(text, "ru")) == (english, russian)


@pytest.mark.parametrize(
    ("not_before", "not_after", "english", "russian"),
    [
        (
            "2021",
            "2021-12-25",
            "not before 2021, not after 25 December 2021",
            "не ранее 2021 года, не позднее 25 декабря 2021 года",
        ),
        ("2024-01", None, "not before January 2024", "не ранее января 2024 года"),
        (None, "2022~", "not after about 2022", "не позднее чем около 2022 года"),
        ("2021/2022", "../2023", "not before 2021, not after 2023", "не ранее 2021 года, не позднее 2023 года"),
        (None, None, "", ""),
    ],
)
def test_bounds_are_told_as_what_they_are(not_before: str | None, not_after: str | None, english: str, russian: str) -> None:
    assert spoken_bounds(not_before, not_after, "en") == english
    assert spoken_bounds(not_before, not_after, "ru") == russian
