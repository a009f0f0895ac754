"""Dates as sources give them: a year, a month, a day, a stretch, more or less (EDTF, the subset of ISO 8601-2 in use here).

`2021`, `2021-12`, `2021-12-25`, `2021/2022-03`, `2021-12-25/..` (since), `../2022` (until); a trailing `~` means approximately.
A date is never made more exact than its source: whoever needs moments asks for the two between which it lies.
"""

# ruff: noqa: RUF001 (Cyrillic letters are what Russian is written in)

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Annotated, Final

from babel.dates import format_date
from pydantic import AfterValidator

from monitor.core.model import Language

_POINT: Final = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?(~)?", re.ASCII)
_OPEN: Final = ".."


class NotADate(ValueError):
    """The text is no date of this subset; the message says how one is written."""

    def __init__(self, text: str) -> None:
        super().__init__(f"`{text[:40]}` is not a date: write 2021, 2021-12, 2021-12-25, a stretch (2021/2022-03), or 2022~")


def checked(text: str) -> str:
    """`text`, if it is such a date. Raises `NotADate`."""
    span(text)
    return text


Edtf = Annotated[str, AfterValidator(checked)]
"""A date as its source gives it."""


@lru_cache(maxsize=4096)  # lists are sorted and counted by date, and the same dates come again and again
def span(text: str) -> tuple[datetime | None, datetime | None]:
    """The moments between which the date lies: from the first inclusive to the second exclusive, UTC; None: open on that side.

    What is approximate is taken at its word here; `is_approximate` says so. Raises `NotADate`.
    """
    parts = text.split("/")
    if len(parts) > 2 or all(part == _OPEN for part in parts):
        raise NotADate(text)
    first, last = parts[0], parts[-1]
    start = None if first == _OPEN else _point(first, text)[0]
    end = None if last == _OPEN else _point(last, text)[1]
    if start is not None and end is not None and end <= start:
        raise NotADate(text)
    return start, end


def is_approximate(text: str) -> bool:
    """Whether the source, or whoever derived the date, was not sure of it."""
    return "~" in text


def _point(text: str, whole: str) -> tuple[datetime, datetime]:
    found = _POINT.fullmatch(text)
    if found is None:
        raise NotADate(whole)
    year, month, day = (int(part) if part else None for part in found.group(1, 2, 3))
    try:
        first = date(year or 0, month or 1, day or 1)
        after = _after(first, month is not None, day is not None)
    except (ValueError, OverflowError):
        raise NotADate(whole) from None
    return _midnight(first), _midnight(after)


def _after(first: date, has_month: bool, has_day: bool) -> date:
    if has_day:
        return first + timedelta(days=1)
    if has_month:
        return (first.replace(day=28) + timedelta(days=4)).replace(day=1)
    return first.replace(year=first.year + 1)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


_DAY, _MONTH, _YEAR = 3, 2, 1
"""How many parts a date has that is as exact as that."""

_PATTERNS: Final[Mapping[Language, Mapping[int, str]]] = MappingProxyType(
    {
        "en": {_DAY: "d MMMM y", _MONTH: "LLLL y", _YEAR: "y"},
        "ru": {_DAY: "d MMMM y 'года'", _MONTH: "LLLL y 'года'", _YEAR: "y 'год'"},
    }
)

_AFTER_PREPOSITION: Final[Mapping[Language, Mapping[int, str]]] = MappingProxyType(
    {"en": _PATTERNS["en"], "ru": {**_PATTERNS["ru"], _MONTH: "MMMM y 'года'", _YEAR: "y 'года'"}}
)
"""The forms that follow "since", "around" and "by": Russian declines them."""

_FRAMES: Final[Mapping[Language, Mapping[str, str]]] = MappingProxyType(
    {
        "en": {
            "around": "around {0}",
            "since": "since {0}",
            "since around": "since around {0}",
            "by": "by {0}",
            "by around": "by around {0}",
            "from": "from {0}",
            "from around": "from around {0}",
            "to": "to {0}",
            "to around": "to around {0}",
            "not before": "not before {0}",
            "not before around": "not before about {0}",
            "not after": "not after {0}",
            "not after around": "not after about {0}",
        },
        "ru": {
            "around": "около {0}",
            "since": "с {0}",
            "since around": "примерно с {0}",
            "by": "не позднее {0}",
            "by around": "примерно не позднее {0}",
            "from": "с {0}",
            "from around": "примерно с {0}",
            "to": "по {0}",
            "to around": "примерно по {0}",
            "not before": "не ранее {0}",
            "not before around": "не ранее чем около {0}",
            "not after": "не позднее {0}",
            "not after around": "не позднее чем около {0}",
        },
    }
)


def spoken(text: str, language: Language) -> str:
    """The date as people say it: "around 2022", "by 25 December 2021", "since March 2022". Raises `NotADate`."""
    checked(text)
    first, slash, last = text.partition("/")
    if not slash:
        return _framed("around", first, language) if is_approximate(first) else _said(first, language, _PATTERNS)
    if last == _OPEN:
        return _framed("since", first, language)
    if first == _OPEN:
        return _framed("by", last, language)
    return f"{_framed('from', first, language)} {_framed('to', last, language)}"


def spoken_bounds(not_before: str | None, not_after: str | None, language: Language) -> str:
    """Between when something must have happened: "not before 2021, not after 25 December 2021"; empty where neither is known."""
    earliest = _framed("not before", points(not_before)[0], language) if not_before else ""
    latest = _framed("not after", points(not_after)[-1], language) if not_after else ""
    return ", ".join(part for part in (earliest, latest) if part)


def points(text: str) -> list[str]:
    """The one or two points of a date, without the side that it leaves open. Raises `NotADate`."""
    return [part for part in checked(text).split("/") if part != _OPEN]


def _framed(word: str, point: str, language: Language) -> str:
    frame = f"{word} around" if is_approximate(point) and word != "around" else word
    patterns = _PATTERNS if word == "to" else _AFTER_PREPOSITION
    return _FRAMES[language][frame].format(_said(point, language, patterns))


def _said(point: str, language: Language, patterns: Mapping[Language, Mapping[int, str]]) -> str:
    parts = [int(part) for part in point.rstrip("~").split("-")]
    day = date(*[*parts, 1, 1][:3])
    return format_date(day, patterns[language][len(parts)], locale=language)
