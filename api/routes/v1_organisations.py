"""`/api/v1/organisations`: who is watched, and how they fare."""

from datetime import timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Path, Query, Request

from api import answers, schemas
from api.answers import API
from api.paging import turned_to
from api.parameters import ONLY_LANGUAGE, IncidentFilters, ListPage
from api.problems import ERRORS, MISSING
from api.show import wording
from api.visible import SEEN, Seen, Visible
from monitor.core.incident import OPEN_STAGES
from monitor.core.watchlist import Target
from monitor.store import CheckState

router = APIRouter(prefix=f"{API}/organisations", tags=["states"], responses=ERRORS)

SHOWN: Final = timedelta(days=7)


@router.get("", operation_id="list_organisations", summary="The organisations that are watched")
async def organisations(request: Request, visible: Seen, page: Annotated[ListPage, Query()]) -> schemas.OrganisationList:
    """One page of those that you may know to be watched."""
    shown, following = turned_to({one.id: one for one in visible.organisations()}, page)
    states = await visible.states()
    incidents = await visible.incidents(IncidentFilters(), stages=OPEN_STAGES, origins=SEEN, limit=10_000)
    words, address = wording(request, visible), visible.context.settings.address
    found = [answers.organisation(one, states, incidents, words, address) for one in shown]
    return schemas.OrganisationList(items=found, next=following)


@router.get(
    "/{slug}", operation_id="read_organisation", summary="One organisation", responses=MISSING, dependencies=[ONLY_LANGUAGE]
)
async def organisation(
    request: Request, visible: Seen, slug: Annotated[str, Path(examples=["ovd-info"])]
) -> schemas.OrganisationDetail:
    """An organisation with its targets, how their checks have stood for seven days, and its open incidents."""
    found = visible.organisation(slug)
    states = await visible.states(slug)
    incidents = await visible.incidents(IncidentFilters(organisation=slug), stages=OPEN_STAGES, origins=SEEN)
    words, address = wording(request, visible), visible.context.settings.address
    summary = answers.organisation(found, states, incidents, words, address)
    return schemas.OrganisationDetail(
        **summary.model_dump(),
        targets=[
            answers.target(target, slug, await _courses(visible, target, states), words) for target in visible.targets(found)
        ],
        incidents=[answers.incident(one, words, address) for one in incidents],
    )


async def _courses(visible: Visible, target: Target, states: list[CheckState]) -> list[schemas.Course]:
    since = visible.now - SHOWN
    return [answers.course(state, await visible.spans(state, since)) for state in states if state.target == target.id]
