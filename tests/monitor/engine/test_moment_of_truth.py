"""A country begins to blackhole: the hour for which all of this is built."""

from collections import defaultdict
from collections.abc import Iterable
from itertools import pairwise

import pytest

from monitor.bus import LaneStatus
from monitor.core.watchlist import Limits
from probes.kit.observation import Observation
from probes.kit.vocabulary import Unmeasured
from tests.monitor.engine.virtual import BLACKHOLED, NOON, FakeWorld, Stage, check, plan, vantage

CHECKS = 1000
EVERY = 300
LIVE = [f"live-{number}" for number in range(400)]
DEAD = [f"dead-{number}" for number in range(600)]
LIMITS = Limits(fast_lane=32, slow_lane=32, per_host=1, gap=1.0)


def shares_measured(observations: Iterable[Observation], names: Iterable[str], start: float, periods: int) -> list[float]:
    """For each period after `start` the share of the checks of which a look began in it."""
    wanted = set(names)
    seen: list[set[str]] = [set() for _ in range(periods)]
    for one in observations:
        period = int(((one.started_at - NOON).total_seconds() - start) // EVERY)
        if one.check in wanted and one.facts is not None and 0 <= period < periods:
            seen[period].add(one.check)
    return [len(checks) / len(wanted) for checks in seen]


def unaccounted(observations: Iterable[Observation], names: Iterable[str], periods: int) -> list[str]:
    """Checks of which looks and recorded gaps together do not cover the time, to within two periods."""
    covered: defaultdict[str, int] = defaultdict(int)
    for one in observations:
        covered[one.check] += one.missed or 1
    return [name for name in names if covered[name] < periods - 2]


@pytest.fixture
async def peaceful(stage: Stage) -> Stage:
    """A thousand checks, all well, on a machine that could not bear all of them timing out at once."""
    stage.engine.adopt(plan([check(name, every=EVERY) for name in (*LIVE, *DEAD)], vantage("moscow"), limits=LIMITS))
    return stage


async def test_most_targets_are_blackholed_and_the_others_are_still_measured(peaceful: Stage) -> None:
    stage = peaceful
    caps: list[dict[str, LaneStatus]] = []

    def look_at_caps() -> None:
        caps.append(stage.engine._lanes.status(0.0))

    await stage.pass_time(2 * EVERY, each_second=look_at_caps)
    stage.world.hosts.update({f"{name}.example": BLACKHOLED for name in DEAD})
    await stage.pass_time(6 * EVERY, each_second=look_at_caps)

    live = shares_measured(stage.bus.observations, LIVE, 2 * EVERY, 5)
    assert min(live) >= 0.95, f"the live ones in each period after the onset: {live}"
    dead = shares_measured(stage.bus.observations, DEAD, 2 * EVERY, 5)
    assert min(dead) > 0.1, f"the dead ones are looked at too, as far as the slow lane goes: {dead}"
    assert max(cap["fast"].in_flight for cap in caps) <= LIMITS.fast_lane
    assert max(cap["slow"].in_flight for cap in caps) <= LIMITS.slow_lane
    assert stage.world.most_under_way <= LIMITS.fast_lane + LIMITS.slow_lane
    assert unaccounted(stage.bus.observations, (*LIVE, *DEAD), 8) == []
    gaps = [one for one in stage.bus.observations if one.facts is None]
    assert {one.check for one in gaps} <= set(DEAD)
    assert {one.unmeasured for one in gaps} <= {Unmeasured.OVERLOAD, Unmeasured.LATE}


async def test_when_the_packets_flow_again_everybody_is_back_within_two_periods(peaceful: Stage) -> None:
    stage = peaceful
    stage.world.hosts.update({f"{name}.example": BLACKHOLED for name in DEAD})
    await stage.pass_time(3 * EVERY)
    stage.world.hosts.clear()
    await stage.pass_time(5 * EVERY)
    last_gap = max((one.started_at - NOON).total_seconds() for one in stage.bus.observations if one.facts is None)
    assert 2 * EVERY < last_gap < 5 * EVERY
    assert unaccounted(stage.bus.observations, (*LIVE, *DEAD), 8) == []


async def test_nobody_is_looked_at_more_often_than_is_polite(stage: Stage) -> None:
    names = [f"page-{number}" for number in range(50)]
    stage.world.hosts["ovd.example"] = BLACKHOLED
    checks = [check(name, every=60, domain=f"{name}.ovd.example") for name in names]
    stage.engine.adopt(plan(checks, limits=LIMITS))
    most = 0

    def look_at_host() -> None:
        nonlocal most
        most = max(most, sum(stage.world.under_way.values()))

    await stage.pass_time(10 * 60, each_second=look_at_host)
    assert most <= LIMITS.per_host
    assert smallest_gap(stage.world) >= LIMITS.gap
    assert unaccounted(stage.bus.observations, names, 10) == []


def smallest_gap(world: FakeWorld) -> float:
    times = sorted(when for when, _, _ in world.looks)
    return min(after - before for before, after in pairwise(times))
