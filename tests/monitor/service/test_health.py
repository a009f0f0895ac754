"""What the monitor says of its own sight."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from monitor.bus import Heartbeat, VantageReport
from monitor.core.model import Words
from monitor.core.watchlist import Monitor, VantagePoint, Watchlist
from monitor.service.health import SILENT_AFTER, Signs, health_of
from probes.kit.vocabulary import VantageHealth, VantageKind

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
WATCHLIST = Watchlist(
    version="1",
    monitor=Monitor(
        vantages=(
            VantagePoint(id="berlin", name=Words(en="Berlin"), country="DE"),
            VantagePoint(id="kazan", name=Words(en="Kazan"), country="RU"),
        )
    ),
)


def heartbeat(berlin: VantageHealth, kazan: VantageHealth, at: datetime = NOW) -> Heartbeat:
    reports = tuple(
        VantageReport(vantage=name, health=health, since=NOW) for name, health in (("berlin", berlin), ("kazan", kazan))
    )
    return Heartbeat(at=at, lanes={}, vantages=reports, loop_busy=0.1)


def signs(
    beat: Heartbeat | None,
    *,
    started: datetime = NOW,
    trouble: str | None = None,
    paused: bool = False,
    stuck: tuple[str, ...] = (),
) -> Signs:
    return Signs(started=started, heartbeat=beat, trouble=trouble, paused=paused, stuck=stuck)


def test_all_is_well_when_a_place_sees_and_nothing_is_stuck() -> None:
    health = health_of(signs(heartbeat(VantageHealth.HEALTHY, VantageHealth.HEALTHY)), WATCHLIST, NOW)
    assert health.ready
    assert health.problems == ()


def test_without_network_it_says_that_it_cannot_see() -> None:
    health = health_of(signs(heartbeat(VantageHealth.OFFLINE, VantageHealth.OFFLINE)), WATCHLIST, NOW)
    assert not health.ready
    assert health.problems[0].startswith("I cannot see")


def test_one_blind_place_is_named_and_the_others_go_on() -> None:
    health = health_of(signs(heartbeat(VantageHealth.HEALTHY, VantageHealth.OFFLINE)), WATCHLIST, NOW)
    assert health.ready
    assert len(health.problems) == 1
    assert "kazan" in health.problems[0]


def test_an_isolated_place_is_said_to_see_only_its_own_country() -> None:
    health = health_of(signs(heartbeat(VantageHealth.HEALTHY, VantageHealth.ISOLATED)), WATCHLIST, NOW)
    assert "only its own country" in health.problems[0]


def test_a_prober_that_fell_silent_is_no_good_news() -> None:
    old = heartbeat(VantageHealth.HEALTHY, VantageHealth.HEALTHY, at=NOW - SILENT_AFTER - timedelta(seconds=1))
    health = health_of(signs(old), WATCHLIST, NOW)
    assert not health.ready
    assert "not been heard" in health.problems[0]
    assert {vantage.health for vantage in health.vantages} == {VantageHealth.UNKNOWN}


def test_a_service_that_has_just_started_is_not_accused_of_silence() -> None:
    assert health_of(signs(None), WATCHLIST, NOW).problems == ()


def test_a_pause_is_said_before_anything_else() -> None:
    health = health_of(signs(None, paused=True), WATCHLIST, NOW + timedelta(hours=1))
    assert health.paused
    assert len(health.problems) == 1
    assert "paused" in health.problems[0]


@pytest.mark.parametrize(
    "wrong", [signs(None, trouble="the database is locked"), signs(None, stuck=("retention",))], ids=["trouble", "stuck"]
)
def test_whatever_keeps_it_from_working_makes_it_unready(wrong: Signs) -> None:
    health = health_of(wrong, WATCHLIST, NOW)
    assert not health.ready
    assert "locked" in str(health.problems) or "retention" in str(health.problems)


def test_what_the_prober_says_is_wrong_with_it_is_passed_on() -> None:
    beat = Heartbeat(at=NOW, lanes={}, vantages=(), loop_busy=0.9, problems=("the spill file is full",))
    assert "the spill file is full" in health_of(signs(beat), WATCHLIST, NOW).problems


def test_looks_that_were_set_aside_are_said_aloud_and_the_rest_goes_on() -> None:
    beat = heartbeat(VantageHealth.HEALTHY, VantageHealth.HEALTHY)
    health = health_of(replace(signs(beat), set_aside=2), WATCHLIST, NOW)
    assert health.ready
    assert "set aside" in health.problems[0]


def test_what_others_see_does_not_make_this_machine_see() -> None:
    others = VantagePoint(id="ooni-ru", name=Words(en="OONI"), country="RU", kind=VantageKind.OONI)
    watchlist = WATCHLIST.model_copy(update={"monitor": Monitor(vantages=(*WATCHLIST.monitor.vantages, others))})
    beat = heartbeat(VantageHealth.OFFLINE, VantageHealth.OFFLINE)
    report = VantageReport(vantage="ooni-ru", health=VantageHealth.HEALTHY, since=NOW)
    health = health_of(signs(replace(beat, vantages=(*beat.vantages, report))), watchlist, NOW)
    assert not health.ready
    assert health.problems[0].startswith("I cannot see")


def test_a_service_that_cannot_be_asked_is_named_by_the_prober_alone() -> None:
    others = VantagePoint(id="kazan", name=Words(en="OONI"), country="RU", kind=VantageKind.OONI)
    watchlist = WATCHLIST.model_copy(update={"monitor": Monitor(vantages=(WATCHLIST.monitor.vantages[0], others))})
    told = "kazan: OONI cannot be asked: it cannot be reached"
    beat = replace(heartbeat(VantageHealth.HEALTHY, VantageHealth.OFFLINE), problems=(told,))
    health = health_of(signs(beat), watchlist, NOW)
    assert health.ready
    assert health.problems == (told,)
