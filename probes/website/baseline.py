"""What the website usually shows here, against what it shows now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from probes.kit.observation import HttpExchange, Observation
from probes.website.page import long_words
from probes.website.walk import read_walk

_DAY: Final = timedelta(days=1)
"""For so long the past speaks against another page. After that the website has changed, and somebody has had time to see it."""

_EMPTY: Final = 32
"""Bytes below which a page shows nothing."""

_LEAST_USUAL: Final = 512
_LEAST_LOOKS: Final = 2
_LEAST_RATIO: Final = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """The last page, and those of the good looks before it, at the time `at`."""

    at: datetime
    page: HttpExchange | None
    recent: tuple[Observation, ...]

    @property
    def usual_length(self) -> int:
        """The least that the page had on the last day, in bytes."""
        return min((page.body_length or 0 for page in self._earlier), default=0)

    @property
    def is_empty_now(self) -> bool:
        """Whether the page shows nothing, and always did show something."""
        return self._is_known and (self.page.body_length or 0) < _EMPTY if self.page else False

    @property
    def is_another_now(self) -> bool:
        """Whether title and length both have nothing to do with what they were."""
        if self.page is None or not self._is_known or not self.page.title:
            return False
        return all(_are_strangers(self.page, page) for page in self._earlier)

    @property
    def _is_known(self) -> bool:
        return len(self._earlier) >= _LEAST_LOOKS and self.usual_length >= _LEAST_USUAL

    @property
    def _earlier(self) -> Sequence[HttpExchange]:
        lately = (one for one in self.recent if one.facts and timedelta(0) <= self.at - one.started_at <= _DAY)
        pages = (read_walk(one.facts).page for one in lately if one.facts)
        return [page for page in pages if page is not None]


def _are_strangers(now: HttpExchange, before: HttpExchange) -> bool:
    mine, yours = long_words(now.title), long_words(before.title)
    shorter, longer = sorted((now.body_length or 0, before.body_length or 0))
    return bool(mine and yours) and mine.isdisjoint(yours) and shorter < _LEAST_RATIO * longer
