"""What an incident is: from looks that go wrong to a case that a person can cite, and to its end.

Everything that happens to an incident is an event in an append-only log; an incident is the fold of its events, and
`apply` carries one out. Which events a new verdict causes is decided by `advance` in `monitor.core.life`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

from pydantic import TypeAdapter

from monitor.core.descriptive import Outcome
from monitor.core.dossier import DatedStatement, Dossier
from monitor.core.edtf import span
from monitor.core.kinds import EventKind, IncidentStage, Kind, Origin, RelationKind
from monitor.core.model import Tlp
from monitor.core.verdict import Verdict
from probes.kit.vocabulary import State, Strength


@dataclass(frozen=True, slots=True, kw_only=True)
class Bracket:
    """When something happened, as far as looks can tell: after `after` (None: not known) and at the latest at `by`."""

    after: datetime | None
    by: datetime

    @property
    def is_within_a_minute(self) -> bool:
        """Whether both ends are the same time to the minute, in which people are told it."""
        return self.after is not None and _minute(self.after) == _minute(self.by)


def _minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseKey:
    """What makes two bad looks one case. `country` is None where the loss is everyone's (an outage, a withdrawal)."""

    organisation: str
    target: str
    family: str
    country: str | None


@dataclass(frozen=True, slots=True, order=True)
class Relation:
    """That an incident stands in some relation to another, which `incident` names."""

    kind: RelationKind
    incident: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What an event changes. A field that is None stays as it was; `reason` says why a person or the policy did it.

    - `heard_from`: looks made before then have had their say in an earlier incident of the case
    - `looks`: the observations that the event rests on; they are kept for ever
    - `by`: who decided, where a person or a file did: a key's id, `staff`, `command line`, `configuration`
    - `dossier`, `relations`, `members`, `struck`, `affected`: as they stand after the event, whole
    - `entry`, `digest`: the file in `config/incidents/` that the event enters, and the hash of what it said
    - `erased`: the field of the dossier that was emptied, here and in all events before
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
    origin: Origin | None = None
    provider: str | None = None
    dossier: Dossier | None = None
    relations: tuple[Relation, ...] | None = None
    members: tuple[str, ...] | None = None
    struck: int | None = None
    affected: tuple[str, ...] | None = None
    heard_from: datetime | None = None
    entry: str | None = None
    digest: str | None = None
    erased: str | None = None
    reason: str | None = None
    by: str | None = None
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
    """An incident as its events have left it. `vantages` are those that see the loss; `because` is their best reason.

    - `seen_from`: every vantage point that ever saw it; `vantages` grows empty with its end
    - `rule`, `because`, `strength`: the best look's; None where nobody looked
    - `onset`: None where no source says when it began
    - `members`: the incidents that a mass event consists of; their `relations` name it in turn
    - `struck`, `affected`: how many of the members it is told of, and their organisations: those that stand, and once none does,
      those that stood (None: all)
    - `entry`, `digest`: the file in `config/incidents/` that describes it, and the hash of what it said last
    - `stage_since`: when it came to its present stage (None: before that was noted); `stage_by`: who brought it there, where a
      person or the configuration did
    - `heard_from`: looks made before then have had their say in an earlier incident of the case
    - `updated`: when anything of its own changed last; that it was linked to another does not count, nor what was added to it for
      fewer readers than its own
    """

    id: str
    version: int
    key: CaseKey
    kind: Kind
    stage: IncidentStage
    origin: Origin = Origin.MEASURED
    tlp: Tlp = Tlp.AMBER
    provider: str | None = None
    onset: Bracket | None = None
    end: Bracket | None = None
    detected: datetime
    confirmed_at: datetime | None = None
    vantages: tuple[str, ...] = ()
    seen_from: tuple[str, ...] = ()
    mechanisms: tuple[str, ...] = ()
    rule: str | None = None
    because: str | None = None
    strength: Strength | None = None
    intermittent: bool = False
    dossier: Dossier | None = None
    relations: tuple[Relation, ...] = ()
    members: tuple[str, ...] = ()
    struck: int | None = None
    affected: tuple[str, ...] = ()
    entry: str | None = None
    digest: str | None = None
    stage_since: datetime | None = None
    stage_by: str | None = None
    heard_from: datetime | None = None
    updated: datetime

    @property
    def is_open(self) -> bool:
        """Whether the loss, or the suspicion of it, still stands. What people entered from documents is told "as of"."""
        return self.stage in OPEN_STAGES and self.origin is not Origin.ATTESTED

    @property
    def is_mass(self) -> bool:
        """Whether it is a mass event: the parent of incidents that one act caused, and no case of looks itself."""
        return self.key.family.startswith(MASS)

    @property
    def closed_at(self) -> datetime | None:
        """When it left the stages in which a loss, or the suspicion of it, stands; None while it is in one."""
        return None if self.stage in OPEN_STAGES else self.stage_since or self.updated

    @property
    def countries(self) -> tuple[str, ...]:
        """Where the loss is felt; empty where it is everyone's, or nobody says."""
        if self.key.country:
            return (self.key.country,)
        return self.dossier.countries.effect if self.dossier else ()

    @property
    def parent(self) -> str | None:
        """The mass event that it belongs to."""
        return next((one.incident for one in self.relations if one.kind is RelationKind.MEMBER_OF), None)


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

