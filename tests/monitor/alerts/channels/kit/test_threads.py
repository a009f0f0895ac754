"""Blocking work, in few threads."""

import asyncio
import threading

import pytest

from monitor.alerts.channels.kit.threads import AT_ONCE, AllTaken, in_thread


async def test_what_the_work_returns_comes_back() -> None:
    assert await in_thread(lambda: threading.current_thread() is not threading.main_thread())


async def test_what_the_work_raises_comes_back() -> None:
    with pytest.raises(ZeroDivisionError):
        await in_thread(lambda: 1 / 0)


async def test_there_are_no_more_threads_than_agreed_and_none_is_lost() -> None:
    let_go = threading.Event()
    busy = [asyncio.create_task(in_thread(let_go.wait)) for _ in range(AT_ONCE)]
    await asyncio.sleep(0)
    with pytest.raises(AllTaken, match="8 deliveries"):
        await in_thread(lambda: None)
    let_go.set()
    assert await asyncio.gather(*busy) == [True] * AT_ONCE
    assert await in_thread(lambda: "room again") == "room again"


async def test_work_that_was_given_up_keeps_its_thread_until_it_ends() -> None:
    let_go, ended = threading.Event(), threading.Event()

    def work() -> None:
        let_go.wait()
        ended.set()

    given_up = asyncio.create_task(in_thread(work))
    await asyncio.sleep(0)
    given_up.cancel()
    with pytest.raises(asyncio.CancelledError):
        await given_up
    assert not ended.is_set()
    let_go.set()
    assert await in_thread(lambda: ended.wait(5))
