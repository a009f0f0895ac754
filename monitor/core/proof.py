"""What looks prove by the policy, that something is lost or that it is back, and the account that they give of it. Pure."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from monitor.core.confirmation import (
    Bearing,
    Course,
    Shows,
    Stretch,
    is_coming_and_going,
    is_explicit,
    is_over,
    is_steady,
)
from monitor.core.incident import KIND_OF_STATE, PATH_KINDS, Bracket, Change, Incident
from monitor.core.kinds import IncidentStage, Kind
from monitor.core.verdict import Verdict
from monitor.core.watchlist import Confirmation
from probes.kit.vocabulary import Strength

Contrast = Callable[[Stretch], bool]
"""Whether whatever spoils these looks spoils most unrelated targets of the same vantage point too: then it may be to blame."""


@dataclass(frozen=True, slots=True)
class Case:
    """What the looks say at one moment, how old they are counting from there. `contrast` is asked of a bare failure."""

    courses: tuple[Course, ...]
    policy: Confirmation
    moment: datetime
    contrast: Contrast

    @property
    def lost(self) -> tuple[Course, ...]:
        """The courses that end with a loss and still speak."""
        return tuple(one for one in self.courses if one.bearing is Bearing.LOST and one.is_present(self.moment))


def what_is_proven(case: Case) -> Change | None:
    """The account of the most telling kind of loss that the looks prove, or None if they prove none yet."""
    for kind in kinds_shown(case.lost):
        evidence = [_evidence(course, kind) for course in case.lost]
        proving = [proof for rows in evidence if (proof := _proof(rows, kind, evidence, case)) is not None]
        if proving:
            broken = any(row.returns for row in proving)
            comes_and_goes = broken or any(_comes_and_goes(row, case.policy) for rows in evidence for row in rows)
            return replace(_account(proving), kind=kind, stage=IncidentStage.CONFIRMED, intermittent=comes_and_goes or None)
    return None


def _comes_and_goes(row: Stretch, policy: Confirmation) -> bool:
    """Whether good looks lay between the losses so often that this is no steady loss which once let a look through."""
    return row.returns >= policy.returns and is_coming_and_going(row, policy)


def kinds_shown(lost: Iterable[Course]) -> tuple[Kind, ...]:
    """The kinds of loss that the looks may prove, most telling first: every artefact is also a failure to reach."""
    shown = {KIND_OF_STATE[look.state] for course in lost for look in course.losses}
    if shown & set(PATH_KINDS):
        shown.add(Kind.UNREACHABLE)
    return tuple(kind for kind in dict.fromkeys((*PATH_KINDS, *Kind)) if kind in shown)


def shows_kind(kind: Kind) -> Shows:
    """Whether a look shows a loss of this kind."""
    kinds = PATH_KINDS if kind is Kind.UNREACHABLE else (kind,)
    return lambda look: KIND_OF_STATE[look.state] in kinds


def _evidence(course: Course, kind: Kind) -> tuple[Stretch, ...]:
    """What a course has to say of a kind of loss: the row with which it ends, and the losses that came and went."""
    shows = shows_kind(kind)
    return tuple(found for found in (course.row(shows), course.coming_and_going(shows)) if found is not None)


def _proof(rows: Iterable[Stretch], kind: Kind, evidence: Sequence[Sequence[Stretch]], case: Case) -> Stretch | None:
    """The first of the rows, the unbroken one before the other, that the policy accepts."""
    return next((row for row in rows if _proves(row, kind, evidence, case)), None)


def _proves(row: Stretch, kind: Kind, evidence: Sequence[Sequence[Stretch]], case: Case) -> bool:
    """Apply the policy: what a line of ours may do by itself, to fail or to be slow, needs two vantage points, or contrast.

    A bare failure to reach, most easily mistaken, then needs twice the time as well.
    """
    if is_explicit(row, case.policy) and not row.returns:
        return True
    agreed = any(other.vantage != row.vantage and len(other.looks) > 1 for rows in evidence for other in rows)
    if agreed or kind not in {Kind.UNREACHABLE, Kind.THROTTLING}:
        return _is_enough(row, case.policy)
    return _is_enough(row, case.policy, times=2 if kind is Kind.UNREACHABLE else 1) and not case.contrast(row)


def _is_enough(row: Stretch, policy: Confirmation, *, times: int = 1) -> bool:
    return is_coming_and_going(row, policy) if row.returns else is_steady(row, policy, times=times)


def suspicion(lost: Iterable[Course]) -> Change:
    """What these courses, which end with a loss, give rise to suspect."""
    rows = [row for course in lost if (row := course.row()) is not None]
    return replace(_account(rows), stage=IncidentStage.SUSPECTED)


def recovery(course: Course, incident: Incident, since: datetime | None = None) -> Stretch | None:
    """The good looks, all or those from `since` on, with which a course has come back for certain; None where it has not."""
    row = course.row(lambda look: since is None or look.at >= since)
    if row is None or course.bearing is not Bearing.WELL:
        return None
    leak = course.let_through(incident.onset.by if incident.onset else incident.detected)
    over = is_over(row, course.policy, let_through=leak, explicit=incident.strength is Strength.EXPLICIT)
    return row if over else None


def _account(lost: Sequence[Stretch]) -> Change:
    """Say what the looks show, led by the most telling of them."""
    best = min((stretch.last for stretch in lost), key=_weight)
    return Change(
        kind=KIND_OF_STATE[best.state],
        onset=_onset(lost),
        vantages=tuple(sorted({stretch.vantage for stretch in lost})),
        mechanisms=tuple(sorted({look.mechanism for stretch in lost for look in stretch.looks if look.mechanism})),
        rule=best.rule,
        because=best.because,
        strength=best.strength,
        looks=names(lost),
    )


def _weight(verdict: Verdict) -> tuple[int, int, str]:
    kind = KIND_OF_STATE[verdict.state]
    rank = PATH_KINDS.index(kind) if kind in PATH_KINDS else 0
    return list(Strength).index(verdict.strength), rank, verdict.observation


def names(looks: Iterable[Stretch]) -> tuple[str, ...]:
    """The observations that these rows consist of."""
    return tuple(sorted({look.observation for stretch in looks for look in stretch.looks}))


def _onset(lost: Sequence[Stretch]) -> Bracket:
    first = min(lost, key=lambda stretch: stretch.first.at)
    return Bracket(after=first.before.at if first.before else None, by=first.first.at)
