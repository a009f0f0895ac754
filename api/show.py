"""Shows a page to a reader: what every page knows, besides its own matter."""

from collections.abc import Mapping
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse

from api.access import STAFF
from api.answers import is_blind
from api.languages import language_of
from api.render import ANYBODY, page
from api.visible import Freshness, Visible
from api.wording import Wording
from probes.kit.vocabulary import VantageHealth


def wording(request: Request, visible: Visible) -> Wording:
    """Words in the reader's language."""
    return Wording(language_of(request), visible.watchlist, visible.now)


def show(request: Request, visible: Visible, template: str, values: Mapping[str, Any], *, status: int = 200) -> HTMLResponse:
    """Render a page. An anonymous reader's may be kept by caches, since all of them see the same."""
    health = visible.context.health()
    frame = {
        "words": wording(request, visible),
        "reader": visible.reader,
        "signed_in": visible.reader is STAFF,
        "health": health,
        "blind": is_blind(health),
        "seeing": sum(one.health is VantageHealth.HEALTHY for one in health.vantages),
    }
    headers = ANYBODY if visible.reader.is_anonymous else None
    return page(request, template, {**frame, **values}, status=status, headers=headers)


def freshness_line(freshness: Freshness, words: Wording) -> str:
    """How fresh the knowledge is, in a sentence; empty where there is nothing to know."""
    if not freshness.total:
        return ""
    line = words.text(
        "%(fresh)s of %(total)s checks were made in the last %(minutes)s minutes.",
        fresh=freshness.fresh,
        total=freshness.total,
        minutes=freshness.minutes,
    )
    if freshness.newest is None:
        return line
    newest = words.text("The newest look began %(ago)s.", ago=words.ago(freshness.newest))
    return f"{line} {newest}"
