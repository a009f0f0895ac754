"""How often a thing must be seen before it is believed (design: detection.md, "From one verdict to a confirmed state").

Looks are gathered per check, so that one failing network is never outvoted by eleven that work, and weighed against what a
line does that nobody tampers with. Interference works in one of two ways, and each leaves its own evidence:

- **steady**: no look gets through. One good look refutes that, so the unbroken row with which a check ends is what counts:
  its looks, which fade with time, and the time over which they were seen.
- **coming and going**: some looks get through. Ordinary trouble comes in bursts, so losses close together are one
  disturbance, and it counts how many there are. The log-likelihood ratio of k disturbances among n looks is added up from
  where it was last at zero (E. S. Page, "Continuous inspection schemes", Biometrika 41, 1954); that point is also the best
  estimate of the onset.

Looks that decide nothing speak neither for nor against. Looks crowded together count once: residual blocking lasts minutes.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import groupby, pairwise
from math import log
from typing import Final

from monitor.core.verdict import Verdict
from monitor.core.watchlist import Confirmation
from probes.kit.vocabulary import State, Strength

LOST_OF_INTERMITTENT: Final = 0.4
"""Share of looks that interference which comes and goes is taken to spoil: between every other look and every third."""

BARE: Final = frozenset({State.UNREACHABLE, State.DOWN})
"""What a failure shows that leaves no artefact: any line has such moments."""

STRAY_BARE: Final = 0.01
"""How often an honest line begins to fail without an artefact, per look that found all well: one burst in a hundred looks."""

STRAY_STRONG: Final = 0.002
"""How often a strong finding is a misjudgement; twice the thousandth that odd answers are known to make up."""

STRAY_EXPLICIT: Final = 0.0001
"""The same for an artefact that only interference leaves."""

WELL_AGAIN: Final = log((1 - STRAY_BARE) / (1 - LOST_OF_INTERMITTENT))
"""What a further good look takes away from the evidence for something that comes and goes."""

BARE_RETURN: Final = log(LOST_OF_INTERMITTENT / STRAY_BARE)
"""What a disturbance without an artefact adds to it: the unit in which `returns` of the policy is counted."""

TIGHTEST: Final = 0.05
"""Share of looks that even a steady block is taken to let through: no block is believed to be tighter than that."""


class Bearing(StrEnum):
    """Which way a look speaks in a case. A look that says nothing about the case has no bearing at all."""

    LOST = "lost"
    WELL = "well"


Judge = Callable[[Verdict], Bearing | None]

Shows = Callable[[Verdict], bool]
"""Whether a look that speaks of a loss speaks of the kind of loss in question."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Looks of one check that together say one thing, oldest first, crowded ones left out.

    `before` is the last look that said the opposite, if it is known: together with the first look it brackets the change.
    `evidence` is that of coming and going, in natural logarithms; `returns` counts the losses that follow a good look or begin
    it all. An unbroken row has neither.
    """

    check: str
    vantage: str
    bearing: Bearing
    looks: tuple[Verdict, ...]
    before: Verdict | None
    returns: int = 0
    evidence: float = 0.0

    @property
    def first(self) -> Verdict:
        """The look with which it began."""
        return self.looks[0]

    @property
    def last(self) -> Verdict:
        """Its newest look."""
        return self.looks[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """All that one check has to say in a case: its looks with a bearing, oldest first, and which way each speaks."""

    looks: tuple[tuple[Verdict, Bearing], ...]
    policy: Confirmation

    @property
    def check(self) -> str:
        """The id of the check."""
        return self.looks[-1][0].check

    @property
    def vantage(self) -> str:
        """From where the check looks."""
        return self.looks[-1][0].vantage

    @property
    def bearing(self) -> Bearing:
        """Which way the newest look speaks."""
        return self.looks[-1][1]

    @property
    def losses(self) -> tuple[Verdict, ...]:
        """The looks that speak of a loss."""
        return tuple(look for look, bearing in self.looks if bearing is Bearing.LOST)

    def row(self, shows: Shows = lambda _: True) -> Stretch | None:
        """The unbroken row of like looks with which the course ends: those of it that show what is asked for, if any do."""
        start = len(self.looks)
        while start and self.looks[start - 1][1] is self.bearing:
            start -= 1
        alike = _uncrowded((look for look, _ in self.looks[start:] if shows(look)), self.policy)
        before = self.looks[start - 1][0] if start else None
        return self._stretch(self.bearing, alike, before) if alike else None

    def coming_and_going(self, shows: Shows = lambda _: True) -> Stretch | None:
        """The losses since something began to come and go, with the evidence as of the newest look; None without any."""
        tally = _Tally(self.policy)
        for look, bearing in self.looks:
            if bearing is Bearing.WELL:
                tally.well(look)
            elif shows(look):
                tally.lost(look)
        if not tally.losses:
            return None
        found = self._stretch(Bearing.LOST, tally.losses, tally.before)
        return replace(found, returns=tally.returns, evidence=tally.evidence)

    def let_through(self, since: datetime) -> float:
        """The share of looks that got through between the first and the last loss from then on, never below `TIGHTEST`."""
        losses = [look for look in self.losses if look.at >= since]
        if not losses:
            return TIGHTEST
        lost = len(_uncrowded(losses, self.policy))
        between = (look for look, bearing in self.looks if bearing is Bearing.WELL and losses[0].at <= look.at <= losses[-1].at)
        well = len(_uncrowded(between, self.policy))
        return max(TIGHTEST, well / (well + lost))

    def is_present(self, moment: datetime) -> bool:
        """Whether the newest look still speaks at `moment`: what fell silent proves nothing of today.

        Silent is a check that has been quiet for longer than the policy allows and than it was before in this very row,
        since of public measurements there may be one in two hours. More than `memory` is silence in any case.
        """
        row = self.row()
        gaps = [later.at - earlier.at for earlier, later in pairwise(row.looks)] if row else []
        usual = min(max(gaps, default=timedelta(0)), timedelta(seconds=self.policy.memory))
        return moment - self.looks[-1][0].at <= max(usual, timedelta(seconds=self.policy.silence))

    def _stretch(self, bearing: Bearing, looks: Iterable[Verdict], before: Verdict | None) -> Stretch:
        newest = self.looks[-1][0]
        return Stretch(check=newest.check, vantage=newest.vantage, bearing=bearing, looks=tuple(looks), before=before)


@dataclass(slots=True)
class _Tally:
    """The evidence that something comes and goes, look by look; whenever good looks have worn it away it begins anew."""

    policy: Confirmation
    evidence: float = 0.0
    returns: int = 0
    losses: list[Verdict] = field(default_factory=list)
    before: Verdict | None = None
    _latest_well: Verdict | None = None
    _counted_well: Verdict | None = None
    _disturbed: datetime | None = None
    _telling: float = 0.0
    _at: datetime | None = None

    def well(self, look: Verdict) -> None:
        """A good look wears the evidence away, but for the first after a loss: that is how every loss ends."""
        self._fade(look)
        self._latest_well = look
        if self._counted_well is not None:
            if _are_crowded(self._counted_well, look, self.policy):
                return
            self.evidence -= WELL_AGAIN
        self._counted_well = look
        if self.evidence <= 0:
            self.evidence, self.returns, self._disturbed = 0.0, 0, None
            self.losses.clear()

    def lost(self, look: Verdict) -> None:
        """Losses within the time floor are one disturbance, which weighs as its most telling look; how many there are counts.

        Whether good looks lay between does not matter here, so that a further good look can only take away from the evidence.
        """
        self._fade(look)
        self.returns += not self.losses or self._counted_well is not None
        if not self.losses:
            self.before = self._latest_well
        if self._disturbed is None or (look.at - self._disturbed).total_seconds() >= self.policy.strong_span:
            self._disturbed, self._telling = look.at, 0.0
        telling = max(self._telling, _return_of(look))
        self.evidence = min(self.evidence + telling - self._telling, evidence_asked(self.policy))
        self._telling, self._counted_well = telling, None
        if not self.losses or not _are_crowded(self.losses[-1], look, self.policy):
            self.losses.append(look)

    def _fade(self, look: Verdict) -> None:
        if self._at is not None:
            self.evidence *= _faded(look.at - self._at, self.policy)
        self._at = look.at


def courses(verdicts: Iterable[Verdict], judge: Judge, policy: Confirmation) -> tuple[Course, ...]:
    """The course of every check that has any look with a bearing, in the order of the checks' ids."""
    ordered = sorted(verdicts, key=lambda verdict: (verdict.check, verdict.at, verdict.observation))
    judged = ((look, bearing) for look in ordered if (bearing := judge(look)) is not None)
    return tuple(Course(looks=tuple(looks), policy=policy) for _, looks in groupby(judged, key=lambda one: one[0].check))


