"""The prober process: an engine, the bus to its service, and the beat that drives both."""

import argparse
import asyncio
import contextlib
import faulthandler
import gc
import os
import signal
import sys
from importlib.metadata import version
from typing import Final

import structlog
import uvloop

from monitor.bus.journal import Journal, JournalInUse
from monitor.bus.local import LocalProberBus, SocketUnusable, socket_path
from monitor.clock import Clock
from monitor.core.watchlist import VantagePoint
from monitor.engine.doors import door_for
from monitor.engine.engine import Engine
from monitor.engine.services import Services
from monitor.logs import set_up_logs
from monitor.scheduler import Scheduler
from monitor.settings import Settings
from probes.kit.budgets import Budgets
from probes.kit.discover import discover
from probes.kit.network import Network

_log = structlog.get_logger()

TICK: Final = 1.0
"""Seconds between ticks of the engine."""

BEAT: Final = 5.0
"""Seconds between heartbeats."""

FASTEST: Final = 0.05
"""Real seconds between ticks at least, however fast the clock of a demonstration runs."""

GONE: Final = 30.0
"""Real seconds without the service after which it counts as gone for good."""

FINISH: Final = 5.0
"""Real seconds that looks in flight have to end when the prober stops,"""

DRAIN: Final = 5.0
"""and that the service then has to take what is left. What it does not take is in the spill file for the next start."""

_SOFTWARE: Final = f"cutwatch/{version('cutwatch')}"

STALLED: Final = 120
"""Real seconds without a tick after which the process shows where it hangs and exits, so that its supervisor starts it anew."""


async def run_prober(settings: Settings, clock: Clock, parent: int | None = None) -> bool:
    """Make looks for the service of this data folder until SIGTERM or SIGINT.

    `parent` is the process that started this one, as it knows itself: it may have died before we could ask who it is.

    Returns False where it could not begin, or ended because the service was gone; what it saw is then in the spill file.
    """
    try:
        journal = Journal(settings.data_dir / "spill")
        path = socket_path(settings.data_dir)
    except (JournalInUse, SocketUnusable, OSError) as problem:
        _log.error("the prober cannot begin", problem=str(problem))
        return False
    with contextlib.closing(journal):
        return await _Prober(settings, clock, LocalProberBus(path, journal, clock), parent).run()


class _Prober:
    def __init__(self, settings: Settings, clock: Clock, bus: LocalProberBus, parent: int | None) -> None:
        self._settings = settings
        self._clock = clock
        self._bus = bus
        self._engine = Engine(
            bus=bus,
            probes=discover(),
            opener=self._open,
            clock=clock,
            software=_SOFTWARE,
            sources=Services(settings, clock, _SOFTWARE).open,
        )
        self._scheduler = Scheduler(clock)
        self._parent = parent or os.getppid()
        self._ending = asyncio.Event()
        self._abandoned = False

    async def run(self) -> bool:
        """Work until told to end. Returns whether that was an order."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._ending.set)
        async with asyncio.TaskGroup() as group:
            workers = [group.create_task(self._bus.run()), group.create_task(self._engine.run())]
            self._begin()
            await self._ending.wait()
            await self._wind_down()
            for worker in workers:
                worker.cancel()
        return not self._abandoned

    def _open(self, vantage: VantagePoint, budgets: Budgets) -> Network:
        return Network(door_for(vantage, budgets, self._settings), now=self._clock.now)

    def _begin(self) -> None:
        """Everything that will live long is there: the collector need not look at it again."""
        self._scheduler.every(max(TICK, FASTEST * self._clock.speed), "tick", self._tick)
        self._scheduler.every(max(BEAT, FASTEST * self._clock.speed), "heartbeat", self._engine.beat)
        self._scheduler.every(max(BEAT, FASTEST * self._clock.speed), "service", self._see_whether_service_lives)
        faulthandler.dump_traceback_later(STALLED, exit=True)
        self._scheduler.start()
        gc.collect()
        gc.freeze()

    async def _tick(self) -> None:
        faulthandler.dump_traceback_later(STALLED, exit=True)
        await self._engine.tick(self._clock.monotonic())

    async def _see_whether_service_lives(self) -> None:
        cut_off = self._bus.cut_off(self._clock.monotonic()) / self._clock.speed
        orphaned = os.getppid() != self._parent
        if cut_off > GONE or (orphaned and cut_off > 0):
            _log.error("the service is gone; what it has not taken is spilled, and the prober ends", seconds=round(cut_off))
            self._abandoned = True
            self._ending.set()

    async def _wind_down(self) -> None:
        self._scheduler.stop()
        faulthandler.cancel_dump_traceback_later()
        await self._engine.finish(FINISH)
        left = await self._bus.drain(0 if self._abandoned else DRAIN)
        if left:
            _log.warning("the service has not taken everything; the rest is spilled for the next start", looks=left)


def main() -> int:
    """Run the prober as a process of its own: `python -m monitor.agent`, which `cutwatch run` starts by itself."""
    parser = argparse.ArgumentParser(prog="python -m monitor.agent", description=run_prober.__doc__)
    parser.add_argument("--parent", type=int, help="the service's process id: once it is gone, the prober ends")
    settings = Settings()
    set_up_logs(settings.log)
    return 0 if uvloop.run(run_prober(settings, Clock.from_environment(), parser.parse_args().parent)) else 1


if __name__ == "__main__":
    sys.exit(main())
