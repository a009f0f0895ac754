"""`/api/v1/verdicts` and `/api/v1/observations`: what was seen and what it means, for whoever takes the data away."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from api import looks
from api.access import KEYED
from api.answers import API
from api.look_answers import NDJSON, exported, observation, verdict
from api.parameters import ExportPage
from api.problems import ERRORS, FORBIDDEN, MISSING
from api.provider_schemas import ObservationList, VerdictList
from api.visible import Seen

router = APIRouter(tags=["states"], responses={**ERRORS, **MISSING})

_LINES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "one page; asked for as NDJSON, one item a line, and the next page in `Link`",
        "content": {NDJSON: {"schema": {"type": "string"}}},
    }
}


@router.get(
    f"{API}/verdicts",
    operation_id="list_verdicts",
    summary="Verdicts, oldest first",
    response_model=VerdictList,
    responses=_LINES,
)
async def verdicts(request: Request, visible: Seen, page: Annotated[ExportPage, Query()]) -> Response:
    """Every look at an organisation's targets and what it means, gaps included. Ask for `application/x-ndjson` to get lines."""
    found = await looks.export(visible, page)
    return exported(request, [verdict(one) for one in found.items], found.following)


@router.get(
    f"{API}/observations",
    operation_id="list_observations",
    summary="Everything that was seen, oldest first",
    response_model=ObservationList,
    responses={**_LINES, **FORBIDDEN},
    dependencies=[KEYED],
)
async def observations(request: Request, visible: Seen, page: Annotated[ExportPage, Query()]) -> Response:
    """The same with the facts of every look. Needs a key of the organisation: they could lead to whoever keeps a line."""
    looks.insist_on_insider(visible, page.organisation)
    found = await looks.export(visible, page)
    return exported(request, [observation(one) for one in found.items], found.following)
