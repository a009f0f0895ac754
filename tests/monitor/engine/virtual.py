"""A world in which time passes only when it is told to, and a network of hosts that answer, fail or swallow."""

import asyncio
import heapq
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, cast
from urllib.parse import urlsplit

from monitor.bus import Heartbeat, Report
from monitor.clock import Clock
from monitor.core.plan import Plan, PlannedCheck
from monitor.core.sight import sight_id
from monitor.core.watchlist import Canaries, Limits, VantagePoint
from monitor.engine.engine import Engine
from probes.kit.budgets import Budgets
from probes.kit.network import Door, Network
from probes.kit.observation import Blob, Control, Facts, Observation, TcpConnect, TlsHandshake
from probes.kit.probe import Probe, ProbeParams
from probes.kit.vocabulary import Depth

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ROUNDS = 50
"""How often the loop turns for everything that can happen at one moment to have happened."""


class VirtualClock(Clock):
    """Stands still until `advance`. The wall clock can be set apart from the steady one."""

    def __init__(self) -> None:
        super().__init__()
        state: dict[str, Any] = {"passed": 0.0, "wall": 0.0, "used": 0.0, "sleepers": [], "order": count()}
        object.__setattr__(self, "state", state)
        self.state: dict[str, Any]

    def now(self) -> datetime:
        return NOON + timedelta(seconds=self.state["passed"] + self.state["wall"])

    def monotonic(self) -> float:
        return 1000.0 + float(self.state["passed"])

    def processor(self) -> float:
        return float(self.state["used"])

    def set_wall(self, seconds: float) -> None:
        self.state["wall"] += seconds

    def use(self, seconds: float) -> None:
        self.state["used"] += seconds

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        waker = asyncio.get_running_loop().create_future()
        heapq.heappush(self.state["sleepers"], (self.state["passed"] + seconds, next(self.state["order"]), waker))
        await waker

    async def advance(self, seconds: float) -> None:
        """Let time pass, and everything happen that happens meanwhile, in its order."""
        end = self.state["passed"] + seconds
        await self.settle()
        while self.state["sleepers"] and self.state["sleepers"][0][0] <= end:
            self.state["passed"], _, waker = heapq.heappop(self.state["sleepers"])
            if not waker.done():
                waker.set_result(None)
                await self.settle()
        self.state["passed"] = end

    async def settle(self) -> None:
        for _ in range(ROUNDS):
            await asyncio.sleep(0)


@dataclass(slots=True)
class Host:
    """How a host answers: after `seconds`, with `failure` or well."""

    seconds: float = 0.1
    failure: str | None = None
    addresses: tuple[str, ...] = ()


BLACKHOLED = Host(seconds=60.0, failure="generic_timeout_error")


@dataclass
class FakeWorld:
    """Hosts by name, as each vantage point sees them. What nobody names is well."""

    clock: VirtualClock
    hosts: dict[str, Host] = field(default_factory=dict)
    seen_from: dict[tuple[str, str], Host] = field(default_factory=dict)
    dead_resolvers: set[str] = field(default_factory=set)
    """Vantage points whose own resolver answers nothing, while their line works."""
    dead_lines: set[str] = field(default_factory=set)
    """Vantage points whose line is cut: nothing answers them."""
    under_way: dict[str, int] = field(default_factory=dict)
    most_under_way: int = 0
    looks: list[tuple[float, str, str]] = field(default_factory=list)
    """(when, from where, at whom) of every look that began."""
    proxies_down: set[str] = field(default_factory=set)
    closed: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    """Every name that was resolved, which only canaries are here."""

    def host(self, vantage: str, name: str) -> Host:
        if vantage in self.dead_lines:
            return Host(seconds=1.0, failure="network_unreachable")
        return self.seen_from.get((vantage, name)) or self.hosts.get(name) or Host()

    def open(self, vantage: VantagePoint, budgets: Budgets) -> Network:
        return cast("Network", FakeNetwork(self, Door(vantage=vantage.id, budgets=budgets)))


class FakeNetwork:
    def __init__(self, world: FakeWorld, door: Door) -> None:
        self.world = world
        self.door = door

    @asynccontextmanager
    async def look(self, depth: Depth = Depth.LIGHT) -> AsyncIterator["FakeLook"]:
        yield FakeLook(self.world, self.door.vantage, depth)

    async def aclose(self) -> None:
        self.world.closed.append(self.door.vantage)


class FakeLook:
    proxied = False

    def __init__(self, world: FakeWorld, vantage: str, depth: Depth) -> None:
        self.world = world
        self.depth = depth
        self.vantage = vantage
        self.blobs: list[Blob] = []

    @property
    def proxy_failed(self) -> bool:
        return self.vantage in self.world.proxies_down

    async def visit(self, name: str) -> Facts:
        """What the fake probe sees of a host."""
        world = self.world
        host = world.host(self.vantage, name)
        world.looks.append((world.clock.monotonic(), self.vantage, name))
        world.under_way[name] = world.under_way.get(name, 0) + 1
        world.most_under_way = max(world.most_under_way, sum(world.under_way.values()))
        try:
            await world.clock.sleep(host.seconds)
        finally:
            world.under_way[name] -= 1
        self.blobs.append(Blob.of(f"{self.vantage} saw {name}".encode()))
        steps = tuple(
            TcpConnect(started=0.0, duration=host.seconds, address=address, port=443, failure=host.failure)
            for address in host.addresses
        )
        return Facts(tcp=steps, details={"failure": host.failure, "from": self.vantage})

    async def resolve(self, name: str) -> tuple[str, ...]:
        self.world.asked.append(name)
        await self.world.clock.sleep(self.world.host(self.vantage, name).seconds)
        return () if self.vantage in self.world.dead_resolvers else (name,)

    async def handshake(self, address: str, port: int, server_name: str) -> TlsHandshake:
        failure = self.world.host(self.vantage, server_name).failure
        return TlsHandshake(started=0.0, duration=0.0, address=address, port=port, server_name=server_name, failure=failure)

    def facts(self) -> Facts:
        return Facts(details={"failure": "generic_timeout_error", "from": self.vantage})


