"""A connection of the web server that is kept only as long as whoever opened it asks, and takes what they asked for.

Uvicorn waits for ever: for the rest of a head that somebody has half sent, and for somebody to take an answer. Either holds a
file descriptor and memory, and this process needs its own to look and to alert.
"""

import asyncio
from collections.abc import Callable
from typing import Any, Final

from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_PATIENCE: Final = 10.0
"""Seconds within which the head of a request must have arrived, counted from the connection's beginning or its first byte."""

TAKING_PATIENCE: Final = 30.0
"""Seconds within which a reader must take `LEAST_TAKEN` bytes of an answer, or what is left of it."""

LEAST_TAKEN: Final = 16 * 1024

MOST: Final = 500
"""Connections at once; one more is closed unanswered. Streams, 200 at most, are among them."""


class PatientConnection(H11Protocol):
    """One connection. It is closed when nothing is under way and no whole request comes, or when an answer is not taken."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        """Begin to wait for a request."""
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=0)  # so that we hear of whatever is not taken, however little it is
        self._asking, self._taking = _Deadline(self.loop), _Deadline(self.loop)
        if len(self.connections) > MOST:
            transport.abort()
        else:
            self._asking.set(HEAD_PATIENCE, transport.abort)

    def data_received(self, data: bytes) -> None:
        """Go on waiting, from the first byte on, unless these bytes have made a request whole."""
        super().data_received(data)
        if not getattr(self.cycle, "response_complete", True):
            self._asking.lift()
        elif not self._asking.is_set:
            self._asking.set(HEAD_PATIENCE, self.transport.abort)

    def pause_writing(self) -> None:
        """Begin to wait until what was sent is taken."""
        super().pause_writing()
        self._watch_taking()

    def resume_writing(self) -> None:
        """All was taken."""
        self._taking.lift()
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        self._asking.lift()
        self._taking.lift()
        super().connection_lost(exc)

    def _watch_taking(self) -> None:
        self._taking.set(TAKING_PATIENCE, self._insist_on_taking, self.transport.get_write_buffer_size())

    def _insist_on_taking(self, left: int) -> None:
        if self.transport.get_write_buffer_size() > left - LEAST_TAKEN:
            self.transport.abort()
        else:
            self._watch_taking()


class _Deadline:
    """What will be done in a while, unless it is lifted before."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._timer: asyncio.TimerHandle | None = None

    @property
    def is_set(self) -> bool:
        return self._timer is not None

    def set(self, seconds: float, then: Callable[..., None], *given: Any) -> None:
        self.lift()
        self._timer = self._loop.call_later(seconds, then, *given)

    def lift(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
