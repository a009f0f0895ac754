"""`/api/v1/alerts`: what one would be alerted of, for programs that ask from time to time and must miss nothing."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from api import schemas
from api.alerts import Alerts
from api.answers import API
from api.languages import language_of
from api.parameters import AlertPage
from api.problems import ERRORS
from api.visible import START, Seen

router = APIRouter(tags=["feeds"], responses=ERRORS)


@router.get(f"{API}/alerts", operation_id="list_alerts", summary="What one would be alerted of, oldest first")
async def alerts(request: Request, visible: Seen, page: Annotated[AlertPage, Query()]) -> schemas.AlertList:
    """One page of alerts. Keep `next`, and ask with it later: nothing is ever inserted before it.

    Each is what a webhook would be sent, without being discreet: whoever reads it here may know. `id` never changes, so that
    one that is read twice is recognised. The same alerts come by themselves from `/api/v1/stream`.
    """
    cursor = page.after or START
    wanted = Alerts(visible, page, language_of(request))
    found = await wanted.after(await visible.place(cursor), page.limit)
    items = [schemas.Alert.model_validate({"id": one.name, **one.payload}) for one in found]
    return schemas.AlertList(items=items, next=found[-1].name if found else cursor)
