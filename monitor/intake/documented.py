"""Enters the documented incidents of `config/incidents/` into the log: once each, and again where a file has changed.

The file rules whenever it changes. What people have decided since by command or API stands until then; and even then evidence,
replies and links that they have added stay.
"""

import contextlib
import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from itertools import count
from typing import Any, Final

import structlog

from monitor.core.documented import Documented
from monitor.core.dossier import Dossier
from monitor.core.incident import CaseKey, Change, Event, Incident, Relation, apply, record
from monitor.core.kinds import EventKind, IncidentStage, Origin
from monitor.store import OutOfStep, Store, Writing

_log = structlog.get_logger()

BY: Final = "configuration"
"""Who enters what a file says."""

CHANGED: Final = "the entry's file was changed"
"""The reason of a correction whose file gives none in `revision`."""

RENAMED: Final = "the entry's file was renamed"
"""The same where the file has another name by now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """What came of it, by the names of the entries. `gone` are those that stand and whose file is no longer there."""

    opened: tuple[str, ...] = ()
    corrected: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()


async def enter(store: Store, entries: Sequence[Documented], now: datetime) -> Entered:
    """Bring the log up to date with the entries, in one transaction; where nothing has changed, none is begun.

    Raises `StoreUnavailable`; nothing is entered then.
    """
    while True:
        with contextlib.suppress(OutOfStep):  # a person decided something meanwhile: read that first
            return await _entered(store, entries, now)


async def _entered(store: Store, entries: Sequence[Documented], now: datetime) -> Entered:
    async with store.reading() as reading:
        recorded = await reading.entries()
        known = _by_name(recorded, entries)
        twice = _entered_twice(recorded, known)
        fresh = [entry for entry in entries if entry.id not in known]
        changed = [entry for entry in entries if entry.id in known and known[entry.id].digest != digest(entry)]
        logs = {entry.id: await reading.events(known[entry.id].id) for entry in changed}
    if fresh or changed or twice:
        async with store.writing() as writing:
            ids = {name: incident.id for name, incident in known.items()} | await _new_ids(writing, fresh, now)
            steps = [_withdrawal(incident, known[incident.entry or ""], now) for incident in twice]
            steps += [step for entry in fresh for step in _opening(entry, ids, now)]
            steps += [_correction(entry, known[entry.id], logs[entry.id], ids, now) for entry in changed]
            latest = {incident.id: incident for _, incident in steps}
            await writing.append([event for event, _ in steps], list(latest.values()))
    entered = Entered(opened=_names(fresh), corrected=_names(changed), gone=tuple(_gone(known, entries)))
    _tell(entered, without_file(recorded, entries))
    return entered


def _names(entries: Iterable[Documented]) -> tuple[str, ...]:
    return tuple(entry.id for entry in entries)


def _tell(entered: Entered, remarks: Iterable[str]) -> None:
    for remark in remarks:
        _log.warning(remark)
    if entered.opened or entered.corrected:
        _log.info("documented incidents entered", opened=len(entered.opened), corrected=len(entered.corrected))


def _by_name(recorded: Iterable[Incident], entries: Iterable[Documented]) -> dict[str, Incident]:
    """The incidents of entries by the names that their files have now; of two that are one, the first, which may be cited."""
    known = {incident.entry or "": incident for incident in sorted(recorded, key=_age, reverse=True)}
    for entry in entries:
        former = next((name for name in reversed(entry.formerly) if name in known), None)
        if former is not None:
            found = known.pop(former)
            known[entry.id] = min(found, known.get(entry.id, found), key=_age)
    return known


def _age(incident: Incident) -> tuple[datetime, str]:
    return incident.detected, incident.id


def _entered_twice(recorded: Iterable[Incident], known: Mapping[str, Incident]) -> list[Incident]:
    """Those that were entered anew under the new name of a file, before it said how it was called."""
    return [one for one in recorded if known.get(one.entry or "", one).id != one.id]


def _withdrawal(incident: Incident, first: Incident, now: datetime) -> tuple[Event, Incident]:
    """Retract it, and leave the name of its file to the first."""
    change = Change(
        stage=IncidentStage.RETRACTED,
        entry=f"{incident.entry}.{incident.id.lower()}",
        reason=f"entered twice: it is {first.id}, whose file was renamed",
        by=BY,
    )
    kind = EventKind.CORRECTED if incident.stage is IncidentStage.RETRACTED else EventKind.RETRACTED
    event = record(incident.id, incident.version + 1, now, kind, change)
    return event, apply(incident, event)


def without_file(recorded: Iterable[Incident], entries: Collection[Documented]) -> tuple[str, ...]:
    """A sentence for each incident that came from a file and whose file is gone. Of one that is retracted nobody need hear."""
    known = _by_name(recorded, entries)
    return tuple(_remark(known[name]) for name in _gone(known, entries))


def _gone(known: Mapping[str, Incident], entries: Collection[Documented]) -> list[str]:
    missing = sorted(known.keys() - {entry.id for entry in entries})
    return [name for name in missing if known[name].stage is not IncidentStage.RETRACTED]


def _remark(incident: Incident) -> str:
    return (
        f"{incident.id} was entered from config/incidents/{incident.entry}.yaml, which is gone; nothing was removed. "
        f"Was it renamed? Say `formerly: [{incident.entry}]` in the file of its new name, and it keeps its number. "
        f"If it should not stand, `cutwatch incidents retract {incident.id}` takes it back."
    )


async def _new_ids(writing: Writing, fresh: Iterable[Documented], now: datetime) -> dict[str, str]:
    numbers = _numbers(await writing.next_incident_id(now.year))
    return {entry.id: numbers() for entry in fresh}


def _numbers(first: str) -> Callable[[], str]:
    stem, _, number = first.rpartition("-")
    following = count(int(number))
    return lambda: f"{stem}-{next(following):04d}"


def digest(entry: Documented) -> str:
    """The hash of what an entry says. Why it was changed last and how it was called are not part of it, nor the defaults."""
    content: dict[str, Any] = entry.model_dump(mode="json", exclude_defaults=True, exclude={"revision", "formerly"})
    return sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def dossier_of(entry: Documented) -> Dossier:
    """What the entry states, without where it belongs."""
    return Dossier.model_validate({name: getattr(entry, name) for name in Dossier.model_fields})


_RETURNS: Final[Mapping[str, EventKind]] = {
    "announced": EventKind.REINSTATEMENT_ANNOUNCED,
    "full": EventKind.REINSTATED,
}
"""The event with which an entry's own account of the way back enters the log, by its scope."""


