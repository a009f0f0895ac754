"""What is known, through the eyes of one reader. Routes read nothing except from here, so that nothing can slip out.

Nobody outside an organisation learns from which vantage points it is watched: to them a look comes from a country.
"""

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated, Final

from fastapi import Depends, HTTPException, Request

from api.access import Identified, Reader, context_of
from api.parameters import IncidentFilters
from api.planned import planned_checks
from api.problems import not_found
from monitor.core.incident import Event, EventKind, Incident, IncidentStage, Kind, fold
from monitor.core.routing import concerned
from monitor.core.verdict import Verdict
from monitor.core.watchlist import Organisation, Target, Tlp, Watchlist
from monitor.service import Context
from monitor.store import CheckState, Judged, Reading, Span
from probes.kit.observation import Provenance

OVER: Final = frozenset({IncidentStage.ENDED, IncidentStage.REINSTATED, IncidentStage.AVERTED})
"""The stages of what truly was, and is no more."""

LOOKS_AROUND: Final = timedelta(hours=1)
"""How far before and after a change the looks are shown that bracket it."""

LOOKS_OF_A_CHECK: Final = 150
"""Looks of one check around one change, at most."""

PUBLISHED: Final = "ooni"
"""The service whose volunteers publish what they measured, for anybody to cite."""

_BATCH: Final = 200
"""Rows that are read at a time while those that the reader may not see are left out."""

_PUBLIC_DATA: Final = ("kind", "stage", "onset", "end", "mechanisms", "rule", "because", "strength", "tlp")
"""What an event tells readers outside the organisation. A retraction's reason is told as well: it is the tombstone's text."""


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
class SeenLook:
    """The verdict on a look, and whose look it is where it is not our own."""

    verdict: Verdict
    provenance: Provenance | None = None


