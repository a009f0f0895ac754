"""`cutwatch run`: the service, on a terminal or under a supervisor."""

import asyncio
import gc
import signal
import sys
from collections.abc import Coroutine

import structlog
import uvloop

from monitor.bus.local import SocketUnusable
from monitor.clock import Clock
from monitor.commands.database import explained
from monitor.commands.keys import SIGN_IN_LASTS, end_of_sign_in, make_sign_in
from monitor.commands.output import Exit, complaints, refuse, say
from monitor.commands.place import find_place
from monitor.configuration import ConfigurationError
from monitor.logs import set_up_logs
from monitor.service import Place
from monitor.service.web import CannotListen
from monitor.service.wiring import AlreadyRunning, Service, serve
from monitor.settings import Settings
from monitor.store import StoreUnavailable

_log = structlog.get_logger()


class Errands:
    """What is done beside the service's work. Nobody waits for it, so what goes wrong with it is logged."""

    def __init__(self) -> None:
        self.running: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[None, None, None]) -> None:
        """Begin; the event loop itself would let go of a task that nobody keeps."""
        errand = asyncio.get_running_loop().create_task(work)
        self.running.add(errand)
        errand.add_done_callback(self._ended)

    def _ended(self, errand: asyncio.Task[None]) -> None:
        self.running.discard(errand)
        problem = None if errand.cancelled() else errand.exception()
        if isinstance(problem, StoreUnavailable):
            _log.error(str(problem))
        elif problem is not None:
            _log.error("an errand failed; the fault is ours", error=type(problem).__name__, exc_info=problem)


def run() -> None:
    """Watch what is configured, tell what is cut off, and serve pages, feed, API and metrics.

    Ends cleanly on Ctrl-C or SIGTERM: looks in flight are finished and written. SIGHUP reads the configuration again.
    """
    settings = Settings()
    set_up_logs(settings.log)
    try:
        with explained(settings):
            uvloop.run(_serve(settings, find_place(settings)))
    except ConfigurationError as refused:
        for problem in refused.problems:
            complaints.print(str(problem), markup=False)
        refuse(f"{len(refused.problems)} problem(s) in {settings.config}: nothing was started")
    except (AlreadyRunning, CannotListen) as refused:
        refuse(str(refused))
    except SocketUnusable as problem:
        refuse(str(problem), Exit.FAILED)


async def _serve(settings: Settings, place: Place) -> None:
    clock = Clock.from_environment()
    errands = Errands()

    def started(service: Service) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, service.stop)
        loop.add_signal_handler(signal.SIGHUP, lambda: errands.start(reload(service)))
        errands.start(greet(service, clock))
        gc.collect()
        gc.freeze()

    trouble = await serve(settings, clock, place, started)
    if trouble is None:
        say("Cutwatch has stopped; everything that was seen is written.")
    else:
        say(
            f"Cutwatch has stopped. Not everything could be written ({trouble}): the rest waits in {settings.data_dir / 'spill'}."
        )


async def greet(service: Service, clock: Clock) -> None:
    """Say where to look. A secret is made for a terminal only: elsewhere output ends in logs, which others read."""
    address = service.address
    if service.paused:
        say("\nNothing is looked at: nobody has agreed to it yet. To agree, stop this and run `cutwatch run` on a terminal.")
        say(f"What is known already:\n  pages    {address}/\n  feed     {address}/feed.json")
    else:
        say(f"\nCutwatch is watching. Where to look:\n  pages    {address}/\n  feed     {address}/feed.json")
    say(f"  API      {address}/api/v1\n  metrics  {address}/metrics")
    if not sys.stdout.isatty():
        say("\nTo see what has not been released, sign in: run `cutwatch keys sign-in`\n")
        return
    secret = await make_sign_in(service.store, end_of_sign_in(clock))
    say(f"\nTo see what has not been released, sign in once within {SIGN_IN_LASTS.seconds // 60} minutes:")
    say(f"  {address}/sign-in?token={secret}\n")


async def reload(service: Service) -> None:
    """Let the service read its configuration again, and log what became of it."""
    problems = await service.reload()
    for problem in problems:
        _log.error("the configuration was not reloaded", problem=problem)
    if not problems:
        _log.info("the configuration was reloaded")
