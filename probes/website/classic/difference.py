"""Whether a page in clear text differs from the control's, by OONI's comparisons and no others.

Ours (`probes.website.page`) are stricter; these are kept as they are so that the classic verdict stays comparable.
"""

from typing import Final

from probes.kit.observation import HttpExchange
from probes.website.page import COMMON_HEADERS

_LEAST_RATIO: Final = 0.7
_LONG_WORD: Final = 5
"""Bytes of a word that counts in a title."""


def differ(ours: HttpExchange, theirs: HttpExchange | None) -> bool:
    """Whether the pages differ: the status does, or neither body nor headers nor title are alike."""
    if theirs is None or not has_like_status(ours, theirs):
        return True
    return not (has_like_body(ours, theirs) or has_like_headers(ours, theirs) or has_like_title(ours, theirs))


def has_like_status(ours: HttpExchange, theirs: HttpExchange) -> bool | None:
    """Whether the status is the same; None where a control in trouble, outside 2xx, got another."""
    if not (ours.status and theirs.status) or min(ours.status, theirs.status) <= 0:
        return None
    if ours.status == theirs.status:
        return True
    return None if theirs.status // 100 != 2 else False


def has_like_body(ours: HttpExchange, theirs: HttpExchange) -> bool | None:
    """Whether the shorter body has more than 0.7 of the longer one's bytes; None for empty, unknown and truncated ones."""
    if ours.truncated or theirs.truncated or not (ours.body_length and theirs.body_length):
        return None
    shorter, longer = sorted((ours.body_length, theirs.body_length))
    return shorter > 0 and shorter / longer > _LEAST_RATIO


def has_like_headers(ours: HttpExchange, theirs: HttpExchange) -> bool:
    """Whether both have a header that not everybody has."""
    mine, yours = ({name.lower() for name in page.header_names} - COMMON_HEADERS for page in (ours, theirs))
    return not mine.isdisjoint(yours)


def has_like_title(ours: HttpExchange, theirs: HttpExchange) -> bool:
    """Whether the same long words stand in both titles, in any order; so it is where neither has any."""
    return _long_words(ours.title) == _long_words(theirs.title)


def _long_words(title: str | None) -> frozenset[str]:
    words = (title or "").split(" ")
    return frozenset(word.casefold() for word in words if len(word.encode("utf-8", "replace")) >= _LONG_WORD)
