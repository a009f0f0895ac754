"""What one would be alerted of, for programs that come for it themselves: in the order of the log, each under a stable name.

An alert is named by its incident and the version that its event made: `CW-2026-0042.3`. The log's own numbers never leave the
house: what is missing between two of them would tell how much else happens, and when.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter, itemgetter
from typing import Any, Final

from api import unreleased
from api.parameters import IncidentFilters
from api.told import Step, steps
from api.visible import START, Visible
from monitor.core import content
from monitor.core.correction import takes_back
from monitor.core.incident import Event, Incident
from monitor.core.kinds import EventKind, IncidentStage, Severity
from monitor.core.model import Language
from monitor.core.routing import TOLD_AS, concerned
from monitor.core.severity import severity
from monitor.core.telling import Telling

_LEAST: Final = 20
"""Events that are read at once, at least: some of them are not for this reader."""

_END: Final = 2**62


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert. `seq` is its place in the log, which no reader is told; `payload` is a webhook's: `{type, time, data}`."""

    name: str
    seq: int
    payload: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Alerts:
    """The alerts for one reader, in one language."""

    visible: Visible
    filters: IncidentFilters
    language: Language

    async def after(self, seq: int, limit: int) -> list[Alert]:
        """The next alerts after this place in the log, oldest first.

        Among them is, whatever the filters, what this reader could read before and may read no more: its id alone.
        """
        gone = [Alert(one.name, one.seq, one.payload) for one in await unreleased.following(self.visible, seq, limit)]
        return sorted([*await self._after(seq, limit), *gone], key=attrgetter("seq"))[:limit]

    async def _after(self, seq: int, limit: int) -> list[Alert]:
        found: list[Alert] = []
        size = max(limit, _LEAST)
        while len(found) < limit:
            batch = await self._batch(seq, size, backwards=False)
            found += await self._told(batch)
            if len(batch) < size:
                break
            seq = batch[-1][0]
        return found[:limit]

    async def newest(self) -> tuple[str, int]:
        """The name and place of the newest alert, from which on a reader hears only what is new."""
        gone = [(one.name, one.seq) for one in await unreleased.latest(self.visible, 1)]
        return max([await self._newest_told(), *gone], key=itemgetter(1))

    async def _newest_told(self) -> tuple[str, int]:
        seq = _END
        while batch := await self._batch(seq, _LEAST, backwards=True):
            told = await self._told(batch)
            if told:
                return told[0].name, told[0].seq
            seq = batch[-1][0]
        return START, 0

    async def _batch(self, seq: int, size: int, *, backwards: bool) -> list[tuple[int, Event]]:
        filters = self.filters
        return await self.visible.reading.news(
            seq,
            size,
            TOLD_AS,
            organisations=self.visible.reader.may_hear_of,
            country=filters.country,
            backwards=backwards,
            organisation=filters.organisation,
            provider=filters.provider,
            kind=filters.kind,
            tlp=filters.tlp,
        )

    async def _told(self, batch: Sequence[tuple[int, Event]]) -> list[Alert]:
        known = await self._steps({event.incident for _, event in batch})
        found = ((seq, known.get((event.incident, event.version))) for seq, event in batch)
        return [await self._alert(seq, step) for seq, step in found if step is not None and await self._concerns(step)]

    async def _steps(self, incidents: Iterable[str]) -> dict[tuple[str, int], Step]:
        """The steps of those of the incidents that the reader may read as they are now."""
        logs = await self.visible.reading.logs(sorted(incidents))
        found: dict[tuple[str, int], Step] = {}
        for name, events in logs.items():
            taken = list(steps(events))
            if self.visible.may_read(taken[-1].after):
                found |= {(name, step.event.version): step for step in taken}
        return found

    async def _concerns(self, step: Step) -> bool:
        """Whether somebody would be told of it, and this reader may be: of a release only those who could not know before."""
        after = step.after
        if after.confirmed_at is None or severity(after) is Severity.NONE or not self.visible.may_read(after):
            return False
        is_news = step.before is None or not self.visible.may_read(step.before)
        if step.event.kind is EventKind.RELEASED:
            return is_news and after.stage is IncidentStage.CONFIRMED
        return is_news or step.event.kind is not EventKind.CORRECTED or await self._is_put_right(step)

    async def _is_put_right(self, step: Step) -> bool:
        """Whether a correction takes something back of what this reader was told."""
        if step.before is None or step.after.stage is IncidentStage.RETRACTED:
            return False
        return takes_back(await self.visible.listed(step.before), await self.visible.listed(step.after))

    async def _alert(self, seq: int, step: Step) -> Alert:
        reader, watchlist = self.visible.reader, self.visible.watchlist
        telling = Telling(
            event=step.event,
            incident=await self.visible.listed(step.after),
            before=await self._known_before(step),
            watchlist=watchlist,
            language=self.language,
            address=self.visible.context.settings.address,
            may_name=None if reader.reads_everything else {one.id for one in self.visible.organisations()},
        )
        payload = content.for_readers(telling) if self._is_struck(step.after) else content.for_outsiders(telling)
        return Alert(f"{step.event.incident}.{step.event.version}", seq, payload)

    async def _known_before(self, step: Step) -> Incident | None:
        """What this reader could know of the incident before it."""
        if step.before is None or not self.visible.may_read(step.before):
            return None
        return await self.visible.listed(step.before)

    def _is_struck(self, incident: Incident) -> bool:
        """Whether the reader belongs to one of those whom the incident is about."""
        about = (incident.key.organisation, *concerned(incident, self.visible.watchlist))
        return any(self.visible.reader.belongs_to(one) for one in about)
