"""`/api/v1/incidents/{id}/…`: what people decide about an incident. A cookie decides nothing here, only a key does."""

from typing import Annotated

from fastapi import APIRouter, Header, Path, Request, Response

from api import case_inputs as inputs
from api import deciding
from api.access import Reader, Reviewer, context_of
from api.answers import API
from api.case_answers import Telling
from api.case_schemas import Care, IncidentDetail
from api.parameters import ONLY_LANGUAGE
from api.problems import DECIDING, ERRORS
from monitor.core import decision
from monitor.core.decision import Decision

router = APIRouter(prefix=f"{API}/incidents", tags=["decisions"], responses={**ERRORS, **DECIDING}, dependencies=[ONLY_LANGUAGE])

Id = Annotated[str, Path(description="the incident's id", examples=["CW-2026-0042"])]
IfMatch = Annotated[
    str | None,
    Header(
        description='the version that you have read, such as "3"; if it has changed since, nothing is decided', examples=['"3"']
    ),
]


@router.post("/{name}/acknowledgement", operation_id="acknowledge_incident", summary="Somebody sees to it")
async def acknowledgement(request: Request, reader: Reviewer, name: Id) -> Care:
    """Reminders and escalation end. It says nothing about the incident itself, so its log does not tell it."""
    return Care.model_validate(await deciding.acknowledge(context_of(request), reader, name))


@router.post("/{name}/mute", operation_id="mute_incident", summary="Be quiet about it for a while")
async def mute(request: Request, reader: Reviewer, name: Id, body: inputs.Mute) -> Care:
    """No message about it until then, but what ends it. The incident itself, its pages and feeds stay as they are."""
    return Care.model_validate(await deciding.mute(context_of(request), reader, name, body.until))


@router.post("/{name}/release", operation_id="release_incident", summary="Let it leave the house")
async def release(
    request: Request, response: Response, reader: Reviewer, name: Id, body: inputs.Release, if_match: IfMatch = None
) -> IncidentDetail:
    """What was measured starts as AMBER; a person lets it travel further, or less far."""
    wanted = decision.release(body.tlp, body.reason, reader.name)
    return await _decided(request, response, reader, name, if_match, wanted)


@router.post("/{name}/retraction", operation_id="retract_incident", summary="Take it back")
async def retraction(
    request: Request, response: Response, reader: Reviewer, name: Id, body: inputs.Retraction, if_match: IfMatch = None
) -> IncidentDetail:
    """It should not stand. Whoever was told of it is told of this, and whoever could read it can read why."""
    return await _decided(request, response, reader, name, if_match, decision.retract(body.reason, reader.name))


@router.post("/{name}/correction", operation_id="correct_incident", summary="State it anew")
async def correction(
    request: Request, response: Response, reader: Reviewer, name: Id, body: inputs.Correction, if_match: IfMatch = None
) -> IncidentDetail:
    """The dossier that you send takes the place of the one that was there. Readers see what has changed, and why."""
    return await _decided(request, response, reader, name, if_match, decision.correct(body.dossier, body.reason, reader.name))


@router.post("/{name}/reinstatement", operation_id="reinstate_incident", summary="Access was given back")
async def reinstatement(
    request: Request, response: Response, reader: Reviewer, name: Id, body: inputs.Reinstatement, if_match: IfMatch = None
) -> IncidentDetail:
    """Whoever took access away has given it back in full, or (`announced`) has said how it can be had back."""
    wanted = decision.reinstate(body.reinstatement, body.reason, reader.name)
    return await _decided(request, response, reader, name, if_match, wanted)


@router.post("/{name}/aversion", operation_id="avert_incident", summary="It will not happen")
async def aversion(
    request: Request, response: Response, reader: Reviewer, name: Id, body: inputs.Aversion, if_match: IfMatch = None
) -> IncidentDetail:
    """What a notice announced did not come to pass, and will not."""
    return await _decided(request, response, reader, name, if_match, decision.avert(body.reason, reader.name))


@router.post("/{name}/evidence", operation_id="add_evidence", summary="Add what shows it")
async def evidence(
    request: Request, response: Response, reader: Reviewer, name: Id, body: inputs.AddedEvidence, if_match: IfMatch = None
) -> IncidentDetail:
    """A document, a screenshot, a measurement of somebody else's: its title, its address, its hash."""
    wanted = decision.add_evidence(body.evidence, body.reason, reader.name)
    return await _decided(request, response, reader, name, if_match, wanted)


@router.post("/{name}/replies", operation_id="add_reply", summary="Add a reply of those accused")
async def replies(
    request: Request, response: Response, reader: Reviewer, name: Id, body: inputs.AddedReply, if_match: IfMatch = None
) -> IncidentDetail:
    """What one of those accused has answered; it stands on the incident's page."""
    return await _decided(request, response, reader, name, if_match, decision.add_reply(body.reply, body.reason, reader.name))


@router.post("/{name}/links", operation_id="link_incident", summary="Say how it stands to another")
async def links(
    request: Request, response: Response, reader: Reviewer, name: Id, body: inputs.Link, if_match: IfMatch = None
) -> IncidentDetail:
    """It is part of a mass event, follows from another incident, was announced by a notice, or is merely to be seen with it."""
    await deciding.connect_to(context_of(request), reader, (name, body.other), if_match, body.relation, body.reason)
    return await _as_it_is_now(request, response, reader, name)


async def _decided(
    request: Request, response: Response, reader: Reader, name: str, if_match: str | None, wanted: Decision
) -> IncidentDetail:
    await deciding.decide_upon(context_of(request), reader, name, if_match, wanted)
    return await _as_it_is_now(request, response, reader, name)


async def _as_it_is_now(request: Request, response: Response, reader: Reader, name: str) -> IncidentDetail:
    async with deciding.seeing(context_of(request), reader) as visible:
        found = await visible.incident(name)
        response.headers["etag"] = f'"{found.version}"'
        return await Telling.to(request, visible).detail(found)
