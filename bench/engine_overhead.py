"""What a look costs beside looking: scheduling, spill file and bus, with a probe that does nothing.

`python -m bench.engine_overhead [--looks N] [--rounds N] [--look-ms MS] [--json]`

- **nothing**: the probe that does nothing, which makes up its facts and bytes; it is part of all that follows
- **scheduling**: due-heap, lanes, politeness, stamping, a task per look; the bus throws the look away
- **spill**: the same with the look put into bytes and written to the journal
- **bus**: the same with a service in another process that takes and acknowledges every look; the prober's CPU only
- **service**: CPU of that other process, which reads the looks and does nothing with them

Every look carries the facts of a usual one and 24 kB of bytes that are never the same twice. Figures are CPU microseconds per
look (user and system, all threads), the medians of interleaved rounds. With `--look-ms`, the CPU of one real look as
`bench.probe_cost` measures it, the sum of what the prober spends is compared with it.
"""

import argparse
import asyncio
import contextlib
import gc
import json
import logging
import multiprocessing
import os
import statistics
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, cast

import structlog
import uvloop

from monitor.bus import Heartbeat, ProberBus, Report
from monitor.bus.journal import Journal
from monitor.bus.local import LocalProberBus, LocalServiceBus, socket_path
from monitor.clock import Clock
from monitor.core.model import Words
from monitor.core.plan import Plan, PlannedCheck
from monitor.core.watchlist import Canaries, Limits, VantagePoint
from monitor.engine.engine import Engine
from probes.kit.budgets import Budgets
from probes.kit.network import Door, Network
from probes.kit.observation import Blob, DnsLookup, Facts, HttpExchange, TcpConnect, TlsHandshake
from probes.kit.probe import Probe, ProbeParams
from probes.kit.vocabulary import Depth

GOAL: Final = 0.10
"""Of a real look's CPU, for scheduling and persistence together."""

_CHECKS: Final = 500
_BATCH: Final = 500
_PAGE: Final = 20_480

Measure = Callable[[int, Path], Coroutine[Any, Any, float]]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--looks", type=int, default=4000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--look-ms", type=float)
    parser.add_argument("--json", action="store_true")
    wanted = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    figures = {name: statistics.median(values) for name, values in measured(wanted.looks, wanted.rounds).items()}
    print(json.dumps(figures) if wanted.json else report(figures, wanted.look_ms))


def measured(looks: int, rounds: int) -> dict[str, list[float]]:
    """Microseconds per look, by part, of every round."""
    figures: dict[str, list[float]] = {"nothing": [], "scheduling": [], "spill": [], "bus": [], "service": []}
    for _ in range(rounds):
        figures["nothing"].append(_fresh(nothing, looks))
        figures["scheduling"].append(_fresh(scheduling, looks))
        figures["spill"].append(_fresh(spill, looks))
        bus, service = whole_bus(looks)
        figures["bus"].append(bus)
        figures["service"].append(service)
    return figures


def report(figures: dict[str, float], look_ms: float | None) -> str:
    """The figures for a reader."""
    lines = ["CPU microseconds per look, beside the look itself:"]
    lines += [f"  {name:<10} {value:7.0f}" for name, value in figures.items()]
    if look_ms:
        share = (figures["bus"] - figures["nothing"]) / (look_ms * 1000)
        lines.append(
            f"  beside the probe the prober spends {share:.1%} of a look of {look_ms} ms (goal, with the write path: {GOAL:.0%})"
        )
    return "\n".join(lines)


def _fresh(measure: Measure, looks: int) -> float:
    with TemporaryDirectory() as folder:
        return uvloop.run(measure(looks, Path(folder)))


async def nothing(looks: int, _: Path) -> float:
    """The probe alone."""
    probe, params = _Nothing(), _Params(url="https://www.organisation.example/")
    began = time.process_time()
    for _number in range(looks):
        await probe.observe(params, _Look(Depth.LIGHT))
    return (time.process_time() - began) / looks * 1e6


async def scheduling(looks: int, _: Path) -> float:
    """An engine whose looks are thrown away."""
    return await _cost(cast("ProberBus", _Nowhere()), looks)


async def spill(looks: int, folder: Path) -> float:
    """An engine whose looks are written to the journal, and acknowledged there."""
    with contextlib.closing(Journal(folder)) as journal:
        return await _cost(cast("ProberBus", _JournalOnly(journal)), looks)


def whole_bus(looks: int) -> tuple[float, float]:
    """The prober's cost and the service's."""
    ours, theirs = multiprocessing.Pipe()
    with TemporaryDirectory() as name:
        folder = Path(name)
        service = multiprocessing.get_context("spawn").Process(target=serve, args=(folder, theirs))
        service.start()
        ours.recv()
        prober = uvloop.run(_over_bus(looks, folder))
        ours.send("enough")
        spent: float = ours.recv()
        service.join()
    return prober, spent


async def _over_bus(looks: int, folder: Path) -> float:
    journal = Journal(folder / "spill")
    bus = LocalProberBus(socket_path(folder), journal, Clock())
    talking = asyncio.create_task(bus.run())
    spent = await _cost(bus, looks)
    talking.cancel()
    await asyncio.wait({talking})
    journal.close()
    return spent


