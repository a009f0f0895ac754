"""Plays scenarios: makes their looks at virtual times, takes them through Cutwatch's own spine, and compares."""

import asyncio
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import count

from monitor.core.ledger import Ledger
from monitor.core.message import Message
from monitor.core.plan import Check, plan_checks, plan_for_prober
from monitor.core.routing import route
from monitor.core.verdict import Verdict, judge
from monitor.core.watchlist import Alerts, Channel, Limits, Monitor, Organisation, VantagePoint, Watchlist, Words
from monitor.engine.looking import Controls, Seen, look_once
from monitor.engine.lookouts import Lookouts
from probes.kit.budgets import Budgets
from probes.kit.discover import discover
from probes.kit.network import Network
from probes.kit.observation import Observation
from probes.kit.vocabulary import State, Unmeasured
from tests.lab.clock import HeldClock
from tests.lab.comparing import Outturn, differences
from tests.lab.scenario import CHANNEL, Scenario, Stretch, Topology
from tests.lab.world import World

AT_ONCE = 2
"""Scenarios that play at the same time. More would compete for the processor and make loopback look like a slow network."""

REMEMBERED = 7
"""Good looks of a check that a later one is read with; the service remembers as many, from as many days."""

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
    async with World.running(topology, ahead) as world, Story.told(scenario, world) as story:
        for stretch in scenario.timeline:
            world.apply(stretch.conditions)
            failures += differences(stretch, await story.live_through(stretch))
    return Outcome(scenario.name, tuple(failures))


def watchlist(scenario: Scenario, topology: Topology) -> Watchlist:
    """The configuration that a scenario amounts to."""
    name = Words(en=scenario.organisation)
    return Watchlist(
        version=scenario.name,
        monitor=Monitor(vantages=topology.vantages, confirmation=scenario.confirmation, limits=Limits(budgets=scenario.budgets)),
        organisations=(Organisation(id=scenario.organisation, name=name, targets=scenario.targets),),
        alerts=Alerts(channels=(Channel(id=CHANNEL, kind="webhook"),), routes=scenario.routes),
    )


class Story:
    """A scenario under way: who looks, and what is remembered of what was seen."""

    def __init__(self, scenario: Scenario, world: World) -> None:
        self._scenario = scenario
        self._world = world
        self._watchlist = watchlist(scenario, world.topology)
        self._checks = plan_checks(self._watchlist, discover())
        self._clock = HeldClock.at(scenario.starts)
        self._lookouts = Lookouts(self._network, self._clock)
        self._controls = Controls(self._clock)
        self._ledger = Ledger()
        self._looks = count(1)
        self._well: defaultdict[str, deque[Observation]] = defaultdict(lambda: deque(maxlen=REMEMBERED))
        self._incidents = count(1)

    @classmethod
    @asynccontextmanager
    async def told(cls, scenario: Scenario, world: World) -> AsyncIterator["Story"]:
        """A story about to begin, with somebody at every vantage point."""
        story = cls(scenario, world)
        story._lookouts.adopt(plan_for_prober(story._watchlist, story._checks, {}, paused=False))
        try:
            yield story
        finally:
            await story._controls.close()
            await story._lookouts.close()

    async def live_through(self, stretch: Stretch) -> Outturn:
        """Make every look that falls into this part of the story, and say what came of them."""
        verdicts: list[Verdict] = []
        messages: list[Message] = []
        for at, checks in self._rounds(stretch):
            self._clock.move_to(self._scenario.starts + at)
            seen = await asyncio.gather(*map(self._look, checks))
            verdicts += seen
            messages += self._consequences(seen)
        incidents = sorted(self._ledger.incidents, key=lambda incident: incident.id)
        return Outturn(verdicts=verdicts, incidents=incidents, messages=messages)

    def _rounds(self, stretch: Stretch) -> Iterator[tuple[timedelta, list[Check]]]:
        """The times at which looks are due, each with the checks that are."""
        due: defaultdict[timedelta, list[Check]] = defaultdict(list)
        every = {target.id: target.every for target in self._scenario.targets}
        for check in self._checks:
            for at in _times(stretch, every[check.target]):
                due[at].append(check)
        yield from sorted(due.items())

    async def _look(self, check: Check) -> Verdict:
        probe = discover()[check.probe]
        params = probe.params.model_validate(check.params).model_dump_json().encode()
        here = self._lookouts.get(check.vantage)
        assert here is not None
        others = self._lookouts.controls(check.vantage)
        seen = await look_once(probe, params, here, others, self._controls, self._clock)
        observation = self._observation(check, seen, probe.version)
        verdict = judge(probe, check, observation, tuple(self._well[check.id]))
        if verdict.state is State.OK:
            self._well[check.id].appendleft(observation)
        return verdict

    def _observation(self, check: Check, seen: Seen, version: int) -> Observation:
        return Observation(
            id=f"{next(self._looks):08d}",
            check=check.id,
            vantage=check.vantage,
            started_at=self._clock.now(),
            duration=seen.own_time,
            facts=seen.facts,
            control=seen.control,
            unmeasured=Unmeasured.CRASHED if seen.facts is None else None,
            probe_version=version,
            software="lab",
        )

    def _consequences(self, verdicts: Sequence[Verdict]) -> Iterator[Message]:
        """Take verdicts through the spine, and hand out the messages that come to be owed."""
        now = self._clock.now()
        policy = self._scenario.confirmation
        step = self._ledger.take(verdicts, policy, now, lambda: f"CW-{now.year}-{next(self._incidents):04d}")
        self._ledger.keep(step)
        for event, incident in step.events:
            yield from route(event, incident, self._watchlist, _ADDRESS)

    def _network(self, vantage: VantagePoint, budgets: Budgets) -> Network:
        return Network(self._world.door(vantage.id, budgets), now=self._clock.now)


def _times(stretch: Stretch, every: int | None) -> Iterator[timedelta]:
    """Once at the start, and then every so many seconds until before the end."""
    at = stretch.start
    yield at
    while every is not None and (at := at + timedelta(seconds=every)) < stretch.end:
        yield at
