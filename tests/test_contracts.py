"""The page of closed words says what the code says, and every closed word is spelled once."""

import ast
import re
from enum import StrEnum
from pathlib import Path

import pytest

from monitor.core.kinds import EventKind, IncidentStage, Kind, Origin, Severity
from monitor.core.message import MessageKind
from monitor.core.model import Tlp
from probes.kit.vocabulary import Stage, State, Strength, Unmeasured, Validity, VantageHealth, VantageKind, WhyUnclear

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "contracts.md").read_text(encoding="utf-8")

WORDS: dict[str, type[StrEnum]] = {
    "strength": Strength,
    "why_unclear": WhyUnclear,
    "unmeasured": Unmeasured,
    "validity": Validity,
    "vantage health": VantageHealth,
    "vantage kind": VantageKind,
    "stage of a look": Stage,
    "incident kind": Kind,
    "incident stage": IncidentStage,
    "incident origin": Origin,
    "incident event": EventKind,
    "severity": Severity,
    "tlp": Tlp,
    "message kind": MessageKind,
}


def test_the_page_lists_every_state() -> None:
    table = PAGE.partition("## state")[2].partition("## Other")[0]
    assert re.findall(r"^\| `(\w+)`", table, re.MULTILINE) == [state.value for state in State]


@pytest.mark.parametrize("name", WORDS)
def test_the_page_lists_every_word(name: str) -> None:
    (row,) = re.findall(rf"^\| {name} \| (.*) \|$", PAGE, re.MULTILINE)
    assert re.findall(r"`([^`]+)`", row) == [word.value for word in WORDS[name]]


def test_no_two_enumerations_share_a_name() -> None:
    found: dict[str, list[str]] = {}
    for path in sorted(path for package in ("api", "monitor", "probes") for path in (ROOT / package).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and any(isinstance(base, ast.Name) and base.id == "StrEnum" for base in node.bases):
                found.setdefault(node.name, []).append(str(path.relative_to(ROOT)))
    assert {name: places for name, places in found.items() if len(places) > 1} == {}


def test_no_tracked_file_names_a_package_index_or_a_folder_of_one_machine() -> None:
    index = re.compile(r"https?://[^ \"']*(?:py" + r"pi|python" + r"hosted|npm" + r"js)", re.IGNORECASE)
    folder = re.compile(r"/(?:wo" + r"rk|ro" + r"ot)/")
    for path in _text_files():
        text = path.read_text(encoding="utf-8", errors="replace")
        assert not index.search(text), f"{path.relative_to(ROOT)} names a package index"
        assert not folder.search(text), f"{path.relative_to(ROOT)} names a folder of one machine"


def _text_files() -> list[Path]:
    skipped = {".git", ".venv", "var", "__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis", "build"}
    endings = {".py", ".toml", ".yaml", ".yml", ".md", ".lock", ".txt", ".json", ".html", ".css", ".cfg", ""}
    return [
        path
        for path in ROOT.rglob("*")
        if path.is_file()
        and path.suffix in endings
        and not skipped & set(path.relative_to(ROOT).parts)
        and "egg-info" not in str(path)
    ]
