"""What can be said about a page without understanding it, within bounds."""

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.kit.page import text, title, unpacked

CAP = 1000


@pytest.mark.parametrize(
    ("body", "content_type", "found"),
    [
        (b"<html><head><title>OVD-Info</title>", "", "OVD-Info"),
        (b"<TITLE lang=ru>\n  Two \t lines\n</TITLE>", "", "Two lines"),
        (b"<title>A &amp; B &#8212; C</title>", "", "A & B — C"),
        (b"<title>First</title><title>Second</title>", "", "First"),
        ("<title>Мемориал</title>".encode(), "text/html", "Мемориал"),
        ("<title>Мемориал</title>".encode("cp1251"), "text/html; charset=windows-1251", "Мемориал"),
        ("<meta charset=koi8-r><title>Мемориал</title>".encode("koi8-r"), "", "Мемориал"),
        ("<title>Мемориал</title>".encode("cp1251"), "text/html; charset=utf-8", "Мемориал"),
        ("<title>Мемориал</title>".encode(), "text/html; charset=no-such-set", "Мемориал"),
        ("<title>Мемориал</title>".encode(), "text/html; charset=rot13", "Мемориал"),
        (b"<title>A null\0 and half a character +2AA-</title>", "text/html; charset=utf-7", "A null and half a character"),
        (b"<title>Unclosed and then nothing", "", "Unclosed and then nothing"),
        (b"<title></title>", "", None),
        (b"<title", "", None),
        (b"no title at all", "", None),
        (b"", "", None),
    ],
)
def test_the_title_is_found_and_read(body: bytes, content_type: str, found: str | None) -> None:
    assert title(body, content_type) == found


def test_a_title_is_bounded() -> None:
    assert title(b"<title>" + b"x" * 10_000 + b"</title>") == "x" * 300


@given(st.binary(), st.text(max_size=50))
def test_no_page_is_too_odd_for_a_title(body: bytes, content_type: str) -> None:
    found = title(b"<title>" + body, content_type)

    assert found is None or len(found) <= 300


@given(st.binary(max_size=3000), st.sampled_from(["gzip", "x-gzip", " GZIP ", "deflate", "raw deflate", ""]))
def test_what_was_packed_is_unpacked_up_to_the_cap(data: bytes, encoding: str) -> None:
    packed = {"deflate": zlib.compress(data), "raw deflate": zlib.compress(data, wbits=-15), "": data}
    raw = packed.get(encoding, gzip.compress(data))

    assert unpacked(raw, encoding.removeprefix("raw "), CAP) == (data[:CAP] or raw[:CAP])


@given(st.binary(max_size=3000), st.sampled_from(["gzip", "deflate", "br", "identity", "gzip, gzip"]))
def test_no_bytes_are_too_odd_to_be_unpacked(raw: bytes, encoding: str) -> None:
    assert len(unpacked(raw, encoding, CAP)) <= CAP


def test_a_bomb_is_not_unpacked_beyond_the_cap() -> None:
    assert unpacked(gzip.compress(b"\0" * 100_000_000), "gzip", CAP) == b"\0" * CAP


def test_of_a_broken_stream_the_good_part_is_kept() -> None:
    noise = bytes(range(256)) * 200
    packed = gzip.compress(noise, compresslevel=0)
    broken = packed[:20_000] + b"\xff" * 1000 + packed[21_000:]

    assert noise.startswith(unpacked(broken[:20_000], "gzip", len(noise)))
    assert len(unpacked(packed[:-8] + b"\0" * 8, "gzip", len(noise))) > 40_000


@pytest.mark.parametrize("name", ["utf-8", "windows-1251", "koi8-r"])
def test_a_body_that_was_cut_within_a_character_is_still_read_in_its_set(name: str) -> None:
    body = "Доступ ограничен".encode(name)
    assert text(body[:-1], f"text/html; charset={name}").startswith("Доступ ограниче")


@pytest.mark.parametrize("name", ["punycode", "idna", "unicode_escape", "zlib", "no-such-set"])
def test_character_sets_that_are_none_of_the_webs_are_not_used(name: str) -> None:
    assert text("Доступ".encode(), f"text/html; charset={name}") == "Доступ"


@given(st.binary(max_size=400), st.text(max_size=60))
def test_no_body_is_too_odd_to_be_read(body: bytes, content_type: str) -> None:
    assert len(text(body, content_type)) <= len(body)
