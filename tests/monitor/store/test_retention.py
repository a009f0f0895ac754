"""Old looks go in small batches; what an incident cites stays, all looks around it, and what was worked out from them."""

from dataclasses import replace
from datetime import datetime

import pytest

from monitor.core.incident import Bracket, CaseKey, Change, Event, Incident, apply, record
from monitor.core.isolation import case_of
from monitor.core.kinds import EventKind, IncidentStage, Kind
from monitor.core.plan import Check
from monitor.core.sight import CANARIES, NOBODY, sight_id
from monitor.store import Judged, Store
from probes.kit.observation import Blob
from probes.kit.vocabulary import State
from tests.monitor.store.cast import BERLIN, MOSCOW, NOON, PAGE, REQUEST, a_check, a_look, after, confirmed, kept, opened
from tests.monitor.store.conftest import ON_BOTH_DATABASES

pytestmark = ON_BOTH_DATABASES

DAY = 1440
LONG_AFTER = after(1000 * DAY)


async def drop(store: Store, before: datetime, limit: int = 100) -> int:
    async with store.writing() as writing:
        return await writing.drop_observations(before, limit)


async def write(store: Store, *looks: Judged) -> None:
    async with store.writing() as writing:
        await writing.add_looks(looks)


async def test_old_looks_go_and_their_hours_and_spans_stay(store: Store) -> None:
    await write(store, a_look(NOON, name="old"), a_look(after(60), name="new"))
    assert await drop(store, after(30)) == 1
    async with store.reading() as reading:
        assert await reading.observation("old") is None
        assert await reading.observation("new") is not None
        assert sum(hour.looks for hour in await reading.hours(MOSCOW.id, NOON)) == 2
        (span,) = await reading.spans(MOSCOW.id, NOON)
    assert span.looks == 2


async def test_looks_go_oldest_first_in_small_batches(store: Store) -> None:
    await write(store, *(a_look(after(minute), name=f"at {minute}") for minute in range(5)))
    assert [await drop(store, after(4), 3) for _ in range(3)] == [3, 1, 0]
    async with store.reading() as reading:
        assert await reading.observation("at 4") is not None


async def test_what_an_incident_cites_is_kept_with_its_bytes(store: Store) -> None:
    cited = a_look(NOON, name="cited", blobs=(REQUEST, PAGE))
    await write(store, cited, a_look(after(1), name="other", blobs=(REQUEST,)))
    async with store.writing() as writing:
        event, incident = opened(at=after(60 * DAY), looks=("cited",))
        await writing.append([event], [incident])
        await writing.cite(incident.id, event.change.looks)
        await writing.cite(incident.id, event.change.looks)
    assert await drop(store, after(60)) == 1
    assert (await kept(store, "cited")).observation == cited.observation
    async with store.reading() as reading:
        assert await reading.observation("other") is None
        assert await reading.blob(PAGE.name) == PAGE.data


async def test_a_look_may_be_cited_before_it_arrives(store: Store) -> None:
    async with store.writing() as writing:
        await writing.cite("CW-2021-0001", ["on its way"])
    await write(store, a_look(NOON, name="on its way"))
    assert await drop(store, after(60)) == 0


async def test_bytes_go_with_the_last_look_that_rests_on_them(store: Store) -> None:
    shared, own = Blob.of(b"the same page as ever"), Blob.of(b"today's headers")
    await write(store, a_look(NOON, blobs=(shared, own)), a_look(after(60), blobs=(shared,)))
    await drop(store, after(30))
    async with store.reading() as reading:
        assert await reading.blob(own.name) is None
        assert await reading.blob(shared.name) == shared.data
    await drop(store, after(90))
    async with store.reading() as reading:
        assert await reading.blob(shared.name) is None


async def test_a_look_that_is_handed_over_again_after_it_was_dropped_does_not_move_the_check_back(store: Store) -> None:
    await write(store, a_look(NOON, name="old"), a_look(after(60)))
    await drop(store, after(30))
    await write(store, a_look(NOON, name="old"))
    async with store.reading() as reading:
        (span,) = await reading.spans(MOSCOW.id, NOON)
    assert (span.last_at, span.looks) == (after(60), 2)


async def left(store: Store) -> set[str]:
    """The looks that remain when all that is old has gone."""
    names = {"early", "before", "gap", "abroad", "after", "late", "elsewhere"}
    await drop(store, LONG_AFTER)
    async with store.reading() as reading:
        return {name for name in names if await reading.observation(name) is not None}


