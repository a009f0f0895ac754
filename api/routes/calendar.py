"""`/calendar.ics`: dates by which somebody must act, to subscribe to."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.feeds import calendar
from api.feeds.serving import serve_calendar
from api.parameters import CalendarFilters
from api.problems import ERRORS
from api.visible import Seen

router = APIRouter(tags=["feeds"])


@router.get(
    calendar.PATH,
    operation_id="read_calendar",
    summary="Deadlines as iCalendar",
    response_class=Response,
    responses={
        200: {"content": {calendar.MEDIA_TYPE: {"schema": {"type": "string"}}}},
        304: {"description": "Nothing has changed"},
        **ERRORS,
    },
)
async def dates(request: Request, visible: Seen, filters: Annotated[CalendarFilters, Query()]) -> Response:
    """When what notices announce takes effect, remedies must be sought, certificates and registrations end, work is planned.

    A date that moves keeps its `UID`; one that is off is `CANCELLED`.
    """
    return await serve_calendar(request, visible, filters.organisation)
