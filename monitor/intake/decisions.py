"""Enters what a person decides into the log, with all that follows from it, in one transaction.

Only the event's version ties a decision to what was decided upon: where the service has advanced the incident meanwhile, it is
read and decided anew.
"""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from monitor.core.decision import Decision, decide, insist_that_members_may_travel, link, narrow_parent, take_in
from monitor.core.erasure import emptied, redacted, untold
from monitor.core.incident import Event, Incident, apply
from monitor.core.kinds import EventKind, RelationKind
from monitor.core.member_alarms import mass_events_of, owed
from monitor.core.message import Message
from monitor.core.routing import route
from monitor.core.watchlist import Watchlist
from monitor.store import OutOfStep, Reading, Store, StoreUnavailable, Writing

Steps = Sequence[tuple[Event, Incident]]
"""Events of one transaction in their order, each with what it makes of its incident."""


class Moved(Exception):
    """The incident has changed since whoever decides has read it; `version` is where it stands now."""

    def __init__(self, incident: Incident) -> None:
        super().__init__(f"{incident.id} is at version {incident.version} now: read it again, then decide")
        self.version = incident.version


async def carry_out(
    store: Store,
    incident: str,
    decision: Decision,
    now: datetime,
    watchlist: Watchlist,
    address: str,
    version: int | None = None,
) -> Incident | None:
    """Decide upon `incident`: the event, the messages it owes and, for an erasure, the log as it must read from now on.

    Returns the incident as it is afterwards; None where there is none of that id. `address` is where readers find us; with a
    `version` the decision is upon just that one. Raises `Refused`, `Moved`, or `StoreUnavailable`.
    """
    while True:
        with contextlib.suppress(OutOfStep):
            async with store.reading() as reading:
                found = await reading.incident(incident)
                log = await reading.events(incident) if decision.field else []
                kin = await _kin(reading, found) if found else _Kin()
            if found is None:
                return None
            _insist_on(found, version)
            insist_that_members_may_travel(decision, kin.members)
            event = decide(found, decision, now)
            decided = apply(found, event)
            erased = _erased(found, decision, log)
            steps = [(event, decided), *_narrowed(kin, (found, decided), now, decision.by)]
            known = (found, *kin.members, *((kin.parent,) if kin.parent else ()))
            await _write(store, steps, _Owing(known, watchlist, address, now), erased)
            if erased:
                await _sweep(store)
            return decided


@dataclass(frozen=True, slots=True)
class _Kin:
    """The mass event to which an incident belongs, and those that belong to it."""

    parent: Incident | None = None
    members: tuple[Incident, ...] = ()


async def _kin(reading: Reading, incident: Incident) -> _Kin:
    parent = await reading.incident(incident.parent) if incident.parent else None
    members = await reading.incidents_named(incident.members) if incident.is_mass else ()
    return _Kin(parent, tuple(members))


def _narrowed(kin: _Kin, steps: tuple[Incident, Incident], now: datetime, by: str) -> Iterator[tuple[Event, Incident]]:
    """What follows for the mass event, in the same transaction: at no time must it tell what a member may not."""
    event = narrow_parent(kin.parent, steps, now, by) if kin.parent else None
    if kin.parent and event:
        yield event, apply(kin.parent, event)


async def _sweep(store: Store) -> None:
    """What cannot be swept now goes when the database next tidies up by itself; the erasure stands."""
    with contextlib.suppress(StoreUnavailable):
        await store.sweep()


def _insist_on(found: Incident, version: int | None) -> None:
    if version not in {None, found.version}:
        raise Moved(found)


async def connect(
    store: Store,
    ends: tuple[str, str],
    relation: RelationKind,
    told: tuple[str, str],
    now: datetime,
    watchlist: Watchlist,
    version: int | None = None,
) -> Incident | None:
    """Say how the first of `ends` stands to the second; a mass event is told of its new member in the same transaction.

    `told` is the reason, and who gives it. Nobody is notified. Returns the first as it is afterwards; None where either is
    unknown. With a `version` the decision is upon just that one of the first. Raises `Refused`, `Moved`, or `StoreUnavailable`.
    """
    while True:
        with contextlib.suppress(OutOfStep):
            async with store.reading() as reading:
                found, other = [await reading.incident(one) for one in ends]
            if found is None or other is None:
                return None
            _insist_on(found, version)
            steps = _linked(found, other, relation, told, now)
            await _write(store, steps, _Owing((), watchlist, "", now))
            return steps[0][1]


def _linked(incident: Incident, other: Incident, relation: RelationKind, told: tuple[str, str], now: datetime) -> Steps:
    event = decide(incident, link(other, relation, *told), now)
    steps = [(event, apply(incident, event))]
    if relation is RelationKind.MEMBER_OF:
        gained = decide(other, take_in(incident, *told), now)
        steps.append((gained, apply(other, gained)))
    return steps


@dataclass(frozen=True, slots=True)
class _Erased:
    """What else an erasure empties: `events` as they must read from now on, and what was told of them."""

    incident: str
    texts: frozenset[str]
    events: tuple[Event, ...]
    reasons: Mapping[str, str]

    def left(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """What is left of a payload."""
        return untold(payload, self.texts, self.reasons)


def _erased(incident: Incident, decision: Decision, log: Sequence[Event]) -> _Erased | None:
    if decision.field is None or incident.dossier is None:
        return None
    _, texts = emptied(incident.dossier, decision.field)
    events = tuple(redacted(log, decision.field, texts))
    said = {event.version: event.data.get("reason") for event in log}
    reasons = {before: event.data["reason"] for event in events if (before := said[event.version])}
    return _Erased(incident.id, texts, events, reasons)


@dataclass(frozen=True, slots=True)
class _Owing:
    """Who is to be told: `known` are the incidents as they were until `now`."""

    known: Sequence[Incident]
    watchlist: Watchlist
    address: str
    now: datetime

    async def messages(self, writing: Writing, steps: Steps) -> Sequence[Message]:
        """The messages that these steps owe. Of what was released with a mass event nobody is told once more by itself."""
        if steps[0][0].kind is EventKind.RELEASED:
            listening = await writing.listening(mass_events_of(steps), self.now)
            return owed(steps, self.known, self.watchlist, self.address, listening)
        before = {one.id: one for one in self.known}
        told = (route(event, one, self.watchlist, self.address, before.get(one.id)) for event, one in steps)
        return [message for messages in told for message in messages]


async def _write(store: Store, steps: Steps, owing: _Owing, erased: _Erased | None = None) -> None:
    async with store.writing() as writing:
        await writing.append([event for event, _ in steps], [incident for _, incident in steps])
        if erased:
            await writing.redact(erased.events)
            await writing.untell(erased.incident, erased.left)
        await writing.add_messages(await owing.messages(writing, steps))
