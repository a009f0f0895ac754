"""What must be remembered of past looks so that the next one can be understood: a short window per check, and open cases.

The ledger decides nothing by itself. `take` works out what new verdicts change and leaves the ledger as it was; `keep`
makes that the new memory, once it is safely stored.
"""

from bisect import insort
from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from monitor.core.confirmation import Stretch
from monitor.core.contrast import all_turned_bad
from monitor.core.incident import KIND_OF_STATE, CaseKey, Event, Incident, apply, case_key, concerns, is_newer
from monitor.core.kinds import EventKind, Kind, Origin
from monitor.core.life import advance, bounds, excuse, is_followed, still_telling
from monitor.core.planned import NOTHING_PLANNED, Planned, explanation
from monitor.core.setback import NONE_MISDATED, Misdated, bounded, setback, spoken_and_waiting
from monitor.core.verdict import Verdict
from monitor.core.watchlist import Confirmation, PlannedChange
from probes.kit.vocabulary import State, Strength

WINDOW = 200
"""Looks with a bearing that are remembered per check; far more than any policy asks for."""

REACH = timedelta(days=1)
"""How far back they reach while no case stands open. What is read again at a start must reach as far; of a target in an open
case it is the newest `WINDOW` looks, however old: of public measurements there may be a few a day."""

Subject = tuple[str, str]
"""Organisation and target."""


@dataclass(frozen=True, slots=True)
class Step:
    """What new verdicts change: windows and incidents to remember, and the events that happened, each with its result."""

    windows: Mapping[str, tuple[Verdict, ...]] = field(default_factory=dict)
    incidents: Mapping[CaseKey, Incident] = field(default_factory=dict)
    events: tuple[tuple[Event, Incident], ...] = ()
    turned: tuple[Verdict, ...] = ()
    """Looks that say something else than the same check did lately, in a case that stands open."""
    explained: tuple[tuple[Verdict, PlannedChange], ...] = ()
    """Losses that a planned change explains, each with that change: they have no bearing."""
    at: datetime | None = None
    """What the clock showed; None where nothing was worked out."""
    misdated: Misdated = NONE_MISDATED


@dataclass(frozen=True, slots=True)
class _Batch:
    """What is being worked out: the circumstances, and what has changed so far."""

    policy: Confirmation
    now: datetime
    new_id: Callable[[], str]
    planned: Planned
    misdated: Misdated
    windows: dict[str, tuple[Verdict, ...]] = field(default_factory=dict)
    incidents: dict[CaseKey, Incident] = field(default_factory=dict)
    events: list[tuple[Event, Incident]] = field(default_factory=list)
    turned: list[Verdict] = field(default_factory=list)
    explained: list[tuple[Verdict, PlannedChange]] = field(default_factory=list)


