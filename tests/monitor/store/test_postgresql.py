"""What is PostgreSQL's alone: its tables, several programs that write to it, and its own ways to be out of order."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, create_engine, text

from monitor.store import OutOfStep, Store, StoreUnavailable, migrate
from monitor.store.tables import Row
from tests.monitor.store.cast import a_message, after, confirmed, opened
from tests.monitor.store.postgresql import Server
from tests.monitor.store.workers import claim, ids, owe, seal

ON_POSTGRESQL = pytest.mark.parametrize("store", ["postgresql"], indirect=True)


@contextmanager
def by_hand(url: str) -> Iterator[Engine]:
    engine = create_engine(url)
    yield engine
    engine.dispose()


def test_the_migrations_make_what_the_tables_say(on_server: str) -> None:
    with by_hand(on_server) as engine, engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, Row.metadata) == []


def test_two_that_migrate_at_once_do_not_disturb_each_other(server: Server) -> None:
    url = server.create("at_once")
    with ThreadPoolExecutor() as pool:
        assert list(pool.map(migrate, [url] * 4)) == [None] * 4


@ON_POSTGRESQL
async def test_of_two_programs_that_advance_an_incident_the_later_one_hears_of_it(store: Store, on_server: str) -> None:
    other = await Store.open(on_server)
    event, incident = opened()
    async with store.writing() as writing:
        await writing.append([event], [incident])
    async with other.writing():
        pass  # from here on both are connected, and set out at the same moment

    async def advance(through: Store) -> None:
        async with through.writing() as writing:
            step, after_it = confirmed(incident, after(5))
            await writing.append([step], [after_it])

    outcomes = await asyncio.gather(advance(store), advance(other), return_exceptions=True)
    assert sorted(map(type, outcomes), key=str) == sorted([type(None), OutOfStep], key=str)
    await other.close()


@ON_POSTGRESQL
async def test_two_programs_that_seal_at_once_put_a_message_into_one_parcel(store: Store, on_server: str) -> None:
    other = await Store.open(on_server)
    await owe(store, *(a_message(f"m{number}", incident=f"CW-2021-{number:04d}") for number in range(20)))
    sealed = await asyncio.gather(*(seal(through, limit=5) for through in (store, other) * 4))
    names = [name for parcels in sealed for (name,) in parcels]
    assert sorted(names) == sorted(f"m{number}" for number in range(20))
    claimed = await asyncio.gather(claim(store, worker="one"), claim(other, worker="two"))
    assert sorted(name for owed in claimed for name in ids(owed)) == sorted(names)
    await other.close()


@ON_POSTGRESQL
async def test_a_writer_that_holds_on_for_too_long_is_named_as_a_lock(store: Store, on_server: str) -> None:
    other = await Store.open(on_server)
    async with other.writing():
        with pytest.raises(StoreUnavailable, match="another program holds a lock"):
            await owe(store, a_message("alarm"))
    await owe(store, a_message("alarm"))
    assert await seal(store) == [["alarm"]]
    await other.close()


async def test_a_database_without_tables_says_how_to_make_them(server: Server) -> None:
    store = await Store.open(server.create("empty"))
    with pytest.raises(StoreUnavailable, match="cutwatch db upgrade"):
        async with store.reading() as reading:
            await reading.current()
    await store.close()


@ON_POSTGRESQL
async def test_connections_that_the_server_has_ended_are_made_anew(store: Store, on_server: str) -> None:
    await owe(store, a_message("before"))
    with by_hand(on_server) as engine, engine.connect() as connection:
        connection.execute(text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"))
    await owe(store, a_message("afterwards", channel="mail"))
    assert await seal(store) == [["before"], ["afterwards"]]


async def test_a_server_that_does_not_answer_says_where_to_look(server: Server, tmp_path: Path) -> None:
    await is_explained(f"postgresql+psycopg://me:secret@/story?host={tmp_path}")


async def test_a_database_that_was_never_made_says_where_to_look(server: Server) -> None:
    await is_explained(server.url_of("never_made"))


async def is_explained(url: str) -> None:
    store = await Store.open(url)
    with pytest.raises(StoreUnavailable, match="CUTWATCH_DATABASE_URL") as refusal:
        await owe(store, a_message("alarm"))
    assert "secret" not in str(refusal.value)
    with pytest.raises(StoreUnavailable, match="CUTWATCH_DATABASE_URL"):
        await asyncio.to_thread(migrate, url)
    await store.close()


@ON_POSTGRESQL
async def test_after_an_erasure_the_server_is_asked_to_let_go_of_what_it_has_kept(store: Store, on_server: str) -> None:
    await store.sweep()
    with by_hand(on_server) as engine, engine.connect() as connection:
        swept = connection.execute(text("SELECT relname FROM pg_stat_user_tables WHERE last_vacuum IS NOT NULL")).scalars()
        assert {*swept} >= {"incident_event", "incident", "message", "parcel"}
    async with store.writing() as writing:
        await writing.set_fact("still", "writing")
