"""What is known, through the eyes of one reader. Routes read nothing except from here, so that nothing can slip out.

Nobody outside an organisation learns from which vantage points it is watched: to them a look comes from a country.
"""

from collections.abc import AsyncIterator, Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Annotated, Final

from fastapi import Depends, HTTPException, Request

from api import told
from api.access import Identified, Reader, context_of, insist_on_opening
from api.parameters import IncidentFilters, IncidentPage
from api.planned import planned_checks
from api.problems import not_found
from monitor.core.held_back import ever_held_back, held_back, without
from monitor.core.incident import Event, Incident
from monitor.core.kinds import IncidentStage, Kind, Origin, RelationKind
from monitor.core.mass_account import as_told
from monitor.core.model import Tlp
from monitor.core.routing import concerned
from monitor.core.watchlist import Organisation, Target, Watchlist
from monitor.service import Context
from monitor.store import CheckState, Reading, Span

OVER: Final = frozenset({IncidentStage.ENDED, IncidentStage.REINSTATED, IncidentStage.AVERTED})
"""The stages of what truly was, and is no more."""

ATTESTED: Final = frozenset({Origin.ATTESTED})
"""Of what people entered from documents alone."""

START: Final = "start"
"""The cursor that stands before everything in the log."""

LEADS_NOWHERE: Final = "after: no page ends with this incident; begin again without a cursor"

_BATCH: Final = 200
"""Rows that are read at a time while those that the reader may not see are left out."""

