"""Which language a reader gets, and that nothing is left untranslated."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from fastapi import Request
from hypothesis import given
from hypothesis import strategies as st

import api
from api.complaints import FRAMES
from api.labels import all_words
from api.languages import ago, language_of, translations, written, written_exactly
from api.problems import _DETAILS
from api.routes.sign_in import _SPENT

FOLDER = Path(api.__file__).parent

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def asked(header: str | None, query: str = "") -> Request:
    headers = [(b"accept-language", header.encode("latin-1", "replace"))] if header is not None else []
    return Request({"type": "http", "headers": headers, "query_string": query.encode()})


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, "en"),
        ("", "en"),
        ("ru", "ru"),
        ("ru-RU,ru;q=0.9", "ru"),
        ("de,ru;q=0.8,en;q=0.7", "ru"),
        ("de, en;q=0.9, ru;q=0.8", "en"),
        ("ru;q=0, en", "en"),
        ("RU", "ru"),
        ("uk", "en"),
        ("ru;q=high", "en"),
        ("*", "en"),
    ],
)
def test_the_best_known_language_of_the_browser_is_taken(header: str | None, expected: str) -> None:
    assert language_of(asked(header)) == expected


def test_the_address_outranks_the_browser() -> None:
    assert language_of(asked("en", "lang=ru")) == "ru"
    assert language_of(asked("ru", "lang=xx")) == "ru"


@given(st.text())
def test_no_header_breaks_the_choice(header: str) -> None:
    assert language_of(asked(header)) in {"en", "ru"}


def texts() -> set[str]:
    """Every text that a page or feed may show: those in templates and code, the closed words, and the errors."""
    methods = [("**.py", "python"), ("**/templates/**.html", "jinja2")]
    found = {
        message
        for _, _, message, _, _ in extract_from_dir(str(FOLDER), methods, keywords={"_": None, "gettext": None, "text": None})
        if isinstance(message, str)
    }
    return found | all_words() | set(_DETAILS.values()) | set(FRAMES) | {_SPENT}


def test_every_text_has_a_russian_one_and_no_translation_is_left_over() -> None:
    with (FOLDER / "pages" / "translations" / "ru.po").open("rb") as source:
        catalogue = read_po(source, abort_invalid=True)
    translated = {message.id for message in catalogue if message.id and message.string}
    assert texts() - translated == set()
    assert translated - texts() == set()


def test_translations_keep_the_names_to_be_filled_in() -> None:
    with (FOLDER / "pages" / "translations" / "ru.po").open("rb") as source:
        for message in read_po(source):
            if isinstance(message.id, str) and isinstance(message.string, str):
                assert sorted(names(message.id)) == sorted(names(message.string)), message.id


def names(text: str) -> list[str]:
    return [part.partition(")")[0] for part in text.split("%(")[1:]]


def test_english_is_what_the_source_says() -> None:
    assert translations("en").gettext("Works") == "Works"
    assert translations("ru").gettext("Works") == "Работает"


def test_times_are_said_in_both_languages_and_always_in_utc() -> None:
    elsewhere = NOW.astimezone().astimezone(tz=None)
    assert written(elsewhere, "en") == "21 Nov 2026, 12:00 UTC"
    assert written_exactly(elsewhere, "ru") == "21 нояб. 2026, 12:00:00 UTC"
    assert ago(NOW - timedelta(minutes=4), NOW, "en") == "4 minutes ago"
    assert ago(NOW - timedelta(minutes=4), NOW, "ru") == "4 минуты назад"
