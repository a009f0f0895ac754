"""What a reader is told of an event. Pure.

Nobody outside an organisation learns who decided, why something was released, or from where it is watched; nor what an incident
was in versions that they may not read, for that may have been corrected before it was released. And nobody learns of another
incident that they may not read, because this one is related to it.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from api.access import is_public
from monitor.core.held_back import as_far_as
from monitor.core.incident import Change, Event, Incident, apply, record
from monitor.core.kinds import EventKind, Origin
from monitor.core.revision import Difference, differences

_MEASURED: Final = ("kind", "stage", "onset", "end", "mechanisms", "rule", "because", "strength", "tlp")
"""What was seen: told of every event that has left the incident for the reader to read."""

_STATED: Final = ("origin", "provider", "intermittent", "dossier", "relations", "members")
"""What people stated: told of those events only that have left the incident public."""

_OF_MEMBERS: Final = ("onset", "end", "mechanisms", "because", "strength")
"""What a mass event says of its members: told as the incident is told, and not as it stands in the event."""

_DATED: Final = ("onset", "end")
"""What may rest on statements alone, and is told as these are."""

_ADDING: Final = frozenset({EventKind.EVIDENCE_ADDED, EventKind.REPLIED})
"""Events that add something to what is stated, and change nothing else."""

_LINKS: Final = frozenset({EventKind.LINKED, EventKind.NOTICE_LINKED})
"""Events that say how an incident stands to others."""

_REASONED: Final = frozenset({EventKind.RETRACTED, EventKind.CORRECTED, EventKind.ERASED})
"""Events whose reason everybody may read: it is the tombstone's text, or says why a published statement was changed."""


@dataclass(frozen=True, slots=True)
class Step:
    """An event, and the incident before and after it; before its first event, or the first that is told, there was none."""

    event: Event
    before: Incident | None
    after: Incident


def steps(events: Iterable[Event]) -> Iterator[Step]:
    """Each event with what it has made of its incident, in order."""
    before: Incident | None = None
    for event in events:
        after = apply(before, event)
        yield Step(event, before, after)
        before = after


def mentioned(events: Iterable[Event]) -> frozenset[str]:
    """The other incidents that events speak of."""
    related = (one["incident"] for event in events for one in event.data.get("relations") or ())
    members = (one for event in events for one in event.data.get("members") or ())
    return frozenset((*related, *members))


def is_hidden_link(step: Step, readable: Collection[str]) -> bool:
    """Whether all it does is to relate the incident to others, or no longer, of which the reader may read none."""
    if step.event.kind not in _LINKS or step.before is None:
        return False
    others = {one for _, one in _others(step.before) ^ _others(step.after)}
    return bool(others) and others.isdisjoint(readable)


def is_hidden_addition(step: Step) -> bool:
    """Whether all it does is to add what is held back from those who may read no more than the incident itself."""
    if step.event.kind not in _ADDING or step.before is None or step.before.dossier is None:
        return False
    before, after = (as_far_as(one, one.tlp) for one in (step.before, step.after))
    return (before.dossier, before.origin) == (after.dossier, after.origin)


def _others(incident: Incident) -> frozenset[tuple[str, str]]:
    related = ((one.kind.value, one.incident) for one in incident.relations)
    return frozenset((*related, *(("member", one) for one in incident.members)))


def to_insiders(event: Event, readable: Collection[str]) -> Event:
    """What those are told who belong to the organisation: all but the names of other incidents that they may not read."""
    return replace(event, data=_without_hidden(event.data, readable))


def without_place(event: Event) -> Event:
    """An event that does not say which field was emptied: where something is held back, its place would tell of it."""
    return replace(event, data={name: value for name, value in event.data.items() if name != "erased"})


def barely(event: Event) -> Event:
    """What outsiders are told of an event that has left the incident hidden from them: that something happened, and when."""
    return replace(event, data={})


def to_outsiders(step: Step, readable: Collection[str]) -> Event:
    """What everybody else is told; `step` holds the incident as they may read it.

    Where they could not read the version before, they are told the whole of this one, and not only what is new in it.
    """
    told: Sequence[str] = _MEASURED
    if is_public(step.after):
        told = (*told, *_STATED, "erased", "reason") if _is_reasoned(step) else (*told, *_STATED, "erased")
    kept = {name: value for name, value in _data(step).items() if name in told}
    return replace(step.event, data=_without_hidden(kept, readable))


def _is_reasoned(step: Step) -> bool:
    """Whether they are told why: not of a correction of nothing but what is held back from them."""
    is_hidden = step.before is not None and not differences(step.before, step.after)
    return step.event.kind in _REASONED and not (is_hidden and step.event.kind is EventKind.CORRECTED)


def _data(step: Step) -> dict[str, Any]:
    """What the event has changed, as far as it can be told, with the dossier as the reader sees it."""
    seen, hidden = _state(step.after), _as_told(step.after)
    entered = {name: value for name, value in step.event.data.items() if name not in hidden and name != "dossier"}
    if step.before is None:
        return {**entered, **seen}
    if step.before.dossier == step.after.dossier:
        seen.pop("dossier", None)
    shown = {"dossier", *hidden} & step.event.data.keys()
    return {**entered, **{name: seen[name] for name in shown if name in seen}}


def _as_told(incident: Incident) -> Sequence[str]:
    """What is told as the incident is told. Where a loss was seen, the end alone may be somebody's word."""
    if incident.is_mass:
        return _OF_MEMBERS
    return _DATED if incident.origin is Origin.ATTESTED else _DATED[1:]


def _state(incident: Incident) -> dict[str, Any]:
    """All that can be told of an incident, as an event would enter it."""
    held: dict[str, Any] = {name: getattr(incident, name) or None for name in (*_MEASURED, *_STATED)}
    change = Change(**held)
    return record(incident.id, incident.version, incident.updated, EventKind.OPENED, change).data


def changed(step: Step, *, is_insider: bool) -> tuple[Difference, ...]:
    """What the event changed. Outsiders are told where both versions were public; before its first one there was nothing."""
    if step.before is None or not (is_insider or (is_public(step.before) and is_public(step.after))):
        return ()
    return differences(step.before, step.after)


def _without_hidden(data: dict[str, Any], readable: Collection[str]) -> dict[str, Any]:
    shown = dict(data)
    if "relations" in shown:
        shown["relations"] = [one for one in shown["relations"] if one["incident"] in readable]
    if "members" in shown:
        shown["members"] = [one for one in shown["members"] if one in readable]
    return shown
