"""Regular jobs come back, whatever they do."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest

from monitor.clock import Clock
from monitor.scheduler import FORGIVEN_LEAST, Scheduler

DEADLINE = 10.0
FAST = Clock(speed=100)


@pytest.fixture
async def scheduler() -> AsyncIterator[Scheduler]:
    scheduler = Scheduler(FAST)
    yield scheduler
    scheduler.stop()


class Bell:
    """Counts how often it is rung; can fail, and can take for ever."""

    def __init__(self, *, breaks: bool = False, hangs: bool = False) -> None:
        self.rung = 0
        self.changed = asyncio.Event()
        self.breaks = breaks
        self.hangs = hangs

    async def ring(self) -> None:
        self.rung += 1
        self.changed.set()
        if self.breaks:
            raise RuntimeError("broken")
        if self.hangs:
            await asyncio.Event().wait()

    async def rings(self, count: int) -> None:
        async with asyncio.timeout(DEADLINE):
            while self.rung < count:
                self.changed.clear()
                await self.changed.wait()


async def test_a_job_comes_back_at_the_clock_s_speed(scheduler: Scheduler) -> None:
    bell = Bell()
    scheduler.every(1, "bell", bell.ring)
    scheduler.start()
    began = FAST.monotonic()
    await bell.rings(5)
    assert FAST.monotonic() - began >= 4


async def test_a_job_that_fails_comes_back(scheduler: Scheduler, capsys: pytest.CaptureFixture[str]) -> None:
    bell = Bell(breaks=True)
    scheduler.every(1, "bell", bell.ring)
    scheduler.start()
    await bell.rings(3)
    assert "a regular job failed" in capsys.readouterr().out


async def test_after_a_stall_a_job_runs_once_and_not_as_often_as_it_was_missed(scheduler: Scheduler) -> None:
    bell = Bell()
    scheduler.every(5, "bell", bell.ring)
    scheduler.start()
    await bell.rings(1)
    time.sleep(0.5)  # noqa: ASYNC251 - the stall itself: ten intervals during which nothing can run
    before = bell.rung
    await bell.rings(before + 1)
    await asyncio.sleep(0)
    assert bell.rung == before + 1


async def test_a_job_that_hangs_is_said_to_be_stuck_and_holds_up_no_other(scheduler: Scheduler) -> None:
    stuck, well = Bell(hangs=True), Bell()
    scheduler.every(1, "stuck", stuck.ring)
    scheduler.every(1, "well", well.ring)
    scheduler.start()
    assert scheduler.stuck() == ()
    await well.rings(1)
    began = FAST.monotonic()
    while FAST.monotonic() - began <= FORGIVEN_LEAST + 1:
        await well.rings(well.rung + 1)
    assert scheduler.stuck() == ("stuck",)
    assert stuck.rung == 1


async def test_after_stop_nothing_runs(scheduler: Scheduler) -> None:
    bell = Bell()
    scheduler.every(1, "bell", bell.ring)
    scheduler.start()
    await bell.rings(1)
    scheduler.stop()
    scheduler.stop()
    rung = bell.rung
    other = Scheduler(FAST)
    control = Bell()
    other.every(1, "control", control.ring)
    other.start()
    await control.rings(5)
    other.stop()
    assert bell.rung == rung


class SteppedClock(Clock):
    """A clock that somebody sets back."""

    def __init__(self) -> None:
        super().__init__()
        object.__setattr__(self, "_back", timedelta())

    def now(self) -> datetime:
        back: timedelta = object.__getattribute__(self, "_back")
        return super().now() - back

    def set_back(self, by: timedelta) -> None:
        object.__setattr__(self, "_back", by)


async def test_a_clock_that_is_set_back_stops_no_job(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.scheduler.GLANCE", 0.01)
    clock, bell = SteppedClock(), Bell()
    scheduler = Scheduler(clock)
    scheduler.every(3600, "bell", bell.ring)
    scheduler.start()
    try:
        await asyncio.sleep(0.05)
        assert bell.rung == 0
        clock.set_back(timedelta(hours=1))
        await bell.rings(1)
    finally:
        scheduler.stop()
