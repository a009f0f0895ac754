"""`/api/v1/states`: what the latest look of every check says."""

from collections import Counter
from collections.abc import Iterable
from typing import Annotated

from fastapi import APIRouter, Query

from api import answers, schemas
from api.answers import API
from api.paging import turned_to
from api.parameters import WatchedPage
from api.problems import ERRORS
from api.visible import Seen
from monitor.store import CheckState

router = APIRouter(tags=["states"], responses=ERRORS)


@router.get(f"{API}/states", operation_id="list_states", summary="Where every check stands")
async def states(visible: Seen, page: Annotated[WatchedPage, Query()]) -> schemas.StateList:
    """One page of current verdicts, and how fresh all of them are."""
    found = await visible.states(page.organisation)
    shown, following = turned_to(_by_name(found), page)
    return schemas.StateList(
        items=[answers.state(one) for one in shown],
        next=following,
        freshness=schemas.Freshness.model_validate(visible.freshness(found, page.organisation)),
    )


def _by_name(states: Iterable[CheckState]) -> dict[str, CheckState]:
    """The states by names in which no vantage point stands: those of one probe of a target are counted."""
    seen: Counter[str] = Counter()
    named: dict[str, CheckState] = {}
    for state in states:
        probed = f"{state.organisation}/{state.target}/{state.probe}"
        seen[probed] += 1
        named[f"{probed}/{seen[probed]}"] = state
    return named