MASS: Final = "mass:"
"""The families of mass events begin with this; the family of their members follows."""

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
    is_told = not _is_mere_link(event) and not _adds_for_fewer(incident, event.kind, change.dossier)
    updated = event.at if is_told else incident.updated
    moved = replace(incident, **_given(change), version=event.version, updated=updated)
    moved = replace(moved, seen_from=_all_of(incident.seen_from, moved.vantages))
    if moved.stage is not incident.stage:
        moved = replace(moved, stage_since=event.at, stage_by=change.by)
    if change.stage is IncidentStage.CONFIRMED and moved.origin is not Origin.ATTESTED:
        moved = replace(moved, confirmed_at=incident.confirmed_at or event.at, end=None)
    if event.kind is EventKind.REOPENED:
        moved = replace(moved, end=None, intermittent=_is_intermittent(incident, change), onset=_reopened_onset(incident, moved))
        moved = replace(moved, dossier=_lost_again(moved.dossier))
    return _as_stated(_in_order(moved), change)


def _is_mere_link(event: Event) -> bool:
    """Whether it only says how an incident stands to another: its date would tell those who may not know of that one."""
    return event.kind in {EventKind.LINKED, EventKind.NOTICE_LINKED} and event.data.get("members") is None


_ADDED_TO: Final = MappingProxyType({EventKind.EVIDENCE_ADDED: "evidence", EventKind.REPLIED: "replies"})
"""Events that add something to the dossier, and where."""


def _adds_for_fewer(incident: Incident, kind: EventKind, dossier: Dossier | None) -> bool:
    """Whether it only adds what is for fewer readers than the incident: its date would tell the others that there is more."""
    if kind not in _ADDED_TO or dossier is None or incident.dossier is None:
        return False
    closeness = tuple(Tlp).index
    return any(one.tlp and closeness(one.tlp) > closeness(incident.tlp) for one in getattr(dossier, _ADDED_TO[kind])[-1:])


def _in_order(incident: Incident) -> Incident:
    """With an end that lies not before the beginning: only clocks that were set back meanwhile can say otherwise."""
    onset, end = incident.onset, incident.end
    if onset is None or end is None or end.by >= onset.by:
        return incident
    return replace(incident, end=replace(end, by=onset.by))


def _all_of(some: Iterable[str], more: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({*some, *more}))


def _is_intermittent(before: Incident, change: Change) -> bool:
    """What was confirmed and comes back has come and gone, unless it is known that it never went."""
    returned = before.confirmed_at is not None if change.intermittent is None else change.intermittent
    return before.intermittent or returned


def _reopened_onset(before: Incident, after: Incident) -> Bracket | None:
    """An incident that was once confirmed keeps its first onset; a mere suspicion begins anew."""
    return before.onset if before.confirmed_at else after.onset


