"""The door to the database: one writer, several readers, and plain words when it cannot be used."""

import asyncio
import os
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path
from typing import Any, Final, Self

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, InvalidRequestError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlmodel.ext.asyncio.session import AsyncSession

from monitor.store.reading import Reading
from monitor.store.writing import Writing

BUSY_TIMEOUT: Final = 5.0
"""Seconds for which a transaction waits for somebody else's lock."""

_READERS: Final = 4
"""Connections kept open for reading; as many again are opened when all are in use."""

_WHAT_TO_DO: Final = {
    sqlite3.SQLITE_BUSY: "another program holds a lock on the database; find out which (`fuser -v FILE`) and let it finish",
    sqlite3.SQLITE_LOCKED: "another program holds a lock on the database; find out which (`fuser -v FILE`) and let it finish",
    sqlite3.SQLITE_FULL: "the disk is full, or the database has reached its page limit; make room on the disk that holds it",
    sqlite3.SQLITE_IOERR: "the disk that holds the database failed to read or write; look into the system's log and check it",
    sqlite3.SQLITE_CANTOPEN: "the database file cannot be opened; check that it exists and that this user may write its folder",
    sqlite3.SQLITE_READONLY: "the database is read-only for this user; give the user write access to the file and its folder",
    sqlite3.SQLITE_CORRUPT: "the database file is damaged; stop Cutwatch, run `cutwatch db check`, and restore a backup",
    sqlite3.SQLITE_NOTADB: "the file is not a database; check CUTWATCH_DATABASE_URL, or restore a backup",
}

_NAME_ANOTHER: Final = "write sqlite+aiosqlite:///PATH/cutwatch.db in CUTWATCH_DATABASE_URL"
_NOT_AN_ADDRESS: Final = f"this is no place for a database; {_NAME_ANOTHER}"


class StoreUnavailable(Exception):
    """The database cannot be used just now; the message says why and what to do. Nothing of the transaction was written."""


class Store:
    """The database. It is opened once per process; writing happens one transaction at a time."""

    def __init__(self, writer: AsyncEngine, readers: AsyncEngine) -> None:
        self._writer = writer
        self._readers = readers
        self._one_at_a_time = asyncio.Lock()

    @classmethod
    async def open(cls, url: str, *, busy_timeout: float = BUSY_TIMEOUT) -> Self:
        """Open the database at this SQLAlchemy address; `migrate` must have made its tables. Seconds for the timeout.

        Raises `StoreUnavailable` where it cannot be opened.
        """
        address = address_of(url)
        if not is_sqlite(address):
            readers = _async_engine(address, pool_size=_READERS, execution_options={"postgresql_readonly": True})
            return cls(_async_engine(address, pool_size=1, max_overflow=0), readers)
        create_file(address)
        waiting = {"timeout": busy_timeout}
        writer = _async_engine(address, connect_args=waiting, pool_size=1, max_overflow=0)
        readers = _async_engine(address, connect_args=waiting, pool_size=_READERS, max_overflow=_READERS)
        tune_for_writing(writer.sync_engine)
        _tune_for_reading(readers.sync_engine)
        return cls(writer, readers)

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

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Reading]:
        """One look at the database as it is at the first question; what is written meanwhile is not seen.

        Raises `StoreUnavailable` when the database cannot be read.
        """
        with plainly():
            async with AsyncSession(self._readers, expire_on_commit=False) as session, session.begin():
                yield Reading(session, await session.connection())


@contextmanager
def plainly() -> Iterator[None]:
    """Say in plain words what is wrong with the database, where it is the database that is wrong."""
    try:
        yield
    except (DBAPIError, PoolTimeoutError, sqlite3.Error) as error:
        reason = _reason(error)
        if reason is None:
            raise
        raise StoreUnavailable(f"the database cannot be used: {reason}") from error


