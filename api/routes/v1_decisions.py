"""`/api/v1/incidents/{id}/…`: what people decide about an incident. A cookie decides nothing here, only a key does."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Path, Request, Response

from api import case_inputs as inputs
from api import deciding
from api.access import Reviewer, context_of
from api.answers import API
from api.case_answers import Telling
from api.case_schemas import Care, IncidentDetail
from api.conditions import version_tag
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


@dataclass(frozen=True, slots=True)
class Case:
    """The incident about which somebody decides, and who does."""

    request: Request
    response: Response
    reader: Reviewer
    name: Id
    if_match: IfMatch = None

    @property
    def by(self) -> str:
        """Who decides, as the log will name them."""
        return self.reader.name

    async def decide(self, wanted: Decision) -> IncidentDetail:
        """Carry the decision out, and tell what has become of the incident."""
        await deciding.decide_upon(context_of(self.request), self.reader, self.name, self.if_match, wanted)
        return await self.as_it_is_now()

    async def link(self, link: inputs.Link) -> IncidentDetail:
        """Relate it to another incident, and tell what has become of it."""
        ends = self.name, link.other
        await deciding.connect_to(context_of(self.request), self.reader, ends, self.if_match, link.relation, link.reason)
        return await self.as_it_is_now()

    async def as_it_is_now(self) -> IncidentDetail:
        """The incident after whatever was written before, with its version as `ETag`."""
        async with deciding.seeing(context_of(self.request), self.reader) as visible:
            found = await visible.incident(self.name)
            told = await Telling.to(self.request, visible).detail(found)
            self.response.headers["etag"] = version_tag(found.version, told)
            return told


Decided = Annotated[Case, Depends()]


@router.post("/{name}/acknowledgement", operation_id="acknowledge_incident", summary="Somebody sees to it")
async def acknowledgement(request: Request, reader: Reviewer, name: Id, if_match: IfMatch = None) -> Care:
    """Reminders and escalation end. It says nothing about the incident itself, so its log does not tell it."""
    return Care.model_validate(await deciding.acknowledge(context_of(request), reader, name, if_match))


@router.post("/{name}/mute", operation_id="mute_incident", summary="Be quiet about it for a while")
async def mute(request: Request, reader: Reviewer, name: Id, body: inputs.Mute, if_match: IfMatch = None) -> Care:
    """No message about it until then, but what ends it. The incident itself, its pages and feeds stay as they are."""
    return Care.model_validate(await deciding.mute(context_of(request), reader, name, body.until, if_match))


@router.post("/{name}/release", operation_id="release_incident", summary="Let it leave the house")
async def release(case: Decided, body: inputs.Release) -> IncidentDetail:
    """What was measured starts as AMBER; a person lets it travel further, or less far."""
    return await case.decide(decision.release(body.tlp, body.reason, case.by))


@router.post("/{name}/retraction", operation_id="retract_incident", summary="Take it back")
async def retraction(case: Decided, body: inputs.Retraction) -> IncidentDetail:
    """It should not stand. Whoever was told of it is told of this, and whoever could read it can read why."""
    return await case.decide(decision.retract(body.reason, case.by))


@router.post("/{name}/correction", operation_id="correct_incident", summary="State it anew")
async def correction(case: Decided, body: inputs.Correction) -> IncidentDetail:
    """The dossier that you send takes the place of the one that was there. Readers see what has changed, and why."""
    return await case.decide(decision.correct(body.dossier, body.reason, case.by))


@router.post("/{name}/reinstatement", operation_id="reinstate_incident", summary="Access was given back")
async def reinstatement(case: Decided, body: inputs.Reinstatement) -> IncidentDetail:
    """Whoever took access away has given it back in full, or (`announced`) has said how it can be had back."""
    return await case.decide(decision.reinstate(body.reinstatement, body.reason, case.by))


@router.post("/{name}/aversion", operation_id="avert_incident", summary="It will not happen")
async def aversion(case: Decided, body: inputs.Aversion) -> IncidentDetail:
    """What a notice announced did not come to pass, and will not."""
    return await case.decide(decision.avert(body.reason, case.by))


@router.post("/{name}/evidence", operation_id="add_evidence", summary="Add what shows it")
async def evidence(case: Decided, body: inputs.AddedEvidence) -> IncidentDetail:
    """A document, a screenshot, a measurement of somebody else's: its title, its address, its hash."""
    return await case.decide(decision.add_evidence(body.evidence, body.reason, case.by))


@router.post("/{name}/replies", operation_id="add_reply", summary="Add a reply of those accused")
async def replies(case: Decided, body: inputs.AddedReply) -> IncidentDetail:
    """What one of those accused has answered; it stands on the incident's page."""
    return await case.decide(decision.add_reply(body.reply, body.reason, case.by))


@router.post("/{name}/links", operation_id="link_incident", summary="Say how it stands to another")
async def links(case: Decided, body: inputs.Link) -> IncidentDetail:
    """It is part of a mass event, follows from another incident, was announced by a notice, or is merely to be seen with it."""
    return await case.link(body)
