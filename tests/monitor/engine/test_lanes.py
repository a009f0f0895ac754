"""How many looks are under way at once, and whose turn it is."""

from collections import Counter

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from monitor.core.watchlist import Limits
from monitor.engine.heap import Routine, Scheduled
from monitor.engine.lanes import Lanes, Ticket
from monitor.engine.politeness import Key

PATIENCE = 4.0


def ticket(name: str, *keys: Key, slow: bool = False, due: float = 0.0) -> Ticket:
    item = Scheduled(id=name, routine=Routine("website", "berlin", 300), params=b"{}", due=due, accounted=due)
    return Ticket(item=item, keys=keys or (name,), due=due, slow=slow)


def names(tickets: list[Ticket]) -> list[str]:
    return [ticket.item.id for ticket in tickets]


@pytest.fixture
def lanes() -> Lanes:
    return Lanes(Limits(fast_lane=2, slow_lane=1, per_host=2, gap=1))


def enter(lanes: Lanes, *tickets: Ticket) -> None:
    for one in tickets:
        lanes.enter(one)


def test_looks_start_first_in_first_out_up_to_the_cap(lanes: Lanes) -> None:
    enter(lanes, *map(ticket, "abcd"))
    assert names(lanes.start(0)) == ["a", "b"]
    assert lanes.start(0) == []


def test_a_look_that_ends_makes_room(lanes: Lanes) -> None:
    enter(lanes, *map(ticket, "abc"))
    first, _ = lanes.start(0)
    lanes.leave(first, 0)
    assert names(lanes.start(0)) == ["c"]


def test_slow_looks_never_take_a_place_of_the_fast(lanes: Lanes) -> None:
    enter(lanes, *(ticket(name, slow=True) for name in "abc"), ticket("quick"))
    assert names(lanes.start(0)) == ["quick", "a"]


def test_one_host_is_visited_with_a_gap_and_the_others_need_not_wait(lanes: Lanes) -> None:
    enter(lanes, ticket("a", "ovd.info"), ticket("b", "ovd.info"), ticket("c", "memo.ru"))
    assert names(lanes.start(0)) == ["a", "c"]
    lanes.leave(next(lanes.flying()), 0)
    lanes.call(0.5)
    assert lanes.start(0.5) == []
    lanes.call(1.0)
    assert names(lanes.start(1.0)) == ["b"]


def test_who_waited_for_a_host_goes_before_who_came_later(lanes: Lanes) -> None:
    enter(lanes, ticket("a", "ovd.info"), ticket("b", "ovd.info", due=1))
    (first,) = lanes.start(0)
    lanes.leave(first, 0)
    enter(lanes, ticket("later-1", due=2), ticket("later-2", due=2))
    lanes.call(5)
    assert names(lanes.start(5)) == ["b", "later-1"]


def test_a_check_that_left_the_plan_does_not_start(lanes: Lanes) -> None:
    leaving = ticket("a")
    enter(lanes, leaving, ticket("b"))
    leaving.item.gone = True
    assert names(lanes.start(0)) == ["b"]


def test_a_look_that_lingers_moves_to_the_slow_lane_when_others_wait(lanes: Lanes) -> None:
    enter(lanes, *map(ticket, "abc"))
    lanes.start(0)
    assert lanes.make_room(PATIENCE, PATIENCE) == [], "it has its time"
    assert lanes.make_room(PATIENCE + 1, PATIENCE) == [], "it was moved, and none had to be interrupted"
    assert names(lanes.start(PATIENCE + 1)) == ["c"]
    assert {name: lane.in_flight for name, lane in lanes.status(0).items()} == {"fast": 2, "slow": 1}


def test_a_look_that_lingers_is_left_alone_while_nobody_waits(lanes: Lanes) -> None:
    enter(lanes, *map(ticket, "ab"))
    lanes.start(0)
    assert lanes.make_room(100, PATIENCE) == []
    assert lanes.status(0)["fast"].in_flight == 2


