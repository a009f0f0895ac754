"""The door to the database: one writer, several readers, and plain words when it cannot be used."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final, Self

from sqlalchemy import URL, Engine, create_engine, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlmodel.ext.asyncio.session import AsyncSession

from monitor.store import postgresql, sqlite
from monitor.store.reading import Reading
from monitor.store.unavailable import StoreUnavailable, plainly
from monitor.store.writing import Writing

BUSY_TIMEOUT: Final = 5.0
"""Seconds for which a transaction waits for somebody else's lock."""

_READERS: Final = 4
"""Connections kept open for reading; as many again are opened when all are in use."""

_VISITORS_PATIENCE: Final = 2.0
"""Seconds for which a stranger waits for a connection while others read."""

_ONE_WRITER: Final[dict[str, Any]] = {"pool_size": 1, "max_overflow": 0}
_SEVERAL_READERS: Final[dict[str, Any]] = {"pool_size": _READERS, "max_overflow": _READERS}
_VISITORS: Final[dict[str, Any]] = {**_SEVERAL_READERS, "pool_timeout": _VISITORS_PATIENCE}

_DRIVERS: Final = {"sqlite", "sqlite+aiosqlite", "postgresql+psycopg"}
_NAME_ANOTHER: Final = "write sqlite+aiosqlite:///PATH/cutwatch.db in CUTWATCH_DATABASE_URL"
_NOT_AN_ADDRESS: Final = f"this is no place for a database; {_NAME_ANOTHER}"


class Store:
    """The database. It is opened once per process; writing happens one transaction at a time."""

    def __init__(self, writer: AsyncEngine, readers: AsyncEngine, turns: asyncio.Lock | None = None) -> None:
        self._writer = writer
        self._readers = readers
        self._one_at_a_time = turns or asyncio.Lock()

    @classmethod
    async def open(cls, url: str, *, busy_timeout: float = BUSY_TIMEOUT) -> Self:
        """Open the database at this SQLAlchemy address; `migrate` must have made its tables. Seconds for the timeout.

        Raises `StoreUnavailable` where it cannot be opened.
        """
        address = address_of(url)
        if is_sqlite(address):
            sqlite.create_file(address)
        return cls(_engine_to_write(address, busy_timeout), _engine_to_read(address, busy_timeout, _SEVERAL_READERS))

    @asynccontextmanager
    async def for_visitors(self) -> AsyncIterator["Store"]:
        """The same store, read through connections of its own: however many strangers ask, nobody else waits for them.

        A stranger for whom none is free soon gets `StoreUnavailable`. Writers take turns with all others.
        """
        readers = _engine_to_read(self._writer.url, BUSY_TIMEOUT, _VISITORS)
        try:
            yield Store(self._writer, readers, self._one_at_a_time)
        finally:
            await readers.dispose()

    async def close(self) -> None:
        """Close all connections; SQLite then folds its write-ahead log into the database."""
        await self._readers.dispose()
        await self._writer.dispose()

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Writing]:
        """One transaction that writes: all of it or, on any error, nothing.

        Raises `StoreUnavailable` when the database is locked, full or out of order, at the start, in the middle or at the end.
        """
        async with self._one_at_a_time:
            with plainly():
                async with AsyncSession(self._writer, expire_on_commit=False) as session, session.begin():
                    yield Writing(session, await session.connection())

    async def sweep(self) -> None:
        """Let go of old versions of the rows that an erasure has just rewritten: PostgreSQL keeps them until then.

        SQLite keeps none: the place of a row is overwritten. Raises `StoreUnavailable` where it cannot be done now.
        """
        if self._writer.dialect.name != "postgresql":
            return
        async with self._one_at_a_time:
            with plainly():
                async with self._writer.connect() as connection:
                    by_itself = await connection.execution_options(isolation_level="AUTOCOMMIT")
                    await by_itself.exec_driver_sql(postgresql.SWEEP)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Reading]:
        """One look at the database as it is at the first question; what is written meanwhile is not seen.

        Raises `StoreUnavailable` when the database cannot be read.
        """
        with plainly():
            async with AsyncSession(self._readers, expire_on_commit=False) as session, session.begin():
                yield Reading(session, await session.connection())


def _engine_to_write(address: URL, busy_timeout: float) -> AsyncEngine:
    if is_sqlite(address):
        engine = _async_engine(_for_asyncio(address), connect_args={"timeout": busy_timeout}, **_ONE_WRITER)
        sqlite.tune_for_writing(engine.sync_engine)
        return engine
    engine = _async_engine(address, **postgresql.patience(busy_timeout), **_ONE_WRITER)
    postgresql.tune_for_writing(engine.sync_engine, busy_timeout)
    return engine


def _engine_to_read(address: URL, busy_timeout: float, pool: dict[str, Any]) -> AsyncEngine:
    if not is_sqlite(address):
        return _async_engine(address, **postgresql.patience(busy_timeout), **pool, **postgresql.ONE_MOMENT)
    engine = _async_engine(_for_asyncio(address), connect_args={"timeout": busy_timeout}, **pool)
    sqlite.tune_for_reading(engine.sync_engine)
    return engine


def _for_asyncio(address: URL) -> URL:
    return address.set(drivername="sqlite+aiosqlite")


def address_of(url: str) -> URL:
    """The address, taken apart. Raises `StoreUnavailable`, without repeating what may hold a password, if it is none."""
    try:
        address = make_url(url)
    except ArgumentError as error:
        raise StoreUnavailable(_NOT_AN_ADDRESS) from error
    if address.drivername not in _DRIVERS:
        raise StoreUnavailable(f"no driver is known for {address.drivername}; {_NAME_ANOTHER}")
    if is_sqlite(address) and address.database in {None, "", ":memory:"}:
        raise StoreUnavailable(_NOT_AN_ADDRESS)
    return address


def is_sqlite(address: URL) -> bool:
    """Whether the address names an SQLite database."""
    return address.get_backend_name() == "sqlite"


def writing_engine(url: str, *, busy_timeout: float = BUSY_TIMEOUT) -> Engine:
    """An engine for migrations, which are not run from an event loop. The async driver's name is understood."""
    address = address_of(url)
    if not is_sqlite(address):
        engine = _engine(address, **postgresql.patience(busy_timeout))
        postgresql.tune_for_writing(engine, busy_timeout)
        return engine
    sqlite.create_file(address)
    engine = _engine(address.set(drivername="sqlite"), connect_args={"timeout": busy_timeout})
    sqlite.tune_for_migrating(engine)
    return engine


def _engine(address: URL, **options: Any) -> Engine:
    """An engine whose errors, which end in logs, do not repeat what was being written."""
    with _driver_of(address):
        return create_engine(address, hide_parameters=True, **options)


def _async_engine(address: URL, **options: Any) -> AsyncEngine:
    with _driver_of(address):
        return create_async_engine(address, hide_parameters=True, **options)


@contextmanager
def _driver_of(address: URL) -> Iterator[None]:
    """Say in plain words that a driver is not installed."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise StoreUnavailable(
            f"the driver {error.name} for {address.drivername} is not installed; install it, or {_NAME_ANOTHER}"
        ) from error
