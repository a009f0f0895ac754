"""English and Russian: which of them a reader wants, and the words in it.

Translations are `.po` files, read once at start: no build step, and a translator's change needs only a restart.
"""

from datetime import UTC, datetime
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Final, get_args

from babel.dates import format_date, format_datetime, format_timedelta
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from fastapi import Request

from monitor.core.model import Language

LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)

NAMES: Final[dict[Language, str]] = {"en": "English", "ru": "Русский"}

_FOLDER = Path(__file__).parent / "pages" / "translations"


@cache
def translations(language: Language) -> NullTranslations:
    """The catalogue of a language. English is what the source says."""
    path = _FOLDER / f"{language}.po"
    if not path.exists():
        return NullTranslations()
    with path.open("rb") as source:
        catalogue = read_po(source, locale=language, abort_invalid=True)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Translations(compiled)


def chosen_language(request: Request) -> Language | None:
    """The language that the address itself asks for."""
    asked = request.query_params.get("lang")
    return next((language for language in LANGUAGES if language == asked), None)


def language_of(request: Request) -> Language:
    """The reader's language: that of the address, else the first known one of `Accept-Language`, else English."""
    return chosen_language(request) or _accepted(request.headers.get("accept-language", ""))


def _accepted(header: str) -> Language:
    wanted = sorted((_weighed(part) for part in header[:1000].split(",")), key=lambda one: -one[1])
    for tag, weight in wanted:
        for language in LANGUAGES:
            if weight > 0 and tag.partition("-")[0] == language:
                return language
    return "en"


def _weighed(part: str) -> tuple[str, float]:
    """One entry of `Accept-Language` (RFC 9110, 12.5.4): a tag and its weight, 0 where it is malformed."""
    tag, _, parameter = part.partition(";")
    name, _, value = parameter.strip().partition("=")
    try:
        weight = float(value) if name.strip() == "q" else 1.0
    except ValueError:
        weight = 0.0
    return tag.strip().lower(), weight


def ago(moment: datetime, now: datetime, language: Language) -> str:
    """How long ago (or in how long) `moment` is, in words: "4 minutes ago"."""
    return format_timedelta(moment - now, add_direction=True, locale=language, threshold=1.5)


def written(moment: datetime, language: Language) -> str:
    """A moment for people, in UTC: "21 Nov 2026, 21:49 UTC"."""
    return format_datetime(moment, "d MMM y, HH:mm", locale=language) + " UTC"


def written_exactly(moment: datetime, language: Language) -> str:
    """A moment to the second, in UTC: "21 Nov 2026, 21:49:07 UTC"."""
    return format_datetime(moment, "d MMM y, HH:mm:ss", locale=language) + " UTC"


def written_clock(moment: datetime, language: Language) -> str:
    """A time of day in UTC: "21:49"."""
    return format_datetime(moment, "HH:mm", locale=language)


def written_day(moment: datetime, language: Language) -> str:
    """A day in UTC, short: "21 Nov 2026"."""
    return format_datetime(moment, "d MMM y", locale=language)


def written_on(moment: datetime, language: Language) -> str:
    """A day for people, in UTC: "21 November 2026"."""
    return format_date(moment.astimezone(UTC), "d MMMM y", locale=language)
