"""When the database cannot be used: why, and what to do about it, in plain words."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

_TABLES_ARE_MISSING: Final = "its tables are missing; run `cutwatch db upgrade`"

_IN_SQLITE: Final = {
    sqlite3.SQLITE_BUSY: "another program holds a lock on the database; find out which (`fuser -v FILE`) and let it finish",
    sqlite3.SQLITE_LOCKED: "another program holds a lock on the database; find out which (`fuser -v FILE`) and let it finish",
    sqlite3.SQLITE_FULL: "the disk is full, or the database has reached its page limit; make room on the disk that holds it",
    sqlite3.SQLITE_IOERR: "the disk that holds the database failed to read or write; look into the system's log and check it",
    sqlite3.SQLITE_CANTOPEN: "the database file cannot be opened; check that it exists and that this user may write its folder",
    sqlite3.SQLITE_READONLY: "the database is read-only for this user; give the user write access to the file and its folder",
    sqlite3.SQLITE_CORRUPT: "the database file is damaged; stop Cutwatch, run `cutwatch db check`, and restore a backup",
    sqlite3.SQLITE_NOTADB: "the file is not a database; check CUTWATCH_DATABASE_URL, or restore a backup",
}

_IN_POSTGRESQL: Final = {
    "55P03": "another program holds a lock on the database; find out which (the view pg_stat_activity) and let it finish",
    "53100": "the disk is full; make room on the disk that holds the database",
    "25006": "the database is read-only; let Cutwatch write to it, or name the server that may be written to",
    "42501": "this user may not do that in the database; make the user its owner",
    "42P01": _TABLES_ARE_MISSING,
}
"""By SQLSTATE (PostgreSQL's manual, appendix A)."""

_NO_ANSWER: Final = (
    "the database server does not answer, or does not let Cutwatch in; check that it runs, "
    "and the name, the password and the database in CUTWATCH_DATABASE_URL"
)


class StoreUnavailable(Exception):
    """The database cannot be used just now; the message says why and what to do. Nothing of the transaction was written."""


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
        known = _IN_POSTGRESQL.get(getattr(cause, "sqlstate", None) or "")
        return known or (_NO_ANSWER if isinstance(error, OperationalError) else None)
    if "no such table" in str(cause):
        return _TABLES_ARE_MISSING
    return _IN_SQLITE.get(code & 0xFF)


@contextmanager
def placing(path: Path) -> Iterator[None]:
    """Say in plain words why a file cannot be put where it belongs."""
    try:
        yield
    except OSError as error:
        raise StoreUnavailable(
            f"{path} cannot be made: {error.strerror}; its folder must exist and be writable for this user"
        ) from error
