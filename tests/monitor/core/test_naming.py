"""What messages call things."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core import naming
from monitor.core.model import Words
from monitor.core.watchlist import Target


def test_a_target_is_called_by_its_own_name_else_by_its_address() -> None:
    assert naming.target_name(Target(id="a", url="https://www.ovd.info/"), "en") == "ovd.info"
    assert naming.target_name(Target(id="a", url="http://ovd.info/donate/"), "en") == "ovd.info/donate"
    assert naming.target_name(Target(id="a", domain="ovdinfo.org"), "en") == "ovdinfo.org"
    assert naming.target_name(Target(id="a", url="https://x.org", name=Words(en="Shop", ru="Магазин")), "ru") == "Магазин"


@pytest.mark.parametrize(
    ("given_name", "shown"),
    [
        ("<script>alert(1)</script>", "\u2039script\u203aalert(1)\u2039/script\u203a"),
        ("\x1b]0;owned\x07\x1b[31mred\x1b[0m", "]0;owned[31mred[0m"),
        ("one\r\nBcc: all@example.org", "one Bcc: all@example.org"),
        ("safe\u202egnp.exe", "safegnp.exe"),
        ("a\ud800b", "ab"),
        ("x" * 100, "x" * 59 + "…"),
    ],
)
def test_a_hostile_name_is_made_harmless(given_name: str, shown: str) -> None:
    assert naming.plain(given_name, 60) == shown


@given(st.text(), st.integers(min_value=1, max_value=100))
def test_whatever_is_written_becomes_one_harmless_line(text: str, limit: int) -> None:
    shown = naming.plain(text, limit)
    assert len(shown) <= limit
    assert not re.search(r"[<>\n\r\x1b]", shown)
    assert not any(unicodedata.category(character)[0] == "C" for character in shown)
    assert shown.encode().decode() == shown
