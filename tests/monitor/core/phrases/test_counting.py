"""Numbers and their nouns."""

import pytest

from monitor.core.phrases import PHRASES
from monitor.core.phrases.counting import counted
from tests.monitor.core.messages import LANGUAGES


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (0, "0 тревог"),
        (1, "1 тревога"),
        (2, "2 тревоги"),
        (4, "4 тревоги"),
        (5, "5 тревог"),
        (11, "11 тревог"),
        (12, "12 тревог"),
        (21, "21 тревога"),
        (22, "22 тревоги"),
        (111, "111 тревог"),
        (1001, "1001 тревога"),
    ],
)
def test_a_russian_noun_follows_its_number(number: int, shown: str) -> None:
    assert counted(PHRASES["ru"].together.alarms, number, "ru") == shown


@pytest.mark.parametrize(("number", "shown"), [(0, "0 alarms"), (1, "1 alarm"), (2, "2 alarms"), (21, "21 alarms")])
def test_an_english_noun_has_two_forms(number: int, shown: str) -> None:
    assert counted(PHRASES["en"].together.alarms, number, "en") == shown


@pytest.mark.parametrize("number", range(130))
def test_every_noun_has_a_form_for_every_number(number: int) -> None:
    for language in LANGUAGES:
        phrases = PHRASES[language]
        together = phrases.together
        nouns = [loss.counted for loss in phrases.losses.values()]
        nouns += [phrases.of_organisations, together.alarms, together.over, together.withdrawn, together.others, together.more]
        assert all(str(number) in counted(forms, number, language) for forms in nouns)
