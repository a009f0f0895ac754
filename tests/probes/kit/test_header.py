"""Header fields of strangers: read as their standards say, within bounds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.kit.header import blocked_by


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
