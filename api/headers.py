"""What every answer carries, and what no log may show: plain ASGI, around the whole application."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final
from urllib.parse import parse_qs, quote, urlencode

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.languages import LANGUAGES

SECURITY: Final[Mapping[str, str]] = MappingProxyType(
    {
        "content-security-policy": "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'",
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
    }
)

PRIVATE: Final[Mapping[str, str]] = MappingProxyType({"cache-control": "private, no-store"})
"""The rule unless an answer is known to be the same for everybody."""

SIGN_IN_PATH: Final = "/sign-in"

SIGN_IN_TOKEN: Final = "cutwatch.sign_in_token"  # noqa: S105  the name under which the token travels, not a token
"""Where in the scope the sign-in page finds the token that `HiddenToken` has taken out of the address."""

PRIVATE_FEEDS: Final = "/private/"

FEED_SECRET: Final = "cutwatch.feed_secret"  # noqa: S105  the name under which it travels, not a secret
"""Where in the scope the private feeds find the secret part of their address."""

ASKED_HEAD: Final = "cutwatch.asked_head"
"""Set in the scope of a GET that was a HEAD: an answer without an end must know that nobody reads it."""


class SecurityHeaders:
    """Adds the security headers to every answer, and forbids storing those that do not say who may."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and complete the head of its answer."""

        async def completed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in {**PRIVATE, **SECURITY}.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, completed)


class HeadRequests:
    """Answers HEAD as GET without the body."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass HEAD on as GET and keep the body back."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return

        async def headless(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        await self.app({**scope, "method": "GET", ASKED_HEAD: True}, receive, headless)


_NO_GZIP: Final = re.compile(rb"(?:^|[,\s])gzip\s*;\s*q=0(?:\.0{0,3})?\s*(?:,|$)", re.IGNORECASE)


class RefusedGzip:
    """Takes out of a request the mention of gzip by a reader who refuses it (`gzip;q=0`; RFC 9110, 12.5.3).

    Whatever packs answers looks for the word alone.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] == "http":
            heard = [
                (name, value) for name, value in scope["headers"] if name != b"accept-encoding" or not _NO_GZIP.search(value)
            ]
            scope = {**scope, "headers": heard}
        await self.app(scope, receive, send)


class HiddenToken:
    """Takes secrets out of the address before anybody, the server's access log included, can write them down.

    The server logs the path and query string of the very scope that it hands over, hence the change in place.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Move the sign-in token, or the secret part of a private feed's address, to a place of its own."""
        if scope["type"] == "http" and scope["path"] == SIGN_IN_PATH:
            asked = parse_qs(scope["query_string"].decode("latin-1"))
            tokens = asked.get("token", [])
            scope[SIGN_IN_TOKEN] = tokens[0] if len(tokens) == 1 else ""
            scope["query_string"] = urlencode([("lang", one) for one in asked.get("lang", []) if one in LANGUAGES]).encode()
        elif scope["type"] == "http" and scope["path"].startswith(PRIVATE_FEEDS):
            secret, _, rest = scope["path"].removeprefix(PRIVATE_FEEDS).partition("/")
            scope[FEED_SECRET] = secret
            scope["path"] = f"{PRIVATE_FEEDS}hidden/{rest}"
            scope["raw_path"] = quote(scope["path"]).encode("ascii")
        await self.app(scope, receive, send)