async def an_eventful_month(store: Store) -> None:
    """Looks from long before to long after noon, when the site was blocked for an hour; and one at another site."""
    await write(
        store,
        a_look(after(-9 * DAY), name="early"),
        a_look(after(-6 * DAY), name="before"),
        a_look(after(-3), State.UNMEASURED, name="gap"),
        a_look(after(-6 * DAY), check=BERLIN, name="abroad"),
        a_look(after(60 + DAY / 2), name="after"),
        a_look(after(60 + 2 * DAY), name="late"),
        a_look(after(-1), check=a_check(target="mail"), name="elsewhere"),
    )


async def note(store: Store, *steps: tuple[Event, Incident]) -> Incident:
    """Keep an incident as these events have left it."""
    async with store.writing() as writing:
        await writing.append([event for event, _ in steps], [steps[-1][1]])
    return steps[-1][1]


def turned(incident: Incident, kind: EventKind, at: datetime, change: Change) -> tuple[Event, Incident]:
    event = record(incident.id, incident.version + 1, at, kind, change)
    return event, apply(incident, event)


def ended(incident: Incident) -> tuple[Event, Incident]:
    end = Change(stage=IncidentStage.ENDED, end=Bracket(after=after(55), by=after(60)))
    return turned(incident, EventKind.ENDED, after(75), end)


AROUND = {"before", "gap", "abroad", "after"}


async def test_every_look_around_an_incident_is_kept_good_ones_and_gaps_and_those_from_abroad_included(store: Store) -> None:
    await an_eventful_month(store)
    first = opened()
    second = confirmed(first[1], after(10))
    await note(store, first, second, ended(second[1]))
    assert await left(store) == AROUND


async def test_while_it_lasts_all_are_kept_from_seven_days_before_it_on(store: Store) -> None:
    await an_eventful_month(store)
    first = opened()
    await note(store, first, confirmed(first[1], after(10)))
    assert await left(store) == AROUND | {"late"}


async def test_one_that_opens_again_keeps_what_follows(store: Store) -> None:
    await an_eventful_month(store)
    first = opened()
    second = confirmed(first[1], after(10))
    third = ended(second[1])
    again = turned(third[1], EventKind.REOPENED, after(120), Change(stage=IncidentStage.CONFIRMED))
    await note(store, first, second, third, again)
    assert await left(store) == AROUND | {"late"}


async def test_one_that_a_person_took_back_keeps_the_looks_until_then(store: Store) -> None:
    await an_eventful_month(store)
    first = opened()
    second = confirmed(first[1], after(10))
    third = turned(second[1], EventKind.RETRACTED, after(75), Change(stage=IncidentStage.RETRACTED, by="staff", reason="no"))
    incident = await note(store, first, second, third)
    assert await left(store) == AROUND
    await note(store, turned(incident, EventKind.LINKED, after(9000), Change(reason="see also")))
    assert await left(store) == AROUND, "what is said of it later keeps no more looks"


async def test_a_suspicion_that_came_to_nothing_keeps_no_more_than_it_rests_on(store: Store) -> None:
    await an_eventful_month(store)
    first = opened()
    await note(store, first, turned(first[1], EventKind.RETRACTED, after(75), Change(stage=IncidentStage.RETRACTED)))
    assert await left(store) == set()


@pytest.mark.parametrize(("country", "remaining"), [("RU", {"before", "gap"}), ("DE", {"abroad"})])
async def test_an_isolation_keeps_its_own_countrys_canaries(store: Store, country: str, remaining: set[str]) -> None:
    def rounds(vantage: str, where: str) -> Check:
        return replace(a_check(vantage, organisation=NOBODY, target=NOBODY, country=where), id=sight_id(vantage), probe=CANARIES)

    russia, germany = rounds("moscow", "RU"), rounds("berlin", "DE")
    await write(
        store,
        a_look(after(-6 * DAY), check=russia, name="before"),
        a_look(after(-3), State.UNREACHABLE, russia, name="gap"),
        a_look(after(-6 * DAY), check=germany, name="abroad"),
        a_look(after(-6 * DAY), name="elsewhere"),
    )
    first = opened(key=case_of(country), kind=Kind.ISOLATION)
    await note(store, first, confirmed(first[1], after(10)))
    assert await left(store) == remaining


async def test_a_mass_event_keeps_none_of_its_own(store: Store) -> None:
    canaries = replace(a_check(organisation=NOBODY, target=NOBODY), id=sight_id("moscow"), probe=CANARIES)
    await an_eventful_month(store)
    await write(store, a_look(after(-1), check=canaries, name="round"))
    first = opened(key=CaseKey(organisation=NOBODY, target=NOBODY, family="mass:path", country="RU"))
    await note(store, first, confirmed(first[1], after(10)))
    assert await left(store) == set()
    async with store.reading() as reading:
        assert await reading.observation("round") is None
