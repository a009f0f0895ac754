"""Times in words. They are UTC, and no more exact than the looks were."""

from datetime import UTC, datetime

from babel.dates import format_date

from monitor.core.incident import Bracket
from monitor.core.model import Language
from monitor.core.phrases.table import Times


def when(bracket: Bracket, times: Times, language: Language) -> str:
    """When something happened: between two looks, or at the latest with the first that saw it."""
    by = bracket.by.astimezone(UTC)
    if bracket.after is None:
        return times.at_latest.format(by=_moment(by, times, language))
    after = bracket.after.astimezone(UTC)
    if f"{after:%F %H:%M}" == f"{by:%F %H:%M}":
        return times.at.format(day=_day(by, times, language), at=f"{by:%H:%M}")
    if after.date() == by.date():
        return times.between.format(day=_day(by, times, language), after=f"{after:%H:%M}", by=f"{by:%H:%M}")
    return times.between_days.format(after=_moment(after, times, language), by=_moment(by, times, language))


def _moment(at: datetime, times: Times, language: Language) -> str:
    return f"{_day(at, times, language)}, {at:%H:%M}"


def _day(at: datetime, times: Times, language: Language) -> str:
    return format_date(at.date(), times.day, locale=language)
