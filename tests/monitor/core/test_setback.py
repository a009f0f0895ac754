"""A clock that ran an hour ahead and is set back: what was dated by it hides nothing, and is not heard a second time."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count

import pytest

from monitor.core import decision
from monitor.core.decision import decide
from monitor.core.descriptive import Basis
from monitor.core.dossier import Reinstatement
from monitor.core.incident import Bracket, Event, Incident, apply
from monitor.core.kinds import IncidentStage
from monitor.core.ledger import WINDOW, Ledger
from monitor.core.verdict import Verdict
from monitor.core.watchlist import Confirmation
from probes.kit.vocabulary import State
from tests.monitor.core.looking import POLICY, at, kinds, look, looks

HOUR = timedelta(hours=1)
BLOCK_AND_END = looks("XX...")
"""A block of ten minutes and its end, which is known in minute 20."""


def ahead(verdicts: Iterable[Verdict], by: timedelta = HOUR) -> list[Verdict]:
    """The same looks as a clock dates them that runs ahead."""
    return [replace(one, at=one.at + by, observation=f"ahead-{one.observation}") for one in verdicts]


class Days:
    """A service whose clock says what the story wants; `minute` is the true one."""

    def __init__(self, policy: Confirmation = POLICY) -> None:
        self.ledger = Ledger()
        self.policy = policy
        self.stored: list[Verdict] = []
        self.events: list[Event] = []
        self.incidents: dict[str, Incident] = {}
        self._numbers = count(1)

    def hear(self, verdicts: Iterable[Verdict], now: datetime | None = None) -> list[str]:
        """Let the looks happen one by one, by a clock that says what they say, or `now`."""
        happened = []
        for one in verdicts:
            self.stored.append(one)
            step = self.ledger.take([one], self.policy, now or one.at, lambda: f"CW-2021-{next(self._numbers):04d}")
            self.ledger.keep(step)
            self.incidents |= {incident.id: incident for _, incident in step.events}
            happened += kinds(step.events)
        return happened

    def decide(self, what: decision.Decision, now: datetime) -> None:
        incident = self.ledger.incidents[0]
        self.incidents[incident.id] = apply(incident, decide(incident, what, now))
        self.ledger.revise(self.incidents[incident.id])

    def start_again(self) -> None:
        self.ledger = Ledger(self.stored, self.incidents.values())


@pytest.mark.parametrize("restarts", [False, True])
def test_a_block_in_the_hour_that_comes_twice_is_not_missed(restarts: bool) -> None:
    days = Days()
    assert days.hear(ahead(BLOCK_AND_END)) == ["opened", "confirmed", "ended"]
    if restarts:
        days.start_again()
    assert days.hear(looks("...XX", start=25)) == ["reopened"]


def test_an_end_that_is_put_at_an_onset_ahead_hides_no_block_that_follows() -> None:
    days = Days()
    days.hear(ahead(looks("XX")))
    assert days.hear(looks("...", start=20)) == ["ended"]
    (ended,) = days.ledger.incidents
    assert ended.end is not None
    assert ended.end.by > at(30), "it began an hour ahead"
    assert days.hear(looks("XX", start=40)) == ["reopened"]


def test_the_looks_of_the_clock_that_ran_ahead_are_not_heard_again_when_their_time_comes() -> None:
    days = Days()
    days.hear(ahead(BLOCK_AND_END))
    assert days.hear(looks("." * 40, start=21, every=3)) == []


@pytest.mark.parametrize("restarts", [False, True])
def test_a_loss_that_stands_is_not_said_to_come_and_go_because_the_hour_did(restarts: bool) -> None:
    days = Days()
    days.hear(ahead(looks("...XX", start=-10)))
    if restarts:
        days.start_again()
    assert days.hear(looks("X" * 40, start=20, every=3)) == []
    assert not days.ledger.incidents[0].intermittent


def test_an_open_block_ends_as_soon_as_ever_although_bad_looks_of_its_hour_wait() -> None:
    days = Days()
    days.hear(ahead(looks("X" * 12, every=5)))
    assert days.hear(looks("...", start=61)) == ["ended"]
    assert days.hear(looks("." * 20, start=75)) == []


def test_a_new_incident_that_began_by_the_wrong_clock_hears_what_follows() -> None:
    days = Days(POLICY.model_copy(update={"reopen": 600}))
    days.hear(ahead(BLOCK_AND_END))
    assert days.hear(ahead(looks("X", start=35))) == ["opened"]
    assert days.hear(looks("XX", start=37)) == ["confirmed"]


@pytest.mark.parametrize("by", [HOUR, timedelta(days=400)])
def test_what_a_person_took_back_by_a_clock_ahead_is_over_when_its_day_is(by: timedelta) -> None:
    days = Days()
    days.hear(ahead(looks("XX"), by))
    days.decide(decision.retract("the line of the office", "staff"), at(12) + by)
    assert days.hear(looks("X" * 20, start=15, every=60)) == []
    assert days.hear(looks("XX", start=15 + 25 * 60)) == ["opened", "confirmed"]
    (now,) = days.ledger.incidents
    assert (now.id, now.stage) == ("CW-2021-0002", IncidentStage.CONFIRMED)


def test_what_was_reinstated_by_a_clock_ahead_and_is_blocked_still_opens_again() -> None:
    days = Days()
    days.hear(ahead(looks("XX")))
    given_back = Reinstatement(scope="full", basis=Basis.SELF_REPORT)
    days.decide(decision.reinstate(given_back, "the office sees it again", "staff"), at(10) + HOUR)
    assert days.hear(looks("XX", start=15)) == ["reopened"]


def test_a_clock_that_was_set_forward_again_lets_nothing_count_twice() -> None:
    days = Days()
    days.hear(ahead(BLOCK_AND_END))
    days.hear(looks("..", start=25))
    assert days.hear(ahead(looks("." * 10, start=35))) == []
    assert days.hear(ahead(looks("XX", start=90))) == ["reopened"]


@pytest.mark.parametrize("pattern", [".", "X", "X" * (WINDOW + 5)])
def test_looks_that_wait_for_their_time_make_no_check_deaf(pattern: str) -> None:
    days = Days()
    days.hear(ahead(looks(pattern, every=1), timedelta(days=400)), now=at(0))
    assert days.hear(looks(".XX", start=5)) == ["opened", "confirmed"]
    (found,) = days.ledger.incidents
    assert found.onset == Bracket(after=at(5), by=at(10))
    assert days.ledger.remembered() <= WINDOW + 3


def test_looks_of_a_prober_whose_clock_runs_ahead_are_heard_when_their_time_comes() -> None:
    days = Days()
    for one in ahead(looks("XX")):
        assert days.hear([one], now=one.at - HOUR) == []
    assert days.hear([look(70, State.UNCLEAR), look(71, State.BLOCKED)]) == ["opened", "confirmed"]


def test_of_two_incidents_of_a_case_the_one_begun_later_counts_whatever_the_clock_said() -> None:
    days = Days(POLICY.model_copy(update={"reopen": 60}))
    days.hear(ahead(BLOCK_AND_END))
    assert days.hear(looks("XX...", start=25)) == ["opened", "confirmed", "ended"]
    days.start_again()
    (known,) = days.ledger.incidents
    assert known.id == "CW-2021-0002"
