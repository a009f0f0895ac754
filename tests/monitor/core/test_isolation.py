"""A place that sees only its own country: suspected at once, believed after a while, and over only when it sees for a while."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import count
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.contradiction import LOST_AGAIN
from monitor.core.incident import Bracket, Change, Event, Incident, Relation, apply, fold, record
from monitor.core.isolation import ROUNDS, WINDOW, Isolations, case_of
from monitor.core.kinds import EventKind, IncidentStage, Kind, RelationKind
from monitor.core.letting_go import CONFIGURATION
from monitor.core.sight import sight_id
from monitor.core.verdict import Verdict
from probes.kit.vocabulary import VantageHealth
from tests.monitor.core.test_sight import BLIND, START, a_round

HEALTHY, OFFLINE, ISOLATED = VantageHealth.HEALTHY, VantageHealth.OFFLINE, VantageHealth.ISOLATED


class Story:
    """The memory of a service, told of one round after the other as it comes in."""

    def __init__(self) -> None:
        self.memory = Isolations()
        self.numbers = count(1)
        self.log: list[tuple[EventKind, Incident]] = []
        self.events: list[Event] = []

    def tell(self, rounds: Iterable[Verdict]) -> list[EventKind]:
        before = len(self.log)
        for one in rounds:
            self.take([one], one.at + timedelta(seconds=2))
        return [kind for kind, _ in self.log[before:]]

    def take(self, rounds: Sequence[Verdict], now: datetime) -> None:
        step = self.memory.take(rounds, now, lambda: f"CW-2024-{next(self.numbers):04d}")
        self.memory.keep(step)
        self.log += [(event.kind, incident) for event, incident in step.events]
        self.events += [event for event, _ in step.events]

    def see(self, health: VantageHealth, *minutes: float, vantage: str = "yakutsk") -> list[EventKind]:
        return self.tell(a_round(minute, health, vantage) for minute in minutes)

    def decide(self, minute: float, kind: EventKind, change: Change) -> Incident:
        """Somebody decides of the last incident."""
        before = self.incident
        decided = apply(before, record(before.id, before.version + 1, START + timedelta(minutes=minute), kind, change))
        self.memory.revise(decided)
        return decided

    def take_back(self, minute: float, by: str = "staff") -> Incident:
        return self.decide(minute, EventKind.RETRACTED, Change(stage=IncidentStage.RETRACTED, reason="our own firewall", by=by))

    def last_event(self, kind: EventKind) -> Event:
        return next(event for event in reversed(self.events) if event.kind is kind)

    @property
    def incident(self) -> Incident:
        return self.log[-1][1]


@pytest.fixture
def story() -> Story:
    return Story()


@pytest.fixture
def shutdown(story: Story) -> Story:
    """Cut off since between 14:00 and 14:01, confirmed at 14:06."""
    story.see(HEALTHY, 0)
    story.see(ISOLATED, *range(1, 7))
    return story


def test_three_rounds_over_five_minutes_are_an_incident_of_the_country(story: Story) -> None:
    story.see(HEALTHY, 0)
    assert story.see(ISOLATED, 1) == [EventKind.OPENED]
    assert story.incident.stage is IncidentStage.SUSPECTED
    assert story.see(ISOLATED, 2, 3, 4, 5) == []
    assert story.see(ISOLATED, 6) == [EventKind.CONFIRMED]
    incident = story.incident
    assert (incident.kind, incident.key) == (Kind.ISOLATION, case_of("RU"))
    assert (incident.key.organisation, incident.key.target) == ("", "")
    assert incident.vantages == ("yakutsk",)
    assert incident.onset == Bracket(after=START, by=START + timedelta(minutes=1))
    assert incident.rule == "canaries.sight.isolated"
    assert incident.because.endswith("1 of 2 canaries answer")


def test_one_bad_round_stays_a_suspicion_that_the_next_good_one_takes_back(story: Story) -> None:
    assert story.see(ISOLATED, 0) == [EventKind.OPENED]
    assert story.see(HEALTHY, 1) == [EventKind.RETRACTED]
    assert story.incident.confirmed_at is None
    assert story.see(HEALTHY, 2, 3) == []
    assert story.see(ISOLATED, 4) == [EventKind.REOPENED]
    assert story.incident.stage is IncidentStage.SUSPECTED
    assert not story.incident.intermittent


def test_rounds_in_a_hurry_count_once(story: Story) -> None:
    """Failing looks ask for rounds of their own: three within a minute and one after five are no three."""
    assert story.see(ISOLATED, 0, 0.1, 0.2, 0.3, 5.5) == [EventKind.OPENED]
    assert story.see(ISOLATED, 6.5) == [EventKind.CONFIRMED]


def test_a_place_without_any_sight_says_nothing_about_its_country(story: Story) -> None:
    assert story.see(OFFLINE, *range(30)) == []


def test_being_offline_neither_confirms_nor_takes_back(story: Story) -> None:
    story.see(ISOLATED, 0)
    assert story.see(OFFLINE, *range(1, 20)) == []
    assert story.incident.stage is IncidentStage.SUSPECTED
    assert story.see(ISOLATED, 20) == []
    assert story.see(ISOLATED, 21) == [EventKind.CONFIRMED]


def test_being_offline_does_not_end_it(shutdown: Story) -> None:
    assert shutdown.see(OFFLINE, *range(7, 200)) == []
    assert shutdown.incident.stage is IncidentStage.CONFIRMED


def test_what_was_seen_before_a_long_silence_does_not_add_up(story: Story) -> None:
    story.see(ISOLATED, 0, 1)
    assert story.see(ISOLATED, 120, 121) == []
    assert story.see(ISOLATED, 126) == [EventKind.CONFIRMED]


def test_it_ends_after_ten_minutes_of_sight_and_the_end_is_a_bracket(shutdown: Story) -> None:
    shutdown.see(ISOLATED, 59)
    assert shutdown.see(HEALTHY, 60, 61, 65, 69) == []
    assert shutdown.see(HEALTHY, 70) == [EventKind.ENDED]
    assert shutdown.incident.end == Bracket(after=START + timedelta(minutes=59), by=START + timedelta(minutes=60))


def test_a_flicker_of_sight_does_not_end_it(shutdown: Story) -> None:
    for minute in range(10, 100, 10):
        assert shutdown.see(HEALTHY, minute, minute + 4) == []
        assert shutdown.see(ISOLATED, minute + 5) == []
    assert shutdown.incident.stage is IncidentStage.CONFIRMED


def test_a_return_within_a_day_continues_the_same_incident(shutdown: Story) -> None:
    shutdown.see(HEALTHY, 60, 65, 70)
    name = shutdown.incident.id
    assert shutdown.see(ISOLATED, 300, 303) == []
    assert shutdown.see(ISOLATED, 306) == [EventKind.REOPENED]
    assert (shutdown.incident.id, shutdown.incident.intermittent) == (name, True)
    assert shutdown.incident.stage is IncidentStage.CONFIRMED


def test_a_return_after_that_is_another_incident(shutdown: Story) -> None:
    shutdown.see(HEALTHY, 60, 65, 70)
    name = shutdown.incident.id
    assert shutdown.see(ISOLATED, 2000, 2003, 2006) == [EventKind.OPENED, EventKind.CONFIRMED]
    assert shutdown.incident.id != name


def test_a_second_network_of_the_country_joins_and_leaves_the_case(shutdown: Story) -> None:
    shutdown.see(ISOLATED, 8, 10, vantage="kazan")
    assert shutdown.see(ISOLATED, 13, vantage="kazan") == [EventKind.SCOPE_CHANGED]
    assert list(shutdown.incident.vantages) == ["kazan", "yakutsk"]
    assert shutdown.see(HEALTHY, 20, 25, 30) == [EventKind.SCOPE_CHANGED]
    assert list(shutdown.incident.vantages) == ["kazan"]
    assert shutdown.see(HEALTHY, 31, 36, 41, vantage="kazan") == [EventKind.ENDED]


def test_one_network_that_sees_does_not_outvote_one_that_is_cut_off(story: Story) -> None:
    kinds = story.tell(
        a_round(minute, health, vantage)
        for minute in range(10)
        for health, vantage in ((HEALTHY, "kazan"), (ISOLATED, "yakutsk"))
    )
    assert kinds == [EventKind.OPENED, EventKind.CONFIRMED]


def test_while_nobody_elsewhere_sees_either_the_canaries_themselves_may_be_gone(story: Story) -> None:
    story.see(HEALTHY, 0)
    kinds = story.tell(
        a_round(minute, health, vantage)
        for minute in range(1, 20)
        for health, vantage in ((OFFLINE, "berlin"), (ISOLATED, "yakutsk"))
    )
    assert kinds == [EventKind.OPENED]
    story.see(HEALTHY, 20, vantage="berlin")
    assert story.see(ISOLATED, 21) == [EventKind.CONFIRMED]


def test_a_place_elsewhere_that_is_reached_over_the_line_that_is_cut_does_not_speak_against_it(story: Story) -> None:
    """The machine stands inside, and its proxy abroad: the shutdown takes both."""
    story.see(HEALTHY, 0)
    kinds = story.tell(
        a_round(minute, health, vantage)
        for minute in range(1, 10)
        for health, vantage in ((BLIND, "berlin"), (ISOLATED, "yakutsk"))
    )
    assert kinds == [EventKind.OPENED, EventKind.CONFIRMED]


def test_what_a_person_took_back_does_not_return_by_itself_the_same_day(shutdown: Story) -> None:
    shutdown.take_back(7)
    assert shutdown.see(ISOLATED, *range(8, 60)) == []


@pytest.mark.parametrize("restarts", [False, True])
def test_what_a_person_took_back_does_not_hide_a_shutdown_that_comes_after_all_was_well(shutdown: Story, restarts: bool) -> None:
    taken_back = shutdown.take_back(7)
    well = [a_round(minute, HEALTHY) for minute in range(8, 30)]
    assert shutdown.tell(well) == []
    if restarts:
        shutdown.memory = Isolations(well, [taken_back])
    assert shutdown.see(ISOLATED, *range(30, 35)) == []
    assert shutdown.see(ISOLATED, 35) == [EventKind.OPENED, EventKind.CONFIRMED]
    assert shutdown.incident.id != taken_back.id
    assert shutdown.incident.onset == Bracket(after=START + timedelta(minutes=29), by=START + timedelta(minutes=30))
    assert shutdown.incident.relations == (Relation(RelationKind.SEE_ALSO, taken_back.id),)
    assert shutdown.last_event(EventKind.OPENED).change.reason == LOST_AGAIN


@pytest.mark.parametrize("well", [range(8, 17), (8, 9, 25)], ids=["not for long enough", "not in a row"])
def test_a_flicker_of_sight_is_not_well_for_certain(shutdown: Story, well: Iterable[int]) -> None:
    shutdown.take_back(7)
    for minute in range(8, 26):
        assert shutdown.see(HEALTHY if minute in well else ISOLATED, minute) == []
    assert shutdown.see(ISOLATED, *range(26, 60)) == []


def test_rounds_from_before_the_word_do_not_count_towards_all_was_well(shutdown: Story) -> None:
    shutdown.see(HEALTHY, *range(7, 40))
    shutdown.take_back(35)
    assert shutdown.see(ISOLATED, *range(40, 60)) == []


def test_sight_that_flickers_again_after_all_was_well_hides_nothing(shutdown: Story) -> None:
    shutdown.take_back(7)
    shutdown.see(HEALTHY, *range(8, 30))
    shutdown.see(ISOLATED, 30)
    shutdown.see(HEALTHY, 31)
    assert shutdown.see(ISOLATED, *range(32, 38)) == [EventKind.OPENED, EventKind.CONFIRMED]


def test_a_suspicion_that_a_person_took_back_is_no_exception(story: Story) -> None:
    story.see(ISOLATED, 0)
    story.take_back(1)
    assert story.see(ISOLATED, *range(2, 20)) == []
    story.see(HEALTHY, *range(20, 32))
    assert story.see(ISOLATED, *range(32, 38)) == [EventKind.OPENED, EventKind.CONFIRMED]


def test_what_the_configuration_let_go_is_open_again_under_its_number_once_it_is_seen_again(shutdown: Story) -> None:
    let_go = shutdown.take_back(7, by=CONFIGURATION)
    shutdown.memory.forget_others(())
    assert shutdown.see(ISOLATED, *range(20, 25)) == []
    assert shutdown.see(ISOLATED, 25) == [EventKind.REOPENED]
    assert (shutdown.incident.id, shutdown.incident.stage) == (let_go.id, IncidentStage.CONFIRMED)
    assert not shutdown.incident.intermittent, "nobody has seen it come and go"


def test_it_has_come_and_gone_if_somebody_saw_the_world_meanwhile(shutdown: Story) -> None:
    shutdown.take_back(7, by=CONFIGURATION)
    shutdown.see(HEALTHY, 20)
    assert shutdown.see(ISOLATED, *range(21, 27)) == [EventKind.REOPENED]
    assert shutdown.incident.intermittent


def test_a_suspicion_that_the_configuration_let_go_may_return_with_the_next_bad_round(story: Story) -> None:
    story.see(ISOLATED, 0)
    story.take_back(1, by=CONFIGURATION)
    assert story.see(ISOLATED, 10) == [EventKind.REOPENED]
    assert story.incident.stage is IncidentStage.SUSPECTED


def test_long_after_it_was_let_go_it_is_another_incident(shutdown: Story) -> None:
    shutdown.take_back(7, by=CONFIGURATION)
    assert shutdown.see(ISOLATED, *range(2000, 2006)) == [EventKind.OPENED, EventKind.CONFIRMED]


def test_a_shutdown_that_a_person_says_is_over_opens_again_by_what_is_seen_since(shutdown: Story) -> None:
    said = Change(stage=IncidentStage.REINSTATED, reason="the ministry says so", by="staff")
    shutdown.decide(7, EventKind.REINSTATED, said)
    assert shutdown.see(ISOLATED, *range(8, 13)) == []
    assert shutdown.see(ISOLATED, 13) == [EventKind.REOPENED]
    assert shutdown.incident.stage is IncidentStage.CONFIRMED


def test_rounds_from_the_future_wait_for_their_time(story: Story) -> None:
    """The clock ran an hour ahead and has been set back."""
    story.take([a_round(60 + minute, ISOLATED) for minute in range(3)], START)
    assert story.log == []
    assert story.see(HEALTHY, 0, 1) == []
    assert story.see(HEALTHY, 70) == []


def test_a_restart_forgets_nothing(shutdown: Story) -> None:
    rounds = [a_round(minute, HEALTHY) for minute in (60, 65)]
    shutdown.tell(rounds)
    again = Story()
    again.memory = Isolations(rounds, [shutdown.incident])
    assert again.see(HEALTHY, 70) == [EventKind.ENDED]
    assert again.incident.id == shutdown.incident.id


def test_rounds_that_arrive_late_are_read_as_they_were_made(story: Story) -> None:
    """Nothing could be handed over for three hours; then everything comes at once."""
    rounds = [a_round(0, HEALTHY), *(a_round(minute, ISOLATED) for minute in range(1, 8))]
    story.take(rounds, START + timedelta(hours=3))
    assert [kind for kind, _ in story.log] == [EventKind.OPENED, EventKind.CONFIRMED]
    assert story.incident.onset.by == START + timedelta(minutes=1)


def test_a_vantage_point_that_is_gone_is_forgotten(shutdown: Story) -> None:
    shutdown.memory.forget_others({sight_id("kazan")})
    assert shutdown.see(HEALTHY, 100) == []
    assert shutdown.memory.incidents == (shutdown.incident,)


HEALTHS = st.lists(st.sampled_from([HEALTHY, OFFLINE, ISOLATED, VantageHealth.UNKNOWN]), max_size=80)


def told(healths: Sequence[VantageHealth]) -> Story:
    story = Story()
    story.tell(a_round(minute, health) for minute, health in enumerate(healths))
    return story


@given(HEALTHS)
def test_nothing_is_confirmed_without_enough_rounds_in_a_row(healths: list[VantageHealth]) -> None:
    for kind, incident in told(healths).log:
        if kind is EventKind.CONFIRMED:
            assert incident.confirmed_at is not None
            seen = healths[: int((incident.confirmed_at - START) / timedelta(minutes=1)) + 1]
            decisive = [one for one in seen if one in {HEALTHY, ISOLATED}]
            assert decisive[-ROUNDS:] == [ISOLATED] * ROUNDS


@given(HEALTHS)
def test_rounds_that_decide_nothing_change_nothing(healths: list[VantageHealth]) -> None:
    story = Story()
    deciding = ((minute, one) for minute, one in enumerate(healths) if one in {HEALTHY, ISOLATED})
    story.tell(a_round(minute, one) for minute, one in deciding)
    assert [kind for kind, _ in story.log] == [kind for kind, _ in told(healths).log]


@given(HEALTHS, st.randoms())
def test_what_is_handed_over_in_another_order_ends_the_same(healths: list[VantageHealth], random: Random) -> None:
    rounds = [a_round(minute, health) for minute, health in enumerate(healths)]
    shuffled = random.sample(rounds, len(rounds))
    now = START + timedelta(minutes=len(healths))
    one, other = Story(), Story()
    one.take(rounds, now)
    other.take(shuffled, now)
    assert one.log == other.log


@given(HEALTHS)
def test_the_log_makes_the_incident_and_memory_stays_small(healths: list[VantageHealth]) -> None:
    memory, numbers = Isolations(), count(1)
    events: dict[str, list[Event]] = {}
    for minute, health in enumerate(healths):
        one = a_round(minute, health)
        step = memory.take([one], one.at, lambda: f"CW-2024-{next(numbers):04d}")
        memory.keep(step)
        for event, _ in step.events:
            events.setdefault(event.incident, []).append(event)
        assert all(len(window) <= WINDOW for window in step.windows.values())
    assert list(memory.incidents) == [fold(log) for log in list(events.values())[-1:]]


@pytest.mark.parametrize("restarts", [False, True])
def test_the_rounds_of_an_hour_that_comes_twice_are_not_heard_twice(story: Story, restarts: bool) -> None:
    """The clock ran an hour ahead through a shutdown of fifty minutes, was set back, and a delayed round is heard late."""
    rounds = [*(a_round(minute, ISOLATED) for minute in range(50)), *(a_round(minute, HEALTHY) for minute in range(50, 65))]
    story.tell(rounds)
    assert [kind for kind, _ in story.log] == [EventKind.OPENED, EventKind.CONFIRMED, EventKind.ENDED]
    if restarts:
        story.memory = Isolations(rounds, [story.incident])
    story.tell([a_round(5.5, HEALTHY)])
    before = len(story.log)
    story.take([a_round(6.5, HEALTHY)], START + timedelta(minutes=40))
    assert story.log[before:] == []
    assert story.see(ISOLATED, *range(41, 48)) == [EventKind.REOPENED]


def test_rounds_that_wait_for_their_time_make_no_place_deaf(story: Story) -> None:
    story.take([a_round(24 * 60 + minute, HEALTHY) for minute in range(WINDOW + 5)], START)
    assert story.see(ISOLATED, *range(1, 7)) == [EventKind.OPENED, EventKind.CONFIRMED]


@pytest.mark.parametrize("restarts", [False, True])
def test_a_shutdown_that_was_taken_back_by_a_clock_a_year_ahead_does_not_hide_the_next(story: Story, restarts: bool) -> None:
    year = 400 * 24 * 60
    story.see(ISOLATED, *range(year, year + 7))
    taken_back = Change(stage=IncidentStage.RETRACTED, reason="a drill", by="staff")
    event = record(story.incident.id, 3, START + timedelta(minutes=year + 8), EventKind.RETRACTED, taken_back)
    incident = apply(story.incident, event)
    story.memory.revise(incident)
    if restarts:
        story.memory = Isolations((), [incident])
    story.see(HEALTHY, 0)
    assert story.see(ISOLATED, *range(25 * 60, 25 * 60 + 7)) == [EventKind.OPENED, EventKind.CONFIRMED]
