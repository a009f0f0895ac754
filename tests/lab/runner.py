"""Plays scenarios: makes their looks at virtual times, takes them through Cutwatch's own spine, and compares."""

import asyncio
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import count

from monitor.core.isolation import Isolations
from monitor.core.ledger import Ledger
from monitor.core.message import Message
from monitor.core.model import Words
from monitor.core.plan import Check, plan_checks, plan_for_prober
from monitor.core.planned import planned_changes
from monitor.core.routing import route
from monitor.core.sight import judge_round, sight_checks, speaks_of_its_target
from monitor.core.subscription import Alerts, Channel
from monitor.core.verdict import Verdict, judge
from monitor.core.watchlist import Limits, Monitor, Organisation, VantagePoint, Watchlist
from monitor.engine.canaries import Sighting, observation_of
from monitor.engine.looking import Controls, look_once
from monitor.engine.lookouts import Lookouts
from monitor.engine.stamping import Stamp, Timing, observation
from probes.kit.budgets import Budgets
from probes.kit.discover import discover
from probes.kit.network import Network
from probes.kit.observation import Observation
from probes.kit.probe import Probe
from probes.kit.vocabulary import Depth, State
from probes.website.classic import Classic, classic
from tests.lab.clock import HeldClock
from tests.lab.comparing import Judged, Outturn, differences
from tests.lab.scenario import CHANNEL, Scenario, Stretch
from tests.lab.topology import Topology
from tests.lab.world import World

AT_ONCE = 4
"""Scenarios that play at the same time. More would compete for the processor and make loopback look like a slow network."""

REMEMBERED = 7
"""Good looks of a check that a later one is read with; the service remembers as many, from as many days."""

SOFTWARE = "lab"

_ADDRESS = "http://lab.invalid"
"""Where messages say that the incident can be read."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a scenario ended. Each of `failures` is `expected …, got …`."""

    name: str
    failures: tuple[str, ...] = ()


async def play_all(scenarios: Iterable[tuple[Scenario, Topology]]) -> list[Outcome]:
    """Play scenarios side by side, each in a world of its own; the outcomes come in the order that was given."""
    places = asyncio.Semaphore(AT_ONCE)

    async def take_turn(scenario: Scenario, topology: Topology) -> Outcome:
        async with places:
            return await play(scenario, topology)

    return await asyncio.gather(*(take_turn(*each) for each in scenarios))


async def play(scenario: Scenario, topology: Topology) -> Outcome:
    """Play one scenario from its first phase to its last."""
    failures: list[str] = []
    ahead = [stretch.conditions for stretch in scenario.timeline]
    clock = HeldClock.at(scenario.starts)
    async with World.running(topology, ahead, clock.monotonic) as world, Story.told(scenario, world, clock) as story:
        for stretch in scenario.timeline:
            world.apply(stretch.conditions)
            failures += differences(stretch, await story.live_through(stretch))
    return Outcome(scenario.name, tuple(failures))


def watchlist(scenario: Scenario, topology: Topology) -> Watchlist:
    """The configuration that a scenario amounts to."""
    name = Words(en=scenario.organisation)
    return Watchlist(
        version=scenario.name,
        monitor=Monitor(
            vantages=topology.vantages,
            public_resolvers=topology.public_resolvers,
            confirmation=scenario.confirmation,
            limits=Limits(budgets=scenario.budgets),
        ),
        organisations=(Organisation(id=scenario.organisation, name=name, targets=scenario.targets),),
        alerts=Alerts(channels=(Channel(id=CHANNEL, kind="webhook"),), routes=scenario.routes),
    )


