"""A check's recent past as a strip: bars whose height tells what their colour tells too. Pure geometry."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from api.labels import STATES
from monitor.store import Span

WINDOWS: Final = (timedelta(hours=3), timedelta(days=1), timedelta(days=7))
"""How much time a strip may show. The first hours of a new target would be a speck in a week."""

WIDTH: Final = 1000
HEIGHT: Final = 24

_HEIGHTS: Final = {"good": 8.0, "doubt": 15.0, "bad": 24.0, "calm": 0.0}
"""Low is well, high is lost, in between is doubt. What nobody measured leaves a gap."""

_NARROWEST: Final = 1.5
"""So that a short loss is not lost in a long week."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One stretch of a strip, in its own units."""

    tone: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Strip:
    """A strip: its bars, and where the days begin (UTC)."""

    bars: tuple[Bar, ...]
    days: tuple[float, ...]


def window_for(spans: Sequence[Span], now: datetime) -> timedelta:
    """The shortest window that holds everything known, the longest if none does."""
    began = min((span.started_at for span in spans), default=now)
    return next((window for window in WINDOWS if now - began <= window), WINDOWS[-1])


def strip_of(spans: Sequence[Span], since: datetime, now: datetime) -> Strip:
    """Draw the time from `since` to `now`. The present stretch ends with the newest look: nobody has seen beyond it."""
    bars = (_bar(span, since, now) for span in spans)
    return Strip(tuple(bar for bar in bars if bar is not None), _days(since, now))


def _bar(span: Span, since: datetime, now: datetime) -> Bar | None:
    tone = STATES[span.state].tone
    height = _HEIGHTS[tone]
    left = _position(max(span.started_at, since), since, now)
    right = _position(min(span.ended_at or span.last_at, now), since, now)
    if not height or right < 0:
        return None
    width = max(right - left, _NARROWEST)
    return Bar(tone, round(min(left, WIDTH - width), 1), HEIGHT - height, round(width, 1), height)


def _days(since: datetime, now: datetime) -> tuple[float, ...]:
    first = since.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    count = (now - first).days + 1
    return tuple(round(_position(first + timedelta(days=day), since, now), 1) for day in range(count))


def _position(moment: datetime, since: datetime, now: datetime) -> float:
    return (moment - since) / (now - since) * WIDTH
