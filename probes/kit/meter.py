"""How fast something arrives."""

from time import perf_counter
from typing import Final

SAMPLE: Final = 0.25
"""Seconds between two samples of how much has arrived."""


class Meter:
    """Counts bytes where they arrive, four samples a second, from now on. `already` have arrived before.

    It stands at the connection itself. A line that freezes in the middle of an encrypted record has brought bytes that
    nobody above can read, and those are what tells the freeze from silence.
    """

    __slots__ = ("_already", "_began", "_samples", "_total")

    def __init__(self, already: int) -> None:
        self._began = perf_counter()
        self._already = self._total = already
        self._samples: list[tuple[float, int]] = []

    def note(self, amount: int) -> None:
        """Some bytes have arrived."""
        self._fill(perf_counter() - self._began)
        self._total += amount

    def _fill(self, elapsed: float) -> None:
        """Take the samples that fell due while nothing arrived: a freeze must not look like a trickle."""
        due = (len(self._samples) + 1) * SAMPLE
        while due <= elapsed:
            self._samples.append((round(due, 3), self._total))
            due += SAMPLE

    def samples(self) -> tuple[tuple[float, int], ...]:
        """(seconds, bytes so far): at the beginning, four a second, and one more now."""
        elapsed = perf_counter() - self._began
        self._fill(elapsed)
        return ((0.0, self._already), *self._samples, (round(elapsed, 3), self._total))
