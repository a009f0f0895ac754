"""When a message may travel: at once, after the night, or with the digest. Pure.

- `page` waits for some seconds at most, so that a storm is one message and a sleeper is woken once; quiet hours mean nothing
  to it. The outbox sends along what shares its bundle and would fall due a little later.
- `morning` waits for its group. What would fall into quiet hours travels at their end.
- `digest` waits for the next digest; one that falls into quiet hours is told at their end.

Times of day are those of the route's zone. One that the clock skips is read by the offset before the gap, and of one that it
shows twice the first is meant (RFC 5545, 3.3.5); only quiet hours end with the second, so that no night is cut short.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from monitor.core.kinds import Severity
from monitor.core.subscription import Digest, QuietHours, Route, Weekday

LONGEST_MUTE: Final = timedelta(days=90)
"""How long an incident can be muted at once: what is quiet for ever is forgotten."""

PAGE_WAIT: Final = timedelta(seconds=10)
"""How long that which wakes people waits for its like, at most: a confirmed loss has taken minutes to become one."""

_DAY: Final = timedelta(days=1)

_WEEKDAYS: Final = tuple(Weekday)


def due_at(urgency: Severity, at: datetime, route: Route) -> datetime:
    """When a message of this urgency, owed since `at`, may travel on `route`; never before `at`, in UTC."""
    match urgency:
        case Severity.PAGE:
            return _utc(at) + min(_wait(route), PAGE_WAIT)
        case Severity.DIGEST:
            return after_the_night(next_digest(at, route.digest, route.timezone), route)
        case _:
            return after_the_night(at + _wait(route), route)


def is_held(urgency: Severity, at: datetime, route: Route) -> bool:
    """Whether quiet hours hold back what is owed since `at`."""
    return urgency is not Severity.PAGE and _is_quiet(at + _wait(route), route)


def escalated_at(urgency: Severity, at: datetime, route: Route) -> datetime:
    """When others are told of what is owed since `at`, if nobody has acknowledged it by then.

    Of what wakes people: so long after it happened. Of the rest: so long after the first readers could know of it.
    """
    after = timedelta(seconds=route.escalate.after if route.escalate else 0)
    if urgency is Severity.PAGE:
        return _utc(at) + after
    return after_the_night(due_at(urgency, at, route) + after, route)


def due_once_set_back(due: datetime, step: timedelta, urgency: Severity, route: Route) -> datetime:
    """When a message is due that waited until `due`, once the clock is set back by `step`; in UTC.

    Whoever waits for a while waits no longer for that. Whoever waits for an hour of the day, waits for it.
    """
    if urgency is Severity.PAGE:
        return _utc(due - step)
    if urgency is Severity.DIGEST and next_digest(due, route.digest, route.timezone) == due:
        return _utc(due)
    return after_the_night(due - step, route)


def after_the_night(at: datetime, route: Route) -> datetime:
    """`at`, or the end of the quiet hours in which it falls."""
    while route.quiet_hours and (end := quiet_until(at, route.quiet_hours, route.timezone)):
        at = end
    return _utc(at)


def quiet_until(at: datetime, hours: QuietHours, timezone: str) -> datetime | None:
    """The end of the quiet hours in which `at` falls; None where it falls into none."""
    nights = (_night(day, hours, timezone) for day in _days_around(at, timezone, after=1) if _weekday(day) in hours.days)
    return max((end for start, end in nights if start <= at < end), default=None)


def is_quiet_at(clock: str, hours: QuietHours) -> bool:
    """Whether this time of day lies within the quiet hours of some day."""
    if hours.since < hours.until:
        return hours.since <= clock < hours.until
    return clock >= hours.since or clock < hours.until


def next_digest(at: datetime, digest: Digest, timezone: str) -> datetime:
    """When the next digest is told: not before `at`, and within eight days of it."""
    days = (day for day in _days_around(at, timezone, after=8) if _weekday(day) in digest.days)
    return min(moment for day in days if (moment := _moment(day, digest.at, timezone)) >= at)


def _is_quiet(at: datetime, route: Route) -> bool:
    return route.quiet_hours is not None and quiet_until(at, route.quiet_hours, route.timezone) is not None


def _wait(route: Route) -> timedelta:
    return timedelta(seconds=route.group.wait)


def _night(day: date, hours: QuietHours, timezone: str) -> tuple[datetime, datetime]:
    """The quiet hours that begin on `day`."""
    last = day if hours.since < hours.until else day + _DAY
    return _moment(day, hours.since, timezone), max(_moments(last, hours.until, timezone))


def _moment(day: date, clock: str, timezone: str) -> datetime:
    return _moments(day, clock, timezone)[0]


def _moments(day: date, clock: str, timezone: str) -> tuple[datetime, datetime]:
    """When the clock shows this on that day: twice the same, but where the clock is set back or skips it."""
    local = datetime.combine(day, time.fromisoformat(clock), ZoneInfo(timezone))
    return _utc(local), _utc(local.replace(fold=1))


def _days_around(at: datetime, timezone: str, after: int) -> Iterator[date]:
    """Days of that zone's calendar from two before `at`, since zones have skipped whole days, to so many after it."""
    today = at.astimezone(ZoneInfo(timezone)).date()
    return (today + number * _DAY for number in range(-2, after + 1))


def _weekday(day: date) -> Weekday:
    return _WEEKDAYS[day.weekday()]


def _utc(at: datetime) -> datetime:
    return at.astimezone(UTC)
