"""A writer that is going to be killed: writes round after round, and says on standard output which are committed."""

import argparse
import asyncio
import sys
from dataclasses import replace

from monitor.core.incident import Event, Incident
from monitor.store import Store, Writing
from probes.kit.observation import Blob
from probes.kit.vocabulary import State
from tests.monitor.store.cast import a_look, a_message, after, confirmed, opened

LOOKS_A_ROUND = 20
INCIDENT = "CW-2021-0001"


async def round_of(writing: Writing, number: int) -> None:
    """Write round `number` (from 1), unless it is there: looks, the next event of an incident, a message about it."""
    looks = [
        a_look(
            after(number + one / LOOKS_A_ROUND),
            State.BLOCKED if number % 2 else State.OK,
            name=f"round {number} look {one}",
            blobs=(Blob.of(f"{number} {one}".encode() * 500),),
        )
        for one in range(LOOKS_A_ROUND)
    ]
    if await writing.known([looks[0].observation.id]):
        return
    event, incident = step(number)
    await writing.add_looks(looks)
    await writing.append([event], [incident])
    await writing.add_messages([a_message(f"m{number}", event.at, version=number)])


def step(number: int) -> tuple[Event, Incident]:
    """Version `number` of the incident, and the event that made it."""
    event, incident = opened(INCIDENT)
    if number == 1:
        return event, incident
    return confirmed(replace(incident, version=number - 1), after(number))


def say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


async def write_on(url: str, stop_in: int | None) -> None:
    store = await Store.open(url)
    for number in range(1, 1_000_000):
        async with store.writing() as writing:
            await round_of(writing, number)
            if number == stop_in:
                say(f"in the middle of {number}")
                await asyncio.Event().wait()
        say(f"committed {number}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("--stop-in", type=int)
    given = parser.parse_args()
    asyncio.run(write_on(given.url, given.stop_in))
