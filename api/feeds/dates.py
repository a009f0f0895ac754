"""Dates by which somebody must act, as far as one reader may know of them, whatever form they are handed out in."""

from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Final

from api.feeds.stamps import stamp
from api.parameters import IncidentFilters
from api.subscribing import Subscriber
from api.visible import Visible
from api.wording import Wording
from monitor.core.deadline import CERTIFICATE, Deadline
from monitor.core.dossier import Remedy
from monitor.core.edtf import is_approximate, span
from monitor.core.incident import Incident
from monitor.core.kinds import IncidentStage, Kind
from monitor.core.naming import NAME_LIMIT, plain
from monitor.core.planned import AnnouncedChange
from monitor.core.watchlist import PlannedChange

SHOWN_FOR: Final = timedelta(days=366)
"""How long a date is shown once it is past."""

CASES: Final = 500
"""Incidents that are searched for dates: those that changed last."""

DOMAIN: Final = "domain"
"""The kind of deadline that is the end of a domain's registration."""

_NEVER_CAME: Final = frozenset({IncidentStage.AVERTED, IncidentStage.RETRACTED})

_OVER: Final = frozenset({IncidentStage.ENDED, IncidentStage.REINSTATED})

_COUNTED_FROM: Final = datetime(2020, 1, 1, tzinfo=UTC)

