"""All incidents at once, for whatever goes through all of them: the timeline, and what each provider has done.

To read and fold them takes seconds where there are thousands. What everybody may read is therefore kept until something of it
changes; and only a few readers at once may have the others read.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from fastapi import HTTPException, Request

from api.feeds.stamps import stamp
from api.parameters import IncidentFilters, IncidentPage
from api.visible import LEADS_NOWHERE, Visible
from monitor.core.incident import Incident

MOST: Final = 10_000
"""Incidents that are gone through: those that changed last."""

READERS: Final = 4
"""Who may have everything read at once, or wait until it is."""

_BUSY: Final = "Too many readers ask for everything at once. Try again in a few seconds."


@dataclass(slots=True)
class Everything:
    """What everybody may read, as of the state of things that `stamp` names; and how many are having everything read."""

    stamp: Hashable = None
    public: Sequence[Incident] = ()
    readers: int = 0
    reading: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def as_of(self, now: Hashable, read: Callable[[], Awaitable[Sequence[Incident]]]) -> Sequence[Incident]:
        """What everybody may read, read anew if it may have changed. Raises 503 where too many wait for that."""
        if now == self.stamp:
            return self.public
        with self.turn():
            async with self.reading:
                if now != self.stamp:
                    self.public = await read()
                    self.stamp = now
                return self.public

    @contextmanager
    def turn(self) -> Iterator[None]:
        """A place among those who have everything read. Raises 503, at once, where there is none."""
        if self.readers >= READERS:
            raise HTTPException(503, _BUSY, {"retry-after": "5"})
        self.readers += 1
        try:
            yield
        finally:
            self.readers -= 1


async def everything(request: Request, visible: Visible) -> Sequence[Incident]:
    """All incidents that the reader may see, the latest change first, at most `MOST`. Raises 503 where too many ask at once.

    The time that it takes the public follows what is public only, as its stamp does.
    """
    kept: Everything = request.app.state.everything

    async def read() -> Sequence[Incident]:
        return await visible.incidents(IncidentFilters(), limit=MOST)

    if visible.reader.audience == "public":
        return await kept.as_of(await stamp(visible), read)
    with kept.turn():
        return await read()


async def page_of(request: Request, visible: Visible, page: IncidentPage) -> Sequence[Incident]:
    """What a page shows, and one incident more if another page follows.

    To the public what only a look at every incident can tell is told from what is kept, as far as that is all there is.
    Raises 422 for a cursor that leads nowhere, and 503 as `everything` does.
    """
    if page.wants_all and visible.reader.audience == "public":
        known = await everything(request, visible)
        if len(known) < MOST:
            return _after(known, page)[: page.limit + 1]
    stages = None if page.stage is None else frozenset({page.stage})
    origins = None if page.origin is None else frozenset({page.origin})
    return await visible.incidents(page, stages=stages, origins=origins, after=page.after, limit=page.limit + 1)


def _after(known: Sequence[Incident], page: IncidentPage) -> list[Incident]:
    names = [one.id for one in known]
    if page.after is not None and page.after not in names:
        raise HTTPException(422, LEADS_NOWHERE)
    begin = names.index(page.after) + 1 if page.after else 0
    return [one for one in known[begin:] if page.suits(one) and page.takes(one)]
