"""`cutwatch db`."""

import sqlite3
from pathlib import Path

from tests.monitor.commands.conftest import Type, objects


def test_a_backup_is_a_whole_database(cutwatch: Type, tmp_path: Path) -> None:
    cutwatch("keys", "create", "a partner")
    assert cutwatch("db", "backup", str(tmp_path / "copy.db")).exit_code == 0
    copy = sqlite3.connect(tmp_path / "copy.db")
    assert copy.execute("select count(*) from api_key").fetchone() == (1,)
    copy.close()


def test_a_backup_overwrites_nothing(cutwatch: Type, tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("precious")
    result = cutwatch("db", "backup", str(tmp_path / "precious"))
    assert result.exit_code == 2
    assert (tmp_path / "precious").read_text() == "precious"


def test_a_sound_database_is_said_to_be_sound(cutwatch: Type) -> None:
    assert cutwatch("db", "upgrade").exit_code == 0
    assert objects(cutwatch("db", "check", "--json")) == [{"sound": True, "problems": []}]
