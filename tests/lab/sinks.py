"""Where messages go in tests: a web server that remembers every request and can be as awkward as real receivers are."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from tests.lab.http import HangUp, Request, Response, serve
from tests.lab.listening import Listener

Behaviour = Callable[[], Awaitable[Response]]


def answering(status: int, **headers: str) -> Behaviour:
    """Answer with this status; header names are given with underscores (`retry_after="30"`)."""

    async def behave() -> Response:
        return Response(status=status, headers={name.replace("_", "-"): value for name, value in headers.items()})

    return behave


def redirecting(location: str) -> Behaviour:
    """Send the client elsewhere."""
    return answering(302, location=location)


def hanging_up() -> Behaviour:
    """Close the connection without a word."""

    async def behave() -> Response:
        raise HangUp

    return behave


def stalling() -> Behaviour:
    """Never answer; the client must give up."""

    async def behave() -> Response:
        await asyncio.Event().wait()
        raise HangUp

    return behave


class WebhookSink:
    """Receives webhooks at `url`. `requests` holds what came, oldest first.

    Behaviours given to `then` are used up one per request; afterwards, and from the start, every request gets `otherwise`.
    `accepted` holds those that were answered with success.
    """

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.accepted: list[Request] = []
        self.otherwise: Behaviour = answering(204)
        self.url = ""
        self._next: deque[Behaviour] = deque()
        self._arrived = asyncio.Condition()

    @classmethod
    @asynccontextmanager
    async def running(cls) -> AsyncIterator["WebhookSink"]:
        """A sink on loopback."""
        sink = cls()
        listener = await Listener.open("127.0.0.1", sink._connected)
        sink.url = f"http://{listener.endpoint}/hook"
        try:
            yield sink
        finally:
            await listener.close()

    def then(self, *behaviours: Behaviour) -> None:
        """Treat the next requests like this, one each."""
        self._next.extend(behaviours)

    async def received(self, number: int, within: float = 10.0) -> list[Request]:
        """Wait until at least `number` requests have come, and return all. Raises TimeoutError after `within` seconds."""
        async with asyncio.timeout(within), self._arrived:
            await self._arrived.wait_for(lambda: len(self.requests) >= number)
        return list(self.requests)

    async def _connected(self, reader: StreamReader, writer: StreamWriter) -> None:
        await serve(self._respond, reader, writer)

    async def _respond(self, request: Request) -> Response:
        async with self._arrived:
            self.requests.append(request)
            self._arrived.notify_all()
        behaviour = self._next.popleft() if self._next else self.otherwise
        response = await behaviour()
        if response.status < 300:
            self.accepted.append(request)
        return response
