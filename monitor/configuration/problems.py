"""What can be wrong with the configuration, in a form that a person can act on."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

FieldPath = tuple[str | int, ...]
"""The way to a value in a file: keys, and positions counted from 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One mistake: where it stands, what is wrong, and what to do about it.

    `line` counts from 1 and is None where a whole file or folder is meant; `field` is empty there too. No value from a file is
    repeated here unless it is a name that must be known (an id, a key): what is pasted in the wrong place may be a secret.
    """

    file: str
    line: int | None
    field: str
    message: str
    remedy: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        subject = f"{self.field}: " if self.field else ""
        remedy = self.remedy[:1].upper() + self.remedy[1:]
        return f"{place}: {subject}{self.message}. {remedy}{'' if remedy.endswith(('.', '?')) else '.'}"


class ConfigurationError(Exception):
    """The configuration cannot be used. `problems` holds all that is wrong with it, by file and line."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems), key=_order))
        super().__init__("\n".join(map(str, self.problems)))


def _order(problem: Problem) -> tuple[str, int, str, str]:
    return problem.file, problem.line or 0, problem.field, problem.message


def field_name(path: FieldPath) -> str:
    """`("targets", 0, "url")` as people write it: `targets[0].url`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.removeprefix(".")


def did_you_mean(word: str, known: Iterable[str], otherwise: str) -> str:
    """A remedy for a word that is not known: the likeliest spelling, else `otherwise`."""
    by_small_letters = {one.lower(): one for one in known}
    close = get_close_matches(word.lower(), by_small_letters, n=1, cutoff=0.6)
    return f"did you mean `{by_small_letters[close[0]]}`?" if close else otherwise
