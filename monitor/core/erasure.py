"""Emptying a field of a dossier that holds a person's data, and what the log said of it before. Pure; the why is in ADR 0010.

A field is named as in `actors[0].entity`. What may be missing goes; what may not is replaced by a mark in its place.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any, Final

from pydantic import ValidationError

from monitor.core.dossier import Dossier
from monitor.core.incident import Event
from monitor.core.naming import plain
from monitor.core.wording import REASON_LIMIT

ERASED: Final = "[erased]"
ERASED_WORDS: Final = {"en": ERASED, "ru": "[удалено]"}

FREE_TEXT: Final = frozenset(
    {
        "affected_services",
        "archived",
        "by",
        "cited",
        "confidence_note",
        "date_note",
        "derived_from",
        "en",
        "note",
        "outcome_note",
        "passage",
        "publisher",
        "quote",
        "ru",
        "title",
        "url",
    }
)
"""The fields of a dossier in which people write as they like. All others hold closed words, ids, dates and numbers."""

_WORDS_OF_MESSAGES: Final = frozenset({"title", "text"})
"""The fields of a message's payload that may repeat a person's reason."""

_LONGEST: Final = 2000
_SHORTEST: Final = 3
"""Characters of a text that is looked for inside other texts: a shorter one would be found in words that mean nobody."""

_STEP: Final = re.compile(r"([a-z_0-9]+)|\[(\d{1,3})\]")

Path = tuple[str | int, ...]


class NoSuchField(ValueError):
    """The dossier has nothing of that name; the message says what to write."""


def emptied(dossier: Dossier, field: str) -> tuple[Dossier, frozenset[str]]:
    """The dossier without what `field` holds, and the texts that people had written there. Raises `NoSuchField`.

    What is left may hold one of these texts elsewhere: it goes there too.
    """
    path, data = _path(field), dossier.model_dump(mode="json", exclude_defaults=True)
    texts = frozenset(_texts(*_held(data, path, field)))
    for replacement in (None, ERASED, ERASED_WORDS):
        left = _cleaned(_with(data, path, replacement), texts)
        try:
            return Dossier.model_validate(left), texts
        except ValidationError:
            continue
    raise NoSuchField(f"`{field}` cannot be emptied: it holds no text")


def redacted(events: Iterable[Event], field: str, texts: Collection[str]) -> Iterator[Event]:
    """Those of the events that said what was erased, each as it must read from now on.

    A field with a position in it may have held something else at that place before, so only the texts themselves go; any
    other is emptied whatever it said.
    """
    path = _path(field)
    for event in events:
        data = dict(event.data)
        if "dossier" in data:
            data["dossier"] = _before(data["dossier"], path, texts)
        if isinstance(data.get("reason"), str):
            data["reason"] = without(texts, data["reason"])
        if data != event.data:
            yield Event(incident=event.incident, version=event.version, at=event.at, kind=event.kind, data=data)


def untold(payload: Mapping[str, Any], texts: Collection[str], reasons: Mapping[str, str]) -> dict[str, Any]:
    """The payload of a message or parcel without the texts; `reasons` has those that are in it, and what is left of each.

    A message shows only the beginning of a long reason: then the text may end in the middle, and is found by the reason alone.
    """
    shown = {plain(said, REASON_LIMIT): plain(left, REASON_LIMIT) for said, left in reasons.items()}
    words = [plain(one, _LONGEST) for one in texts]
    told: dict[str, Any] = _mapped(payload, "", lambda text: _untold(text, shown, words), _WORDS_OF_MESSAGES)
    return told


def _untold(text: str, reasons: Mapping[str, str], words: Collection[str]) -> str:
    for said in sorted(reasons, key=len, reverse=True):
        text = text.replace(said, reasons[said])
    return "\n".join(line if line.startswith("http") else without(words, line) for line in text.split("\n"))


def _before(data: Any, path: Path, texts: Collection[str]) -> Any:
    left = _cleaned(data, texts)
    if any(isinstance(step, int) for step in path) or _find(left, path) is None:
        return left
    for replacement in (None, ERASED, ERASED_WORDS):
        emptied_here = _with(left, path, replacement)
        if _is_dossier(emptied_here):
            return emptied_here
    return left


def _is_dossier(data: Any) -> bool:
    try:
        Dossier.model_validate(data)
    except ValidationError:
        return False
    return True


def without(texts: Collection[str], text: str) -> str:
    """`text` with a mark in the place of each of the texts."""
    for one in sorted(texts, key=len, reverse=True):
        if text == one:
            return ERASED
        if len(one) >= _SHORTEST:
            text = re.sub(rf"(?<!\w){re.escape(one)}(?!\w)", ERASED, text)
    return text[:_LONGEST]


def _path(field: str) -> Path:
    steps = [name or int(position) for name, position in _STEP.findall(field)]
    if not steps or _spelled(steps) != field:
        raise NoSuchField(f"`{field[:80]}` is no field: write one as in `actors[0].entity` or `summary`")
    return tuple(steps)


def _spelled(steps: Iterable[str | int]) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).removeprefix(".")


def _held(data: Any, path: Path, field: str) -> tuple[Any, str]:
    found = _find(data, path)
    if found is None:
        raise NoSuchField(f"`{field}` is empty, or there is no such field: `cutwatch incidents show` has those that are there")
    names = [step for step in path if isinstance(step, str)]
    return found, names[-1]


def _find(data: Any, path: Path) -> Any:
    for step in path:
        try:
            data = data[step]
        except (KeyError, IndexError, TypeError):
            return None
    return data


def _with(data: Any, path: Path, replacement: Any) -> Any:
    """A copy in which `replacement` stands at `path`, or nothing where that is None."""
    step, rest = path[0], path[1:]
    if isinstance(data, Mapping):
        changed: Any = dict(data)
        if rest or replacement is not None:
            changed[step] = _with(data[step], rest, replacement) if rest else replacement
        else:
            del changed[step]
        return changed
    changed = list(data)
    position = int(step)
    changed[position : position + 1] = _in_list(data[position], rest, replacement)
    return changed


def _in_list(item: Any, rest: Path, replacement: Any) -> list[Any]:
    if rest:
        return [_with(item, rest, replacement)]
    return [] if replacement is None else [replacement]


def _texts(data: Any, name: str) -> Iterator[str]:
    if isinstance(data, Mapping):
        for key, value in data.items():
            yield from _texts(value, key)
    elif isinstance(data, list):
        for item in data:
            yield from _texts(item, name)
    elif isinstance(data, str) and name in FREE_TEXT and data not in ERASED_WORDS.values():
        yield data


def _cleaned(data: Any, texts: Collection[str]) -> Any:
    return _mapped(data, "", lambda text: without(texts, text), FREE_TEXT)


def _mapped(data: Any, name: str, change: Callable[[str], str], among: Collection[str]) -> Any:
    if isinstance(data, Mapping):
        return {key: _mapped(value, key, change, among) for key, value in data.items()}
    if isinstance(data, list):
        return [_mapped(item, name, change, among) for item in data]
    return change(data) if isinstance(data, str) and name in among else data
