"""Where this machine stands: asked once on a terminal, taken from the environment elsewhere.

Looking at a banned organisation's site from inside the country that banned it can put the person who runs the machine at
risk. So Cutwatch asks first, says what it means, and keeps still in a hostile country until a person has agreed.
"""

import json
import sys
from pathlib import Path
from typing import Final

import typer
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from monitor.commands.output import complaints, refuse, say
from monitor.core.country import existing_country
from monitor.core.safety import is_hostile, note
from monitor.service import Place
from monitor.settings import Settings

_UNKNOWN: Final = (
    "The country of this machine is not known, and nobody is at a terminal to ask: so everything is looked at, without a warning "
    "of what that can mean here. Stop this and set CUTWATCH_VANTAGE_COUNTRY to its two letters (DE, GE, LT, …)."
)


class Answer(BaseModel):
    """What a person answered at the first start: `place.json` in the data folder."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    country: str = Field(pattern=r"^[A-Z]{2}$")
    agreed: bool


def find_place(settings: Settings, *, interactive: bool | None = None) -> Place:
    """The place of this machine: from the environment, else as answered before, else asked for or left open.

    In the loopback world nobody is looked at, so nobody is asked.
    """
    given = _given(settings)
    if settings.lab_world is not None:
        return Place(country=given)
    answered = read_answer(settings.data_dir)
    if answered is not None and given not in {None, answered.country}:
        answered = None
    asks = interactive if interactive is not None else _on_a_terminal()
    if answered is not None and (answered.agreed or not asks):
        return _place(answered)
    if asks:
        return _place(_ask(settings.data_dir, answered.country if answered else given))
    return _unasked(given)


def _given(settings: Settings) -> str | None:
    """The country that the environment names; one that does not exist ends the command, since it would silence the warning."""
    if settings.vantage_country is None:
        return None
    try:
        return existing_country(settings.vantage_country)
    except ValueError as problem:
        refuse(f"CUTWATCH_VANTAGE_COUNTRY: {problem}")


def _on_a_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


def _place(answer: Answer) -> Place:
    return Place(country=answer.country, paused=not answer.agreed)


def _unasked(country: str | None) -> Place:
    complaints.print(_note(country, "en"), markup=False)
    if country is None:
        complaints.print(_UNKNOWN, markup=False)
    return Place(country=country, paused=country is not None and is_hostile(country))


def _ask(folder: Path, country: str | None) -> Answer:
    say("Welcome to Cutwatch. One question before the first look.\n")
    while country is None:
        typed = typer.prompt("In which country does this machine stand? (two letters: DE, GE, LT, …)").strip().upper()
        try:
            country = existing_country(typed)
        except ValueError as problem:
            say(f"{problem}.")
    say(f"\n{_note(country, 'en')}\n\n{_note(country, 'ru')}\n")
    agreed = typer.confirm("Start looking from here?", default=not is_hostile(country))
    answer = Answer(country=country, agreed=agreed)
    write_answer(folder, answer)
    return answer


def _note(country: str | None, language: str) -> str:
    return "\n\n".join(words.of(language) for words in note(country))


def read_answer(folder: Path) -> Answer | None:
    """The answer given before, or None where there is none that can be read."""
    try:
        return Answer.model_validate_json((folder / "place.json").read_text(encoding="utf-8"))
    except (OSError, ValidationError, ValueError):
        return None


def write_answer(folder: Path, answer: Answer) -> None:
    """Keep the answer for the next start."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / "place.json").write_text(json.dumps(answer.model_dump(), indent=1) + "\n", encoding="utf-8")
