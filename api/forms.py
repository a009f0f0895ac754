"""Forms of our own pages. Nothing that a form sends is read before it is known that its sender may send one."""

from collections.abc import Callable, Coroutine
from typing import Any, Final

from fastapi import BackgroundTasks, HTTPException, Request
from fastapi.responses import Response
from fastapi.routing import APIRoute
from python_multipart.multipart import parse_options_header

from api.access import identify, insist_on_staff

PLAIN: Final = b"application/x-www-form-urlencoded"
"""How browsers send a form without files."""

_SPELLINGS: Final = frozenset({b"utf-8", b"utf8"})

_OTHER_CHARSET: Final = "Send the form in UTF-8: no other charset is read here."

_NOT_PLAIN: Final = "Send the form as a browser does, as application/x-www-form-urlencoded."


class StaffRoute(APIRoute):
    """A page of the staff. To parse a body takes time and memory, so a form's sender must be signed in before it is read."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, behind the question of who sends the form."""
        handle = super().get_route_handler()

        async def handle_form(request: Request) -> Response:
            if request.method == "POST":
                insist_on_staff(await identify(request, BackgroundTasks()))
                insist_on_utf8(request)
            return await handle(request)

        return handle_form


def insist_on_utf8(request: Request) -> None:
    """Refuse a form in another charset: some take long to decode, and some hold what is no text. Raises 415."""
    _, options = _content_type(request)
    if options.get(b"charset", b"utf-8").lower() not in _SPELLINGS:
        raise HTTPException(415, _OTHER_CHARSET)


def insist_on_plain(request: Request) -> None:
    """Refuse whatever is no plain form in UTF-8, where anybody may send one. Raises 415."""
    insist_on_utf8(request)
    kind, _ = _content_type(request)
    if kind != PLAIN and "content-type" in request.headers:
        raise HTTPException(415, _NOT_PLAIN)


def _content_type(request: Request) -> tuple[bytes, dict[bytes, bytes]]:
    return parse_options_header(request.headers.get("content-type"))
