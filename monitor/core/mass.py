"""Mass events: one parent for the many incidents that one act has caused, so that nobody gets a hundred alerts.

A parent is a case of its own, without organisation or target. It opens, confirmed at once, when enough incidents of one family
and country, or of one provider, were confirmed within a short time; later ones join it; it ends when all its members are over.
It rests on its members alone, never on looks. What is told of it counts those of them that stand; its list keeps them all.

`Masses` decides nothing by itself: `take` works out what has changed, `keep` makes that its memory once it is stored.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from monitor.core.incident import MASS, CaseKey, Change, Event, Incident, Relation, apply, is_newer, record
from monitor.core.kinds import EventKind, IncidentStage, RelationKind
from monitor.core.ledger import is_case_of_looks
from monitor.core.letting_go import CONFIGURATION, NOBODY_LOOKS, is_let_go
from monitor.core.mass_account import beginning, guarded, last_end, news, organisations, scope, stands
from monitor.core.sight import NOBODY
from monitor.core.watchlist import Mass

MOST: Final = 2000
"""Members that a mass event has at most; what comes after them stands for itself."""

PAUSE: Final = timedelta(minutes=15)
"""For how long it says nothing new of those who join or are over, unless it doubles: a wave is not told one by one."""

SAID_OF_ALL: Final = "said of the mass event that it belongs to"

_CLOSED: Final = MappingProxyType(
    {IncidentStage.REINSTATED: EventKind.REINSTATED, IncidentStage.AVERTED: EventKind.AVERTED},
)
"""What people say of a mass event that is over, and how that is entered for those of its members that stood."""

TOO_FEW_LEFT: Final = "too few of its members stand: they were no mass event"


def mass_key(incident: Incident) -> CaseKey | None:
    """The mass event to which an incident may belong: one provider's doing, or what happens in one country.

    Without either nothing says that one act is behind it: sites all over the world go down every day.
    """
    if not is_case_of_looks(incident):
        return None
    family, country = incident.key.family, incident.key.country
    if incident.provider:
        return CaseKey(organisation=NOBODY, target=NOBODY, family=f"{MASS}{family}:{incident.provider}", country=country)
    return CaseKey(organisation=NOBODY, target=NOBODY, family=f"{MASS}{family}", country=country) if country else None


@dataclass(frozen=True, slots=True)
class MassStep:
    """What has changed: incidents as they are now, by id, and the events that happened, each with its result."""

    incidents: Mapping[str, Incident] = field(default_factory=dict)
    events: tuple[tuple[Event, Incident], ...] = ()


@dataclass(frozen=True, slots=True)
class _Group:
    """One mass event, or what may become one: its parent, what belongs to it, and what stands beside it confirmed.

    A member names its parent at once; the parent may name it only later. `is_past` says that the parent is over for good: what
    comes now is another mass event.
    """

    key: CaseKey
    parent: Incident | None
    members: tuple[Incident, ...]
    candidates: tuple[Incident, ...]
    is_past: bool


@dataclass(slots=True)
class _Batch:
    """What is being worked out."""

    now: datetime
    new_id: Callable[[], str]
    incidents: dict[str, Incident] = field(default_factory=dict)
    events: list[tuple[Event, Incident]] = field(default_factory=list)

    def open(self, key: CaseKey, told: Change) -> Incident:
        """Begin a parent, confirmed at once: its members are."""
        name = self.new_id()
        opening = replace(told, key=key, stage=IncidentStage.SUSPECTED)
        opened = self._note(None, record(name, 1, self.now, EventKind.OPENED, opening))
        return self.change(opened, EventKind.CONFIRMED, replace(told, stage=IncidentStage.CONFIRMED))

    def change(self, incident: Incident, kind: EventKind, change: Change) -> Incident:
        """Let this happen to an incident."""
        known = self.latest(incident)
        return self._note(known, record(known.id, known.version + 1, self.now, kind, change))

    def latest(self, incident: Incident) -> Incident:
        """The incident as this batch leaves it so far."""
        return self.incidents.get(incident.id, incident)

    def _note(self, incident: Incident | None, event: Event) -> Incident:
        changed = apply(incident, event)
        self.incidents[changed.id] = changed
        self.events.append((event, changed))
        return changed


class Masses:
    """What must be remembered: the latest parent of every group, and all that belongs to one or may. Rebuilt from the store."""

    def __init__(self, incidents: Iterable[Incident] = ()) -> None:
        self._parents: dict[CaseKey, Incident] = {}
        self._taken_back: dict[str, Incident] = {}
        """Older parents that a person took back, and that still have members."""
        self._keys: dict[str, CaseKey] = {}
        """To which group every mass event belongs that there ever was."""
        self._others: dict[str, Incident] = {}
        self._linked: defaultdict[str, set[str]] = defaultdict(set)
        self._standing: defaultdict[CaseKey, set[str]] = defaultdict(set)
        for incident in incidents:
            self.revise(incident)

    @property
    def parents(self) -> tuple[Incident, ...]:
        """The latest mass event of every group."""
        return tuple(self._parents.values())

    def take(
        self, changed: Iterable[Incident], mass: Mass, reopen: int, now: datetime, new_id: Callable[[], str] | None = None
    ) -> MassStep:
        """Work out what follows from `changed`, incidents as they are now; `reopen` is in seconds.

        Without `new_id` nothing new begins, and nothing joins: only what is known already is brought up to date.
        """
        latest = {one.id: one for one in changed}
        batch = _Batch(now, new_id or _nothing_new)
        for _, older in sorted(self._taken_back.items()):
            _scatter(older, _members(older, self._known(older.key, older, latest)), batch)
        for key in sorted(self._concerned(latest.values(), now), key=lambda one: (one.family, one.country or "")):
            group = self._group(key, latest, timedelta(seconds=reopen), now)
            candidates = () if new_id is None else group.candidates
            parent = group.parent and _follow(group.parent, group, mass, batch)
            _gather(replace(group, parent=parent, candidates=candidates), mass, batch)
        return MassStep(batch.incidents, tuple(batch.events))

    def keep(self, changed: Iterable[Incident], step: MassStep) -> None:
        """Remember incidents that have changed, and what `take` worked out of that."""
        for incident in (*changed, *step.incidents.values()):
            self.revise(incident)

    def revise(self, incident: Incident) -> None:
        """Remember an incident as it is on record; of several parents of one group, the latest counts."""
        if incident.is_mass:
            self._revise_parent(incident)
        elif is_newer(incident, self._others.get(incident.id)):
            self._forget(incident.id)
            if incident.parent is not None or stands(incident):
                self._remember(incident)

    def _revise_parent(self, parent: Incident) -> None:
        self._keys[parent.id] = parent.key
        known = self._parents.get(parent.key, parent)
        older, latest = (known, parent) if is_newer(parent, known) else (parent, known)
        self._parents[parent.key] = latest
        if older.id == latest.id:
            return
        if older.stage is IncidentStage.RETRACTED and older.members:
            self._taken_back[older.id] = older
        else:
            self._taken_back.pop(older.id, None)

    def _remember(self, incident: Incident) -> None:
        self._others[incident.id] = incident
        if incident.parent is not None:
            self._linked[incident.parent].add(incident.id)
        if stands(incident) and (key := mass_key(incident)) is not None:
            self._standing[key].add(incident.id)

    def _forget(self, name: str) -> None:
        known = self._others.pop(name, None)
        if known is None:
            return
        self._linked[known.parent or ""].discard(name)
        if (key := mass_key(known)) is not None:
            self._standing[key].discard(name)

    def _concerned(self, changed: Iterable[Incident], now: datetime) -> set[CaseKey]:
        changed = tuple(changed)
        own = {key for one in changed if not one.is_mass and (key := mass_key(one)) is not None}
        parents = {one.parent for one in changed} | {one.id for one in changed if one.is_mass}
        return own | {key for key, one in self._parents.items() if one.id in parents or self._is_due(one, now)}

    def _is_due(self, parent: Incident, now: datetime) -> bool:
        """Whether it has something to tell that it kept to itself for a while."""
        if not parent.is_open or _is_early(parent, now):
            return False
        return news(parent, _members(parent, self._near(parent.key, parent))) is not None

    def _group(self, key: CaseKey, latest: Mapping[str, Incident], reopen: timedelta, now: datetime) -> _Group:
        parent = self._parents.get(key)
        if parent is not None:
            parent = latest.get(parent.id, parent)
        known = self._known(key, parent, latest)
        members = _members(parent, known) if parent else ()
        is_past = parent is not None and parent.closed_at is not None and now - parent.closed_at > reopen
        beside = known.keys() - (set() if is_past else {one.id for one in members})
        return _Group(
            key=key,
            parent=parent,
            members=members,
            candidates=tuple(known[name] for name in sorted(beside) if self._may_join(known[name], key)),
            is_past=is_past,
        )

    def _may_join(self, incident: Incident, key: CaseKey) -> bool:
        """Whether it stands, and is part of nothing else: what a person said to belong to another act is left there."""
        is_free = incident.parent is None or self._keys.get(incident.parent) == key
        return is_free and stands(incident) and mass_key(incident) == key

    def _near(self, key: CaseKey, parent: Incident | None) -> dict[str, Incident]:
        """What is remembered that belongs to a group, or may."""
        names = set(self._standing.get(key, ()))
        if parent is not None:
            names |= {*self._linked.get(parent.id, ()), *parent.members}
        return {name: self._others[name] for name in names if name in self._others}

    def _known(self, key: CaseKey, parent: Incident | None, latest: Mapping[str, Incident]) -> dict[str, Incident]:
        """The same as it is by now, and whatever else has changed."""
        return self._near(key, parent) | {name: one for name, one in latest.items() if not one.is_mass}


def _members(parent: Incident, known: Mapping[str, Incident]) -> tuple[Incident, ...]:
    """Those whom the parent names, and those who name the parent."""
    named = frozenset(parent.members)
    linked = sorted(name for name, one in known.items() if name not in named and one.parent == parent.id)
    waiting = [name for name in linked if mass_key(known[name]) == parent.key]
    return tuple(known[name] for name in (*parent.members, *waiting) if name in known)


def _nothing_new() -> str:
    raise AssertionError("no mass event begins here")


def _follow(parent: Incident, group: _Group, mass: Mass, batch: _Batch) -> Incident:
    """Let the parent take the course of its members: those that were false leave it, and it lives as long as they do."""
    if parent.stage is IncidentStage.RETRACTED:
        return _scatter(parent, group.members, batch)
    false, left = _parted(_closed_with(member, parent, batch) for member in group.members)
    for member in false:
        _unlink(member, parent, batch)
    if false and len(left) < mass.members:
        return _take_back(parent, left, Change(reason=TOO_FEW_LEFT), batch)
    if false:
        parent = batch.change(parent, EventKind.SCOPE_CHANGED, scope(parent, left))
    return parent if group.is_past else _in_step(parent, left, mass, batch)


def _parted(members: Iterable[Incident]) -> tuple[list[Incident], list[Incident]]:
    """Those that were taken back as false, and those that were not: what nobody looks at any more may well have been true."""
    false: list[Incident] = []
    left: list[Incident] = []
    for one in members:
        (false if one.stage is IncidentStage.RETRACTED and not is_let_go(one) else left).append(one)
    return false, left


def _scatter(parent: Incident, members: Iterable[Incident], batch: _Batch) -> Incident:
    """A person has said that it was no mass event: its members stand for themselves."""
    for member in members:
        _unlink(member, parent, batch)
    return batch.change(parent, EventKind.LINKED, Change(members=(), struck=0, affected=())) if parent.members else parent


def _closed_with(member: Incident, parent: Incident, batch: _Batch) -> Incident:
    """A person's word about a mass event is one about each member that stood then. Looks made since may prove it lost anew."""
    how = _CLOSED.get(parent.stage)
    if how is None or not stands(member) or _stood_since(member) > _closed(parent):
        return member
    return batch.change(member, how, Change(stage=parent.stage, end=parent.end, reason=SAID_OF_ALL, by=parent.stage_by))


