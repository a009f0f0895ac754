"""Delivers what is owed: seal, claim, attempt, record; at least once, and never the worse for being killed in between.

Messages that are due are sealed into parcels. A parcel is claimed for a limited time (a lease), so whatever a killed worker
held is claimed again. It carries the same id then, by which a receiver recognises what it has already had. A message is only
sealed when no parcel with news of the same incident is under way through the same channel, so a recovery never overtakes its
alarm. A parcel that has certainly not arrived is taken apart again: meanwhile more may have happened, and then one parcel
tells it all. Every channel has its own few places: a receiver that stalls holds up nobody else.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import structlog

from monitor.alerts import retry
from monitor.alerts.attempt import attempt
from monitor.alerts.channels import ChannelKind, discover
from monitor.alerts.channels.kit.outcome import Outcome, Result
from monitor.alerts.lane import Lane, Objection
from monitor.alerts.sealing import seal
from monitor.alerts.tending import tend
from monitor.clock import Clock
from monitor.core.message import Parcel
from monitor.core.watchlist import Watchlist
from monitor.store import Attempt, Owed, Store, StoreUnavailable

_log = structlog.get_logger()

HELD = 500
"""Parcels that one worker holds at most: those under way and those that wait for a place."""

LEASE = 60.0
"""Seconds for which a message is claimed: how long one waits after a crash. Half of it outlasts every channel's patience."""

POLL = 1.0
"""Seconds between looks for what has fallen due, when nobody wakes the worker."""

_NAMED = 5
"""Incidents that a line in the log names of a parcel."""

SET_BACK = timedelta(minutes=1)
"""By so much a clock must have been set back before anything is dated anew: less is no harm."""

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
    """A parcel in our hands until `until`. `outages` is what its lane had counted when it was claimed."""

    owed: Owed
    lane: Lane
    outages: int
    until: datetime

    @property
    def parcel(self) -> Parcel:
        """The parcel itself."""
        return self.owed.parcel


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """A fate, and what the store is to be told: when to try again, why, and the attempt, if one was made.

    - `as_it_is`: the parcel may have arrived, so it must not be taken apart
    - `tried`: by how many attempts its messages have come further; what is put off because others failed counts as tried
    """

    fate: Fate
    due: datetime | None = None
    as_it_is: bool = False
    error: str = ""
    attempt: Attempt | None = None
    tried: int = 1


