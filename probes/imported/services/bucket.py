"""How often a service may be asked: what it grants in general, and what it says itself."""

import asyncio
from collections.abc import Awaitable, Callable

from probes.kit.api import Unavailable

PATIENCE = 120.0
"""Seconds that a question waits for its turn. Who must wait longer is told so at once, and asks again in the next period."""

_CRUMB = 1e-6
"""Of a token: what is left over when parts of tokens are added up."""


class Bucket:
    """Fills with `rate` tokens a second up to `size`. Times are seconds of a clock that never runs backwards. Pure."""

    def __init__(self, *, rate: float, size: float) -> None:
        self._rate = rate
        self._size = size
        self._held = size
        self._filled_at: float | None = None
        self._closed_until = float("-inf")

    def wait(self, now: float, cost: float = 1.0) -> float:
        """Seconds until `cost` tokens can be had: 0 for now. What costs more than the bucket holds costs all of it."""
        self._fill(now)
        missing = max(0.0, min(cost, self._size) - self._held)
        missing = missing if missing > _CRUMB else 0.0
        return max(self._closed_until - now, missing / self._rate, 0.0)

    def take(self, now: float, cost: float = 1.0) -> None:
        """Take `cost` tokens; `wait` must have said 0."""
        self._fill(now)
        self._held = max(0.0, self._held - cost)

    def close(self, until: float) -> None:
        """Hand out nothing before `until`: the service asked for that."""
        self._closed_until = max(self._closed_until, until)

    def limit(self, held: float) -> None:
        """Hold no more than the service says there is."""
        self._held = min(self._held, held)

    def _fill(self, now: float) -> None:
        passed = 0.0 if self._filled_at is None else max(0.0, now - self._filled_at)
        self._held = min(self._size, self._held + passed * self._rate)
        self._filled_at = now


class Gate:
    """Lets questions through one by one, in the order in which they came, as fast as the bucket permits."""

    def __init__(self, bucket: Bucket, now: Callable[[], float], sleep: Callable[[float], Awaitable[None]]) -> None:
        self._bucket = bucket
        self._now = now
        self._sleep = sleep
        self._turn = asyncio.Lock()

    async def enter(self, cost: float = 1.0) -> None:
        """Wait for the turn of a question that costs so many tokens. Raises `Unavailable` where that takes too long."""
        async with self._turn:
            while wait := self._bucket.wait(self._now(), cost):
                if wait > PATIENCE:
                    raise Unavailable(f"its limit is reached; it may be asked again in {round(wait / 60)} minutes")
                await self._sleep(wait)
            self._bucket.take(self._now(), cost)

    def close(self, seconds: float) -> None:
        """Let nobody through for so many seconds."""
        self._bucket.close(self._now() + seconds)

    def limit(self, held: float) -> None:
        """Take the service's word for how many tokens there are."""
        self._bucket.limit(held)

    @property
    def closed_for(self) -> float:
        """Seconds until the next cheap question can be asked."""
        return self._bucket.wait(self._now())
