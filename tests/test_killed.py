"""`kill -9` at any moment: no look counts twice, no event is lost, no message stays unsent."""

import asyncio
import json
import random
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from monitor.core.incident import Incident, apply
from monitor.core.kinds import EventKind, IncidentStage
from monitor.store import Store
from tests.lab.demo import NAME, STORY
from tests.lab.demonstration import Demonstration, free_port, running_service, showing, story
from tests.lab.reading import read

SPEED = 130.0
KILLS = 4
SEED = 20211225

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def survived(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Demonstration]:
    """The story of 2021, lived through by a service that is killed again and again, and ended well at last."""
    file = read(STORY)
    folder: Path = tmp_path_factory.mktemp("killed")
    async with showing(story(file.scenarios, NAME), file.world, folder, speed=SPEED, port=free_port()) as shown:
        telling = asyncio.create_task(_tell(shown))
        await _die_and_return(shown)
        await telling
        yield shown


async def _tell(shown: Demonstration) -> None:
    for stretch in shown.scenario.timeline:
        await shown.live_through(stretch)


async def _die_and_return(shown: Demonstration) -> None:
    moments = random.Random(SEED)
    await _die(shown.service, moments)
    for _ in range(KILLS - 1):
        async with running_service(shown.environment) as service:
            await _die(service, moments)
    async with running_service(shown.environment) as service:
        await shown.until(list(shown.scenario.timeline)[-1].end + timedelta(minutes=20))
        service.terminate()
        async with asyncio.timeout(30):
            await service.communicate()
        assert service.returncode == 0


async def _die(service: asyncio.subprocess.Process, moments: random.Random) -> None:
    await asyncio.sleep(moments.uniform(5, 11))
    service.kill()
    await service.communicate()


def rows(shown: Demonstration, query: str) -> list[tuple[object, ...]]:
    path = f"file:{shown.environment['CUTWATCH_DATA_DIR']}/cutwatch.db?mode=ro"
    with closing(sqlite3.connect(path, uri=True)) as database:
        return database.execute(query).fetchall()


async def test_every_look_counts_once(survived: Demonstration) -> None:
    looks = rows(survived, "select count(*), count(distinct id) from observation")
    counted = rows(survived, "select sum(looks) from hour")
    assert looks[0][0] == looks[0][1] == counted[0][0]
    assert looks[0][0]


async def test_the_log_is_whole_and_the_incident_is_what_it_says(survived: Demonstration) -> None:
    store = await Store.open(f"sqlite+aiosqlite:///{survived.environment['CUTWATCH_DATA_DIR']}/cutwatch.db")
    try:
        async with store.reading() as reading:
            for incident in await reading.all_incidents():
                folded: Incident | None = None
                for event in await reading.events(incident.id):
                    folded = apply(folded, event)
                assert folded == incident
    finally:
        await store.close()


async def test_the_block_was_seen_and_its_end_too(survived: Demonstration) -> None:
    stages = [stage for (stage,) in rows(survived, "select stage from incident")]
    assert stages == [IncidentStage.ENDED]


async def test_every_message_arrived_and_repeats_carry_the_same_id(survived: Demonstration) -> None:
    owed = {str(parcel) for (parcel,) in rows(survived, "select distinct parcel from message where state = 'delivered'")}
    undelivered = rows(survived, "select id, state from message where state in ('pending', 'sealed', 'dead')")
    arrived = [request.headers["webhook-id"] for request in survived.sink.requests]
    assert undelivered == []
    assert owed
    assert owed <= set(arrived)
    assert len({(request.headers["webhook-id"], request.body) for request in survived.sink.requests}) == len(set(arrived))
    types = [json.loads(request.body)["type"] for request in survived.sink.requests]
    assert types[0] == f"incident.{EventKind.CONFIRMED}"
    assert types[-1] == f"incident.{EventKind.ENDED}"


async def test_nothing_waits_in_the_journal(survived: Demonstration) -> None:
    spill = Path(survived.environment["CUTWATCH_DATA_DIR"]) / "spill"
    assert sum(path.stat().st_size for path in spill.iterdir() if path.name != "lock") == 0