def is_explicit(row: Stretch, policy: Confirmation) -> bool:
    """Whether an artefact that only interference leaves, or the party itself, has spoken often enough."""
    telling = [look for look in row.looks if look.strength is Strength.EXPLICIT]
    return _weight(telling, policy) >= policy.explicit_looks - 0.5


def is_steady(row: Stretch, policy: Confirmation, *, times: int = 1) -> bool:
    """Whether enough looks agree over enough time; `times` stretches the time for what is easily mistaken."""
    enough = _weight(row.looks, policy) >= policy.strong_looks - 0.5
    return enough and seen_for(row.looks, policy) >= timedelta(seconds=policy.strong_span * times)


def is_coming_and_going(losses: Stretch, policy: Confirmation) -> bool:
    """Whether there were disturbances enough, over twice the time that a steady loss needs."""
    enough = losses.evidence >= evidence_asked(policy)
    return enough and seen_for(losses.looks, policy) >= timedelta(seconds=policy.strong_span * 2)


def is_over(row: Stretch, policy: Confirmation, *, let_through: float, explicit: bool) -> bool:
    """Whether a row of good looks ends what let this share of looks through: the same evidence, the other way.

    Against a tight block a good look weighs as much as a bad one did; against one that lets every other look through, three
    good ones in a row are nothing new, and it takes fourteen. What was plain to see needs no time besides the looks.
    """
    weight = log((1 - STRAY_BARE) / let_through) / log((1 - STRAY_BARE) / TIGHTEST)
    if len(row.looks) * weight < (policy.explicit_looks if explicit else policy.strong_looks):
        return False
    return explicit or seen_for(row.looks, policy) >= timedelta(seconds=policy.strong_span)


