"""Rules as data: the first that fits concludes, in words that can be written anywhere."""

import pytest

from probes.kit.rule import Rule, Seen, first_fitting
from probes.kit.vocabulary import State, Strength


def rule(name: str, *, seen: Seen | None, because: str = "seen") -> Rule[object]:
    return Rule(id=name, state=State.OK, strength=Strength.WEAK, because=because, source="this test", fits=lambda case: seen)


def test_the_first_that_fits_concludes() -> None:
    table = (rule("first", seen=None), rule("second", seen={}), rule("third", seen={}))
    assert first_fitting(table, object()).rule == "second"


def test_what_was_seen_fills_the_because() -> None:
    assert (
        first_fitting([rule("one", seen={"title": "403"}, because="The title is {title}.")], object()).because
        == "The title is 403."
    )


def test_half_a_character_from_a_hostile_server_can_still_be_stored() -> None:
    because = first_fitting([rule("one", seen={"title": "a\ud800b"}, because="{title}")], object()).because
    assert because == "a?b"


def test_a_table_that_leaves_a_case_open_is_refused() -> None:
    with pytest.raises(LookupError, match="no rule fits"):
        first_fitting([rule("one", seen=None)], object())
