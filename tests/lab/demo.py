"""`python -m tests.lab demo`: a real case, replayed at high speed for whoever is new here."""

import asyncio
import json
import signal
import sys
from asyncio import StreamReader
from datetime import timedelta
from pathlib import Path
from shutil import rmtree
from typing import Final

from tests.lab.demonstration import Demonstration, is_well_signed, showing, sign_in_address, story
from tests.lab.http import Request
from tests.lab.reading import read

STORY: Final = Path(__file__).parent.parent / "cases" / "ovd_info_2021_court_block.yaml"
NAME: Final = "ovd_info_2021_court_block"

SPEED: Final = 80.0
"""So that the 140 minutes of the story pass in less than two."""

_INTRODUCTION = """\
This replays a case from December 2021: a court orders OVD-Info's website blocked; operators in Russia carry it
out, each in its own way. Everything happens on loopback addresses of this machine, {speed:.0f} times faster than life.
The networks, the pages and the restoration at the end are made up."""


def demonstrate(folder: Path, port: int) -> int:
    """Show the story, then stay until Ctrl-C, so that the visitor can look around. `folder` is emptied first."""
    rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    _tell(_INTRODUCTION.format(speed=SPEED) + "\n")
    return asyncio.run(_demonstrate(folder, port))


async def _demonstrate(folder: Path, port: int) -> int:
    file = read(STORY)
    stopped = _stopped()
    async with showing(story(file.scenarios, NAME), file.world, folder, speed=SPEED, port=port) as shown:
        over = asyncio.create_task(_over(shown, stopped))
        telling = asyncio.create_task(_tell_everything(shown))
        await asyncio.wait((over, telling), return_when=asyncio.FIRST_COMPLETED)
        if not over.done():
            telling.result()
            _tell(f"\nThe story has ended. Look around at {shown.address}/ ; Ctrl-C ends the demonstration.")
        code = await over
        telling.cancel()
        await asyncio.gather(telling, return_exceptions=True)
    return code


def _stopped() -> asyncio.Event:
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    return stopped


async def _over(shown: Demonstration, stopped: asyncio.Event) -> int:
    """Wait until a person ends the demonstration, or the service ends by itself; 0 is the former."""
    ways = asyncio.create_task(stopped.wait()), asyncio.create_task(shown.service.wait())
    await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    return 0 if stopped.is_set() else 1


async def _tell_everything(shown: Demonstration) -> None:
    output = shown.service.stdout
    assert output is not None
    async with asyncio.TaskGroup() as group:
        echo = group.create_task(_echo(output))
        hooks = group.create_task(_tell_messages(shown))
        group.create_task(_tell_how_to_sign_in(shown))
        for phase, stretch in zip(shown.scenario.parts, shown.scenario.timeline, strict=True):
            _tell(f"\n[{_clock(phase.at)}] {phase.about or 'The story goes on.'}")
            await shown.live_through(stretch)
        echo.cancel()
        hooks.cancel()


async def _echo(output: StreamReader) -> None:
    async for line in output:
        _tell("    " + line.decode(errors="replace").rstrip())


async def _tell_how_to_sign_in(shown: Demonstration) -> None:
    address = await sign_in_address(shown)
    _tell(f"    This address has a button that works once, within half an hour, and shows you everything:\n      {address}")


async def _tell_messages(shown: Demonstration) -> None:
    told = 0
    while True:
        requests = await shown.sink.received(told + 1, within=3600)
        for request in requests[told:]:
            _tell(_message(request, shown.secret))
        told = len(requests)


def _message(request: Request, secret: str) -> str:
    content = json.loads(request.body)
    proof = "well signed" if is_well_signed(request, secret) else "NOT WELL SIGNED"
    return f"    a webhook has come ({content['type']}, {proof}): {content['data']['title']}"


def _clock(offset: timedelta) -> str:
    return f"+{int(offset.total_seconds()) // 60} min"


def _tell(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
