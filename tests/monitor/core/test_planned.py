"""A migration that the organisation has announced looks like interference, and is none."""

import pytest
from pydantic import ValidationError

from monitor.core.ledger import Ledger
from monitor.core.life import EXPLAINED
from monitor.core.model import Words
from monitor.core.planned import explanation, planned_changes
from monitor.core.watchlist import Monitor, Organisation, PlannedChange, Target, VantagePoint, Watchlist
from probes.kit.vocabulary import State, Strength
from tests.monitor.core.looking import POLICY, START, at, confirmed, kinds, live, look, looks

MOVE = PlannedChange(start=at(10), end=at(100), note="moves to another host")
PLANNED = {("ovd-info", "ovd.info"): (MOVE,)}


def test_losses_within_a_planned_change_open_nothing() -> None:
    assert live(looks("..BBUU.BB" + "U" * 9 + "..."), planned=PLANNED) == []


def test_the_same_losses_would_otherwise_be_confirmed() -> None:
    assert len(confirmed(live(looks("..BBUU.BB" + "U" * 9 + "...")))) == 1


def test_an_explicit_artefact_is_never_explained() -> None:
    assert len(confirmed(live(looks("..XX"), planned=PLANNED))) == 1


def test_what_outlasts_the_plan_counts_from_its_end() -> None:
    (incident,) = confirmed(live(looks("." * 20 + "B" * 10), planned=PLANNED))
    assert incident.onset.by == at(105)


def test_another_target_is_not_explained() -> None:
    assert explanation(look(20, State.BLOCKED, target="reports.ovd.info"), PLANNED) is None
    assert explanation(look(20, State.BLOCKED), PLANNED) == MOVE
    assert explanation(look(20, State.BLOCKED, strength=Strength.EXPLICIT), PLANNED) is None
    assert explanation(look(20, State.OK), PLANNED) is None


def test_what_was_explained_is_recorded_with_the_plan() -> None:
    bad = look(20, State.BLOCKED)
    step = Ledger().take([bad], POLICY, bad.at, lambda: "CW-2021-0001", PLANNED)
    assert step.explained == ((bad, MOVE),)
    assert step.turned == ()


def test_a_suspicion_that_a_plan_explains_after_all_is_taken_back() -> None:
    ledger = Ledger()
    assert kinds(live(looks("..B"), ledger=ledger)) == ["opened"]
    (step,) = live([look(15, State.BLOCKED)], ledger=ledger, planned=PLANNED)
    assert (step[0].kind.value, step[0].change.reason) == ("retracted", EXPLAINED)


def test_a_suspicion_with_a_look_that_no_plan_explains_stands() -> None:
    ledger = Ledger()
    live(looks("B", start=5), ledger=ledger)
    assert live([look(15, State.BLOCKED)], ledger=ledger, planned=PLANNED) == []


def test_what_was_confirmed_before_the_plan_was_told_stands() -> None:
    ledger = Ledger()
    live(looks("BBB", start=10), ledger=ledger)
    assert live(looks("B", start=25), ledger=ledger, planned=PLANNED) == []


def test_a_plan_that_is_withdrawn_explains_nothing_any_more() -> None:
    ledger = Ledger()
    live(looks("..BBB"), ledger=ledger, planned=PLANNED)
    assert kinds(live(looks("B", start=25), ledger=ledger)) == ["opened", "confirmed"]


def test_plans_are_read_from_the_organisations_files() -> None:
    target = Target(id="ovd.info", url="https://ovd.info/", planned=(MOVE,))
    watchlist = Watchlist(
        version="1",
        monitor=Monitor(vantages=(VantagePoint(id="here", name=Words(en="Here")),)),
        organisations=(
            Organisation(id="ovd-info", name=Words(en="OVD-Info"), targets=(target, Target(id="mail", domain="a.b"))),
        ),
    )
    assert planned_changes(watchlist) == PLANNED


def test_a_plan_must_end_after_it_starts_and_name_its_time_zone() -> None:
    with pytest.raises(ValidationError, match="must end after it starts"):
        PlannedChange(start=at(10), end=START)
    with pytest.raises(ValidationError, match="timezone"):
        PlannedChange.model_validate({"start": "2026-03-01T09:00", "end": "2026-03-02T09:00"})
