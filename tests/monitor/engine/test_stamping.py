"""What an observation may be relied on for: whose sight counts, ours and a control's."""

from datetime import UTC, datetime

import pytest

from monitor.engine.looking import Seen
from monitor.engine.stamping import Stamp, Timing, observation
from probes.kit.observation import Control, Facts, Observation
from probes.kit.vocabulary import Unmeasured, Validity, VantageHealth

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
STAMP = Stamp(check="check", vantage="moscow", probe_version=1, software="test")
TIMING = Timing(started_at=NOON, duration=1.0, suspect=False)


def stamped(validity: Validity = Validity.VALID, **health: VantageHealth) -> Observation:
    """A look from Moscow, compared with one from Berlin."""
    control = Control(vantage="berlin", country="DE", started_at=NOON, facts=Facts(), validity=validity)
    return observation(STAMP, Seen(facts=Facts(), control=(control,)), TIMING, health)


@pytest.mark.parametrize(
    ("berlin", "validity"),
    [
        (VantageHealth.HEALTHY, Validity.VALID),
        (VantageHealth.UNKNOWN, Validity.VALID),
        (VantageHealth.OFFLINE, Validity.INVALID),
        (VantageHealth.ISOLATED, Validity.INVALID),
    ],
)
def test_a_control_counts_where_its_place_sees_the_world(berlin: VantageHealth, validity: Validity) -> None:
    assert [one.validity for one in stamped(moscow=VantageHealth.HEALTHY, berlin=berlin).control] == [validity]


def test_a_control_that_nobody_vouches_for_does_not_count() -> None:
    assert [one.validity for one in stamped(moscow=VantageHealth.HEALTHY).control] == [Validity.INVALID]


def test_a_control_that_crashed_does_not_count_however_well_its_place_sees() -> None:
    made = stamped(Validity.INVALID, moscow=VantageHealth.HEALTHY, berlin=VantageHealth.HEALTHY)
    assert [one.validity for one in made.control] == [Validity.INVALID]


@pytest.mark.parametrize(
    ("moscow", "validity"), [(VantageHealth.ISOLATED, Validity.ISOLATED), (VantageHealth.UNKNOWN, Validity.VALID)]
)
def test_what_a_place_sees_that_is_cut_off_from_the_world_is_marked_as_such(moscow: VantageHealth, validity: Validity) -> None:
    made = stamped(moscow=moscow, berlin=VantageHealth.HEALTHY)
    assert (made.validity, made.unmeasured) == (validity, None)


def test_what_crashed_in_an_isolated_place_was_not_measured() -> None:
    made = observation(STAMP, Seen(facts=None), TIMING, {"moscow": VantageHealth.ISOLATED})
    assert (made.validity, made.unmeasured) == (Validity.INVALID, Unmeasured.CRASHED)


def test_what_a_blind_place_saw_is_kept_and_does_not_count() -> None:
    made = stamped(moscow=VantageHealth.OFFLINE, berlin=VantageHealth.HEALTHY)
    assert (made.facts, made.validity, made.unmeasured) == (Facts(), Validity.INVALID, Unmeasured.OFFLINE)
