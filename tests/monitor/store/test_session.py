"""The door to the database: locked, full, read-only, damaged, interrupted; and nothing is ever half-written."""

import asyncio
import sqlite3
import stat
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack, closing, contextmanager
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, StatementError

from monitor.store import Store, StoreUnavailable, migrate, session
from monitor.store.session import writing_engine
from probes.kit.observation import Blob
from probes.kit.vocabulary import State
from tests.monitor.store.cast import MOSCOW, NOON, a_look, a_message, after, kept, opened
from tests.monitor.store.conftest import ON_BOTH_DATABASES, url_of


@contextmanager
def locked_by_another(database: Path) -> Iterator[None]:
    """Another program is in the middle of writing."""
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


async def whole_round(store: Store) -> None:
    """What one batch of looks writes: looks, an incident, a message."""
    event, incident = opened()
    async with store.writing() as writing:
        await writing.add_looks([a_look(name="round", state=State.BLOCKED, blobs=(Blob.of(b"evidence" * 1000),))])
        await writing.append([event], [incident])
        await writing.add_messages([a_message("m1")])


async def rows_in(store: Store) -> dict[str, int]:
    """How many rows the tables hold that a round writes to."""
    tables = ("observation", "check_state", "hour", "blob", "incident_event", "incident", "message")
    async with store._readers.connect() as connection:
        return {table: (await connection.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one() for table in tables}


async def test_a_database_locked_for_too_long_is_unavailable_and_loses_nothing(store: Store, database: Path) -> None:
    with locked_by_another(database), pytest.raises(StoreUnavailable, match="another program holds a lock"):
        await whole_round(store)
    assert set((await rows_in(store)).values()) == {0}

    await whole_round(store)
    assert set((await rows_in(store)).values()) == {1}


async def test_a_short_lock_is_waited_out(database: Path) -> None:
    store = await Store.open(url_of(database), busy_timeout=30)
    with locked_by_another(database):
        waiting = asyncio.create_task(whole_round(store))
        done, _ = await asyncio.wait({waiting}, timeout=0.1)
        assert not done
    await waiting
    assert set((await rows_in(store)).values()) == {1}
    await store.close()


async def test_a_locked_database_can_still_be_read(store: Store, database: Path) -> None:
    await whole_round(store)
    with locked_by_another(database):
        async with store.reading() as reading:
            assert await reading.observation("round") is not None


async def test_a_full_database_is_unavailable_and_half_a_round_is_never_written(store: Store) -> None:
    await limit_pages(store, 1)  # SQLite makes that the present size
    with pytest.raises(StoreUnavailable, match="make room on the disk"):
        await write_until_full(store)
    before = await rows_in(store)
    assert before["observation"] == before["blob"], "a look without its bytes was written"

    await limit_pages(store, 1_000_000)
    await whole_round(store)
    async with store.reading() as reading:
        assert await reading.observation("round") is not None


async def limit_pages(store: Store, limit: int) -> None:
    async with store._writer.connect() as connection:
        await connection.execute(text(f"PRAGMA max_page_count = {limit}"))


async def write_until_full(store: Store) -> None:
    for number in range(100):
        blob = Blob.of(b"".join(number.to_bytes(2, "big") + bytes([one % 251, one % 241]) for one in range(5000)))
        async with store.writing() as writing:
            await writing.add_looks([a_look(after(number), name=f"look-{number}", blobs=(blob,))])
    pytest.fail("the database took everything")


@ON_BOTH_DATABASES
async def test_an_error_in_the_middle_takes_everything_back(store: Store) -> None:
    async def fail() -> None:
        async with store.writing() as writing:
            await writing.add_looks([a_look()])
            raise RuntimeError("bad luck")

    with pytest.raises(RuntimeError, match="bad luck"):
        await fail()
    assert set((await rows_in(store)).values()) == {0}


@ON_BOTH_DATABASES
async def test_a_cancelled_round_is_not_written_and_the_next_one_is(store: Store) -> None:
    under_way = asyncio.Event()

    async def interrupted() -> None:
        async with store.writing() as writing:
            await writing.add_looks([a_look()])
            under_way.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(interrupted())
    await under_way.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert set((await rows_in(store)).values()) == {0}
    await whole_round(store)
    assert set((await rows_in(store)).values()) == {1}


async def test_a_round_that_is_cancelled_while_it_waits_for_a_lock_leaves_the_door_open(store: Store, database: Path) -> None:
    with locked_by_another(database):
        waiting = asyncio.create_task(whole_round(store))
        await asyncio.wait({waiting}, timeout=0.05)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    await whole_round(store)
    assert set((await rows_in(store)).values()) == {1}


@ON_BOTH_DATABASES
async def test_trouble_of_others_is_not_taken_for_trouble_with_the_database(store: Store) -> None:
    async def read_and_fail() -> None:
        async with store.reading():
            raise TimeoutError

    with pytest.raises(TimeoutError):
        await read_and_fail()


@ON_BOTH_DATABASES
async def test_too_many_readers_at_once_are_told_to_come_back(store: Store) -> None:
    store._readers.sync_engine.pool._timeout = 0.05  # type: ignore[attr-defined]  # not to wait for half a minute
    async with AsyncExitStack() as readers:
        for _ in range(8):
            await readers.enter_async_context(store.reading())
        with pytest.raises(StoreUnavailable, match="too many readers"):
            await readers.enter_async_context(store.reading())


@ON_BOTH_DATABASES
async def test_strangers_who_take_every_connection_of_theirs_keep_nobody_else_waiting(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(session._VISITORS, "pool_timeout", 0.05)
    async with store.for_visitors() as visited, AsyncExitStack() as strangers:
        for _ in range(8):
            await strangers.enter_async_context(visited.reading())
        with pytest.raises(StoreUnavailable, match="too many readers"):
            await strangers.enter_async_context(visited.reading())
        async with asyncio.timeout(5), store.reading() as reading:
            assert await reading.last_seq() == 0


@ON_BOTH_DATABASES
async def test_what_a_visitor_writes_takes_its_turn_with_all_others(store: Store) -> None:
    async with store.for_visitors() as visited:
        async with store.writing() as writing:
            waiting = asyncio.create_task(whole_round(visited))
            await asyncio.sleep(0)
            await writing.set_fact("country", "DE")
        await waiting
        async with visited.reading() as reading:
            assert (await reading.fact("country"), await reading.last_seq()) == ("DE", 1)


@ON_BOTH_DATABASES
async def test_writers_take_turns(store: Store) -> None:
    async def count_up() -> None:
        async with store.writing() as writing:
            async with store.reading() as reading:
                so_far = int(await reading.fact("count") or 0)
            await writing.set_fact("count", str(so_far + 1))

    await asyncio.gather(*(count_up() for _ in range(10)))
    async with store.reading() as reading:
        assert await reading.fact("count") == "10"


@ON_BOTH_DATABASES
async def test_a_reader_sees_one_moment_while_a_round_is_written(store: Store) -> None:
    async with store.reading() as reading:
        assert await reading.observation("round") is None
        await whole_round(store)
        assert await reading.last_seq() == 0
    async with store.reading() as reading:
        assert await reading.last_seq() == 1


@ON_BOTH_DATABASES
async def test_nothing_is_seen_before_its_transaction_ends(store: Store) -> None:
    async with store.writing() as writing:
        await writing.add_looks([a_look(name="unseen")])
        async with store.reading() as reading:
            assert await reading.observation("unseen") is None


@ON_BOTH_DATABASES
async def test_a_reader_cannot_write(store: Store) -> None:
    with pytest.raises(StoreUnavailable, match="read-only"):
        async with store.reading() as reading:
            await reading._connection.execute(text("DELETE FROM observation"))


@ON_BOTH_DATABASES
async def test_a_naive_time_is_refused_and_a_zone_is_kept_as_utc(store: Store) -> None:
    with pytest.raises(StatementError, match="must have timezone information"):
        async with store.writing() as writing:
            await writing.add_looks([a_look(datetime(2021, 12, 25, 12))])  # noqa: DTZ001  the mistake is the point
    moscow_time = datetime.fromisoformat("2021-12-25T15:00:00+03:00")
    async with store.writing() as writing:
        await writing.add_looks([a_look(moscow_time, name="afternoon")])
    afternoon = await kept(store, "afternoon")
    async with store.reading() as reading:
        (hour,) = await reading.hours(MOSCOW.id, NOON)
    assert afternoon.observation.started_at.isoformat() == "2021-12-25T12:00:00+00:00"
    assert hour.hour == NOON


async def test_only_the_owner_can_read_the_database(tmp_path: Path) -> None:
    path = tmp_path / "var" / "cutwatch.db"
    migrate(url_of(path))
    store = await Store.open(url_of(path))
    await whole_round(store)
    files = list(path.parent.iterdir())
    assert {file.name for file in files} == {"cutwatch.db", "cutwatch.db-wal", "cutwatch.db-shm"}
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    await store.close()


async def test_a_database_without_tables_says_how_to_make_them(tmp_path: Path) -> None:
    store = await Store.open(url_of(tmp_path / "empty.db"))
    with pytest.raises(StoreUnavailable, match="cutwatch db upgrade"):
        async with store.reading() as reading:
            await reading.current()
    await store.close()


async def test_a_file_that_is_no_database_says_so(tmp_path: Path) -> None:
    path = tmp_path / "letter.txt"
    path.write_text("Dear all, " * 500)
    store = await Store.open(url_of(path))
    with pytest.raises(StoreUnavailable, match="not a database"):
        async with store.reading() as reading:
            await reading.current()
    with pytest.raises(StoreUnavailable, match="not a database"):
        async with store.writing() as writing:
            await writing.set_fact("country", "DE")
    await store.close()


async def test_a_folder_that_cannot_be_made_says_where(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("a file stands in the way")
    with pytest.raises(StoreUnavailable, match="folder must exist"):
        await Store.open(url_of(tmp_path / "var" / "cutwatch.db"))


@pytest.mark.parametrize("url", ["sqlite+aiosqlite://", "sqlite+aiosqlite:///:memory:", "var/secret.db", ""])
async def test_what_is_no_address_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(StoreUnavailable, match="CUTWATCH_DATABASE_URL") as refusal:
        await Store.open(url)
    assert "secret" not in str(refusal.value)


async def test_an_error_does_not_repeat_what_was_being_written(store: Store, database: Path) -> None:
    async with store.writing() as writing:
        await writing.set_fact("country", "DE")
    statement = text("INSERT INTO fact SELECT * FROM fact WHERE value != :value")
    for engine in (store._writer, store._readers):
        with pytest.raises(DBAPIError) as failure:
            async with engine.begin() as connection:
                await connection.execute(statement, {"value": "a secret"})
        assert "a secret" not in str(failure.value)
    migrating = writing_engine(url_of(database))
    with pytest.raises(DBAPIError) as failure, migrating.begin() as connection:
        connection.execute(statement, {"value": "a secret"})
    assert "a secret" not in str(failure.value)
    migrating.dispose()


async def test_a_database_without_its_driver_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    await is_explained("postgresql+psycopg://me:secret@127.0.0.1:9/cutwatch", "is not installed; install it, or write")


@pytest.mark.parametrize(
    "url", ["oracle+nothing://me:secret@db/x", "mysql+pymysql://me:secret@db/x", "postgresql+asyncpg://db/x"]
)
async def test_another_sort_of_database_is_refused(url: str) -> None:
    await is_explained(url, "no driver is known for")


async def is_explained(url: str, words: str) -> None:
    for opening in (Store.open(url), asyncio.to_thread(migrate, url)):
        with pytest.raises(StoreUnavailable, match="CUTWATCH_DATABASE_URL") as refusal:
            await opening
        assert words in str(refusal.value)
        assert "secret" not in str(refusal.value)
