"""Delivers what is owed: claim, attempt, record; at least once, and never the worse for being killed in between.

A message is claimed for a limited time (a lease), so whatever a killed worker held is claimed again. It carries the same id
then, by which a receiver recognises what it has already had. The store hands out a message only after the earlier ones of
its incident and channel, so a recovery never overtakes its alarm. Every channel has its own few places: a receiver that
stalls holds up nobody else.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import structlog
from pydantic import ValidationError

from monitor.alerts import retry
from monitor.alerts.channels import ChannelKind, discover
from monitor.alerts.channels.kit.outcome import Outcome, Result
from monitor.alerts.lane import Lane, Objection
from monitor.clock import Clock
from monitor.core.message import Message
from monitor.core.watchlist import Watchlist
from monitor.store import Attempt, Owed, Store, StoreUnavailable

_log = structlog.get_logger()

HELD = 500
"""Messages that one worker holds at most: those under way and those that wait for a place."""

LEASE = 60.0
"""Seconds for which a message is claimed: how long one waits after a crash. Half of it outlasts every channel's patience."""

POLL = 1.0
"""Seconds between looks for what has fallen due, when nobody wakes the worker."""

RECORDING = 1.0
"""Seconds between tries to record what became of a message, while the database cannot be written."""

RECORDINGS = 60
"""Such tries. After them the lease ends anyway, and the message is delivered again rather than lost."""


class Fate(StrEnum):
    """What became of a message after an attempt (`contracts.md`, label `outcome` of `cutwatch_deliveries_total`)."""

    DELIVERED = "delivered"
    RETRIED = "retried"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Claim:
    """A message in our hands until `until`. `outages` is what its lane had counted when it was claimed."""

    owed: Owed
    lane: Lane
    outages: int
    until: datetime

    @property
    def message(self) -> Message:
        """The message itself."""
        return self.owed.message


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """A fate, and what the store is to be told: when to try again, why, and the attempt, if one was made."""

    fate: Fate
    due: datetime | None = None
    error: str = ""
    attempt: Attempt | None = None


class Outbox:
    """One worker. `worker` is its name in leases; several may share a store."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        watchlist: Callable[[], Watchlist],
        worker: str,
        kinds: Mapping[str, ChannelKind] | None = None,
    ) -> None:
        self.deliveries: Counter[tuple[str, str]] = Counter()
        """Attempts by channel and fate; messages given up without an attempt count as dead too."""
        self._store = store
        self._clock = clock
        self._watchlist = watchlist
        self._worker = worker
        self._kinds = discover() if kinds is None else kinds
        # A lease covers real waiting for real receivers, also while a demonstration's clock runs fast.
        self._lease = timedelta(seconds=LEASE * clock.speed)
        self._lanes: dict[str, Lane] = {}
        self._held = 0
        self._nudge = asyncio.Event()
        self._stopping = False
        self._idle = asyncio.Event()
        self._idle.set()

    def wake(self) -> None:
        """Look for something to deliver now: messages have just been committed."""
        self._nudge.set()

    async def stop(self) -> None:
        """Claim nothing more, let what is under way end, give the rest back. Returns once that is recorded."""
        self._stopping = True
        self.wake()
        await self._idle.wait()

    async def run(self) -> None:
        """Deliver until stopped. Cancelling is safe at any moment: what was under way is claimed again after its lease."""
        self._idle.clear()
        self._held = 0
        try:
            async with asyncio.TaskGroup() as tasks:
                while not self._stopping:
                    self._nudge.clear()
                    claims = await self._claim()
                    for claim in claims:
                        tasks.create_task(self._handle(claim))
                    if not claims:
                        await self._pause()
        finally:
            self._idle.set()

    async def _claim(self) -> list[Claim]:
        room = HELD - self._held
        if room <= 0:
            return []
        try:
            async with self._store.writing() as writing:
                now = self._clock.now()
                claimed = await writing.claim_messages(now, self._lease.total_seconds(), room, self._worker)
        except StoreUnavailable as problem:
            _log.warning("messages cannot be claimed; they stay in the outbox", problem=str(problem))
            return []
        self._held += len(claimed)
        lanes = [self._lane(owed.message.channel) for owed in claimed]
        return [Claim(owed, lane, lane.outages, now + self._lease) for owed, lane in zip(claimed, lanes, strict=True)]

    async def _pause(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(POLL):
                await self._nudge.wait()

    async def _handle(self, claim: Claim) -> None:
        """Bring one claimed message to its fate, in its channel's turn.

        The place is kept until that is recorded, so that a crash can repeat no more deliveries than there are places.
        """
        async with claim.lane.places:
            ruling = await self._rule(claim)
            if ruling:
                await self._record(claim, ruling)
        self._held -= 1
        self.wake()

    def _lane(self, name: str) -> Lane:
        """The channel's lane. A channel that was configured anew begins anew, so changing one switches it on again."""
        channel = next((one for one in self._watchlist().alerts.channels if one.id == name), None)
        lane = self._lanes.get(name)
        if lane is None or lane.channel != channel:
            lane = self._lanes[name] = Lane(channel)
        return lane

    async def _rule(self, claim: Claim) -> Ruling | None:
        """Try the message, unless something speaks against it. None if it waited so long that it is no longer ours."""
        now = self._clock.now()
        if self._stopping:
            return Ruling(fate=Fate.RETRIED, due=now, error="not tried, as the service was stopping")
        objection = claim.lane.objection(claim.outages, now)
        if objection:
            return _put_off(claim.owed, objection, now)
        if now + self._lease / 2 > claim.until:
            return None
        return await self._try(claim, now)

    async def _try(self, claim: Claim, now: datetime) -> Ruling:
        started = self._clock.monotonic()
        outcome = await self._attempt(claim.message, claim.lane, now)
        ended = self._clock.now()
        claim.lane.learn(outcome, ended)
        return _ruling(claim.owed, outcome, ended, self._clock.monotonic() - started)

    async def _attempt(self, message: Message, lane: Lane, now: datetime) -> Outcome:
        channel = lane.channel
        if channel is None:
            return _refused(f"there is no channel {message.channel} in alerts.yaml any more")
        kind = self._kinds.get(channel.kind)
        if kind is None:
            return _refused(f"{channel.kind} is not a kind of channel; there are: {', '.join(self._kinds)}")
        try:
            settings = kind.settings.model_validate(channel.settings)
            async with asyncio.timeout(kind.patience):
                return await kind.deliver(message, settings, now)
        except TimeoutError:
            return Outcome(result=Result.UNAVAILABLE, error=f"the receiver did not answer within {kind.patience:g} seconds")
        except ValidationError as problem:
            return _refused(f"the settings of {channel.id} in alerts.yaml do not fit: {_in_short(problem)}")
        except Exception as error:  # A fault in one channel must neither lose its message nor stop the others.
            # Only the fault's name is told: its text may repeat an address or a secret.
            return _refused(f"the channel failed with {type(error).__name__}, which is a fault in Cutwatch; please report it")

    async def _record(self, claim: Claim, ruling: Ruling) -> None:
        """Write down what became of the message. While that fails, try again as long as the message is ours."""
        _tell(claim.message, ruling)
        if ruling.attempt or ruling.fate is Fate.DEAD:
            self.deliveries[claim.message.channel, ruling.fate.value] += 1
        for _ in range(RECORDINGS):
            if await self._written(claim.message.id, ruling) or self._clock.now() > claim.until:
                return
            await asyncio.sleep(RECORDING)

    async def _written(self, message: str, ruling: Ruling) -> bool:
        try:
            await self._write(message, ruling)
        except StoreUnavailable as problem:
            _log.warning("what became of a message cannot be written yet", message=message, problem=str(problem))
            return False
        return True

    async def _write(self, message: str, ruling: Ruling) -> None:
        now = self._clock.now()
        async with self._store.writing() as writing:
            if ruling.attempt:
                await writing.record_attempt(ruling.attempt)
            match ruling.fate:
                case Fate.DELIVERED:
                    await writing.delivered(message, now)
                case Fate.RETRIED:
                    await writing.postpone(message, now, ruling.due or now, ruling.error, self._worker)
                case Fate.DEAD:
                    await writing.dead(message, now, ruling.error, self._worker)


