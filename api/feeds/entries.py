"""What a feed holds, whatever form it takes: the incidents that changed last, in words."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlencode, urlsplit

from api.parameters import FeedFilters
from api.subscribing import Subscriber
from api.unreleased import Unreleased, latest
from api.visible import Visible
from api.wording import Wording
from monitor.core.incident import Incident
from monitor.core.kinds import IncidentStage, Kind, Origin
from monitor.core.naming import plain

ENTRIES: Final = 100
"""Incidents in a feed that were measured: those that changed last."""

ATTESTED: Final = 50
"""Incidents in a feed that people entered from documents, besides the others. They have places of their own: many of them
are entered at once, and old cases must not push out what happens now."""

TOMBSTONES: Final = 50
"""Incidents of which a feed says that they may be read no more: those that went last."""

_LONGEST_REASON: Final = 1000
"""Characters of an incident's reason; strangers' words may be in it."""

_MEASURED: Final = frozenset({Origin.MEASURED, Origin.BOTH})


@dataclass(frozen=True, slots=True)
class Entry:
    """One incident. `lines` are paragraphs: how sure we are, since when, why, and whom to thank."""

    incident: Incident
    title: str
    lines: Sequence[str]

    @property
    def tags(self) -> tuple[str, ...]:
        """Words to sort it by."""
        return tuple(tag for tag in (self.incident.kind, self.incident.stage, self.incident.key.organisation) if tag)


@dataclass(frozen=True, slots=True)
class Listing:
    """What a feed holds and where it stands. `path` is None for a private one: its own address must not travel with it."""

    visible: Visible
    words: Wording
    filters: FeedFilters
    path: str | None

    @property
    def address(self) -> str:
        """Where readers find this service."""
        return self.visible.context.settings.address

    @property
    def own_address(self) -> str | None:
        """Where readers find this very feed."""
        return None if self.path is None else f"{self.address}{self.path}{query(self.filters)}"

    @property
    def authority(self) -> str:
        """The name in which our identifiers are given out."""
        return authority_of(self.address)

    @property
    def name(self) -> str:
        """What tells this feed from our others, for good."""
        reader = self.visible.reader
        whose = f"/{reader.organisation}" if isinstance(reader, Subscriber) else ""
        return f"incidents{whose}{query(self.filters)}"

    @property
    def title(self) -> str:
        """What the feed is called."""
        reader, title = self.visible.reader, self.words.text("Cutwatch: who has been cut off")
        return f"{title}: {self.words.organisation(reader.organisation)}" if isinstance(reader, Subscriber) else title

    @property
    def description(self) -> str:
        """What is in it."""
        return self.words.text(
            "Losses of access: blocked, withdrawn, lapsed or broken, each with since when and how sure we are."
        )

    async def entries(self) -> list[Entry]:
        """Its entries, the latest change first."""
        incidents = await self._incidents()
        thanks = await self.visible.attributions([one.id for one in incidents])
        return [_entry(one, self.words, thanks.get(one.id, ())) for one in incidents]

    async def gone(self) -> list[Unreleased]:
        """What a feed of this reader's can have held and may hold no more, whatever the filters: nothing else is told of it."""
        return await latest(self.visible, TOMBSTONES)

    async def _incidents(self) -> list[Incident]:
        measured = await self._some(_MEASURED, ENTRIES)
        attested = await self._some(frozenset({Origin.ATTESTED}), ATTESTED)
        return sorted((*measured, *attested), key=lambda one: (one.updated, one.id), reverse=True)

    async def _some(self, origins: frozenset[Origin], limit: int) -> list[Incident]:
        wanted = origins if self.filters.origin is None else origins & {self.filters.origin}
        stages = None if self.filters.stage is None else frozenset({self.filters.stage})
        found: dict[str, Incident] = {}
        for filters in self._narrowed() if wanted else ():
            some = await self.visible.incidents(filters, stages=stages, origins=wanted, limit=limit)
            found |= {one.id: one for one in some}
        return sorted(found.values(), key=lambda one: (one.updated, one.id), reverse=True)[:limit]

    def _narrowed(self) -> Iterator[FeedFilters]:
        """To subscribers only what concerns their organisation: its own cases, and that a network is cut off which it uses."""
        reader = self.visible.reader
        if not isinstance(reader, Subscriber):
            yield self.filters
            return
        if self.filters.organisation in {None, reader.organisation}:
            yield self.filters.model_copy(update={"organisation": reader.organisation})
        if self.filters.organisation is None and self.filters.kind in {None, Kind.ISOLATION}:
            yield self.filters.model_copy(update={"kind": Kind.ISOLATION})


def authority_of(address: str) -> str:
    """The host of the service's address, in whose name identifiers are given out."""
    return (urlsplit(address).hostname or "localhost").replace(":", "-")


def newest(entries: Sequence[Entry], gone: Sequence[Unreleased]) -> datetime | None:
    """When the newest entry changed, or went; None where there is none."""
    return max((*(one.incident.updated for one in entries), *(one.at for one in gone)), default=None)


def query(filters: FeedFilters) -> str:
    """The filters as the end of an address, always in the same order; empty where there are none."""
    given = filters.model_dump(mode="json", exclude_none=True)
    return f"?{urlencode(sorted(given.items()))}" if given else ""


def _entry(incident: Incident, words: Wording, attributions: Sequence[str]) -> Entry:
    title = f"{words.title(incident)} ({_standing(incident, words)})"
    return Entry(incident, title, (*_lines(incident, words), *_thanks(attributions, words)))


def _standing(incident: Incident, words: Wording) -> str:
    """How far it has come; what only documents tell is not said to stand today."""
    if incident.origin is not Origin.ATTESTED or incident.stage is IncidentStage.RETRACTED:
        return words.label(incident.stage).word
    as_of = incident.dossier and (incident.dossier.as_of or incident.dossier.reported_on)
    dated = (words.text("as of %(date)s", date=words.date(as_of)),) if as_of else ()
    return ", ".join((words.text("Documented"), *dated))


def _lines(incident: Incident, words: Wording) -> Iterator[str]:
    yield words.sureness(incident)
    yield from _stated(incident, words)
    if incident.onset:
        yield words.text("Began: %(bracket)s.", bracket=words.bracket(incident.onset))
    if incident.end:
        yield words.text("Over: %(bracket)s.", bracket=words.bracket(incident.end))
    if incident.because:
        yield plain(incident.because, _LONGEST_REASON)


def _stated(incident: Incident, words: Wording) -> Iterator[str]:
    """What documents say, and as of when: it is not known to be so today."""
    dossier = incident.dossier
    if dossier is None:
        return
    if dossier.summary:
        yield plain(dossier.summary.of(words.language), _LONGEST_REASON)
    as_of = dossier.as_of or dossier.reported_on
    if as_of and incident.origin is Origin.ATTESTED:
        yield words.text("As of: %(date)s.", date=as_of)
    yield from words.sources(dossier)


def _thanks(attributions: Sequence[str], words: Wording) -> Iterator[str]:
    """Whose measurements an incident rests on besides ours: their licence asks for it, and so does decency."""
    if attributions:
        yield f"{words.text('With measurements by others, who are to be named as well:')} {'; '.join(attributions)}"
