"""How well our own instrument worked in the looks around an incident: what was not measured, and how right its clock was.

Whoever doubts a measurement asks this first, so it is told with the looks themselves. Pure.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from statistics import median
from typing import Final, Protocol

from monitor.core.verdict import RULE_FAILED, Verdict
from probes.kit.observation import Observation
from probes.kit.vocabulary import State, Unmeasured

OWN_RULES: Final = "own_rules"
"""The reason where the look was made and our own rules could not read it."""

HALF_A_SECOND: Final = timedelta(seconds=0.5)
"""What a date that is cut to the second falls short of the truth, on average."""


class Look(Protocol):
    """A look with its verdict, as the store gives it."""

    @property
    def observation(self) -> Observation:
        """What was seen."""

    @property
    def verdict(self) -> Verdict:
        """What it means."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InstrumentRecord:
    """How the instrument worked at one vantage point.

    - `looks`: how many were due: those that were made, and every period for which there is none
    - `failed`: those of them that count for nothing because of us, by reason (`Unmeasured`, or `own_rules`)
    - `timing_suspect`: looks whose durations cannot be trusted, since the machine was busy
    - `clock_offset`: whole seconds by which our clock was behind the target's server (negative: ahead), the median of
      `clock_looks` good looks; None where no such look told
    """

    vantage: str
    looks: int
    failed: Mapping[str, int]
    timing_suspect: int
    clock_offset: int | None
    clock_looks: int

    @property
    def error_rate(self) -> float:
        """The share of looks that count for nothing because of us, from 0 to 1."""
        return sum(self.failed.values()) / self.looks if self.looks else 0.0


def instrument(looks: Iterable[Look]) -> tuple[InstrumentRecord, ...]:
    """How the instrument worked in these looks, for each vantage point, by its id."""
    by_vantage: defaultdict[str, list[Look]] = defaultdict(list)
    for look in looks:
        by_vantage[look.observation.vantage].append(look)
    return tuple(_record(vantage, by_vantage[vantage]) for vantage in sorted(by_vantage))


def _record(vantage: str, looks: Sequence[Look]) -> InstrumentRecord:
    failed: Counter[str] = Counter()
    for look in looks:
        if (reason := _failure(look)) is not None:
            failed[reason] += _periods(look)
    offsets = [offset for look in looks if (offset := _offset(look)) is not None]
    return InstrumentRecord(
        vantage=vantage,
        looks=sum(map(_periods, looks)),
        failed=dict(sorted(failed.items())),
        timing_suspect=sum(look.observation.timing_suspect for look in looks),
        clock_offset=round(median(offsets)) if offsets else None,
        clock_looks=len(offsets),
    )


def _periods(look: Look) -> int:
    """A gap stands for as many looks as it swallowed."""
    return max(1, look.observation.missed)


def _failure(look: Look) -> str | None:
    if look.verdict.state is State.UNMEASURED:
        return (look.observation.unmeasured or Unmeasured.OFFLINE).value
    return OWN_RULES if look.verdict.rule == RULE_FAILED else None


def _offset(look: Look) -> float | None:
    """Seconds from our clock to the server's, as the first dated response of a good look tells.

    Bad looks are not asked: whoever answers in the target's place may say any time.
    """
    observation = look.observation
    if look.verdict.state is not State.OK or observation.facts is None:
        return None
    for exchange in observation.facts.http:
        if exchange.date is not None:
            wait = exchange.received[0][0] if exchange.received else exchange.duration
            ours = observation.started_at + timedelta(seconds=exchange.started + wait)
            return (exchange.date + HALF_A_SECOND - ours).total_seconds()
    return None
