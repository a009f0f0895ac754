"""`/api/v1/incidents`: losses of access, each with its log, its versions and the looks it rests on."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request

from api import answers, schemas
from api.answers import API
from api.parameters import ONLY_LANGUAGE, IncidentPage
from api.problems import ERRORS, MISSING
from api.show import wording
from api.visible import Seen

router = APIRouter(prefix=f"{API}/incidents", tags=["incidents"], responses=ERRORS)

Id = Annotated[str, Path(description="the incident's id", examples=["CW-2026-0042"])]


@router.get("", operation_id="list_incidents", summary="Incidents, the latest change first")
async def incidents(request: Request, visible: Seen, page: Annotated[IncidentPage, Query()]) -> schemas.IncidentList:
    """One page of incidents. One that changes while you read on moves to the front; who must miss nothing follows the events."""
    stages = None if page.stage is None else frozenset({page.stage})
    found = await visible.incidents(page, stages=stages, after=page.after, limit=page.limit + 1)
    shown = found[: page.limit]
    words, address = wording(request, visible), visible.context.settings.address
    return schemas.IncidentList(
        items=[answers.incident(one, words, address) for one in shown],
        next=shown[-1].id if len(found) > page.limit else None,
    )


@router.get("/{name}", operation_id="read_incident", summary="One incident", responses=MISSING, dependencies=[ONLY_LANGUAGE])
async def incident(request: Request, visible: Seen, name: Id) -> schemas.Incident:
    """An incident as it is now."""
    return answers.incident(await visible.incident(name), wording(request, visible), visible.context.settings.address)


@router.get(
    "/{name}/versions/{number}",
    operation_id="read_incident_version",
    summary="One incident as it was",
    responses=MISSING,
    dependencies=[ONLY_LANGUAGE],
)
async def version(
    request: Request, visible: Seen, name: Id, number: Annotated[int, Path(ge=1, le=10**6, examples=[2])]
) -> schemas.Incident:
    """An incident as its first `number` events had left it. This never changes."""
    return answers.incident(await visible.version(name, number), wording(request, visible), visible.context.settings.address)


@router.get(
    "/{name}/events",
    operation_id="list_incident_events",
    summary="What has happened to one incident",
    responses=MISSING,
    dependencies=[ONLY_LANGUAGE],
)
async def events(visible: Seen, name: Id) -> schemas.IncidentLog:
    """The incident's log, oldest first."""
    history = await visible.history(await visible.incident(name))
    return schemas.IncidentLog(items=[answers.event(one) for one in history])


@router.get(
    "/{name}/looks",
    operation_id="list_incident_looks",
    summary="The looks around its beginning and end",
    responses=MISSING,
    dependencies=[ONLY_LANGUAGE],
)
async def looks(visible: Seen, name: Id) -> schemas.LookList:
    """Every look within an hour of the incident's beginning and of its end, good ones and gaps included."""
    found = await visible.looks(await visible.incident(name))
    return schemas.LookList(items=[answers.look(one) for one in found])
