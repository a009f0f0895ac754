"""`/api/v1/deliveries`: what was sent to whom, and what became of it."""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Path, Query, Request

from api.access import Identified, context_of, insist_on_key, unauthorised
from api.answers import API
from api.parameters import ONLY_LANGUAGE, DeliveryPage, ParcelId
from api.problems import ERRORS, FORBIDDEN, MISSING, not_found
from api.provider_schemas import Attempt, Delivery, DeliveryList, Replayed
from api.visible import Seen, Visible
from monitor.core.keys import Scope
from monitor.store import Sent


async def _reads_everything(reader: Identified) -> None:
    """Parcels tell of all organisations."""
    if reader.is_anonymous:
        raise unauthorised("Deliveries need a key with the scope `read`. `cutwatch keys` makes one.")
    if not reader.reads_everything:
        raise HTTPException(403, "Deliveries tell of all organisations: use a key with the scope `read` that is bound to none.")


router = APIRouter(
    prefix=f"{API}/deliveries", tags=["deliveries"], responses={**ERRORS, **FORBIDDEN}, dependencies=[Depends(_reads_everything)]
)


@router.get("", operation_id="list_deliveries", summary="What was sent, the latest first")
async def deliveries(visible: Seen, page: Annotated[DeliveryPage, Query()]) -> DeliveryList:
    """One page of parcels, each with every attempt to deliver it. Needs a key that is bound to no organisation."""
    if page.after is not None and await visible.reading.parcel(page.after) is None:
        raise HTTPException(422, "after: there is no such parcel; leave it out to begin with the latest")
    found = await visible.reading.parcels(channel=page.channel, state=page.state, after=page.after, limit=page.limit + 1)
    shown = found[: page.limit]
    following = shown[-1].parcel.id if len(found) > page.limit else None
    return DeliveryList(items=[await _delivery(visible, one) for one in shown], next=following)


async def _delivery(visible: Visible, found: Sent) -> Delivery:
    attempts = await visible.reading.attempts(found.parcel.id)
    return Delivery(
        id=found.parcel.id,
        route=found.parcel.route,
        channel=found.parcel.channel,
        state=found.state,
        created_at=found.parcel.created_at,
        due_at=found.due_at,
        settled_at=found.settled_at,
        tries=found.attempts,
        last_error=found.last_error,
        messages=list(found.parcel.messages),
        incidents=list(found.parcel.incidents),
        attempts=[Attempt.model_validate(one) for one in attempts],
    )


@router.post(
    "/{name}/replay",
    operation_id="replay_delivery",
    summary="Send it again",
    responses=MISSING,
    dependencies=[ONLY_LANGUAGE],
)
async def replay(
    request: Request, reader: Identified, name: Annotated[ParcelId, Path(description="the parcel's id")]
) -> Replayed:
    """Owe what a parcel held once more, as if it had never been tried. Needs a key with the scope `admin`, bound to none."""
    insist_on_key(reader, Scope.ADMIN)
    context = context_of(request)
    async with context.store.reading() as reading:
        found = await reading.parcel(name)
    if found is None:
        raise not_found()
    async with context.store.writing() as writing:
        return Replayed(messages=await writing.replay(found.parcel.messages, context.clock.now()))
