"""How well the instrument itself worked around an incident, as a lawyer of the other side would ask it."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.instrument import InstrumentRecord, instrument
from monitor.core.verdict import RULE_FAILED, Verdict
from monitor.store import Judged
from probes.kit.observation import Facts, HttpExchange, Observation
from probes.kit.vocabulary import State, Strength, Unmeasured, Validity

START = datetime(2021, 12, 25, 9, 0, tzinfo=UTC)


def look(
    minute: float,
    state: State = State.OK,
    *,
    vantage: str = "moscow",
    unmeasured: Unmeasured | None = None,
    validity: Validity = Validity.VALID,
    missed: int = 0,
    rule: str = "website.ok",
    date: datetime | None = None,
    suspect: bool = False,
) -> Judged:
    at = START + timedelta(minutes=minute)
    page = HttpExchange(started=0.2, duration=0.5, url="https://ovd.info/", status=200, date=date, received=((0.3, 900),))
    observation = Observation(
        id=f"{minute}-{vantage}",
        check=f"ovd.info@{vantage}",
        vantage=vantage,
        started_at=at,
        duration=1.0,
        facts=None if unmeasured else Facts(http=(page,)),
        validity=validity,
        unmeasured=unmeasured,
        missed=missed,
        timing_suspect=suspect,
        probe_version=1,
        software="test",
    )
    verdict = Verdict(
        observation=observation.id,
        check=observation.check,
        organisation="ovd-info",
        target="ovd.info",
        probe="website",
        vantage=vantage,
        country="RU",
        at=at,
        state=state,
        rule=rule,
        because="",
        strength=Strength.STRONG,
        ruleset="website/1",
    )
    return Judged(observation=observation, verdict=verdict)


def the_one(*looks: Judged) -> InstrumentRecord:
    (found,) = instrument(looks)
    return found


def test_an_instrument_that_always_worked_has_no_errors() -> None:
    record = the_one(look(0), look(5, State.BLOCKED), look(10, State.UNCLEAR))
    assert (record.looks, record.failed, record.error_rate) == (3, {}, 0.0)


def test_what_was_not_measured_is_told_by_its_reason() -> None:
    late = look(5, State.UNMEASURED, unmeasured=Unmeasured.LATE)
    blind = look(10, State.UNMEASURED, validity=Validity.INVALID)
    unread = look(15, State.UNCLEAR, rule=RULE_FAILED)
    record = the_one(look(0), late, blind, unread)
    assert record.failed == {"late": 1, "offline": 1, "own_rules": 1}
    assert record.error_rate == pytest.approx(0.75)


def test_a_gap_counts_as_many_looks_as_it_swallowed() -> None:
    record = the_one(look(0), look(60, State.UNMEASURED, unmeasured=Unmeasured.OFFLINE, missed=9))
    assert (record.looks, record.failed) == (10, {"offline": 9})


def test_every_vantage_point_answers_for_itself() -> None:
    moscow, kazan = instrument([look(0), look(0, State.UNMEASURED, vantage="kazan", unmeasured=Unmeasured.CRASHED)])[::-1]
    assert (moscow.vantage, moscow.error_rate) == ("moscow", 0.0)
    assert (kazan.vantage, kazan.failed) == ("kazan", {"crashed": 1})


@pytest.mark.parametrize("behind", [-3600, -2, 0, 1, 47])
def test_the_clock_is_held_against_the_dates_of_good_answers(behind: int) -> None:
    """A date is cut to the second: over many looks the fractions even out."""
    looks = []
    for number in range(20):
        minute = number * 5 + number * 0.0027
        truth = START + timedelta(minutes=minute, seconds=0.5 + behind)
        looks.append(look(minute, date=truth.replace(microsecond=0)))
    record = the_one(*looks)
    assert (record.clock_offset, record.clock_looks) == (behind, 20)


def test_one_liar_among_the_answers_does_not_move_the_median() -> None:
    honest = [look(minute, date=START + timedelta(minutes=minute)) for minute in (0, 5, 10)]
    record = the_one(*honest, look(15, date=datetime(1970, 1, 1, tzinfo=UTC)))
    assert record.clock_offset == 0


def test_who_answers_in_the_targets_place_is_not_asked_for_the_time() -> None:
    record = the_one(look(0, State.BLOCKED, date=START), look(5), look(10, State.UNMEASURED, unmeasured=Unmeasured.LATE))
    assert (record.clock_offset, record.clock_looks) == (None, 0)


def test_looks_made_by_a_busy_machine_are_counted() -> None:
    assert the_one(look(0, suspect=True), look(5)).timing_suspect == 1


def test_no_look_is_no_record() -> None:
    assert instrument([]) == ()


@given(st.lists(st.tuples(st.sampled_from(list(State)), st.sampled_from([None, *Unmeasured]), st.integers(0, 50)), max_size=30))
def test_a_rate_is_a_share_whatever_happened(seen: list[tuple[State, Unmeasured | None, int]]) -> None:
    looks = [look(minute, state, unmeasured=reason, missed=missed) for minute, (state, reason, missed) in enumerate(seen)]
    for record in instrument(looks):
        assert 0 <= record.error_rate <= 1
        assert record.looks >= len(looks)
