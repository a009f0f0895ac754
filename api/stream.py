"""The stream of alerts: who is connected, what wakes them, and what each of them is sent.

The log is asked once a second whether it has grown, and only while somebody listens; what has grown is read once for all who
stand at the same place. Nothing is held for a reader but their place: a slow one is simply behind, and one that takes
nothing for a while is let go, to come back with `Last-Event-ID`.
"""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Hashable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Final

from fastapi import BackgroundTasks, HTTPException, Request
from fastapi.responses import StreamingResponse
from fastapi.sse import format_sse_event
from starlette.types import Message, Send

from api.access import Reader, context_of, identify, insist_on_opening
from api.alerts import Alert, Alerts
from api.parameters import IncidentFilters
from api.visible import Visible
from monitor.core.model import Language
from monitor.service import Context
from monitor.store import Reading, StoreUnavailable

HEARTBEAT: Final = 15.0
"""Seconds between signs of life; they come by themselves, never because something happened that the reader may not know."""

POLL: Final = 1.0
"""Seconds between two questions whether the log has grown."""

PATIENCE: Final = 20.0
"""Seconds that a reader may take to accept what is sent."""

COME_BACK: Final = 3000
"""Milliseconds after which a reader that was cut off tries again."""

SEATS: Final = 200
"""Streams at once."""

ANONYMOUS_SEATS: Final = 120
"""How many of them may be anonymous readers': whoever has a key shall find a place."""

SEATS_EACH: Final = 5
"""Streams at once of one key, or of one address. Readers who come through a proxy on this machine that is not a trusted
one share only the others."""

_PAGE: Final = 100

_REMEMBERED: Final = 256

_FULL: Final = "Too many streams are open. Close one, or try again later."


@dataclass(slots=True)
class Seats:
    """Who is connected."""

    taken: Counter[str] = field(default_factory=Counter)

    @contextmanager
    def seat(self, reader: Reader, address: str | None) -> Iterator[None]:
        """A place for as long as it is used. Raises 429 where this reader, and 503 where everybody together has too many.

        `address` is that by which an anonymous one is counted, None for whoever is not.
        """
        holder = _holder(reader, address)
        crowd = "anonymous" if reader.is_anonymous else "known"
        if self.taken[holder] >= SEATS_EACH and not holder.startswith("anybody"):
            raise HTTPException(429, _FULL, {"retry-after": "30"})
        if self.taken["all"] >= SEATS or (reader.is_anonymous and self.taken["anonymous"] >= ANONYMOUS_SEATS):
            raise HTTPException(503, _FULL, {"retry-after": "30"})
        self.taken.update(("all", crowd, holder))
        try:
            yield
        finally:
            self.taken.subtract(("all", crowd, holder))
            self.taken += Counter()  # forgets those who hold none


def _holder(reader: Reader, address: str | None) -> str:
    if not reader.is_anonymous:
        return f"key {reader.name}"
    return f"address {address}" if address else "anybody"


@dataclass(slots=True)
class Pulse:
    """Wakes all streams when the log has grown or the service ends."""

    listeners: int = 0
    seq: int = -1
    pages: dict[Hashable, list[Alert]] = field(default_factory=dict)
    reading: asyncio.Lock = field(default_factory=asyncio.Lock)
    turned: asyncio.Event = field(default_factory=asyncio.Event)
    _beating: asyncio.Task[None] | None = None

    @contextmanager
    def felt(self, context: Context) -> Iterator[None]:
        """Keep asking for as long as somebody listens."""
        if self._beating is None:
            self.reading = asyncio.Lock()
            self._turn()
            self._beating = asyncio.get_running_loop().create_task(self._beat(context))
        self.listeners += 1
        try:
            yield
        finally:
            self.listeners -= 1
            if not self.listeners:
                self._beating.cancel()
                self._beating = None

    @property
    def is_felt(self) -> bool:
        """Whether the log is being asked."""
        return self._beating is not None

    async def _beat(self, context: Context) -> None:
        while True:
            await asyncio.sleep(POLL)
            with suppress(StoreUnavailable):
                async with context.store.reading() as reading:
                    seq = await reading.last_seq()
                if seq != self.seq:
                    self.seq = seq
                    self._turn()
            if context.is_ending():
                self._turn()

    def _turn(self) -> None:
        self.pages.clear()
        turned, self.turned = self.turned, asyncio.Event()
        turned.set()


