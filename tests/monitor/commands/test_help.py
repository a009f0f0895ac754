"""`--help`, on a terminal as narrow as a telephone's."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from monitor.__main__ import app

EXAMPLE = re.compile(r"(?<!\S)(?=\S*\d)\S{8,}")
"""What a help text shows to be typed: a moment, a number of an incident."""


def commands(command: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command, with the words that call it."""
    yield words, command
    for name, inner in getattr(command, "commands", {}).items():
        yield from commands(inner, (*words, name))


ALL = list(commands(get_command(app)))


@pytest.mark.parametrize(("words", "command"), ALL, ids=[" ".join(words) or "cutwatch" for words, _ in ALL])
def test_nothing_that_one_must_type_is_cut(words: tuple[str, ...], command: Any) -> None:
    told = CliRunner().invoke(app, [*words, "--help"], env={"COLUMNS": "40"}).stdout
    for parameter in command.params:
        for name in (*parameter.opts, *parameter.secondary_opts):
            assert name in told or not name.startswith("-")
        for example in EXAMPLE.findall(parameter.help or ""):
            assert example in told
    for name in getattr(command, "commands", {}):
        assert f"  {name}" in told


def test_every_command_that_answers_does_so_for_programs_too() -> None:
    deaf = {" ".join(words) for words, one in ALL if not hasattr(one, "commands") and "--json" not in _options(one)}
    assert deaf == {"run", "demo"}, "the README names these"


def _options(command: Any) -> set[str]:
    return {name for parameter in command.params for name in parameter.opts}
