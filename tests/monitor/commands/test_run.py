"""`cutwatch run`: what keeps it from starting is said in a sentence, and no secret is said where nobody reads along."""

import asyncio
import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, Self, cast

import pytest
from structlog.testing import capture_logs

from monitor.clock import Clock
from monitor.commands import run
from monitor.service.wiring import Service
from monitor.store import StoreUnavailable, maintenance
from monitor.store.session import writing_engine
from tests.monitor.commands.conftest import Type

ADDRESS = "http://127.0.0.1:8000"
COMMANDS = (("run",), ("db", "upgrade"), ("db", "check"), ("db", "backup", "copy.db"), ("keys", "list"))


class Stub:
    """As much of a service as a greeting needs: its address, and a store that takes a sign-in or cannot."""

    address = ADDRESS

    def __init__(self, *, broken: bool = False, paused: bool = False) -> None:
        self.store = self
        self.paused = paused
        self.sign_ins: list[str] = []
        self._broken = broken

    def writing(self) -> "Stub":
        return self

    async def __aenter__(self) -> Self:
        if self._broken:
            raise StoreUnavailable("the database cannot be used: the disk is full")
        return self

    async def __aexit__(self, *_: object) -> None:
        return None

    async def add_sign_in(self, fingerprint: str, _ends: object) -> None:
        self.sign_ins.append(fingerprint)

    async def reload(self) -> tuple[str, ...]:
        raise StoreUnavailable("the database cannot be used: the disk is full")


def greet(stub: Stub) -> None:
    asyncio.run(run.greet(cast("Service", stub), Clock()))


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Away from the checkout, in a country that asks no questions, and with no patience for locks."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CUTWATCH_VANTAGE_COUNTRY", "DE")
    monkeypatch.setenv("CUTWATCH_PORT", "0")
    monkeypatch.setattr(maintenance, "writing_engine", partial(writing_engine, busy_timeout=0.05))


def is_a_sentence(result: Any, code: int, words: str) -> bool:
    said = " ".join(result.stderr.split())
    return result.exit_code == code and isinstance(result.exception, SystemExit) and words in said and "Traceback" not in said


@pytest.mark.parametrize("words", COMMANDS)
def test_a_data_folder_that_is_a_file_is_explained(cutwatch: Type, house: Path, words: tuple[str, ...]) -> None:
    (house / "var").write_text("not a folder")
    remedy = "run `cutwatch db upgrade`" if words[1:2] in {("check",), ("backup",)} else "CUTWATCH_DATA_DIR"
    assert is_a_sentence(cutwatch(*words), 1, remedy)


@pytest.mark.parametrize("words", COMMANDS)
def test_a_damaged_database_is_explained(cutwatch: Type, house: Path, words: tuple[str, ...]) -> None:
    (house / "var").mkdir()
    (house / "var" / "cutwatch.db").write_bytes(b"no database " * 1000)
    result = cutwatch(*words)
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    assert "not a database" in result.output


@pytest.mark.parametrize("words", [("run",), ("db", "upgrade"), ("keys", "list")])
def test_a_locked_database_is_explained(cutwatch: Type, house: Path, words: tuple[str, ...]) -> None:
    cutwatch("db", "upgrade")
    with closing(sqlite3.connect(house / "var" / "cutwatch.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert is_a_sentence(cutwatch(*words), 1, "another program holds a lock")


def test_a_database_that_is_locked_is_not_called_damaged(cutwatch: Type, house: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cutwatch("db", "upgrade")
    monkeypatch.setattr(sqlite3, "connect", partial(sqlite3.connect, timeout=0.05))
    with closing(sqlite3.connect(house / "var" / "cutwatch.db", isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        assert is_a_sentence(cutwatch("db", "check"), 1, "another program holds a lock")


@pytest.mark.parametrize("words", [*COMMANDS[:2], COMMANDS[4]])
@pytest.mark.parametrize("url", ["postgresql+psycopg://me:secret@127.0.0.1:9/x", "nothing://me:secret@db/x", "no address"])
def test_a_database_address_that_cannot_be_used_is_explained(cutwatch: Type, words: tuple[str, ...], url: str) -> None:
    result = cutwatch(*words, env={"CUTWATCH_DATABASE_URL": url})
    assert is_a_sentence(result, 1, "CUTWATCH_DATABASE_URL")
    assert "secret" not in result.output


@pytest.mark.parametrize("words", [("db", "check"), ("db", "backup", "copy.db")])
def test_without_a_database_there_is_nothing_to_check_or_copy(cutwatch: Type, words: tuple[str, ...]) -> None:
    assert is_a_sentence(cutwatch(*words), 1, "run `cutwatch db upgrade` to make one")
    assert not Path("copy.db").exists()


def test_a_backup_into_a_folder_that_is_not_there_is_explained(cutwatch: Type) -> None:
    cutwatch("db", "upgrade")
    assert is_a_sentence(cutwatch("db", "backup", "nowhere/copy.db"), 1, "its folder must exist")


def test_on_a_terminal_the_address_to_sign_in_is_printed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    stub = Stub()
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    greet(stub)
    assert f"{ADDRESS}/sign-in?token=cutwatch_" in capsys.readouterr().out
    assert len(stub.sign_ins) == 1


def test_a_log_gets_no_secret(capsys: pytest.CaptureFixture[str]) -> None:
    stub = Stub()
    greet(stub)
    said = capsys.readouterr().out
    assert f"{ADDRESS}/feed.json" in said
    assert "sign in: run `cutwatch keys sign-in`" in said
    assert "token" not in said
    assert stub.sign_ins == []


def test_whoever_said_no_is_not_told_that_it_watches(capsys: pytest.CaptureFixture[str]) -> None:
    greet(Stub(paused=True))
    said = capsys.readouterr().out
    assert "Nothing is looked at" in said
    assert "is watching" not in said


async def test_a_greeting_that_fails_is_told_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    stub = cast("Service", Stub(broken=True))
    with capture_logs() as logs:
        await ended(run.greet(stub, Clock()))
    assert [(line["log_level"], line["event"]) for line in logs] == [("error", "the database cannot be used: the disk is full")]


async def test_a_reload_that_fails_is_told_in_a_sentence() -> None:
    with capture_logs() as logs:
        await ended(run.reload(cast("Service", Stub())))
    assert [line["event"] for line in logs] == ["the database cannot be used: the disk is full"]


async def test_a_fault_of_ours_is_told_with_its_traceback() -> None:
    async def fail() -> None:
        raise RuntimeError("bad luck")

    with capture_logs() as logs:
        await ended(fail())
    assert isinstance(logs[0]["exc_info"], RuntimeError)


async def ended(work: Any) -> None:
    """Let one of the errands run to its end, as `cutwatch run` would."""
    errands = run.Errands()
    errands.start(work)
    async with asyncio.timeout(5):
        while errands.running:
            await asyncio.sleep(0)
