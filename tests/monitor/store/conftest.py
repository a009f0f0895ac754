"""A fresh database for every story: a copy of one that was migrated once."""

import shutil
from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path

import pytest

from monitor.store import Store, migrate
from monitor.store.tables import Row
from tests.monitor.store import postgresql

ON_BOTH_DATABASES = pytest.mark.parametrize("store", ["sqlite", "postgresql"], indirect=True)
"""For stories that know nothing of the database but the store."""


NUMBERS = count(1)


def url_of(path: Path) -> str:
    return f"sqlite+aiosqlite:///{path}"


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty database; copy it, do not write to it."""
    path = tmp_path_factory.mktemp("template") / "cutwatch.db"
    migrate(url_of(path))
    return path


@pytest.fixture
def database(template: Path, tmp_path: Path) -> Path:
    """The file of a database of the story's own."""
    return Path(shutil.copy(template, tmp_path / "cutwatch.db"))


@pytest.fixture(scope="session")
def server() -> Iterator[postgresql.Server]:
    """A PostgreSQL server, or a skip that says what is missing for one."""
    if reason := postgresql.why_not():
        pytest.skip(reason)
    with postgresql.running() as server:
        yield server


@pytest.fixture(scope="session")
def migrated(server: postgresql.Server) -> str:
    """The name of a migrated, empty database on the server; leave it so."""
    migrate(server.create("story"))
    return "story"


@pytest.fixture
def on_server(server: postgresql.Server, migrated: str) -> Iterator[str]:
    """The address of a PostgreSQL database that is the story's own for its time."""
    yield server.url_of(migrated)
    server.empty(migrated, Row.metadata.tables)


@pytest.fixture
async def store(request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    """A store of the story's own: on SQLite, unless the story asks for another database."""
    on_sqlite = getattr(request, "param", "sqlite") == "sqlite"
    url = url_of(request.getfixturevalue("database")) if on_sqlite else request.getfixturevalue("on_server")
    store = await Store.open(url, busy_timeout=0.2)
    yield store
    await store.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def unmade(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database without tables."""
    if request.param == "sqlite":
        return url_of(tmp_path / "unmade.db")
    server: postgresql.Server = request.getfixturevalue("server")
    return server.create(f"unmade_{next(NUMBERS)}")
