"""A person's decision is entered with all that follows from it, or not at all."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor.core import decision
from monitor.core.decision import Refused
from monitor.core.dossier import Dossier, Reply
from monitor.core.incident import Bracket, CaseKey, Change, Incident, apply, fold, record
from monitor.core.kinds import EventKind, IncidentStage, Kind, Origin, RelationKind
from monitor.core.message import Message, MessageKind, Parcel
from monitor.core.model import Tlp, Words
from monitor.core.subscription import Route
from monitor.intake import carry_out, connect
from monitor.store import Reading, Store
from tests.monitor.cast import ADDRESS, DESK, ONSET, watchlist

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
WATCHLIST = watchlist(Route(id="staff", channels=("desk",)))
BLOCKED = Change(
    key=CaseKey(organisation="ovd-info", target="ovd.info", family="path", country="RU"),
    kind=Kind.BLOCKING,
    stage=IncidentStage.CONFIRMED,
    onset=Bracket(after=None, by=ONSET),
    vantages=("moscow-home",),
)


async def kept(store: Store, name: str = "CW-2026-0001", change: Change = BLOCKED) -> Incident:
    """A confirmed incident in the store."""
    events = [record(name, 1, ONSET, EventKind.OPENED, replace(change, stage=IncidentStage.SUSPECTED))]
    events.append(record(name, 2, ONSET, EventKind.CONFIRMED, Change(stage=IncidentStage.CONFIRMED)))
    incident = fold(events)
    async with store.writing() as writing:
        await writing.append(events, [incident])
    return incident


async def decide(store: Store, incident: Incident, wanted: decision.Decision) -> Incident:
    return await carry_out(store, incident.id, wanted, NOW, WATCHLIST, ADDRESS)


async def test_a_decision_and_the_messages_that_it_owes_are_written_together(store: Store) -> None:
    incident = await kept(store)
    retracted = await decide(store, incident, decision.retract("our own line was at fault", "command line"))
    async with store.reading() as reading:
        assert await reading.incident(incident.id) == retracted
        assert [one.message.version for one in await reading.messages(incident.id)] == [3]


async def test_what_is_refused_leaves_no_trace(store: Store) -> None:
    incident = await kept(store)
    with pytest.raises(Refused, match="is no notice"):
        await decide(store, incident, decision.avert("they relented", "command line"))
    async with store.reading() as reading:
        assert await reading.incident(incident.id) == incident


async def test_an_incident_that_nobody_knows_is_none(store: Store) -> None:
    assert await carry_out(store, "CW-2026-0999", decision.retract("x", "staff"), NOW, WATCHLIST, ADDRESS) is None
    assert await connect(store, ("CW-1", "CW-2"), RelationKind.FOLLOWS, ("x", "staff"), NOW, WATCHLIST) is None


async def test_a_mass_event_learns_of_its_member_in_the_same_transaction(store: Store) -> None:
    member = await kept(store)
    elsewhere = CaseKey(organisation="", target="", family="mass:path", country="RU")
    parent = await kept(store, "CW-2026-0002", replace(BLOCKED, key=elsewhere))
    await connect(store, (member.id, parent.id), RelationKind.MEMBER_OF, ("one order", "staff"), NOW, WATCHLIST)
    async with store.reading() as reading:
        assert (await reading.incident(member.id)).parent == parent.id
        assert (await reading.incident(parent.id)).members == (member.id,)


PERSON = "Ivan Petrov"
TOLD = Dossier.model_validate(
    {
        "title": {"en": "Account closed"},
        "summary": {"en": f"{PERSON} of the bank closed it."},
        "actors": [
            {"entity": {"en": "The bank"}, "kind": "bank", "role": "implementer", "basis": "self_report"},
            {"entity": {"en": PERSON}, "kind": "bank", "role": "reporter", "basis": "self_report"},
        ],
    }
)


async def erased(store: Store) -> tuple[Incident, Incident]:
    """An incident that named a person in several versions, and what is left of it."""
    incident = await kept(store)
    named = await decide(store, incident, decision.correct(TOLD, f"{PERSON} told us", "staff"))
    reply = Reply(by=Words(en=PERSON), text=Words(en="It was not me"))
    await decide(store, named, decision.add_reply(reply, "by telephone", "staff"))
    return named, await decide(store, named, decision.erase("actors[1].entity", f"{PERSON} asked for it", "staff"))


async def test_a_correction_is_told_where_it_takes_something_back_and_an_addition_is_not(store: Store) -> None:
    described = await decide(store, await kept(store), decision.correct(TOLD, "now we know who", "staff"))
    otherwise = TOLD.model_copy(update={"actors": TOLD.actors[1:]})
    corrected = await decide(store, described, decision.correct(otherwise, "it was not the bank", "staff"))
    async with store.reading() as reading:
        [posted] = await reading.messages(described.id)
    assert (posted.message.version, posted.message.payload["type"]) == (corrected.version, "incident.corrected")
    assert "The reason: it was not the bank" in posted.message.payload["data"]["text"]


async def test_an_erasure_takes_a_persons_data_out_of_every_version(store: Store) -> None:
    named, left = await erased(store)
    async with store.reading() as reading:
        events = await reading.events(named.id)
    assert [event.kind for event in events[2:]] == [EventKind.CORRECTED, EventKind.REPLIED, EventKind.ERASED]
    assert PERSON not in str(events)
    assert fold(events) == left
    assert fold(events[:3]).dossier.summary == Words(en="[erased] of the bank closed it.")
    assert left.dossier.actors[1].entity is None
    assert (events[-1].change.erased, events[-1].change.reason) == ("actors[1].entity", "[erased] asked for it")
    assert left.origin is Origin.BOTH


LONG = f"{'We were wrong about the bank. ' * 9} It was not the bank: {PERSON} of the ministry has told us everything."
"""In a message it ends in the middle of the name."""


@pytest.mark.parametrize("store", ["sqlite", "postgresql"], indirect=True)
@pytest.mark.parametrize("reason", [f"it was not  {PERSON}, he says", LONG])
async def test_an_erasure_reaches_what_is_owed_and_what_was_told(store: Store, reason: str) -> None:
    named = await decide(store, await kept(store), decision.correct(TOLD, "now we know who", "staff"))
    retracted = await decide(store, named, decision.retract(reason, "staff"))
    async with store.reading() as reading:
        [owed] = await reading.messages(named.id)
    async with store.writing() as writing:
        sent = replace(owed.message, id="sent")
        await writing.add_messages([sent])
        await writing.seal(parcel_of(sent), NOW, 0)
        await writing.delivered("sent", NOW)
    assert "Ivan" in await told_of(store, named.id)
    await decide(store, retracted, decision.erase("actors[1].entity", "asked for", "staff"))
    told = await told_of(store, named.id)
    assert "Ivan" not in told
    assert told.count("[erased]") == 4
    assert told.count(f"{ADDRESS}/incidents/{named.id}") >= 4


def parcel_of(message: Message) -> Parcel:
    return Parcel(
        id=message.id,
        route=message.route,
        channel=message.channel,
        created_at=NOW,
        messages=(message.id,),
        payload={"type": "group", "data": {"text": message.payload["data"]["text"], "items": [message.payload["data"]]}},
    )


async def told_of(store: Store, incident: str) -> str:
    """All payloads that speak of an incident."""
    async with store.reading() as reading:
        messages = [one.message.payload for one in await reading.messages(incident)]
        return str([*messages, *(one.parcel.payload for one in await reading.parcels())])


async def test_what_was_erased_is_in_no_byte_of_the_database(store: Store, database: Path) -> None:
    await erased(store)
    await store.close()
    assert PERSON.encode() not in await asyncio.to_thread(database.read_bytes)


async def test_after_an_erasure_the_log_is_closed_again_with_the_next_event(store: Store, database: Path) -> None:
    _, left = await erased(store)
    await decide(store, left, decision.retract("a namesake", "staff"))
    with closing(sqlite3.connect(database)) as connection, pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute("UPDATE incident_event SET data = '{}' WHERE version = 1")


async def test_even_an_erasure_moves_no_event(store: Store, database: Path) -> None:
    await erased(store)
    for change in ("kind = 'ended'", "at = '2020-01-01'", "version = 9", "incident = 'CW-1'"):
        with closing(sqlite3.connect(database)) as connection, pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute(f"UPDATE incident_event SET {change} WHERE version = 1")


async def test_a_decision_that_somebody_was_faster_with_is_taken_anew(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    incident = await kept(store)
    ended = record(incident.id, 3, ONSET, EventKind.ENDED, Change(stage=IncidentStage.ENDED))
    reading = store.reading
    looks: list[Reading] = []

    @asynccontextmanager
    async def overtaken() -> AsyncIterator[Reading]:
        """The first look at the database is one event old as soon as it was taken."""
        async with reading() as seen:
            yield seen
        if not looks:
            looks.append(seen)
            async with store.writing() as writing:
                await writing.append([ended], [apply(incident, ended)])

    monkeypatch.setattr(store, "reading", overtaken)
    retracted = await decide(store, incident, decision.retract("a mistake", "staff"))
    assert (retracted.version, retracted.stage) == (4, IncidentStage.RETRACTED)


MASS_KEY = CaseKey(organisation="", target="", family="mass:path", country="RU")
PEOPLE = DESK.model_copy(update={"kind": "chat", "up_to": Tlp.CLEAR})


async def a_mass_event(store: Store, tlp: Tlp | None = None) -> tuple[Incident, Incident]:
    """A member and its mass event, which travels that far."""
    member = await kept(store)
    about = replace(BLOCKED, key=MASS_KEY, tlp=tlp, affected=("meduza",), members=("CW-2026-0007",), struck=1)
    parent = await kept(store, "CW-2026-0002", about)
    await connect(store, (member.id, parent.id), RelationKind.MEMBER_OF, ("one order", "staff"), NOW, WATCHLIST)
    if tlp is not None:
        await decide(store, parent, decision.release(tlp, "asked for", "staff"))
    return await stored(store, member), await stored(store, parent)


async def stored(store: Store, incident: Incident) -> Incident:
    async with store.reading() as reading:
        found = await reading.incident(incident.id)
    assert found is not None
    return found


@pytest.mark.parametrize("tlp", [Tlp.RED, Tlp.GREEN])
async def test_a_member_that_is_narrowed_narrows_the_mass_event_in_the_same_transaction(store: Store, tlp: Tlp) -> None:
    member, parent = await a_mass_event(store, Tlp.CLEAR)
    await decide(store, member, decision.release(tlp, "they asked us not to", "staff"))
    now = await stored(store, parent)
    assert (parent.tlp, parent.affected) == (Tlp.CLEAR, ("meduza", "ovd-info"))
    assert (now.version, now.tlp) == (parent.version + 1, tlp)
    assert now.affected == (("meduza",) if tlp is Tlp.RED else parent.affected)


async def test_a_mass_event_goes_no_further_than_a_person_let_its_member_go(store: Store) -> None:
    member, parent = await a_mass_event(store)
    await decide(store, member, decision.release(Tlp.GREEN, "among ourselves", "staff"))
    with pytest.raises(Refused, match=f"{member.id} may travel as far as GREEN only: release that first"):
        await decide(store, parent, decision.release(Tlp.CLEAR, "all know", "staff"))
    await decide(store, member, decision.release(Tlp.RED, "they asked us not to", "staff"))
    released = await decide(store, parent, decision.release(Tlp.CLEAR, "all know", "staff"))
    assert (released.tlp, released.affected) == (Tlp.CLEAR, ("meduza",))


@pytest.mark.parametrize("first", [Tlp.CLEAR, None])
async def test_a_released_member_is_told_of_to_those_who_do_not_hear_of_the_mass_event(store: Store, first: Tlp | None) -> None:
    known = watchlist(Route(id="public", channels=("desk",)), channels=(PEOPLE,))
    member, parent = await a_mass_event(store)
    if first:
        await carry_out(store, parent.id, decision.release(first, "all know", "staff"), NOW, known, ADDRESS)
    await carry_out(store, member.id, decision.release(Tlp.CLEAR, "all know", "staff"), NOW, known, ADDRESS)
    async with store.reading() as reading:
        assert [one.message.kind for one in await reading.messages(member.id)] == ([] if first else [MessageKind.ALARM])
