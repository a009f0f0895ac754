"""A fresh database for every story: a copy of one that was migrated once."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from monitor.store import Store, migrate


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


@pytest.fixture
async def store(database: Path) -> AsyncIterator[Store]:
    store = await Store.open(url_of(database), busy_timeout=0.2)
    yield store
    await store.close()
