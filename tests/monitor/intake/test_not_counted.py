"""What was only attested is told, and nothing more: no look advances it, no metric counts it, nobody is woken."""

from pathlib import Path

import pytest

from monitor.clock import Clock
from monitor.core import decision
from monitor.core.documented import Documented
from monitor.core.dossier import EvidenceItem
from monitor.core.kinds import Kind
from monitor.core.plan import plan_checks
from monitor.core.subscription import Route
from monitor.core.watchlist import Watchlist
from monitor.intake import carry_out, enter
from monitor.pipeline import Pipeline, Watch
from monitor.service.context import Place
from monitor.service.wiring import Service
from monitor.settings import Settings
from monitor.store import Store
from probes.kit.discover import discover
from tests.monitor.cast import ADDRESS, ONSET, watchlist

WATCHLIST: Watchlist = watchlist(Route(id="staff", channels=("desk",)))

ENTRIES = [
    Documented.model_validate(
        {
            "id": f"ovd-info-{kind}",
            "kind": kind,
            "organisation": "ovd-info",
            "target": "ovd.info",
            "title": {"en": "Documented"},
            "dates": {"decided": {"date": "2021", "basis": "self_report"}},
            "countries": {"effect": ["RU"]},
        }
    )
    for kind in Kind
]


@pytest.fixture
async def pipeline(store: Store, tmp_path: Path) -> Pipeline:
    """The pipeline of a service that starts with a documented incident of every kind."""
    checks = {check.id: check for check in plan_checks(WATCHLIST, discover())}
    clock = Clock.starting(ONSET, speed=0)
    service = Service(Settings(data_dir=tmp_path), clock, Place(), Watch(WATCHLIST, checks, discover()), store)
    await enter(store, ENTRIES, ONSET)
    return await service._resumed_pipeline()


def counted(pipeline: Pipeline) -> set[str]:
    """The series about incidents that are not at 0."""
    lines = pipeline.metrics.text().decode().splitlines()
    about = ("cutwatch_incidents_open{", "cutwatch_incidents_total{", "cutwatch_withdrawals_total{")
    return {line for line in lines if line.startswith(about) and not line.endswith(" 0.0")}


async def test_no_look_can_advance_it_and_no_metric_counts_it(pipeline: Pipeline) -> None:
    assert pipeline.ledger.incidents == ()
    assert [one for one in pipeline.isolations.incidents if one.is_open] == []
    assert counted(pipeline) == set()


async def test_what_people_decide_about_it_is_caught_up_with_and_changes_that_nothing(pipeline: Pipeline) -> None:
    item = EvidenceItem(title="A letter")
    for number in range(1, len(ENTRIES) + 1):
        decided = decision.add_evidence(item, "found", "staff")
        await carry_out(pipeline.store, f"CW-2021-{number:04d}", decided, ONSET, WATCHLIST, ADDRESS)
    await pipeline.catch_up()
    assert pipeline.ledger.incidents == ()
    assert counted(pipeline) == set()


async def test_a_configuration_that_lets_everything_go_leaves_it_alone(pipeline: Pipeline) -> None:
    pipeline.watch = Watch(WATCHLIST.model_copy(update={"organisations": ()}), {}, {})
    await pipeline.let_go()
    async with pipeline.store.reading() as reading:
        assert {one.version for one in await reading.all_incidents()} == {1}
        assert not [one for entry in await reading.entries() for one in await reading.messages(entry.id)]
