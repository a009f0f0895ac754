"""Looks out of turn: to see a first bad look confirmed or not, and where the service asks."""

import heapq
from typing import Final

import structlog

_log = structlog.get_logger()

SHARE: Final = 0.05
"""Of all looks: more would put a load on those we watch over just when they are in trouble."""

SAVED: Final = 20.0
"""Looks out of turn that may be saved up, so that a small watchlist has some when it needs them."""

STALE: Final = 600.0
"""Seconds after which a look out of turn that was never affordable says nothing new."""

MOST: Final = 10_000
"""Looks out of turn that may wait."""


class Relooks:
    """What is to be looked at out of turn, and when. Times are steady seconds."""

    def __init__(self) -> None:
        self._due: list[tuple[float, str]] = []
        self._budget = SAVED

    def earn(self) -> None:
        """A look was made in its turn."""
        self._budget = min(self._budget + SHARE, SAVED)

    def want(self, check: str, at: float) -> None:
        """Look at this check at `at`, if that is affordable then."""
        if len(self._due) < MOST:
            heapq.heappush(self._due, (at, check))

    def due(self, now: float) -> list[str]:
        """Whom to look at now, each check once. What is not affordable waits, and is given up when it is stale."""
        found: dict[str, None] = {}
        while self._due and self._due[0][0] <= now:
            at, check = self._due[0]
            if now - at > STALE:
                _log.warning("a look out of turn was not affordable and is left out", check=check)
            elif check not in found:
                if self._budget < 1:
                    break
                self._budget -= 1
                found[check] = None
            heapq.heappop(self._due)
        return list(found)