@dataclass(frozen=True, slots=True)
class Visible:
    """The store and the watchlist, as far as one reader may see them, as of `now`."""

    context: Context
    reader: Reader
    reading: Reading
    watchlist: Watchlist
    now: datetime

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
        after: str | None = None,
        limit: int = _BATCH,
    ) -> list[Incident]:
        """Incidents, the latest change first. `after` is the id of the last one of the page before."""
        if after is not None:
            await self._check_cursor(after)
        found: list[Incident] = []
        while len(found) < limit:
            batch = await self._batch(filters, stages, after)
            found += [self._incident(one) for one in batch if self.may_read(one)]
            if len(batch) < _BATCH:
                break
            after = batch[-1].id
        return found[:limit]

    async def _batch(
        self, filters: IncidentFilters, stages: frozenset[IncidentStage] | None, after: str | None
    ) -> list[Incident]:
        return await self.reading.incidents(
            organisation=filters.organisation,
            kind=filters.kind,
            country=filters.country,
            stages=stages,
            tlp=Tlp.CLEAR if self.reader.audience == "public" else None,
            after=after,
            limit=_BATCH,
        )

    async def _check_cursor(self, after: str) -> None:
        """Refuse a cursor that names nothing or nothing visible: by its effect it would tell which of the two."""
        found = await self.reading.incident(after)
        if found is None or not self.may_read(found):
            raise HTTPException(422, "after: no page ends with this incident; begin again without a cursor")

    def may_read(self, incident: Incident) -> bool:
        """Whether the reader may know of this incident: their own, a public one, or that of a network they are watched from."""
        if self.reader.may_read(incident):
            return True
        is_networks = incident.kind is Kind.ISOLATION
        return is_networks and any(self.reader.belongs_to(one) for one in concerned(incident, self.watchlist))

    async def incident(self, name: str) -> Incident:
        """An incident as it is now."""
        found = await self.reading.incident(name)
        if found is None or not self.may_read(found):
            raise not_found()
        return self._incident(found)

    async def version(self, name: str, number: int) -> Incident:
        """An incident as it was. The public sees those versions that were public, of an incident that still is."""
        await self.incident(name)
        events = await self.reading.events(name)
        found = fold(events[:number]) if 0 < number <= len(events) else None
        if found is None or not self.may_read(found):
            raise not_found()
        return self._incident(found)

    async def history(self, incident: Incident) -> list[Event]:
        """Everything that has happened to a visible incident, oldest first."""
        return [self._event(event, incident) for event in await self.reading.events(incident.id)]

    async def events(self, after: int, limit: int) -> tuple[list[tuple[int, Event]], int]:
        """Events of visible incidents with their sequence numbers, oldest first, and the cursor for the next page."""
        found: list[tuple[int, Event]] = []
        known: dict[str, Incident | None] = {}
        while batch := await self.reading.events_after(after, _BATCH):
            for seq, event in batch:
                after = seq
                incident = await self._known(event.incident, known)
                if incident is None:
                    continue
                found.append((seq, self._event(event, incident)))
                if len(found) == limit:
                    return found, seq
        return found, after

    async def _known(self, name: str, known: dict[str, Incident | None]) -> Incident | None:
        """The visible incident of this id, asked for once."""
        if name not in known:
            incident = await self.reading.incident(name)
            known[name] = incident if incident is not None and self.may_read(incident) else None
        return known[name]

    async def looks(self, incident: Incident) -> list[SeenLook]:
        """The looks around a visible incident's beginning and end, good ones and gaps included, from everywhere; oldest first."""
        key = (incident.key.organisation, incident.key.target)
        checks = [one.check for one in await self.reading.current() if (one.organisation, one.target) == key]
        looks = [look for check in checks for moment in _changes(incident) for look in await self._around(check, moment)]
        once = {look.verdict.observation: look for look in looks}
        return sorted(once.values(), key=lambda look: (look.verdict.at, look.verdict.observation))

    async def attributions(self, incidents: Collection[str]) -> dict[str, list[str]]:
        """Whom to name beside us for the looks that visible incidents rest on, by incident."""
        return await self.reading.attributions(incidents)

    async def _around(self, check: str, moment: datetime) -> list[SeenLook]:
        since, until = moment - LOOKS_AROUND, moment + LOOKS_AROUND
        looks = await self.reading.observations(check, since, until, LOOKS_OF_A_CHECK)
        return [self._look(look) for look in looks]

    def _look(self, look: Judged) -> SeenLook:
        verdict, origin = look.verdict, look.observation.provenance
        if self.reader.belongs_to(verdict.organisation):
            return SeenLook(verdict, origin)
        return SeenLook(replace(verdict, vantage="", check=""), origin and _told(origin))

    def _incident(self, incident: Incident) -> Incident:
        return incident if self.reader.belongs_to(incident.key.organisation) else replace(incident, vantages=())

    def _state(self, state: CheckState) -> CheckState:
        return state if self.reader.belongs_to(state.organisation) else replace(state, vantage="")

    def _event(self, event: Event, incident: Incident) -> Event:
        if self.reader.belongs_to(incident.key.organisation):
            return event
        told = (*_PUBLIC_DATA, "reason") if event.kind is EventKind.RETRACTED else _PUBLIC_DATA
        return replace(event, data={name: value for name, value in event.data.items() if name in told})

    def _watched(self) -> frozenset[tuple[str, str]]:
        return frozenset((one.id, target.id) for one in self.watchlist.organisations for target in self.targets(one))


def _told(origin: Provenance) -> Provenance:
    """What readers outside the organisation learn: what is published anyway is cited in full, a line that was lent is not."""
    return origin if origin.service == PUBLISHED else replace(origin, name="", url=None, asn=None)


def _changes(incident: Incident) -> list[datetime]:
    return [incident.onset.by] if incident.end is None else [incident.onset.by, incident.end.by]


async def see(request: Request, reader: Identified) -> AsyncIterator[Visible]:
    """What this reader may see, from one consistent reading of the store."""
    context = context_of(request)
    async with context.store.reading() as reading:
        yield Visible(context, reader, reading, context.watchlist(), context.clock.now())


Seen = Annotated[Visible, Depends(see)]