def _lost_again(dossier: Dossier | None) -> Dossier | None:
    """What was given back and is lost again is not back; that it was given back stays in the log."""
    if dossier is None or dossier.outcome is not Outcome.REINSTATED_FULL:
        return dossier
    return dossier.model_copy(update={"outcome": Outcome.UNKNOWN, "reinstatement": None})


_CARRIED = (
    "kind",
    "stage",
    "onset",
    "end",
    "vantages",
    "mechanisms",
    "rule",
    "because",
    "strength",
    "tlp",
    "intermittent",
    "origin",
    "provider",
    "dossier",
    "relations",
    "members",
    "struck",
    "affected",
    "heard_from",
    "entry",
    "digest",
)
"""The fields of a change that an incident has too."""


def _given(change: Change) -> dict[str, Any]:
    return {name: value for name in _CARRIED if (value := getattr(change, name)) is not None}


def _opened(event: Event, change: Change) -> Incident:
    if event.kind is not EventKind.OPENED or event.version != 1 or change.key is None:
        raise ValueError(f"the log of {event.incident} must start with `opened` as version 1")
    given = _given(change)
    seen_from = _all_of((), change.vantages or ())
    opened = Incident(
        id=event.incident, version=1, key=change.key, detected=event.at, updated=event.at, seen_from=seen_from, **given
    )
    return _as_stated(replace(opened, stage_since=event.at, stage_by=change.by), change)


def _as_stated(incident: Incident, change: Change) -> Incident:
    """What is only attested lies where its dossier dates it, and nowhere once nobody dates it any more.

    It may turn out to be somebody else's case; the case of what was measured is what its looks are told by, and never changes.
    """
    if incident.origin is not Origin.ATTESTED or incident.dossier is None:
        return incident
    dates = incident.dossier.dates
    key = change.key or incident.key
    provider = incident.provider if change.digest is None else change.provider  # a file says all: what it leaves out is not so
    return replace(incident, key=key, provider=provider, onset=stated_bracket(dates.beginning), end=stated_bracket(dates.ended))


def stated_bracket(stated: DatedStatement | None) -> Bracket | None:
    """Between when a dated statement says that something happened; None where it says nothing, or leaves the end open."""
    after, by = span(stated.date) if stated else (None, None)
    return Bracket(after=after, by=by) if by else None


KEPT_BEFORE: Final = timedelta(days=7)
KEPT_AFTER: Final = timedelta(days=1)
"""How far before its beginning and after its end all looks at an incident's target are kept, good ones and gaps included: a
chosen few would not survive cross-examination."""


def looks_kept(incident: Incident) -> tuple[datetime, datetime | None] | None:
    """From when to when (None: for now) all looks at its target are kept for an incident; None where it keeps none.

    A mere suspicion that was taken back keeps only the looks that it rests on, and a mass event leaves it to its members.
    """
    was_nothing = incident.stage is IncidentStage.RETRACTED and incident.confirmed_at is None
    if incident.onset is None or incident.is_mass or was_nothing:
        return None
    until = incident.end.by + KEPT_AFTER if incident.end else None
    if until is None and not incident.is_open:
        until = (incident.closed_at or incident.updated) + KEPT_AFTER
    return (incident.onset.after or incident.onset.by) - KEPT_BEFORE, until


def is_newer(incident: Incident, known: Incident | None) -> bool:
    """Whether this is the newer word on a case: the same incident as it is by now, one that is open, or else a later one.

    Later is what was numbered later: a clock may have been set back between two incidents. Only the last of a case can be open.
    """
    if known is None or known.id == incident.id:
        return known is None or known.version <= incident.version
    return (known.is_open, _numbered(known), known.detected) < (incident.is_open, _numbered(incident), incident.detected)


def _numbered(incident: Incident) -> tuple[int, ...]:
    """The numbers in its id, which are given in the order in which incidents begin: the year, and the one within the year."""
    return tuple(map(int, re.findall(r"\d+", incident.id)))


def fold(events: Iterable[Event]) -> Incident | None:
    """The incident that these events, in order, have made."""
    incident = None
    for event in events:
        incident = apply(incident, event)
    return incident
