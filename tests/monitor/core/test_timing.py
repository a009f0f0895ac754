"""When a message may travel: nobody is woken for what can wait, and nothing waits for longer than it must."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.kinds import Severity
from monitor.core.subscription import Digest, Escalation, Grouping, QuietHours, Route, Weekday
from monitor.core.timing import PAGE_WAIT, due_at, due_once_set_back, escalated_at, is_held, is_quiet_at, next_digest, quiet_until

NIGHT = QuietHours(since="22:00", until="08:00")
VILNIUS = "Europe/Vilnius"
ZONES = (
    "UTC",
    VILNIUS,
    "Asia/Tbilisi",
    "Asia/Kathmandu",
    "America/New_York",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Africa/Casablanca",
)


def route(timezone: str = VILNIUS, quiet: QuietHours | None = NIGHT, wait: int = 30, digest: Digest | None = None) -> Route:
    group = Grouping.model_construct(wait=wait)
    return Route(id="night", channels=("desk",), timezone=timezone, quiet_hours=quiet, group=group, digest=digest or Digest())


def moment(text: str, timezone: str = VILNIUS) -> datetime:
    """A moment as the clock on the wall shows it."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(timezone))


def due(urgency: Severity, at: str, **how: Any) -> str:
    """When it is told, as the same clock shows it."""
    one = route(**how)
    return f"{due_at(urgency, moment(at, one.timezone), one).astimezone(ZoneInfo(one.timezone)):%Y-%m-%d %H:%M:%S}"


def test_what_wakes_people_waits_for_seconds_at_any_hour() -> None:
    at = moment("2026-03-01 03:00:07")
    assert due_at(Severity.PAGE, at, route()) == moment("2026-03-01 03:00:17")
    assert due_at(Severity.PAGE, at, route(wait=3600)) - at <= PAGE_WAIT
    assert due_at(Severity.PAGE, at, route(wait=0)) == at


def test_what_can_wait_is_told_in_the_morning() -> None:
    assert due(Severity.MORNING, "2026-03-01 23:40:00") == "2026-03-02 08:00:00"
    assert due(Severity.MORNING, "2026-03-02 03:10:00") == "2026-03-02 08:00:00"


def test_by_day_it_waits_for_its_group_only() -> None:
    assert due(Severity.MORNING, "2026-03-02 12:00:01") == "2026-03-02 12:00:31"
    assert due(Severity.MORNING, "2026-03-02 12:00:29", wait=0) == "2026-03-02 12:00:29"
    assert due(Severity.MORNING, "2026-03-02 12:00:29", wait=300) == "2026-03-02 12:05:29"


def test_what_would_be_told_just_after_the_night_has_begun_waits_for_the_morning() -> None:
    assert due(Severity.MORNING, "2026-03-01 21:59:50") == "2026-03-02 08:00:00"
    assert is_held(Severity.MORNING, moment("2026-03-01 21:59:50"), route())
    assert not is_held(Severity.MORNING, moment("2026-03-01 21:59:20"), route())
    assert not is_held(Severity.PAGE, moment("2026-03-01 23:00:00"), route())


def test_the_night_ends_on_the_minute() -> None:
    assert quiet_until(moment("2026-03-02 07:59:59"), NIGHT, VILNIUS) == moment("2026-03-02 08:00")
    assert quiet_until(moment("2026-03-02 08:00:00"), NIGHT, VILNIUS) is None
    assert quiet_until(moment("2026-03-02 22:00:00"), NIGHT, VILNIUS) == moment("2026-03-03 08:00")


def test_quiet_hours_may_lie_within_a_day() -> None:
    siesta = QuietHours(since="13:00", until="15:30")
    assert due(Severity.MORNING, "2026-03-02 14:00:00", quiet=siesta) == "2026-03-02 15:30:00"
    assert due(Severity.MORNING, "2026-03-02 23:00:00", quiet=siesta) == "2026-03-02 23:00:30"


