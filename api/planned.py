"""Which checks a watchlist asks for, worked out once for each watchlist: readers are told of those never made, too."""

from dataclasses import dataclass
from functools import lru_cache

from monitor.core.plan import Check, plan_checks
from monitor.core.watchlist import Watchlist
from probes.kit.discover import discover


@dataclass(frozen=True, slots=True, eq=False)
class _Same:
    """A watchlist that equals only itself: comparing two would cost more than planning."""

    watchlist: Watchlist

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.watchlist is self.watchlist

    def __hash__(self) -> int:
        return id(self.watchlist)


def planned_checks(watchlist: Watchlist) -> tuple[Check, ...]:
    """The checks of this watchlist that nobody has paused."""
    return _planned(_Same(watchlist))


@lru_cache(maxsize=2)
def _planned(same: _Same) -> tuple[Check, ...]:
    return tuple(check for check in plan_checks(same.watchlist, discover()) if not check.paused)
