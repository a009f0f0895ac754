"""A prober's life: looks when they are due, gaps when they are not made, and doubts about its own sight."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from monitor.bus import Report
from monitor.bus.frames import Unsendable
from monitor.core.watchlist import Limits
from monitor.engine.load import WINDOW
from probes.kit.budgets import Budgets
from probes.kit.network import Network
from probes.kit.observation import Observation
from probes.kit.probe import Probe
from probes.kit.vocabulary import Unmeasured, Validity, VantageHealth
from tests.monitor.engine.virtual import BLACKHOLED, FAKE, NOON, Host, Stage, check, plan, vantage

BLOCKED = Host(seconds=0.2, failure="connection_reset", addresses=("198.51.100.7",))


def measured(observations: list[Observation]) -> list[Observation]:
    return [one for one in observations if one.facts is not None]


def gaps(observations: list[Observation]) -> list[Observation]:
    return [one for one in observations if one.facts is None]


async def test_a_check_is_looked_at_once_in_every_period(stage: Stage) -> None:
    stage.engine.adopt(plan([check("ovd-info", every=60)]))
    await stage.pass_time(600)
    seen = stage.bus.of("ovd-info")
    assert len(measured(seen)) in {10, 11}
    assert gaps(seen) == []
    apart = [after.started_at - before.started_at for before, after in pairwise(seen[1:])]
    assert all(timedelta(seconds=56) <= one <= timedelta(seconds=64) for one in apart)


async def test_an_observation_is_stamped(stage: Stage) -> None:
    stage.engine.adopt(plan([check("ovd-info")]))
    await stage.pass_time(10)
    (seen,) = stage.bus.of("ovd-info")
    assert (seen.vantage, seen.probe_version, seen.software) == ("moscow", 3, "cutwatch/test")
    assert NOON < seen.started_at < NOON + timedelta(seconds=10)
    assert seen.duration == pytest.approx(0.1)
    assert (seen.validity, seen.unmeasured, seen.timing_suspect) == (Validity.VALID, None, False)
    assert stage.bus.reports[0].blobs[0].data == b"moscow saw ovd-info.example"


async def test_a_plan_and_a_wish_come_over_the_bus(stage: Stage) -> None:
    stage.bus.plan.put_nowait(plan([check("ovd-info", every=86400, last_run=NOON)]))
    running = asyncio.create_task(stage.engine.run())
    await stage.pass_time(70)
    assert stage.bus.observations == []
    stage.bus.wishes.put_nowait("ovd-info")
    stage.bus.wishes.put_nowait("nobody")
    await stage.pass_time(5)
    assert len(stage.bus.of("ovd-info")) == 1
    running.cancel()
    await asyncio.wait({running})


async def test_a_failing_look_is_compared_with_the_control_over_the_same_addresses(stage: Stage) -> None:
    stage.world.seen_from["moscow", "ovd-info.example"] = BLOCKED
    stage.engine.adopt(plan([check("ovd-info")], vantage("moscow", control=("berlin", "nowhere")), vantage("berlin")))
    await stage.pass_time(15)
    (seen,) = stage.bus.of("ovd-info")
    (control,) = seen.control
    assert (control.vantage, control.validity) == ("berlin", Validity.VALID)
    assert control.facts.details == {"failure": None, "from": "berlin", "also": ["198.51.100.7"], "depth": "light"}
    assert seen.facts is not None
    assert seen.facts.details["compared_with"] == ["berlin"]
    assert {blob.data for blob in stage.bus.reports[0].blobs} == {
        b"moscow saw ovd-info.example",
        b"berlin saw ovd-info.example",
    }


def depths(stage: Stage, name: str) -> list[str]:
    return [one.facts.details["depth"] for one in measured(stage.bus.of(name)) if one.facts is not None]


async def test_one_look_an_hour_is_thorough(stage: Stage) -> None:
    stage.engine.adopt(plan([check("ovd-info", every=300)], full=3600))
    await stage.pass_time(2 * 3600)

    seen = depths(stage, "ovd-info")

    thorough = [number for number, depth in enumerate(seen) if depth == "full"]
    assert len(thorough) == 2
    assert thorough[1] - thorough[0] == 12


async def test_what_is_looked_at_no_more_than_once_an_hour_is_always_looked_at_thoroughly(stage: Stage) -> None:
    stage.engine.adopt(plan([check("ovd-info", every=3600)], full=3600))
    await stage.pass_time(2 * 3600)

    assert set(depths(stage, "ovd-info")) == {"full"}


async def test_once_something_is_wrong_looks_are_thorough_until_it_is_well(stage: Stage) -> None:
    stage.world.seen_from["moscow", "ovd-info.example"] = BLOCKED
    stage.engine.adopt(plan([check("ovd-info", every=60)], relook=(20,)))
    await stage.pass_time(180)
    del stage.world.seen_from["moscow", "ovd-info.example"]
    await stage.pass_time(180)

    seen = depths(stage, "ovd-info")

    assert seen[0] == "light"
    assert set(seen[1:4]) == {"full"}
    assert seen[-1] == "light"


async def test_what_is_well_needs_no_control(stage: Stage) -> None:
    stage.engine.adopt(plan([check("ovd-info")], vantage("moscow", control=("berlin",)), vantage("berlin")))
    await stage.pass_time(15)
    (seen,) = stage.bus.of("ovd-info")
    assert seen.control == ()
    assert [who for _, who, what in stage.world.looks if what == "ovd-info.example"] == ["moscow"]


async def test_when_the_line_is_cut_nothing_is_said_about_others(stage: Stage) -> None:
    stage.engine.adopt(plan([check("ovd-info", every=60)]))
    await stage.pass_time(70)
    stage.world.dead_lines.add("moscow")
    before = len(stage.bus.of("ovd-info"))
    await stage.pass_time(120)
    dark = stage.bus.of("ovd-info")[before:]
    assert len(dark) >= 2
    assert {(one.validity, one.unmeasured) for one in dark} == {(Validity.INVALID, Unmeasured.OFFLINE)}
    assert all(one.facts is not None for one in dark)
    stage.world.dead_lines.clear()
    await stage.pass_time(120)
    assert stage.bus.of("ovd-info")[-1].validity is Validity.VALID


async def test_a_prober_that_starts_without_a_network_blames_nobody(stage: Stage) -> None:
    stage.world.dead_lines.add("moscow")
    stage.engine.adopt(plan([check(f"site-{number}") for number in range(20)]))
    await stage.pass_time(60)
    assert {one.check for one in stage.bus.observations} == {f"site-{number}" for number in range(20)}
    assert {one.unmeasured for one in stage.bus.observations} == {Unmeasured.OFFLINE}
    await stage.engine.beat()
    (report,) = stage.bus.beats[-1].vantages
    assert (report.vantage, report.health) == ("moscow", VantageHealth.OFFLINE)


async def test_a_control_whose_own_line_is_cut_does_not_count(stage: Stage) -> None:
    stage.world.seen_from["moscow", "ovd-info.example"] = BLOCKED
    stage.world.dead_lines.add("berlin")
    stage.engine.adopt(plan([check("ovd-info")], vantage("moscow", control=("berlin",)), vantage("berlin")))
    await stage.pass_time(30)
    (seen,) = stage.bus.of("ovd-info")
    assert (seen.validity, seen.control[0].validity) == (Validity.VALID, Validity.INVALID)


async def test_a_look_through_a_proxy_that_failed_does_not_count(stage: Stage) -> None:
    stage.world.proxies_down.add("moscow")
    stage.engine.adopt(plan([check("ovd-info")]))
    await stage.pass_time(15)
    (seen,) = stage.bus.of("ovd-info")
    assert (seen.validity, seen.unmeasured) == (Validity.INVALID, Unmeasured.OFFLINE)


async def test_a_vantage_point_that_cannot_be_opened_is_offline_and_says_why(stage: Stage) -> None:
    def refuse(*_: object) -> Network:
        raise LookupError("set MOSCOW_PROXY")

    stage.engine._lookouts._opener = refuse
    stage.engine.adopt(plan([check("ovd-info")]))
    await stage.pass_time(15)
    (seen,) = stage.bus.of("ovd-info")
    assert (seen.facts, seen.unmeasured) == (None, Unmeasured.OFFLINE)
    await stage.engine.beat()
    assert stage.bus.beats[-1].vantages[0].detail == "this vantage point cannot be used: set MOSCOW_PROXY"


async def test_a_probe_that_crashes_ends_nothing(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    async def crash(params: object, look: object) -> None:
        raise RuntimeError("socks5h://anna:secret@198.51.100.7")

    broken = Stage({"fake": _with(observe=crash)})
    broken.engine.adopt(plan([check("ovd-info", every=60)]))
    await broken.pass_time(130)
    seen = broken.bus.of("ovd-info")
    assert len(seen) >= 2
    assert {(one.facts, one.validity, one.unmeasured) for one in seen} == {(None, Validity.INVALID, Unmeasured.CRASHED)}
    assert "secret" not in capsys.readouterr().out
    await broken.close()


async def test_a_look_that_cannot_be_handed_over_is_one_that_crashed(stage: Stage) -> None:
    def refuse(report: Report) -> None:
        if report.observation.facts is not None:
            raise Unsendable("half a surrogate pair")

    stage.bus.refuse = refuse
    stage.engine.adopt(plan([check("ovd-info")]))
    await stage.pass_time(15)
    (seen,) = stage.bus.of("ovd-info")
    assert (seen.facts, seen.unmeasured) == (None, Unmeasured.CRASHED)


async def test_a_look_that_hangs_for_ever_is_ended_and_recorded(stage: Stage) -> None:
    stage.world.hosts["ovd-info.example"] = Host(seconds=1e9)
    limits = Limits(budgets=Budgets(look=5))
    stage.engine.adopt(plan([check("ovd-info", every=600)], limits=limits))
    await stage.pass_time(60)
    (seen,) = stage.bus.of("ovd-info")
    assert seen.unmeasured is Unmeasured.CRASHED
    assert stage.world.under_way["ovd-info.example"] == 0


async def test_a_first_bad_look_is_seen_again_after_three_and_ten_minutes_and_then_no_more(stage: Stage) -> None:
    stage.engine.adopt(plan([check("ovd-info", every=86400)], relook=(180, 600)))
    stage.world.hosts["ovd-info.example"] = BLOCKED
    await stage.pass_time(3600)
    first, *again = [(one.started_at - NOON).total_seconds() for one in stage.bus.of("ovd-info")]
    assert [round(after - first) for after in again] == [180, 600]


async def test_looks_out_of_turn_stay_a_small_share_when_everything_breaks(stage: Stage) -> None:
    checks = [check(f"site-{number}") for number in range(200)]
    stage.engine.adopt(plan(checks, relook=(180, 600), limits=Limits(gap=0)))
    await stage.pass_time(900)
    stage.world.hosts.update({f"site-{number}.example": BLOCKED for number in range(200)})
    before = len(stage.bus.observations)
    await stage.pass_time(900)
    made = len(stage.bus.observations) - before
    assert made <= 600 * 1.05 + 20


async def test_a_stall_skips_periods_keeps_phase_and_is_recorded(stage: Stage) -> None:
    stage.engine.adopt(plan([check("ovd-info", every=60)]))
    await stage.pass_time(130)
    phase = (stage.bus.of("ovd-info")[-1].started_at - NOON).total_seconds() % 60
    await stage.stall(60 * 7)
    await stage.pass_time(130)
    (gap,) = gaps(stage.bus.of("ovd-info"))
    assert (gap.validity, gap.unmeasured) == (Validity.INVALID, Unmeasured.LATE)
    assert gap.missed in {6, 7}
    assert gap.duration == 60 * gap.missed
    assert len(stage.bus.of("ovd-info")) - 1 + gap.missed == pytest.approx((130 + 420 + 130) / 60, abs=2)
    after = (stage.bus.of("ovd-info")[-1].started_at - NOON).total_seconds() % 60
    assert abs(after - phase) <= 4


async def test_what_was_missed_while_the_prober_was_down_is_recorded_and_made_up_for(stage: Stage) -> None:
    down_since = NOON - timedelta(hours=1)
    stage.engine.adopt(plan([check("ovd-info", last_run=down_since), check("memorial")]))
    await stage.pass_time(5)
    gap, seen = stage.bus.of("ovd-info")
    assert (gap.unmeasured, gap.missed) == (Unmeasured.LATE, 11)
    assert down_since < gap.started_at <= down_since + timedelta(minutes=5)
    assert seen.facts is not None
    assert gaps(stage.bus.of("memorial")) == []


async def test_a_paused_plan_touches_nobody_and_says_so(stage: Stage) -> None:
    stage.engine.adopt(plan([check("ovd-info", every=60)], paused=True))
    await stage.pass_time(200)
    assert stage.world.looks == []
    assert {(one.unmeasured, one.missed) for one in stage.bus.of("ovd-info")} == {(Unmeasured.PAUSED, 1)}
    stage.engine.adopt(plan([check("ovd-info", every=60)]))
    await stage.pass_time(70)
    assert stage.bus.of("ovd-info")[-1].facts is not None


async def test_looks_that_wait_when_a_person_pauses_are_not_made(stage: Stage) -> None:
    checks = [check(f"page-{number}", domain=f"page-{number}.ovd.example") for number in range(20)]
    stage.engine.adopt(plan(checks, limits=Limits(per_host=1, gap=10)))
    await stage.pass_time(15)
    stage.engine.adopt(plan(checks, limits=Limits(per_host=1, gap=10), paused=True))
    before = len(stage.world.looks)
    await stage.pass_time(60)
    assert len(stage.world.looks) == before
    stage.engine.adopt(plan(checks, limits=Limits(per_host=1, gap=10)))
    await stage.pass_time(60)
    assert len(stage.world.looks) == before + 6


async def test_a_busy_machine_stretches_periods_and_marks_its_timings(stage: Stage) -> None:
    stage.engine.adopt(plan([check(f"site-{number}", every=30) for number in range(30)]))
    await stage.pass_time(60)

    def work() -> None:
        stage.clock.use(0.5 if stage.engine._load.stretch > 1 else 0.9)

    await stage.pass_time(WINDOW + 1, each_second=work)
    before = len(stage.bus.observations)
    await stage.pass_time(120, each_second=work)
    since = stage.bus.observations[before:]
    assert len(measured(since)) == pytest.approx(60, abs=8), "half as many as are due in two minutes"
    assert {one.unmeasured for one in gaps(since)} == {Unmeasured.OVERLOAD}
    assert len(measured(since)) + sum(one.missed for one in gaps(since)) == pytest.approx(120, abs=32)
    await stage.engine.beat()
    assert "too busy for its watchlist" in stage.bus.beats[-1].problems[0]
    assert any(one.timing_suspect for one in stage.bus.observations)


async def test_a_wall_clock_that_is_set_is_noticed_and_moves_no_look(stage: Stage) -> None:
    stage.engine.adopt(plan([check("ovd-info", every=60)]))
    await stage.pass_time(70)
    stage.clock.set_wall(-7200)
    before = len(stage.bus.observations)
    await stage.pass_time(120)
    assert len(stage.bus.observations) - before == 2
    assert gaps(stage.bus.observations) == []
    await stage.engine.beat()
    await stage.engine.beat()
    assert [beat.clock_step for beat in stage.bus.beats] == [-7200, None]


async def test_a_removed_check_is_looked_at_no_more_and_a_changed_one_as_it_says_now(stage: Stage) -> None:
    stage.engine.adopt(plan([check("ovd-info", every=60), check("memorial", every=60)]))
    await stage.pass_time(70)
    stage.engine.adopt(plan([check("ovd-info", every=60, domain="new.example")]))
    stage.bus.reports.clear()
    await stage.pass_time(130)
    assert stage.bus.of("memorial") == []
    assert {what for _, _, what in stage.world.looks[-2:]} == {"new.example"}


async def test_looks_from_elsewhere_are_not_ours(stage: Stage) -> None:
    stage.engine.adopt(
        plan([check("ovd-info", place="ooni"), check("x", place="moscow")], vantage("moscow"), vantage("ooni", kind="ooni"))
    )
    await stage.pass_time(20)
    assert {one.vantage for one in stage.bus.observations} == {"moscow"}


async def test_a_probe_that_this_version_does_not_have_is_left_out(stage: Stage) -> None:
    stage.engine.adopt(plan([replace(check("ovd-info"), probe="telepathy"), check("memorial")]))
    await stage.pass_time(20)
    assert {one.check for one in stage.bus.observations} == {"memorial"}


async def test_finishing_lets_looks_end_and_starts_no_more(stage: Stage) -> None:
    stage.world.hosts["slow.example"] = BLACKHOLED
    stage.engine.adopt(plan([check("quick", every=60), check("slow", every=60)]))
    await stage.pass_time(5)
    await stage.engine.finish(0.01)
    looks = len(stage.world.looks)
    await stage.pass_time(120)
    assert len(stage.world.looks) == looks
    assert stage.world.closed == ["moscow"]
    assert stage.world.under_way["slow.example"] == 0


def _with(**changes: Any) -> Probe:
    return replace(FAKE, **changes)
