"""`/feed.json`: JSON Feed 1.1, an entry for each incident."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.feed import MEDIA_TYPE, Renderings
from api.languages import language_of
from api.parameters import IncidentFilters
from api.problems import ERRORS
from api.render import VARIES
from api.schemas import Feed
from api.visible import Seen

router = APIRouter(tags=["feeds"])


class FeedResponse(Response):
    """Bytes that were rendered before."""

    media_type = MEDIA_TYPE


@router.get(
    "/feed.json",
    operation_id="read_feed",
    summary="Incidents as JSON Feed 1.1",
    response_class=FeedResponse,
    responses={200: {"model": Feed}, 304: {"description": "Nothing has changed"}, **ERRORS},
)
async def feed(request: Request, visible: Seen, filters: Annotated[IncidentFilters, Query()]) -> Response:
    """The incidents that changed last, at most 100. The entry's `id` is the incident's and never changes."""
    renderings: Renderings = request.app.state.feeds
    language = language_of(request)
    rendering = await renderings.feed(visible, filters, language)
    caching = "public, max-age=60" if visible.reader.is_anonymous else "private, no-cache"
    headers = {**rendering.headers, **VARIES, "cache-control": caching, "content-language": language}
    if rendering.is_known_to(request):
        return Response(status_code=304, headers=headers)
    return FeedResponse(rendering.body, headers=headers)