class Story:
    """A scenario under way: who looks, and what is remembered of what was seen."""

    def __init__(self, scenario: Scenario, world: World, clock: HeldClock) -> None:
        self._scenario = scenario
        self._world = world
        self._watchlist = watchlist(scenario, world.topology)
        self._checks = plan_checks(self._watchlist, discover())
        self._sights = sight_checks(self._watchlist)
        self._clock = clock
        self._lookouts = Lookouts(self._network, self._clock, self._hear)
        self._controls = Controls(self._clock)
        self._ledger = Ledger()
        self._isolations = Isolations()
        self._well: defaultdict[str, deque[Observation]] = defaultdict(lambda: deque(maxlen=REMEMBERED))
        self._looks = count(1)
        self._rounds_heard: list[Verdict] = []
        self._incidents = count(1)

    @classmethod
    @asynccontextmanager
    async def told(cls, scenario: Scenario, world: World, clock: HeldClock) -> AsyncIterator["Story"]:
        """A story about to begin, with somebody at every vantage point."""
        story = cls(scenario, world, clock)
        story._lookouts.adopt(plan_for_prober(story._watchlist, story._checks, {}, paused=False))
        try:
            yield story
        finally:
            await story._controls.close()
            await story._lookouts.close()

    async def live_through(self, stretch: Stretch) -> Outturn:
        """Make every look that falls into this part of the story, and say what came of them."""
        looks: list[Judged] = []
        messages: list[Message] = []
        for at, checks in self._rounds(stretch):
            self._clock.move_to(self._scenario.starts + at)
            await self._look_at_canaries()
            seen = await asyncio.gather(*(self._look(check, stretch.depth, next(self._looks)) for check in checks))
            looks += seen
            messages += self._consequences([one.verdict for one in seen])
        incidents = sorted((*self._ledger.incidents, *self._isolations.incidents), key=lambda incident: incident.id)
        health = {report.vantage: report.health for report in self._lookouts.reports()}
        return Outturn(looks=looks, health=health, incidents=incidents, messages=messages)

    def _rounds(self, stretch: Stretch) -> Iterator[tuple[timedelta, list[Check]]]:
        """The times at which looks are due, each with the checks that are."""
        due: defaultdict[timedelta, list[Check]] = defaultdict(list)
        every = {target.id: target.every for target in self._scenario.targets}
        for check in self._checks:
            for at in _times(stretch, every[check.target]):
                due[at].append(check)
        yield from sorted(due.items())

    async def _look_at_canaries(self) -> None:
        """A round of canaries everywhere, since their rhythm is that of the story and not of the clock on the wall."""
        places = (self._lookouts.get(vantage.id) for vantage in self._world.topology.vantages)
        await asyncio.gather(*(place.canaries.after(self._clock.monotonic()) for place in places if place))

    async def _hear(self, sighting: Sighting) -> None:
        made = observation_of(sighting, SOFTWARE)
        self._rounds_heard.append(judge_round(self._sights[made.check], made))

    async def _look(self, check: Check, depth: Depth, number: int) -> Judged:
        probe = discover()[check.probe]
        made = await self._observe(probe, check, depth)
        made = replace(made, id=f"{number:08d}")  # so that looks of one moment stand in the same order every time
        verdict = judge(probe, check, made, tuple(self._well[check.id]))
        if verdict.state is State.OK:
            self._well[check.id].appendleft(made)
        return Judged(verdict, _classic(check, made))

    async def _observe(self, probe: Probe, check: Check, depth: Depth) -> Observation:
        """Look, and stamp what was seen, both as the engine does."""
        params = probe.params.model_validate(check.params).model_dump_json().encode()
        here = self._lookouts.get(check.vantage)
        assert here is not None
        others = self._lookouts.controls(check.vantage)
        began, started_at = self._clock.monotonic(), self._clock.now()
        seen = await look_once(probe, params, here, others, self._controls, self._clock, depth)
        looked = {check.vantage, *(one.vantage for one in seen.control)}
        health = await self._lookouts.health(looked, seen.failing, began)
        timing = Timing(started_at=started_at, duration=seen.own_time, suspect=False)
        return observation(_stamp(probe, check), seen, timing, health)

    def _consequences(self, verdicts: Sequence[Verdict]) -> Iterator[Message]:
        """Take verdicts through the spine, and hand out the messages that come to be owed."""
        now = self._clock.now()
        telling = [verdict for verdict in verdicts if speaks_of_its_target(verdict)]
        planned = planned_changes(self._watchlist)
        step = self._ledger.take(telling, self._scenario.confirmation, now, self._new_id, planned)
        self._ledger.keep(step)
        isolation = self._isolations.take(self._rounds_heard, now, self._new_id)
        self._isolations.keep(isolation)
        self._rounds_heard.clear()
        for event, incident in (*step.events, *isolation.events):
            yield from route(event, incident, self._watchlist, _ADDRESS)

    def _new_id(self) -> str:
        return f"CW-{self._clock.now().year}-{next(self._incidents):04d}"

    def _network(self, vantage: VantagePoint, budgets: Budgets) -> Network:
        return Network(self._world.door(vantage.id, budgets), now=self._clock.now)


def _stamp(probe: Probe, check: Check) -> Stamp:
    return Stamp(check=check.id, vantage=check.vantage, country=check.country, probe_version=probe.version, software=SOFTWARE)


def _classic(check: Check, made: Observation) -> Classic | None:
    if check.probe != "website" or made.facts is None:
        return None
    return classic(made.facts, made.control)


def _times(stretch: Stretch, every: int | None) -> Iterator[timedelta]:
    """Once at the start, and then every so many seconds until before the end."""
    at = stretch.start
    yield at
    while every is not None and (at := at + timedelta(seconds=every)) < stretch.end:
        yield at
