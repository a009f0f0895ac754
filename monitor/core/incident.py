"""What an incident is: from looks that go wrong to a case that a person can cite, and to its end.

Everything that happens to an incident is an event in an append-only log; an incident is the fold of its events, and
`apply` carries one out. Which events a new verdict causes is decided by `advance` in `monitor.core.life`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from pydantic import TypeAdapter

from monitor.core.verdict import Verdict
from monitor.core.watchlist import Tlp
from probes.kit.vocabulary import State, Strength


class Kind(StrEnum):
    """What sort of loss it is."""

    BLOCKING = "blocking"
    THROTTLING = "throttling"
    UNREACHABLE = "unreachable"
    WITHDRAWAL = "withdrawal"
    RESTRICTION = "restriction"
    NOTICE = "notice"
    DESIGNATION = "designation"
    LAPSE = "lapse"
    OUTAGE = "outage"
    ISOLATION = "isolation"


class IncidentStage(StrEnum):
    """How far an incident has come."""

    SUSPECTED = "suspected"
    CONFIRMED = "confirmed"
    ENDED = "ended"
    REINSTATED = "reinstated"
    AVERTED = "averted"
    RETRACTED = "retracted"


class Origin(StrEnum):
    """Whether instruments or people say so."""

    MEASURED = "measured"
    ATTESTED = "attested"
    BOTH = "both"


class EventKind(StrEnum):
    """What can happen to an incident. The log holds nothing else."""

    OPENED = "opened"
    CONFIRMED = "confirmed"
    RECLASSIFIED = "reclassified"
    SCOPE_CHANGED = "scope_changed"
    ENDED = "ended"
    REOPENED = "reopened"
    RETRACTED = "retracted"
    RELEASED = "released"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bracket:
    """When something happened, as far as looks can tell: after `after` (None: not known) and at the latest at `by`."""

    after: datetime | None
    by: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseKey:
    """What makes two bad looks one case. `country` is None where the loss is everyone's (an outage, a withdrawal)."""

    organisation: str
    target: str
    family: str
    country: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What an event changes. A field that is None stays as it was; `reason` says why a person or the policy did it.

    `looks` are the observations that the event rests on; they are kept for ever.
    """

    key: CaseKey | None = None
    kind: Kind | None = None
    stage: IncidentStage | None = None
    onset: Bracket | None = None
    end: Bracket | None = None
    vantages: tuple[str, ...] | None = None
    mechanisms: tuple[str, ...] | None = None
    rule: str | None = None
    because: str | None = None
    strength: Strength | None = None
    tlp: Tlp | None = None
    intermittent: bool | None = None
    reason: str | None = None
    looks: tuple[str, ...] = ()


_CHANGE = TypeAdapter(Change)


def record(incident: str, version: int, at: datetime, kind: EventKind, change: Change) -> "Event":
    """The event that enters `change` into the log; what stays as it was is left out."""
    data = {name: value for name, value in _CHANGE.dump_python(change, mode="json").items() if value is not None}
    return Event(incident=incident, version=version, at=at, kind=kind, data=data)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One entry of the append-only log. `version` counts an incident's events from 1; `data` is a `Change` as JSON."""

    incident: str
    version: int
    at: datetime
    kind: EventKind
    data: dict[str, Any] = field(default_factory=dict)

    @property
    def change(self) -> Change:
        """The event's data as a value. Raises `pydantic.ValidationError` if the log holds something else."""
        return _CHANGE.validate_python(self.data)


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """An incident as its events have left it. `vantages` are those that see the loss; `because` is their best reason."""

    id: str
    version: int
    key: CaseKey
    kind: Kind
    stage: IncidentStage
    origin: Origin = Origin.MEASURED
    tlp: Tlp = Tlp.AMBER
    provider: str | None = None
    onset: Bracket
    end: Bracket | None = None
    detected: datetime
    confirmed_at: datetime | None = None
    vantages: tuple[str, ...] = ()
    mechanisms: tuple[str, ...] = ()
    rule: str
    because: str
    strength: Strength
    intermittent: bool = False
    updated: datetime

    @property
    def is_open(self) -> bool:
        """Whether the loss, or the suspicion of it, still stands."""
        return self.stage in OPEN_STAGES


