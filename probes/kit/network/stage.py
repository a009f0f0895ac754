"""One step under way: its clock, its budget and its failure."""

import asyncio
from time import perf_counter
from types import TracebackType
from typing import Any, NamedTuple, Self

from probes.kit.failure import Failure, classify
from probes.kit.vocabulary import Aim


class Part(NamedTuple):
    """Which part of a look a step belongs to."""

    hop: int
    aim: Aim


class Stage:
    """Runs a block within `seconds`, and afterwards says when it began, how long it took, and the word for its failure.

    `opened` is the clock reading from which `started` counts, `part` what the step belongs to, `left` the seconds that the look
    itself has left. Errors end here, as words; only a cancellation from outside goes on, and leaves `interrupted`. So does the
    look's own deadline: a step that was not given its time says nothing about anybody else's.
    """

    __slots__ = ("_began", "_late", "_limit", "duration", "failure", "part", "started")

    def __init__(self, opened: float, seconds: float, left: float, part: Part) -> None:
        self._began = perf_counter()
        self._limit = asyncio.timeout(max(min(seconds, left), 0))
        self._late = Failure.GENERIC_TIMEOUT if left >= seconds else Failure.INTERRUPTED
        self.part = part
        self.started = self._began - opened
        self.duration = 0.0
        self.failure: str | None = Failure.INTERRUPTED

    def facts(self) -> dict[str, Any]:
        """What every recorded step says."""
        hop, aim = self.part
        return {"hop": hop, "aim": aim, "started": self.started, "duration": self.duration, "failure": self.failure}

    async def __aenter__(self) -> Self:
        await self._limit.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        self.duration = perf_counter() - self._began
        try:
            await self._limit.__aexit__(kind, error, traceback)
        except TimeoutError:
            self.failure = self._late
            return True
        if error is not None and not isinstance(error, Exception):
            return False
        self.failure = None if error is None else classify(error)
        return True
