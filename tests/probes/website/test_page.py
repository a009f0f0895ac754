"""Whether two places got the same page, by OONI's comparisons, and which pages only turn machines away."""

from typing import Any

import pytest

from probes.kit.observation import HttpExchange
from probes.website.page import are_same, is_challenge

URL = "http://www.example.com/"


def page(**said: Any) -> HttpExchange:
    usual = {"status": 200, "title": "Default Web Page", "body_length": 1000, "header_names": ("Date", "X-Site")}
    return HttpExchange(started=0, duration=0, url=URL, **{**usual, **said})


@pytest.mark.parametrize(
    "ours",
    [
        page(),
        page(body_length=701, title=None),
        page(body_length=10, title="PAGE default, Web".replace(",", "")),
        page(body_length=None, title=None),
        page(truncated=True, title=None),
        page(body_length=1, title="x", body_hash="same"),
    ],
    ids=["all alike", "a like body", "a like title", "only headers known", "a body cut off", "the very same body"],
)
def test_one_likeness_is_enough(ours: HttpExchange) -> None:
    assert are_same(ours, page(body_hash="same" if ours.body_hash else None))


@pytest.mark.parametrize(
    "ours",
    [
        page(status=403),
        page(body_length=188, title="Access Denied", header_names=()),
        page(body_length=188, title="Access Denied"),
        page(body_length=950, title="Access Denied"),
        page(body_length=188, title=None),
        page(body_length=0, title=None, header_names=("date", "server")),
    ],
    ids=[
        "another status",
        "an injected page",
        "an injected page that shares a header",
        "an injected page of a like length",
        "an injected page without a title",
        "nothing but common headers",
    ],
)
def test_another_page_is_told_apart(ours: HttpExchange) -> None:
    assert not are_same(ours, page())


@pytest.mark.parametrize(
    "walled",
    [
        page(status=503, title="Just a moment..."),
        page(status=403, title="DDoS-Guard"),
        page(status=403, title=None, header_names=("CF-Mitigated",)),
    ],
)
def test_a_challenge_is_recognised(walled: HttpExchange) -> None:
    assert is_challenge(walled)


def test_an_article_about_challenges_is_none() -> None:
    assert not is_challenge(page(title="Just a moment: how bot walls hurt civil society"))
