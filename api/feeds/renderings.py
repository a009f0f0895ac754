"""Feeds as bytes, rendered once for every change and then only handed out."""

import gzip
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from hashlib import sha256
from typing import Final

from fastapi import Request
from fastapi.responses import Response

from api.conditions import is_known

KEPT: Final = 128
"""Renderings that are kept; the one that was asked for longest ago goes first."""

_GZIP_FROM: Final = 1024
"""Bytes below which packing saves nothing."""


@dataclass(frozen=True, slots=True)
class Rendering:
    """A feed as it is served. `modified` is when the newest of what it holds changed; None for an empty feed.

    `packed` is the same under gzip, or empty where that saves nothing. `digest` depends on what is in the feed and on nothing
    else, so that it betrays nothing that is not.
    """

    body: bytes
    packed: bytes
    digest: str
    modified: datetime | None

    @classmethod
    def of(cls, body: bytes, modified: datetime | None) -> "Rendering":
        """Made from the bytes that readers get."""
        packed = gzip.compress(body, mtime=0) if len(body) >= _GZIP_FROM else b""
        return cls(body, packed, sha256(body).hexdigest()[:32], modified)

    def answer(self, request: Request, media_type: str, headers: Mapping[str, str]) -> Response:
        """What this reader gets: nothing where they have it already, else the bytes, packed for whoever takes them so."""
        packs = bool(self.packed) and "gzip" in request.headers.get("accept-encoding", "")
        modified = {"last-modified": format_datetime(self.modified, usegmt=True)} if self.modified else {}
        known = {"etag": f'"{self.digest}-gzip"' if packs else f'"{self.digest}"', **modified, **headers}
        # By its tag alone. A date does not tell: what has left the feed, because it is public no more, leaves an older date. So
        # `If-Modified-Since` is passed over, as RFC 9110 (13.1.3) allows, lest a copy that holds it be called good.
        if is_known(request, known["etag"]):
            return Response(status_code=304, headers=known)
        encoding = {"content-encoding": "gzip"} if packs else {}
        return Response(self.packed if packs else self.body, headers={**known, **encoding}, media_type=media_type)


@dataclass(slots=True)
class Renderings:
    """What was rendered, by a name that says what it is, with a stamp that says of which state of things."""

    kept: OrderedDict[Hashable, tuple[Hashable, Rendering]] = field(default_factory=OrderedDict)

    async def get(self, name: Hashable, stamp: Hashable, render: Callable[[], Awaitable[Rendering]]) -> Rendering:
        """The rendering of this name and stamp, made now unless it is there."""
        known, rendering = self.kept.get(name, (None, None))
        if rendering is None or known != stamp:
            rendering = await render()
        self.kept[name] = stamp, rendering
        self.kept.move_to_end(name)
        if len(self.kept) > KEPT:
            self.kept.popitem(last=False)
        return rendering
