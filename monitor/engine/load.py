"""How busy this process is, and what follows from it.

Above about 65 % of one processor the timings of stages lie: what is measured as a slow server is our own queue (a time to
first byte is off by 2 ms at the 99th percentile at 60 %, by 5 to 23 ms at 95 %). So periods are stretched until the share
sinks, and timings that were taken meanwhile are marked.
"""

from typing import Final

BUSY: Final = 0.65
"""Share of one processor above which timings are not to be trusted."""

EASY: Final = 0.40
"""Share below which periods become shorter again."""

WINDOW: Final = 10.0
"""Seconds over which the share is taken."""

MOST: Final = 8
"""Periods are stretched to so many times their length at most."""

STEP: Final = 2.0
"""Seconds by which the wall clock must have left the steady one between two ticks to count as having been set."""


class Load:
    """Fed at every tick. `stretch` is how many periods there are now to one look."""

    def __init__(self, now: float, processor: float) -> None:
        self._since = now
        self._used = processor
        self.busy = 0.0
        self.stretch = 1

    def measure(self, now: float, processor: float) -> None:
        """Take in the monotonic time, and the processor seconds that were used up to now."""
        passed = now - self._since
        if passed < WINDOW:
            return
        self.busy = (processor - self._used) / passed
        self._since, self._used = now, processor
        if self.busy > BUSY:
            self.stretch = min(self.stretch + 1, MOST)
        elif self.busy < EASY:
            self.stretch = max(self.stretch - 1, 1)


class WallClock:
    """Notices when somebody sets the wall clock. `drift` is its distance from the steady clock, in seconds."""

    def __init__(self) -> None:
        self.drift = 0.0
        self.stepped_at = float("-inf")
        self._step = 0.0

    def measure(self, wall: float, steady: float) -> None:
        """Compare both clocks, in seconds of the epoch."""
        drift = wall - steady
        if abs(drift - self.drift) > STEP:
            self._step += drift - self.drift
            self.stepped_at = steady
        self.drift = drift

    def step(self) -> float | None:
        """By how much the clock was set since this was last asked, None where it was not."""
        step, self._step = self._step, 0.0
        return step or None
