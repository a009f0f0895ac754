"""The append-only log and the incidents that it makes."""

import pytest
from sqlalchemy.exc import DBAPIError

from monitor.core.incident import Event, Incident, fold
from monitor.core.kinds import EventKind, IncidentStage, Kind, Origin
from monitor.core.model import Tlp
from monitor.store import OutOfStep, Store
from tests.monitor.store.cast import NOON, SITE_IN_RUSSIA, after, confirmed, opened, released
from tests.monitor.store.conftest import ON_BOTH_DATABASES

pytestmark = ON_BOTH_DATABASES


async def append(store: Store, *steps: tuple[Event, Incident]) -> None:
    """Append events, each with the incident as it left it."""
    async with store.writing() as writing:
        latest = {incident.id: incident for _, incident in steps}
        await writing.append([event for event, _ in steps], list(latest.values()))


async def test_an_incident_is_what_its_log_says(store: Store) -> None:
    first, suspected = opened()
    second, known = confirmed(suspected, after(10))
    third, incident = released(known, after(20))
    await append(store, (first, suspected), (second, known))
    await append(store, (third, incident))
    async with store.reading() as reading:
        kept = await reading.incident(incident.id)
        events = await reading.events(incident.id)
    assert kept == incident == fold(events)
    assert events == [first, second, third]


async def test_an_unknown_incident_is_none(store: Store) -> None:
    async with store.reading() as reading:
        assert await reading.incident("CW-2021-9999") is None
        assert await reading.events("CW-2021-9999") == []


@pytest.mark.parametrize("version", [1, 3])
async def test_an_event_that_repeats_or_skips_a_version_is_refused(store: Store, version: int) -> None:
    event, incident = opened()
    await append(store, (event, incident))
    astray = type(event)(incident=incident.id, version=version, at=after(5), kind=EventKind.CONFIRMED, data={})
    with pytest.raises(OutOfStep, match=f"the next event is 2, not {version}"):
        await append(store, (astray, incident))
    async with store.reading() as reading:
        assert await reading.events(incident.id) == [event]


async def test_an_incident_must_be_what_its_last_event_left(store: Store) -> None:
    event, incident = opened()
    step = confirmed(incident, after(5))
    with pytest.raises(OutOfStep, match="given at version 1, its log stands at 2"):
        async with store.writing() as writing:
            await writing.append([event, step[0]], [incident])
    with pytest.raises(OutOfStep, match="hand over the incidents"):
        async with store.writing() as writing:
            await writing.append([event], [])


async def test_the_log_is_followed_across_incidents_by_its_own_numbers(store: Store) -> None:
    first, second = opened("CW-2021-0001"), opened("CW-2021-0002", after(1))
    await append(store, first)
    await append(store, second, confirmed(first[1], after(2)))
    async with store.reading() as reading:
        everything = await reading.events_after(0, 10)
        numbers = [number for number, _ in everything]
        rest = await reading.events_after(numbers[0], 1)
    assert numbers == sorted(set(numbers))
    assert [event.incident for _, event in everything] == ["CW-2021-0001", "CW-2021-0002", "CW-2021-0001"]
    assert rest == everything[1:2]


REPLACING = "INSERT OR REPLACE INTO incident_event VALUES ({}, '2021-12-25', 'opened', '{{}}')"
CRIMES = {
    "sqlite": [
        "UPDATE incident_event SET data = '{}'",
        "DELETE FROM incident_event",
        REPLACING.format("1, 'another', 9"),
        REPLACING.format("NULL, 'CW-2021-0001', 1"),
    ],
    "postgresql": [
        "UPDATE incident_event SET data = '{}'",
        "DELETE FROM incident_event",
        "TRUNCATE incident_event",
        "INSERT INTO incident_event SELECT * FROM incident_event ON CONFLICT (seq) DO UPDATE SET incident = 'another'",
    ],
}


@pytest.mark.parametrize("number", range(4))
async def test_nobody_alters_the_log_not_even_by_hand(store: Store, number: int) -> None:
    step = opened()
    await append(store, step)
    crime = CRIMES[store._writer.dialect.name][number]
    with pytest.raises(DBAPIError, match="append-only"):
        async with store._writer.begin() as by_hand:
            await by_hand.exec_driver_sql(crime)
    async with store.reading() as reading:
        assert await reading.events("CW-2021-0001") == [step[0]]


