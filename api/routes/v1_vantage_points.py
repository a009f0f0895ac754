"""`/api/v1/vantage-points`: from where we look, and whether those places can see."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from api import answers, schemas
from api.access import KEYED
from api.answers import API
from api.paging import turned_to
from api.parameters import ListPage
from api.problems import ERRORS, FORBIDDEN
from api.show import wording
from api.visible import Seen

router = APIRouter(tags=["states"], responses={**ERRORS, **FORBIDDEN}, dependencies=[KEYED])


@router.get(f"{API}/vantage-points", operation_id="list_vantage_points", summary="From where we look")
async def vantage_points(request: Request, visible: Seen, page: Annotated[ListPage, Query()]) -> schemas.VantagePointList:
    """One page of vantage points. Needs a key: where they are could lead to whoever keeps them."""
    statuses = {one.id: one for one in visible.context.health().vantages}
    words = wording(request, visible)
    shown, following = turned_to({one.id: one for one in visible.watchlist.monitor.vantages}, page)
    return schemas.VantagePointList(items=[answers.vantage_point(one, statuses, words) for one in shown], next=following)
