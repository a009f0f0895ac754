"""Work that blocks, in threads of its own: few, and none that could keep the service from ending."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Final, TypeVar

AT_ONCE: Final = 8
"""Threads at the same time. One whose work was given up stays until the network lets go of it."""

_places: Final = threading.BoundedSemaphore(AT_ONCE)

T = TypeVar("T")


class AllTaken(Exception):
    """All threads are at work; nothing was begun."""


async def in_thread(work: Callable[[], T]) -> T:
    """Do blocking work in a thread, and return what it returns. Raises `AllTaken`, or what it raises.

    When the caller is cancelled the work goes on to its end, and nobody hears of it.
    """
    if not _places.acquire(blocking=False):
        raise AllTaken(f"{AT_ONCE} deliveries of this kind are still under way")
    done: Future[T] = Future()
    # Work that has begun cannot be called off, so that its result always finds a place.
    done.set_running_or_notify_cancel()
    # A daemon: the service does not wait for a server that answers one byte a minute.
    threading.Thread(target=_do, args=(work, done), name="blocking work", daemon=True).start()
    return await asyncio.wrap_future(done)


def _do(work: Callable[[], T], done: Future[T]) -> None:
    try:
        result = work()
    except Exception as problem:  # Whatever it was, it is the caller's.
        _places.release()
        done.set_exception(problem)
    else:
        _places.release()
        done.set_result(result)
