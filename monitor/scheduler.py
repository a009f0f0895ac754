"""What happens by the calendar of this process. The only place that knows APScheduler.

Jobs are few and made anew at every start, so they live in memory. A job that could not run in time runs once, as soon as it
can, and never twice at once.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC
from typing import Final

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler  # type: ignore[import-untyped]  # version 3 carries no types

from monitor.clock import Clock

_log = structlog.get_logger()

Job = Callable[[], Awaitable[None]]

GLANCE: Final = 5.0
"""Real seconds between looks at whether the clock was set back: intervals are counted by it, and would stand still."""

SET_BACK: Final = 30.0
"""Seconds by which it must have been."""

FORGIVEN: Final = 3.0
"""A job counts as stuck when it has not ended for so many of its intervals,"""

FORGIVEN_LEAST: Final = 30.0
"""and for at least so many seconds."""


@dataclass(slots=True)
class _Regular:
    seconds: float
    ended: float


class Scheduler:
    """Runs jobs at intervals of the clock's time, from `start` to `stop`."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or Clock()
        self._scheduler = AsyncIOScheduler(timezone=UTC)
        self._jobs: dict[str, _Regular] = {}
        self._ahead = 0.0
        self._glance: asyncio.TimerHandle | None = None

    def every(self, seconds: float, name: str, function: Job) -> None:
        """Run `function` every `seconds`, the first time after one interval. What it raises is logged, and ends nothing."""
        self._jobs[name] = _Regular(seconds, self._clock.monotonic())
        self._scheduler.add_job(
            self._run,
            "interval",
            args=(name, function),
            seconds=seconds / self._clock.speed,
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,  # however late: the default of one second drops runs after every stall
        )

    def start(self) -> None:
        """Begin. Must be called within a running event loop."""
        for job in self._jobs.values():
            job.ended = self._clock.monotonic()
        self._scheduler.start()
        self._ahead = self._wall_ahead()
        self._keep_time()

    def stop(self) -> None:
        """Start no more jobs; one that is under way goes on."""
        if self._glance is not None:
            self._glance.cancel()
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    def _keep_time(self) -> None:
        """Run everything now if the clock was set back, since by the clock it would be due in the future only."""
        ahead = self._wall_ahead()
        if self._ahead - ahead > SET_BACK:
            _log.warning("the clock was set back; regular jobs go on from here")
            for job in self._scheduler.get_jobs():
                job.modify(next_run_time=self._clock.now())
        self._ahead = ahead
        self._glance = asyncio.get_running_loop().call_later(GLANCE, self._keep_time)

    def _wall_ahead(self) -> float:
        return self._clock.now().timestamp() - self._clock.monotonic()

    def stuck(self) -> tuple[str, ...]:
        """Names of the jobs that have not ended when they should have."""
        now = self._clock.monotonic()
        return tuple(name for name, job in self._jobs.items() if now - job.ended > max(FORGIVEN * job.seconds, FORGIVEN_LEAST))

    async def _run(self, name: str, function: Job) -> None:
        try:
            await function()
        except Exception as error:  # a job that fails once gets its next turn
            _log.error("a regular job failed", job=name, error=type(error).__name__, exc_info=error)
        self._jobs[name].ended = self._clock.monotonic()
