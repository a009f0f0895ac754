"""`cutwatch check`."""

import asyncio
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor.commands.configuration import read_configuration
from monitor.commands.database import opened
from monitor.intake import enter
from monitor.settings import Settings
from tests.monitor.commands.conftest import Type, objects

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)


def test_a_right_configuration_is_said_to_be_right(cutwatch: Type) -> None:
    result = cutwatch("check")
    assert result.exit_code == 0
    assert "The configuration is right: 1 organisations with 1 targets" in result.stdout
    assert "no control" in result.stdout


def test_every_mistake_is_explained_and_the_exit_code_is_2(cutwatch: Type, house: Path) -> None:
    (house / "config" / "organisations" / "ovd-info.yaml").write_text(
        "id: ovd-info\nname: {en: OVD-Info}\ntargts: []\ntargets:\n  - {id: a, url: 'http://127.0.0.1/'}\n", encoding="utf-8"
    )
    result = cutwatch("check")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "ovd-info.yaml:3: targts" in result.stderr
    assert "`targets`" in result.stderr
    assert "ovd-info.yaml:5" in result.stderr
    assert not (house / "var").exists(), "nothing was started or changed"


def test_a_program_gets_the_same_as_json(cutwatch: Type, house: Path) -> None:
    (house / "config" / "monitor.yaml").write_text("vantages: []\n", encoding="utf-8")
    result = cutwatch("check", "--json")
    assert result.exit_code == 2
    assert [problem["file"].endswith("monitor.yaml") for problem in objects(result)] == [True]
    assert {"file", "line", "field", "message", "remedy"} == set(objects(result)[0])


def test_another_folder_can_be_checked(cutwatch: Type, tmp_path: Path) -> None:
    result = cutwatch("check", str(tmp_path / "nowhere"))
    assert result.exit_code == 2
    assert "nowhere" in result.stderr


def test_run_refuses_a_wrong_configuration_and_changes_nothing(cutwatch: Type, house: Path) -> None:
    (house / "config" / "alerts.yaml").write_text("routes: [\n", encoding="utf-8")
    result = cutwatch("run", env={"CUTWATCH_VANTAGE_COUNTRY": "DE"})
    assert result.exit_code == 2
    assert "nothing was started" in result.stderr
    assert not (house / "var" / "cutwatch.db").exists()


def test_a_secret_that_is_not_there_is_noted_as_it_may_be_elsewhere(cutwatch: Type) -> None:
    result = cutwatch("check")
    assert result.exit_code == 0
    assert "Note: Channel `hook` cannot send: set HOOK_SECRET, or HOOK_SECRET_FILE" in result.stdout


@pytest.mark.parametrize(
    ("secret", "said"),
    [
        ("whsec_c2hvcnQtb25l", "what follows whsec_ in HOOK_SECRET is too short to be safe"),
        ("whsec_*****", "HOOK_SECRET must be whsec_ or whsk_ followed by a key in base64"),
    ],
)
def test_a_secret_that_will_not_do_is_a_mistake_and_is_not_shown(cutwatch: Type, secret: str, said: str) -> None:
    result = cutwatch("check", env={"HOOK_SECRET": secret})
    assert result.exit_code == 2
    assert f"alerts.yaml: channels[0]: {said}" in result.stderr
    assert secret not in result.output
    (problem,) = objects(cutwatch("check", "--json", env={"HOOK_SECRET": secret}))
    assert (problem["field"], said in problem["message"]) == ("channels[0]", True)


def test_an_environment_that_makes_no_sense_is_explained(cutwatch: Type) -> None:
    result = cutwatch("check", env={"CUTWATCH_PORT": "eight thousand"})
    assert result.exit_code != 0
    assert "port" in str(result.exception)


ENTRY = "id: {name}\nkind: withdrawal\ntitle: {{en: Hetzner ends its service}}\n"


def entered(house: Path, name: str) -> Path:
    """A documented incident in the configuration, and on record."""
    path = house / "config" / "incidents" / f"{name}.yaml"
    path.parent.mkdir()
    path.write_text(ENTRY.format(name=name), encoding="utf-8")
    asyncio.run(_enter())
    return path


async def _enter() -> None:
    settings = Settings()
    async with opened(settings) as store:
        await enter(store, read_configuration(settings).incidents, NOW)


def test_a_documented_incident_whose_file_was_renamed_is_told_aloud(cutwatch: Type, house: Path) -> None:
    path = entered(house, "hetzner-2023")
    assert "formerly" not in cutwatch("check").stdout
    path.unlink()
    path.with_name("hetzner.yaml").write_text(ENTRY.format(name="hetzner"), encoding="utf-8")
    told = " ".join(cutwatch("check").stdout.split())
    assert "CW-2026-0001 was entered from config/incidents/hetzner-2023.yaml, which is gone; nothing was removed." in told
    assert "`formerly: [hetzner-2023]`" in told


def test_a_folder_that_is_not_in_use_has_lost_no_files(cutwatch: Type, house: Path, tmp_path: Path) -> None:
    entered(house, "hetzner-2023")
    other = tmp_path / "other"
    shutil.copytree(house / "config", other)
    shutil.rmtree(other / "incidents")
    result = cutwatch("check", str(other))
    assert (result.exit_code, "hetzner" in result.stdout) == (0, False)


def test_a_database_that_cannot_be_read_keeps_no_configuration_from_being_right(cutwatch: Type, house: Path) -> None:
    (house / "var").mkdir()
    (house / "var" / "cutwatch.db").write_bytes(b"no database")
    assert cutwatch("check").exit_code == 0
    assert (house / "var" / "cutwatch.db").read_bytes() == b"no database"
