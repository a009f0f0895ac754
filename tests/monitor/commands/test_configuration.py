"""`cutwatch check`."""

from pathlib import Path

from tests.monitor.commands.conftest import Type, objects


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


def test_an_environment_that_makes_no_sense_is_explained(cutwatch: Type) -> None:
    result = cutwatch("check", env={"CUTWATCH_PORT": "eight thousand"})
    assert result.exit_code != 0
    assert "port" in str(result.exception)