def test_days_are_those_on_which_the_night_begins() -> None:
    """The second of March 2026 is a Monday."""
    weekend = QuietHours(since="20:00", until="09:00", days=(Weekday.FRIDAY, Weekday.SATURDAY, Weekday.SUNDAY))
    assert due(Severity.MORNING, "2026-03-02 07:00:00", quiet=weekend) == "2026-03-02 09:00:00"
    assert due(Severity.MORNING, "2026-03-03 07:00:00", quiet=weekend) == "2026-03-03 07:00:30"
    assert due(Severity.MORNING, "2026-03-06 23:00:00", quiet=weekend) == "2026-03-07 09:00:00"


@pytest.mark.parametrize(
    ("at", "until"),
    [("2026-03-28 23:00", "2026-03-29T05:00:00+00:00"), ("2026-10-24 23:00", "2026-10-25T06:00:00+00:00")],
    ids=["clocks forward", "clocks back"],
)
def test_a_night_in_which_the_clocks_change_ends_by_the_clock_on_the_wall(at: str, until: str) -> None:
    assert due_at(Severity.MORNING, moment(at), route()).isoformat() == until


def test_a_time_that_the_clock_skips_is_read_by_the_offset_before_the_gap() -> None:
    """In Vilnius 03:30 did not exist on that night: at 03:00 it was 04:00."""
    short = QuietHours(since="01:00", until="03:30")
    assert due(Severity.MORNING, "2026-03-29 02:00:00", quiet=short) == "2026-03-29 04:30:00"
    assert next_digest(moment("2026-03-29 02:00"), Digest(at="03:30"), VILNIUS) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


def test_a_time_that_the_clock_shows_twice_ends_the_night_the_second_time_and_is_one_digest() -> None:
    """In Vilnius the clock showed 03:30 twice on that night, the first time at 00:30 UTC."""
    short = QuietHours(since="01:00", until="03:30")
    assert due_at(Severity.MORNING, moment("2026-10-25 02:00"), route(quiet=short)) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    digest = Digest(at="03:30")
    assert next_digest(moment("2026-10-25 02:00"), digest, VILNIUS) == first
    assert next_digest(first + timedelta(seconds=1), digest, VILNIUS) == datetime(2026, 10, 26, 1, 30, tzinfo=UTC)


def test_a_zone_that_skips_a_whole_day_loses_nothing() -> None:
    """Samoa had no 30 December 2011."""
    apia = {"timezone": "Pacific/Apia"}
    assert due(Severity.MORNING, "2011-12-29 23:00:00", **apia) == "2011-12-31 08:00:00"
    friday = Digest(at="09:00", days=(Weekday.FRIDAY,))
    assert due(Severity.DIGEST, "2011-12-29 12:00:00", **apia, digest=friday) == "2011-12-31 09:00:00"


def test_what_is_in_no_hurry_waits_for_the_digest() -> None:
    weekly = Digest(at="10:30", days=(Weekday.MONDAY,))
    assert due(Severity.DIGEST, "2026-03-02 08:30:00") == "2026-03-02 09:00:00"
    assert due(Severity.DIGEST, "2026-03-02 09:00:01") == "2026-03-03 09:00:00"
    assert due(Severity.DIGEST, "2026-03-02 10:31:00", digest=weekly) == "2026-03-09 10:30:00"
    assert due(Severity.DIGEST, "2026-03-02 08:30:00", digest=Digest(at="06:00")) == "2026-03-03 08:00:00"


def test_others_are_told_so_long_after_the_first_could_know() -> None:
    escalating = route().model_copy(update={"escalate": Escalation(channels=("boss",))})
    at = moment("2026-03-01 23:40:00")
    assert escalated_at(Severity.PAGE, at, escalating) == moment("2026-03-01 23:55:00")
    assert escalated_at(Severity.MORNING, at, escalating) == moment("2026-03-02 08:15:00")


def test_a_time_of_day_lies_in_the_night_or_does_not() -> None:
    assert [one for one in ("07:59", "08:00", "21:59", "22:00", "00:00") if is_quiet_at(one, NIGHT)] == [
        "07:59",
        "22:00",
        "00:00",
    ]
    assert is_quiet_at("14:00", QuietHours(since="13:00", until="15:00"))


