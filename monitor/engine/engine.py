"""The engine of a prober: takes plans, makes looks when they are due, and hands over what came of them.

Nothing is dropped silently. A period in which no look began is recorded as unmeasured, with the reason; a look that came to
nothing is an observation too.
"""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Final

import structlog

from monitor.bus import Heartbeat, ProberBus, Report
from monitor.bus.frames import Unsendable
from monitor.clock import Clock
from monitor.core.plan import Plan, PlannedCheck
from monitor.core.watchlist import Limits, VantagePoint
from monitor.engine.canaries import Sighting, observation_of
from monitor.engine.heap import Doing, DueHeap, Scheduled
from monitor.engine.importing import Compared, Hands, Imports, SourceOpener, may_be_asked, no_services
from monitor.engine.lanes import Lanes, Ticket
from monitor.engine.load import BUSY, Load, WallClock
from monitor.engine.looking import Controls, Seen, ask_controls, look_once
from monitor.engine.lookouts import OURS, Lookout, Lookouts, Opener
from monitor.engine.politeness import address_keys, domain_key, unpacked
from monitor.engine.relooks import Relooks
from monitor.engine.stamping import Stamp, Timing, crashed, gap, observation
from probes.kit.observation import Facts
from probes.kit.probe import Probe
from probes.kit.vocabulary import IMPORTED_KINDS, Depth, Unmeasured, VantageHealth

_log = structlog.get_logger()

MOST_PER_TICK: Final = 1000
"""Checks that one tick takes up; more wait for the next, so that a tick never holds the loop for long."""

SETTLING: Final = 512
"""Looks that have ended and wait for their canaries, with their bytes. While there are so many no new one starts."""

DISTINCT_SHARE: Final = 1 / 3
"""Of the shortest wait before a re-look: so soon after a look, one out of turn would say nothing new."""

RELOOK: Final = 180
"""Seconds that count as that wait where the plan knows no re-looks."""

STUCK: Final = 4.0
"""A look that takes so many times the budget of one look is stuck: its own, a control's and a comparison are three."""


