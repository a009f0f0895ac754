"""`/api/v1/targets`: what is watched."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from api import answers
from api.answers import API
from api.paging import turned_to
from api.parameters import WatchedPage
from api.problems import ERRORS
from api.provider_schemas import TargetList, TargetSummary
from api.show import wording
from api.visible import Seen
from api.wording import Wording
from monitor.core.watchlist import Target
from monitor.store import CheckState

router = APIRouter(tags=["states"], responses=ERRORS)


@router.get(f"{API}/targets", operation_id="list_targets", summary="What is watched")
async def targets(request: Request, visible: Seen, page: Annotated[WatchedPage, Query()]) -> TargetList:
    """One page of the targets whose states you may see, of one organisation or of all, with where their checks stand."""
    words, states = wording(request, visible), await visible.states(page.organisation)
    organisations = (one for one in visible.organisations() if page.organisation in {None, one.id})
    found = {f"{one.id}/{target.id}": (one.id, target) for one in organisations for target in visible.targets(one)}
    shown, following = turned_to(found, page)
    return TargetList(items=[_target(of, target, states, words) for of, target in shown], next=following)


def _target(of: str, target: Target, states: list[CheckState], words: Wording) -> TargetSummary:
    return TargetSummary(
        organisation=of,
        id=target.id,
        name=words.target(of, target.id),
        url=target.url,
        domain=target.domain,
        tlp=target.tlp,
        paused=target.paused,
        states=answers.count(one for one in states if (one.organisation, one.target) == (of, target.id)),
    )