async def test_incident_ids_count_by_year(store: Store) -> None:
    async with store.writing() as writing:
        first = await writing.next_incident_id(2021)
        event, incident = opened(first)
        await writing.append([event], [incident])
        assert first == "CW-2021-0001"
        assert await writing.next_incident_id(2021) == "CW-2021-0002"
        assert await writing.next_incident_id(2022) == "CW-2022-0001"


async def test_the_ten_thousandth_incident_of_a_year_has_its_own_id(store: Store) -> None:
    await append(store, opened("CW-2021-9999"))
    async with store.writing() as writing:
        ten_thousandth = await writing.next_incident_id(2021)
        event, incident = opened(ten_thousandth)
        await writing.append([event], [incident])
        assert (ten_thousandth, await writing.next_incident_id(2021)) == ("CW-2021-10000", "CW-2021-10001")


async def test_an_id_whose_incident_was_not_written_is_free_again(store: Store) -> None:
    async def fail() -> None:
        async with store.writing() as writing:
            event, incident = opened(await writing.next_incident_id(2021))
            await writing.append([event], [incident])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    async with store.writing() as writing:
        assert await writing.next_incident_id(2021) == "CW-2021-0001"


@pytest.fixture
async def four(store: Store) -> list[Incident]:
    """Four incidents, the latest change first."""
    abroad = type(SITE_IN_RUSSIA)(organisation="memorial", target="site", family="outage", country=None)
    steps = [
        opened("CW-2021-0001", NOON),
        opened("CW-2021-0002", after(1), key=abroad, kind=Kind.OUTAGE),
        opened("CW-2021-0003", after(2)),
        opened("CW-2021-0004", after(2)),
    ]
    await append(store, *steps)
    ended = confirmed(steps[0][1], after(9))
    await append(store, ended)
    public = released(steps[2][1], after(8))
    await append(store, public)
    return [ended[1], public[1], steps[3][1], steps[1][1]]


async def test_incidents_come_with_the_latest_change_first(store: Store, four: list[Incident]) -> None:
    async with store.reading() as reading:
        assert await reading.incidents() == four
        assert await reading.all_incidents() == four[::-1]


async def test_a_place_in_the_log_is_found_for_a_mark_that_its_incident_once_bore(store: Store, four: list[Incident]) -> None:
    confirmed_one, public_one, *_ = four
    async with store.reading() as reading:
        assert await reading.seq_of(public_one.id, 1, Tlp.CLEAR) == await reading.seq_of(public_one.id, 1) is not None
        assert await reading.seq_of(confirmed_one.id, 1) is not None
        assert await reading.seq_of(confirmed_one.id, 1, Tlp.CLEAR) is None
        assert await reading.seq_of("CW-1999-0001", 1, Tlp.CLEAR) is None


async def test_incidents_are_found_by_what_is_asked(store: Store, four: list[Incident]) -> None:
    confirmed_one, public_one, _, outage = four
    async with store.reading() as reading:
        assert await reading.incidents(organisation="memorial") == [outage]
        assert await reading.incidents(kind=Kind.OUTAGE) == [outage]
        assert await reading.incidents(country="RU", limit=1) == [confirmed_one]
        assert await reading.incidents(stages=[IncidentStage.CONFIRMED]) == [confirmed_one]
        assert await reading.incidents(stages=[]) == []
        assert await reading.incidents(origins=[Origin.ATTESTED]) == []
        assert await reading.incidents(origins=[Origin.MEASURED, Origin.BOTH], kind=Kind.OUTAGE) == [outage]
        assert await reading.incidents(tlp=Tlp.CLEAR) == [public_one]
        assert await reading.incidents(organisation="ovd-info", tlp=Tlp.RED) == []


async def test_pages_of_incidents_follow_on_without_repeating(store: Store, four: list[Incident]) -> None:
    seen: list[Incident] = []
    async with store.reading() as reading:
        while page := await reading.incidents(limit=1, after=seen[-1].id if seen else None):
            seen.extend(page)
        assert await reading.incidents(after="CW-1999-0001") == []
    assert seen == four
