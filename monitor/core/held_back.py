"""What of a dossier is for fewer readers than its incident, and the incident without it. Pure.

A mark can only hold back: nothing travels further than its incident. What is held back now is held back in older versions too,
where it stood without a mark: else the history would tell it. Closed words and countries have no marks of their own, for by
them an incident is found and counted: where one of these must not be known, the incident itself is to be closed.
"""

from collections.abc import Collection, Hashable, Iterator
from dataclasses import replace
from typing import Any

from pydantic import BaseModel

from monitor.core.disclosure import travels_as_far
from monitor.core.dossier import Dossier, Marks, Statement
from monitor.core.incident import Incident, stated_bracket
from monitor.core.kinds import Origin
from monitor.core.model import Tlp


def held_back(dossier: Dossier | None, reach: Tlp) -> frozenset[Hashable]:
    """What may not travel as far as `reach`: statements without their marks, and texts beside the field that holds them."""
    if dossier is None:
        return frozenset()
    marks = ((name, getattr(dossier.marks, name)) for name in Marks.model_fields)
    texts = ((name, getattr(dossier, name)) for name, mark in marks if not _travels(mark, reach))
    return frozenset((*texts, *_statements(dossier, reach)))


def without(incident: Incident, held: Collection[Hashable]) -> Incident:
    """The incident as those know it who must not know what is `held`. What was dated by that alone is not dated."""
    if not held or incident.dossier is None:
        return incident
    kept: Dossier = _kept(incident.dossier, held)
    texts = {name: Dossier.model_fields[name].default for name in Marks.model_fields if (name, getattr(kept, name)) in held}
    told = replace(incident, dossier=kept.model_copy(update={**texts, "marks": Marks()}))
    if incident.origin is not Origin.ATTESTED:
        return told
    return replace(told, onset=stated_bracket(kept.dates.beginning), end=stated_bracket(kept.dates.ended))


def as_far_as(incident: Incident, reach: Tlp) -> Incident:
    """The incident with nothing in its dossier that may not travel as far as `reach`."""
    return without(incident, held_back(incident.dossier, reach))


def _travels(mark: Tlp | None, reach: Tlp) -> bool:
    return mark is None or travels_as_far(mark, reach)


def _statements(part: Any, reach: Tlp) -> Iterator[Statement]:
    if isinstance(part, tuple):
        for one in part:
            yield from _statements(one, reach)
    elif isinstance(part, Statement) and not _travels(part.tlp, reach):
        yield _unmarked(part)
    elif isinstance(part, BaseModel):
        for name in type(part).model_fields:
            yield from _statements(getattr(part, name), reach)


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