SEEN: Final = frozenset({Origin.MEASURED, Origin.BOTH})
"""Of what was seen at all, if only among other things. What is only attested is told "as of", and never as what is so now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """How many of the checks were made within the last `minutes`; `newest` is when the newest look began."""

    total: int
    fresh: int
    minutes: int
    newest: datetime | None

    @property
    def is_stale(self) -> bool:
        """Whether too few checks were made lately to speak of all."""
        return 2 * self.fresh < self.total


@dataclass(frozen=True, slots=True)
class Related:
    """Another incident and how it is related: `is_theirs` where it is the other that names ours."""

    kind: RelationKind
    incident: Incident
    is_theirs: bool


@dataclass(frozen=True, slots=True)
class Visible:
    """The store and the watchlist, as far as one reader may see them, as of `now`."""

    context: Context
    reader: Reader
    reading: Reading
    watchlist: Watchlist
    now: datetime
    known: dict[str, Incident | None] = field(default_factory=dict)
    """Incidents, None where the reader may not read one, as far as they were asked for: within one reading nothing changes."""

    def organisations(self) -> list[Organisation]:
        """The organisations that the reader may know to be watched."""
        return [one for one in self.watchlist.organisations if self.reader.may_know(one)]

    def organisation(self, slug: str) -> Organisation:
        """The organisation with this id; whoever may not know it gets the answer for one that does not exist."""
        found = self.watchlist.organisation(slug)
        if found is None or not self.reader.may_know(found):
            raise not_found()
        return found

    def targets(self, organisation: Organisation) -> list[Target]:
        """The targets of an organisation whose states the reader may see."""
        return [target for target in organisation.targets if self.reader.may_watch(organisation, target)]

    async def states(self, organisation: str | None = None) -> list[CheckState]:
        """Where every check stands that the reader may see, of one organisation or of all."""
        watched = self._watched()
        states = await self.reading.current()
        wanted = (one for one in states if organisation in {None, one.organisation})
        return [self._state(one) for one in wanted if (one.organisation, one.target) in watched]

    def freshness(self, states: Sequence[CheckState], organisation: str | None = None) -> Freshness:
        """How fresh the knowledge in `states` is, against all checks that should be made. A look that failed does not count."""
        watched = self._watched()
        wanted = (check for check in planned_checks(self.watchlist) if organisation in {None, check.organisation})
        planned = {check.id for check in wanted if (check.organisation, check.target) in watched}
        minutes = max(10, 2 * self.watchlist.monitor.cadence.look // 60)
        looks = [one.measured_at for one in states if one.measured_at and one.check in planned]
        fresh = sum(self.now - at <= timedelta(minutes=minutes) for at in looks)
        return Freshness(total=len(planned), fresh=fresh, minutes=minutes, newest=max(looks, default=None))

    async def spans(self, state: CheckState, since: datetime) -> list[Span]:
        """How the check behind a visible state has stood since then, oldest first."""
        return await self.reading.spans(state.check, since)

    async def incidents(
        self,
        filters: IncidentFilters,
        *,
        stages: frozenset[IncidentStage] | None = None,
        origins: frozenset[Origin] | None = None,
        after: str | None = None,
        limit: int = 100,
    ) -> list[Incident]:
        """Incidents that the reader may see, the latest change first; `after` is the id that the page before ended with.

        They come without what relates them to others; `incident` tells that.
        """
        if after is not None:
            await self._check_cursor(after)
        found: list[Incident] = []
        while len(found) < limit:
            batch = await self._batch(filters, stages, origins, after)
            seen = [await self.listed(one) for one in batch if self.may_read(one)]
            found += [one for one in seen if not isinstance(filters, IncidentPage) or filters.takes(one)]
            if len(batch) < _BATCH:
                break
            after = batch[-1].id
        return found[:limit]

    async def _batch(
        self,
        filters: IncidentFilters,
        stages: frozenset[IncidentStage] | None,
        origins: frozenset[Origin] | None,
        after: str | None,
    ) -> list[Incident]:
        tlp = Tlp.CLEAR if self.reader.audience == "public" else filters.tlp
        if filters.tlp not in {None, tlp}:
            return []
        return await self.reading.incidents(
            organisation=filters.organisation,
            target=filters.target if isinstance(filters, IncidentPage) else None,
            provider=filters.provider,
            kind=filters.kind,
            origins=origins,
            country=filters.country,
            stages=stages,
            tlp=tlp,
            after=after,
            limit=_BATCH,
        )

    async def _check_cursor(self, after: str) -> None:
        """Refuse a cursor that names nothing or nothing visible: by its effect it would tell which of the two."""
        found = await self.reading.incident(after)
        if found is None or not self.may_read(found):
            raise HTTPException(422, LEADS_NOWHERE)

    def may_read(self, incident: Incident) -> bool:
        """Whether the reader may know of it: their own, a public one, that of a network they are watched from, or of them too."""
        if self.reader.may_read(incident):
            return True
        is_of_many = incident.kind is Kind.ISOLATION or bool(incident.affected)
        return is_of_many and any(self.reader.may_read_as(one, incident) for one in concerned(incident, self.watchlist))

    async def incident(self, name: str) -> Incident:
        """An incident as it is now."""
        return await self._whole(await self._as_linked(await self._readable_incident(name)))

    async def _readable_incident(self, name: str) -> Incident:
        found = await self.reading.incident(name)
        if found is None or not self.may_read(found):
            raise not_found()
        return found

    async def version(self, name: str, number: int) -> Incident:
        """An incident as it was. The public sees those versions that were public, of an incident that still is."""
        now = await self._readable_incident(name)
        taken = list(told.steps(await self.reading.events(name)))
        steps = taken if self.reader.belongs_to(now.key.organisation) else await self._told_of(taken)
        step = next((one for one in steps if one.event.version == number), None)
        if step is None or not self.may_read(step.after):
            raise not_found()
        return await self._whole(step.after, self._ever_held(taken))

    async def readable(self, names: Iterable[str]) -> frozenset[str]:
        """Those of the incidents that the reader may read."""
        return frozenset(one.id for one in await self._known(names))

    async def _known(self, names: Iterable[str]) -> list[Incident]:
        """The same as they stand in the store, in this order. To the public nothing is read that is not for everybody."""
        asked = tuple(dict.fromkeys(names))
        tlp = Tlp.CLEAR if self.reader.audience == "public" else None
        missing = frozenset(asked) - self.known.keys()
        found = {one.id: one for one in await self.reading.incidents_named(missing, tlp) if self.may_read(one)} if missing else {}
        self.known.update({name: found.get(name) for name in missing})
        return [one for name in asked if (one := self.known[name]) is not None]

    async def related(self, incident: Incident) -> list[Related]:
        """The readable incidents to which a visible one stands in some relation, and those that name it, each once."""
        named = [(one, False) for one in incident.relations]
        naming = [(one, True) for one in await self.reading.related(incident.id) if one.incident not in incident.members]
        stated = sorted({*named, *naming})
        others = {one.id: await self.listed(one) for one in await self._known(relation.incident for relation, _ in stated)}
        return [
            Related(relation.kind, others[relation.incident], is_theirs=is_theirs)
            for relation, is_theirs in stated
            if relation.incident in others
        ]

    async def members(self, incident: Incident) -> list[Incident]:
        """The readable members of a visible mass event."""
        return [await self.listed(one) for one in await self._known(incident.members)]

    async def history(self, incident: Incident) -> list[Event]:
        """Everything that has happened to a visible incident, oldest first, as far as the reader is told."""
        return [one.event for one in await self.log(incident)]

    async def log(self, incident: Incident) -> list[told.Step]:
        """The same with the incident before and after each event; None before one where that is not for the reader.

        What only links it to others that they may not read is left out, and what only adds something held back from them.
        """
        taken = list(told.steps(await self.reading.events(incident.id)))
        steps = await self._told_of(taken)
        readable = await self.readable(told.mentioned(one.event for one in steps))
        if self.reader.belongs_to(incident.key.organisation):
            return [_inside_only(one, readable) for one in steps]
        held = self._ever_held(taken)
        return [await self._outside(one, readable, held) for one in steps]

    async def _steps(self, name: str) -> list[told.Step]:
        return await self._told_of(list(told.steps(await self.reading.events(name))))

    async def _told_of(self, taken: Sequence[told.Step]) -> list[told.Step]:
        """Those steps of an incident of which the reader is told."""
        readable = await self.readable(told.mentioned(one.event for one in taken))
        linked = [one for one in taken if not told.is_hidden_link(one, readable)]
        if taken and self.reader.belongs_to(taken[0].after.key.organisation):
            return linked
        return [one for one in linked if not told.is_hidden_addition(one)]

    async def _outside(self, step: told.Step, readable: frozenset[str], held: frozenset[Hashable]) -> told.Step:
        after = await self._whole(step.after, held)
        if not self.may_read(step.after):
            return told.Step(told.barely(step.event), None, after)
        is_first = step.before is None or not self.may_read(step.before)
        event = told.without_place(step.event) if held else step.event
        seen = told.Step(event, None if is_first or step.before is None else await self._whole(step.before, held), after)
        return replace(seen, event=told.to_outsiders(seen, readable))

    async def place(self, cursor: str) -> int:
        """The place in the log at which a cursor stands. The log's own numbers are told to nobody.

        What is missing between two of them would tell how much else happens, and when. Raises 422 for a cursor that names
        nothing this reader may know of; to the public, whether it names something hidden does not show in the time this takes.
        """
        if cursor == START:
            return 0
        incident, _, version = cursor.partition(".")
        tlp = Tlp.CLEAR if self.reader.audience == "public" else None
        seq = await self.reading.seq_of(incident, int(version), tlp)
        if seq is None or not await self._is_told(incident, int(version)):
            raise HTTPException(
                422, f"after: there is nothing of this name any more, or nothing that you may read; begin again with `{START}`."
            )
        return seq

    async def _is_told(self, name: str, version: int) -> bool:
        """Whether the reader is told of this event, or could read the incident, hidden from them now, just before it or after."""
        taken = await self._steps(name)
        if await self.readable([name]):
            return any(one.event.version == version for one in taken)
        return any(self.may_read(one.after) for one in taken if one.event.version in {version - 1, version})

    async def events(self, after: str, limit: int) -> list[Event]:
        """The events of visible incidents that follow this cursor, oldest first."""
        found: list[Event] = []
        histories: dict[str, list[Event]] = {}
        place = await self.place(after)
        while batch := await self.reading.events_after(place, _BATCH):
            for seq, event in batch:
                place = seq
                seen = await self._seen(event, histories)
                if seen is not None:
                    found.append(seen)
                if len(found) == limit:
                    return found
        return found

    async def _seen(self, event: Event, histories: dict[str, list[Event]]) -> Event | None:
        """The event as the reader is told of it, or None; the history of its incident is read once."""
        name = event.incident
        if name not in histories:
            incident = await self.reading.incident(name)
            is_seen = incident is not None and self.may_read(incident)
            histories[name] = await self.history(incident) if incident is not None and is_seen else []
        return next((one for one in histories[name] if one.version == event.version), None)

    async def attributions(self, incidents: Collection[str]) -> dict[str, list[str]]:
        """Whom to name beside us for the looks that visible incidents rest on, by incident."""
        return await self.reading.attributions(incidents)

    async def _whole(self, incident: Incident, held: frozenset[Hashable] | None = None) -> Incident:
        """The incident as the reader is told of it; `held` is what all its versions hold back."""
        readable = await self.readable((*(one.incident for one in incident.relations), *incident.members))
        return _related_only(await self._inside(incident, held), readable)

    async def _held(self, incident: Incident) -> frozenset[Hashable]:
        """What an incident as it is now holds back from those outside.

        Where the end of what was seen is somebody's word, that may be stated no more: then the versions before are asked.
        """
        if incident.origin is Origin.BOTH and incident.end is not None:
            return self._ever_held(list(told.steps(await self.reading.events(incident.id))))
        return held_back(incident.dossier, incident.tlp)

    def _ever_held(self, taken: Sequence[told.Step]) -> frozenset[Hashable]:
        """What all versions of an incident hold back from this reader. Whoever belongs to the organisation reads all."""
        now = taken[-1].after
        is_insider = self.reader.belongs_to(now.key.organisation)
        return frozenset() if is_insider else ever_held_back((one.after.dossier for one in taken), now.tlp)

    async def listed(self, incident: Incident) -> Incident:
        """A visible incident without what the reader is not told, and without what relates it to others."""
        return replace(await self._inside(await self._as_linked(incident)), relations=(), members=())

    async def _inside(self, incident: Incident, held: frozenset[Hashable] | None = None) -> Incident:
        if self.reader.belongs_to(incident.key.organisation):
            return incident
        affected = tuple(one for one in incident.affected if self.reader.belongs_to(one))
        known = await self._held(incident) if held is None else held | held_back(incident.dossier, incident.tlp)
        told_of = without(incident, known)
        seen = replace(told_of, vantages=(), seen_from=(), affected=affected, entry=None, digest=None)
        return await self._as_members_show(seen) if incident.is_mass else seen

    async def _as_linked(self, incident: Incident) -> Incident:
        """The incident under its last version of which the reader is told.

        They are not told of what only links it to the hidden, or only adds what is held back. Insiders are given the version that
        stands, because they decide upon it.
        """
        if self.reader.belongs_to(incident.key.organisation):
            return incident
        others = (*(one.incident for one in incident.relations), *incident.members)
        is_whole = len(await self.readable(others)) == len(set(others))
        if is_whole and not held_back(incident.dossier, incident.tlp):
            return incident
        told_of = [one.event.version for one in await self._steps(incident.id)]
        return replace(incident, version=max(one for one in told_of if one <= incident.version))

    async def _as_members_show(self, parent: Incident) -> Incident:
        """A mass event with what its members show, as far as the reader may read them."""
        members = await self._known(parent.members)
        return parent if members and len(members) == len(parent.members) else as_told(parent, members)

    def _state(self, state: CheckState) -> CheckState:
        return state if self.reader.belongs_to(state.organisation) else replace(state, vantage="")

    def _watched(self) -> frozenset[tuple[str, str]]:
        return frozenset((one.id, target.id) for one in self.watchlist.organisations for target in self.targets(one))


def _related_only(incident: Incident, readable: frozenset[str]) -> Incident:
    """Without the other incidents that the reader may not read."""
    relations = tuple(one for one in incident.relations if one.incident in readable)
    return replace(incident, relations=relations, members=tuple(one for one in incident.members if one in readable))


def _inside_only(step: told.Step, readable: frozenset[str]) -> told.Step:
    before = step.before and _related_only(step.before, readable)
    return told.Step(told.to_insiders(step.event, readable), before, _related_only(step.after, readable))


def eyes(context: Context, reader: Reader, reading: Reading) -> Visible:
    """What this reader may see of this reading. Raises 401 or 403 for whom nothing here is open."""
    watchlist = context.watchlist()
    insist_on_opening(reader, watchlist)
    return Visible(context, reader, reading, watchlist, context.clock.now())


async def see(request: Request, reader: Identified) -> AsyncIterator[Visible]:
    """What this reader may see, from one consistent reading of the store, which ends before the answer is sent.

    However long somebody takes over an answer, they keep nobody else from reading.
    """
    context = context_of(request)
    async with context.store.reading() as reading:
        yield eyes(context, reader, reading)


Seen = Annotated[Visible, Depends(see, scope="function")]
