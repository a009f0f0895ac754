"""The incident log as Atom (RFC 4287), with tombstones for what was retracted (RFC 6721)."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final
from xml.etree.ElementTree import Element, SubElement, register_namespace, tostring

from api.answers import API, countries
from api.feeds.entries import Entry, Listing, newest
from api.feeds.renderings import Rendering
from api.render import instant, static_name
from monitor.core.kinds import IncidentStage

MEDIA_TYPE: Final = "application/atom+xml"

PATH: Final = "/feed.atom"

ATOM: Final = "http://www.w3.org/2005/Atom"

TOMBSTONES: Final = "http://purl.org/atompub/tombstones/1.0"

_XML: Final = "http://www.w3.org/XML/1998/namespace"

_SINCE: Final = 2026
"""A year in which whoever owns our address owned it, as an identifier that rests on it must name one (RFC 4151)."""

_NOTHING_YET: Final = datetime(_SINCE, 1, 1, tzinfo=UTC)
"""When an empty feed last changed: Atom wants a date."""

_NO_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML cannot hold, however they are escaped."""

register_namespace("at", TOMBSTONES)
register_namespace("", ATOM)


async def render(listing: Listing) -> Rendering:
    """The feed as bytes."""
    entries, gone = await listing.entries(), await listing.gone()
    changed = newest(entries, gone)
    feed = Element(f"{{{ATOM}}}feed", {f"{{{_XML}}}lang": listing.words.language})
    _head(feed, listing, changed or _NOTHING_YET)
    for entry in entries:
        _add_entry(feed, entry, listing)
    for entry in entries:
        if entry.incident.stage is IncidentStage.RETRACTED:
            _add_tombstone(feed, entry, listing)
    for one in gone:
        _add_bare_tombstone(feed, one.incident, one.at, listing)
    return Rendering.of(tostring(feed, "utf-8", xml_declaration=True, default_namespace=None), changed)


def _head(feed: Element, listing: Listing, changed: datetime) -> None:
    _add(feed, "id", _tag(listing, listing.name))
    _add(feed, "title", listing.title)
    _add(feed, "subtitle", listing.description)
    _add(feed, "updated", instant(changed))
    author = _add(feed, "author")
    _add(author, "name", "Cutwatch")
    _add(author, "uri", f"{listing.address}/")
    _add(feed, "link", rel="alternate", type="text/html", href=f"{listing.address}/")
    if listing.own_address:
        _add(feed, "link", rel="self", type=MEDIA_TYPE, href=listing.own_address)
    _add(feed, "icon", f"{listing.address}/static/{static_name('icon')}")


def _add_entry(feed: Element, entry: Entry, listing: Listing) -> None:
    incident = entry.incident
    made = _add(feed, "entry")
    _add(made, "id", _tag(listing, incident.id))
    _add(made, "title", entry.title)
    _add(made, "published", instant(incident.detected))
    _add(made, "updated", instant(incident.updated))
    _add(made, "link", rel="alternate", type="text/html", href=f"{listing.address}/incidents/{incident.id}")
    api = f"{listing.address}{API}/incidents/{incident.id}"
    _add(made, "link", rel="related", type="application/json", href=api)
    for scheme, term, label in _categories(entry, listing):
        _add(made, "category", term=term, scheme=_tag(listing, scheme), label=label)
    _add(made, "content", "\n".join(entry.lines), type="text")


def _categories(entry: Entry, listing: Listing) -> Iterator[tuple[str, str, str]]:
    """By what it can be sorted: a scheme, its word for programs, and its word for people."""
    incident, words = entry.incident, listing.words
    yield "kind", incident.kind, words.label(incident.kind).word
    yield "stage", incident.stage, words.label(incident.stage).word
    yield "origin", incident.origin, incident.origin
    if incident.key.organisation:
        yield "organisation", incident.key.organisation, words.organisation(incident.key.organisation)
    if incident.provider:
        yield "provider", incident.provider, words.provider(incident.provider)
    for country in countries(incident):
        yield "country", country, words.country(country)


def _add_tombstone(feed: Element, entry: Entry, listing: Listing) -> None:
    """Readers that know tombstones drop the entry; to the others the retracted one says itself what it is."""
    incident = entry.incident
    stone = _add_bare_tombstone(feed, incident.id, incident.updated, listing)
    SubElement(stone, f"{{{TOMBSTONES}}}comment").text = _clean(entry.title)
    _add(stone, "link", rel="alternate", type="text/html", href=f"{listing.address}/incidents/{incident.id}")


def _add_bare_tombstone(feed: Element, incident: str, when: datetime, listing: Listing) -> Element:
    """That an entry is gone, and nothing else: what may be read no more has nothing beside it."""
    return SubElement(feed, f"{{{TOMBSTONES}}}deleted-entry", {"ref": _tag(listing, incident), "when": instant(when)})


def _tag(listing: Listing, name: str) -> str:
    """An identifier that stays, whatever becomes of the addresses (RFC 4151)."""
    return f"tag:{listing.authority},{_SINCE}:{name}"


def _add(parent: Element, name: str, text: str | None = None, **attributes: str) -> Element:
    made = SubElement(parent, f"{{{ATOM}}}{name}", {key: _clean(value) for key, value in attributes.items()})
    made.text = None if text is None else _clean(text)
    return made


def _clean(text: str) -> str:
    return _NO_XML.sub("", text)