def _opening(entry: Documented, ids: Mapping[str, str], now: datetime) -> list[tuple[Event, Incident]]:
    """The entry's first event; where it tells of a way back, that is the second."""
    stated = dossier_of(entry)
    returned = _RETURNS.get(stated.reinstatement.scope) if stated.reinstatement else None
    if returned is None:
        opened = record(ids[entry.id], 1, now, EventKind.OPENED, _statement(entry, stated, ids))
        return [(opened, apply(None, opened))]
    before = stated.model_copy(update={"reinstatement": None, "outcome": Dossier.model_fields["outcome"].default})
    first = _statement(entry, before, ids, IncidentStage.CONFIRMED)
    opened = record(ids[entry.id], 1, now, EventKind.OPENED, first)
    incident = apply(None, opened)
    back = record(incident.id, 2, now, returned, Change(stage=entry.stage, dossier=stated, by=BY))
    return [(opened, incident), (back, apply(incident, back))]


def _statement(entry: Documented, stated: Dossier, ids: Mapping[str, str], stage: IncidentStage | None = None) -> Change:
    return Change(
        key=case_key(entry),
        kind=entry.kind,
        stage=stage or entry.stage,
        tlp=entry.tlp,
        origin=Origin.ATTESTED,
        provider=entry.provider,
        dossier=stated,
        relations=_relations(entry, ids),
        entry=entry.id,
        digest=digest(entry),
        by=BY,
    )


def case_key(entry: Documented) -> CaseKey:
    """Each entry is a case of its own: nothing that is measured can be taken for the same."""
    countries = entry.countries.effect
    return CaseKey(
        organisation=entry.organisation or "",
        target=entry.target or "",
        family=f"entry:{entry.id}",
        country=countries[0] if len(countries) == 1 else None,
    )


def _relations(entry: Documented, ids: Mapping[str, str]) -> tuple[Relation, ...]:
    return tuple(Relation(related.relation, ids[related.entry]) for related in entry.related if related.entry in ids)


def _correction(
    entry: Documented, incident: Incident, log: Iterable[Event], ids: Mapping[str, str], now: datetime
) -> tuple[Event, Incident]:
    said_before = next(event.change for event in reversed(list(log)) if event.change.digest)
    change = _statement(entry, _with_additions(dossier_of(entry), incident.dossier, said_before.dossier), ids)
    linked = [one for one in incident.relations if one not in (said_before.relations or ())]
    relations = tuple(dict.fromkeys((*(change.relations or ()), *linked)))
    change = replace(change, relations=relations, reason=entry.revision or (CHANGED if incident.entry == entry.id else RENAMED))
    event = record(incident.id, incident.version + 1, now, EventKind.CORRECTED, change)
    return event, apply(incident, event)


def _with_additions(stated: Dossier, now: Dossier | None, before: Dossier | None) -> Dossier:
    """What the file states, with the evidence and the replies that people have added since it last changed."""
    if now is None or before is None:
        return stated
    evidence = [one for one in now.evidence if one not in before.evidence and one not in stated.evidence]
    replies = [one for one in now.replies if one not in before.replies and one not in stated.replies]
    return stated.model_copy(
        update={"evidence": (*stated.evidence, *evidence), "replies": (*stated.replies, *replies)},
    )
