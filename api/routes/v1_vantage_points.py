"""`/api/v1/vantage-points`: from where we look, and whether those places can see."""

from fastapi import APIRouter, Request

from api import answers, schemas
from api.access import KEYED
from api.answers import API
from api.parameters import ONLY_LANGUAGE
from api.problems import ERRORS, FORBIDDEN
from api.show import wording
from api.visible import Seen

router = APIRouter(tags=["states"], responses={**ERRORS, **FORBIDDEN}, dependencies=[KEYED, ONLY_LANGUAGE])


@router.get(f"{API}/vantage-points", operation_id="list_vantage_points", summary="From where we look")
async def vantage_points(request: Request, visible: Seen) -> schemas.VantagePointList:
    """All vantage points. Needs a key: where they are could lead to whoever keeps them."""
    statuses = {one.id: one for one in visible.context.health().vantages}
    words = wording(request, visible)
    found = [answers.vantage_point(one, statuses, words) for one in visible.watchlist.monitor.vantages]
    return schemas.VantagePointList(items=found)
