"""`/api/v1/targets`: what is watched."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from api import answers
from api.answers import API
from api.parameters import StateFilters
from api.problems import ERRORS
from api.provider_schemas import TargetList, TargetSummary
from api.show import wording
from api.visible import Seen, Visible
from api.wording import Wording
from monitor.core.watchlist import Organisation
from monitor.store import CheckState

router = APIRouter(tags=["states"], responses=ERRORS)


@router.get(f"{API}/targets", operation_id="list_targets", summary="What is watched")
async def targets(request: Request, visible: Seen, filters: Annotated[StateFilters, Query()]) -> TargetList:
    """The targets whose states you may see, of one organisation or of all, with where their checks stand."""
    words, states = wording(request, visible), await visible.states(filters.organisation)
    organisations = (one for one in visible.organisations() if filters.organisation in {None, one.id})
    return TargetList(items=[target for one in organisations for target in _targets(visible, one, states, words)])


def _targets(visible: Visible, of: Organisation, states: list[CheckState], words: Wording) -> list[TargetSummary]:
    return [
        TargetSummary(
            organisation=of.id,
            id=target.id,
            name=words.target(of.id, target.id),
            url=target.url,
            domain=target.domain,
            tlp=target.tlp,
            paused=target.paused,
            states=answers.count(one for one in states if (one.organisation, one.target) == (of.id, target.id)),
        )
        for target in visible.targets(of)
    ]
