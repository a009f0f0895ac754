"""What must be remembered of past looks so that the next one can be understood: a short window per check, and open cases.

The ledger decides nothing by itself. `take` works out what new verdicts change and leaves the ledger as it was; `keep`
makes that the new memory, once it is safely stored.
"""

from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from monitor.core.incident import KIND_OF_STATE, CaseKey, Event, EventKind, Incident, apply, case_key, concerns
from monitor.core.life import advance
from monitor.core.verdict import Verdict
from monitor.core.watchlist import Confirmation
from probes.kit.vocabulary import State, Strength

WINDOW = 200
"""Looks with a bearing that are remembered per check; far more than any policy asks for."""

Subject = tuple[str, str]
"""Organisation and target."""


@dataclass(frozen=True, slots=True)
class Step:
    """What new verdicts change: windows and incidents to remember, and the events that happened, each with its result."""

    windows: Mapping[str, tuple[Verdict, ...]] = field(default_factory=dict)
    incidents: Mapping[CaseKey, Incident] = field(default_factory=dict)
    events: tuple[tuple[Event, Incident], ...] = ()
    turned: tuple[Verdict, ...] = ()
    """Looks that say something else than the same check's look before, in a case that stands open."""


class Ledger:
    """The memory of the pipeline. It is rebuilt from the store at every start."""

    def __init__(self, verdicts: Iterable[Verdict] = (), incidents: Iterable[Incident] = ()) -> None:
        self._windows: dict[str, tuple[Verdict, ...]] = {}
        self._incidents = {incident.key: incident for incident in sorted(incidents, key=lambda one: (one.detected, one.id))}
        self._checks: defaultdict[Subject, set[str]] = defaultdict(set)
        self._cases: defaultdict[Subject, set[CaseKey]] = defaultdict(set)
        for key in self._incidents:
            self._cases[key.organisation, key.target].add(key)
        for verdict in sorted(verdicts, key=lambda one: one.at):
            self._remember(verdict.check, self._extended(verdict, self._windows))

    @property
    def incidents(self) -> tuple[Incident, ...]:
        """The latest incident of every case."""
        return tuple(self._incidents.values())

    def remembered(self) -> int:
        """How many looks are held in memory."""
        return sum(map(len, self._windows.values()))

    def take(self, verdicts: Sequence[Verdict], policy: Confirmation, now: datetime, new_id: Callable[[], str]) -> Step:
        """Work out what `verdicts`, in the order in which they were made, change."""
        windows: dict[str, tuple[Verdict, ...]] = {}
        incidents: dict[CaseKey, Incident] = {}
        events: list[tuple[Event, Incident]] = []
        turned: list[Verdict] = []
        for verdict in sorted(verdicts, key=lambda one: (one.at, one.observation)):
            if not _has_bearing(verdict):
                continue
            is_new = self._is_new(verdict, windows)
            windows[verdict.check] = self._extended(verdict, windows)
            for key in self._keys(verdict, incidents):
                events.extend(self._advanced(key, verdict, windows, incidents, policy, now, new_id))
            if is_new and self._is_at_issue(verdict, incidents):
                turned.append(verdict)
        return Step(windows, incidents, tuple(events), tuple(turned))

    def keep(self, step: Step) -> None:
        """Remember what `take` worked out."""
        for key, incident in step.incidents.items():
            self._incidents[key] = incident
            self._cases[key.organisation, key.target].add(key)
        for check, window in step.windows.items():
            self._remember(check, window)

    def revise(self, incident: Incident) -> None:
        """Remember an incident as a person has left it; of several in one case, the latest counts."""
        known = self._incidents.get(incident.key)
        if known is None or known.id == incident.id or known.detected < incident.detected:
            self._incidents[incident.key] = incident
            self._cases[incident.key.organisation, incident.key.target].add(incident.key)

    def forget_others(self, checks: Container[str]) -> None:
        """Forget the looks of all checks but these: what is no longer looked at has no say any more."""
        for check in [check for check in self._windows if check not in checks]:
            last = self._windows.pop(check)[-1]
            self._checks[last.organisation, last.target].discard(check)

    def _remember(self, check: str, window: tuple[Verdict, ...]) -> None:
        last = window[-1]
        subject = (last.organisation, last.target)
        self._checks[subject].add(check)
        self._windows[check] = window if self._is_watched(subject) else _short(window)

    def _is_watched(self, subject: Subject) -> bool:
        return any(self._incidents[key].is_open for key in self._cases[subject])

    def _extended(self, verdict: Verdict, windows: Mapping[str, tuple[Verdict, ...]]) -> tuple[Verdict, ...]:
        before = windows.get(verdict.check) or self._windows.get(verdict.check, ())
        return (*before, verdict)[-WINDOW:]

    def _is_new(self, verdict: Verdict, windows: Mapping[str, tuple[Verdict, ...]]) -> bool:
        """Whether the check says something else than before."""
        before = windows.get(verdict.check) or self._windows.get(verdict.check, ())
        return not before or (before[-1].state is State.OK) is not (verdict.state is State.OK)

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

    def _advanced(
        self,
        key: CaseKey,
        verdict: Verdict,
        windows: Mapping[str, tuple[Verdict, ...]],
        incidents: dict[CaseKey, Incident],
        policy: Confirmation,
        now: datetime,
        new_id: Callable[[], str],
    ) -> Iterator[tuple[Event, Incident]]:
        incident = incidents.get(key) or self._incidents.get(key)
        seen = tuple(self._seen(key, verdict, windows))
        for event in advance(incident, seen, policy, now, new_id, key):
            incident = apply(None if event.kind is EventKind.OPENED else incident, event)
            incidents[key] = incident
            yield event, incident

    def _seen(self, key: CaseKey, verdict: Verdict, windows: Mapping[str, tuple[Verdict, ...]]) -> Iterator[Verdict]:
        """The remembered looks that concern the case, those of this very batch included."""
        known = self._checks[verdict.organisation, verdict.target]
        fresh = {check for check, window in windows.items() if concerns(key, window[-1])}
        for check in known | fresh:
            window = windows.get(check) or self._windows[check]
            if concerns(key, window[-1]):
                yield from window


def _has_bearing(verdict: Verdict) -> bool:
    return verdict.state is State.OK or (verdict.state in KIND_OF_STATE and verdict.strength is not Strength.WEAK)


def _short(window: tuple[Verdict, ...]) -> tuple[Verdict, ...]:
    """While nothing is wrong, the last good look is all that the next suspicion needs."""
    return window[-1:] if window[-1].state is State.OK else window
