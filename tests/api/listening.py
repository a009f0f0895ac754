"""A real server on loopback, and a client that follows server-sent events as browsers do."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2
from fastapi import FastAPI

from monitor.service.web import WebServer, configured


@asynccontextmanager
async def serving(app: FastAPI) -> AsyncIterator[str]:
    """The application on a port of its own; it ends as the service ends it."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = WebServer(configured(app))
        task = asyncio.create_task(server.serve(sockets=[listening]))
        while not server.started:
            await asyncio.sleep(0.005)
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            await task


@dataclass(frozen=True, slots=True)
class Heard:
    """One event: its id, its type and its data."""

    id: str
    type: str
    data: str


@dataclass(slots=True)
class Listener:
    """Follows a stream. `last` is the id that is sent when it comes back; `raw` is everything that came."""

    lines: AsyncIterator[str]
    last: str = ""
    raw: list[str] = field(default_factory=list)

    async def next(self) -> Heard | None:
        """The next event (WHATWG HTML, 9.2.6); None when the stream has ended."""
        kind = data = ""
        async for line in self.lines:
            self.raw.append(line)
            name, _, value = line.partition(": ")
            if name == "id":
                self.last = value
            elif name == "event":
                kind = value
            elif name == "data":
                data += value
            elif not line and data:
                return Heard(self.last, kind, data)
        return None

    async def some(self, count: int) -> list[Heard]:
        """So many events; fewer only where the stream ends."""
        found = [await self.next() for _ in range(count)]
        return [one for one in found if one]

    async def until(self, text: str, times: int = 1) -> None:
        """Read on until a line has come so often."""
        while self.raw.count(text) < times:
            self.raw.append(await anext(self.lines))


@asynccontextmanager
async def listening(address: str, query: str = "", *, secret: str | None = None, last: str = "") -> AsyncIterator[Listener]:
    """Open the stream, and wait until it says where it stands."""
    headers: dict[str, Any] = {"accept": "text/event-stream"}
    headers |= {"authorization": f"Bearer {secret}"} if secret else {}
    headers |= {"last-event-id": last} if last else {}
    async with (
        httpx2.AsyncClient(timeout=10) as client,
        client.stream("GET", f"{address}/api/v1/stream{query}", headers=headers) as answer,
    ):
        assert answer.status_code == 200, await answer.aread()
        assert answer.headers["content-type"].startswith("text/event-stream")
        listener = Listener(answer.aiter_lines())
        while not listener.raw or listener.raw[-1]:
            line = await anext(listener.lines)
            listener.raw.append(line)
            if line.startswith("id: "):
                listener.last = line.removeprefix("id: ")
        yield listener
