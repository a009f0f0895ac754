"""Looks for programs that take many of them away: JSON, or one JSON object a line (NDJSON)."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

from fastapi import Request, Response
from fastapi.responses import JSONResponse
from pydantic_core import to_jsonable_python

from api import answers
from api.looks import SeenLook
from api.provider_schemas import ExportedLook, ExportedObservation
from api.schemas import Answer

NDJSON: Final = "application/x-ndjson"


def verdict(found: SeenLook) -> ExportedLook:
    """A look and the verdict on it, with whom it is about."""
    return ExportedLook.model_validate(_verdict(found))


def _verdict(found: SeenLook) -> dict[str, Any]:
    told, verdict = answers.look(found).model_dump(), found.verdict
    about = {"organisation": verdict.organisation, "target": verdict.target, "check": verdict.check or None}
    return {**told, **about, "ruleset": verdict.ruleset}


def observation(found: SeenLook) -> ExportedObservation:
    """A look with everything that it saw; insiders only, for others it has no observation."""
    seen = found.observation
    if seen is None:
        raise ValueError("the facts of a look are for those who belong to the organisation")
    facts = to_jsonable_python({"facts": seen.facts and asdict(seen.facts), "control": [asdict(one) for one in seen.control]})
    own = ("duration", "validity", "unmeasured", "missed", "timing_suspect", "probe_version", "software")
    planned = found.planned and found.planned.model_dump()
    return ExportedObservation.model_validate(
        {**_verdict(found), **{name: getattr(seen, name) for name in own}, **facts, "planned": planned}
    )


def exported(request: Request, items: Sequence[Answer], following: str | None) -> Response:
    """One page, as the reader's `Accept` asks; the address of the next page stands in `Link` too (RFC 8288)."""
    headers = {"vary": "Accept, Authorization, Cookie"}
    if following is not None:
        onward = request.url.include_query_params(after=following)
        headers["link"] = f'<{onward.path}?{onward.query}>; rel="next"'
    if NDJSON in request.headers.get("accept", ""):
        return Response(
            "".join(f"{line}\n" for line in (one.model_dump_json() for one in items)), media_type=NDJSON, headers=headers
        )
    return JSONResponse({"items": [one.model_dump(mode="json") for one in items], "next": following}, headers=headers)
