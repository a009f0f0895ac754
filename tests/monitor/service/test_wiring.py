"""What the environment tells of the channels, and what a service that starts anew knows of what was seen before."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.clock import Clock
from monitor.core.deadline import CERTIFICATE, Deadline
from monitor.core.decision import retract
from monitor.core.kinds import IncidentStage
from monitor.core.model import Words
from monitor.core.watchlist import Monitor, Organisation, Target, VantagePoint, Watchlist
from monitor.intake.decisions import carry_out
from monitor.pipeline import Pipeline, Watch
from monitor.service import Place
from monitor.service.wiring import Service, surroundings
from monitor.settings import Settings
from monitor.store import Store
from probes.kit.vocabulary import State
from tests.monitor.spine import STORY, Bus, a_check, a_pipeline, a_report, a_store

START = datetime(2021, 12, 25, 9, 0, tzinfo=UTC)
DAY = 24 * 60
CHECK = a_check("ovd-info")
WATCHLIST = Watchlist(
    version="1",
    monitor=Monitor(vantages=(VantagePoint(id="moscow", name=Words(en="Moscow"), country="RU"),)),
    organisations=(
        Organisation(id="ovd-info", name=Words(en="OVD-Info"), targets=(Target(id="site", url="https://ovd.info/"),)),
    ),
)


class House:
    """A service that starts anew now and then, and what it is told of one site."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store = store
        self.folder = folder
        self.now = START
        self.pipeline = a_pipeline(store, WATCHLIST, {CHECK.id: CHECK}, START, folder)

    async def see(self, state: State, *minutes: float) -> None:
        for minute in minutes:
            self.now = START + timedelta(minutes=minute)
            self.pipeline.clock = Clock.starting(self.now, speed=0)
            await self.pipeline.take([a_report(CHECK, self.now, state)])

    async def restart(self) -> Pipeline:
        watch = Watch(WATCHLIST, {CHECK.id: CHECK}, {"story": STORY})
        service = Service(Settings(data_dir=self.folder), Clock.starting(self.now, speed=0), Place(), watch, self.store)
        self.pipeline = await service._resumed_pipeline()
        self.pipeline.bus = Bus()
        return self.pipeline

    async def take_back(self) -> None:
        """A person calls the only incident a false alarm."""
        async with self.store.reading() as reading:
            (incident,) = await reading.incidents()
        await carry_out(
            self.store, incident.id, retract("our own mistake", "staff"), self.now, WATCHLIST, "https://watch.example"
        )
        await self.pipeline.catch_up()

    async def stages(self) -> list[IncidentStage]:
        async with self.store.reading() as reading:
            return [one.stage for one in sorted(await reading.all_incidents(), key=lambda one: one.id)]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with a_store(tmp_path, {CHECK.id: CHECK}) as store:
        yield House(store, tmp_path)


async def test_a_restart_forgets_no_date_by_which_somebody_must_act(house: House) -> None:
    """Of two servers behind one name one shows an old certificate, the other a new one."""
    old = Deadline(
        organisation="ovd-info", target="site", kind=CERTIFICATE, subject="ovd.info", at=START + timedelta(days=9), seen_at=START
    )
    async with house.store.writing() as writing:
        await writing.note_deadlines([old])
    house.now = START + timedelta(days=2)
    resumed = await house.restart()
    assert resumed.deadlines.changed([replace(old, at=START + timedelta(days=90), seen_at=house.now)]) == ()


@pytest.mark.parametrize("restarts", [False, True])
async def test_a_restart_after_a_retraction_hides_no_block_that_comes_after_all_was_well(house: House, restarts: bool) -> None:
    """A block that was over two days before somebody called it a mistake: what was seen well since is read again."""
    await house.see(State.BLOCKED, 0, 5)
    await house.see(State.OK, 60, 65, 70, 75, 80, 85, 2 * DAY)
    await house.take_back()
    await house.see(State.OK, *range(2 * DAY + 15, 2 * DAY + 180, 15))
    if restarts:
        await house.restart()
    await house.see(State.BLOCKED, 2 * DAY + 180, 2 * DAY + 185)
    assert await house.stages() == [IncidentStage.RETRACTED, IncidentStage.CONFIRMED]


def test_messages_lead_to_where_readers_find_the_service() -> None:
    assert surroundings(Settings(base_url="https://watch.example/")).address == "https://watch.example"
    assert surroundings(Settings(base_url=None, host="127.0.0.1", port=8000)).address == "http://127.0.0.1:8000"


def test_in_the_loopback_world_links_lead_to_this_machine_as_they_are_meant_to() -> None:
    assert surroundings(Settings(base_url=None, lab_world=Path("world.json"))).address is None
