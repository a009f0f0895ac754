"""Mass events: one parent for the many incidents that one act has caused, so that nobody gets a hundred alerts.

A parent is a case of its own, without organisation or target. It opens, confirmed at once, when enough incidents of one family
and country, or of one provider, were confirmed within a short time; later ones join it; it ends when all its members are over.
It rests on its members alone, never on looks. What is told of it counts those of them that stand; its list keeps them all.

`Masses` decides nothing by itself: `take` works out what has changed, `keep` makes that its memory once it is stored.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from monitor.core.disclosure import travels_as_far
from monitor.core.incident import MASS, PATH_KINDS, Bracket, CaseKey, Change, Event, Incident, Relation, apply, is_newer, record
from monitor.core.kinds import EventKind, IncidentStage, Kind, RelationKind
from monitor.core.ledger import is_case_of_looks
from monitor.core.letting_go import CONFIGURATION, NOBODY_LOOKS, is_let_go
from monitor.core.model import Tlp
from monitor.core.severity import intercepts
from monitor.core.sight import NOBODY
from monitor.core.watchlist import Mass
from probes.kit.vocabulary import Strength

RULE: Final = "incident.mass"

MOST: Final = 2000
"""Members that a mass event has at most; what comes after them stands for itself."""

MECHANISMS: Final = 20
"""Mechanisms of the members that are named."""

PAUSE: Final = timedelta(minutes=15)
"""For how long it says nothing new of those who join, unless they double it: a wave is not told one by one."""

TOO_FEW_LEFT: Final = "too few of its members stand: they were no mass event"

NOT_RELEASED: Final = "organisations have joined of which nobody has decided that it may travel as far"

TOGETHER: Final = "Several losses that began together."
"""Why it is one event, to readers who may not know how many losses there are and whose."""


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


def as_told(parent: Incident, members: Sequence[Incident]) -> Incident:
    """A mass event to those who may read only these of its members: what it says of them all would tell of the others.

    That it stands, since when it is known and what kind of loss it is was released with it.
    """
    known = _beginning(members) if members else Change()
    return replace(
        parent,
        onset=known.onset,
        end=_last_end(members) if parent.end else None,
        mechanisms=known.mechanisms or (),
        because=TOGETHER,
        strength=known.strength or parent.strength,
        struck=0,
    )


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
        known = self.incidents.get(incident.id, incident)
        return self._note(known, record(known.id, known.version + 1, self.now, kind, change))

    def _note(self, incident: Incident | None, event: Event) -> Incident:
        changed = apply(incident, event)
        self.incidents[changed.id] = changed
        self.events.append((event, changed))
        return changed


class Masses:
    """What must be remembered: the latest parent of every group, and all that belongs to one or may. Rebuilt from the store."""

    def __init__(self, incidents: Iterable[Incident] = ()) -> None:
        self._parents: dict[CaseKey, Incident] = {}
        self._others: dict[str, Incident] = {}
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
        for key in sorted(self._concerned(latest.values()), key=lambda one: (one.family, one.country or "")):
            group = self._group(key, latest, timedelta(seconds=reopen), now)
            parent = group.parent and _follow(group.parent, group, mass, batch)
            if new_id is not None:
                _gather(replace(group, parent=parent), mass, batch)
        return MassStep(batch.incidents, tuple(batch.events))

    def keep(self, changed: Iterable[Incident], step: MassStep) -> None:
        """Remember incidents that have changed, and what `take` worked out of that."""
        for incident in (*changed, *step.incidents.values()):
            self.revise(incident)

    def revise(self, incident: Incident) -> None:
        """Remember an incident as it is on record; of several parents of one group, the latest counts."""
        if incident.is_mass:
            if is_newer(incident, self._parents.get(incident.key)):
                self._parents[incident.key] = incident
        elif is_newer(incident, self._others.get(incident.id)):
            self._others.pop(incident.id, None)
            if incident.parent is not None or _stands(incident):
                self._others[incident.id] = incident

    def _concerned(self, changed: Iterable[Incident]) -> set[CaseKey]:
        changed = tuple(changed)
        own = {key for one in changed if not one.is_mass and (key := mass_key(one)) is not None}
        parents = {one.parent for one in changed} | {one.id for one in changed if one.is_mass}
        parents |= self._waited_for()
        return own | {key for key, parent in self._parents.items() if parent.id in parents}

    def _waited_for(self) -> set[str | None]:
        """The parents that have members which they do not name yet."""
        named = {name for parent in self._parents.values() for name in parent.members}
        return {one.parent for one in self._others.values() if one.parent is not None and one.id not in named}

    def _group(self, key: CaseKey, latest: Mapping[str, Incident], reopen: timedelta, now: datetime) -> _Group:
        known = {**self._others, **{name: one for name, one in latest.items() if not one.is_mass}}
        parent = self._parents.get(key)
        if parent is not None:
            parent = latest.get(parent.id, parent)
        names = _names_of_members(parent, key, known) if parent else ()
        is_past = parent is not None and parent.closed_at is not None and now - parent.closed_at > reopen
        beside = known.keys() - (set() if is_past else set(names))
        return _Group(
            key=key,
            parent=parent,
            members=tuple(known[name] for name in names if name in known),
            candidates=tuple(known[name] for name in sorted(beside) if _stands(known[name]) and mass_key(known[name]) == key),
            is_past=is_past,
        )


def _names_of_members(parent: Incident, key: CaseKey, known: Mapping[str, Incident]) -> tuple[str, ...]:
    """Those whom the parent names, and those who name the parent."""
    named = frozenset(parent.members)
    waiting = sorted(
        name for name, one in known.items() if one.parent == parent.id and name not in named and mass_key(one) == key
    )
    return (*parent.members, *waiting)


def _nothing_new() -> str:
    raise AssertionError("no mass event begins here")


def _stands(incident: Incident) -> bool:
    """Whether it is a loss that is confirmed at present."""
    return is_case_of_looks(incident) and incident.stage is IncidentStage.CONFIRMED


def _follow(parent: Incident, group: _Group, mass: Mass, batch: _Batch) -> Incident:
    """Let the parent take the course of its members: those that were false leave it, and it lives as long as they do."""
    if parent.stage is IncidentStage.RETRACTED:
        return parent
    false, left = _parted(group.members)
    for member in false:
        _unlink(member, parent, batch)
    if false and len(left) < mass.members:
        return _take_back(parent, left, Change(reason=TOO_FEW_LEFT), batch)
    if false:
        parent = batch.change(parent, EventKind.SCOPE_CHANGED, _scope(parent, left))
    return parent if group.is_past else _in_step(parent, left, mass, batch)


def _parted(members: Iterable[Incident]) -> tuple[list[Incident], list[Incident]]:
    """Those that were taken back as false, and those that were not: what nobody looks at any more may well have been true."""
    false: list[Incident] = []
    left: list[Incident] = []
    for one in members:
        (false if one.stage is IncidentStage.RETRACTED and not is_let_go(one) else left).append(one)
    return false, left


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
        return batch.change(parent, EventKind.REOPENED, replace(_scope(parent, members), stage=IncidentStage.CONFIRMED))
    return parent


def _close(parent: Incident, members: Sequence[Incident], mass: Mass, batch: _Batch) -> Incident:
    """It is over, as far as it was followed to its end; where too few were, whether it goes on is not known."""
    over = [one for one in members if not is_let_go(one)]
    if len(over) < len(members) and not _are_many(over, mass):
        return _take_back(parent, members, Change(reason=NOBODY_LOOKS, by=CONFIGURATION), batch)
    ended = Change(
        stage=IncidentStage.ENDED,
        end=_last_end(over),
        members=tuple(one.id for one in members),
        struck=len(over),
        affected=_organisations(over),
    )
    return batch.change(parent, EventKind.ENDED, _guarded(parent, members, ended))


def _returned(parent: Incident, members: Iterable[Incident]) -> list[Incident]:
    """Those that stand again since it closed; where a person has closed it, only those that were confirmed anew."""
    if parent.is_open:
        return []
    since = None if parent.stage_by is None else _closed(parent)
    return [one for one in members if _stands(one) and (since is None or _stood_since(one) > since)]


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
        _join(parent, _parted(group.members)[1], lately, mass, batch)


def _begin(key: CaseKey, lately: Sequence[Incident], mass: Mass, batch: _Batch) -> None:
    if not _are_many(lately, mass):
        return
    members = lately[:MOST]
    parent = batch.open(key, _beginning(members))
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
        _tell_of_growth(parent, together, batch)
    elif joining:
        batch.change(parent, EventKind.REOPENED, replace(_scope(parent, together), stage=IncidentStage.CONFIRMED))
    for member in joining:
        _link(member, parent, batch)


def _tell_of_growth(parent: Incident, members: Sequence[Incident], batch: _Batch) -> None:
    """Let the parent name those that have joined, if it is time. What makes another kind of loss of it, may concern others."""
    is_doubled = len(members) >= 2 * len(parent.members)
    is_early = timedelta(0) <= batch.now - parent.updated < PAUSE
    if len(members) == len(parent.members) or (is_early and not is_doubled):
        return
    scope = _scope(parent, members)
    batch.change(parent, EventKind.SCOPE_CHANGED if scope.kind is parent.kind else EventKind.RECLASSIFIED, scope)


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


def _beginning(members: Sequence[Incident]) -> Change:
    """What is known of them together when the parent begins."""
    onset = min((one.onset for one in members if one.onset), key=lambda bracket: bracket.by, default=None)
    return replace(_account(members), onset=onset, rule=RULE, provider=members[0].provider)


def _scope(parent: Incident, members: Sequence[Incident]) -> Change:
    """Who is in it by now, and what is told of it."""
    return _guarded(parent, members, _account(members))


def _guarded(parent: Incident, members: Iterable[Incident], change: Change) -> Change:
    """What was released of some is not released of those who join: they may not have been known to whoever decided."""
    known = {one.key.organisation for one in members if one.id in parent.members}
    strangers = [one for one in members if one.key.organisation not in known]
    may_stay = all(travels_as_far(one.tlp, parent.tlp) for one in strangers)
    if may_stay or travels_as_far(Tlp.AMBER, parent.tlp):
        return change
    return replace(change, tlp=Tlp.AMBER, reason=NOT_RELEASED)


def _account(members: Sequence[Incident]) -> Change:
    """Say what those show that stand, or, where none does, that stood: nothing that only some of them show, and no surer."""
    struck = [one for one in members if _stands(one)] or members
    affected = _organisations(struck)
    many = f"{len(struck)} losses of {len(affected)} organisations"
    surest_first = list(Strength)
    known = [one.strength for one in struck if one.strength is not None]
    return Change(
        kind=max((one.kind for one in struck), key=_telling),
        strength=max(known, key=surest_first.index, default=None),
        members=tuple(one.id for one in members),
        struck=len(struck),
        affected=affected,
        vantages=tuple(sorted({vantage for one in struck for vantage in one.vantages})),
        mechanisms=_mechanisms(struck),
        because=f"{many} were confirmed so close together that one cause is likely.",
    )


def _organisations(members: Iterable[Incident]) -> tuple[str, ...]:
    return tuple(sorted({one.key.organisation for one in members}))


def _mechanisms(members: Sequence[Incident]) -> tuple[str, ...]:
    """What was seen of any of them; that somebody may read along only if it was seen of all, since it is told of all."""
    of_all = all(intercepts(one.mechanisms) for one in members)
    seen = {name for one in members for name in one.mechanisms if of_all or not intercepts([name])}
    return tuple(sorted(seen)[:MECHANISMS])


def _telling(kind: Kind) -> int:
    return PATH_KINDS.index(kind) if kind in PATH_KINDS else 0


def _last_end(members: Iterable[Incident]) -> Bracket | None:
    return max((one.end for one in members if one.end), key=lambda bracket: bracket.by, default=None)
