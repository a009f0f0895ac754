"""Checks at places from which others look: what they have seen is fetched, stamped and handed over like looks of our own.

There are two sorts. Who is *asked to look* answers at once, so that each period has its look or says why it has none. Who
*publishes* does so when he can: what arrives is dated when it was seen, and only of a time that lies so far back that
whoever looked must have published it is it recorded that nobody did. Silence is never taken for health.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

import structlog
from pydantic_core import from_json

from monitor.bus import Report, VantageReport
from monitor.clock import Clock
from monitor.core.plan import Plan, PlannedCheck
from monitor.core.watchlist import VantagePoint
from monitor.engine.heap import Doing, Scheduled
from monitor.engine.stamping import Stamp, crashed, gap
from probes.imported.services.witness import Source, Wish, Witness
from probes.kit.api import Unavailable
from probes.kit.observation import Blob, Control, Facts, Observation, new_id
from probes.kit.vocabulary import IMPORTED_KINDS, Unmeasured, Validity, VantageHealth, VantageKind

_log = structlog.get_logger()

LONGEST: Final = 1800.0
"""Seconds that one import may take, its waits for the service's limits included."""

OWED: Final = 2
"""Periods of a new check that are asked about although nobody wanted them yet: what is known of the last hours is welcome."""

SourceOpener = Callable[[VantagePoint], Source]
"""Opens the service of a vantage point. Whatever it raises makes that vantage point unusable, and its message says why."""


def no_services(vantage: VantagePoint) -> Source:
    """The opener of a prober that was given none."""
    raise LookupError(f"this prober was not told how to reach the service of {vantage.id}")


