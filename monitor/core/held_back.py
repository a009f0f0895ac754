"""What of a dossier is for fewer readers than its incident, and the incident without it. Pure.

A mark can only hold back: nothing travels further than its incident. What was held back once is held back in every version,
also where it stood without a mark and in other words, until somebody states it openly: else the history would tell it. Closed
words and countries have no marks of their own, for by them an incident is found and counted: where one of these must not be
known, the incident itself is to be closed.
"""

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from typing import Any, Final

from pydantic import BaseModel

from monitor.core.disclosure import travels_as_far
from monitor.core.dossier import Dossier, Marks, Reinstatement, Statement
from monitor.core.edtf import span
from monitor.core.incident import Bracket, Incident, stated_bracket
from monitor.core.kinds import Origin
from monitor.core.model import Tlp

_MANY: Final = "[]"
"""Stands in the place of what has no place of its own, for it is one of many."""


@dataclass(frozen=True, slots=True)
class _Said:
    """A statement, or a text beside the name of its field; `place` is where it stands, as in `dates.effective`, `actors[]`."""

    place: str
    part: Any
    is_held: bool

    @property
    def what(self) -> Hashable:
        """What is said there, with a mark or without."""
        said: Hashable = _unmarked(self.part)
        return said


_Version = Sequence[_Said]


def held_back(dossier: Dossier | None, reach: Tlp) -> frozenset[Hashable]:
    """What may not travel as far as `reach`: statements without their marks, and texts beside the field that holds them."""
    return frozenset(one.what for one in _said(dossier, reach) if one.is_held)


def ever_held_back(dossiers: Iterable[Dossier | None], reach: Tlp) -> frozenset[Hashable]:
    """The same of all versions of a dossier, the oldest first, with what it said in other words before it was marked.

    What the last of them states openly is not among it.
    """
    versions = [tuple(_said(dossier, reach)) for dossier, _ in groupby(dossiers)]
    marked = frozenset(one.what for version in versions for one in version if one.is_held)
    if not marked:
        return marked
    openly = {one.what for one in versions[-1] if not one.is_held} - {one.what for one in versions[-1] if one.is_held}
    return frozenset((*marked, *_said_before(versions), *_reworded(versions, marked))) - openly


def without(incident: Incident, held: Collection[Hashable]) -> Incident:
    """The incident as those know it who must not know what is `held`. What was dated by that alone is not dated."""
    if not held or incident.dossier is None:
        return incident
    kept: Dossier = _kept(incident.dossier, held)
    texts = {name: Dossier.model_fields[name].default for name in Marks.model_fields if (name, getattr(kept, name)) in held}
    marks = kept.marks.model_copy(update=dict.fromkeys(texts))
    told = replace(incident, dossier=kept.model_copy(update={**texts, "marks": marks}))
    if incident.origin is Origin.ATTESTED:
        return replace(told, onset=stated_bracket(kept.dates.beginning), end=stated_bracket(kept.dates.ended))
    hidden = (one for one in held if isinstance(one, Reinstatement))
    is_hidden = any(_dates(one, incident.end) for one in hidden) and not _dates(kept.reinstatement, incident.end)
    return replace(told, end=None) if is_hidden else told


def as_far_as(incident: Incident, reach: Tlp) -> Incident:
    """The incident with nothing in its dossier that may not travel as far as `reach`."""
    return without(incident, held_back(incident.dossier, reach))


def _travels(mark: Tlp | None, reach: Tlp) -> bool:
    return mark is None or travels_as_far(mark, reach)


def _dates(given: Reinstatement | None, end: Bracket | None) -> bool:
    """Whether the end is when access was given back, by this word: no look ends where a day, a month or a year begins."""
    if given is None or end is None or given.scope != "full":
        return False
    after, _ = span(given.date) if given.date else (None, None)
    return end.after == after


def _said(dossier: Dossier | None, reach: Tlp) -> Iterator[_Said]:
    if dossier is None:
        return
    for name in Marks.model_fields:
        yield _Said(name, (name, getattr(dossier, name)), not _travels(getattr(dossier.marks, name), reach))
    yield from _stated(dossier, "", reach)


def _stated(part: Any, place: str, reach: Tlp) -> Iterator[_Said]:
    """Every statement. Inside one that is held back nothing is told apart."""
    is_held = isinstance(part, Statement) and not _travels(part.tlp, reach)
    if isinstance(part, Statement):
        yield _Said(place, part, is_held)
    if isinstance(part, tuple):
        for one in part:
            yield from _stated(one, place + _MANY, reach)
    elif isinstance(part, BaseModel) and not is_held:
        for name in type(part).model_fields:
            yield from _stated(getattr(part, name), f"{place}.{name}", reach)


def _said_before(versions: Iterable[_Version]) -> Iterator[Hashable]:
    """What stood in a place of its own in the versions before one that marked it there."""
    known: dict[str, set[Hashable]] = defaultdict(set)
    for version in versions:
        for one in version:
            if _MANY in one.place:
                continue
            if one.is_held:
                yield from known[one.place]
            known[one.place].add(one.what)


def _reworded(versions: Sequence[_Version], marked: Collection[Hashable]) -> set[Hashable]:
    """Of what has no place of its own, all that went as something came that is held back: it may be the same in other words."""
    held = set(marked)
    for was, now in reversed(list(pairwise(map(_entries, versions)))):
        for place, entries in was.items():
            if (now[place] - entries) & held:
                held |= entries - now[place]
    return held


def _entries(version: _Version) -> dict[str, set[Hashable]]:
    found: dict[str, set[Hashable]] = defaultdict(set)
    for one in version:
        if _MANY in one.place:
            found[one.place].add(one.what)
    return found


def _unmarked(part: Any) -> Any:
    """The same without any marks, so that a statement is known again wherever it stands."""
    if isinstance(part, tuple):
        return tuple(map(_unmarked, part))
    if not isinstance(part, BaseModel):
        return part
    fields = {name: _unmarked(getattr(part, name)) for name in type(part).model_fields}
    return part.model_copy(update={**fields, "tlp": None} if isinstance(part, Statement) else fields)


def _kept(part: Any, held: Collection[Hashable]) -> Any:
    if isinstance(part, tuple):
        return tuple(_kept(one, held) for one in part if not _is_held(one, held))
    if not isinstance(part, BaseModel):
        return part
    fields = {name: getattr(part, name) for name in type(part).model_fields}
    return part.model_copy(update={name: None if _is_held(one, held) else _kept(one, held) for name, one in fields.items()})


def _is_held(part: Any, held: Collection[Hashable]) -> bool:
    return isinstance(part, Statement) and _unmarked(part) in held
