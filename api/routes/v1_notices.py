"""`/api/v1/notices`: what was announced and is not yet in force, read and handed in."""

from typing import Annotated

from fastapi import APIRouter, Header, HTTPException, Query, Request, Response

from api import case_inputs as inputs
from api import noticing, schemas
from api.access import Notifier, context_of
from api.answers import API
from api.case_answers import Telling
from api.case_schemas import Receipt
from api.parameters import ONLY_LANGUAGE, IncidentFilters, NoticePage
from api.problems import ERRORS, FORBIDDEN, documented
from api.visible import Seen
from monitor.core.kinds import Kind
from monitor.intake import NotTheSame

router = APIRouter(prefix=f"{API}/notices", tags=["notices"], responses=ERRORS)

OwnName = Annotated[
    str | None,
    Header(
        alias="idempotency-key",
        pattern=r"^[!-~]{1,200}$",
        examples=["letter-17"],
        description="your own name for this notice: under the same name it is entered once; left out: what it says is its name",
    ),
]


@router.get("", operation_id="list_notices", summary="What was announced, the latest change first")
async def notices(request: Request, visible: Seen, page: Annotated[NoticePage, Query()]) -> schemas.IncidentList:
    """The incidents that are notices: announced, and not yet in force, or what came of them."""
    filters = IncidentFilters(organisation=page.organisation, provider=page.provider, kind=Kind.NOTICE)
    stages = None if page.stage is None else frozenset({page.stage})
    found = await visible.incidents(filters, stages=stages, after=page.after, limit=page.limit + 1)
    shown, telling = found[: page.limit], Telling.to(request, visible)
    following = shown[-1].id if len(found) > page.limit else None
    return schemas.IncidentList(items=[telling.incident(one) for one in shown], next=following)


@router.post(
    "",
    operation_id="enter_notice",
    summary="Hand in a notice",
    status_code=201,
    responses={
        200: {"model": Receipt, "description": "It was handed in before; nothing was entered"},
        **FORBIDDEN,
        409: documented("Another notice was handed in under this name"),
        413: documented("The body is too large"),
    },
    dependencies=[ONLY_LANGUAGE],
)
async def notice(
    request: Request, response: Response, reader: Notifier, body: inputs.Notice, own_name: OwnName = None
) -> Receipt:
    """Enter a notice that an organisation has received. It is AMBER and a draft until a person has reviewed it."""
    context = context_of(request)
    found = noticing.objection(context.watchlist(), reader, body)
    if found is not None:
        raise HTTPException(422, f"{found.field}: {found.message}")
    try:
        incident, is_new = await noticing.hand_in(context, reader, body, own_name)
    except NotTheSame:
        raise HTTPException(409, "Another notice was handed in under this Idempotency-Key: give each its own.") from None
    response.status_code = 201 if is_new else 200
    address = context.settings.address
    receipt = Receipt(id=incident, url=f"{address}/incidents/{incident}", url_api=f"{address}{API}/incidents/{incident}")
    response.headers["location"] = receipt.url_api
    return receipt
