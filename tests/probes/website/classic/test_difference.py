"""OONI's four comparisons of two pages, and what follows from them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.kit.observation import HttpExchange
from probes.website.classic.difference import differ, has_like_body, has_like_headers, has_like_status, has_like_title


def page(**content: Any) -> HttpExchange:
    return HttpExchange(started=0.0, duration=0.0, url="http://www.example.com/", **{"status": 200, **content})


@pytest.mark.parametrize(
    ("ours", "theirs", "alike"),
    [
        (200, 200, True),
        (404, 404, True),
        (503, 200, False),
        (200, 204, False),
        (200, 404, None),
        (200, 503, None),
        (200, 302, None),
        (200, None, None),
        (None, 200, None),
    ],
)
def test_status_is_equal_and_unequal_says_nothing_of_a_control_in_trouble(
    ours: int | None, theirs: int | None, alike: bool | None
) -> None:
    assert has_like_status(page(status=ours), page(status=theirs)) is alike


@pytest.mark.parametrize(
    ("ours", "theirs", "alike"),
    [(1533, 1533, True), (701, 1000, True), (1000, 701, True), (700, 1000, False), (7, 10, False), (188, 1533, False)],
)
def test_a_body_must_have_more_than_seven_tenths_of_the_other(ours: int, theirs: int, alike: bool) -> None:
    assert has_like_body(page(body_length=ours), page(body_length=theirs)) is alike


@pytest.mark.parametrize(("ours", "theirs"), [(0, 100), (100, 0), (None, 100), (100, None), (0, 0)])
def test_empty_and_unknown_bodies_are_not_compared(ours: int | None, theirs: int | None) -> None:
    assert has_like_body(page(body_length=ours), page(body_length=theirs)) is None


def test_a_truncated_body_is_not_compared() -> None:
    assert has_like_body(page(body_length=524288, truncated=True), page(body_length=524288)) is None


@pytest.mark.parametrize(
    ("ours", "theirs", "alike"),
    [
        (("Date", "Alt-Svc"), ("alt-svc", "Server"), True),
        (("Date", "Server", "ETag", "X-Varnish"), ("date", "server", "etag", "x-varnish"), False),
        (("Content-Length",), ("content-length",), True),
        (("X-One",), ("X-Two",), False),
        ((), ("X-Two",), False),
        ((), (), False),
    ],
)
def test_one_header_must_be_shared_that_not_everybody_has(ours: tuple[str, ...], theirs: tuple[str, ...], alike: bool) -> None:
    assert has_like_headers(page(header_names=ours), page(header_names=theirs)) is alike


@pytest.mark.parametrize(
    ("ours", "theirs", "alike"),
    [
        ("Default Web Page", "PAGE default Web", True),
        ("Page Default", "Default Page", True),
        ("Default", "Access Denied", False),
        ("Default Title", "Default", False),
        ("one two", "four six", True),
        (None, None, True),
        (None, "Welcome", False),
        ("", "ok", True),
        ("Яндекс", "ЯНДЕКС", True),
        # Two Cyrillic letters are four bytes, three are six.
        ("да", "но", True),
        ("мир", "дом", False),
    ],
)
def test_no_word_of_five_bytes_or_more_may_differ(ours: str | None, theirs: str | None, alike: bool) -> None:
    assert has_like_title(page(title=ours), page(title=theirs)) is alike


ALIKE: dict[str, Any] = {"body_length": 1000, "title": "Default", "header_names": ("Alt-Svc",)}


@pytest.mark.parametrize("only", ["body_length", "title", "header_names"])
def test_the_status_and_one_more_likeness_are_enough(only: str) -> None:
    unlike: dict[str, Any] = {"body_length": 10, "title": "Access Denied", "header_names": ()}
    assert not differ(page(**(unlike | {only: ALIKE[only]})), page(**ALIKE))


def test_without_any_likeness_pages_differ() -> None:
    assert differ(page(body_length=10, title="Access Denied"), page(**ALIKE))


@pytest.mark.parametrize("theirs", [403, 500, None])
def test_without_an_equal_status_they_differ_however_alike(theirs: int | None) -> None:
    assert differ(page(**ALIKE), page(**ALIKE | {"status": theirs}))


PAGES = st.builds(
    page,
    status=st.sampled_from([None, 200, 204, 302, 404, 503]),
    body_length=st.none() | st.integers(0, 3000),
    title=st.none() | st.text(max_size=30),
    header_names=st.lists(st.sampled_from(["Date", "Alt-Svc", "X-One", "Server"])).map(tuple),
    truncated=st.booleans(),
)


@given(PAGES, PAGES)
def test_unless_a_control_is_in_trouble_it_does_not_matter_whose_page_is_whose(one: HttpExchange, other: HttpExchange) -> None:
    assert differ(one, other) == differ(other, one)
    assert has_like_body(one, other) == has_like_body(other, one)