_UNDATED: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""Stands for when something in the configuration was written, which nobody knows: the bytes must not change by themselves."""

_LONGEST_NOTE: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Appointment:
    """One date. A `start` without a time is a whole day, and `end` is then the day after the last.

    - `name`: stays the same when the date moves; `revision` grows then
    - `sort`: what kind of date it is
    - `is_off`: nobody need act any more
    """

    name: str
    sort: str
    start: date
    end: date | None = None
    title: str
    lines: tuple[str, ...] = ()
    url: str | None = None
    revision: int
    modified: datetime
    is_off: bool = False


@dataclass(slots=True)
class Agenda:
    """The dates that one reader may know of, of one organisation or of all. `load` reads what may change at any time."""

    visible: Visible
    words: Wording
    organisation: str | None
    deadlines: Sequence[Deadline] = field(default=())
    announced: Sequence[AnnouncedChange] = field(default=())

    async def load(self) -> Hashable:
        """Read what is small; returns what differs whenever the agenda may."""
        reading = self.visible.reading
        self.deadlines = [one for one in await reading.deadlines() if self._watches(one.organisation, one.target)]
        announced = await reading.planned_changes(self._earliest())
        self.announced = [one for one in announced if self._watches(one.organisation, one.target)]
        return await stamp(self.visible), self.visible.now.date(), tuple(self.deadlines), tuple(self.announced)

    async def appointments(self) -> list[Appointment]:
        """All of them, in order, without what is long past."""
        found = [*await self._of_incidents(), *self._found(), *self._planned()]
        current = [one for one in found if _day(one.end or one.start) >= self._earliest().date()]
        return sorted(current, key=lambda one: (_day(one.start), one.name))

    def _earliest(self) -> datetime:
        return datetime.combine(self.visible.now.date() - SHOWN_FOR, datetime.min.time(), UTC)

    def _watches(self, organisation: str, target: str) -> bool:
        found = self.visible.watchlist.organisation(organisation)
        if found is None or self.organisation not in {None, organisation}:
            return False
        return any(one.id == target for one in self.visible.targets(found))

    # What incidents say

    async def _of_incidents(self) -> list[Appointment]:
        filters = IncidentFilters(organisation=self.organisation)
        incidents = await self.visible.incidents(filters, limit=CASES)
        return [
            one for incident in incidents if incident.dossier for one in (*self._announced_in(incident), *self._to_file(incident))
        ]

    def _announced_in(self, incident: Incident) -> Iterator[Appointment]:
        """When what a notice announces takes effect."""
        stated = incident.dossier.dates.effective if incident.dossier else None
        if incident.kind is Kind.NOTICE and stated is not None:
            title = self.words.text("Announced to take effect: %(title)s", title=self.words.whose_title(incident))
            is_over = incident.stage in _OVER and _last_day(stated.date) > incident.updated.date()
            yield self._stated(incident, "effective", stated.date, title, is_off=incident.stage in _NEVER_CAME or is_over)

    def _to_file(self, incident: Incident) -> Iterator[Appointment]:
        """By when a remedy must be sought. Its name does not rest on its place: another may be entered before it."""
        seen: Counter[str] = Counter()
        for remedy in incident.dossier.remedies if incident.dossier else ():
            called = f"{remedy.body.en} {remedy.kind or ''}"
            seen[called] += 1
            if remedy.filing_deadline is not None:
                is_off = incident.stage is IncidentStage.RETRACTED or _is_done(remedy)
                body = plain(remedy.body.of(self.words.language), NAME_LIMIT)
                case = self.words.whose_title(incident)
                title = self.words.text("Last day to file (%(body)s): %(title)s", body=body, title=case)
                yield self._stated(incident, f"filing {called} {seen[called]}", remedy.filing_deadline, title, is_off=is_off)

    def _stated(self, incident: Incident, what: str, edtf: str, title: str, *, is_off: bool) -> Appointment:
        start, after = _days(edtf)
        about = self.words.text("The source is not sure of this date.") if is_approximate(edtf) else ""
        return Appointment(
            name=f"{incident.id} {what}",
            sort="notice" if what == "effective" else "filing",
            start=start,
            end=after,
            title=title,
            lines=tuple(line for line in (self.words.sureness(incident), about, *self._sources(incident)) if line),
            url=f"{self._address}/incidents/{incident.id}",
            revision=incident.version,
            modified=incident.updated,
            is_off=is_off,
        )

    def _sources(self, incident: Incident) -> tuple[str, ...]:
        return self.words.sources(incident.dossier) if incident.dossier else ()

    # What looks have found

    def _found(self) -> Iterator[Appointment]:
        for one in self.deadlines:
            yield Appointment(
                name=" ".join(one.name),
                sort=one.kind,
                start=one.at,
                title=self._found_title(one),
                lines=(self.words.organisation(one.organisation), self.words.target(one.organisation, one.target)),
                url=f"{self._address}/organisations/{one.organisation}",
                revision=_minutes(one.seen_at),
                modified=one.seen_at,
            )

    def _found_title(self, one: Deadline) -> str:
        subject = plain(one.subject or self.words.target(one.organisation, one.target), NAME_LIMIT)
        if one.kind == CERTIFICATE:
            return self.words.text("Certificate ends: %(subject)s", subject=subject)
        if one.kind == DOMAIN:
            return self.words.text("Domain registration ends: %(subject)s", subject=subject)
        return self.words.text("Deadline (%(kind)s): %(subject)s", kind=plain(one.kind, NAME_LIMIT), subject=subject)

    # What organisations have planned

    def _planned(self) -> Iterator[Appointment]:
        for organisation in self.visible.watchlist.organisations:
            for target in self.visible.targets(organisation) if self.organisation in {None, organisation.id} else ():
                for change in target.planned:
                    name = f"planned {organisation.id} {target.id} {change.start.isoformat()}"
                    yield self._change(name, organisation.id, target.id, change)
        for one in self.announced:
            yield self._change(f"planned {one.id}", one.organisation, one.target, one.change, one)

    def _change(
        self, name: str, organisation: str, target: str, change: PlannedChange, announced: AnnouncedChange | None = None
    ) -> Appointment:
        called = f"{self.words.organisation(organisation)}, {self.words.target(organisation, target)}"
        cancelled = announced.cancelled_at if announced else None
        return Appointment(
            name=name,
            sort="planned",
            start=change.start.astimezone(UTC),
            end=change.end.astimezone(UTC),
            title=self.words.text("Planned change: %(target)s", target=called),
            lines=(plain(change.note, _LONGEST_NOTE),) if change.note and self._is_insider(organisation) else (),
            url=f"{self._address}/organisations/{organisation}",
            revision=0 if cancelled is None else 1,
            modified=cancelled or (announced.entered_at if announced else _UNDATED),
            is_off=cancelled is not None,
        )

    def _is_insider(self, organisation: str) -> bool:
        """Whether what the organisation wrote for itself is for this reader."""
        reader = self.visible.reader
        return reader.belongs_to(organisation) or (isinstance(reader, Subscriber) and reader.organisation == organisation)

    @property
    def _address(self) -> str:
        return self.visible.context.settings.address


def _is_done(remedy: Remedy) -> bool:
    return remedy.filed is not None or remedy.decided is not None


def _days(edtf: str) -> tuple[date, date]:
    """The first day of a date as its source gives it, and the day after its last: never more exact than the source.

    Of one that is open on a side, only the other is a day on which anything happens.
    """
    start, after = span(edtf)
    first = start.date() if start else _last_day(edtf)
    return first, after.date() if start and after else first + timedelta(days=1)


def _last_day(edtf: str) -> date:
    start, after = span(edtf)
    if after is None:
        return start.date() if start else date.max
    return after.date() - timedelta(days=1)


def _minutes(moment: datetime) -> int:
    """Grows with time, and fits in 32 bits."""
    return max(0, int((moment - _COUNTED_FROM) / timedelta(minutes=1)))


def _day(moment: date) -> date:
    return moment.date() if isinstance(moment, datetime) else moment