def _reason(error: Exception) -> str | None:
    if isinstance(error, PoolTimeoutError):
        return "too many readers at once; try again in a minute"
    cause = error.orig if isinstance(error, DBAPIError) else error
    code = getattr(cause, "sqlite_errorcode", None)
    if code is None:
        return "the database server does not answer; check that it runs" if isinstance(error, OperationalError) else None
    if "no such table" in str(cause):
        return "its tables are missing; run `cutwatch db upgrade`"
    return _WHAT_TO_DO.get(code & 0xFF)


@contextmanager
def placing(path: Path) -> Iterator[None]:
    """Say in plain words why a file cannot be put where it belongs."""
    try:
        yield
    except OSError as error:
        raise StoreUnavailable(
            f"{path} cannot be made: {error.strerror}; its folder must exist and be writable for this user"
        ) from error


def address_of(url: str) -> URL:
    """The address, taken apart. Raises `StoreUnavailable`, without repeating what may hold a password, if it is none."""
    try:
        address = make_url(url)
    except ArgumentError as error:
        raise StoreUnavailable(_NOT_AN_ADDRESS) from error
    if is_sqlite(address) and address.database in {None, "", ":memory:"}:
        raise StoreUnavailable(_NOT_AN_ADDRESS)
    return address


def is_sqlite(address: URL) -> bool:
    """Whether the address names an SQLite database."""
    return address.get_backend_name() == "sqlite"


def create_file(address: URL) -> Path:
    """Make sure that the file of an SQLite database exists, readable by its owner only."""
    path = Path(address.database or "")
    with placing(path):
        if not path.exists():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _put_empty_database(path)
    return path


def _put_empty_database(path: Path) -> None:
    """Put an empty database into place, all at once: SQLite does not wait for others while it turns a file to WAL."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.")
    os.close(descriptor)
    with plainly(), closing(sqlite3.connect(name)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    _put(Path(name), path)


def _put(source: Path, target: Path) -> None:
    """Move a file into a place that somebody else may be filling too: whoever comes first wins."""
    try:
        os.link(source, target)
    except FileExistsError:
        source.unlink()
    except OSError:  # a file system without links; there the race is left to luck
        source.rename(target)
    else:
        source.unlink()


def writing_engine(url: str, *, busy_timeout: float = BUSY_TIMEOUT) -> Engine:
    """An engine for migrations, which are not run from an event loop. The async driver's name is understood."""
    address = address_of(url)
    if not is_sqlite(address):
        return _engine(address)
    create_file(address)
    engine = _engine(address.set(drivername="sqlite"), connect_args={"timeout": busy_timeout})
    event.listen(engine, "connect", _migrating_pragmas)
    event.listen(engine, "begin", _begin_immediate)
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
    """Say in plain words that a driver is unknown, not installed, or of the wrong sort."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise StoreUnavailable(
            f"the driver {error.name} for {address.drivername} is not installed; install it, or {_NAME_ANOTHER}"
        ) from error
    except (ArgumentError, InvalidRequestError) as error:
        raise StoreUnavailable(f"no driver is known for {address.drivername}; {_NAME_ANOTHER}") from error


def tune_for_writing(engine: Engine) -> None:
    """Every transaction takes the write lock at its start: one that began by reading could not take it later without risk."""
    event.listen(engine, "connect", _writing_pragmas)
    event.listen(engine, "begin", _begin_immediate)


def _tune_for_reading(engine: Engine) -> None:
    event.listen(engine, "connect", _reading_pragmas)
    event.listen(engine, "begin", _begin)


def _writing_pragmas(connection: Any, _record: object) -> None:
    _set(connection, "journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON")


def _migrating_pragmas(connection: Any, _record: object) -> None:
    """A table is altered by copying and dropping it, and where foreign keys are kept, dropping deletes what refers to it."""
    _set(connection, "journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = OFF")


def _reading_pragmas(connection: Any, _record: object) -> None:
    _set(connection, "query_only = ON")


def _set(connection: Any, *pragmas: str) -> None:
    connection.isolation_level = None  # the driver would begin transactions in its own way, and none before reading
    cursor = connection.cursor()
    for pragma in pragmas:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")
