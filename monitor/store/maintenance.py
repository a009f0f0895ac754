"""Care for the database: make and alter its tables, copy it while it is in use, check it. Synchronous, for the shell."""

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from monitor.store.session import address_of, is_sqlite, writing_engine
from monitor.store.unavailable import StoreUnavailable, placing, plainly

_MIGRATIONS = Path(__file__).parent / "migrations"


def migrate(url: str) -> None:
    """Bring the database at this SQLAlchemy address to the present form of its tables; create it where there is none.

    One transaction: an interrupted migration leaves the database as it was. Running it again changes nothing. Raises
    `StoreUnavailable` where the database cannot be used, or was written by a newer Cutwatch.
    """
    from alembic import command  # noqa: PLC0415  takes as long to import as all the rest, and most commands never migrate
    from alembic.config import Config  # noqa: PLC0415  as above
    from alembic.util import CommandError  # noqa: PLC0415  as above

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    with plainly():
        engine = writing_engine(url)
        try:
            with engine.begin() as connection:
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
        except CommandError as error:
            raise StoreUnavailable(
                f"this Cutwatch does not know the form of the database ({error}); "
                "install the version that wrote it, or restore a backup"
            ) from error
        finally:
            engine.dispose()


def backup(url: str, path: Path) -> None:
    """Copy the database to `path` while it is in use: a consistent state, complete or not there at all.

    A file that is there already is replaced. Raises `StoreUnavailable` where that cannot be done.
    """
    source = _existing_file(url)
    with plainly(), placing(path), _all_at_once(path) as partial:
        _copy(source, partial)


@contextmanager
def _all_at_once(path: Path) -> Iterator[Path]:
    """A file to be filled, which takes its place when it is complete."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.")
    os.close(descriptor)
    try:
        yield Path(name)
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)


def _copy(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as original, closing(sqlite3.connect(target)) as copy:
        original.backup(copy)


def integrity_check(url: str) -> list[str]:
    """What is wrong with the database, as sentences of SQLite's; an empty list if nothing is.

    Raises `StoreUnavailable` where there is nothing to check, or where it cannot be opened or is locked: that is no damage.
    """
    source = _existing_file(url)
    with plainly(), closing(sqlite3.connect(source)) as connection:
        try:
            problems = [text for (text,) in connection.execute("PRAGMA integrity_check") if text != "ok"]
            astray = [
                f"row {row} of {table} refers to a missing row of {parent}" for table, row, parent, _ in _astray(connection)
            ]
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError as error:
            return [str(error)]
    return problems + astray


def _astray(connection: sqlite3.Connection) -> list[tuple[str, int, str, int]]:
    return connection.execute("PRAGMA foreign_key_check").fetchall()


def _existing_file(url: str) -> Path:
    address = address_of(url)
    if not is_sqlite(address):
        raise StoreUnavailable("this works on SQLite only; use pg_dump and pg_amcheck for a PostgreSQL database")
    path = Path(address.database or "")
    if not path.is_file():
        raise StoreUnavailable(f"there is no database at {path}; run `cutwatch db upgrade` to make one")
    return path
