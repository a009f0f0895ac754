"""Secrets that cannot be read are named."""

from pathlib import Path

import pytest

from monitor.alerts.channels.kit.secrets import UnusableSecret, read
from monitor.settings import MissingSecret


def test_a_secret_may_lie_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("whisper\n", encoding="utf-8")
    monkeypatch.setenv("ROOM_FILE", str(file))
    assert read("ROOM") == "whisper"


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_file_that_cannot_be_read_is_named(content: bytes | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    if content:
        file.write_bytes(content)
    monkeypatch.setenv("ROOM_FILE", str(file))
    with pytest.raises(UnusableSecret, match=r"^the file that ROOM_FILE names cannot be read$"):
        read("ROOM")


def test_a_secret_that_is_not_set_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ROOM", raising=False)
    with pytest.raises(MissingSecret, match="set ROOM, or ROOM_FILE"):
        read("ROOM")
