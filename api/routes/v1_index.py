"""`/api/v1`: where everything is."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from fastapi import APIRouter, Request

from api.access import context_of
from api.answers import API
from api.parameters import ONLY_LANGUAGE, ExportPage, LookPage, OfOrganisation, Parameters
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

_FILLED_IN: Final[Mapping[str, tuple[str, type[Parameters]]]] = MappingProxyType(
    {
        "verdicts": ("/verdicts", ExportPage),
        "observations": ("/observations", ExportPage),
        "exposure": ("/exposure", OfOrganisation),
        "organisation": ("/organisations/{id}", Parameters),
        "provider": ("/providers/{id}", Parameters),
        "incident": ("/incidents/{id}", Parameters),
        "incident_version": ("/incidents/{id}/versions/{version}", Parameters),
        "incident_events": ("/incidents/{id}/events", Parameters),
        "incident_log": ("/incidents/{id}/log", Parameters),
        "incident_looks": ("/incidents/{id}/looks", LookPage),
    }
)
"""The addresses that say nothing until they are filled in, each with what it may be asked with."""


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
        templates={name: f"{address}{API}{_template(*one)}" for name, one in _FILLED_IN.items()},
    )


def _template(path: str, asked_with: type[Parameters]) -> str:
    """The path as a template (RFC 6570) that names every parameter of its query."""
    return f"{path}{{?{','.join(asked_with.model_fields)}}}"
