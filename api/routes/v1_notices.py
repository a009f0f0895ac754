"""`/api/v1/notices`: what was announced and is not yet in force, read and handed in."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Header, HTTPException, Query, Request, Response

from api import case_inputs as inputs
from api import schemas
from api.access import Notifier, Reader, context_of
from api.answers import API
from api.case_answers import Telling
from api.case_schemas import Receipt
from api.parameters import ONLY_LANGUAGE, IncidentFilters, NoticePage
from api.problems import ERRORS, FORBIDDEN, documented
from api.visible import Seen
from monitor.core.dossier import DatedStatement, Dates, Dossier, LegalGround, StatedReason
from monitor.core.kinds import Kind
from monitor.core.watchlist import Watchlist
from monitor.intake import NotTheSame, Received, receive

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
    _insist_on_known(context.watchlist(), reader, body)
    now = context.clock.now()
    try:
        incident, is_new = await receive(context.store, _received(body, own_name, reader, now), now)
    except NotTheSame:
        raise HTTPException(409, "Another notice was handed in under this Idempotency-Key: give each its own.") from None
    response.status_code = 201 if is_new else 200
    address = context.settings.address
    receipt = Receipt(id=incident, url=f"{address}/incidents/{incident}", url_api=f"{address}{API}/incidents/{incident}")
    response.headers["location"] = receipt.url_api
    return receipt


def _insist_on_known(watchlist: Watchlist, reader: Reader, body: inputs.Notice) -> None:
    """Refuse what is not watched here. Of others' organisations a key does not learn whether they are."""
    organisation = watchlist.organisation(body.organisation) if reader.acts_for(body.organisation) else None
    if organisation is None:
        raise HTTPException(422, "organisation: there is no such organisation that this key may enter notices for")
    if body.target is not None and body.target not in {target.id for target in organisation.targets}:
        raise HTTPException(422, "target: the organisation has no such target")
    if body.provider is not None and body.provider not in {one.id for one in watchlist.providers}:
        raise HTTPException(422, "provider: no such provider is described here; leave it out")


def _received(body: inputs.Notice, own_name: str | None, reader: Reader, now: datetime) -> Received:
    dossier = _dossier(body)
    name = f"{reader.name}\0{own_name}" if own_name else f"{body.organisation}\0{body.target}\0{dossier.model_dump_json()}"
    return Received(
        name=name,
        organisation=body.organisation,
        target=body.target,
        provider=body.provider,
        dossier=dossier.model_copy(update={"as_of": body.announced or now.date().isoformat()}),
        by=reader.name,
    )


def _dossier(body: inputs.Notice) -> Dossier:
    basis = body.basis
    return Dossier(
        title=body.title,
        summary=body.summary,
        dates=Dates(
            announced=DatedStatement(date=body.announced, basis=basis) if body.announced else None,
            effective=DatedStatement(date=body.effective, basis=basis) if body.effective else None,
        ),
        legal_basis=(LegalGround(value=body.legal_basis, basis=basis),) if body.legal_basis else (),
        stated_reason=StatedReason(quote=body.quote, lang=body.quote_language, basis=basis) if body.quote else None,
        sources=body.sources,
    )
