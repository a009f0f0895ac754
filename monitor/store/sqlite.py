"""SQLite as the store uses it: a file of the owner's own, one writer, readers who do not wait for it."""

import os
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, event

from monitor.store.unavailable import placing, plainly


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


def tune_for_writing(engine: Engine) -> None:
    """Every transaction takes the write lock at its start: one that began by reading could not take it later without risk."""
    event.listen(engine, "connect", _writing_pragmas)
    event.listen(engine, "begin", _begin_immediate)


def tune_for_migrating(engine: Engine) -> None:
    """The same, but for foreign keys: to alter a table is to copy and drop it, which would delete what refers to its rows."""
    event.listen(engine, "connect", _migrating_pragmas)
    event.listen(engine, "begin", _begin_immediate)


def tune_for_reading(engine: Engine) -> None:
    """Whatever is read within one transaction is of one moment, and nothing can be written."""
    event.listen(engine, "connect", _reading_pragmas)
    event.listen(engine, "begin", _begin)


def _writing_pragmas(connection: Any, _record: object) -> None:
    _set(connection, "journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON")


def _migrating_pragmas(connection: Any, _record: object) -> None:
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
