"""`/openapi.json`: the description of the API for programs."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from api.parameters import ONLY_LANGUAGE

router = APIRouter(include_in_schema=False, dependencies=[ONLY_LANGUAGE])


@router.get("/openapi.json")
async def openapi(request: Request) -> JSONResponse:
    """OpenAPI 3.1."""
    described: dict[str, Any] = request.app.openapi()
    return JSONResponse(described, headers={"cache-control": "public, max-age=3600"})
