"""`/static/…`: the style sheet and the icon, under names that change with their contents."""

from fastapi import APIRouter, Response

from api.parameters import ONLY_LANGUAGE
from api.problems import not_found
from api.render import static_files

router = APIRouter(include_in_schema=False, dependencies=[ONLY_LANGUAGE])


@router.get("/static/{name}")
async def static(name: str) -> Response:
    """One static file."""
    found = static_files().get(name)
    if found is None:
        raise not_found()
    data, media_type = found
    return Response(data, media_type=media_type, headers={"cache-control": "public, max-age=31536000, immutable"})