def _take_back(parent: Incident, left: Iterable[Incident], why: Change, batch: _Batch) -> Incident:
    for member in left:
        _unlink(member, parent, batch)
    empty = replace(why, stage=IncidentStage.RETRACTED, members=(), struck=0, affected=())
    return batch.change(parent, EventKind.RETRACTED, empty)


def _in_step(parent: Incident, members: Sequence[Incident], mass: Mass, batch: _Batch) -> Incident:
    """End the parent with the last of its members, and open it again once as many return as make a mass event."""
    if parent.is_open and members and not any(one.is_open for one in members):
        return _close(parent, members, mass, batch)
    if _are_many(_returned(parent, members), mass):
        return batch.change(parent, EventKind.REOPENED, replace(scope(parent, members), stage=IncidentStage.CONFIRMED))
    return parent


def _close(parent: Incident, members: Sequence[Incident], mass: Mass, batch: _Batch) -> Incident:
    """It is over, as far as it was followed to its end; where too few were, whether it goes on is not known."""
    over = [one for one in members if not is_let_go(one)]
    if len(over) < len(members) and not _are_many(over, mass):
        return _take_back(parent, members, Change(reason=NOBODY_LOOKS, by=CONFIGURATION), batch)
    ended = Change(
        stage=IncidentStage.ENDED,
        end=last_end(over),
        members=tuple(one.id for one in members),
        struck=len(over),
        affected=organisations(over),
    )
    return batch.change(parent, EventKind.ENDED, guarded(parent, members, ended))