def test_quiet_hours_that_never_end_are_refused() -> None:
    with pytest.raises(ValueError, match="whole day"):
        QuietHours(since="08:00", until="08:00")


clocks = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.integers(0, 59))
days = st.lists(st.sampled_from(Weekday), min_size=1, unique=True).map(tuple)
nights = st.builds(
    lambda both, on: QuietHours(since=both[0], until=both[1], days=on),
    st.tuples(clocks, clocks).filter(lambda both: both[0] != both[1]),
    days,
)
routes = st.builds(
    route,
    timezone=st.sampled_from(ZONES),
    quiet=st.none() | nights,
    wait=st.integers(0, 3600),
    digest=st.builds(Digest, at=clocks, days=days),
)
moments = st.timedeltas(timedelta(), timedelta(days=27 * 365)).map(lambda since: datetime(2011, 1, 1, tzinfo=UTC) + since)


@given(urgency=st.sampled_from(Severity), at=moments, one=routes)
def test_nothing_is_told_before_it_happened(urgency: Severity, at: datetime, one: Route) -> None:
    assert due_at(urgency, at, one) >= at
    assert escalated_at(urgency, at, one) >= at


@given(at=moments, one=routes)
def test_no_hour_is_quiet_enough_to_hold_back_what_wakes_people(at: datetime, one: Route) -> None:
    assert due_at(Severity.PAGE, at, one) - at <= min(PAGE_WAIT, timedelta(seconds=one.group.wait))


@given(urgency=st.sampled_from((Severity.MORNING, Severity.DIGEST)), at=moments, one=routes)
def test_what_can_wait_never_disturbs_the_night(urgency: Severity, at: datetime, one: Route) -> None:
    told = due_at(urgency, at, one)
    assert one.quiet_hours is None or quiet_until(told, one.quiet_hours, one.timezone) is None
    assert told - at <= timedelta(days=10)


@given(at=moments, one=routes)
def test_a_digest_comes_at_its_hour_on_its_day(at: datetime, one: Route) -> None:
    """But for hours and days that the clock skips."""
    told = next_digest(at, one.digest, one.timezone).astimezone(ZoneInfo(one.timezone))
    as_written = f"{told:%H:%M}" == one.digest.at and list(Weekday)[told.weekday()] in one.digest.days
    assert as_written or told.utcoffset() != (told - timedelta(days=1)).utcoffset()


@given(urgency=st.sampled_from(Severity), at=moments, one=routes, minutes=st.integers(1, 600))
def test_a_clock_that_is_set_back_neither_keeps_anybody_waiting_nor_disturbs_the_night(
    urgency: Severity, at: datetime, one: Route, minutes: int
) -> None:
    step, due = timedelta(minutes=minutes), due_at(urgency, at, one)
    anew = due_once_set_back(due, step, urgency, one)
    assert anew <= due
    if urgency is Severity.PAGE:
        assert anew == due - step
    elif one.quiet_hours:
        assert quiet_until(anew, one.quiet_hours, one.timezone) is None


def test_what_waits_for_the_morning_or_the_digest_waits_for_it_though_the_clock_is_set_back() -> None:
    asleep = route(quiet=QuietHours(since="22:00", until="08:00"), timezone="UTC", digest=Digest(at="18:00"))
    hour = timedelta(hours=1)
    morning, evening = datetime(2022, 3, 4, 8, tzinfo=UTC), datetime(2022, 3, 4, 18, tzinfo=UTC)
    assert due_once_set_back(morning, hour, Severity.MORNING, asleep) == morning
    assert due_once_set_back(evening, hour, Severity.DIGEST, asleep) == evening
    assert due_once_set_back(evening, hour, Severity.MORNING, asleep) == evening - hour
    assert due_once_set_back(morning, hour, Severity.PAGE, asleep) == morning - hour


@given(at=moments, later=st.integers(0, 86400), one=routes, urgency=st.sampled_from(Severity))
def test_of_two_alike_the_later_never_overtakes(at: datetime, later: int, one: Route, urgency: Severity) -> None:
    assert due_at(urgency, at, one) <= due_at(urgency, at + timedelta(seconds=later), one)
