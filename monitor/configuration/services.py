"""Checks of vantage points from which others look: what they need, and what means nothing there."""

from collections.abc import Iterator, Mapping
from typing import Final

from monitor.configuration.document import Document
from monitor.configuration.problems import FieldPath, Problem
from probes.kit.api import checked_base
from probes.kit.vocabulary import IMPORTED_KINDS, VantageKind

_OURS_ONLY: Final[Mapping[str, str]] = {
    "proxy": "the service reaches its volunteers by itself",
    "resolvers": "volunteers ask their own",
    "public_resolvers": "volunteers ask their own",
    "canaries": "nobody can send volunteers to them",
    "own_addresses": "every address is taken out of what volunteers see",
}

_OF_GLOBALPING: Final[Mapping[str, str]] = {
    "token": "OONI is asked without an account",
    "limit": "OONI's volunteers are not asked",
}


def check_service(monitor: Document, path: FieldPath, kind: str) -> Iterator[Problem]:
    """Everything about the vantage point at `path` that depends on whether others look there."""
    if kind not in IMPORTED_KINDS:
        if monitor.value(*path, "service") is not None:
            message = f"stands at a vantage point of kind {kind}, from where nobody else looks"
            yield monitor.problem((*path, "service"), message, "remove it, or write `kind: ooni` or `kind: globalping`")
        return
    if monitor.value(*path, "country") is None:
        yield monitor.problem(path, "names no country", "add `country:`: others' looks are asked for by country")
    for key, reason in _OURS_ONLY.items():
        if monitor.value(*path, key) is not None:
            yield monitor.problem((*path, key), f"means nothing at a vantage point of kind {kind}: {reason}", "remove it")
    yield from _address(monitor, (*path, "service", "url"))
    if kind == VantageKind.OONI:
        yield from _of_ooni(monitor, path)


def check_control_kind(monitor: Document, entry: FieldPath, kinds: Mapping[str, str]) -> Iterator[Problem]:
    """A control must look in the same minute, which others do not."""
    other = monitor.text(*entry)
    if other is not None and kinds.get(other) in IMPORTED_KINDS:
        message = f"`{other}` is of kind {kinds[other]}, where nobody looks when we ask for a comparison"
        yield monitor.problem(entry, message, "name a direct vantage point or a proxy")


def _of_ooni(monitor: Document, path: FieldPath) -> Iterator[Problem]:
    for key, reason in _OF_GLOBALPING.items():
        if monitor.value(*path, "service", key) is not None:
            yield monitor.problem((*path, "service", key), f"means nothing here: {reason}", "remove it")
    if monitor.value(*path, "control") is not None:
        message = "means nothing here: each of OONI's measurements brings its own control"
        yield monitor.problem((*path, "control"), message, "remove it")


def _address(monitor: Document, path: FieldPath) -> Iterator[Problem]:
    url = monitor.text(*path)
    if url is None:
        return
    try:
        checked_base(url)
    except ValueError as problem:
        yield monitor.problem(path, f"cannot be used: {problem}", "write the service's own address, or remove the line")
