"""Old looks go in small batches; what an incident cites stays, and so does what was worked out from them."""

from datetime import datetime

from monitor.store import Judged, Store
from probes.kit.observation import Blob
from tests.monitor.store.cast import MOSCOW, NOON, PAGE, REQUEST, a_look, after, kept, opened


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
        event, incident = opened(looks=("cited",))
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
