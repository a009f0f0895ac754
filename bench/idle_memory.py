"""Memory of a prober that waits: the whole process, and what each check costs it.

`python -m bench.idle_memory [--checks N] [--json]`

- **process**: resident memory of the process with everything loaded and N checks waiting
- **checks**: how much of that came with the checks, their plan's arrival over the bus included
- **check**: bytes of one check in heap and state, as Python's own allocator counts them, after looks have been made
- **in flight**: bytes of one look under way in a probe that waits: the engine's share, without sockets and buffers

Each figure comes from a process of its own.
"""

import argparse
import asyncio
import gc
import json
import logging
import multiprocessing
import resource
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, cast

import structlog

from monitor.bus import ProberBus
from monitor.bus.frames import decode, encode
from monitor.clock import Clock
from monitor.core.model import Words
from monitor.core.plan import Plan, PlannedCheck
from monitor.core.watchlist import Canaries, Limits, VantagePoint
from monitor.engine.engine import Engine
from monitor.engine.heap import DueHeap
from monitor.engine.politeness import address_keys
from probes.kit.discover import discover
from probes.kit.network import Door, Network
from probes.kit.observation import Facts, TcpConnect
from probes.kit.vocabulary import Depth

GOAL: Final = 400
"""Bytes of one idle check in heap and state, at most."""

FLYING: Final = 1000
EVERY: Final = 300
_PAGE: Final = resource.getpagesize()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checks", type=int, default=10_000)
    parser.add_argument("--json", action="store_true")
    wanted = parser.parse_args()
    with TemporaryDirectory() as folder:
        frame = Path(folder) / "plan"
        frame.write_bytes(encode(plan(wanted.checks)))
        figures = measured(frame, wanted.checks)
    print(json.dumps(figures) if wanted.json else report(figures))


def measured(frame: Path, checks: int) -> dict[str, Any]:
    """All figures for the plan that the file `frame` holds as it travels."""
    process, share = _alone(process_and_checks, frame)
    return {
        "checks": checks,
        "process_mib": round(process / 2**20, 1),
        "checks_mib": round(share / 2**20, 1),
        "bytes_per_check": round(_alone(all_checks, frame) / checks),
        "bytes_in_flight": _alone(one_flight, FLYING),
    }


def report(figures: dict[str, Any]) -> str:
    """The figures for a reader."""
    verdict = "reached" if figures["bytes_per_check"] <= GOAL else "MISSED"
    return "\n".join(
        (
            f"A prober with {figures['checks']} checks that wait:",
            f"  process    {figures['process_mib']:8} MiB resident",
            f"  checks     {figures['checks_mib']:8} MiB of that came with them",
            f"  check      {figures['bytes_per_check']:8} bytes each in heap and state (goal: {GOAL}, {verdict})",
            f"  in flight  {figures['bytes_in_flight']:8} bytes each for the engine's share of a look under way",
        )
    )


def _alone(measure: Callable[[Any], Any], subject: object) -> Any:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(measure, (subject,))


def process_and_checks(frame: Path) -> tuple[int, int]:
    """Resident bytes with the checks of the plan in `frame`, and how much more that is than without."""
    return asyncio.run(_process_and_checks(frame))


async def _process_and_checks(frame: Path) -> tuple[int, int]:
    engine = _engine()
    engine.adopt(plan(1))
    before = _resident()
    engine.adopt(cast("Plan", decode(frame.read_bytes())))  # noqa: ASYNC240 - nothing else runs
    after = _resident()
    await engine.finish(0)
    return after, after - before


def all_checks(frame: Path) -> int:
    """Bytes of all checks of a plan, once each has been looked at."""
    heap = DueHeap()
    tracemalloc.start()
    heap.adopt(cast("Plan", decode(frame.read_bytes())).checks, 0.0)
    for item in heap.checks.values():
        item.accounted = item.due + 0.25
        item.addresses = address_keys(_facts(item.id))
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


def one_flight(count: int) -> int:
    """Bytes of one look that waits in its probe."""
    return asyncio.run(_one_flight(count))


async def _one_flight(count: int) -> int:
    engine = _engine()
    engine.adopt(plan(count, limits=Limits(fast_lane=1000, gap=0)))
    now = Clock().monotonic()
    await engine.tick(now)
    tracemalloc.start()
    while not _all_fly(engine, count):
        now += 1
        await engine.tick(now)
        await asyncio.sleep(0)
    gc.collect()
    size = tracemalloc.get_traced_memory()[0]
    await engine.finish(0)
    return round(size / count)


def _all_fly(engine: Engine, count: int) -> bool:
    return len(engine._looks) >= count  # noqa: SLF001 - nobody else needs to know


def plan(count: int, limits: Limits | None = None) -> Plan:
    """A plan of so many websites, each of another organisation."""
    return Plan(
        version="1",
        checks=tuple(_checks(count)),
        vantages=(VantagePoint(id="berlin", name=Words(en="Berlin")),),
        canaries=Canaries(),
        limits=limits or Limits(),
    )


def _checks(count: int) -> Iterator[PlannedCheck]:
    for number in range(count):
        params = {"url": f"https://www.organisation-{number}.example/", "also_addresses": []}
        yield PlannedCheck(id=f"{number:016x}", probe="website", vantage="berlin", every=EVERY, params=params)


def _facts(name: str) -> Facts:
    return Facts(tcp=(TcpConnect(started=0, duration=0, address=f"198.51.100.{name}", port=443),))


class _WaitingNetwork:
    """A network in which every step waits for ever."""

    def __init__(self, door: Door) -> None:
        self.door = door

    @asynccontextmanager
    async def look(self, depth: Depth = Depth.LIGHT) -> Any:  # noqa: ARG002 - the interface of a network
        yield self

    async def resolve(self, *_: object, **__: object) -> None:
        await asyncio.Event().wait()

    async def aclose(self) -> None:
        """Nothing to close."""


def _engine() -> Engine:
    def open_network(vantage: VantagePoint, budgets: Any) -> Network:
        return cast("Network", _WaitingNetwork(Door(vantage=vantage.id, budgets=budgets)))

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    nobody = cast("ProberBus", None)  # nothing is handed over here
    return Engine(bus=nobody, probes=discover(), opener=open_network, clock=Clock(), software="bench")


def _resident() -> int:
    gc.collect()
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * _PAGE


if __name__ == "__main__":
    main()
