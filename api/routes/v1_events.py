"""`/api/v1/events`: the whole log of incidents, for programs that must miss nothing."""

from typing import Annotated

from fastapi import APIRouter, Query

from api import answers, schemas
from api.access import KEYED
from api.answers import API
from api.parameters import EventPage
from api.problems import ERRORS, FORBIDDEN
from api.visible import Seen

router = APIRouter(tags=["incidents"], responses={**ERRORS, **FORBIDDEN})


@router.get(f"{API}/events", operation_id="list_events", summary="The log, oldest first", dependencies=[KEYED])
async def events(visible: Seen, page: Annotated[EventPage, Query()]) -> schemas.EventList:
    """One page of the log. Keep `next`, and ask with it later: nothing is ever inserted before it. Needs a key."""
    items = [answers.named(one) for one in await visible.events(page.after, page.limit)]
    return schemas.EventList(items=items, next=items[-1].id if items else page.after)
