"""Turns what pydantic says about a value into a sentence that a person who does not program understands."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from monitor.configuration.document import Document
from monitor.configuration.problems import FieldPath, Problem, did_you_mean

_ONE_PER_LINE = "write one entry per line, each beginning with a dash and a space"
_KEYS_AND_VALUES = "write its keys below it, one `key: value` per line, indented by two more spaces"
_NO_VALUE = "write one, or remove the line"
_NOTHING_TO_SET = "write `{}` if nothing is to be set, or remove the line"
_TEXT = "write text; put numbers, true and false in quotes"
_WHOLE = "write digits only, without a unit and without quotes"
_NUMBER = "write digits, with a point before decimals, without a unit"
_MOMENT = "write a date, a time and its time zone, such as 2026-03-01T09:00:00Z"

_SENTENCES: Final[Mapping[str, tuple[str, str]]] = {
    "missing": ("is missing", "add it"),
    "string_type": ("must be text", _TEXT),
    "int_type": ("must be a whole number", _WHOLE),
    "int_parsing": ("must be a whole number", _WHOLE),
    "int_from_float": ("must be a whole number", _WHOLE),
    "float_type": ("must be a number", _NUMBER),
    "float_parsing": ("must be a number", _NUMBER),
    "finite_number": ("must be a number", _NUMBER),
    "bool_type": ("must be true or false", "write true or false, without quotes"),
    "bool_parsing": ("must be true or false", "write true or false, without quotes"),
    "datetime_type": ("is not a moment", _MOMENT),
    "datetime_parsing": ("is not a moment", _MOMENT),
    "datetime_from_date_parsing": ("is not a moment", _MOMENT),
    "timezone_aware": ("names no time zone", _MOMENT),
    "tuple_type": ("must be a list", _ONE_PER_LINE),
    "list_type": ("must be a list", _ONE_PER_LINE),
    "dict_type": ("must consist of keys and values", _KEYS_AND_VALUES),
    "model_type": ("must consist of keys and values", _KEYS_AND_VALUES),
    "model_attributes_type": ("must consist of keys and values", _KEYS_AND_VALUES),
    "enum": ("must be one of {expected}", "choose one of them"),
    "literal_error": ("must be one of {expected}", "choose one of them"),
    "string_too_short": ("is too short", "write at least {min_length} characters"),
    "string_too_long": ("is too long", "write at most {max_length} characters"),
    "too_short": ("has too few entries", "give at least {min_length}"),
    "too_long": ("has too many entries", "give at most {max_length}"),
    "greater_than": ("is too small", "write a number above {gt}"),
    "greater_than_equal": ("is too small", "write at least {ge}"),
    "less_than": ("is too large", "write a number below {lt}"),
    "less_than_equal": ("is too large", "write at most {le}"),
    "value_error": ("is not understood", "{error}"),
}

_SPELLINGS: Final[Mapping[str, tuple[str, str]]] = {
    "^[a-z0-9]": (
        "is not an id",
        "write small Latin letters and digits, with `-`, `_` or `.` between them, 64 characters at most",
    ),
    "^[A-Z]{2}$": ("is not a country", "write the country's two capital letters (ISO 3166), for example RU or DE"),
    r"^\d{4}": ("is not a date", "write a year, a month or a day: 2023, 2023-12 or 2023-12-31"),
    "^(?:[01]": ("is not a time of day", "write hours and minutes in quotes, such as '07:30' or '22:00'"),
    "^/": ("is not a path", "write what stands behind the host's name in the resolver's address, such as /dns-query"),
    "^[A-Z][A-Z0-9_]": (
        "must be the name of an environment variable, never the secret itself",
        "write a name such as CUTWATCH_PROXY_RU, in capital letters, and put the secret into that variable",
    ),
}


def problems_of(error: ValidationError, document: Document, model: type[BaseModel], at: FieldPath = ()) -> Iterator[Problem]:
    """Every complaint of `error`, which arose when the value at `at` of `document` was read as a `model`."""
    complaints = error.errors(include_url=False)
    for complaint in complaints:
        if complaint["type"] == "too_short" and _has_entries(complaint, complaints):
            continue  # it only seems too short, because entries with a mistake are not counted
        within: FieldPath = tuple(part for part in complaint["loc"] if part != "[key]")
        message, remedy = _sentence(complaint, model, within)
        yield document.problem((*at, *within), message, remedy)


def _has_entries(complaint: ErrorDetails, complaints: Iterable[ErrorDetails]) -> bool:
    depth = len(complaint["loc"])
    return any(len(other["loc"]) > depth and other["loc"][:depth] == complaint["loc"] for other in complaints)


def _sentence(complaint: ErrorDetails, model: type[BaseModel], within: FieldPath) -> tuple[str, str]:
    if complaint["type"] == "extra_forbidden":
        return _unknown_key(model, within)
    if complaint["input"] is None and complaint["type"] != "missing":
        return "has no value", _NOTHING_TO_SET if complaint["type"] == "dict_type" else _NO_VALUE
    if complaint["type"] == "string_pattern_mismatch":
        return _misspelled(str(complaint.get("ctx", {}).get("pattern", "")))
    message, remedy = _SENTENCES.get(complaint["type"], (complaint["msg"], "correct it"))
    if complaint["type"] in {"enum", "literal_error"}:
        remedy = did_you_mean(str(complaint["input"]), re.findall(r"'([^']+)'", complaint["ctx"]["expected"]), remedy)
    context = {name: str(value) for name, value in complaint.get("ctx", {}).items()}
    return message.format_map(context), remedy.format_map(context)


def _misspelled(pattern: str) -> tuple[str, str]:
    for beginning, sentence in _SPELLINGS.items():
        if pattern.startswith(beginning):
            return sentence
    return "is not written as it must be", f"write it so that it fits the pattern {pattern}"


def _unknown_key(model: type[BaseModel], within: FieldPath) -> tuple[str, str]:
    known = model_at(model, within[:-1]).model_fields
    return "is not a known key", did_you_mean(str(within[-1]), known, f"use one of {', '.join(known)}, or remove it")


def model_at(model: type[BaseModel], path: Iterable[str | int]) -> type[BaseModel]:
    """The model that describes the value at `path` inside a value described by `model`."""
    for part in path:
        if isinstance(part, str) and part in model.model_fields:
            model = next(_models_in(model.model_fields[part].annotation), model)
    return model


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models_in(argument)
