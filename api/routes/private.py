"""`/private/{secret}/…`: the feeds and the calendar of one organisation, for readers that cannot send a key.

The secret never reaches these functions as a parameter: `HiddenToken` has taken it out of the address.
"""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from api.feed_schemas import Feed
from api.feeds import atom, calendar, json_feed
from api.feeds.serving import serve, serve_calendar
from api.headers import PRIVATE_FEEDS
from api.parameters import FeedFilters, Parameters
from api.problems import ERRORS, MISSING
from api.routes import feed_atom, feed_json
from api.subscribing import Subscribed


async def _in_address(
    secret: Annotated[str, Path(description="the secret part of the address, as `cutwatch keys feed` prints it")],
) -> None:
    """Describe the address to whoever reads the description of the API; who may read is decided by `Subscribed`."""


router = APIRouter(
    prefix=f"{PRIVATE_FEEDS}{{secret}}", tags=["feeds"], responses={**ERRORS, **MISSING}, dependencies=[Depends(_in_address)]
)

_UNCHANGED: Final[dict[int | str, dict[str, Any]]] = {304: {"description": "Nothing has changed"}}


@router.get(
    json_feed.PATH,
    operation_id="read_private_feed",
    summary="An organisation's own incidents as JSON Feed 1.1",
    response_class=feed_json.FeedResponse,
    responses={200: {"model": Feed}, **_UNCHANGED},
)
async def feed(
    request: Request,
    visible: Subscribed,
    filters: Annotated[FeedFilters, Query()],
) -> Response:
    """As `/feed.json`, with what is the organisation's own up to `AMBER`. Vantage points are not named."""
    return await serve(request, visible, filters, feed_json.FORM)


@router.get(
    atom.PATH,
    operation_id="read_private_atom_feed",
    summary="An organisation's own incidents as Atom",
    response_class=Response,
    responses={200: {"content": {atom.MEDIA_TYPE: {"schema": {"type": "string"}}}}, **_UNCHANGED},
)
async def atom_feed(
    request: Request,
    visible: Subscribed,
    filters: Annotated[FeedFilters, Query()],
) -> Response:
    """As `/feed.atom`, with what is the organisation's own up to `AMBER`."""
    return await serve(request, visible, filters, feed_atom.FORM)


@router.get(
    calendar.PATH,
    operation_id="read_private_calendar",
    summary="An organisation's own deadlines as iCalendar",
    response_class=Response,
    responses={200: {"content": {calendar.MEDIA_TYPE: {"schema": {"type": "string"}}}}, **_UNCHANGED},
)
async def dates(
    request: Request,
    visible: Subscribed,
    _: Annotated[Parameters, Query()],
) -> Response:
    """As `/calendar.ics`, with what is the organisation's own up to `AMBER`."""
    return await serve_calendar(request, visible, None)
