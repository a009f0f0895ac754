"""Somebody has called an incident a false alarm: more of the same stays silent, and what is new is told under a new number."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from monitor.core import decision
from monitor.core.contradiction import DONE_OTHERWISE, LOST_AGAIN
from monitor.core.decision import decide
from monitor.core.incident import Bracket, Event, Incident, Relation, apply
from monitor.core.kinds import EventKind, IncidentStage, RelationKind
from monitor.core.ledger import Ledger
from monitor.core.verdict import Verdict
from tests.monitor.core.looking import at, kinds, live, looks

OURS = "CW-2021-0001"
DAY = 24 * 60


def by(mechanism: str, verdicts: Sequence[Verdict]) -> list[Verdict]:
    """The looks, with what their losses show of how it is done."""
    return [replace(one, mechanism=mechanism if one.state == "blocked" else None) for one in verdicts]


class FalseAlarm:
    """A block that was confirmed in minute 10 and taken back by a person in minute 12; then the looks go on."""

    def __init__(self, before: Sequence[Verdict]) -> None:
        self.ledger = Ledger()
        self.seen: list[Verdict] = []
        self.hear(before)
        self.take_back(12)

    def take_back(self, minute: float) -> None:
        (incident,) = self.ledger.incidents
        self.retracted = apply(incident, decide(incident, decision.retract("the filter of our office", "staff"), at(minute)))
        self.ledger.revise(self.retracted)

    def hear(self, verdicts: Sequence[Verdict], size: int = 1) -> list[tuple[Event, Incident]]:
        self.seen += verdicts
        return live(verdicts, ledger=self.ledger, size=size)

    def start_again(self) -> None:
        self.ledger = Ledger(self.seen, [self.retracted])


@pytest.fixture
def false_alarm() -> FalseAlarm:
    return FalseAlarm(by("tls.reset.sni", looks("XXX")))


def test_more_of_the_same_stays_silent_for_a_day(false_alarm: FalseAlarm) -> None:
    assert false_alarm.hear(by("tls.reset.sni", looks("X" * 280, start=15))) == []


@pytest.mark.parametrize("pattern", [".XXXX", ".X" * 30, "B" + ".XX" * 30])
def test_what_lets_a_look_through_now_and_then_has_not_come_back(false_alarm: FalseAlarm, pattern: str) -> None:
    assert false_alarm.hear(looks(pattern, start=13, every=4)) == []


def test_good_looks_from_elsewhere_do_not_prove_that_all_was_well_here(false_alarm: FalseAlarm) -> None:
    kazan = looks("." * 12, start=15, vantage="kazan")
    assert false_alarm.hear([*kazan, *looks("XXXX", start=75)]) == []


def test_one_bad_look_after_all_was_well_is_no_proof(false_alarm: FalseAlarm) -> None:
    assert false_alarm.hear(looks("....X", start=15)) == []


@pytest.mark.parametrize("restarts", [False, True])
@pytest.mark.parametrize("good", [3, 100])
def test_a_loss_that_comes_after_all_was_well_is_another_incident(false_alarm: FalseAlarm, good: int, restarts: bool) -> None:
    false_alarm.hear(looks("." * good, start=15))
    if restarts:
        false_alarm.start_again()
    lost = 15 + 5 * good
    happened = false_alarm.hear(looks("XX", start=lost))
    assert kinds(happened) == ["opened", "confirmed"]
    (opened, _), (_, another) = happened
    assert another.id != OURS
    assert (another.onset, another.heard_from) == (Bracket(after=at(lost - 5), by=at(lost)), at(lost - 5))
    assert another.relations == (Relation(RelationKind.SEE_ALSO, OURS),)
    assert opened.change.reason == LOST_AGAIN
    assert false_alarm.retracted.stage is IncidentStage.RETRACTED


def test_looks_from_before_the_word_do_not_count_towards_all_was_well() -> None:
    alarm = FalseAlarm(looks("XX."))
    assert alarm.hear(looks(".XXX", start=15)) == []


def test_what_had_come_and_gone_must_be_well_for_longer_before_it_is_lost_again() -> None:
    alarm = FalseAlarm(by("x", looks("X.X.X.X.X.XX", every=1)))
    assert alarm.hear(looks("...XX", start=15)) == []
    assert kinds(alarm.hear([*looks("." * 20, start=60), *looks("XX", start=160)])) == ["opened", "confirmed"]


def test_an_artefact_that_the_incident_did_not_have_is_another_incident(false_alarm: FalseAlarm) -> None:
    happened = false_alarm.hear(by("tls.mitm", looks("XX", start=15)))
    assert kinds(happened) == ["opened", "confirmed"]
    (opened, _), (_, another) = happened
    assert (opened.change.reason, another.mechanisms) == (DONE_OTHERWISE, ("tls.mitm",))
    assert another.id != OURS


def test_it_is_told_from_among_more_of_the_same(false_alarm: FalseAlarm) -> None:
    same, new = by("tls.reset.sni", looks("X" * 10, start=15)), by("tls.mitm", looks("XX", start=31, every=10))
    happened = false_alarm.hear(sorted([*same, *new], key=lambda one: one.at))
    assert [event.kind for event, _ in happened[:2]] == [EventKind.OPENED, EventKind.CONFIRMED]
    assert happened[0][0].at == at(41)


@pytest.mark.parametrize("pattern", ["X", "BBB", "B" * 20])
def test_a_single_artefact_or_less_than_an_artefact_is_not_enough(false_alarm: FalseAlarm, pattern: str) -> None:
    assert false_alarm.hear(by("tls.mitm", looks(pattern, start=15))) == []


def test_the_new_incident_may_be_taken_back_as_well(false_alarm: FalseAlarm) -> None:
    false_alarm.hear(by("tls.mitm", looks("XX", start=15)))
    false_alarm.take_back(22)
    assert false_alarm.hear(by("tls.mitm", looks("X" * 20, start=25))) == []
    assert kinds(false_alarm.hear(by("http.blockpage", looks("XX", start=130)))) == ["opened", "confirmed"]


def test_a_suspicion_that_a_person_took_back_is_no_exception() -> None:
    alarm = FalseAlarm(looks("B"))
    assert alarm.retracted.confirmed_at is None
    assert alarm.hear(looks("B" * 10, start=15)) == []
    assert kinds(alarm.hear(looks("...BBB", start=70))) == ["opened", "confirmed"]


def test_after_its_day_it_is_as_it_ever_was(false_alarm: FalseAlarm) -> None:
    assert kinds(false_alarm.hear(looks("XX", start=DAY + 15))) == ["opened", "confirmed"]
    false_alarm.start_again()
    assert false_alarm.ledger.remembered() > 0


def test_what_is_remembered_for_it_is_bounded_and_forgotten_when_its_day_is_over(false_alarm: FalseAlarm) -> None:
    false_alarm.hear(looks("." * (DAY - 15), start=15, every=1))
    assert false_alarm.ledger.remembered() <= 200
    false_alarm.hear(looks("." * 4, start=DAY + 15))
    assert false_alarm.ledger.remembered() <= 1
