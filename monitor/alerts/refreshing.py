"""Tells receivers that forget once more what stands: every minute, from what the store says that they were told."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import structlog

from monitor.alerts.channels import ChannelKind, Refresh
from monitor.alerts.channels.kit.outcome import Result
from monitor.clock import Clock
from monitor.core.incident import Incident
from monitor.core.kinds import IncidentStage
from monitor.core.message import MessageKind
from monitor.core.subscription import Channel
from monitor.core.watchlist import Watchlist
from monitor.store import MessageState, Reading, Store

_log = structlog.get_logger()

EVERY: Final = 60.0
"""Seconds between two rounds."""

LATELY: Final = timedelta(minutes=15)
"""How long an end is repeated, for a receiver that was away when it was told."""

_PAGE: Final = 100
"""Incidents that are read at once."""

_OVER: Final = (IncidentStage.ENDED, IncidentStage.REINSTATED, IncidentStage.AVERTED, IncidentStage.RETRACTED)
_OF_AN_INCIDENT: Final = frozenset({MessageKind.ALARM, MessageKind.UPDATE, MessageKind.RECOVERY})

Told = dict[str, list[list[Mapping[str, Any]]]]
"""For each channel, by its id: the payloads that it has delivered, in order, one list for each incident."""


def refresher(
    store: Store, watchlist: Callable[[], Watchlist], kinds: Mapping[str, ChannelKind], clock: Clock
) -> Callable[[], Awaitable[None]]:
    """One round, to be called every `EVERY` seconds. It does nothing where no channel asks for it."""

    async def refresh() -> None:
        forgetful = [(one, kinds[one.kind]) for one in watchlist().alerts.channels if _forgets(one, kinds)]
        if not forgetful:
            return
        async with store.reading() as reading:
            told = await _told(reading, frozenset(one.id for one, _ in forgetful), clock.now())
        await asyncio.gather(*(_refresh(channel, kind, told, clock.now()) for channel, kind in forgetful))

    return refresh


def _forgets(channel: Channel, kinds: Mapping[str, ChannelKind]) -> bool:
    kind = kinds.get(channel.kind)
    return kind is not None and kind.refresh is not None


async def _told(reading: Reading, channels: frozenset[str], now: datetime) -> Told:
    told: Told = {channel: [] for channel in channels}
    async for incident in _lately(reading, now):
        for channel, story in (await _stories(reading, incident, channels)).items():
            told[channel].append(story)
    return told


async def _stories(reading: Reading, incident: Incident, channels: frozenset[str]) -> dict[str, list[Mapping[str, Any]]]:
    stories: dict[str, list[Mapping[str, Any]]] = {}
    for posted in await reading.messages(incident.id):
        message = posted.message
        is_told = posted.state is MessageState.DELIVERED and message.kind in _OF_AN_INCIDENT
        if is_told and message.channel in channels:
            stories.setdefault(message.channel, []).append(message.payload)
    return stories


async def _lately(reading: Reading, now: datetime) -> AsyncIterator[Incident]:
    """The incidents that stand, and those that have ended a short while ago."""
    async for incident in _pages(reading, (IncidentStage.CONFIRMED,)):
        if incident.is_open:
            yield incident
    async for incident in _pages(reading, _OVER):
        if incident.updated < now - LATELY:
            return
        yield incident


async def _pages(reading: Reading, stages: tuple[IncidentStage, ...]) -> AsyncIterator[Incident]:
    """All incidents in these stages, the latest change first."""
    after = None
    while page := await reading.incidents(stages=stages, after=after, limit=_PAGE):
        for incident in page:
            yield incident
        after = page[-1].id


async def _refresh(channel: Channel, kind: ChannelKind, told: Told, now: datetime) -> None:
    """Repeat one channel's news. Whatever goes wrong is said aloud, and does not keep the other channels from theirs."""
    refresh: Refresh | None = kind.refresh
    if refresh is None or not told[channel.id]:
        return
    try:
        settings = kind.settings.model_validate(channel.settings)
        async with asyncio.timeout(kind.patience):
            outcome = await refresh(told[channel.id], settings, now)
    except TimeoutError:
        _log.warning("a receiver could not be told what stands", channel=channel.id, error="it did not answer in time")
    except Exception as error:  # A fault of one channel is not the others'; its text may repeat an address or a secret.
        _log.warning("a receiver could not be told what stands", channel=channel.id, error=type(error).__name__)
    else:
        if outcome.result is not Result.DELIVERED:
            _log.warning("a receiver could not be told what stands", channel=channel.id, error=outcome.error)