def serve(folder: Path, told: Connection) -> None:
    """Take and acknowledge looks until told that it is enough, and tell what each cost."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    told.send(uvloop.run(_serve(folder, told)))


async def _serve(folder: Path, told: Connection) -> float:
    bus = LocalServiceBus(folder)
    await bus.start()
    told.send("ready")
    began = time.process_time()
    taken = 0
    while not told.poll():
        reports = await bus.consume(_BATCH, 0.05)
        taken += len(reports)
        await bus.ack([report.observation.id for report in reports])
    spent = time.process_time() - began
    await bus.close()
    return spent / taken * 1e6


async def _cost(bus: ProberBus, looks: int) -> float:
    """Microseconds of CPU per look until all are made and handed over."""
    clock, probe = _SteppedClock(), _Nothing()
    engine = Engine(bus=bus, probes={"nothing": probe.probe()}, opener=_open, clock=clock, software="bench")
    engine.adopt(_plan())
    await _make(looks // 10, engine, clock, probe)
    gc.collect()
    gc.freeze()
    warm, began = probe.made, time.process_time()
    await _make(looks, engine, clock, probe)
    await bus.drain(60)
    spent = (time.process_time() - began) / (probe.made - warm) * 1e6
    await engine.finish(0)
    return spent


async def _make(looks: int, engine: Engine, clock: "_SteppedClock", probe: "_Nothing") -> None:
    enough = probe.made + looks
    while probe.made < enough:
        clock.step()
        await engine.tick(clock.monotonic())
        await asyncio.sleep(0.005)


class _SteppedClock(Clock):
    """A second passes at every step, so that nobody has to wait for looks to be due."""

    steps = 0

    def monotonic(self) -> float:
        return float(type(self).steps)

    def step(self) -> None:
        type(self).steps += 1


class _Nowhere:
    async def submit(self, report: Report) -> None:
        """Throw it away."""

    async def heartbeat(self, heartbeat: Heartbeat) -> None:
        """Nobody listens."""

    async def drain(self, seconds: float) -> int:  # noqa: ARG002 - the interface
        return 0


class _JournalOnly(_Nowhere):
    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    async def submit(self, report: Report) -> None:
        self._journal.append(report)
        self._journal.next_frame()
        self._journal.acknowledge((report.observation.id,))


class _Params(ProbeParams):
    url: str


class _Look:
    proxied = proxy_failed = False

    def __init__(self, depth: Depth) -> None:
        self.depth = depth
        self.blobs: list[Blob] = []


class _NothingNetwork:
    def __init__(self, door: Door) -> None:
        self.door = door

    @asynccontextmanager
    async def look(self, depth: Depth = Depth.LIGHT) -> AsyncIterator[_Look]:
        yield _Look(depth)

    async def aclose(self) -> None:
        """Nothing to close."""


_FILLING: Final = os.urandom(_PAGE)
_SIZES: Final = {"a": 60, "b": 70, "c": 3000, "d": 400, "e": _PAGE}
"""Bytes of two DNS exchanges, a chain, a head and a body."""


class _Nothing:
    """A probe that sees the facts of a usual look, with bytes that differ from all others in their first."""

    def __init__(self) -> None:
        self.made = 0

    def probe(self) -> Probe:
        return Probe(
            name="nothing",
            version=1,
            documentation="Sees always the same.",
            params=_Params,
            observe=self.observe,
            wants_control=lambda facts: not facts.http,
            addresses=lambda facts: tuple(step.address for step in facts.tcp),
            case=lambda observation, recent: (observation, recent),
            rules=(),
        )

    async def observe(self, params: _Params, look: Any) -> Facts:
        self.made += 1
        number = f"{self.made:016x}"
        look.blobs += [Blob(number + kind * 48, number.encode() + _FILLING[:size]) for kind, size in _SIZES.items()]
        return _facts(params.url, f"198.51.100.{self.made % _CHECKS}", [blob.name for blob in look.blobs])


def _facts(url: str, address: str, names: list[str]) -> Facts:
    handshake = TlsHandshake(started=0.03, duration=0.03, address=address, port=443, server_name="x", chain=names[2])
    exchange = HttpExchange(
        started=0.06,
        duration=0.1,
        url=url,
        address=address,
        status=200,
        header_names=("server", "date", "content-type", "content-length", "last-modified", "etag"),
        title="A title",
        body_length=_PAGE,
        body_hash="0" * 64,
        received=((0.25, 10_000), (0.3, _PAGE)),
        head=names[3],
        body=names[4],
    )
    return Facts(
        dns=(_lookup("A", names[0]), _lookup("AAAA", names[1])),
        tcp=(TcpConnect(started=0.01, duration=0.02, address=address, port=443),),
        tls=(handshake,),
        http=(exchange,),
    )


def _lookup(qtype: str, wire: str) -> DnsLookup:
    return DnsLookup(
        started=0.0,
        duration=0.01,
        resolver="192.0.2.53",
        transport="system",
        name="x",
        qtype=qtype,
        rcode="NOERROR",
        answers=("198.51.100.7",),
        wire=wire,
    )


def _open(vantage: VantagePoint, budgets: Budgets) -> Network:
    return cast("Network", _NothingNetwork(Door(vantage=vantage.id, budgets=budgets)))


def _plan() -> Plan:
    return Plan(
        version="1",
        checks=tuple(_checks()),
        vantages=(VantagePoint(id="berlin", name=Words(en="Berlin")),),
        canaries=Canaries(),
        limits=Limits(fast_lane=1000, per_host=10, gap=0),
    )


def _checks() -> Iterator[PlannedCheck]:
    for number in range(_CHECKS):
        params = {"url": f"https://www.organisation-{number}.example/"}
        yield PlannedCheck(id=f"{number:016x}", probe="nothing", vantage="berlin", every=10, params=params)


if __name__ == "__main__":
    main()
