"""`/api/v1`: where everything is."""

from fastapi import APIRouter, Request

from api.access import context_of
from api.answers import API
from api.parameters import ONLY_LANGUAGE
from api.problems import ERRORS
from api.schemas import Index

router = APIRouter(tags=["health"], dependencies=[ONLY_LANGUAGE])

_PLACES = (
    "organisations",
    "targets",
    "states",
    "vantage-points",
    "incidents",
    "events",
    "alerts",
    "notices",
    "providers",
    "deliveries",
    "health",
)


@router.get(API, operation_id="read_index", summary="Where everything is", responses=ERRORS)
async def index(request: Request) -> Index:
    """The addresses of the API, for those who begin with nothing but this one."""
    address = context_of(request).settings.address
    links = {place.replace("-", "_"): f"{address}{API}/{place}" for place in _PLACES}
    return Index(
        name="Cutwatch",
        version=request.app.version,
        description=f"{address}/openapi.json",
        links={
            **links,
            "stream": f"{address}{API}/stream",
            "feed": f"{address}/feed.json",
            "feed_atom": f"{address}/feed.atom",
            "calendar": f"{address}/calendar.ics",
        },
    )