class Engine:
    """One prober's engine, whose `tick` is called once a second. Its parts count in steady seconds, see `monitor.engine.heap`."""

    def __init__(
        self,
        *,
        bus: ProberBus,
        probes: Mapping[str, Probe],
        opener: Opener,
        clock: Clock,
        software: str,
        sources: SourceOpener = no_services,
    ) -> None:
        self._bus = bus
        self._probes = probes
        self._clock = clock
        self._software = software
        self._offset = clock.now().timestamp() - clock.monotonic()
        self._heap = DueHeap()
        self._lanes = Lanes(Limits())
        self._lookouts = Lookouts(opener, clock, self._hear)
        self._controls = Controls(clock)
        self._imports = Imports(sources, clock, self._hands())
        self._relooks = Relooks()
        self._relook_after: tuple[int, ...] = ()
        self._full = 0
        self._distinct = RELOOK * DISTINCT_SHARE
        self._load = Load(clock.monotonic(), clock.processor())
        self._wall = WallClock()
        self._limit(Limits())
        self._looks: set[asyncio.Task[None]] = set()
        self._settling = 0
        self._countries: dict[str, str | None] = {}
        self._paused = False
        self._finishing = False

    async def run(self) -> None:
        """Take plans and wishes until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._take_plans())
            group.create_task(self._take_wishes())

    def adopt(self, plan: Plan) -> None:
        """Work by this plan from now on."""
        places = {vantage.id: vantage for vantage in plan.vantages if vantage.kind in OURS | IMPORTED_KINDS}
        wanted = [check for check in plan.checks if check.vantage in places and self._knows(check)]
        ours = [check for check in wanted if _is_allowed(check, places[check.vantage])]
        self._countries = {vantage.id: vantage.country for vantage in plan.vantages}
        self._paused = plan.paused
        self._relook_after = plan.relook
        self._full = plan.full
        self._distinct = min(plan.relook, default=RELOOK) * DISTINCT_SHARE
        self._limit(plan.limits)
        self._lookouts.adopt(plan)
        self._heap.adopt(ours, self._now())
        self._imports.adopt(plan, self._heap.checks)
        _log.info("a plan is in force", version=plan.version, checks=len(ours), paused=plan.paused)

    async def tick(self, now: float) -> None:
        """Do what is due. `now` is monotonic."""
        steady = self._steady(now)
        self._load.measure(now, self._clock.processor())
        self._wall.measure(self._clock.now().timestamp(), steady)
        self._end_stuck(steady)
        for item in self._heap.due(steady, MOST_PER_TICK):
            await self._take_turn(item, steady)
        for check in self._relooks.due(steady):
            self._look_out_of_turn(check, steady)
        self._lanes.call(steady)
        self._make_room(steady)
        self._start(steady)

    async def beat(self) -> None:
        """Tell the service how things stand."""
        step = self._wall.step()
        if step is not None:
            _log.warning("somebody has set the wall clock", by_seconds=round(step, 1))
        await self._bus.heartbeat(
            Heartbeat(
                at=self._clock.now(),
                lanes=self._lanes.status(self._now()),
                vantages=(*self._lookouts.reports(), *self._imports.reports()),
                loop_busy=round(self._load.busy, 3),
                clock_step=step,
                problems=(*self._problems(), *self._imports.problems()),
            )
        )

    async def finish(self, seconds: float) -> None:
        """Start no more looks, give those under way `seconds` to end, and close everything.

        A look that is cut off leaves no trace: the next start knows from the plan that it is owed.
        """
        self._finishing = True
        if self._looks:
            _, unfinished = await asyncio.wait(self._looks, timeout=seconds)
            for look in unfinished:
                look.cancel()
            await asyncio.gather(*unfinished, return_exceptions=True)
        await self._imports.close()
        await self._controls.close()
        await self._lookouts.close()

    async def _take_plans(self) -> None:
        async for plan in self._bus.plans():
            self.adopt(plan)

    async def _take_wishes(self) -> None:
        async for check in self._bus.looks():
            self._relooks.want(check, self._now())

    def _steady(self, monotonic: float) -> float:
        return monotonic + self._offset

    def _now(self) -> float:
        return self._steady(self._clock.monotonic())

    def _limit(self, limits: Limits) -> None:
        """A look that has used up the shortest stage budget has most likely met somebody who swallows packets."""
        self._lanes.limit(limits)
        budgets = limits.budgets
        self._patience = min(budgets.dns, budgets.tcp, budgets.tls, budgets.http) * self._clock.speed
        self._stuck_after = STUCK * budgets.look * self._clock.speed

    def _knows(self, check: PlannedCheck) -> bool:
        if check.probe in self._probes:
            return True
        _log.error("the plan names a probe that this prober does not have; are their versions the same?", probe=check.probe)
        return False

    def _stamp(self, item: Scheduled) -> Stamp:
        version = self._probes[item.routine.probe].version
        vantage = item.routine.vantage
        country = self._countries.get(vantage)
        return Stamp(check=item.id, vantage=vantage, country=country, probe_version=version, software=self._software)

    async def _take_turn(self, item: Scheduled, now: float) -> None:
        if item.routine.vantage in self._imports:
            await self._imports.take_turn(item)
            return
        missed = item.missed(now)
        if missed:
            await self._submit(Report(gap(self._stamp(item), item, missed, self._why_missed(item), self._wall.drift)))
            item.accounted = item.start_of(item.period(now) - 1)
        if item.doing is Doing.IDLE and not self._paused and not item.sits_out(now, self._load.stretch):
            thorough = item.bad or item.is_thorough(now, self._full)
            self._queue(item, now, Depth.FULL if thorough else Depth.LIGHT)

    def _why_missed(self, item: Scheduled) -> Unmeasured:
        if self._paused:
            return Unmeasured.PAUSED
        too_much = item.doing is Doing.QUEUED or self._load.stretch > 1
        return Unmeasured.OVERLOAD if too_much else Unmeasured.LATE

    def _look_out_of_turn(self, check: str, now: float) -> None:
        """What others look at is not hurried: they serve more than us."""
        item = self._heap.checks.get(check)
        if item is None or item.routine.vantage in self._imports:
            return
        if item.doing is Doing.IDLE and not self._paused and now - item.accounted >= self._distinct:
            self._queue(item, now, Depth.FULL)

    def _queue(self, item: Scheduled, now: float, depth: Depth) -> None:
        item.doing = Doing.QUEUED
        keys = (*domain_key(item.params), *unpacked(item.addresses))
        self._lanes.enter(Ticket(item=item, keys=keys, due=now, slow=item.slow, depth=depth))

    def _make_room(self, now: float) -> None:
        for ticket in self._lanes.make_room(now, self._patience):
            _cancel(ticket)

    def _start(self, now: float) -> None:
        if self._finishing or self._paused or self._settling >= SETTLING:
            return
        for ticket in self._lanes.start(now):
            self._take_off(ticket)

    def _take_off(self, ticket: Ticket) -> None:
        item = ticket.item
        item.doing = Doing.FLYING
        ticket.started = self._now()
        ticket.before, item.accounted = item.accounted, ticket.started
        ticket.task = asyncio.create_task(self._fly(ticket, self._clock.now()))
        self._looks.add(ticket.task)
        ticket.task.add_done_callback(self._landed)

    def _landed(self, look: asyncio.Task[None]) -> None:
        self._looks.discard(look)
        if not look.cancelled() and (error := look.exception()) is not None:
            _log.error("a look could not be recorded; the fault is ours", error=type(error).__name__, exc_info=error)

    async def _fly(self, ticket: Ticket, started_at: datetime) -> None:
        here = self._lookouts.get(ticket.item.routine.vantage)
        seen: Seen | None = None
        try:
            seen = await self._look(ticket, here) if here else None
        except asyncio.CancelledError:
            if not ticket.displaced and not ticket.overdue:
                raise
            seen = Seen(facts=None) if ticket.overdue else None
        finally:
            self._lanes.leave(ticket, self._now())
        if ticket.displaced and seen is None:
            self._wait_in_slow_lane(ticket)
        else:
            await self._report(ticket, here, seen, started_at)
        self._start(self._now())

    async def _look(self, ticket: Ticket, here: Lookout) -> Seen:
        routine, params = ticket.item.routine, ticket.item.params
        others = self._lookouts.controls(routine.vantage)
        return await look_once(self._probes[routine.probe], params, here, others, self._controls, self._clock, ticket.depth)

    def _wait_in_slow_lane(self, ticket: Ticket) -> None:
        ticket.item.doing = Doing.QUEUED
        ticket.item.accounted = ticket.before
        self._lanes.enter_slow(ticket)

    async def _report(self, ticket: Ticket, here: Lookout | None, seen: Seen | None, started_at: datetime) -> None:
        timing = self._timing(ticket, started_at)
        self._remember(ticket, seen)
        self._settling += 1
        try:
            health = await self._health(here, seen, ticket.started - self._offset) if here and seen else {}
            made = observation(self._stamp(ticket.item), seen, timing, health)
            await self._submit(Report(made, seen.blobs if seen else ()))
        finally:
            self._settling -= 1
            ticket.item.doing = Doing.IDLE
        if seen and made.unmeasured is None:
            self._follow_up(ticket, failing=bool(seen.failing))

    def _timing(self, ticket: Ticket, started_at: datetime) -> Timing:
        took = self._now() - ticket.started
        suspect = self._load.busy > BUSY or self._wall.stepped_at >= ticket.started
        return Timing(started_at=started_at, duration=took / self._clock.speed, suspect=suspect)

    def _remember(self, ticket: Ticket, seen: Seen | None) -> None:
        item = ticket.item
        item.slow = ticket.overdue or (seen is not None and seen.own_time > self._patience)
        if seen is not None and seen.facts is not None:
            item.addresses = address_keys(seen.facts)

    async def _health(self, here: Lookout, seen: Seen, began: float) -> dict[str, VantageHealth]:
        """The health of all who looked, as of a moment after the look began where that matters."""
        looked = {here.vantage.id, *(one.vantage for one in seen.control)}
        return await self._lookouts.health(looked, seen.failing, began)

    def _follow_up(self, ticket: Ticket, *, failing: bool) -> None:
        """See a first bad look again soon: it may have been a passing trouble, and if not somebody waits to hear of it."""
        item = ticket.item
        self._relooks.earn()
        if failing and not item.bad:
            for wait in self._relook_after:
                self._relooks.want(item.id, ticket.started + wait)
        item.bad = failing

    async def _hear(self, sighting: Sighting) -> None:
        await self._submit(Report(observation_of(sighting, self._software)))

    def _hands(self) -> Hands:
        return Hands(
            stamp=self._stamp, submit=self._submit, compare=self._compare, steady=self._now, drift=lambda: self._wall.drift
        )

    async def _compare(self, item: Scheduled, vantage: VantagePoint, facts: Facts) -> Compared:
        """What our own places see of what somebody else's look showed, where that look means nothing alone."""
        probe, others = self._probes[item.routine.probe], self._lookouts.named(vantage.control)
        return await ask_controls(probe, item.params, facts, others, self._controls, self._clock)

    async def _submit(self, report: Report) -> None:
        try:
            await self._bus.submit(report)
        except Unsendable as problem:
            _log.error("a look cannot be handed over", check=report.observation.check, problem=str(problem))
            await self._bus.submit(Report(crashed(report.observation)))

    def _end_stuck(self, now: float) -> None:
        for ticket in self._lanes.flying():
            if now - ticket.started > self._stuck_after and not ticket.overdue:
                _log.error("a look is stuck and is ended", check=ticket.item.id, probe=ticket.item.routine.probe)
                ticket.overdue = True
                _cancel(ticket)

    def _problems(self) -> tuple[str, ...]:
        if self._load.stretch == 1:
            return ()
        busy = (
            f"this machine is too busy for its watchlist ({self._load.busy:.0%} of a processor): every check is looked at only "
            f"once in {self._load.stretch} of its periods; watch less often, or from a bigger machine"
        )
        return (busy,)


def _is_allowed(check: PlannedCheck, vantage: VantagePoint) -> bool:
    if may_be_asked(check, vantage):
        return True
    _log.error("volunteers' lines are not used for a check for which nobody switched them on", check=check.id)
    return False


def _cancel(ticket: Ticket) -> None:
    if ticket.task is not None:
        ticket.task.cancel()
