"""`/feed.json`: JSON Feed 1.1, an entry for each incident."""

from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response

from api.feed_schemas import Feed
from api.feeds import json_feed
from api.feeds.serving import Form, serve
from api.parameters import FeedFilters
from api.problems import ERRORS
from api.visible import Seen

router = APIRouter(tags=["feeds"])

FORM: Final = Form(json_feed.PATH, json_feed.MEDIA_TYPE, json_feed.render)


class FeedResponse(Response):
    """For the description of the API."""

    media_type = json_feed.MEDIA_TYPE


@router.get(
    json_feed.PATH,
    operation_id="read_feed",
    summary="Incidents as JSON Feed 1.1",
    response_class=FeedResponse,
    responses={200: {"model": Feed}, 304: {"description": "Nothing has changed"}, **ERRORS},
)
async def feed(request: Request, visible: Seen, filters: Annotated[FeedFilters, Query()]) -> Response:
    """The incidents that changed last: 100 that were measured, and 50 entered from documents.

    The entry's `id` is the incident's and never changes; `date_modified` and the extension's `version` do. A retracted
    incident stays, and says so.
    """
    return await serve(request, visible, filters, FORM)