OPEN_STAGES = frozenset({IncidentStage.SUSPECTED, IncidentStage.CONFIRMED})

KIND_OF_STATE = MappingProxyType(
    {
        State.BLOCKED: Kind.BLOCKING,
        State.THROTTLED: Kind.THROTTLING,
        State.UNREACHABLE: Kind.UNREACHABLE,
        State.WITHDRAWN: Kind.WITHDRAWAL,
        State.RESTRICTED: Kind.RESTRICTION,
        State.NOTICE: Kind.NOTICE,
        State.LAPSED: Kind.LAPSE,
        State.DOWN: Kind.OUTAGE,
    }
)

PATH = "path"
"""The family of what happens on the way to a service. A real block moves between its kinds, so they are one case."""

PATH_KINDS = (Kind.BLOCKING, Kind.THROTTLING, Kind.UNREACHABLE)
"""Most telling first."""

REACHED = frozenset({State.OK, State.RESTRICTED, State.WITHDRAWN, State.LAPSED, State.NOTICE})
"""States that only a service which was reached can have: they speak against a disturbance of the path."""


WORKS_FOR_SOMEBODY = frozenset(KIND_OF_STATE) - {State.DOWN} | {State.OK}
"""States that say that the service works for somebody, if only for a control: they speak against an outage."""


FAMILY_OF_STATE = MappingProxyType({state: PATH if kind in PATH_KINDS else kind.value for state, kind in KIND_OF_STATE.items()})
"""The family of cases to which a loss belongs."""


def case_key(verdict: Verdict) -> CaseKey | None:
    """The case to which a bad verdict belongs; None for a verdict that shows no loss."""
    family = FAMILY_OF_STATE.get(verdict.state)
    if family is None:
        return None
    country = verdict.country if family == PATH else None
    return CaseKey(organisation=verdict.organisation, target=verdict.target, family=family, country=country)


def concerns(key: CaseKey, verdict: Verdict) -> bool:
    """Whether a verdict, good or bad, has a say in the case."""
    same = (key.organisation, key.target) == (verdict.organisation, verdict.target)
    return same and (key.family != PATH or key.country == verdict.country)


def apply(incident: Incident | None, event: Event) -> Incident:
    """Carry out one event. Raises `ValueError` where the log does not start with `opened` or skips a version."""
    change = event.change
    if incident is None:
        return _opened(event, change)
    if (event.incident, event.version) != (incident.id, incident.version + 1):
        raise ValueError(f"{event.incident} version {event.version} cannot follow {incident.id} version {incident.version}")
    moved = replace(incident, **_given(change), version=event.version, updated=event.at)
    if change.stage is IncidentStage.CONFIRMED:
        moved = replace(moved, confirmed_at=incident.confirmed_at or event.at, end=None)
    if event.kind is EventKind.REOPENED:
        moved = replace(moved, end=None, intermittent=incident.confirmed_at is not None, onset=_reopened_onset(incident, moved))
    return moved


def _reopened_onset(before: Incident, after: Incident) -> Bracket:
    """An incident that was once confirmed keeps its first onset; a mere suspicion begins anew."""
    return before.onset if before.confirmed_at else after.onset


def _given(change: Change) -> dict[str, Any]:
    fields = ("kind", "stage", "onset", "end", "vantages", "mechanisms", "rule", "because", "strength", "tlp", "intermittent")
    return {name: value for name in fields if (value := getattr(change, name)) is not None}


def _opened(event: Event, change: Change) -> Incident:
    if event.kind is not EventKind.OPENED or event.version != 1 or change.key is None:
        raise ValueError(f"the log of {event.incident} must start with `opened` as version 1")
    return Incident(id=event.incident, version=1, key=change.key, detected=event.at, updated=event.at, **_given(change))


def fold(events: Iterable[Event]) -> Incident | None:
    """The incident that these events, in order, have made."""
    incident = None
    for event in events:
        incident = apply(incident, event)
    return incident