def _returned(parent: Incident, members: Iterable[Incident]) -> list[Incident]:
    """Those that stand again since it closed; where a person has closed it, only those that were confirmed anew."""
    if parent.is_open:
        return []
    since = None if parent.stage_by is None else _closed(parent)
    return [one for one in members if stands(one) and (since is None or _stood_since(one) > since)]


def _closed(parent: Incident) -> datetime:
    return parent.closed_at or parent.updated


def _stood_since(incident: Incident) -> datetime:
    """When it was confirmed last."""
    return incident.stage_since or incident.confirmed_at or incident.updated


def _gather(group: _Group, mass: Mass, batch: _Batch) -> None:
    """Let what was confirmed lately join the parent, or begin one. A parent that a person took back stays so for a while."""
    parent = group.parent
    lately = _lately(group.candidates, mass, batch.now)
    is_gone = parent is not None and parent.stage is IncidentStage.RETRACTED
    if parent is None or group.is_past or (is_gone and parent.stage_by in {None, CONFIGURATION}):
        _begin(group.key, lately, mass, batch)
    elif not is_gone:
        _join(parent, _parted(map(batch.latest, group.members))[1], lately, mass, batch)


def _begin(key: CaseKey, lately: Sequence[Incident], mass: Mass, batch: _Batch) -> None:
    if not _are_many(lately, mass):
        return
    members = lately[:MOST]
    parent = batch.open(key, beginning(members, timedelta(seconds=mass.window)))
    for member in members:
        _link(member, parent, batch)


