"""The prober as a process: it takes its plan, hands over what it saw, and ends in order."""

import asyncio
import json
import multiprocessing
import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
import uvloop

from monitor import agent
from monitor.bus.journal import Journal
from monitor.bus.local import LocalServiceBus
from monitor.clock import Clock
from monitor.core.model import Words
from monitor.core.plan import Plan, PlannedCheck
from monitor.core.watchlist import Canaries, Limits, VantagePoint
from monitor.settings import Settings
from probes.kit.budgets import Budgets
from probes.kit.vocabulary import Unmeasured
from tests.monitor.bus.contract import acknowledge, consumed
from tests.monitor.bus.making import DEADLINE, until

SPEED = 20.0
"""The prober's clock runs faster than life, and with it its ticks and heartbeats."""

_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload([__name__])


def probe_for_ever(folder: Path, world: Path, gone: float) -> None:
    """What the process runs. Its exit code says whether it ended in order."""
    vars(agent).update(GONE=gone, BEAT=agent.TICK)
    settings = Settings(data_dir=folder, lab_world=world)
    os._exit(0 if uvloop.run(agent.run_prober(settings, Clock(speed=SPEED))) else 1)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., BaseProcess]]:
    """Starts probers in a world in which nobody answers."""
    world = tmp_path / "world.json"
    world.write_text(json.dumps({"vantages": {"berlin": {"routes": {"198.51.100.7": "refuse"}}}}))
    started: list[BaseProcess] = []

    def start(*, gone: float = 30.0) -> BaseProcess:
        process = _PROCESSES.Process(target=probe_for_ever, args=(tmp_path, world, gone), daemon=True)
        process.start()
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.join()


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[LocalServiceBus]:
    service = LocalServiceBus(tmp_path)
    await service.start()
    yield service
    await service.close()


def plan(*, every: int = 5) -> Plan:
    params = {"url": "https://198.51.100.7/"}
    return Plan(
        version="1",
        checks=(PlannedCheck(id="ovd-info", probe="website", vantage="berlin", every=every, params=params),),
        vantages=(VantagePoint(id="berlin", name=Words(en="Berlin"), resolvers=("192.0.2.53",)),),
        canaries=Canaries(),
        limits=Limits(gap=0, budgets=Budgets(dns=0.2, tcp=0.2, tls=0.2, http=0.2, look=1)),
    )


async def take_the_rest(service: LocalServiceBus, process: BaseProcess) -> None:
    """Take all that a prober hands over until it ends."""
    async with asyncio.timeout(DEADLINE):
        while process.is_alive():
            await acknowledge(service, await service.consume(100, 0.05))


async def test_it_looks_hands_over_and_ends_in_order_when_told(
    tmp_path: Path, start: Callable[..., BaseProcess], service: LocalServiceBus
) -> None:
    await service.publish(plan())
    process = start()
    (first,) = await consumed(service, 1)
    await acknowledge(service, [first])
    assert first.observation.check == "ovd-info"
    assert first.observation.software.startswith("cutwatch/")
    assert first.observation.facts is not None
    assert [step.failure for step in first.observation.facts.tcp] == ["connection_refused"]
    await until(lambda: service.heartbeat is not None, "the prober says how it is")
    assert process.pid is not None
    os.kill(process.pid, signal.SIGTERM)
    await take_the_rest(service, process)
    process.join()
    assert process.exitcode == 0
    journal = Journal(tmp_path / "spill")
    assert len(journal) == 0, "all that was seen has been handed over"
    journal.close()


async def test_when_the_service_is_gone_for_good_it_spills_and_ends(
    tmp_path: Path, start: Callable[..., BaseProcess], service: LocalServiceBus
) -> None:
    await service.publish(plan())
    process = start(gone=1.0)
    await consumed(service, 1)
    await service.close()
    await until(lambda: not process.is_alive(), "the prober has ended by itself")
    assert process.exitcode == 1
    journal = Journal(tmp_path / "spill")
    assert len(journal) > 1, "what was seen meanwhile is kept"
    journal.close()


async def test_a_killed_prober_is_followed_by_one_that_forgets_nothing(
    start: Callable[..., BaseProcess], service: LocalServiceBus
) -> None:
    await service.publish(plan())
    first = start()
    before = await consumed(service, 2)
    first.kill()
    first.join()
    start()
    after = await consumed(service, 3)
    names = [one.observation.id for one in after]
    assert {one.observation.id for one in before} & set(names), "what was not acknowledged comes again"
    assert all(one.observation.unmeasured in {None, Unmeasured.LATE} for one in after)


async def test_a_second_prober_in_one_folder_does_not_begin(start: Callable[..., BaseProcess], service: LocalServiceBus) -> None:
    await service.publish(plan())
    start()
    await consumed(service, 1)
    second = start()
    await until(lambda: not second.is_alive(), "the second has ended")
    assert second.exitcode == 1