Compared = tuple[tuple[Control, ...], tuple[Blob, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hands:
    """What the engine does for imports. Seconds are steady ones; `drift` is the wall clock's distance from them."""

    stamp: Callable[[Scheduled], Stamp]
    submit: Callable[[Report], Awaitable[None]]
    compare: Callable[[Scheduled, VantagePoint, Facts], Awaitable[Compared]]
    steady: Callable[[], float]
    drift: Callable[[], float]


def may_be_asked(check: PlannedCheck, vantage: VantagePoint) -> bool:
    """Whether a check may be made there: on volunteers' lines only what was switched on for them."""
    return vantage.kind is not VantageKind.GLOBALPING or check.volunteers


@dataclass(slots=True)
class _Desk:
    """Where the questions to one service wait, and those who ask them."""

    source: Source
    queue: asyncio.Queue[Scheduled] = field(default_factory=asyncio.Queue)
    workers: list[asyncio.Task[None]] = field(default_factory=list)


@dataclass(slots=True)
class _Place:
    """A vantage point from which others look, and how its service is."""

    vantage: VantagePoint
    desk: _Desk | None
    health: VantageHealth = VantageHealth.UNKNOWN
    since: datetime | None = None
    detail: str = ""

    def turns(self, health: VantageHealth, detail: str, now: datetime) -> None:
        if health is not self.health:
            self.health, self.since = health, now
        self.detail = detail


_Key = tuple[VantageKind, str | None, str | None]


class Imports:
    """All places of the plan in force from which others look. Places of one service share its limits."""

    def __init__(self, opener: SourceOpener, clock: Clock, hands: Hands) -> None:
        self._opener = opener
        self._clock = clock
        self._hands = hands
        self._desks: dict[_Key, _Desk] = {}
        self._places: dict[str, _Place] = {}
        self._newest: dict[str, datetime | None] = {}
        """When the newest look began that is known of each check."""
        self._closing: set[asyncio.Task[None]] = set()

    def __contains__(self, vantage: str) -> bool:
        return vantage in self._places

    def adopt(self, plan: Plan, checks: Mapping[str, Scheduled]) -> None:
        """Open the services that are new and close those that are gone. Paused, none is open."""
        wanted = [] if plan.paused else [one for one in plan.vantages if one.kind in IMPORTED_KINDS and not one.paused]
        for key in set(self._desks) - {_key(vantage) for vantage in wanted}:
            self._close_later(self._desks.pop(key))
        known, self._places = self._places, {}
        for vantage in wanted:
            place = known.get(vantage.id)
            self._places[vantage.id] = place if place and place.vantage == vantage and place.desk else self._open(vantage)
        self._begin([one for one in plan.checks if one.vantage in self._places and one.id in checks], checks)

    async def take_turn(self, item: Scheduled) -> None:
        """Let a check wait for its turn, at most once. Where nobody can be asked, what passes meanwhile is recorded as unseen."""
        desk = self._places[item.routine.vantage].desk
        if desk is None:
            await self._account(item, self._hands.steady(), Unmeasured.OFFLINE)
        elif item.doing is Doing.IDLE:
            item.doing = Doing.QUEUED
            desk.queue.put_nowait(item)

    def reports(self) -> tuple[VantageReport, ...]:
        """Whether each place's service can be asked."""
        return tuple(
            VantageReport(vantage=name, health=place.health, since=place.since, detail=place.detail)
            for name, place in self._places.items()
        )

    def problems(self) -> tuple[str, ...]:
        """What the person who runs this should know of the services: who cannot be asked, and whose limits are near."""
        troubles = [f"{name}: {place.detail}" for name, place in self._places.items() if place.health is VantageHealth.OFFLINE]
        limits = [problem for desk in self._desks.values() if (problem := desk.source.problem())]
        return tuple(dict.fromkeys((*limits, *troubles)))

    async def close(self) -> None:
        """Ask nobody any more, and give up what is held."""
        for key in list(self._desks):
            self._close_later(self._desks.pop(key))
        self._places = {}
        await asyncio.gather(*self._closing)

    def _open(self, vantage: VantagePoint) -> _Place:
        key = _key(vantage)
        try:
            if key not in self._desks:
                self._desks[key] = self._staffed(_Desk(self._opener(vantage)))
        except Exception as error:  # a secret that is missing, a wrong address: one place less, not the end of all
            _log.error("a vantage point cannot be used", vantage=vantage.id, problem=str(error))
            detail = f"this vantage point cannot be used: {error}"
            return _Place(vantage, None, VantageHealth.OFFLINE, self._clock.now(), detail)
        return _Place(vantage, self._desks[key])

    def _staffed(self, desk: _Desk) -> _Desk:
        desk.workers = [asyncio.create_task(self._work(desk)) for _ in range(desk.source.at_once)]
        return desk

    def _close_later(self, desk: _Desk) -> None:
        closing = asyncio.create_task(_close(desk))
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)

    def _begin(self, planned: list[PlannedCheck], checks: Mapping[str, Scheduled]) -> None:
        """Take up each check where it was left; of a new one, that is published, the last hours are owed already."""
        before, self._newest = self._newest, {}
        for check in planned:
            self._newest[check.id] = before.get(check.id, check.last_run)
            desk = self._places[check.vantage].desk
            if check.id not in before and check.last_run is None and desk and desk.source.delay:
                item = checks[check.id]
                item.accounted -= desk.source.delay.total_seconds() + OWED * item.routine.every

    async def _work(self, desk: _Desk) -> None:
        while True:
            item = await desk.queue.get()
            place = self._places.get(item.routine.vantage)
            try:
                if not item.gone and place is not None and place.desk is desk:
                    item.doing = Doing.FLYING
                    await self._import(item, place, desk.source)
            except Exception as error:  # one check less, not the end of the service
                _log.error("an import failed; the fault is ours", check=item.id, error=type(error).__name__, exc_info=error)
            finally:
                item.doing = Doing.IDLE

    async def _import(self, item: Scheduled, place: _Place, source: Source) -> None:
        if source.delay:
            await self._read_on(item, place, source)
        else:
            await self._have_look(item, place, source)

    async def _have_look(self, item: Scheduled, place: _Place, source: Source) -> None:
        """Somebody else's look at this moment, or why there is none."""
        now = self._hands.steady()
        await self._account(item, now, Unmeasured.OVERLOAD)
        item.accounted, began = now, self._clock.now()
        found, why = await self._ask(item, place, source)
        for witness in found:
            await self._hand_over(item, await self._compared(item, place, witness))
        if not found:
            took = (self._hands.steady() - now) / self._clock.speed
            await self._hands.submit(Report(_nothing(self._hands.stamp(item), began, took, why)))

    async def _read_on(self, item: Scheduled, place: _Place, source: Source) -> None:
        """What was published since, and that of a time which is far enough back there is nothing."""
        found, why = await self._ask(item, place, source)
        for witness in found:
            await self._hand_over(item, witness)
            item.accounted = max(item.accounted, witness.observation.started_at.timestamp() - self._hands.drift())
        source.taken(item.id)
        await self._account(item, self._hands.steady() - source.delay.total_seconds(), why)

    async def _account(self, item: Scheduled, until: float, why: Unmeasured) -> None:
        """Record that of the whole periods before `until` nothing is known, as far as that is not recorded yet."""
        if missed := item.missed(until):
            await self._hands.submit(Report(gap(self._hands.stamp(item), item, missed, why, self._hands.drift())))
            item.accounted = item.start_of(item.period(until) - 1)

    async def _ask(self, item: Scheduled, place: _Place, source: Source) -> tuple[tuple[Witness, ...], Unmeasured]:
        """What there is to see; and what it means if that is nothing."""
        now = self._clock.now()
        try:
            async with asyncio.timeout(LONGEST / self._clock.speed):
                found = await source.look(self._wish(item, place.vantage, now))
        except (Unavailable, TimeoutError) as problem:
            reason = str(problem) or "it takes too long"
            place.turns(VantageHealth.OFFLINE, f"{source.name} cannot be asked: {reason}", now)
            return (), Unmeasured.OFFLINE
        except Exception as error:  # our client stumbled over what a stranger sent: that says nothing of the target
            _log.error("an import failed; the fault is ours", check=item.id, error=type(error).__name__, exc_info=error)
            return (), Unmeasured.CRASHED
        place.turns(VantageHealth.HEALTHY, f"{source.name} answers", now)
        dates = [witness.observation.started_at for witness in found]
        self._newest[item.id] = max(dates, default=self._newest.get(item.id) or now - source.delay)
        return found, Unmeasured.OFFLINE

    def _wish(self, item: Scheduled, vantage: VantagePoint, now: datetime) -> Wish:
        params: dict[str, Any] = from_json(item.params)
        return Wish(
            check=item.id,
            params=params,
            country=vantage.country or "",
            asn=vantage.asn,
            network=vantage.network.value,
            limit=vantage.service.limit,
            now=now,
            newest=self._newest.get(item.id),
        )

    async def _compared(self, item: Scheduled, place: _Place, witness: Witness) -> Witness:
        """The look beside our own controls', where it means nothing without one."""
        facts = witness.observation.facts
        if facts is None or witness.observation.control:
            return witness
        try:
            control, blobs = await self._hands.compare(item, place.vantage, facts)
        except Exception as error:  # a probe is a plug-in: whatever it raises over this look, the look is accounted for
            _log.error("a look could not be compared; the fault is ours", check=item.id, error=type(error).__name__)
            return Witness(crashed(witness.observation))
        return Witness(replace(witness.observation, control=control), (*witness.blobs, *blobs))

    async def _hand_over(self, item: Scheduled, witness: Witness) -> None:
        stamp = self._hands.stamp(item)
        stamped = replace(
            witness.observation,
            check=stamp.check,
            vantage=stamp.vantage,
            country=stamp.country,
            probe_version=stamp.probe_version,
            software=stamp.software,
        )
        await self._hands.submit(Report(stamped, witness.blobs))


def _key(vantage: VantagePoint) -> _Key:
    return vantage.kind, vantage.service.url, vantage.service.token


def _nothing(stamp: Stamp, began: datetime, took: float, why: Unmeasured) -> Observation:
    """That a look was wanted and did not come about."""
    return Observation(
        id=new_id(began),
        check=stamp.check,
        vantage=stamp.vantage,
        country=stamp.country,
        started_at=began,
        duration=took,
        facts=None,
        validity=Validity.INVALID,
        unmeasured=why,
        probe_version=stamp.probe_version,
        software=stamp.software,
    )


async def _close(desk: _Desk) -> None:
    """End those who ask; checks that waited here may wait elsewhere."""
    for worker in desk.workers:
        worker.cancel()
    await asyncio.gather(*desk.workers, return_exceptions=True)
    while not desk.queue.empty():
        desk.queue.get_nowait().doing = Doing.IDLE
    with contextlib.suppress(Exception):
        await desk.source.aclose()
