"""How commands speak: to a person in sentences and tables, to a program in one JSON object per line."""

import json
import sys
from collections.abc import Mapping
from datetime import datetime
from enum import IntEnum
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console

Json = Annotated[bool, typer.Option("--json", help="Print JSON, one object a line.")]

console = Console(highlight=False, soft_wrap=True)
complaints = Console(stderr=True, highlight=False, soft_wrap=True)


class Exit(IntEnum):
    """What a command's exit code means."""

    DONE = 0
    FAILED = 1
    UNUSABLE = 2
    """The input or the configuration cannot be used; nothing was started or changed."""


def say(text: str) -> None:
    """Print one line to a person; control characters of a stranger's text are neutralised, markup is not interpreted."""
    console.print(printable(text), markup=False)


def emit(record: Mapping[str, Any]) -> None:
    """Print one JSON object."""
    sys.stdout.write(json.dumps(record, ensure_ascii=False, default=_plain) + "\n")


def refuse(text: str, code: Exit = Exit.UNUSABLE) -> NoReturn:
    """Say on standard error why nothing was done, and end."""
    complaints.print(printable(text), markup=False)
    raise typer.Exit(code)


def printable(text: str) -> str:
    """`text` without characters that could steer a terminal."""
    return "".join(letter if letter.isprintable() or letter in "\n\t" else "\N{REPLACEMENT CHARACTER}" for letter in text)


def utc(at: datetime | None) -> str:
    """A moment for a person: `2026-11-21 22:05 UTC`."""
    return at.strftime("%Y-%m-%d %H:%M UTC") if at else "never"


def rfc3339(at: datetime | None) -> str | None:
    """A moment for a program."""
    return at.isoformat().replace("+00:00", "Z") if at else None


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return rfc3339(value)
    raise TypeError(f"{type(value).__name__} has no place in JSON")
