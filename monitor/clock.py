"""The only place that reads a clock. Everything else is told what time it is."""

import asyncio
import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(frozen=True, slots=True)
class Clock:
    """Wall and monotonic time. A demonstration runs `speed` times faster than life; the service runs at 1.

    `origin` is the wall time at which the clock started, `started` the system's monotonic reading at that moment.
    """

    speed: float = 1.0
    origin: datetime | None = None
    started: float = 0.0

    @classmethod
    def starting(cls, origin: datetime, speed: float) -> "Clock":
        """A clock that shows `origin` now and runs `speed` times as fast as life."""
        return cls(speed=speed, origin=origin, started=time.monotonic())

    @classmethod
    def from_environment(cls) -> "Clock":
        """The system's clock, unless a demonstration asks for a faster one with `CUTWATCH_LAB_CLOCK`.

        Its value is `SPEED ORIGIN MONOTONIC`, where the last is the system's monotonic reading at which the clock showed
        ORIGIN: so that several processes share one clock.
        """
        asked = os.environ.get("CUTWATCH_LAB_CLOCK")
        if not asked:
            return cls()
        speed, origin, started = asked.split()
        return cls(speed=float(speed), origin=datetime.fromisoformat(origin), started=float(started))

    def to_environment(self) -> str:
        """The value of `CUTWATCH_LAB_CLOCK` that gives another process this clock."""
        origin = self.origin or datetime.now(UTC)
        return f"{self.speed} {origin.isoformat()} {self.started}"

    def now(self) -> datetime:
        """The time in UTC."""
        if self.origin is None:
            return datetime.now(UTC)
        return self.origin + timedelta(seconds=(time.monotonic() - self.started) * self.speed)

    def monotonic(self) -> float:
        """Seconds that never run backwards, at this clock's speed."""
        return time.monotonic() * self.speed

    def processor(self) -> float:
        """Processor seconds that this process has used, at this clock's speed: its share of `monotonic` is how busy it is."""
        return time.process_time() * self.speed

    async def sleep(self, seconds: float) -> None:
        """Wait for `seconds` of this clock's time."""
        await asyncio.sleep(seconds / self.speed)