def _join(parent: Incident, members: Sequence[Incident], lately: Sequence[Incident], mass: Mass, batch: _Batch) -> None:
    """What comes soon after the newest member belongs to it; what comes later only with as many as make a mass event.

    So many open a parent again that has ended but lately.
    """
    newest = max((one.confirmed_at or one.detected for one in members), default=parent.detected)
    window = timedelta(seconds=mass.window)
    soon = [one for one in lately if parent.is_open and _stood_since(one) - newest <= window]
    are_many = _are_many([*_returned(parent, members), *lately], mass)
    joining = (lately if are_many else soon)[: max(0, MOST - len(members))]
    together = (*members, *joining)
    if parent.is_open:
        _tell(parent, together, batch)
    elif joining:
        batch.change(parent, EventKind.REOPENED, replace(scope(parent, together), stage=IncidentStage.CONFIRMED))
    for member in joining:
        _link(member, parent, batch)


def _tell(parent: Incident, members: Sequence[Incident], batch: _Batch) -> None:
    """Let the parent say what has changed, if it is time. What makes another kind of loss of it, may concern others."""
    is_doubled = len(members) >= 2 * len(parent.members)
    told = None if _is_early(parent, batch.now) and not is_doubled else news(parent, members)
    if told is not None:
        is_another = told.kind not in {None, parent.kind}
        batch.change(parent, EventKind.RECLASSIFIED if is_another else EventKind.SCOPE_CHANGED, told)


def _is_early(parent: Incident, now: datetime) -> bool:
    return timedelta(0) <= now - parent.updated < PAUSE


def _lately(candidates: Iterable[Incident], mass: Mass, now: datetime) -> list[Incident]:
    """Those that were confirmed within the window, oldest first. One dated into the future has been confirmed all the same."""
    since = now - timedelta(seconds=mass.window)
    return sorted((one for one in candidates if _stood_since(one) >= since), key=lambda one: (_stood_since(one), one.id))


def _are_many(incidents: Sequence[Incident], mass: Mass) -> bool:
    return len(incidents) >= mass.members and len({one.key.organisation for one in incidents}) >= mass.organisations


def _link(member: Incident, parent: Incident, batch: _Batch) -> None:
    relations = (*_other_relations(member), Relation(RelationKind.MEMBER_OF, parent.id))
    batch.change(member, EventKind.LINKED, Change(relations=relations))


def _unlink(member: Incident, parent: Incident, batch: _Batch) -> None:
    if member.parent == parent.id:
        batch.change(member, EventKind.LINKED, Change(relations=tuple(_other_relations(member))))


def _other_relations(incident: Incident) -> Iterator[Relation]:
    """All but its membership: it is the member of one mass event, the latest."""
    return (one for one in incident.relations if one.kind is not RelationKind.MEMBER_OF)
