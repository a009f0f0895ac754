"""CPU per full fresh-connection probe: ours, a good httpx2 client, blackbox_exporter. Prints ratios.

`python -m bench.probe_cost [--rounds N] [--json]`

- **look**: `Look.resolve` and `Look.fetch` under uvloop: two DNS questions, TCP, TLS 1.3, GET of 20 kB, everything recorded,
  hashed and held against the fingerprints of `config/`, on a Let's Encrypt-like chain.
- **httpx2**: one `httpx2.AsyncClient` with one shared context, no keep-alive, under uvloop. It is favoured: the name that it
  connects to is in the machine's hosts file, so it asks no DNS, its trust store holds one root, and it records nothing.
- **httpx2, no lookup**: the same, given an address, so that it does not look a name up at all.
- **blackbox**: blackbox_exporter given the same address, also without DNS; the CPU of its process only.

All run 32 at a time, in interleaved rounds, with the same settings of the garbage collector. The ratios are medians of the
rounds' ratios; the figures themselves depend on the machine.
"""

import argparse
import asyncio
import gc
import json
import os
import ssl
import statistics
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

import httpx2
import uvloop

from bench.targets import BODY_LENGTH, NOMINAL, RESOLVER, ZONE, Targets, targets
from monitor.engine.markers import markers_for
from probes.kit.address import AddressMap
from probes.kit.budgets import Budgets
from probes.kit.network import Door, Network

CONFIG: Final = Path(__file__).resolve().parents[1] / "config"
"""Whose fingerprints every page is held against, as in the service."""

_AT_ONCE: Final = 32
_PROBES: Final = 500
_HOSTS: Final = 200
GOAL: Final = 0.6
"""The look's CPU over that of the httpx2 client, at most."""

Probe = Callable[[int], Awaitable[None]]
Meter = Callable[[], float]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7, help="rounds, each of 500 probes by everybody (default 7)")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")
    wanted = parser.parse_args()
    with targets() as world:
        costs = uvloop.run(measure(world, wanted.rounds))
    medians = {name: statistics.median(values) * 1000 for name, values in costs.items()}
    ratios = {name: _ratio(costs["look"], values) for name, values in costs.items() if name != "look"}
    print(json.dumps({"cpu_ms": medians, "ratios": ratios, "goal": GOAL}) if wanted.json else report(medians, ratios))


def _ratio(ours: list[float], theirs: list[float]) -> float:
    """The median of the rounds' ratios: what disturbs a round disturbs both."""
    return statistics.median(our / their for our, their in zip(ours, theirs, strict=True))


def report(medians: dict[str, float], ratios: dict[str, float]) -> str:
    """The figures for a reader."""
    lines = ["CPU per probe (median), Let's Encrypt-like chain, 20 kB:"]
    lines += [f"  {name:<20}{cost:7.3f} ms" for name, cost in medians.items()]
    lines += [f"  look / {name} = {ratio:.2f}" for name, ratio in ratios.items()]
    return "\n".join([*lines, f"  goal: look / httpx2 <= {GOAL}: {'met' if ratios['httpx2'] <= GOAL else 'MISSED'}"])


async def measure(world: Targets, rounds: int) -> dict[str, list[float]]:
    """CPU seconds per probe, by contender and round."""
    costs: dict[str, list[float]] = {}
    async with AsyncExitStack() as stack:
        contenders = await _contenders(world, stack)
        for probe, _ in contenders.values():
            await _drive(probe, _HOSTS)
        gc.collect()
        gc.freeze()
        gc.set_threshold(20_000, 50, 100)
        for _ in range(rounds):
            for name, (probe, cpu) in contenders.items():
                before = cpu()
                await _drive(probe, _PROBES)
                costs.setdefault(name, []).append((cpu() - before) / _PROBES)
    return costs


async def _drive(probe: Probe, number: int) -> None:
    left = iter(range(number))

    async def work() -> None:
        for turn in left:
            await probe(turn)

    await asyncio.gather(*(work() for _ in range(_AT_ONCE)))


async def _contenders(world: Targets, stack: AsyncExitStack) -> dict[str, tuple[Probe, Meter]]:
    found: dict[str, tuple[Probe, Meter]] = {
        "look": (_look(world, stack), time.process_time),
        "httpx2": (_httpx2(world, "localhost", stack), time.process_time),
        "httpx2, no lookup": (_httpx2(world, "127.0.0.1", stack), time.process_time),
    }
    if world.exporter is not None:
        port, process = world.exporter
        found["blackbox"] = (_blackbox(world, port, stack), lambda: _cpu_of(process))
    return found


def _look(world: Targets, stack: AsyncExitStack) -> Probe:
    routes = {f"{NOMINAL}:443": f"127.0.0.1:{world.web}", f"{RESOLVER}:53": f"127.0.0.1:{world.names}"}
    door = Door(
        vantage="bench",
        budgets=Budgets(),
        resolvers=(RESOLVER,),
        trust=world.trust,
        address_map=AddressMap(routes),
        markers=markers_for(CONFIG, world.trust.parent),
    )
    network = Network(door)
    stack.push_async_callback(network.aclose)

    async def probe(turn: int) -> None:
        name = f"h{turn % _HOSTS}.{ZONE}"
        async with network.look() as look:
            page = await look.fetch(f"https://{name}/", await look.resolve(name))
        facts = look.facts()
        assert page is not None
        assert (page.status, page.body_length, page.failure, facts.tls[0].failure) == (200, BODY_LENGTH, None, None)

    return probe


def _httpx2(world: Targets, host: str, stack: AsyncExitStack) -> Probe:
    context = ssl.create_default_context(cafile=str(world.trust))
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=0)
    client = httpx2.AsyncClient(verify=context, limits=limits, trust_env=False)
    stack.push_async_callback(client.aclose)

    async def probe(turn: int) -> None:
        name = f"h{turn % _HOSTS}.{ZONE}"
        address = f"https://{host}:{world.web}/"
        answer = await client.get(address, headers={"Host": name}, extensions={"sni_hostname": name})
        assert (answer.status_code, len(answer.content)) == (200, BODY_LENGTH)

    return probe


def _blackbox(world: Targets, port: int, stack: AsyncExitStack) -> Probe:
    client = httpx2.AsyncClient(trust_env=False, timeout=20)
    stack.push_async_callback(client.aclose)
    asked = {"module": "page", "target": f"https://127.0.0.1:{world.web}/"}

    async def probe(_: int) -> None:
        answer = await client.get(f"http://127.0.0.1:{port}/probe", params=asked)
        assert "probe_success 1" in answer.text

    return probe


def _cpu_of(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
