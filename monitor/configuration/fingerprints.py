"""Reads and checks `config/fingerprints/`: what we ourselves know of block pages, forged addresses and switched-off sites."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from monitor.configuration.document import Document
from monitor.configuration.names import objection_to_host, objection_to_url
from monitor.configuration.problems import ConfigurationError, FieldPath, Problem
from monitor.configuration.reader import read
from monitor.configuration.sentences import problems_of
from monitor.core.fingerprint import OWN, SignFile, fingerprints_of
from monitor.core.innocuous_pages import too_common
from probes.kit.fingerprint import Fingerprint, Place
from probes.kit.vocabulary import MarkKind

FOLDER: Final = "fingerprints"
"""The folder's name within the configuration."""

_SHORTEST: Final = {Place.BODY: 12, Place.TITLE: 6, Place.CERTIFICATE: 6}
"""Characters: less stands on too many pages."""

_BOUND: Final[Mapping[str, Place]] = {
    MarkKind.FORGED_ADDRESS: Place.ADDRESS,
    MarkKind.STATE_AUTHORITY: Place.CERTIFICATE,
}
"""Kinds that are known by one place only, which no other kind is known by."""

_OF_COUNTRIES: Final = frozenset({MarkKind.BLOCKPAGE, MarkKind.FORGED_ADDRESS, MarkKind.STATE_AUTHORITY})


@dataclass(frozen=True, slots=True)
class OwnFingerprints:
    """Our own list. `version` is the day on which its newest file was compiled, and a short hash of all of them."""

    fingerprints: tuple[Fingerprint, ...]
    version: str


def read_own_fingerprints(config: Path) -> OwnFingerprints:
    """Read the list in the configuration folder `config`; a folder without one gives none.

    Raises `ConfigurationError` with every mistake in it.
    """
    documents = tuple(read(path) for path in sorted((config / FOLDER).glob("[!.]*.yaml")))
    problems = [problem for document in documents for problem in document.problems]
    problems.extend(check_fingerprints(documents))
    if problems:
        raise ConfigurationError(problems)
    files = [SignFile.model_validate(document.data) for document in documents]
    digest = sha256(b"\0".join(document.content for document in documents)).hexdigest()[:12]
    day = max((file.compiled for file in files), default="none")
    return OwnFingerprints(tuple(one for file in files for one in fingerprints_of(file)), f"{day}-{digest}")


def check_fingerprints(documents: Collection[Document]) -> Iterator[Problem]:
    """Everything that is wrong with these files, beside what kept them from being read."""
    yield from _repeated_ids(documents)
    for document in documents:
        for path in document.entries("fingerprints"):
            yield from _sign(document, path)
        yield from _schema(document)


def check_lists(monitor: Document) -> Iterator[Problem]:
    """Addresses of others' lists in `monitor.yaml`. What comes in clear text could be forged by whom we look for."""
    path = ("lists", "ooni_fingerprints")
    url = monitor.text(*path)
    if url is None:
        return
    if objection := objection_to_url(url):
        yield monitor.problem(path, objection.message, objection.remedy)
    elif not url.startswith("https://"):
        yield monitor.problem(path, "does not begin with https://", "write an address that nobody on the way can forge")


def _schema(document: Document) -> Iterator[Problem]:
    """Where the file fits the schema, nothing innocuous may bear its marks."""
    if not document.understood:
        return
    try:
        file = SignFile.model_validate(document.data)
    except ValidationError as error:
        yield from problems_of(error, document, SignFile)
        return
    accusing = (one for one in fingerprints_of(file) if one.mark.kind is not MarkKind.NOT_A_BLOCKPAGE)
    common = {mark.name.removeprefix(f"{OWN}:") for mark in too_common(accusing)}
    for path in document.entries("fingerprints"):
        if document.text(*path, "id") in common:
            remedy = "write a longer phrase, or an address, that only this page has"
            yield document.problem(path, "fits pages that every website has, and would accuse them all", remedy)


def _repeated_ids(documents: Collection[Document]) -> Iterator[Problem]:
    """Marks are known by their ids, whichever file they stand in."""
    first: dict[str, str] = {}
    for document in documents:
        for path in document.entries("fingerprints"):
            one = document.text(*path, "id")
            if one is None:
                continue
            if one in first:
                yield document.problem((*path, "id"), f"the id `{one}` is already used in {first[one]}", "give each its own id")
            first.setdefault(one, f"{document.file}, line {document.line((*path, 'id'))}")


def _sign(document: Document, path: FieldPath) -> Iterator[Problem]:
    kind = document.text(*path, "kind")
    places = [place for place in Place if list(document.entries(*path, place.value))]
    if not places:
        yield document.problem(path, "has nothing to be known by", f"add one of {', '.join(Place)}")
    for place in places:
        yield from _misplaced(document, (*path, place.value), kind, place)
        for entry in document.entries(*path, place.value):
            yield from _literal(document, entry, place)
    own, files = document.value(*path, "countries"), document.value("countries")
    if kind in _OF_COUNTRIES and not (files if own is None else own):
        remedy = "add `countries:` to it or to the file; whoever is elsewhere is not accused by it"
        yield document.problem(path, "counts in no country", remedy)


def _misplaced(document: Document, path: FieldPath, kind: str | None, place: Place) -> Iterator[Problem]:
    bound = _BOUND.get(kind or "")
    if bound is not None and place is not bound:
        yield document.problem(path, f"does not belong to the kind {kind}", f"write `{bound}`, or choose another kind")
    elif bound is None and place in _BOUND.values():
        kinds = " or ".join(known for known, its in _BOUND.items() if its is place)
        yield document.problem(path, f"belongs to the kind {kinds} only", "move it to an entry of its own")


def _literal(document: Document, path: FieldPath, place: Place) -> Iterator[Problem]:
    text = document.text(*path)
    if text is None:
        return
    if len(text) < (shortest := _SHORTEST.get(place, 0)):
        yield document.problem(path, "is too short to tell anything", f"write at least {shortest} characters")
    if place is Place.ADDRESS and not _is_plain_address(text):
        yield document.problem(path, "is not an IP address in its shortest form", "write it as in 192.0.2.1 or 2001:db8::1")
    if place is Place.LOCATION and not _is_host_and_path(text):
        remedy = "write a host, and if need be the beginning of a path: block.example.ru or www.example.ru/blocked"
        yield document.problem(path, "is not where a redirect could lead", remedy)


def _is_plain_address(text: str) -> bool:
    try:
        return str(ip_address(text)) == text
    except ValueError:
        return False


def _is_host_and_path(text: str) -> bool:
    host = text.partition("/")[0]
    return text == text.strip() and (_is_plain_address(host) or (host == host.lower() and objection_to_host(host) is None))
