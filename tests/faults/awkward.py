"""The story of awkward receivers: real channels, a real outbox, a real store, and a clock that is moved and not waited for."""

import asyncio
import base64
import os
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from email import message_from_bytes
from pathlib import Path
from typing import Final
from unittest.mock import patch

from monitor.alerts.channels import ChannelKind, discover
from monitor.alerts.outbox import Outbox
from monitor.core.message import MessageKind
from monitor.core.subscription import Channel
from monitor.store import MessageState, ParcelState, Posted, Store, migrate
from tests.lab.mail import MailSink
from tests.lab.sinks import WebhookSink, answering, redirecting
from tests.monitor.alerts.stage import MovedClock, message, owe, running, until
from tests.monitor.cast import watchlist

SECRET: Final = "AWKWARD_WEBHOOK_SECRET"
METADATA: Final = "http://169.254.169.254/latest/meta-data/"
HOUR: Final = 3600.0
PATIENCE: Final = 0.4
"""Real seconds that a mail server may hang."""

REFUSALS: Final = 6
"""How often a receiver is awkward before it takes what it gets."""

STEP: Final = 30.0
LONGEST: Final = 4 * HOUR
"""By how many seconds the clock is moved at a time, and until all must be settled."""

WEBHOOKS: Final = ("gone", "busy", "redirecting", "out-of-time")
MAIL: Final = "hanging-mail"
RECEIVERS: Final = (*WEBHOOKS, MAIL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """What one receiver was sent, without what need not travel, such as the end of what it never heard of.

    `lost`: neither in the receiver's hands nor given up aloud.
    """

    receiver: str
    sent: int
    delivered: int
    dead: int
    lost: int

    def __str__(self) -> str:
        return f"{self.receiver}: sent {self.sent}, delivered {self.delivered}, dead {self.dead}, lost = {self.lost}"


class Street:
    """All receivers, each of which is told alarms and ends of cases of its own, and what is between them and us."""

    def __init__(self, store: Store, sinks: Mapping[str, WebhookSink], mail: MailSink) -> None:
        self.store = store
        self.clock = MovedClock()
        self.sinks = sinks
        self.mail = mail
        self.cases: set[str] = set()
        self.outbox: Outbox

    async def happens(self, kind: MessageKind, cases: int) -> None:
        """Owe every receiver news of so many cases."""
        version = 2 if kind is MessageKind.ALARM else 3
        news = [
            message(number, self.clock, channel=name, incident=f"CW-2021-{place}{number:03d}", version=version, kind=kind)
            for place, name in enumerate(RECEIVERS)
            for number in range(cases)
        ]
        self.cases |= {one.incident or "" for one in news}
        await owe(self.store, *news)

    async def passes(self, seconds: float) -> None:
        """Move the clock, and let all be done that is due by then."""
        self.clock.move(seconds)
        self.outbox.wake()
        await until(self._is_quiet, within=60)

    async def settles(self, within: float = LONGEST) -> None:
        """Let time pass until nothing is owed any more, for so many seconds at most."""
        for _ in range(int(within / STEP)):
            await self.passes(STEP)
            async with self.store.reading() as reading:
                if not any(one.waiting for one in await reading.outbox(self.clock.now())):
                    return

    async def posted(self) -> list[Posted]:
        """What has become of everything."""
        async with self.store.reading() as reading:
            return [one for incident in sorted(self.cases) for one in await reading.messages(incident)]

    async def _is_quiet(self) -> bool:
        now = self.clock.now()
        async with self.store.reading() as reading:
            due = [one for one in await reading.parcels(state=ParcelState.PENDING, limit=1000) if one.due_at <= now]
            return not due and not await reading.parcels(state=ParcelState.LEASED) and not await reading.any_due(now)

    async def counted(self) -> list[Count]:
        """The account, by receiver."""
        posted = await self.posted()
        return [self._count(name, [one for one in posted if one.message.channel == name]) for name in RECEIVERS]

    def _count(self, name: str, posted: Sequence[Posted]) -> Count:
        states = Counter(one.state for one in posted)
        arrived = self._arrived(name)
        delivered = sum(one.state is MessageState.DELIVERED and one.parcel in arrived for one in posted)
        sent = len(posted) - states[MessageState.COLLAPSED]
        dead = states[MessageState.DEAD]
        return Count(receiver=name, sent=sent, delivered=delivered, dead=dead, lost=sent - delivered - dead)

    def _arrived(self, name: str) -> set[str]:
        """The ids of the parcels that a receiver has taken."""
        if name != MAIL:
            return {request.headers["webhook-id"] for request in self.sinks[name].accepted}
        return {str(message_from_bytes(one.raw)["Message-ID"]).strip("<>").partition("@")[0] for one in self.mail.mails}


async def awkward_receivers(folder: Path, *, cases: int) -> tuple[list[Count], list[Count]]:
    """A receiver that is gone, one that is busy, one that redirects inside, a mail server that hangs, and a clock that jumps.

    Returns what was counted after the alarms and ends of so many cases for each, and again after a replay of what was dead.
    """
    async with a_street(folder) as street:
        street.sinks["gone"].otherwise = answering(410)
        street.sinks["busy"].then(*[answering(429, retry_after="900")] * REFUSALS)
        street.sinks["redirecting"].then(*[redirecting(METADATA)] * REFUSALS)
        street.sinks["out-of-time"].then(*[answering(503)] * REFUSALS)
        street.mail.hanging = True
        await street.happens(MessageKind.ALARM, cases)
        await street.passes(0)
        street.mail.hanging = False
        await street.passes(-HOUR)
        await street.happens(MessageKind.RECOVERY, cases)
        await street.passes(HOUR)
        await street.settles()
        first = await street.counted()
        await _have_again(street)
        return first, await street.counted()


async def _have_again(street: Street) -> None:
    """The one that was gone is back, and somebody asks to have all again that was given up."""
    street.sinks["gone"].otherwise = answering(204)
    dead = [one.message.id for one in await street.posted() if one.state is MessageState.DEAD]
    async with street.store.writing() as writing:
        await writing.replay(dead, street.clock.now())
    await street.settles()


@asynccontextmanager
async def a_street(folder: Path) -> AsyncIterator[Street]:
    """The receivers, and an outbox that works for them."""
    await asyncio.to_thread(folder.mkdir, parents=True)
    url = f"sqlite+aiosqlite:///{folder / 'cutwatch.db'}"
    await asyncio.to_thread(migrate, url)
    secret = "whsec_" + base64.b64encode(bytes(32)).decode()
    async with AsyncExitStack() as stack:
        stack.enter_context(patch.dict(os.environ, {SECRET: secret}))
        sinks = {name: await stack.enter_async_context(WebhookSink.running()) for name in WEBHOOKS}
        mail = await stack.enter_async_context(MailSink.running())
        store = await Store.open(url)
        stack.push_async_callback(store.close)
        street = Street(store, sinks, mail)
        configured = watchlist(channels=tuple(_channels(sinks, mail)))
        outbox = running(store, street.clock, _kinds(), configured=lambda: configured)
        street.outbox = await stack.enter_async_context(outbox)
        yield street


def _channels(sinks: Mapping[str, WebhookSink], mail: MailSink) -> Iterable[Channel]:
    for name, sink in sinks.items():
        yield Channel(id=name, kind="webhook", settings={"url": sink.url, "secret": SECRET, "allow_private": ["127.0.0.1"]})
    settings = {"host": "127.0.0.1", "port": mail.port, "security": "plain", "sender": "watch@cutwatch.example"}
    yield Channel(id=MAIL, kind="email", settings={**settings, "to": ["desk@ngo.example"]})


def _kinds() -> dict[str, ChannelKind]:
    kinds = dict(discover())
    return {**kinds, "email": replace(kinds["email"], patience=PATIENCE)}
