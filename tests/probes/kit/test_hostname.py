"""Host names as the wire carries them, and those that are refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.kit.hostname import ascii_host


@pytest.mark.parametrize(
    ("written", "carried"),
    [
        ("WWW.Example.ORG", "www.example.org"),
        ("example.org.", "example.org"),
        ("яндекс.рф", "xn--d1acpjx3f.xn--p1ai"),
        ("my_site.example.org", "my_site.example.org"),
        ("93.184.216.34", "93.184.216.34"),
        ("2606:2800:0220::1", "2606:2800:220::1"),
        ("10.10.34.35", "10.10.34.35"),
    ],
)
def test_a_host_is_carried_in_one_form(written: str, carried: str) -> None:
    assert ascii_host(written) == carried


@pytest.mark.parametrize(
    "written",
    [
        *("", ".", "a..b", "-a.example", "a-.example", "a b.example", "example", "com", "a" * 64 + ".example"),
        *("localhost", "x.localhost", "nas.local", "db.internal", "router.home.arpa", "hidden.onion"),
        *("127.0.0.1", "::1", "0.0.0.0", "169.254.169.254", "fe80::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "ff02::1"),
        *("127.1", "2130706433", "0x7f.1", "1.2.3.4.5", "example.0x10"),
        "a." * 130 + "example",
    ],
)
def test_what_is_no_public_host_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match=r"name|host"):
        ascii_host(written)


@given(st.text(max_size=60))
def test_any_text_is_refused_or_carried_in_ascii(written: str) -> None:
    try:
        carried = ascii_host(written)
    except ValueError:
        return
    assert carried.isascii()
    assert ascii_host(carried) == carried
