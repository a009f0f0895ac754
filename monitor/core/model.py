"""What all configuration is built of: closed words and spellings that several of its models share."""

import re
import unicodedata
from enum import StrEnum
from typing import Annotated, Any, Final, Literal
from zoneinfo import available_timezones

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
)

from monitor.core.country import existing_country

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?$")]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$"), AfterValidator(existing_country)]
Language = Literal["en", "ru"]
SecretName = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]{2,63}$")]

_DURATION = re.compile(r"^(\d{1,6})(s|min|h|d)$")
_UNIT_SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86400}


def _seconds(value: Any) -> Any:
    found = _DURATION.match(value) if isinstance(value, str) else None
    if not found:
        raise ValueError("write a duration as a number and a unit: 30s, 5min, 12h or 90d")
    return int(found[1]) * _UNIT_SECONDS[found[2]]


Seconds = Annotated[
    int,
    BeforeValidator(_seconds),
    PlainSerializer(lambda seconds: f"{seconds}s", return_type=str, when_used="json"),
    Field(ge=1),
]
"""Whole seconds; written `30s`, `5min`, `12h` or `90d`, and in JSON too, so that a plan can be read back."""


def _wait(value: Any) -> Any:
    return 0 if value in (0, "0", "0s") else _seconds(value)


Wait = Annotated[
    int,
    BeforeValidator(_wait),
    PlainSerializer(lambda seconds: f"{seconds}s", return_type=str, when_used="json"),
    Field(ge=0, le=3600),
]
"""Whole seconds, spelled as `Seconds`, that may also be none (`0s`) and are at most an hour."""


def _existing_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("write a time zone as the IANA database names it: UTC, Europe/Vilnius, Asia/Tbilisi")
    return name


TimeZone = Annotated[str, AfterValidator(_existing_zone)]
"""A time zone by its name in the IANA database."""

ClockTime = Annotated[str, StringConstraints(pattern=r"^(?:[01]\d|2[0-3]):[0-5]\d$")]
"""A time of day, such as 07:30, in quotes."""


class Model(BaseModel):
    """Base of all configuration: frozen, and unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=False)


class Tlp(StrEnum):
    """Traffic Light Protocol 2.0: how far something may travel."""

    CLEAR = "CLEAR"
    GREEN = "GREEN"
    AMBER = "AMBER"
    RED = "RED"


_UNREADABLE: Final = frozenset({"Cc", "Cs"})
"""Of Unicode's categories: control characters, and halves of characters."""


def _to_be_seen(text: str) -> str:
    if all(unicodedata.category(character)[0] in "CZ" for character in text):
        raise ValueError("write something that can be seen: this is nothing but spaces or control characters")
    return text


def readable(text: str) -> str:
    """The text with lines that end as they do here, and without control characters and halves of characters.

    Nobody sees those, terminals obey them, and databases refuse some. They are taken out and not refused, since what is in the
    log already is read in this way too.
    """
    ended = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(one for one in ended if one in "\n\t" or unicodedata.category(one) not in _UNREADABLE)


Text = Annotated[str, StringConstraints(min_length=1, max_length=2000), AfterValidator(_to_be_seen), AfterValidator(readable)]
"""What a person wrote for others to read; of control characters only new lines and tabs stay."""


class Words(Model):
    """One text in English and Russian. Where the Russian is missing, the English stands."""

    en: Text
    ru: Text | None = None

    def of(self, language: str) -> str:
        """The text in `language`, else in English."""
        return self.ru if language == "ru" and self.ru else self.en


def _no_number(value: Any) -> Any:
    """Pydantic would take `20260301`, in quotes or without, for seconds since 1970."""
    if isinstance(value, int | float) or (isinstance(value, str) and value.isdigit()):
        raise ValueError("write a date, a time and its time zone, such as 2026-03-01T09:00:00Z")
    return value


Moment = Annotated[AwareDatetime, BeforeValidator(_no_number)]


class Source(Model):
    """Where a fact about an organisation or a provider was found. `date` is the source's own, never that of the fact."""

    title: str
    url: str | None = None
    date: str | None = Field(default=None, pattern=r"^\d{4}(?:-\d{2}(?:-\d{2})?)?$")
