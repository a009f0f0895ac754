"""What no single value shows: ids that clash, names that lead nowhere, settings that contradict each other.

The checks read the files as they were written, not the finished models, so that one mistake hides no other.
"""

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, TypeAdapter, ValidationError

from monitor.configuration.document import Document
from monitor.configuration.problems import FieldPath, Problem, did_you_mean
from monitor.configuration.sentences import problems_of
from monitor.core.model import Slug

_SLUG: Final = TypeAdapter[str](Slug)


def unknown_name(document: Document, path: FieldPath, known: Collection[str], what: str, otherwise: str) -> Iterator[Problem]:
    """A problem where the text at `path` names none of `known`; `otherwise` is the remedy when nothing is spelled alike."""
    word = document.text(*path)
    if word is not None and word not in known:
        yield document.problem(path, f"there is no {what} `{word}`", did_you_mean(word, known, otherwise))


def repeated_ids(document: Document, *path: str | int) -> Iterator[Problem]:
    """Entries of the list at `path` whose id an earlier one has."""
    first: dict[str, int | None] = {}
    for entry in document.entries(*path):
        one = document.text(*entry, "id")
        if one in first:
            message = f"the id `{one}` is already used on line {first[one]}"
            yield document.problem((*entry, "id"), message, "give each its own id")
        elif one is not None:
            first[one] = document.line((*entry, "id"))


def file_ids(documents: Collection[Document]) -> Iterator[Problem]:
    """Files whose id is not their name, or is the id of an earlier file."""
    first: dict[str, Document] = {}
    for document in documents:
        one = document.text("id")
        if one is None:
            continue
        yield from _other_name(document, one)
        if one in first:
            message = f"the id `{one}` is already used in {first[one].file}, line {first[one].line(('id',))}"
            yield document.problem(("id",), message, "give each file its own id")
        first.setdefault(one, document)


def _other_name(document: Document, one: str) -> Iterator[Problem]:
    stem = Path(document.file).stem
    if one != stem and fits(_SLUG, one):
        message = f"the id `{one}` differs from the file's name"
        rename = f"rename the file to {one}.yaml"
        yield document.problem(("id",), message, f"write `id: {stem}`, or {rename}" if fits(_SLUG, stem) else rename)


def fits(kind: TypeAdapter[Any], value: object) -> bool:
    """Whether `value` is spelled as a `kind` must be."""
    try:
        kind.validate_python(value)
    except ValidationError:
        return False
    return True


def ids_of_files(documents: Collection[Document]) -> frozenset[str]:
    """Every id that these files give, and every name they have: a file with a mistake is still known by its name."""
    given = (document.text("id") for document in documents)
    return frozenset(one for one in given if one) | {Path(document.file).stem for document in documents}


def ids_in(document: Document, *path: str | int) -> frozenset[str]:
    """Every id in the list at `path`."""
    given = (document.text(*entry, "id") for entry in document.entries(*path))
    return frozenset(one for one in given if one)


def check_alerts(
    alerts: Document,
    organisations: Collection[str],
    providers: Collection[str],
    channel_settings: Mapping[str, type[BaseModel]] | None,
) -> Iterator[Problem]:
    """Channels and routes. Settings are checked where `channel_settings` (kind to model) is given."""
    yield from repeated_ids(alerts, "channels")
    yield from repeated_ids(alerts, "routes")
    for channel in alerts.entries("channels"):
        yield from _channel(alerts, channel, channel_settings)
    for route in alerts.entries("routes"):
        yield from _route(alerts, route, organisations, providers)


def _channel(alerts: Document, path: FieldPath, channel_settings: Mapping[str, type[BaseModel]] | None) -> Iterator[Problem]:
    if channel_settings is None:
        return
    kinds = ", ".join(sorted(channel_settings))
    yield from unknown_name(alerts, (*path, "kind"), channel_settings, "kind of channel", f"use one of {kinds}")
    model = channel_settings.get(alerts.text(*path, "kind") or "")
    settings = alerts.value(*path, "settings") or {}
    if model is None or not isinstance(settings, Mapping):
        return
    try:
        model.model_validate(settings)
    except ValidationError as error:
        yield from problems_of(error, alerts, model, (*path, "settings"))


def _route(alerts: Document, path: FieldPath, organisations: Collection[str], providers: Collection[str]) -> Iterator[Problem]:
    channels = ids_in(alerts, "channels")
    for entry in _named_channels(alerts, path):
        yield from unknown_name(alerts, entry, channels, "channel", "describe it under `channels`")
    yield from _repeated(alerts, (*path, "channels"))
    yield from _repeated(alerts, (*path, "escalate", "channels"))
    yield from _second(alerts, path)
    for entry in alerts.entries(*path, "match", "organisations"):
        yield from unknown_name(alerts, entry, organisations, "organisation", "add its file to `organisations/`")
    for entry in alerts.entries(*path, "match", "providers"):
        yield from unknown_name(alerts, entry, providers, "provider", "add its file to `providers/`")


def _named_channels(alerts: Document, route: FieldPath) -> Iterator[FieldPath]:
    """Every place in a route that names a channel."""
    yield from alerts.entries(*route, "channels")
    yield (*route, "second")
    yield from alerts.entries(*route, "escalate", "channels")


def _repeated(alerts: Document, path: FieldPath) -> Iterator[Problem]:
    """Names in a list that stood there before."""
    seen = set()
    for entry in alerts.entries(*path):
        name = alerts.text(*entry)
        if name in seen:
            yield alerts.problem(entry, f"names `{name}` again", "remove it: nothing is sent twice")
        elif name is not None:
            seen.add(name)


def _second(alerts: Document, route: FieldPath) -> Iterator[Problem]:
    """A channel that is told anyway cannot step in for another one."""
    second = alerts.text(*route, "second")
    if second is not None and second in {alerts.text(*entry) for entry in alerts.entries(*route, "channels")}:
        message = f"`{second}` is one of the route's channels already, so it cannot step in when another fails"
        yield alerts.problem((*route, "second"), message, "name another channel, or remove the line: each of `channels` is told")