@dataclass(frozen=True, slots=True)
class Following:
    """One reader who follows the alerts."""

    request: Request
    reader: Reader
    filters: IncidentFilters
    language: Language
    pulse: Pulse

    async def begin(self, cursor: str | None) -> tuple[str, int]:
        """Where the reader stands: after the alert that they name, or after all that there are. Raises 422 as `Visible.place`."""
        async with context_of(self.request).store.reading() as reading:
            alerts = Alerts(self._visible(reading), self.filters, self.language)
            return await alerts.newest() if cursor is None else (cursor, await alerts.visible.place(cursor))

    async def chunks(self, cursor: str, seq: int) -> AsyncIterator[bytes]:
        """What is sent: first where the reader stands, so that even one who has heard nothing yet can come back; then news."""
        context, loop = context_of(self.request), asyncio.get_running_loop()
        yield format_sse_event(id=cursor, retry=COME_BACK)
        beat = loop.time() + HEARTBEAT
        while not context.is_ending():
            turned = self.pulse.turned
            alerts = await self._page(context, seq)
            if (alerts or loop.time() >= beat) and not await self._is_still_welcome():
                return
            for alert in alerts:
                seq = alert.seq
                yield _event(alert)
            if loop.time() >= beat:
                beat = loop.time() + HEARTBEAT
                yield format_sse_event(comment="still here")
            if len(alerts) < _PAGE:
                with suppress(TimeoutError):
                    async with asyncio.timeout_at(beat):
                        await turned.wait()

    async def _page(self, context: Context, seq: int) -> list[Alert]:
        """The next alerts; read once for all who see the same and stand at the same place. None while the database is away."""
        wanted = self.filters.model_dump_json(include=set(IncidentFilters.model_fields))
        place = (context.watchlist().version, self.reader.audience, self.language, wanted, seq)
        async with self.pulse.reading:
            known = self.pulse.pages.get(place)
            if known is None:
                with suppress(StoreUnavailable):
                    async with context.store.reading() as reading:
                        known = await Alerts(self._visible(reading), self.filters, self.language).after(seq, _PAGE)
                    self._remember(place, known)
        return known or []

    def _remember(self, place: Hashable, alerts: list[Alert]) -> None:
        if len(self.pulse.pages) >= _REMEMBERED:
            self.pulse.pages.clear()
        self.pulse.pages[place] = alerts

    def _visible(self, reading: Reading) -> Visible:
        context = context_of(self.request)
        return Visible(context, self.reader, reading, context.watchlist(), context.clock.now())

    async def _is_still_welcome(self) -> bool:
        """Whether the key still opens, the session still lasts, and the public may still read."""
        try:
            reader = await identify(self.request, BackgroundTasks())
            insist_on_opening(reader, context_of(self.request).watchlist())
        except (HTTPException, StoreUnavailable):
            return False
        return reader == self.reader


class EventStream(StreamingResponse):
    """Server-sent events, for as long as the reader takes them."""

    media_type = "text/event-stream"

    async def stream_response(self, send: Send) -> None:
        """Send, and let go of a reader that takes nothing."""

        async def patiently(message: Message) -> None:
            async with asyncio.timeout(PATIENCE):
                await send(message)

        with suppress(TimeoutError):
            await StreamingResponse.stream_response(self, patiently)


def _event(alert: Alert) -> bytes:
    data = json.dumps(alert.payload, ensure_ascii=False, separators=(",", ":"))
    return format_sse_event(event=alert.payload["type"], data_str=data, id=alert.name)
