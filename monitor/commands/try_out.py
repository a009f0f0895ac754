"""Trying out a route: what becomes of a test message on each of its channels."""

import asyncio
import fcntl
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from monitor.alerts.attempt import attempt
from monitor.alerts.channels import discover
from monitor.alerts.channels.kit.outcome import Result
from monitor.clock import Clock
from monitor.commands.database import opened
from monitor.core.bundling import Waiting, bundle
from monitor.core.message import Message
from monitor.core.watchlist import Watchlist
from monitor.settings import Settings
from monitor.store import MessageState, Posted, Store

PATIENCE: Final = 30.0
"""Seconds for which one waits for the running service."""

ATTEMPTS: Final = 2
"""Failed attempts after which nobody waits for the next."""

_POLL: Final = 0.2
_SETTLED: Final = frozenset({MessageState.DELIVERED, MessageState.DEAD})


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of a test message. `error` says why it was not delivered."""

    message: str
    channel: str
    error: str | None

    @property
    def delivered(self) -> bool:
        """Whether the receiver has it."""
        return self.error is None


async def try_out(settings: Settings, watchlist: Watchlist, messages: Sequence[Message]) -> list[Tried]:
    """Have test messages delivered by the service; where none runs, deliver them here and now."""
    if is_in_use(settings.data_dir):
        return await _by_the_service(settings, messages)
    return list(await asyncio.gather(*(_by_ourselves(message, watchlist) for message in messages)))


def is_in_use(folder: Path) -> bool:
    """Whether a service runs on this data folder: it holds the lock there as long as it lives."""
    try:
        with (folder / "cutwatch.lock").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False
    return False


async def _by_ourselves(message: Message, watchlist: Watchlist) -> Tried:
    now = Clock.from_environment().now()
    [sealed] = bundle([Waiting(message=message)], (), now).parcels
    channel = next((one for one in watchlist.alerts.channels if one.id == message.channel), None)
    outcome = await attempt(sealed.parcel, channel, discover(), now)
    is_delivered = outcome.result is Result.DELIVERED
    return Tried(message.id, message.channel, None if is_delivered else outcome.error or "it was not taken")


async def _by_the_service(settings: Settings, messages: Sequence[Message]) -> list[Tried]:
    async with opened(settings) as store:
        async with store.writing() as writing:
            await writing.add_messages(messages)
        found = await _wait_for(store, [message.id for message in messages])
        async with store.writing() as writing:
            # Whoever tries out a route wants to know now: what has not arrived by now is not tried for days.
            await writing.collapse([one.message.id for one in found if one.state not in _SETTLED], Clock.from_environment().now())
    return [_told(one) for one in found]


async def _wait_for(store: Store, messages: Sequence[str]) -> list[Posted]:
    found: list[Posted] = []
    try:
        async with asyncio.timeout(PATIENCE):
            while not found or not all(map(_is_decided, found)):
                await asyncio.sleep(_POLL)
                async with store.reading() as reading:
                    found = await reading.named(messages)
    except TimeoutError:
        pass
    return found


def _is_decided(one: Posted) -> bool:
    return one.state in _SETTLED or one.attempts >= ATTEMPTS


def _told(one: Posted) -> Tried:
    if one.state is MessageState.DELIVERED:
        return Tried(one.message.id, one.message.channel, None)
    error = one.last_error or f"the service has not sent it within {PATIENCE:g} seconds; see its log"
    return Tried(one.message.id, one.message.channel, error)
