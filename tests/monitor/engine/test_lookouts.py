"""Vantage points open with a plan, and close when nobody looks from them any more."""

import pytest

from monitor.core.watchlist import Canaries, Limits
from monitor.engine.lookouts import Lookouts
from probes.kit.budgets import Budgets
from probes.kit.network import Network
from tests.monitor.engine.virtual import Stage, plan, vantage


@pytest.fixture
def lookouts(stage: Stage) -> Lookouts:
    return Lookouts(stage.world.open, stage.clock)


async def test_an_unchanged_vantage_point_stays_open(stage: Stage, lookouts: Lookouts) -> None:
    lookouts.adopt(plan([], vantage("moscow")))
    before = lookouts.get("moscow")
    lookouts.adopt(plan([], vantage("moscow"), vantage("berlin"), limits=Limits(fast_lane=5)))
    assert lookouts.get("moscow") is before
    assert lookouts.get("berlin") is not None
    await lookouts.close()
    assert sorted(stage.world.closed) == ["berlin", "moscow"]


async def test_a_changed_one_is_opened_anew_and_looks_under_way_keep_the_old(stage: Stage, lookouts: Lookouts) -> None:
    lookouts.adopt(plan([], vantage("moscow")))
    before = lookouts.get("moscow")
    lookouts.adopt(plan([], vantage("moscow"), limits=Limits(budgets=Budgets(look=10))))
    assert lookouts.get("moscow") is not before
    await stage.clock.advance(30)
    assert stage.world.closed == []
    await stage.clock.advance(30)
    await stage.clock.advance(200)
    assert stage.world.closed == ["moscow"]
    await lookouts.close()
    assert stage.world.closed == ["moscow", "moscow"]


async def test_controls_are_those_that_can_be_used(lookouts: Lookouts) -> None:
    places = (vantage("moscow", control=("berlin", "ooni", "paused")), vantage("berlin"))
    lookouts.adopt(plan([], *places, vantage("ooni", kind="ooni"), vantage("paused", paused=True)))
    assert [one.vantage.id for one in lookouts.controls("moscow")] == ["berlin"]
    assert lookouts.controls("berlin") == []
    assert lookouts.controls("nowhere") == []
    await lookouts.close()


async def test_the_plan_has_canaries_for_those_that_have_none_of_their_own(stage: Stage, lookouts: Lookouts) -> None:
    berlin = vantage("berlin").model_copy(update={"canaries": None})
    lookouts.adopt(plan([], vantage("moscow"), berlin, canaries=Canaries(foreign=("everybody.test",))))
    await stage.clock.advance(1)
    assert stage.world.asked.count("everybody.test") == 1
    assert stage.world.asked.count("moscow-home-1.test") == 1
    await lookouts.close()


async def test_a_paused_plan_opens_nothing(stage: Stage, lookouts: Lookouts) -> None:
    lookouts.adopt(plan([], vantage("moscow"), paused=True))
    await stage.clock.advance(120)
    assert lookouts.get("moscow") is None
    assert stage.world.asked == []


async def test_one_that_cannot_be_opened_is_tried_again_when_it_changes(stage: Stage, lookouts: Lookouts) -> None:
    works = stage.world.open

    def fail(*_: object) -> Network:
        raise ValueError("a proxy's address is …")

    lookouts._opener = fail
    lookouts.adopt(plan([], vantage("moscow")))
    assert "cannot be used" in lookouts.reports()[0].detail
    lookouts._opener = works
    lookouts.adopt(plan([], vantage("moscow", proxy="MOSCOW_PROXY")))
    assert [report.detail for report in lookouts.reports()] == [""]
    await lookouts.close()