def seen_for(looks: Sequence[Verdict], policy: Confirmation) -> timedelta:
    """The time over which looks saw something. Silence between them neither confirms nor ends.

    A time in which nobody looked counts only as much as lets `strong_looks` such silences make up the time floor.
    """
    silence = timedelta(seconds=policy.silence)
    instead = timedelta(seconds=policy.strong_span) / policy.strong_looks
    gaps = (later.at - earlier.at for earlier, later in pairwise(looks))
    return sum((gap if gap <= silence else instead for gap in gaps), timedelta(0))


def evidence_asked(policy: Confirmation) -> float:
    """The evidence that confirms what comes and goes: so many bare disturbances, less half a one for what fades meanwhile."""
    return (policy.returns - 0.5) * BARE_RETURN


def _return_of(look: Verdict) -> float:
    return log(LOST_OF_INTERMITTENT / _stray(look))


def _stray(look: Verdict) -> float:
    if look.strength is Strength.EXPLICIT:
        return STRAY_EXPLICIT
    return STRAY_BARE if look.state in BARE else STRAY_STRONG


def _weight(looks: Sequence[Verdict], policy: Confirmation) -> float:
    """How many looks these are worth as of the newest of them: after `memory` a look is worth half."""
    return sum(_faded(looks[-1].at - look.at, policy) for look in looks)


def _faded(age: timedelta, policy: Confirmation) -> float:
    return float(0.5 ** (age.total_seconds() / policy.memory))


def _uncrowded(looks: Iterable[Verdict], policy: Confirmation) -> tuple[Verdict, ...]:
    kept: list[Verdict] = []
    for look in looks:
        if not kept or not _are_crowded(kept[-1], look, policy):
            kept.append(look)
    return tuple(kept)


def _are_crowded(earlier: Verdict, later: Verdict, policy: Confirmation) -> bool:
    return (later.at - earlier.at).total_seconds() < policy.distinct
