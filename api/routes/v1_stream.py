"""`/api/v1/stream`: alerts as they happen, as server-sent events."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request, Response

from api.access import Identified, context_of, insist_on_opening
from api.answers import API
from api.headers import ASKED_HEAD
from api.languages import language_of
from api.limits import sender_of
from api.parameters import AlertFilters, LogCursor
from api.problems import ERRORS
from api.stream import EventStream, Following, Pulse, Seats

router = APIRouter(tags=["feeds"], responses=ERRORS)


async def _seated(request: Request, reader: Identified) -> AsyncIterator[None]:
    """Hold a place for as long as the stream lasts, and keep the log's pulse felt."""
    watchlist = context_of(request).watchlist()
    insist_on_opening(reader, watchlist)
    seats: Seats = request.app.state.seats
    pulse: Pulse = request.app.state.pulse
    address = sender_of(request.scope, watchlist.monitor.trusted_proxies)
    with seats.seat(reader, address), pulse.felt(context_of(request)):
        yield


@router.get(
    f"{API}/stream",
    operation_id="follow_alerts",
    summary="Alerts as they happen (server-sent events)",
    response_class=EventStream,
    responses={200: {"content": {EventStream.media_type: {"schema": {"type": "string"}}}}},
    dependencies=[Depends(_seated)],
)
async def stream(
    request: Request,
    reader: Identified,
    filters: Annotated[AlertFilters, Query()],
    last_event_id: Annotated[
        LogCursor | None,
        Header(
            description="the last event that arrived; browsers send it by themselves when they come back",
            examples=["CW-2026-0042.3"],
        ),
    ] = None,
) -> Response:
    """The alerts of `/api/v1/alerts`, each as it happens: `id` is the alert's, `event` its type, `data` its JSON.

    It begins after `Last-Event-ID`, else after `after`, else with what happens from now on. A comment every 15 seconds shows
    that it still stands. Whoever takes nothing for 20 seconds, or shows a key that is revoked, is cut off.
    """
    head = {"cache-control": "no-store", "x-accel-buffering": "no"}
    if request.scope.get(ASKED_HEAD):
        return Response(headers=head, media_type=EventStream.media_type)
    following = Following(request, reader, filters, language_of(request), request.app.state.pulse)
    cursor, seq = await following.begin(last_event_id or filters.after)
    return EventStream(following.chunks(cursor, seq), headers=head)
