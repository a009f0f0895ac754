"""`make soak`: every story large, one after the other, each with what it counted. `--only NAME` tells one."""

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

from tests.faults import awkward, stories
from tests.faults.receiving import Account

Telling = Callable[[Path], Awaitable[bool]]


def say(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _judged(found: Account) -> bool:
    say(str(found))
    for sentence in found.wrong[:20]:
        say(f"  wrong: {sentence}")
    return not found.lost and not found.wrong


def _kept(counted: tuple[int, int, bool]) -> bool:
    looks, stored, aloud = counted
    say(f"looks {looks}, stored {stored}, lost = {looks - stored}, said aloud: {'yes' if aloud else 'NO'}")
    return looks == stored and aloud


async def overburdened(folder: Path) -> bool:
    """200 incidents open and end while the webhook answers 503 for 45 s."""
    return _judged(await stories.an_overburdened_receiver(folder, targets=200, outage=45, speed=1, say=say))


async def killed(folder: Path) -> bool:
    """The service is killed at 200 random instants during a storm."""
    return _judged(await stories.killed_again_and_again(folder, targets=200, kills=200, say=say))


async def locked(folder: Path) -> bool:
    """Another program holds the database for 40 s."""
    return _kept(await stories.a_locked_database(folder, targets=100, held=40, say=say))


async def full(folder: Path) -> bool:
    """The disk is full for a while."""
    with small_disk(folder / "disk") as data:
        return _kept(await stories.a_full_disk(data, folder / "house", targets=100, say=say))


async def receivers(folder: Path) -> bool:
    """Receivers are gone, busy, redirect inside, hang; the clock is set back by an hour, and forward."""
    first, again = await awkward.awkward_receivers(folder, cases=60)
    for count in first:
        say(str(count))
    say("asked for again what was given up:")
    for count in again:
        say(str(count))
    return not any(count.lost for count in (*first, *again)) and not any(count.dead for count in again)


@contextmanager
def small_disk(place: Path, megabytes: int = 48) -> Iterator[Path]:
    """A disk of our own that can be filled; it needs root. Raises PermissionError without."""
    if os.geteuid() != 0:
        raise PermissionError("making a small disk needs root")
    place.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(place)], check=True, capture_output=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True, capture_output=True)


STORIES: dict[str, Telling] = {
    "overburdened": overburdened,
    "killed": killed,
    "locked": locked,
    "full": full,
    "receivers": receivers,
}


async def tell(name: str) -> bool:
    """Tell one story in a folder of its own."""
    telling = STORIES[name]
    say(f"== {name}: {(telling.__doc__ or '').strip()}")
    began = monotonic()
    with tempfile.TemporaryDirectory(prefix="cutwatch-soak-") as folder:
        try:
            well = await telling(Path(folder) / "story")
        except PermissionError as problem:
            say(f"skipped: {problem}")
            return True
        except TimeoutError as problem:
            say(f"FAIL {name}: {problem}")
            return False
    say(f"{'ok' if well else 'FAIL'} {name} ({monotonic() - began:.0f} s)")
    return well


def main() -> int:
    """Tell all stories, or those that are named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=STORIES, action="append", help="this story only; may be given several times")
    chosen = parser.parse_args().only or list(STORIES)
    outcomes = [asyncio.run(tell(name)) for name in chosen]
    return 0 if all(outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
