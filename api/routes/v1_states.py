"""`/api/v1/states`: what the latest look of every check says."""

from typing import Annotated

from fastapi import APIRouter, Query

from api import answers, schemas
from api.answers import API
from api.parameters import StateFilters
from api.problems import ERRORS
from api.visible import Seen

router = APIRouter(tags=["states"], responses=ERRORS)


@router.get(f"{API}/states", operation_id="list_states", summary="Where every check stands")
async def states(visible: Seen, filters: Annotated[StateFilters, Query()]) -> schemas.StateList:
    """Current verdicts, and how fresh they are."""
    found = await visible.states(filters.organisation)
    return schemas.StateList(
        items=[answers.state(one) for one in found],
        freshness=schemas.Freshness.model_validate(visible.freshness(found, filters.organisation)),
    )
