"""Checks of documented incidents: what they name must exist, and what they say of one event must be possible together."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from monitor.configuration.checks import unknown_name
from monitor.configuration.document import Document
from monitor.configuration.names import objection_to_url
from monitor.configuration.problems import FieldPath, Problem
from monitor.core.documented import ATTESTED_STAGES
from monitor.core.dossier import Dates
from monitor.core.edtf import NotADate, span
from monitor.core.kinds import IncidentStage

_ADDRESSES: Final = ("url", "archived")

Span = tuple[datetime | None, datetime | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """The ids that an entry may name.

    - `targets`: those of each organisation whose file could be read
    - `former`: the names that entries had before, each with the first file that says so
    """

    organisations: Collection[str]
    targets: Mapping[str, Collection[str]]
    providers: Collection[str]
    entries: Collection[str]
    former: Mapping[str, str]


def former_names(documents: Iterable[Document]) -> dict[str, str]:
    """The names that these entries had before, each with the first file that says so."""
    found: dict[str, str] = {}
    for document in documents:
        for path in document.entries("formerly"):
            found.setdefault(document.text(*path) or "", document.file)
    return found


def check_incident(document: Document, named: Named) -> Iterator[Problem]:
    """Everything in one entry's file."""
    yield from _names(document, named)
    yield from _relations(document, named)
    yield from _former_names(document, named)
    yield from _stage(document)
    yield from _bounds(document)
    yield from _end(document)
    for source in _sources(document):
        yield from _addresses(document, source)


def _names(document: Document, named: Named) -> Iterator[Problem]:
    yield from unknown_name(document, ("organisation",), named.organisations, "organisation", "add its file to `organisations/`")
    for path in (("provider",), *((*actor, "provider") for actor in document.entries("actors"))):
        yield from unknown_name(document, path, named.providers, "provider", "add its file to `providers/`")
    target, organisation = document.text("target"), document.text("organisation")
    if target is None:
        return
    if organisation is None:
        yield document.problem(("target",), "belongs to no organisation", "name its `organisation` too, or remove the line")
    elif organisation in named.targets:
        known = named.targets[organisation]
        yield from unknown_name(document, ("target",), known, f"target of {organisation}", "describe it in its file")


def _relations(document: Document, named: Named) -> Iterator[Problem]:
    for related in document.entries("related"):
        path = (*related, "entry")
        yield from unknown_name(document, path, named.entries, "entry", "add its file to `incidents/`")
        if document.text(*path) == Path(document.file).stem:
            yield document.problem(path, "is this very entry", "name another one, or remove it")


def _former_names(document: Document, named: Named) -> Iterator[Problem]:
    for path in document.entries("formerly"):
        former = document.text(*path) or ""
        if former in named.entries:
            message = f"`{former}` is the name of a file that is there"
            yield document.problem(path, message, "remove the line, or the file that this one has replaced")
        elif (first := named.former.get(former, document.file)) != document.file:
            message = f"`{former}` is a former name of {first} already"
            yield document.problem(path, message, "leave it with the file that tells of the same event")


def _stage(document: Document) -> Iterator[Problem]:
    stage = document.text("stage")
    if stage == IncidentStage.SUSPECTED:
        remedy = f"write one of {', '.join(sorted(ATTESTED_STAGES))}, or wait until a source says so"
        yield document.problem(("stage",), "a mere suspicion is no documented incident", remedy)


def _bounds(document: Document) -> Iterator[Problem]:
    """Bounds that exclude each other, or a date that lies outside them: one of the two was not in the sources."""
    first, last = _span(document, "bounds", "not_before"), _span(document, "bounds", "not_after")
    if first[0] and last[1] and first[0] >= last[1]:
        yield document.problem(("bounds", "not_after"), "lies before `not_before`", "exchange them, or correct one")
        return
    for name in Dates.model_fields:
        if name in {"ended", "last_observed"}:
            continue
        since, until = _span(document, "dates", name, "date")
        if (until and first[0] and until <= first[0]) or (since and last[1] and since >= last[1]):
            remedy = "correct the date, or the bounds that were derived for it"
            yield document.problem(("dates", name, "date"), "lies outside the entry's own `bounds`", remedy)


def _end(document: Document) -> Iterator[Problem]:
    until = _span(document, "dates", "ended", "date")[1]
    for name in ("effective", "first_observed", "decided"):
        since = _span(document, "dates", name, "date")[0]
        if until and since and until <= since:
            message = f"lies before `{name}`: it would have ended before it began"
            yield document.problem(("dates", "ended", "date"), message, "correct one of the two")


def _span(document: Document, *path: str) -> Span:
    """The stretch of the date at `path`; open on both sides where there is none, or none that can be read."""
    text = document.text(*path)
    try:
        return span(text) if text is not None else (None, None)
    except NotADate:
        return None, None


def _sources(document: Document) -> Iterator[FieldPath]:
    yield from document.entries("sources")
    yield from document.entries("evidence")
    for remedy in document.entries("remedies"):
        yield from document.entries(*remedy, "sources")
    for reply in document.entries("replies"):
        yield (*reply, "source")


def _addresses(document: Document, source: FieldPath) -> Iterator[Problem]:
    for name in _ADDRESSES:
        url = document.text(*source, name)
        if url is not None and (objection := objection_to_url(url)):
            yield document.problem((*source, name), objection.message, objection.remedy)
