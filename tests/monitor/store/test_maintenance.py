"""Making the tables, copying the database while it is in use, checking it."""

import asyncio
import io
import sqlite3
import stat
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from monitor.store import Store, StoreUnavailable, backup, integrity_check, maintenance, migrate
from monitor.store.tables import Row
from tests.monitor.store.cast import PAGE, a_look, opened
from tests.monitor.store.conftest import url_of


def schema_of(path: Path) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()


def test_the_migrations_make_what_the_tables_say(template: Path) -> None:
    engine = create_engine(f"sqlite:///{template}")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, Row.metadata) == []
    engine.dispose()


def test_the_migrations_lay_out_tables_as_the_models_do(template: Path, tmp_path: Path) -> None:
    """What Alembic does not compare: rowid, AUTOINCREMENT, the order of columns."""
    engine = create_engine(f"sqlite:///{tmp_path / 'models.db'}")
    Row.metadata.create_all(engine)
    engine.dispose()

    def layout(path: Path) -> dict[str, tuple[bool, bool, list[str]]]:
        with closing(sqlite3.connect(path)) as connection:
            return {
                name: (
                    "WITHOUT ROWID" in sql,
                    "AUTOINCREMENT" in sql,
                    [column for (column,) in connection.execute("SELECT name FROM pragma_table_info(?)", (name,))],
                )
                for name, sql in connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table' AND sql NOTNULL")
                if name in Row.metadata.tables
            }

    assert layout(template) == layout(tmp_path / "models.db")


def test_migrating_again_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "var" / "cutwatch.db"
    migrate(url_of(path))
    before = schema_of(path)
    migrate(url_of(path))
    migrate(f"sqlite:///{path}")
    assert schema_of(path) == before


def test_two_that_migrate_at_once_do_not_disturb_each_other(tmp_path: Path) -> None:
    path = tmp_path / "cutwatch.db"
    with ThreadPoolExecutor() as pool:
        assert list(pool.map(migrate, [url_of(path)] * 4)) == [None] * 4
    assert integrity_check(url_of(path)) == []


def test_a_file_system_without_links_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.link", refused)
    migrate(url_of(tmp_path / "cutwatch.db"))
    assert [file.name for file in tmp_path.iterdir()] == ["cutwatch.db"]


def refused(*_: object) -> None:
    raise PermissionError


def test_an_interrupted_migration_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "cutwatch.db"
    with monkeypatch.context() as patched:
        patched.setattr("alembic.op.create_index", interrupted)  # some tables are made by then
        with pytest.raises(KeyboardInterrupt):
            migrate(url_of(path))
    assert schema_of(path) == []
    migrate(url_of(path))
    assert len(schema_of(path)) > len(Row.metadata.tables)


def interrupted(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def test_a_database_of_a_newer_version_is_left_alone(database: Path) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreUnavailable, match="install the version that wrote it"):
        migrate(url_of(database))


def test_the_migrations_can_be_written_for_postgresql() -> None:
    config = Config()
    config.set_main_option("script_location", str(maintenance._MIGRATIONS))
    script = ScriptDirectory.from_config(config)
    text = io.StringIO()
    with EnvironmentContext(config, script, fn=lambda revision, _: script._upgrade_revs("head", revision), as_sql=True) as env:
        env.configure(dialect_name="postgresql", output_buffer=text)
        env.run_migrations()
    written = text.getvalue()
    assert written.count("CREATE TABLE") == len(Row.metadata.tables) + 1
    assert "seq BIGSERIAL NOT NULL" in written
    assert "TIMESTAMP WITH TIME ZONE" in written
    assert "BEFORE UPDATE OR DELETE OR TRUNCATE ON incident_event" in written
    assert "RAISE(ABORT" not in written


async def test_a_backup_is_whole_although_the_database_is_in_use(store: Store, database: Path, tmp_path: Path) -> None:
    copy = tmp_path / "backup.db"
    async with store.writing() as writing:
        await writing.add_looks([a_look(name="saved", blobs=(PAGE,))])
    async with store.writing() as writing:
        await writing.add_looks([a_look(name="not yet")])
        backup(url_of(database), copy)
    assert integrity_check(url_of(copy)) == []
    restored = await Store.open(url_of(copy))
    async with restored.reading() as reading:
        assert await reading.observation("saved") is not None
        assert await reading.blob(PAGE.name) == PAGE.data
        assert await reading.observation("not yet") is None
    await restored.close()


async def test_a_backup_replaces_the_one_before_and_is_the_owners_alone(store: Store, database: Path, tmp_path: Path) -> None:
    copy = tmp_path / "backup.db"
    backup(url_of(database), copy)
    async with store.writing() as writing:
        event, incident = opened()
        await writing.append([event], [incident])
    backup(url_of(database), copy)
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("SELECT incident FROM incident_event").fetchall() == [("CW-2021-0001",)]
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert await asyncio.to_thread(names_in, tmp_path) <= {"backup.db", "cutwatch.db", "cutwatch.db-wal", "cutwatch.db-shm"}


def names_in(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


def test_a_backup_that_fails_leaves_the_one_before(database: Path, tmp_path: Path) -> None:
    copy = tmp_path / "backup.db"
    copy.write_text("the backup of yesterday")
    database.write_text("scribbled over")
    with pytest.raises(StoreUnavailable, match="not a database"):
        backup(url_of(database), copy)
    assert copy.read_text() == "the backup of yesterday"
    assert names_in(tmp_path) == {"backup.db", "cutwatch.db"}


def test_a_sound_database_has_no_problems(database: Path) -> None:
    assert integrity_check(url_of(database)) == []


def test_a_damaged_database_says_what_is_wrong(database: Path) -> None:
    with database.open("r+b") as file:
        file.seek(4096 * 3)
        file.write(b"\xff" * 4096 * 4)
    assert integrity_check(url_of(database))


def test_a_row_that_refers_to_nothing_is_found(database: Path) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("INSERT INTO observation_blob VALUES (7, 8)")
    assert integrity_check(url_of(database)) != []


def test_a_backup_into_a_folder_that_is_not_there_says_so(database: Path, tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="folder must exist"):
        backup(url_of(database), tmp_path / "nowhere" / "backup.db")


def test_a_missing_database_and_another_kind_of_database_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="cutwatch db upgrade"):
        integrity_check(url_of(tmp_path / "nowhere.db"))
    with pytest.raises(StoreUnavailable, match="pg_dump"):
        backup("postgresql+psycopg://localhost/cutwatch", tmp_path / "backup.db")
