"""What today's rules make of looks that were judged before: the same looks again, in their order, and the difference. Pure.

The replay knows nothing of what was concluded at the time. It runs the same machines, confirmation included, over the new
verdicts; then what it concludes is laid beside what is on record. What people have decided is never touched by it.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import count
from typing import Final

from monitor.core.incident import Bracket, CaseKey, Event, Incident
from monitor.core.isolation import Isolations
from monitor.core.kinds import EventKind, IncidentStage, Origin
from monitor.core.ledger import Ledger
from monitor.core.planned import Planned
from monitor.core.sight import is_round, speaks_of_its_target
from monitor.core.verdict import Verdict
from monitor.core.watchlist import Confirmation

SAME_ONSET: Final = timedelta(hours=1)
"""Two incidents of one case that begin within this of each other, or overlap, are one."""

COMPARED: Final = ("kind", "onset", "end", "vantages", "mechanisms", "rule", "strength")
"""What of a confirmed incident the rules decide. Who sees it now counts only while it stands open."""

BY: Final = "rejudge"
"""Who decided, in the log, where today's rules did."""

_BY_PEOPLE: Final = frozenset(
    {EventKind.CORRECTED, EventKind.REINSTATED, EventKind.AVERTED, EventKind.RETRACTED, EventKind.ERASED}
)


@dataclass(slots=True)
class Looks:
    """What became of the looks: how many were judged anew, how many of them otherwise, and how."""

    judged: int = 0
    left_out: int = 0
    """Looks at what is no longer configured, for which there are no parameters to judge by."""
    missing: set[tuple[str, str]] = field(default_factory=set)
    """Organisation and target of what they looked at: nothing can be concluded about these."""
    changed: Counter[tuple[str, str, str, str, str]] = field(default_factory=Counter)
    """By probe, state and rule before, state and rule now."""

    def leave_out(self, look: Verdict) -> None:
        """Count one look that cannot be judged any more."""
        self.left_out += 1
        self.missing.add((look.organisation, look.target))

    def take(self, before: Verdict, now: Verdict) -> bool:
        """Count one look. Returns whether it is judged otherwise now."""
        self.judged += 1
        if says_the_same(before, now):
            return False
        self.changed[now.probe, before.state, before.rule, now.state, now.rule] += 1
        return True


def says_the_same(before: Verdict, now: Verdict) -> bool:
    """Whether two verdicts on one look agree in everything that matters to others; their wording may differ."""
    return all(
        getattr(before, name) == getattr(now, name)
        for name in ("state", "rule", "strength", "why_unclear", "mechanism", "scope", "country")
    )


class Replay:
    """The life of all cases, lived again."""

    def __init__(self, policy: Confirmation, planned: Planned) -> None:
        self._ledger = Ledger()
        self._isolations = Isolations()
        self._policy = policy
        self._planned = planned
        self._numbers = count(1)
        self.incidents: dict[str, Incident] = {}
        self.looks: dict[str, set[str]] = {}
        """The observations that each incident rests on."""

    def take(self, verdict: Verdict) -> None:
        """Live through one look. They come in the order in which they were made."""
        if is_round(verdict):
            isolation = self._isolations.take([verdict], verdict.at, self._new_id)
            self._isolations.keep(isolation)
            self._note(isolation.events)
        elif speaks_of_its_target(verdict):
            step = self._ledger.take([verdict], self._policy, verdict.at, self._new_id, self._planned)
            self._ledger.keep(step)
            self._note(step.events)

    def _new_id(self) -> str:
        return f"replayed-{next(self._numbers)}"

    def _note(self, events: Iterable[tuple[Event, Incident]]) -> None:
        for event, incident in events:
            self.incidents[incident.id] = incident
            self.looks.setdefault(incident.id, set()).update(event.change.looks)


class What(StrEnum):
    """How the record would change."""

    GONE = "gone"
    """Today's rules would never have confirmed it."""
    OTHERWISE = "otherwise"
    """Today's rules tell of it in other terms."""
    NEW = "new"
    """Today's rules confirm what is not on record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One incident that would change. `fields` are those that differ; `looks` is what the replayed one rests on."""

    what: What
    recorded: Incident | None
    replayed: Incident | None
    fields: tuple[str, ...] = ()
    looks: tuple[str, ...] = ()


