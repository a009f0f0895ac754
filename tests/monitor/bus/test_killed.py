"""Prober and service are killed at any moment, and no look is lost."""

import multiprocessing
import random
from collections.abc import Callable
from functools import partial
from multiprocessing.process import BaseProcess
from pathlib import Path

from tests.monitor.bus import mortals
from tests.monitor.bus.making import until

DEATHS = 10
MOST_BETWEEN = 60
"""Lines that are written, at most, between two deaths."""

_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload([mortals.__name__])


def started(life: Callable[[Path], None], folder: Path) -> BaseProcess:
    process = _PROCESSES.Process(target=life, args=(folder,), daemon=True)
    process.start()
    return process


def kill(process: BaseProcess) -> None:
    process.kill()
    process.join()


def lines(path: Path) -> list[str]:
    """Whole lines only: the last may have been cut off."""
    return path.read_text(encoding="utf-8").split("\n")[:-1] if path.exists() else []


def has_lines(path: Path, count: int) -> bool:
    return len(lines(path)) >= count


async def test_every_look_that_was_made_is_taken_and_keeps_its_id(tmp_path: Path) -> None:
    fate = random.Random(2021)
    made, taken = tmp_path / "made", tmp_path / "taken"
    prober, service = started(mortals.make_looks, tmp_path), started(mortals.take_looks, tmp_path)
    for _ in range(DEATHS):
        watched = fate.choice((made, taken))
        enough = len(lines(watched)) + fate.randint(1, MOST_BETWEEN)
        await until(partial(has_lines, watched, enough), f"{enough} lines in {watched.name}")
        if fate.random() < 0.6:
            kill(prober)
            prober = started(mortals.make_looks, tmp_path)
        if fate.random() < 0.6:
            kill(service)
            service = started(mortals.take_looks, tmp_path)
    kill(prober)
    last = started(mortals.hand_over_the_rest, tmp_path)
    await until(lambda: last.exitcode is not None, "the last prober has handed over everything")
    kill(service)
    assert last.exitcode == 0
    assert len(lines(made)) > DEATHS
    assert set(lines(made)) <= set(lines(taken))
    made_and_not_noted = set(lines(taken)) - set(lines(made))
    assert len(made_and_not_noted) <= DEATHS + 1, "a killed prober leaves at most the note of its last look unwritten"
