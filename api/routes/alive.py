"""`/healthz`: the process answers. `/readyz`: it can be relied on. For supervisors, proxies and containers."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from api.access import Identified, context_of, oversees
from api.answers import health
from api.parameters import ONLY_LANGUAGE
from api.problems import ERRORS, documented, problem
from api.schemas import Alive, Health

router = APIRouter(tags=["health"], dependencies=[ONLY_LANGUAGE])


@router.get("/healthz", operation_id="read_alive", summary="Whether the process answers", responses=ERRORS)
async def alive() -> Alive:
    """Always `ok`, as long as there is an answer at all."""
    return Alive(status="ok")


@router.get(
    "/readyz",
    operation_id="read_ready",
    summary="Whether the monitor can be relied on",
    response_model=Health,
    responses={**ERRORS, 503: documented("Not ready; `detail` says why to those who may know")},
)
async def ready(request: Request, reader: Identified) -> Response:
    """Database, scheduler and at least one vantage point are well. The reasons are told on this machine and to keys."""
    found = context_of(request).health()
    trusted = oversees(request, reader)
    if found.ready:
        return JSONResponse(health(found, whole=trusted).model_dump(mode="json"))
    reasons = " ".join(found.problems) if trusted else ""
    return problem(503, reasons or "The monitor is not ready.", {"retry-after": "10"})