def compare(
    recorded: Mapping[str, Sequence[Event]],
    incidents: Iterable[Incident],
    replay: Replay,
    since: datetime,
    missing: Collection[tuple[str, str]] = (),
) -> tuple[Difference, ...]:
    """Lay what is on record beside the replay, which began at `since`. `recorded` are the logs of the incidents, by id.

    Left alone is what some looks were left out of (`missing`: organisation and target): who was not heard proves nothing. Left
    alone, too, is what began before the replay did, what was never confirmed or was taken back, and what people have decided.
    """
    confirmed = [one for one in replay.incidents.values() if one.confirmed_at is not None and not _is_taken_back(one)]
    heard = [one for one in incidents if (one.key.organisation, one.key.target) not in missing]
    known = [one for one in heard if one.confirmed_at is not None and one.origin is not Origin.ATTESTED and not one.is_mass]
    shown = [one for one in confirmed if (one.key.organisation, one.key.target) not in missing]
    return tuple(_differences(known, shown, recorded, replay, since))


def _differences(
    known: Sequence[Incident],
    confirmed: Sequence[Incident],
    logs: Mapping[str, Sequence[Event]],
    replay: Replay,
    since: datetime,
) -> Iterator[Difference]:
    matched: set[str] = set()
    # Looks of which a person has said that they mean nothing would begin the next incident of the case too early.
    decided = {_case(one.key) for one in known if _is_peoples(logs.get(one.id, ()))}
    for one in known:
        twins = [other for other in confirmed if _is_same(one, other)]
        matched.update(twin.id for twin in twins)
        if _began(one) <= since or _is_taken_back(one) or _case(one.key) in decided:
            continue
        if not twins:
            yield Difference(what=What.GONE, recorded=one, replayed=None)
        elif fields := tuple(_fields(one, twins)):
            looks = {look for twin in twins for look in replay.looks[twin.id]}
            yield Difference(what=What.OTHERWISE, recorded=one, replayed=twins[-1], fields=fields, looks=tuple(sorted(looks)))
    for other in confirmed:
        if other.id not in matched and _began(other) > since and _case(other.key) not in decided:
            yield Difference(what=What.NEW, recorded=None, replayed=other, looks=tuple(sorted(replay.looks[other.id])))


def _is_taken_back(incident: Incident) -> bool:
    return incident.stage is IncidentStage.RETRACTED


def _is_peoples(events: Iterable[Event]) -> bool:
    """Whether a person has decided about it: then the rules have no say any more."""
    return any(event.kind in _BY_PEOPLE and event.change.by not in {None, BY} for event in events)


def _is_same(one: Incident, other: Incident) -> bool:
    if _case(one.key) != _case(other.key):
        return False
    first, second = sorted((one, other), key=_began)
    return first.end is None or _began(second) <= first.end.by + SAME_ONSET


def _case(key: CaseKey) -> tuple[str, str, str, str | None]:
    return key.organisation, key.target, key.family, key.country


def _began(incident: Incident) -> datetime:
    return incident.onset.by if incident.onset else incident.detected


def _fields(one: Incident, twins: Sequence[Incident]) -> Iterator[str]:
    """What differs. Where the replay takes several incidents for what is one on record, the first begins and the last ends it."""
    first, last = min(twins, key=_began), max(twins, key=_began)
    for name in COMPARED:
        other = first if name == "onset" else last
        if name == "vantages" and not (one.is_open and other.is_open):
            continue
        if not _agree(getattr(one, name), getattr(other, name)):
            yield name


def _agree(before: object, now: object) -> bool:
    """Whether two values say the same; brackets need not agree to the second, since looks were taken in batches."""
    if isinstance(before, Bracket) and isinstance(now, Bracket):
        return abs(before.by - now.by) < timedelta(minutes=1)
    return before == now
