"""`/review`: what waits for a person, for signed-in staff: what nobody has released or reviewed yet, and what never arrived.

The decisions are those of the API, and are carried out on the same way.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from itertools import chain
from types import MappingProxyType
from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import AfterValidator, Field

from api import deciding
from api.access import SIGNED_IN, Reader, StaffByForm, context_of, form_token
from api.forms import StaffRoute
from api.languages import chosen_language
from api.parameters import ONLY_LANGUAGE, IncidentFilters, Parameters
from api.show import show
from api.visible import ATTESTED, Seen, Visible
from monitor.core import decision
from monitor.core.decision import Decision
from monitor.core.descriptive import Review
from monitor.core.incident import OPEN_STAGES, Incident
from monitor.core.kinds import IncidentStage, Kind, Origin, Severity
from monitor.core.model import Tlp, readable
from monitor.core.severity import severity
from monitor.store import Care, ChannelBacklog, StoreUnavailable

router = APIRouter(include_in_schema=False, route_class=StaffRoute)

READ: Final = 500
"""Incidents of each sort that are gone through: the latest."""

ON_A_PAGE: Final = 20

REVIEWED: Final = (Review.REPORTED, Review.CORROBORATED, Review.MEASURED, Review.DISPUTED)
"""What a person can say of how far something was checked."""

_ONLY_REVIEWED: Final = (
    "What you said of how far it is checked stands. Who may read it has not been decided: read the incident again, then decide."
)

Version = Annotated[int, Form(ge=1, le=10**9)]
Reason = Annotated[str, Form(max_length=2000), AfterValidator(readable)]
Hours = Annotated[int, Form(ge=1, le=24 * 90)]


class Why(StrEnum):
    """Why an incident waits for a person."""

    SUSPECTED = "suspected"
    CONFIRMED = "confirmed"
    DRAFT = "draft"
    DISPUTED = "disputed"


_RANKS: Final[Mapping[Why, int]] = MappingProxyType({Why.CONFIRMED: 1, Why.SUSPECTED: 2, Why.DRAFT: 3, Why.DISPUTED: 3})
"""What comes first; whatever would wake somebody, and a notice with its deadline, comes sooner."""


class ReviewPage(Parameters):
    """One page of the queue, counted from 1."""

    page: int = Field(default=1, ge=1, le=READ)


@dataclass(frozen=True, slots=True)
class Waiting:
    """An incident in the queue. `reviews` are the words for how far it was checked, where something is stated of it at all."""

    incident: Incident
    why: Why
    care: Care

    @property
    def reviews(self) -> tuple[Review, ...]:
        """How far it can be said to be checked; nothing where nothing is stated of it but what was measured."""
        return REVIEWED if self.incident.dossier else ()

    @property
    def reaches(self) -> tuple[Tlp, ...]:
        """How far it may travel once it is decided: where it can also just be reviewed, as far as now unless one says so."""
        now = (self.incident.tlp,) if self.reviews else ()
        return tuple(dict.fromkeys((*now, Tlp.CLEAR, Tlp.GREEN)))

    @property
    def may_be_released(self) -> bool:
        """Whether other readers may have it: a suspicion is for nobody."""
        return self.why is not Why.SUSPECTED

    @property
    def rank(self) -> tuple[bool, int, float]:
        """Its place in the queue: what nobody sees to yet first, then the most urgent, then the newest."""
        is_notice = self.incident.kind is Kind.NOTICE and self.incident.stage is IncidentStage.CONFIRMED
        wakes = self.why is Why.CONFIRMED and severity(self.incident) is Severity.PAGE
        place = 0 if wakes else 1 if is_notice else _RANKS[self.why]
        return self.care.acknowledged_at is not None, place, -self.incident.detected.timestamp()


@router.get("/review", dependencies=[SIGNED_IN])
async def queue(request: Request, visible: Seen, asked: Annotated[ReviewPage, Query()]) -> HTMLResponse:
    """What waits, the most urgent first."""
    sorts = await _candidates(visible)
    waiting = await _waiting(visible, chain.from_iterable(sorts))
    last = max(1, -(-len(waiting) // ON_A_PAGE))
    number = min(asked.page, last)
    values: dict[str, Any] = {
        "waiting": waiting[(number - 1) * ON_A_PAGE : number * ON_A_PAGE],
        "count": len(waiting),
        "read": READ if any(len(sort) == READ for sort in sorts) else None,
        "number": number,
        "last": last,
        "turned": {step: _address(request, number + step) for step in (-1, 1)},
        "dead": _dead(await visible.reading.outbox(visible.now)),
        "form_token": form_token(request),
    }
    return show(request, visible, "review.html", values)


@router.post("/review/{name}/release", dependencies=[ONLY_LANGUAGE])
async def release(
    request: Request,
    reader: StaffByForm,
    name: str,
    version: Version,
    reason: Reason,
    tlp: Annotated[Tlp, Form()],
    review: Annotated[Review | None, Form()] = None,
) -> RedirectResponse:
    """Say how far it was checked, and how far it may travel from now on: the first is a correction, and comes first."""
    found = await _as_read(request, reader, name)
    steps = []
    if review is not None and found.dossier is not None and found.dossier.review is not review:
        steps.append(decision.correct(found.dossier.model_copy(update={"review": review}), reason, reader.name))
    if tlp is not found.tlp or not steps:
        steps.append(decision.release(tlp, reason, reader.name))
    await deciding.decide_upon(context_of(request), reader, name, f'"{version}"', steps[0])
    if len(steps) > 1:
        await _release_besides(request, reader, name, version + 1, steps[1])
    return _back(request)


async def _release_besides(request: Request, reader: Reader, name: str, version: int, wanted: Decision) -> None:
    """Carry out what was decided together with a review. Where that cannot be, the review stands, and the person must know."""
    try:
        await deciding.decide_upon(context_of(request), reader, name, f'"{version}"', wanted)
    except HTTPException as refused:
        raise HTTPException(refused.status_code, _ONLY_REVIEWED) from refused
    except StoreUnavailable as unavailable:
        raise HTTPException(503, _ONLY_REVIEWED) from unavailable


@router.post("/review/{name}/retraction", dependencies=[ONLY_LANGUAGE])
async def retraction(request: Request, reader: StaffByForm, name: str, version: Version, reason: Reason) -> RedirectResponse:
    """Take it back."""
    await deciding.decide_upon(context_of(request), reader, name, f'"{version}"', decision.retract(reason, reader.name))
    return _back(request)


@router.post("/review/{name}/acknowledgement", dependencies=[ONLY_LANGUAGE])
async def acknowledgement(request: Request, reader: StaffByForm, name: str) -> RedirectResponse:
    """Note that somebody sees to it."""
    await deciding.acknowledge(context_of(request), reader, name)
    return _back(request)


@router.post("/review/{name}/mute", dependencies=[ONLY_LANGUAGE])
async def mute(request: Request, reader: StaffByForm, name: str, hours: Hours) -> RedirectResponse:
    """Be quiet about it for so many hours."""
    context = context_of(request)
    await deciding.mute(context, reader, name, context.clock.now() + timedelta(hours=hours))
    return _back(request)


async def _as_read(request: Request, reader: Reader, name: str) -> Incident:
    async with deciding.seeing(context_of(request), reader) as visible:
        return await visible.incident(name)


def _back(request: Request) -> RedirectResponse:
    return RedirectResponse(_address(request, 1), 303)


def _address(request: Request, number: int) -> str:
    language = chosen_language(request)
    given = [f"lang={language}"] if language else []
    given += [f"page={number}"] if number > 1 else []
    return f"/review{'?' if given else ''}{'&'.join(given)}"


async def _waiting(visible: Visible, candidates: Iterable[Incident]) -> list[Waiting]:
    cares = {one.incident: one for one in await visible.reading.cares()}
    found = {one.id: one for one in candidates}
    waiting = (
        Waiting(one, why, cares.get(one.id, Care(incident=one.id))) for one in found.values() if (why := _why(one)) is not None
    )
    return sorted(waiting, key=lambda one: one.rank)


async def _candidates(visible: Visible) -> tuple[list[Incident], ...]:
    """What stands and was never released, and whatever people have stated; of each sort the latest."""
    unreleased = await visible.incidents(IncidentFilters(tlp=Tlp.AMBER), stages=OPEN_STAGES, limit=READ)
    documents = await visible.incidents(IncidentFilters(), origins=ATTESTED, limit=READ)
    both = await visible.incidents(IncidentFilters(), origins=frozenset({Origin.BOTH}), limit=READ)
    return unreleased, documents, both


def _why(incident: Incident) -> Why | None:
    """Why it waits; None where a person has said of it what there was to say."""
    if incident.stage is IncidentStage.RETRACTED:
        return None
    if incident.dossier is not None and incident.dossier.review is Review.DISPUTED:
        return Why.DISPUTED
    if incident.is_open and incident.tlp is Tlp.AMBER and (incident.dossier is None or _is_draft(incident)):
        return Why.SUSPECTED if incident.stage is IncidentStage.SUSPECTED else Why.CONFIRMED
    return Why.DRAFT if _is_draft(incident) else None


def _is_draft(incident: Incident) -> bool:
    return incident.dossier is not None and incident.dossier.review is Review.DRAFT


def _dead(channels: Iterable[ChannelBacklog]) -> list[ChannelBacklog]:
    return [one for one in channels if one.dead]
