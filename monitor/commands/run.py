"""`cutwatch run`: the service, on a terminal or under a supervisor."""

import asyncio
import gc
import signal
from datetime import timedelta

import structlog
import uvloop

from monitor.clock import Clock
from monitor.commands.keys import make_sign_in
from monitor.commands.output import complaints, refuse, say
from monitor.commands.place import find_place
from monitor.configuration import ConfigurationError
from monitor.logs import set_up_logs
from monitor.service import Place
from monitor.service.web import CannotListen
from monitor.service.wiring import AlreadyRunning, Service, serve
from monitor.settings import Settings

_log = structlog.get_logger()

SIGN_IN_LASTS = timedelta(minutes=30)


def run() -> None:
    """Watch what is configured, tell what is cut off, and serve pages, feed, API and metrics.

    Ends cleanly on Ctrl-C or SIGTERM: looks in flight are finished and written. SIGHUP reads the configuration again.
    """
    settings = Settings()
    set_up_logs(settings.log)
    place = find_place(settings)
    try:
        uvloop.run(_serve(settings, place))
    except ConfigurationError as refused:
        for problem in refused.problems:
            complaints.print(str(problem), markup=False)
        refuse(f"{len(refused.problems)} problem(s) in {settings.config}: nothing was started")
    except (AlreadyRunning, CannotListen) as refused:
        refuse(str(refused))


async def _serve(settings: Settings, place: Place) -> None:
    clock = Clock.from_environment()
    greetings: list[asyncio.Task[None]] = []

    def started(service: Service) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, service.stop)
        loop.add_signal_handler(signal.SIGHUP, lambda: greetings.append(loop.create_task(_reload(service))))
        greetings.append(loop.create_task(_greet(service, clock)))
        gc.collect()
        gc.freeze()

    await serve(settings, clock, place, started)
    say("Cutwatch has stopped; everything that was seen is written.")


async def _greet(service: Service, clock: Clock) -> None:
    secret = await make_sign_in(service.store, clock.now() + SIGN_IN_LASTS * clock.speed)
    address = service.address
    say(f"\nCutwatch is watching. Where to look:\n  pages    {address}/\n  feed     {address}/feed.json")
    say(f"  API      {address}/api/v1\n  metrics  {address}/metrics")
    say(f"\nTo see what has not been released, sign in once within {SIGN_IN_LASTS.seconds // 60} minutes:")
    say(f"  {address}/sign-in?token={secret}\n")


async def _reload(service: Service) -> None:
    problems = await service.reload()
    for problem in problems:
        _log.error("the configuration was not reloaded", problem=problem)
    if not problems:
        _log.info("the configuration was reloaded")
