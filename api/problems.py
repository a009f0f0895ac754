"""Errors in words: RFC 9457 problem details for programs, a plain page for people. Nothing internal is ever told."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Final

from fastapi import APIRouter, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException as AnyHTTPException
from starlette.routing import BaseRoute, Match, Route

from api.headers import PRIVATE, SECURITY
from api.parameters import SPELLINGS, UnknownParameter
from api.render import error_page

MEDIA_TYPE = "application/problem+json"

_MACHINE_PATHS = (
    "/api",
    "/feed.json",
    "/feed.atom",
    "/calendar.ics",
    "/private",
    "/metrics",
    "/healthz",
    "/readyz",
    "/openapi.json",
)


class FieldProblem(BaseModel):
    """One value of a request that cannot be used."""

    field: str = Field(examples=["stage"])
    message: str = Field(examples=["Input should be 'suspected', 'confirmed' or 'ended'"])


class Problem(BaseModel):
    """What went wrong, and what to do about it (RFC 9457)."""

    type: str = Field(default="about:blank", examples=["about:blank"])
    title: str = Field(examples=["Not Found"])
    status: int = Field(examples=[404])
    detail: str = Field(examples=["There is nothing at this address that you may read."])
    errors: list[FieldProblem] = Field(default_factory=list, description="the values that could not be used, if any")


def documented(description: str) -> dict[str, Any]:
    """An error, for the description of the API."""
    return {"description": description, "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}


_EXAMPLES: Final[Mapping[int, str]] = MappingProxyType(
    {
        400: "This address does not know the parameter organization; it knows: lang, organisation.",
        401: "This key does not open anything: it is unknown, expired or revoked. `cutwatch keys` makes another.",
        403: "This key lacks the scope `review`.",
        404: "There is nothing at this address that you may read.",
        409: "CW-2026-0042 is retracted already.",
        412: "CW-2026-0042 is at version 4 now: read it again, then decide.",
        413: "Send at most 64 KiB.",
        422: "stage: Input should be 'suspected', 'confirmed' or 'ended'",
        429: "Too many requests: wait a little.",
        503: "The database cannot be reached at the moment. Try again in a few seconds.",
    }
)
"""What such an error may say, for the description of the API."""


def problem_example(status: int) -> dict[str, Any]:
    """An error of this status, as it is sent."""
    detail = _EXAMPLES.get(status, HTTPStatus(status).description)
    field, _, message = detail.partition(": ")
    errors = [FieldProblem(field=field, message=message)] if status == HTTPStatus.UNPROCESSABLE_ENTITY else []
    return _body(status, detail, errors)


ERRORS: Final[dict[int | str, dict[str, Any]]] = {
    400: documented("A parameter that this address does not know"),
    401: documented("A key is needed, or the one that was sent does not open anything"),
    422: documented("A value that cannot be used"),
    429: documented("Too many requests from this address"),
    503: documented("The database cannot be reached at the moment"),
}
"""The errors that every address of the API may answer with, for its description."""

FORBIDDEN: Final[dict[int | str, dict[str, Any]]] = {403: documented("The key lacks a scope, or is bound to organisations")}

MISSING: Final[dict[int | str, dict[str, Any]]] = {404: documented("There is nothing here that you may read")}

DECIDING: Final[dict[int | str, dict[str, Any]]] = {
    403: documented("The key lacks the scope, or the incident is another organisation's"),
    404: documented("There is nothing here that you may read"),
    409: documented("The incident is not in a state in which this can be decided; `detail` says what to do instead"),
    412: documented("The incident has changed since the version that `If-Match` names; `ETag` names the present one"),
    413: documented("The body is too large"),
}
"""The errors of addresses where people decide about an incident."""

_SENTENCES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "missing": "this is needed here: add it",
        "extra_forbidden": "nothing of this name is known here: remove it, or see how it is spelled",
    }
)
"""What to do about a mistake, in place of the library's words."""

_UNREADABLE: Final = "There was an error parsing the body"
"""What the framework says of a body that it cannot read at all."""

_DETAILS = {
    400: "This body cannot be read: send a JSON object that is nested no deeper than the description of this address says.",
    404: "There is nothing at this address that you may read.",
    405: "This address does not answer this method; the Allow header names those that it does.",
    500: "Something failed here; the fault is ours, and it has been written to the service's log.",
}


def not_found() -> HTTPException:
    """The one answer for what does not exist and for what this reader may not know to exist."""
    return HTTPException(404)


