"""kill -9 at any moment: what was committed is there, what was under way is not, and it can be written again."""

import signal
import subprocess
import sys
from pathlib import Path

from monitor.store import Store, integrity_check
from tests.monitor.store.cast import MOSCOW, NOON
from tests.monitor.store.conftest import url_of
from tests.monitor.store.doomed import LOOKS_A_ROUND, round_of

ROOT = Path(__file__).resolve().parents[3]


def doomed(database: Path, *arguments: str) -> subprocess.Popen[str]:
    """A writer in a process of its own, which says what it does on its standard output."""
    command = [sys.executable, "-m", "tests.monitor.store.doomed", url_of(database), *arguments]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def kill_after(process: subprocess.Popen[str], saying: str) -> int:
    """Let it go on until it says so, then kill it without warning; returns the last round that it said was committed."""
    committed = 0
    with process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("committed"):
                committed = int(line.split()[1])
            if line.strip() == saying:
                process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
    return committed


async def what_is_left(database: Path) -> tuple[int, int, int, int]:
    """Looks stored, looks in the hours, looks in the spans, events in the log."""
    store = await Store.open(url_of(database))
    async with store.reading() as reading:
        verdicts = await reading.recent_verdicts(NOON)
        hours = await reading.hours(MOSCOW.id, NOON)
        spans = await reading.spans(MOSCOW.id, NOON)
        events = await reading.events_after(0, 1000)
        left = (len(verdicts), sum(hour.looks for hour in hours), sum(span.looks for span in spans), len(events))
        assert len(await reading.messages("CW-2021-0001")) == len(events)
    await store.close()
    assert integrity_check(url_of(database)) == []
    return left


async def write_again(database: Path, rounds: int) -> None:
    """Hand over all rounds once more, as the bus does with what was never acknowledged."""
    store = await Store.open(url_of(database))
    for number in range(1, rounds + 1):
        async with store.writing() as writing:
            await round_of(writing, number)
    await store.close()


async def test_killed_in_the_middle_of_a_round_nothing_of_it_is_left(database: Path) -> None:
    committed = kill_after(doomed(database, "--stop-in", "4"), "in the middle of 4")
    assert committed == 3
    assert await what_is_left(database) == (3 * LOOKS_A_ROUND, 3 * LOOKS_A_ROUND, 3 * LOOKS_A_ROUND, 3)
    await write_again(database, 4)
    assert await what_is_left(database) == (4 * LOOKS_A_ROUND, 4 * LOOKS_A_ROUND, 4 * LOOKS_A_ROUND, 4)


async def test_killed_while_writing_as_fast_as_it_can_no_round_is_half_there(database: Path) -> None:
    committed = 0
    for _ in range(2):
        committed = kill_after(doomed(database), f"committed {committed + 2}")
        looks, in_hours, in_spans, events = await what_is_left(database)
        assert looks == in_hours == in_spans == events * LOOKS_A_ROUND
        assert events >= committed
        committed = events
    await write_again(database, committed + 1)
    assert await what_is_left(database) == tuple((committed + 1) * factor for factor in (LOOKS_A_ROUND,) * 3 + (1,))