class Params(ProbeParams):
    url: str
    also_addresses: tuple[str, ...] = ()


async def observe(params: Params, look: Any) -> Facts:
    facts: Facts = await look.visit(urlsplit(params.url).hostname)
    return Facts(tcp=facts.tcp, details={**facts.details, "also": list(params.also_addresses), "depth": look.depth.value})


async def compare(params: Params, look: Any, facts: Facts, control: tuple[Control, ...]) -> Facts:
    return Facts(tcp=facts.tcp, details={**facts.details, "compared_with": [one.vantage for one in control]})


def wants_control(facts: Facts) -> bool:
    return facts.details["failure"] is not None


def addresses(facts: Facts) -> tuple[str, ...]:
    return tuple(step.address for step in facts.tcp)


FAKE = Probe(
    name="fake",
    version=3,
    documentation="A probe of this test.",
    params=Params,
    observe=observe,
    wants_control=wants_control,
    addresses=addresses,
    case=lambda observation, recent: observation,
    rules=(),
    compare=compare,
)


class MemoryBus:
    """A prober's end of a bus that keeps everything in a list."""

    def __init__(self) -> None:
        self.reports: list[Report] = []
        self.rounds: list[Observation] = []
        """What vantage points said of themselves."""
        self.beats: list[Heartbeat] = []
        self.plan: asyncio.Queue[Plan] = asyncio.Queue()
        self.wishes: asyncio.Queue[str] = asyncio.Queue()
        self.refuse: Callable[[Report], None] = lambda report: None

    @property
    def observations(self) -> list[Observation]:
        return [report.observation for report in self.reports]

    def of(self, check: str) -> list[Observation]:
        return [one for one in self.observations if one.check == check]

    async def plans(self) -> AsyncIterator[Plan]:
        while True:
            yield await self.plan.get()

    async def looks(self) -> AsyncIterator[str]:
        while True:
            yield await self.wishes.get()

    async def submit(self, report: Report) -> None:
        self.refuse(report)
        if report.observation.check == sight_id(report.observation.vantage):
            self.rounds.append(report.observation)
        else:
            self.reports.append(report)

    async def heartbeat(self, heartbeat: Heartbeat) -> None:
        self.beats.append(heartbeat)

    async def drain(self, seconds: float) -> int:
        return 0


def vantage(name: str, *, control: tuple[str, ...] = (), canaries: bool = True, **more: Any) -> VantagePoint:
    """A vantage point with two domestic and two foreign canaries of its own."""
    own = {"domestic": [f"{name}-home-{n}.test" for n in (1, 2)], "foreign": [f"{name}-abroad-{n}.test" for n in (1, 2)]}
    return VantagePoint.model_validate(
        {"id": name, "name": {"en": name}, "control": control, "canaries": own if canaries else {}, **more}
    )


def check(name: str, *, domain: str | None = None, every: int = 300, place: str = "moscow", **more: Any) -> PlannedCheck:
    params = {"url": f"https://{domain or f'{name}.example'}/"}
    return PlannedCheck(id=name, probe="fake", vantage=place, every=every, params=params, **more)


def plan(checks: Iterable[PlannedCheck], *vantages: VantagePoint, **more: Any) -> Plan:
    return Plan(
        version="1",
        checks=tuple(checks),
        vantages=vantages or (vantage("moscow"),),
        canaries=more.pop("canaries", Canaries()),
        limits=more.pop("limits", Limits()),
        full=more.pop("full", NEVER),
        **more,
    )


NEVER = 10**9
"""A cadence of thorough looks that no test lives to see."""


class Stage:
    """An engine in a virtual world, with its bus."""

    def __init__(self, probes: dict[str, Probe] | None = None) -> None:
        self.clock = VirtualClock()
        self.world = FakeWorld(self.clock)
        self.bus = MemoryBus()
        self.engine = Engine(
            bus=self.bus, probes=probes or {"fake": FAKE}, opener=self.world.open, clock=self.clock, software="cutwatch/test"
        )

    async def pass_time(self, seconds: float, *, each_second: Callable[[], None] = lambda: None) -> None:
        """Let time pass, with a tick at every second."""
        for _ in range(int(seconds)):
            await self.clock.advance(1)
            await self.engine.tick(self.clock.monotonic())
            await self.clock.settle()
            each_second()

    async def stall(self, seconds: float) -> None:
        """Let time pass without a tick, as when the machine sleeps."""
        await self.clock.advance(seconds)

    async def until(self, awaitable: Awaitable[Any], seconds: int = 300) -> Any:
        """Let time pass until `awaitable` is done."""
        task = asyncio.ensure_future(awaitable)
        for _ in range(seconds):
            await self.clock.settle()
            if task.done():
                return task.result()
            await self.clock.advance(1)
        raise AssertionError(f"not done after {seconds} virtual seconds")

    async def close(self) -> None:
        await self.engine.finish(0)
