"""How often a thing must be seen before it is believed (design: detection.md, "From one verdict to a confirmed state").

Looks are gathered per check, so that one failing network is never outvoted by eleven that work. What counts is the
trailing run: the unbroken row of looks that say the same. Looks that decide nothing neither lengthen nor break it, a long
silence breaks it, and looks crowded together count once, because residual blocking lasts for minutes.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import groupby
from operator import attrgetter

from monitor.core.verdict import Verdict
from monitor.core.watchlist import Confirmation
from probes.kit.vocabulary import Strength


class Bearing(StrEnum):
    """Which way a look speaks in a case. A look that says nothing about the case has no bearing at all."""

    LOST = "lost"
    WELL = "well"


Judge = Callable[[Verdict], Bearing | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """The unbroken row of like looks with which a check ends. `looks` are oldest first, crowded ones left out.

    `before` is the last look that said the opposite, if it is known: together they bracket the change.
    """

    check: str
    vantage: str
    bearing: Bearing
    looks: tuple[Verdict, ...]
    before: Verdict | None

    @property
    def first(self) -> Verdict:
        """The look with which the run began."""
        return self.looks[0]

    @property
    def last(self) -> Verdict:
        """The newest look of the run."""
        return self.looks[-1]

    @property
    def span(self) -> timedelta:
        """The time from the first look to the last."""
        return self.last.at - self.first.at

    def is_present(self, moment: datetime, policy: Confirmation) -> bool:
        """Whether the run still speaks at `moment`: what fell silent long ago proves nothing of today."""
        return moment - self.last.at <= timedelta(seconds=policy.silence)

    def of(self, looks: Iterable[Verdict]) -> "Run | None":
        """The same run with only these of its looks, or None if there are none."""
        kept = tuple(looks)
        return Run(check=self.check, vantage=self.vantage, bearing=self.bearing, looks=kept, before=self.before) if kept else None


def runs(verdicts: Iterable[Verdict], judge: Judge, policy: Confirmation) -> tuple[Run, ...]:
    """The trailing run of every check that has any look with a bearing, in the order of the checks' ids."""
    ordered = sorted(verdicts, key=lambda verdict: (verdict.check, verdict.at, verdict.observation))
    found = (_trailing(list(looks), judge, policy) for _, looks in groupby(ordered, key=attrgetter("check")))
    return tuple(run for run in found if run is not None)


def _trailing(verdicts: list[Verdict], judge: Judge, policy: Confirmation) -> Run | None:
    decisive = [(verdict, bearing) for verdict in verdicts if (bearing := judge(verdict)) is not None]
    if not decisive:
        return None
    newest, bearing = decisive[-1]
    row: list[Verdict] = []
    before, unbroken = None, True
    for verdict, its in reversed(decisive):
        if its is not bearing:
            before = verdict
            break
        unbroken = unbroken and (not row or row[-1].at - verdict.at <= timedelta(seconds=policy.silence))
        if unbroken:
            row.append(verdict)
    looks = _uncrowded(list(reversed(row)), timedelta(seconds=policy.distinct))
    return Run(check=newest.check, vantage=newest.vantage, bearing=bearing, looks=looks, before=before)


def _uncrowded(looks: Sequence[Verdict], distance: timedelta) -> tuple[Verdict, ...]:
    kept: list[Verdict] = []
    for look in looks:
        if kept and look.at - kept[-1].at < distance:
            continue
        kept.append(look)
    return tuple(kept)


def is_explicit(run: Run, policy: Confirmation) -> bool:
    """Whether an artefact that only interference leaves, or the party itself, has spoken often enough."""
    return sum(look.strength is Strength.EXPLICIT for look in run.looks) >= policy.explicit_looks


def is_steady(run: Run, policy: Confirmation, *, times: int = 1) -> bool:
    """Whether enough looks agree over enough time; `times` stretches the time for what is easily mistaken."""
    enough = len(run.looks) >= policy.strong_looks
    return enough and run.span >= timedelta(seconds=policy.strong_span * times)
