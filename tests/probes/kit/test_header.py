"""Header fields of strangers: read as their standards say, within bounds."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.kit.header import blocked_by, dated


@pytest.mark.parametrize(
    ("field", "who"),
    [
        (b'Link: <https://isp.example/>; rel="blocked-by"', "https://isp.example/"),
        (b"link:<https://isp.example/>;rel=blocked-by", "https://isp.example/"),
        (b'Link: </style.css>; rel=preload; as=style, <https://isp.example/>; rel="next BLOCKED-BY"', "https://isp.example/"),
        (b"Link: </a>; rel=preload\r\nLink: <https://isp.example/>; rel=blocked-by", "https://isp.example/"),
        (b'Link: <https://isp.example/>; rel="blocked-bystander"', None),
        (b"Link: https://isp.example/; rel=blocked-by", None),
        (b"X-Link: <https://isp.example/>; rel=blocked-by", None),
        (b"Link: <" + b"x" * 9000 + b">; rel=blocked-by", None),
        (b"Server: x", None),
    ],
)
def test_who_blocks_is_read_from_the_link_of_that_relation(field: bytes, who: str | None) -> None:
    assert blocked_by(b"HTTP/1.1 451 Unavailable For Legal Reasons\r\n" + field + b"\r\n\r\n") == who


@given(st.binary(max_size=300))
def test_no_head_is_too_odd(junk: bytes) -> None:
    assert blocked_by(b"Link: " + junk) is None or b"blocked-by" in junk.lower()


@pytest.mark.parametrize(
    ("date", "age", "sent"),
    [
        ("Sat, 25 Dec 2021 09:05:00 GMT", "", datetime(2021, 12, 25, 9, 5, tzinfo=UTC)),
        ("Sat, 25 Dec 2021 09:05:00 GMT", "120", datetime(2021, 12, 25, 9, 7, tzinfo=UTC)),
        ("Sat, 25 Dec 2021 09:05:00 GMT", "soon", datetime(2021, 12, 25, 9, 5, tzinfo=UTC)),
        ("Sat, 25 Dec 2021 09:05:00 +0300", "", datetime(2021, 12, 25, 6, 5, tzinfo=UTC)),
        ("Sat, 25 Dec 2021 09:05:00 -0000", "", None),
        ("", "", None),
        ("yesterday", "", None),
        ("Sat, 99 Dec 2021 09:05:00 GMT", "", None),
        ("Fri, 31 Dec 9999 23:59:59 GMT", "99999999", None),
    ],
)
def test_a_response_is_dated_by_its_sender_and_ages_in_caches(date: str, age: str, sent: datetime | None) -> None:
    assert dated(date, age) == sent


@given(st.text(max_size=80), st.text(max_size=12))
def test_no_date_is_too_odd(date: str, age: str) -> None:
    found = dated(date, age)
    assert found is None or found.tzinfo is UTC
