"""What people may write for others to read."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from monitor.core.model import Text, Words, readable

TEXT = TypeAdapter[str](Text)


@pytest.mark.parametrize("said", ["a\0b", "\x1ba\x1bb", "ab\x7f", "a\x9bb", "a\x0bb"])
def test_control_characters_are_taken_out(said: str) -> None:
    assert TEXT.validate_python(said) == Words(en=said).en == "ab"


def test_a_half_of_a_character_is_refused_by_the_validation_and_taken_out_by_the_rule() -> None:
    with pytest.raises(ValidationError, match="unable to parse raw data as a unicode string"):
        TEXT.validate_python("a\ud800b")
    assert readable("a\ud800b") == "ab"


@pytest.mark.parametrize("said", ["\0", "\x1b\x07 "])
def test_nothing_but_control_characters_is_nothing(said: str) -> None:
    with pytest.raises(ValidationError, match="write something that can be seen"):
        TEXT.validate_python(said)


def test_lines_end_as_they_do_here_and_tabs_stay() -> None:
    assert TEXT.validate_python("one\r\n\ttwo\rthree") == "one\n\ttwo\nthree"


@given(st.text(min_size=1, max_size=20))
def test_whatever_is_taken_can_be_stored_and_shown_and_is_taken_again_as_it_is(said: str) -> None:
    try:
        taken = TEXT.validate_python(said)
    except ValidationError:
        return
    taken.encode()
    assert not any(unicodedata.category(one) == "Cc" for one in taken.replace("\n", "").replace("\t", ""))
    assert TEXT.validate_python(taken) == taken
