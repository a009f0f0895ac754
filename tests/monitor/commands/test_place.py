"""The question of the first start: where does this machine stand, and may it look from there?"""

from pathlib import Path

import pytest
import typer

from monitor.commands.place import Answer, find_place, read_answer
from monitor.service import Place
from monitor.settings import Settings


class Person:
    """Somebody at a terminal who answers what was prepared."""

    def __init__(self, *answers: str | bool) -> None:
        self.answers = list(answers)
        self.defaults: list[bool] = []

    def prompt(self, question: str) -> str:
        answer = self.answers.pop(0)
        assert isinstance(answer, str)
        return answer

    def confirm(self, question: str, default: bool) -> bool:
        self.defaults.append(default)
        answer = self.answers.pop(0)
        assert isinstance(answer, bool)
        return answer


def sit_down(monkeypatch: pytest.MonkeyPatch, *answers: str | bool) -> Person:
    person = Person(*answers)
    monkeypatch.setattr(typer, "prompt", person.prompt)
    monkeypatch.setattr(typer, "confirm", person.confirm)
    return person


def test_a_person_is_asked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(data_dir=tmp_path)
    person = sit_down(monkeypatch, "ge", True)
    assert find_place(settings, interactive=True) == Place(country="GE")
    assert find_place(settings, interactive=True) == Place(country="GE")
    assert person.answers == []


def test_nonsense_is_asked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sit_down(monkeypatch, "Georgia", "", "UK", "GE", True)
    assert find_place(Settings(data_dir=tmp_path), interactive=True).country == "GE"


@pytest.mark.parametrize("code", ["RY", "UK", "ZZ"])
def test_a_mistyped_country_does_not_switch_the_question_off(
    tmp_path: Path, code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(typer.Exit):
        find_place(Settings(data_dir=tmp_path, vantage_country=code), interactive=False)
    assert f"{code} is no country" in capsys.readouterr().err


def test_where_nobody_is_asked_an_unknown_country_is_told_with_what_to_set(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert find_place(Settings(data_dir=tmp_path), interactive=False) == Place(country=None)
    said = capsys.readouterr().err
    assert "so everything is looked at" in said
    assert "set CUTWATCH_VANTAGE_COUNTRY" in said


def test_small_letters_are_understood(tmp_path: Path) -> None:
    assert find_place(Settings(data_dir=tmp_path, vantage_country="ru"), interactive=False) == Place(country="RU", paused=True)


def test_in_a_hostile_country_nothing_is_looked_at_until_a_person_says_yes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    person = sit_down(monkeypatch, "RU", False)
    assert find_place(Settings(data_dir=tmp_path), interactive=True) == Place(country="RU", paused=True)
    assert person.defaults == [False], "pressing Enter must not mean yes"
    said = capsys.readouterr().out
    assert "You are in Russia" in said
    assert "Вы находитесь в России" in said


def test_a_yes_in_a_hostile_country_is_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sit_down(monkeypatch, "RU", True)
    find_place(Settings(data_dir=tmp_path), interactive=True)
    assert read_answer(tmp_path) == Answer(country="RU", agreed=True)
    assert find_place(Settings(data_dir=tmp_path), interactive=False) == Place(country="RU")


def test_a_no_is_asked_again_at_the_next_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sit_down(monkeypatch, "RU", False)
    find_place(Settings(data_dir=tmp_path), interactive=True)
    sit_down(monkeypatch, True)
    assert find_place(Settings(data_dir=tmp_path), interactive=True) == Place(country="RU")


def test_a_no_counts_in_any_country(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sit_down(monkeypatch, "DE", False)
    assert find_place(Settings(data_dir=tmp_path), interactive=True) == Place(country="DE", paused=True)


def test_without_a_terminal_the_note_is_printed_and_the_country_comes_from_the_environment(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert find_place(Settings(data_dir=tmp_path, vantage_country="LT"), interactive=False) == Place(country="LT")
    assert "which names you ask for" in capsys.readouterr().err


def test_without_a_terminal_a_hostile_country_stays_paused(tmp_path: Path) -> None:
    assert find_place(Settings(data_dir=tmp_path, vantage_country="BY"), interactive=False) == Place(country="BY", paused=True)


def test_a_machine_that_has_moved_is_asked_about_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sit_down(monkeypatch, "DE", True)
    find_place(Settings(data_dir=tmp_path), interactive=True)
    moved = Settings(data_dir=tmp_path, vantage_country="RU")
    assert find_place(moved, interactive=False) == Place(country="RU", paused=True)
