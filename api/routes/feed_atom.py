"""`/feed.atom`: Atom, an entry for each incident."""

from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response

from api.feeds import atom
from api.feeds.serving import Form, serve
from api.parameters import FeedFilters
from api.problems import ERRORS
from api.visible import Seen

router = APIRouter(tags=["feeds"])

FORM: Final = Form(atom.PATH, atom.MEDIA_TYPE, atom.render)


@router.get(
    atom.PATH,
    operation_id="read_atom_feed",
    summary="Incidents as Atom",
    response_class=Response,
    responses={
        200: {"content": {atom.MEDIA_TYPE: {"schema": {"type": "string"}}}},
        304: {"description": "Nothing has changed"},
        **ERRORS,
    },
)
async def feed(request: Request, visible: Seen, filters: Annotated[FeedFilters, Query()]) -> Response:
    """The same incidents as in `/feed.json`. What was retracted has a tombstone (RFC 6721) beside an entry that says so."""
    return await serve(request, visible, filters, FORM)
