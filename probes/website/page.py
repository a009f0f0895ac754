"""Reading a page: whether two places got the same one, and whether it is one that only turns machines away."""

from typing import Final

from probes.kit.observation import HttpExchange

_LEAST_RATIO: Final = 0.7
_LONG_WORD: Final = 5

_COMMON_HEADERS: Final = frozenset(
    {
        *("accept-ranges", "age", "cache-control", "cf-ray", "content-encoding", "content-language", "content-type", "date"),
        *("etag", "expires", "last-modified", "link", "location", "p3p", "pragma", "server", "set-cookie"),
        *("strict-transport-security", "vary", "via", "x-content-type-options", "x-frame-options", "x-powered-by"),
        *("x-varnish", "x-xss-protection"),
    }
)
"""Header names that say nothing about who sent them. Source: OONI Web Connectivity (ts-017)."""

_CHALLENGE_HEADERS: Final = frozenset({"cf-mitigated"})
"""Set on every challenge and on nothing else. Source: Cloudflare, "Detect a Challenge Page response"."""

_CHALLENGE_STATUS: Final = frozenset({403, 429, 503})
_CHALLENGE_TITLES: Final = (
    "just a moment",
    "attention required! | cloudflare",
    "ddos-guard",
    "checking your browser",
)
"""How the titles of challenges begin. Source: as seen at Cloudflare and DDoS-Guard."""


def is_challenge(page: HttpExchange) -> bool:
    """Whether the page asks its reader to prove to be no machine."""
    if not _CHALLENGE_HEADERS.isdisjoint(name.lower() for name in page.header_names):
        return True
    title = (page.title or "").strip().lower()
    return page.status in _CHALLENGE_STATUS and title.startswith(_CHALLENGE_TITLES)


def are_same(ours: HttpExchange, theirs: HttpExchange) -> bool:
    """Whether two places got the same page, by OONI's comparisons: equal status and a like body, title or set of headers.

    Stricter than OONI in one thing: where body and title could both be compared and both differ, headers that happen to be
    shared do not make an injected page the same one.
    """
    if ours.status != theirs.status:
        return False
    contents = [likeness for likeness in (_like_bodies(ours, theirs), _like_titles(ours, theirs)) if likeness is not None]
    if any(contents):
        return True
    return len(contents) < 2 and _like_headers(ours, theirs)


def _like_bodies(ours: HttpExchange, theirs: HttpExchange) -> bool | None:
    """Whether the lengths are within 30 % of each other; None where a length is not known or a body was cut off."""
    if ours.body_hash is not None and ours.body_hash == theirs.body_hash:
        return True
    if ours.truncated or theirs.truncated or not ours.body_length or not theirs.body_length:
        return None
    shorter, longer = sorted((ours.body_length, theirs.body_length))
    return shorter / longer > _LEAST_RATIO


def _like_titles(ours: HttpExchange, theirs: HttpExchange) -> bool | None:
    """Whether the same long words stand in both titles, in whatever order; None where a title has none."""
    mine, yours = _long_words(ours.title), _long_words(theirs.title)
    return mine == yours if mine and yours else None


def _long_words(title: str | None) -> frozenset[str]:
    return frozenset(word for word in (title or "").casefold().split() if len(word.encode()) >= _LONG_WORD)


def _like_headers(ours: HttpExchange, theirs: HttpExchange) -> bool:
    mine, yours = ({name.lower() for name in page.header_names} - _COMMON_HEADERS for page in (ours, theirs))
    return not mine.isdisjoint(yours)