def _ruling(owed: Owed, outcome: Outcome, ended: datetime, duration: float) -> Ruling:
    """What follows from an attempt that ended then, after `duration` seconds."""
    pause = retry.wait(owed.message.id, owed.attempts, outcome.retry_after)
    if outcome.result is Result.DELIVERED:
        fate = Fate.DELIVERED
    elif outcome.result is Result.GONE or pause is None:
        fate = Fate.DEAD
    else:
        fate = Fate.RETRIED
    attempt = Attempt(
        message=owed.message.id,
        at=ended,
        outcome=fate.value,
        duration=duration,
        status=outcome.status,
        error=outcome.error,
    )
    return Ruling(fate=fate, due=ended + (pause or timedelta()), error=outcome.error or "", attempt=attempt)


def _put_off(owed: Owed, objection: Objection, now: datetime) -> Ruling:
    """What follows from an objection. Nothing is given up without having been tried, unless its receiver is gone."""
    if objection.final:
        return Ruling(fate=Fate.DEAD, error=objection.error)
    pause = retry.wait(owed.message.id, owed.attempts, None) or timedelta(seconds=retry.LONGEST)
    return Ruling(fate=Fate.RETRIED, due=max(now + pause, objection.until or now), error=objection.error)


def _refused(error: str) -> Outcome:
    return Outcome(result=Result.REFUSED, error=error)


def _in_short(problem: ValidationError) -> str:
    return "; ".join(
        f"{'.'.join(map(str, one['loc'])) or 'settings'}: {one['msg']}" for one in problem.errors(include_input=False)
    )


def _tell(message: Message, ruling: Ruling) -> None:
    about = {"message": message.id, "channel": message.channel, "incident": message.incident}
    match ruling.fate:
        case Fate.DELIVERED:
            _log.info("message delivered", **about)
        case Fate.RETRIED:
            _log.warning("message not delivered yet", due=ruling.due and ruling.due.isoformat(), error=ruling.error, **about)
        case Fate.DEAD:
            _log.error("message given up; see the dead letters", error=ruling.error, **about)
