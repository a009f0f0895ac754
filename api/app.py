"""The web application. The service sets `app.state.context` before it serves; everything else is here.

A page or feed is one module of `api/routes/` that offers `router`; it is found by scanning.
"""

import importlib
import pkgutil
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

from fastapi import APIRouter, Depends, FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.middleware import Middleware
from fastapi.middleware.gzip import GZipMiddleware
from fastapi.openapi.utils import get_openapi
from starlette.exceptions import HTTPException

from api import routes
from api.everything import Everything
from api.examples import add_examples, operations
from api.feeds.renderings import Renderings
from api.headers import HeadRequests, HiddenToken, RefusedGzip, SecurityHeaders
from api.limits import BodyCap, RateLimit
from api.parameters import refuse_repeated
from api.problems import Problem, answer_failure, answer_http, answer_invalid, answer_unavailable
from api.stream import Pulse, Seats
from monitor.store import StoreUnavailable

_DESCRIPTION = """What Cutwatch remembers, for programs. Times are RFC 3339 in UTC; absent is `null`, never left out.

Anonymous readers see what a person has released. Everything else needs a key (`Authorization: Bearer KEY`), which
`cutwatch keys` makes. Errors are problem details (RFC 9457)."""

_TAGS = [
    {"name": "incidents", "description": "Losses of access, and everything that happened to them."},
    {"name": "states", "description": "What is watched, from where, and what the latest looks say."},
    {"name": "decisions", "description": "What people decide about an incident. Needs a key with the scope `review`."},
    {"name": "notices", "description": "What providers and authorities have announced."},
    {"name": "providers", "description": "Who acts, what they have done, and who depends on them."},
    {"name": "deliveries", "description": "What was sent to whom, and what became of it."},
    {"name": "feeds", "description": "For feed readers."},
    {"name": "health", "description": "The monitor's own health."},
]

_OPEN_TO_NEIGHBOURS = frozenset({"read_metrics"})
"""Operations that need a key, but not of programs on this very machine."""


def create() -> FastAPI:
    """The application with all its routes."""
    made = FastAPI(
        title="Cutwatch",
        version=version("cutwatch"),
        description=_DESCRIPTION,
        openapi_tags=_TAGS,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        middleware=[
            Middleware(HiddenToken),
            Middleware(SecurityHeaders),
            Middleware(HeadRequests),
            Middleware(RefusedGzip),
            Middleware(RateLimit),
            Middleware(BodyCap),
            Middleware(GZipMiddleware, minimum_size=1024),
        ],
        exception_handlers={
            HTTPException: answer_http,
            RequestValidationError: answer_invalid,
            StoreUnavailable: answer_unavailable,
            Exception: answer_failure,
        },
        redirect_slashes=False,
        dependencies=[Depends(refuse_repeated)],
    )
    made.state.feeds = Renderings()
    made.state.everything = Everything()
    made.state.seats = Seats()
    made.state.pulse = Pulse()
    for router in routers():
        made.include_router(router)
    made.openapi = lambda: described(made)  # type: ignore[method-assign]  # FastAPI documents this as the way to extend it
    return made


def routers() -> Iterator[APIRouter]:
    """The router of every module in `api/routes/`, in alphabetical order."""
    for module in sorted(pkgutil.iter_modules(routes.__path__), key=lambda module: module.name):
        yield importlib.import_module(f"{routes.__name__}.{module.name}").router


def described(made: FastAPI) -> dict[str, Any]:
    """The OpenAPI description, with our own form of errors in place of FastAPI's, and how to show a key."""
    if made.openapi_schema is None:
        found = get_openapi(
            title=made.title, version=made.version, description=made.description, routes=made.routes, tags=made.openapi_tags
        )
        problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        found["components"]["schemas"] |= {**problem.pop("$defs"), "Problem": problem}
        found["components"]["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
        found["security"] = [{}, {"key": []}]
        _say_who_needs_a_key(found)
        add_examples(found)
        made.openapi_schema = found
    return made.openapi_schema


def _say_who_needs_a_key(description: dict[str, Any]) -> None:
    """Where a key may be told that it does not suffice, there is nothing for anybody without one."""
    for operation in operations(description):
        if "403" in operation["responses"] and operation["operationId"] not in _OPEN_TO_NEIGHBOURS:
            operation["security"] = [{"key": []}]


app = create()
