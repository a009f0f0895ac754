"""How looks move a check from state to state, and fill its hours. Pure.

- Looks may arrive late or out of order. One that is not newer than the newest look of its check is recorded and counted in
  its hour, but the present state and the spans are never rewritten backwards.
- A gap is a state of its own, `unmeasured`: it is neither up nor down, and it does not make anybody forget what was seen before.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from monitor.core.verdict import Verdict
from monitor.store.records import Hour, Judged, Span, Standing
from probes.kit.vocabulary import State

SKEW = timedelta(minutes=1)
"""A look dated later than this after now cannot have been made yet."""


@dataclass(slots=True)
class Course:
    """One check on its way through a batch: where it stands, the newest verdict, and the spans that ended on the way."""

    check: str
    standing: Standing | None
    newest: Verdict | None = None
    ended: list[Span] = field(default_factory=list)

    def follow(self, verdicts: Iterable[Verdict], now: datetime | None = None) -> None:
        """Take the verdicts in the order of their looks, but for those that are not newer than what was known."""
        for verdict in sorted(verdicts, key=lambda one: one.at):
            if self.standing is not None and now is not None and self.standing.last_at > now + SKEW:
                self.standing = None  # it was dated by a clock that ran ahead and has been set back
            if self.standing is None or verdict.at > self.standing.last_at:
                self._take(verdict)

    def _take(self, verdict: Verdict) -> None:
        if self.standing is not None and self.standing.state is not verdict.state:
            self.ended.append(span_of(self.check, self.standing, ended_at=verdict.at))
        self.standing, self.newest = step(self.standing, verdict), verdict


def span_of(check: str, standing: Standing, ended_at: datetime | None) -> Span:
    """The stretch of equal states in which a check stands; it is open where it has no end."""
    return Span(
        check=check,
        state=standing.state,
        started_at=standing.since,
        last_at=standing.last_at,
        ended_at=ended_at,
        looks=standing.looks,
    )


def step(before: Standing | None, verdict: Verdict) -> Standing:
    """Where a check stands after one more look."""
    same = before if before is not None and before.state is verdict.state else None
    state, since, at = _measured(before, verdict)
    return Standing(
        state=verdict.state,
        since=same.since if same else verdict.at,
        last_at=verdict.at,
        looks=same.looks + 1 if same else 1,
        measured_state=state,
        measured_since=since,
        measured_at=at,
    )


def _measured(before: Standing | None, verdict: Verdict) -> tuple[State | None, datetime | None, datetime | None]:
    """The last measured state, since when, and when it was last seen."""
    if verdict.state is State.UNMEASURED:
        return (before.measured_state, before.measured_since, before.measured_at) if before else (None, None, None)
    if before is not None and before.measured_state is verdict.state:
        return verdict.state, before.measured_since, verdict.at
    return verdict.state, verdict.at, verdict.at


def hours_of(looks: Iterable[Judged]) -> list[Hour]:
    """What the looks add to the hourly roll-up. A gap of several periods is counted in the hour that it is dated to."""
    hours: dict[tuple[str, datetime, State], Hour] = {}
    for look in looks:
        added = _hour_of(look)
        key = (added.check, added.hour, added.state)
        hours[key] = _sum(hours[key], added) if key in hours else added
    return list(hours.values())


def _hour_of(look: Judged) -> Hour:
    verdict, observation = look.verdict, look.observation
    return Hour(
        check=verdict.check,
        hour=verdict.at.astimezone(UTC).replace(minute=0, second=0, microsecond=0),
        state=verdict.state,
        looks=1,
        missed=max(1, observation.missed) if verdict.state is State.UNMEASURED else 0,
        duration_sum=observation.duration,
        duration_max=observation.duration,
    )


def _sum(hour: Hour, added: Hour) -> Hour:
    return replace(
        hour,
        looks=hour.looks + added.looks,
        missed=hour.missed + added.missed,
        duration_sum=hour.duration_sum + added.duration_sum,
        duration_max=max(hour.duration_max, added.duration_max),
    )
