"""A house with a configuration of its own, and a way to type commands in it."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from typer.testing import CliRunner, Result

from monitor.__main__ import app

MONITOR = "vantages:\n  - {id: here, name: {en: This machine}, country: DE}\n"
ALERTS = """\
channels:
  - {id: hook, kind: webhook, settings: {url: 'https://hooks.example.org/x', secret: HOOK_SECRET}}
routes:
  - {id: staff, channels: [hook]}
"""
ORGANISATION = """\
id: ovd-info
name: {en: OVD-Info, ru: ОВД-Инфо}
country: RU
targets:
  - {id: ovd.info, url: 'https://ovd.info/'}
"""


@pytest.fixture(autouse=True)
def logs() -> Iterator[None]:
    """Commands set logging up for their process; the tests after them want it as it was."""
    yield
    structlog.reset_defaults()


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a small configuration; commands find it through the environment."""
    config = tmp_path / "config"
    (config / "organisations").mkdir(parents=True)
    (config / "providers").mkdir()
    (config / "monitor.yaml").write_text(MONITOR, encoding="utf-8")
    (config / "alerts.yaml").write_text(ALERTS, encoding="utf-8")
    (config / "organisations" / "ovd-info.yaml").write_text(ORGANISATION, encoding="utf-8")
    monkeypatch.setenv("CUTWATCH_CONFIG", str(config))
    monkeypatch.setenv("CUTWATCH_DATA_DIR", str(tmp_path / "var"))
    return tmp_path


Type = Callable[..., Result]


@pytest.fixture
def cutwatch(house: Path) -> Type:
    """Type a command; the result has its exit code and what it said."""
    return lambda *words, **options: CliRunner().invoke(app, list(words), **options)


def objects(result: Result) -> list[dict[str, Any]]:
    """What a command said in JSON, one object a line."""
    return [json.loads(line) for line in result.stdout.splitlines()]
