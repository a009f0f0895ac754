"""From a request to the bytes of a feed: whoever asks again gets them without anything being read or rendered anew."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from fastapi import Request, Response

from api.feeds import calendar
from api.feeds.dates import Agenda
from api.feeds.entries import Listing, query
from api.feeds.renderings import Rendering, Renderings
from api.feeds.stamps import stamp
from api.languages import language_of
from api.parameters import FeedFilters
from api.subscribing import Subscriber
from api.visible import Visible
from api.wording import Wording

_VARIES = "Accept-Language, Accept-Encoding, Authorization, Cookie"


@dataclass(frozen=True, slots=True)
class Form:
    """A form that feeds come in: where, as what, and how it is made."""

    path: str
    media_type: str
    render: Callable[[Listing], Awaitable[Rendering]]


async def serve(request: Request, visible: Visible, filters: FeedFilters, form: Form) -> Response:
    """Answer with the feed in this form, for this reader and these filters."""
    is_private = isinstance(visible.reader, Subscriber)
    words = Wording(language_of(request), visible.watchlist, visible.now)
    listing = Listing(visible, words, filters, None if is_private else form.path)
    renderings: Renderings = request.app.state.feeds
    name = (form.path, visible.reader.audience, words.language, query(filters))
    rendering = await renderings.get(name, await stamp(visible), lambda: form.render(listing))
    return rendering.answer(request, form.media_type, {**headers(visible), "content-language": words.language})


async def serve_calendar(request: Request, visible: Visible, organisation: str | None) -> Response:
    """Answer with the calendar of one organisation or of all; to subscribers only with their own."""
    words = Wording(language_of(request), visible.watchlist, visible.now)
    reader = visible.reader
    agenda = Agenda(visible, words, reader.organisation if isinstance(reader, Subscriber) else organisation)
    renderings: Renderings = request.app.state.feeds
    name = (calendar.PATH, visible.reader.audience, words.language, agenda.organisation)
    rendering = await renderings.get(name, await agenda.load(), lambda: calendar.render(agenda))
    return rendering.answer(request, calendar.MEDIA_TYPE, {**headers(visible), "content-language": words.language})


def headers(visible: Visible) -> dict[str, str]:
    """Who may keep the answer, and who may tell of it."""
    if isinstance(visible.reader, Subscriber):
        return {"vary": _VARIES, "cache-control": "private, no-cache", "x-robots-tag": "noindex, nofollow"}
    caching = "public, max-age=60" if visible.reader.is_anonymous else "private, no-cache"
    return {"vary": _VARIES, "cache-control": caching}