def test_when_the_slow_lane_is_full_the_longest_is_interrupted_and_waits_there(lanes: Lanes) -> None:
    enter(lanes, ticket("stuck", slow=True), *map(ticket, "abc"))
    lanes.start(0)
    (displaced,) = lanes.make_room(5, PATIENCE)
    assert displaced.item.id == "a"
    assert lanes.make_room(5, PATIENCE) == [], "it is interrupted once"
    lanes.leave(displaced, 0)
    lanes.enter_slow(displaced)
    assert names(lanes.start(5)) == ["c"]
    assert lanes.status(5)["slow"].queued == 1


def test_the_status_counts_those_who_wait_for_a_host_and_says_how_late_they_are(lanes: Lanes) -> None:
    enter(lanes, ticket("a", "ovd.info", due=0), ticket("b", "ovd.info", due=3), ticket("c", slow=True, due=5))
    lanes.start(5)
    status = lanes.status(10)
    assert (status["fast"].queued, status["fast"].in_flight, status["fast"].lag_seconds) == (1, 1, 7)
    assert (status["slow"].queued, status["slow"].in_flight, status["slow"].lag_seconds) == (0, 1, 0)


def test_lower_limits_hold_from_the_next_start(lanes: Lanes) -> None:
    enter(lanes, *map(ticket, "abcd"))
    first, second = lanes.start(0)
    lanes.limit(Limits(fast_lane=1, slow_lane=1))
    lanes.leave(first, 0)
    assert lanes.start(0) == []
    lanes.leave(second, 0)
    assert names(lanes.start(0)) == ["c"]


class AnyTraffic(RuleBasedStateMachine):
    """Looks come, go, linger and are displaced in any order, over few hosts."""

    LIMITS = Limits(fast_lane=3, slow_lane=2, per_host=2, gap=0.5)

    def __init__(self) -> None:
        super().__init__()
        self.lanes = Lanes(self.LIMITS)
        self.now = 0.0
        self.entered = 0
        self.flying: list[Ticket] = []
        self.done = 0
        self.last_start: dict[Key, float] = {}

    @rule(hosts=st.sets(st.sampled_from(["a", "b", b"1234", b"5678"]), min_size=1, max_size=3), slow=st.booleans())
    def a_look_comes(self, hosts: set[Key], slow: bool) -> None:
        self.entered += 1
        self.lanes.enter(ticket(str(self.entered), *sorted(hosts, key=str), slow=slow, due=self.now))

    @rule(seconds=st.sampled_from([0.125, 0.5, 5.0]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds
        self.lanes.call(self.now)
        for displaced in self.lanes.make_room(self.now, PATIENCE):
            self.flying.remove(displaced)
            self.lanes.leave(displaced, self.now)
            self.lanes.enter_slow(displaced)
        for started in self.lanes.start(self.now):
            self.flying.append(started)
            for key in started.keys:
                assert self.now - self.last_start.get(key, -1.0) >= self.LIMITS.gap
                self.last_start[key] = self.now

    @rule(which=st.integers(min_value=0))
    def a_look_ends(self, which: int) -> None:
        if self.flying:
            self.lanes.leave(self.flying.pop(which % len(self.flying)), self.now)
            self.done += 1

    @invariant()
    def caps_hold(self) -> None:
        status = self.lanes.status(self.now)
        assert status["fast"].in_flight <= self.LIMITS.fast_lane
        assert status["slow"].in_flight <= self.LIMITS.slow_lane
        assert max(Counter(key for one in self.flying for key in one.keys).values(), default=0) <= self.LIMITS.per_host

    @invariant()
    def nobody_is_lost(self) -> None:
        status = self.lanes.status(self.now)
        assert sum(lane.queued + lane.in_flight for lane in status.values()) + self.done == self.entered

    def teardown(self) -> None:
        """In the end everybody has had a turn, and nothing is remembered of anybody."""
        for _ in range(10 * self.entered + 10):
            self.time_passes(5.0)
            while self.flying:
                self.a_look_ends(0)
        self.time_passes(5.0)
        assert self.done == self.entered
        assert self.lanes._politeness._hosts == {}
        assert self.lanes._politeness._lines == {}


TestAnyTraffic = AnyTraffic.TestCase
TestAnyTraffic.settings = settings(max_examples=50, stateful_step_count=40)