async def answer_http(request: Request, error: Exception) -> Response:
    """Answer an error that was raised on purpose, or that the router found."""
    status, detail, headers = 500, None, None
    if isinstance(error, AnyHTTPException):
        status, headers = error.status_code, error.headers
        detail = error.detail if error.detail not in {HTTPStatus(status).phrase, _UNREADABLE} else None
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        headers = {"allow": ", ".join(_answered(request))}
    return answer(request, status, detail or _DETAILS.get(status, HTTPStatus(status).description), headers)


def _answered(request: Request) -> list[str]:
    """The methods that are answered at this address. The router names those only of the first route that fits."""
    methods: set[str] = set()
    for route in _routes(request.app.router.routes):
        fits, _ = route.matches(request.scope)
        methods |= (route.methods or set()) if fits is not Match.NONE else set()
    return sorted(methods | {"HEAD"} if "GET" in methods else methods)


def _routes(routes: Iterable[BaseRoute]) -> Iterator[Route]:
    for route in routes:
        if isinstance(route, Route):
            yield route
        else:
            held: APIRouter = getattr(route, "original_router", route)  # type: ignore[arg-type]  # whatever holds routes
            yield from _routes(held.routes)


async def answer_invalid(request: Request, error: Exception) -> Response:
    """Answer values that do not fit: 400 for a parameter that the address does not know, 422 for a wrong value."""
    found = error.errors() if isinstance(error, RequestValidationError) else []
    causes = (one.get("ctx", {}).get("error") for one in found)
    unknown = next((cause for cause in causes if isinstance(cause, UnknownParameter)), None)
    if unknown is not None:
        return answer(request, 400, str(unknown))
    problems = [_field_problem(one) for one in found]
    detail = "; ".join(f"{one.field}: {one.message}" for one in problems) or "The request cannot be read."
    return answer(request, 422, detail, errors=problems)


async def answer_unavailable(request: Request, error: Exception) -> Response:  # noqa: ARG001  the framework hands it over
    """Answer while the database is locked or full: the reader can only wait."""
    return answer(request, 503, "The database cannot be reached at the moment. Try again in a few seconds.", {"retry-after": "5"})


async def answer_failure(request: Request, error: Exception) -> Response:  # noqa: ARG001  it is logged by the server, never shown
    """Answer a mistake of ours. This runs outside all middleware, so it brings the security headers itself."""
    return answer(request, 500, _DETAILS[500], {**SECURITY, **PRIVATE})


def answer(
    request: Request,
    status: int,
    detail: str,
    headers: Mapping[str, str] | None = None,
    errors: Sequence[FieldProblem] = (),
) -> Response:
    """Say what went wrong, to a program as problem details, to a person as a page."""
    if not is_machine(request.url.path):
        return error_page(request, status, detail, headers)
    return problem(status, detail, headers, errors)


def problem(
    status: int, detail: str, headers: Mapping[str, str] | None = None, errors: Sequence[FieldProblem] = ()
) -> JSONResponse:
    """The problem details of an error, without the parts that are empty."""
    return JSONResponse(_body(status, detail, errors), status, headers, MEDIA_TYPE)


def _body(status: int, detail: str, errors: Sequence[FieldProblem]) -> dict[str, Any]:
    body = Problem(title=HTTPStatus(status).phrase, status=status, detail=detail, errors=list(errors))
    return body.model_dump(exclude_defaults=True) | {"type": body.type}


def is_machine(path: str) -> bool:
    """Whether programs, rather than people, read this address."""
    return any(path == start or path.startswith(f"{start}/") for start in _MACHINE_PATHS)


def _field_problem(error: Mapping[str, Any]) -> FieldProblem:
    field = ".".join(str(part) for part in error["loc"][1:]) or "request"
    if error["type"] in _SENTENCES:
        return FieldProblem(field=field, message=_SENTENCES[error["type"]])
    if error["type"] == "string_pattern_mismatch" and error["ctx"]["pattern"] in SPELLINGS:
        return FieldProblem(field=field, message=SPELLINGS[error["ctx"]["pattern"]])
    if error["type"] == "json_invalid":
        return FieldProblem(field="body", message=f"this is no JSON, from character {field} on: {error['ctx']['error']}")
    if error["type"] == "model_attributes_type" and not isinstance(error.get("input"), dict | list):
        return FieldProblem(field="body", message="send a JSON object, with the header Content-Type: application/json")
    return FieldProblem(field=field, message=str(error["msg"]).removeprefix("Value error, "))