class Ledger:
    """The memory of the pipeline. It is rebuilt from the store at every start."""

    def __init__(self, verdicts: Iterable[Verdict] = (), incidents: Iterable[Incident] = ()) -> None:
        self._windows: dict[str, tuple[Verdict, ...]] = {}
        self._incidents: dict[CaseKey, Incident] = {}
        self._checks: defaultdict[Subject, set[str]] = defaultdict(set)
        self._looking: defaultdict[str, set[str]] = defaultdict(set)
        self._cases: defaultdict[Subject, set[CaseKey]] = defaultdict(set)
        self._clock: datetime | None = None
        self._misdated = NONE_MISDATED
        for incident in incidents:
            self.revise(incident)
        for verdict in filter(_has_bearing, sorted(verdicts, key=_in_time)):
            self._remember(verdict.check, self._extended(verdict, self._windows)[-2 * WINDOW :])

    @property
    def incidents(self) -> tuple[Incident, ...]:
        """The latest incident of every case."""
        return tuple(self._incidents.values())

    def remembered(self) -> int:
        """How many looks are held in memory."""
        return sum(map(len, self._windows.values()))

    def take(
        self,
        verdicts: Sequence[Verdict],
        policy: Confirmation,
        now: datetime,
        new_id: Callable[[], str],
        planned: Planned = NOTHING_PLANNED,
    ) -> Step:
        """Work out what `verdicts`, in the order in which they were made, change. Looks that are known already change nothing."""
        batch = self._batch(policy, now, new_id, planned)
        for verdict in sorted(verdicts, key=_in_time):
            if _has_bearing(verdict) and not self._knows(verdict, batch.windows):
                self._take(verdict, batch)
        happened = tuple(batch.events), tuple(batch.turned), tuple(batch.explained)
        return Step(batch.windows, batch.incidents, *happened, at=now, misdated=batch.misdated)

    def _batch(self, policy: Confirmation, now: datetime, new_id: Callable[[], str], planned: Planned) -> _Batch:
        """The circumstances. Where the clock was set back, what its wrong time has left behind is seen to first."""
        found = setback(self._clock, now)
        if found is None:
            return _Batch(policy, now, new_id, planned, self._misdated)
        times = [at for one in self._incidents.values() for at in (*bounds(one), one.closed_at) if at is not None]
        batch = _Batch(policy, now, new_id, planned, self._misdated.at_setback(now, times))
        for check, window in self._windows.items():
            kept = tuple(look for look in window if not found.has_spoken(look))
            if len(kept) < len(window):
                batch.windows[check] = kept
        return batch

    def _take(self, verdict: Verdict, batch: _Batch) -> None:
        is_new = self._is_new(verdict, batch)
        window = batch.windows[verdict.check] = bounded(self._extended(verdict, batch.windows), batch.now, WINDOW)
        change = explanation(verdict, batch.planned)
        if change is not None:
            batch.explained.append((verdict, change))
            self._excuse(verdict, batch)
            return
        for key in self._keys(verdict, batch.incidents):
            self._advance(key, verdict, batch)
        batch.windows[verdict.check] = self._telling(window, batch)
        if is_new and self._is_at_issue(verdict, batch.incidents):
            batch.turned.append(verdict)

    def keep(self, step: Step) -> None:
        """Remember what `take` worked out."""
        for incident in step.incidents.values():
            self.revise(incident)
        for check, window in step.windows.items():
            self._remember(check, window)
        if step.at is not None:
            self._clock, self._misdated = step.at, step.misdated

    def revise(self, incident: Incident) -> None:
        """Remember an incident as it is on record; of several in one case, the latest counts.

        What is only attested, the isolation of a place and a mass event are no cases of looks at a target.
        """
        if is_case_of_looks(incident) and is_newer(incident, self._incidents.get(incident.key)):
            self._incidents[incident.key] = incident
            self._cases[incident.key.organisation, incident.key.target].add(incident.key)

    def replace_incidents(self, incidents: Iterable[Incident]) -> None:
        """Remember these incidents in place of all that were known, be they older; what was seen stays remembered."""
        self._incidents.clear()
        self._cases.clear()
        for incident in incidents:
            self.revise(incident)

    def forget_others(self, checks: Container[str]) -> None:
        """Forget the looks of all checks but these: what is no longer looked at has no say any more."""
        for check in [check for check in self._windows if check not in checks]:
            self._forget(check)

    def _forget(self, check: str) -> None:
        if check not in self._windows:
            return
        last = self._windows.pop(check)[-1]
        self._checks[last.organisation, last.target].discard(check)
        self._looking[last.vantage].discard(check)

    def _remember(self, check: str, window: tuple[Verdict, ...]) -> None:
        if not window:
            self._forget(check)
            return
        last = window[-1]
        subject = (last.organisation, last.target)
        self._checks[subject].add(check)
        self._looking[last.vantage].add(check)
        self._windows[check] = window

    def _telling(self, window: tuple[Verdict, ...], batch: _Batch) -> tuple[Verdict, ...]:
        """All that is remembered while a case stands open; else what is not too old and still tells something."""
        subject = (window[-1].organisation, window[-1].target)
        cases = {key: self._incidents[key] for key in self._cases[subject]} | batch.incidents
        known = [one for key, one in cases.items() if (key.organisation, key.target) == subject]
        if any(is_followed(one, batch.policy, batch.now, batch.misdated) for one in known):
            return window
        heard, waiting = spoken_and_waiting(window, batch.now)
        recent = [look for look in heard if look.at >= heard[-1].at - REACH]
        return (*(still_telling(recent, batch.policy) if recent else ()), *waiting)

    def _extended(self, verdict: Verdict, windows: Mapping[str, tuple[Verdict, ...]]) -> tuple[Verdict, ...]:
        window = [*self._window(verdict.check, windows)]
        insort(window, verdict, key=_in_time)
        return tuple(window)

    def _window(self, check: str, windows: Mapping[str, tuple[Verdict, ...]]) -> tuple[Verdict, ...]:
        return windows[check] if check in windows else self._windows.get(check, ())

    def _knows(self, verdict: Verdict, windows: Mapping[str, tuple[Verdict, ...]]) -> bool:
        return any(look.observation == verdict.observation for look in self._window(verdict.check, windows))

    def _is_new(self, verdict: Verdict, batch: _Batch) -> bool:
        """Whether the check says something else than before, and had not said it a moment ago either.

        What comes and goes says something else with every look. To look again each time would only breed more looks.
        """
        before = self._window(verdict.check, batch.windows)
        lately = verdict.at - timedelta(seconds=batch.policy.strong_span)
        said_lately = any(look.state is verdict.state and look.at >= lately for look in before)
        return not before or (before[-1].state is not verdict.state and not said_lately)

    def _is_at_issue(self, verdict: Verdict, incidents: Mapping[CaseKey, Incident]) -> bool:
        """Whether a case stands open in which the verdict has a say."""
        subject = (verdict.organisation, verdict.target)
        known = {key: self._incidents[key] for key in self._cases[subject]} | dict(incidents)
        return any(incident.is_open and concerns(key, verdict) for key, incident in known.items())

    def _keys(self, verdict: Verdict, incidents: Mapping[CaseKey, Incident]) -> tuple[CaseKey, ...]:
        """The cases in which the verdict may change something: those that exist, and the one that it would begin."""
        subject = (verdict.organisation, verdict.target)
        known = {key for key in (*self._cases[subject], *incidents) if concerns(key, verdict)}
        own = case_key(verdict)
        return tuple(sorted(known | ({own} if own else set()), key=lambda key: (key.family, key.country or "")))

    def _advance(self, key: CaseKey, verdict: Verdict, batch: _Batch) -> None:
        incident = batch.incidents.get(key) or self._incidents.get(key)
        seen = tuple(self._seen(key, verdict, batch))

        def is_general(row: Stretch) -> bool:
            windows = (self._window(check, batch.windows) for check in self._looking[row.vantage])
            return all_turned_bad(windows, key.organisation, row.first.at, verdict.at, batch.policy)

        for event in advance(incident, seen, batch.policy, batch.now, batch.new_id, key, is_general, batch.misdated):
            incident = apply(None if event.kind is EventKind.OPENED else incident, event)
            batch.incidents[key] = incident
            batch.events.append((event, incident))

    def _excuse(self, verdict: Verdict, batch: _Batch) -> None:
        for key in self._keys(verdict, batch.incidents):
            incident = batch.incidents.get(key) or self._incidents.get(key)
            event = incident and excuse(incident, self._seen(key, verdict, batch), batch.now, verdict)
            if incident and event:
                batch.incidents[key] = apply(incident, event)
                batch.events.append((event, batch.incidents[key]))

    def _seen(self, key: CaseKey, verdict: Verdict, batch: _Batch) -> Iterator[Verdict]:
        """The remembered looks that concern the case and that no planned change explains, those of this very batch included."""
        known = self._checks[verdict.organisation, verdict.target]
        for check in known | batch.windows.keys():
            window = self._window(check, batch.windows)
            if window and concerns(key, window[-1]):
                yield from _unexplained(window, batch.planned)


def is_case_of_looks(incident: Incident) -> bool:
    """Whether looks at a target decide what becomes of the incident."""
    return incident.origin is not Origin.ATTESTED and incident.kind is not Kind.ISOLATION and not incident.is_mass


def _unexplained(window: Sequence[Verdict], planned: Planned) -> Iterable[Verdict]:
    if (window[-1].organisation, window[-1].target) not in planned:
        return window
    return (look for look in window if explanation(look, planned) is None)


def _in_time(verdict: Verdict) -> tuple[datetime, str]:
    return verdict.at, verdict.observation


def _has_bearing(verdict: Verdict) -> bool:
    """Whether a look can matter in any case: weak ones never do, neither for nor against."""
    return verdict.strength is not Strength.WEAK and (verdict.state is State.OK or verdict.state in KIND_OF_STATE)
