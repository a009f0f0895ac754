"""Reading a page: whether two places got the same one, and whether it is one that only turns machines away."""

from typing import Final
from urllib.parse import urlsplit

from probes.kit.observation import HttpExchange

_LEAST_RATIO: Final = 0.7
_LONG_WORD: Final = 5

COMMON_HEADERS: Final = frozenset(
    {
        *("accept-ranges", "age", "cache-control", "cf-ray", "content-encoding", "content-language", "content-type", "date"),
        *("etag", "expires", "last-modified", "link", "location", "p3p", "pragma", "server", "set-cookie"),
        *("strict-transport-security", "vary", "via", "x-content-type-options", "x-frame-options", "x-powered-by"),
        *("x-varnish", "x-xss-protection"),
    }
)
"""Header names that say nothing about who sent them. Source: OONI Web Connectivity (ts-017)."""

_FRAMING: Final = frozenset({"connection", "content-length", "keep-alive", "transfer-encoding"})
"""Further ones that every server sends."""

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


_COUNTRY_TITLES: Final = (
    "used cloudflare to restrict access",
    "not available in your country",
    "not available in your region",
    "unavailable in your country",
    "unavailable in your region",
    "country blocked",
    "geo-restricted",
    "geoblocked",
    "недоступен в вашей стране",
    "недоступно в вашей стране",
    "недоступен в вашем регионе",
)
"""What the titles of geo-refusals hold. Source: as seen at Cloudflare (errors 1009 and 1020) and at newspapers abroad."""


def is_challenge(page: HttpExchange) -> bool:
    """Whether the page asks its reader to prove to be no machine."""
    if not _CHALLENGE_HEADERS.isdisjoint(name.lower() for name in page.header_names):
        return True
    title = (page.title or "").strip().lower()
    return page.status in _CHALLENGE_STATUS and title.startswith(_CHALLENGE_TITLES)


def names_countries(page: HttpExchange | None) -> bool:
    """Whether the page's title says that whole countries are refused."""
    title = ((page.title if page else None) or "").casefold()
    return any(words in title for words in _COUNTRY_TITLES)


def are_same(ours: HttpExchange, theirs: HttpExchange) -> bool:
    """Whether two places got the same page, by OONI's comparisons: equal status and a like body, title or set of headers.

    Stricter than OONI: titles without a word in common, or bodies that could be compared and are not alike, are not outvoted by
    headers that happen to be shared, and by a like length neither.
    """
    if ours.status != theirs.status or _have_foreign_titles(ours, theirs):
        return False
    contents = [likeness for likeness in (_like_bodies(ours, theirs), _like_titles(ours, theirs)) if likeness is not None]
    return any(contents) or (not contents and _like_headers(ours, theirs))


def are_one(mine: HttpExchange, theirs: HttpExchange) -> bool:
    """Whether two names were sent to the same place, or shown the same page byte for byte."""
    if mine.location and theirs.location:
        here, there = _place(mine.location), _place(theirs.location)
        return here is not None and here == there
    same = mine.body_hash is not None and mine.body_hash == theirs.body_hash
    return same and bool(mine.body_length) and mine.status == theirs.status


def _place(location: str) -> tuple[str, str] | None:
    """Host and path of an absolute Location; None for any other, and for what is none."""
    try:
        parts = urlsplit(location)
    except ValueError:
        return None
    return (parts.netloc.lower(), parts.path) if parts.netloc else None


def _have_foreign_titles(ours: HttpExchange, theirs: HttpExchange) -> bool:
    """Whether both pages have titles, and no long word stands in both."""
    mine, yours = long_words(ours.title), long_words(theirs.title)
    return bool(mine and yours) and mine.isdisjoint(yours)


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
    mine, yours = long_words(ours.title), long_words(theirs.title)
    return mine == yours if mine and yours else None


def long_words(title: str | None) -> frozenset[str]:
    """The words of a title that have five or more bytes, case-folded."""
    return frozenset(word for word in (title or "").casefold().split() if len(word.encode()) >= _LONG_WORD)


def _like_headers(ours: HttpExchange, theirs: HttpExchange) -> bool:
    mine, yours = ({name.lower() for name in page.header_names} - COMMON_HEADERS - _FRAMING for page in (ours, theirs))
    return not mine.isdisjoint(yours)
