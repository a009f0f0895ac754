"""`/api/v1/incidents`: losses of access, each with its log, its versions and the looks around it."""

from typing import Annotated, Final

from fastapi import APIRouter, Path, Query, Request, Response

from api import answers, case_answers, case_schemas, looks, schemas
from api.answers import API
from api.case_answers import Telling
from api.conditions import is_known, version_tag
from api.everything import page_of
from api.parameters import ONLY_LANGUAGE, IncidentPage, LookPage
from api.problems import ERRORS, MISSING
from api.visible import Seen

router = APIRouter(prefix=f"{API}/incidents", tags=["incidents"], responses=ERRORS)

_VARIES: Final = "Accept-Language, Accept-Encoding, Authorization, Cookie"

Id = Annotated[str, Path(description="the incident's id", examples=["CW-2026-0042"])]
Number = Annotated[int, Path(ge=1, le=10**6, description="which version", examples=[2])]


@router.get("", operation_id="list_incidents", summary="Incidents, the latest change first")
async def incidents(request: Request, visible: Seen, page: Annotated[IncidentPage, Query()]) -> schemas.IncidentList:
    """One page of incidents. One that changes while you read on moves to the front; who must miss nothing follows the events.

    What people entered from documents (`origin` is `attested`) is told as of the time up to which its sources speak, and never
    counts as open.
    """
    found = await page_of(request, visible, page)
    shown, telling = found[: page.limit], Telling.to(request, visible)
    following = shown[-1].id if len(found) > page.limit else None
    return schemas.IncidentList(items=[telling.incident(one) for one in shown], next=following)


@router.get(
    "/{name}",
    operation_id="read_incident",
    summary="One incident",
    response_model=case_schemas.IncidentDetail,
    responses={**MISSING, 304: {"description": "You have it already: `If-None-Match` names its present `ETag`"}},
    dependencies=[ONLY_LANGUAGE],
)
async def incident(request: Request, response: Response, visible: Seen, name: Id) -> case_schemas.IncidentDetail | Response:
    """An incident as it is now, with its dossier and what it is related to. `ETag` holds its version, for `If-Match`."""
    found = await visible.incident(name)
    telling = Telling.to(request, visible)
    told = await telling.detail(found)
    headers = {"etag": version_tag(found.version, told), "content-language": telling.words.language, "vary": _VARIES}
    if is_known(request, headers["etag"]):
        return Response(status_code=304, headers=headers)
    response.headers.update(headers)
    return told


@router.get(
    "/{name}/versions/{number}",
    operation_id="read_incident_version",
    summary="One incident as it was",
    responses=MISSING,
    dependencies=[ONLY_LANGUAGE],
)
async def version(request: Request, visible: Seen, name: Id, number: Number) -> case_schemas.IncidentVersion:
    """An incident as its first `number` events had left it. This never changes, but where a person's data had to be erased.

    Other incidents are named as far as you may read them today; so is what a mass event tells of its members.
    """
    return Telling.to(request, visible).version(await visible.version(name, number))


@router.get(
    "/{name}/events",
    operation_id="list_incident_events",
    summary="What has happened to one incident",
    responses=MISSING,
    dependencies=[ONLY_LANGUAGE],
)
async def events(visible: Seen, name: Id) -> schemas.IncidentLog:
    """The incident's events, oldest first. Of those that left a version that you may not read, only what happened when.

    The first after them holds the whole of what you may read, and not only what was new.
    """
    history = await visible.history(await visible.incident(name))
    return schemas.IncidentLog(items=[answers.event(one) for one in history])


@router.get(
    "/{name}/log",
    operation_id="read_incident_log",
    summary="Why it changed, and what that changed",
    responses=MISSING,
    dependencies=[ONLY_LANGUAGE],
)
async def log(visible: Seen, name: Id) -> case_schemas.Log:
    """The incident's events, oldest first, with the reasons that people gave and each field that came out different."""
    found = await visible.incident(name)
    is_insider = visible.reader.belongs_to(found.key.organisation)
    return case_schemas.Log(items=[case_answers.entry(one, is_insider=is_insider) for one in await visible.log(found)])


@router.get("/{name}/looks", operation_id="list_incident_looks", summary="The looks around it", responses=MISSING)
async def look_page(visible: Seen, name: Id, page: Annotated[LookPage, Query()]) -> schemas.LookList:
    """Every look at its target from a week before it to a day after its end, from everywhere, good ones and gaps included."""
    found = await looks.of_incident(visible, await visible.incident(name), page)
    looked = [answers.look(one) for one in found.items]
    return schemas.LookList(items=looked, instrument=answers.instruments(found), next=found.following)
