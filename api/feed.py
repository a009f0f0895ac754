"""The incident log as JSON Feed 1.1, rendered once for every change of the log and kept as bytes."""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from hashlib import sha256
from typing import Final
from urllib.parse import urlencode

from fastapi import Request

from api.answers import API, countries
from api.parameters import IncidentFilters
from api.render import static_name
from api.schemas import Extension, Feed, FeedItem
from api.visible import Visible
from api.wording import Wording
from monitor.core.incident import Incident
from monitor.core.watchlist import Language
from monitor.core.wording import plain
from monitor.store import Reading

MEDIA_TYPE: Final = "application/feed+json"

ENTRIES: Final = 100
"""Incidents in a feed: those that changed last."""

_KEPT: Final = 128
"""Renderings that are kept; the one that was asked for longest ago goes first."""

_BATCH: Final = 1000

_LONGEST_REASON: Final = 1000
"""Characters of an incident's reason; strangers' words may be in it."""


@dataclass(frozen=True, slots=True)
class Rendering:
    """A feed as it is served. `modified` is when the newest of its incidents changed; None for an empty feed."""

    body: bytes
    modified: datetime | None

    @property
    def tag(self) -> str:
        """The ETag. It depends on what is in the feed and on nothing else, so it betrays nothing that is not."""
        return f'W/"{sha256(self.body).hexdigest()[:32]}"'

    @property
    def headers(self) -> dict[str, str]:
        """By these a reader recognises what it already has."""
        modified = {"last-modified": format_datetime(self.modified, usegmt=True)} if self.modified else {}
        return {"etag": self.tag, **modified}

    def is_known_to(self, request: Request) -> bool:
        """Whether the reader has this already (RFC 9110, 13.2.2: where an ETag is given, dates do not count)."""
        tags = request.headers.get("if-none-match")
        if tags is not None:
            return tags.strip() == "*" or self.tag in {tag.strip() for tag in tags.split(",")}
        since = _date(request.headers.get("if-modified-since", ""))
        return since is not None and self.modified is not None and self.modified.replace(microsecond=0) <= since


@dataclass(slots=True)
class Renderings:
    """What was rendered since the last event of the log, whose sequence number is `seq`."""

    seq: int = 0
    kept: OrderedDict[tuple[str, ...], Rendering] = field(default_factory=OrderedDict)

    async def feed(self, visible: Visible, filters: IncidentFilters, language: Language) -> Rendering:
        """The feed for this reader, these filters and this language."""
        seq = await self._catch_up(visible.reading)
        name = (visible.watchlist.version, visible.reader.audience, language, _query(filters))
        if seq == self.seq and name in self.kept:
            self.kept.move_to_end(name)
            return self.kept[name]
        rendering = await _render(visible, filters, language)
        if seq == self.seq:
            self._keep(name, rendering)
        return rendering

    async def _catch_up(self, reading: Reading) -> int | None:
        """The last event that this reading sees, or None if it began before one that we know of. What is stale is forgotten."""
        seen = self.seq
        batch = await reading.events_after(seen - 1, _BATCH)
        if seen and not batch:
            return None
        while batch:
            seen = batch[-1][0]
            batch = await reading.events_after(seen, _BATCH)
        if seen > self.seq:
            self.seq = seen
            self.kept.clear()
        return seen

    def _keep(self, name: tuple[str, ...], rendering: Rendering) -> None:
        self.kept[name] = rendering
        if len(self.kept) > _KEPT:
            self.kept.popitem(last=False)


async def _render(visible: Visible, filters: IncidentFilters, language: Language) -> Rendering:
    incidents = await visible.incidents(filters, limit=ENTRIES)
    attributions = await visible.attributions([one.id for one in incidents])
    words = Wording(language, visible.watchlist, visible.now)
    address = visible.context.settings.address
    feed = Feed(
        title=words.text("Cutwatch: who has been cut off"),
        home_page_url=f"{address}/",
        feed_url=f"{address}/feed.json{_query(filters)}",
        description=words.text(
            "Losses of access: blocked, withdrawn, lapsed or broken, each with since when and how sure we are."
        ),
        icon=f"{address}/static/{static_name('icon')}",
        language=language,
        items=[_item(incident, words, address, attributions.get(incident.id, ())) for incident in incidents],
    )
    return Rendering(feed.model_dump_json(by_alias=True).encode(), max((one.updated for one in incidents), default=None))


def _item(incident: Incident, words: Wording, address: str, attributions: Sequence[str]) -> FeedItem:
    stage = words.label(incident.stage).word
    return FeedItem(
        id=incident.id,
        url=f"{address}/incidents/{incident.id}",
        title=f"{words.title(incident)} ({stage})",
        content_text="\n".join((*_lines(incident, words), *_thanks(attributions, words))),
        date_published=incident.detected,
        date_modified=incident.updated,
        tags=[tag for tag in (incident.kind, incident.stage, incident.key.organisation) if tag],
        language=words.language,
        cutwatch=Extension(
            kind=incident.kind,
            stage=incident.stage,
            organisation=incident.key.organisation or None,
            provider=incident.provider,
            countries=countries(incident),
            version=incident.version,
            origin=incident.origin,
            url_api=f"{address}{API}/incidents/{incident.id}",
        ),
    )


def _lines(incident: Incident, words: Wording) -> list[str]:
    lines = [words.sureness(incident), words.text("Began: %(bracket)s.", bracket=words.bracket(incident.onset))]
    if incident.end:
        lines.append(words.text("Over: %(bracket)s.", bracket=words.bracket(incident.end)))
    return [*lines, plain(incident.because, _LONGEST_REASON)]


def _thanks(attributions: Sequence[str], words: Wording) -> Iterator[str]:
    """Whose measurements an incident rests on besides ours: their licence asks for it, and so does decency."""
    if attributions:
        yield f"{words.text('With measurements by others, who are to be named as well:')} {'; '.join(attributions)}"


def _query(filters: IncidentFilters) -> str:
    given = filters.model_dump(mode="json", exclude_none=True)
    return f"?{urlencode(sorted(given.items()))}" if given else ""


def _date(header: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(header)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
