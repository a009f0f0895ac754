"""What stories about deliveries are played with: a clock, messages, a channel that does as it is told, a running outbox."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict

from monitor.alerts.channels import ChannelKind
from monitor.alerts.channels.kit.outcome import Outcome, Result
from monitor.alerts.outbox import Outbox
from monitor.clock import Clock
from monitor.core.message import Message, MessageKind, Parcel
from monitor.core.watchlist import Watchlist
from monitor.store import Posted, Store
from tests.monitor.cast import watchlist

DELIVERED = Outcome(result=Result.DELIVERED, status=204)
UNAVAILABLE = Outcome(result=Result.UNAVAILABLE, error="the receiver answered 503", status=503)
REFUSED = Outcome(result=Result.REFUSED, error="the receiver answered 400", status=400)
NO_ANSWER = Outcome(result=Result.UNAVAILABLE, error="the receiver did not answer", perhaps_received=True)
GONE = Outcome(result=Result.GONE, error="the receiver answered 410", status=410)


class MovedClock(Clock):
    """A clock that stands still until it is moved. It starts at the real time, because receivers check ours against it."""

    def __init__(self) -> None:
        super().__init__()
        object.__setattr__(self, "_now", datetime.now(UTC))

    def now(self) -> datetime:
        moment: datetime = object.__getattribute__(self, "_now")
        return moment

    def move(self, seconds: float) -> None:
        object.__setattr__(self, "_now", self.now() + timedelta(seconds=seconds))


def message(
    number: int,
    clock: Clock,
    *,
    channel: str = "desk",
    incident: str | None = None,
    version: int = 2,
    kind: MessageKind = MessageKind.ALARM,
    bundle: str | None = None,
) -> Message:
    """A message about an incident of its own. Without a `bundle` it travels with nothing but news of the same incident."""
    case = incident or f"CW-2021-{number:04d}"
    return Message(
        id=f"msg_{channel}_{number}_{version}",
        kind=kind,
        incident=case,
        version=version,
        route="everything",
        channel=channel,
        created_at=clock.now(),
        bundle=case if bundle is None else bundle,
        payload={"type": TYPES[kind], "time": clock.now().isoformat(), "data": _data(case, version)},
    )


TYPES = {
    MessageKind.ALARM: "incident.confirmed",
    MessageKind.UPDATE: "incident.scope_changed",
    MessageKind.RECOVERY: "incident.ended",
    MessageKind.REMINDER: "incident.reminder",
}


def _data(incident: str, version: int) -> dict[str, Any]:
    return {
        "incident": incident,
        "version": version,
        "language": "en",
        "title": f"{incident} has news",
        "text": f"{incident} has news\nhttps://watch.example/incidents/{incident}",
        "url": f"https://watch.example/incidents/{incident}",
    }


async def owe(store: Store, *messages: Message) -> None:
    async with store.writing() as writing:
        await writing.add_messages(messages)


async def posted(store: Store, one: Message) -> Posted:
    async with store.reading() as reading:
        return next(row for row in await reading.messages(one.incident or "") if row.message.id == one.id)


async def until(condition: Callable[[], Awaitable[bool]], within: float = 10.0) -> None:
    """Wait for a condition. Raises TimeoutError after `within` real seconds."""
    async with asyncio.timeout(within):
        while not await condition():
            await asyncio.sleep(0.005)


class Receiver:
    """A channel kind that does as it is told: the outcomes given to `then`, one per attempt, and then delivered.

    `tried` and `seen` are the ids of the parcels that were attempted and delivered; `parcels` are the delivered ones.
    """

    def __init__(self) -> None:
        self.tried: list[str] = []
        self.seen: list[str] = []
        self.parcels: list[Parcel] = []
        self.opened = asyncio.Event()
        self.opened.set()
        self._next: list[Outcome | Exception] = []
        self._always: Outcome = DELIVERED

    def then(self, *outcomes: Outcome | Exception) -> None:
        self._next.extend(outcomes)

    def always(self, outcome: Outcome) -> None:
        self._always = outcome

    def stall(self) -> None:
        """Answer nobody until `opened` is set."""
        self.opened.clear()

    def kind(self, patience: float = 30.0) -> ChannelKind:
        return ChannelKind(
            name="webhook", documentation="Does as it is told.", settings=Nothing, patience=patience, deliver=self._deliver
        )

    async def _deliver(self, one: Parcel, settings: object, now: datetime) -> Outcome:
        self.tried.append(one.id)
        await self.opened.wait()
        outcome = self._next.pop(0) if self._next else self._always
        if isinstance(outcome, Exception):
            raise outcome
        if outcome.result is Result.DELIVERED:
            self.seen.append(one.id)
            self.parcels.append(one)
        return outcome


class Nothing(BaseModel):
    model_config = ConfigDict(extra="forbid")


@asynccontextmanager
async def running(
    store: Store,
    clock: Clock,
    kinds: dict[str, ChannelKind] | None = None,
    *,
    configured: Callable[[], Watchlist] = watchlist,
    worker: str = "here",
) -> AsyncIterator[Outbox]:
    """An outbox at work. At the end it is stopped, and must then have come to its end by itself."""
    outbox = Outbox(store, clock, configured, worker, kinds, address="https://watch.example")
    task = asyncio.create_task(outbox.run())
    try:
        yield outbox
        async with asyncio.timeout(10):
            await outbox.stop()
            await task
    finally:
        task.cancel()