class Outbox:
    """One worker. `worker` is its name in leases; several may share a store. `address` is where readers find us."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        watchlist: Callable[[], Watchlist],
        worker: str,
        kinds: Mapping[str, ChannelKind] | None = None,
        address: str = "",
    ) -> None:
        self.deliveries: Counter[tuple[str, str]] = Counter()
        """Attempts by channel and fate; messages given up without an attempt count as dead too."""
        self._store = store
        self._clock = clock
        self._watchlist = watchlist
        self._worker = worker
        self._address = address
        self._kinds = discover() if kinds is None else kinds
        # A lease covers real waiting for real receivers, also while a demonstration's clock runs fast.
        self._lease = timedelta(seconds=LEASE * clock.speed)
        self._lanes: dict[str, Lane] = {}
        self._held = 0
        self._ahead = clock.now().timestamp() - clock.monotonic()
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
            await self._keep_time()
            await self._seal()
            gone = await self._gone()
            async with self._store.writing() as writing:
                now = self._clock.now()
                claimed = await writing.claim_parcels(now, self._lease.total_seconds(), room, self._worker)
        except StoreUnavailable as problem:
            _log.warning("messages cannot be claimed; they stay in the outbox", problem=str(problem))
            return []
        self._held += len(claimed)
        lanes = [self._lane(owed.parcel.channel, gone) for owed in claimed]
        return [Claim(owed, lane, lane.outages, now + self._lease) for owed, lane in zip(claimed, lanes, strict=True)]

    async def _keep_time(self) -> None:
        """Let nobody wait for an hour because the clock was set back by one."""
        ahead = self._clock.now().timestamp() - self._clock.monotonic()
        step = timedelta(seconds=self._ahead - ahead)
        if step > SET_BACK:
            _log.warning("the clock was set back; what is owed is dated anew", seconds=round(step.total_seconds()))
            async with self._store.writing() as writing:
                await writing.set_back(self._clock.now(), step, self._watchlist().alerts.routes)
            for lane in self._lanes.values():
                lane.set_back(step)
        self._ahead = ahead

    async def _seal(self) -> None:
        """Put what is due into parcels. Without anything due, no lock is taken."""
        async with self._store.reading() as reading:
            if not await reading.any_due(self._clock.now()):
                return
        waits = [route.group.wait for route in self._watchlist().alerts.routes]
        async with self._store.writing() as writing:
            await seal(writing, self._clock.now(), timedelta(seconds=max(waits, default=0)))

    async def tend(self, now: datetime) -> None:
        """Call others where nobody has acknowledged in time, and remind. Meant to be called every few seconds."""
        try:
            async with self._store.reading() as reading:
                tended = await tend(reading, self._watchlist(), self._address, now)
            if tended:
                async with self._store.writing() as writing:
                    await writing.release(tended.released, now)
                    await writing.cancel(tended.cancelled, now)
                    await writing.add_messages(tended.reminders)
                self.wake()
        except StoreUnavailable as problem:
            _log.warning("nobody can be reminded or called just now; it is tried again", problem=str(problem))

    async def _gone(self) -> dict[str, str]:
        """Channels that are switched off, and how that is told."""
        async with self._store.reading() as reading:
            return await reading.switched_off()

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

    def _lane(self, name: str, gone: Mapping[str, str]) -> Lane:
        """The channel's lane. A channel that was configured anew begins anew, so changing one switches it on again."""
        channel = next((one for one in self._watchlist().alerts.channels if one.id == name), None)
        lane = self._lanes.get(name)
        if lane is None or lane.channel != channel:
            lane = self._lanes[name] = Lane(channel)
        lane.recall(gone.get(name))
        return lane

    async def _rule(self, claim: Claim) -> Ruling | None:
        """Try the message, unless something speaks against it. None if it waited so long that it is no longer ours."""
        now = self._clock.now()
        if self._stopping:
            error = "not tried, as the service was stopping"
            return Ruling(fate=Fate.RETRIED, due=now, as_it_is=claim.owed.perhaps_received, error=error, tried=0)
        objection = claim.lane.objection(claim.outages, now)
        if objection:
            return _put_off(claim.owed, objection, now)
        if now + self._lease / 2 > claim.until:
            return None
        return await self._try(claim, now)

    async def _try(self, claim: Claim, now: datetime) -> Ruling:
        started = self._clock.monotonic()
        outcome = await attempt(claim.parcel, claim.lane.channel, self._kinds, now)
        ended = self._clock.now()
        claim.lane.learn(outcome, ended)
        last = retry.LAST if claim.lane.channel else retry.LAST_WITHOUT_CHANNEL
        return _ruling(claim.owed, outcome, ended, self._clock.monotonic() - started, last)

    async def _record(self, claim: Claim, ruling: Ruling) -> None:
        """Write down what became of the message. While that fails, try again as long as the message is ours."""
        _tell(claim.parcel, ruling)
        if ruling.attempt or ruling.fate is Fate.DEAD:
            self.deliveries[claim.parcel.channel, ruling.fate.value] += 1
        for _ in range(RECORDINGS):
            if await self._written(claim, ruling) or self._clock.now() > claim.until:
                return
            await asyncio.sleep(RECORDING)

    async def _written(self, claim: Claim, ruling: Ruling) -> bool:
        try:
            await self._write(claim, ruling)
        except StoreUnavailable as problem:
            _log.warning("what became of a message cannot be written yet", message=claim.parcel.id, problem=str(problem))
            return False
        return True

    async def _write(self, claim: Claim, ruling: Ruling) -> None:
        now, parcel = self._clock.now(), claim.parcel
        due = ruling.due or now
        async with self._store.writing() as writing:
            if ruling.attempt:
                await writing.record_attempt(ruling.attempt)
            match ruling.fate:
                case Fate.DELIVERED:
                    await writing.delivered(parcel.id, now)
                    await writing.stand_down(parcel.messages, now)
                    return
                case Fate.RETRIED if ruling.as_it_is:
                    await writing.postpone(parcel.id, now, due, ruling.error, self._worker, tried=ruling.tried)
                case Fate.RETRIED:
                    await writing.dissolve(parcel.id, now, due, ruling.error, self._worker, tried=ruling.tried)
                case Fate.DEAD:
                    await writing.dead(parcel.id, now, ruling.error, self._worker, tried=ruling.tried)
            await writing.stand_in(parcel.messages, now, retry.SECOND)
            if claim.lane.is_gone:
                await writing.switch_off(parcel.channel, claim.lane.noted)


def _ruling(owed: Owed, outcome: Outcome, ended: datetime, duration: float, last: int) -> Ruling:
    """What follows from an attempt that ended then, after `duration` seconds; `last` is the number of the last one."""
    pause = retry.wait(owed.parcel.id, owed.attempts, outcome.retry_after, last)
    if outcome.result is Result.DELIVERED:
        fate = Fate.DELIVERED
    elif outcome.result is Result.GONE or pause is None:
        fate = Fate.DEAD
    else:
        fate = Fate.RETRIED
    attempt = Attempt(
        parcel=owed.parcel.id,
        at=ended,
        outcome=fate.value,
        duration=duration,
        status=outcome.status,
        error=outcome.error,
    )
    return Ruling(
        fate=fate,
        due=ended + (pause or timedelta()),
        as_it_is=owed.perhaps_received or outcome.perhaps_received,
        error=outcome.error or "",
        attempt=attempt,
    )


def _put_off(owed: Owed, objection: Objection, now: datetime) -> Ruling:
    """What follows from an objection. Nothing is given up without having been tried, unless its receiver is gone."""
    if objection.final:
        return Ruling(fate=Fate.DEAD, error=objection.error, tried=0)
    pause = retry.wait(owed.parcel.id, owed.attempts, None) or timedelta(seconds=retry.LONGEST)
    due = max(now + pause, objection.until or now)
    return Ruling(fate=Fate.RETRIED, due=due, as_it_is=owed.perhaps_received, error=objection.error)


def _tell(parcel: Parcel, ruling: Ruling) -> None:
    about = {"message": parcel.id, "channel": parcel.channel, "incidents": ", ".join(parcel.incidents[:_NAMED])}
    match ruling.fate:
        case Fate.DELIVERED:
            _log.info("message delivered", **about)
        case Fate.RETRIED:
            _log.warning("message not delivered yet", due=ruling.due and ruling.due.isoformat(), error=ruling.error, **about)
        case Fate.DEAD:
            _log.error("message given up; see the dead letters", error=ruling.error, **about)
