"""Who is asked before the first look, and what they are told."""

from pathlib import Path

import pytest

from monitor.core.safety import HOSTILE, is_hostile, note

PAGE = (Path(__file__).parents[3] / "docs" / "safety.md").read_text(encoding="utf-8")


def test_a_person_in_russia_is_asked_first_and_told_of_the_law_in_both_languages() -> None:
    assert is_hostile("RU")
    first, everywhere = note("RU")
    assert "284.1" in first.of("en")
    assert "284.1" in first.of("ru")
    assert "undesirable" in first.en
    assert everywhere == note(None)[0]


def test_elsewhere_on_the_list_nothing_is_claimed_about_a_law() -> None:
    first, _ = note("BY")
    assert "undesirable" not in first.en
    assert "cautious list" in first.en


@pytest.mark.parametrize("country", ["DE", "GE", None, "", "ru", "XX"])
def test_everybody_else_is_told_only_what_others_can_see(country: str | None) -> None:
    assert not is_hostile(country)
    assert note(country) == note(None)


@pytest.mark.parametrize("country", HOSTILE)
def test_every_country_on_the_list_stands_on_the_page(country: str) -> None:
    assert f"({country})" in PAGE
    assert note(country)[0] != note(None)[0]


def test_the_page_names_no_country_that_is_not_on_the_list() -> None:
    listed = PAGE.partition("## The list")[2].partition("\n\n")[2].partition("\n\n")[0]
    assert listed.count("(") == len(HOSTILE)


def test_every_text_speaks_russian_too() -> None:
    texts = [*HOSTILE.values(), *note("RU"), *note("BY"), *note("DE")]
    assert all(text.ru for text in texts)
