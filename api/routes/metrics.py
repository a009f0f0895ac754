"""`/metrics`: for Prometheus, text format 0.0.4. They name everybody who is watched, so not everybody may read them."""

from fastapi import APIRouter, HTTPException, Request, Response

from api.access import Identified, Reader, context_of, oversees, unauthorised
from api.parameters import ONLY_LANGUAGE
from api.problems import ERRORS, FORBIDDEN

router = APIRouter(tags=["health"], dependencies=[ONLY_LANGUAGE])

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@router.get(
    "/metrics",
    operation_id="read_metrics",
    summary="Metrics for Prometheus",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"example": 'cutwatch_build_info{version="0.1.0"} 1\n'}}}, **ERRORS, **FORBIDDEN},
)
async def metrics(request: Request, reader: Identified) -> Response:
    """Answers a key with the scope `read` that is bound to no organisation.

    Where the service's own address is a loopback one, a program on this machine needs none.
    """
    if not oversees(request, reader):
        raise _refusal(reader)
    return Response(context_of(request).metrics(), media_type=MEDIA_TYPE)


def _refusal(reader: Reader) -> HTTPException:
    if reader.is_anonymous:
        return unauthorised("Metrics need a key with the scope `read`. `cutwatch keys` makes one.")
    return HTTPException(403, "Metrics tell of all organisations: use a key with the scope `read` that is bound to none.")
