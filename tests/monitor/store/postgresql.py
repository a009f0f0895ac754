"""A PostgreSQL server of the tests' own: it listens on a socket in its own folder only, and goes with the last story."""

import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import create_engine

OWNER: Final = "nobody"
"""Who runs the server where the tests run as root: PostgreSQL refuses to."""

CLUSTER: Final = ("--username=cutwatch", "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync")

HASTE: Final = "-F -c listen_addresses='' -c synchronous_commit=off -c full_page_writes=off"
"""A throw-away database need not outlive a power cut."""


UNGUARDED: Final = "SET session_replication_role = replica"
"""The log's guards let nobody delete what is in it."""

COUNT_ANEW: Final = "SELECT setval(oid::regclass, 1, false) FROM pg_class WHERE relkind = 'S'"


@dataclass(frozen=True, slots=True)
class Server:
    """A running server; its socket lies in `folder`."""

    folder: Path

    def url_of(self, database: str) -> str:
        return f"postgresql+psycopg://cutwatch@/{database}?host={self.folder}"

    def create(self, database: str) -> str:
        self._do("postgres", f"CREATE DATABASE {database}")
        return self.url_of(database)

    def empty(self, database: str, tables: Iterable[str]) -> None:
        """Leave no row and count from one again: that takes a tenth of the time in which a database is made."""
        deletions = (f"DELETE FROM {table}" for table in tables)
        self._do(database, "; ".join([UNGUARDED, *deletions, COUNT_ANEW]))

    def _do(self, database: str, statements: str) -> None:
        engine = create_engine(self.url_of(database), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql(statements)
        engine.dispose()


def why_not() -> str | None:
    """What is missing for a server to be started; None if nothing is."""
    if programs() is None:
        return "PostgreSQL is not installed here: install the package postgresql to tell these stories on it too"
    if importlib.util.find_spec("psycopg") is None:
        return "PostgreSQL's driver is not installed here: install psycopg[binary] to tell these stories on it too"
    return None


def programs() -> Path | None:
    """Where the server's programs lie; Debian keeps them off the search path, by version."""
    found = shutil.which("initdb")
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return Path(found).parent if found else debian[-1].parent if debian else None


@contextmanager
def running() -> Iterator[Server]:
    """Start a server, and stop it again."""
    folder = Path(tempfile.mkdtemp(prefix="cutwatch-"))  # a socket's path must be short, and its owner must get there
    try:
        owner = given_away(folder)
        run(
            "initdb",
            "--auth=trust",
            "--username=cutwatch",
            "--encoding=UTF8",
            "--no-locale",
            "--no-sync",
            folder / "data",
            **owner,
        )
        control = ("--pgdata", folder / "data", "--silent", "--wait")
        run("pg_ctl", *control, "--log", folder / "log", "--options", f"{HASTE} -k {folder}", "start", **owner)
        try:
            yield Server(folder)
        finally:
            run("pg_ctl", *control, "--mode=fast", "stop", **owner)
    finally:
        shutil.rmtree(folder)


def given_away(folder: Path) -> dict[str, Any]:
    """Whose the folder is from now on, in `subprocess`'s words."""
    if os.geteuid() != 0:
        return {}
    owner = pwd.getpwnam(OWNER)
    os.chown(folder, owner.pw_uid, owner.pw_gid)
    return {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}


def run(program: str, *arguments: str | Path, **owner: Any) -> None:
    folder = programs()
    assert folder is not None
    command = [folder / program, *arguments]
    subprocess.run(command, check=True, cwd="/", timeout=60, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, **owner)
