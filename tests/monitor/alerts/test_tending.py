"""What falls due for a whole mass event at once is asked of the database together, not member by member."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import Engine, event

from monitor.alerts.tending import tend
from monitor.core.incident import MASS, CaseKey, Change, Event, Incident, Relation, apply, record
from monitor.core.kinds import EventKind, IncidentStage, RelationKind, Severity
from monitor.core.routing import route
from monitor.core.subscription import Channel, Escalation, Grouping, Route
from monitor.store import ParcelState, Store
from tests.monitor import cast
from tests.monitor.alerts.stage import MovedClock, Receiver, running, until
from tests.monitor.cast import ADDRESS, BLOCKED
from tests.monitor.store.cast import opened

WHOLE = "CW-2021-9999"
MEMBERS = 30
CALLING = Route(
    id="everything",
    channels=("desk",),
    group=Grouping(wait=0),
    repeat="1h",
    escalate=Escalation(after="15min", channels=("pager",), severities=(Severity.PAGE, Severity.MORNING)),
)
WATCHLIST = cast.watchlist(CALLING, channels=tuple(Channel(id=name, kind="chat") for name in ("desk", "pager")))


@contextmanager
def statements() -> Iterator[list[str]]:
    """What is asked of any database meanwhile."""
    asked: list[str] = []

    def note(connection: object, cursor: object, statement: str, *rest: object) -> None:
        asked.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def confirmed(name: str, at: datetime, **opening: Any) -> list[tuple[Event, Incident]]:
    begun = opened(name, at, strength=BLOCKED.strength, **opening)
    change = Change(stage=IncidentStage.CONFIRMED, affected=("ovd-info",))
    then = record(name, 2, at, EventKind.CONFIRMED, change)
    return [begun, (then, apply(begun[1], then))]


async def a_wave(store: Store, at: datetime) -> None:
    """As many losses, each told of before there was a mass event, and the mass event, which was told of as well."""
    names = tuple(f"CW-2021-{number:04d}" for number in range(MEMBERS))
    key = CaseKey(organisation="", target="", family=f"{MASS}path", country="RU")
    happened = confirmed(WHOLE, at, key=key, members=names)
    for name in names:
        happened += confirmed(name, at, key=replace(BLOCKED.key, target=name))
        joins = record(name, 3, at, EventKind.LINKED, Change(relations=(Relation(RelationKind.MEMBER_OF, WHOLE),)))
        happened.append((joins, apply(happened[-1][1], joins)))
    latest = {incident.id: incident for _, incident in happened}
    async with store.writing() as writing:
        await writing.append([one for one, _ in happened], list(latest.values()))
        for one, incident in happened:
            await writing.add_messages(route(one, incident, WATCHLIST, ADDRESS))


async def delivered(store: Store, clock: MovedClock) -> None:
    """Let all that is owed arrive."""

    async def is_all_told() -> bool:
        async with store.reading() as reading:
            return not await reading.any_due(clock.now()) and not await reading.parcels(state=ParcelState.PENDING)

    kinds = {"chat": Receiver().kind()}
    async with running(store, clock, kinds, configured=lambda: WATCHLIST):
        await until(is_all_told)


@pytest.mark.parametrize("somebody_sees_to_it", [False, True])
async def test_the_store_is_asked_of_all_members_at_once(store: Store, clock: MovedClock, somebody_sees_to_it: bool) -> None:
    await a_wave(store, clock.now())
    await delivered(store, clock)
    if somebody_sees_to_it:
        async with store.writing() as writing:
            await writing.acknowledge(WHOLE, "anna", clock.now())
    clock.move(7200)
    async with store.reading() as reading:
        with statements() as asked:
            tended = await tend(reading, WATCHLIST, ADDRESS, clock.now())
    assert len(asked) < MEMBERS
    assert (len(tended.released), len(tended.cancelled)) == ((0, MEMBERS + 1) if somebody_sees_to_it else (1, MEMBERS))
    assert [one.incident for one in tended.reminders] == ([] if somebody_sees_to_it else [WHOLE])
