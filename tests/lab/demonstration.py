"""A story told to the real service: its own processes, its own database, and a clock that runs faster than life.

`make demo` shows it to a person; the tests watch the same thing with other eyes.
"""

import asyncio
import base64
import os
import secrets
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx2
from pydantic import BaseModel
from ruamel.yaml import YAML
from standardwebhooks import Webhook

from monitor.clock import Clock
from tests.lab.http import Request
from tests.lab.scenario import Scenario, Stretch
from tests.lab.sinks import WebhookSink
from tests.lab.topology import Host, Port, Reply, Topology
from tests.lab.world import World

CANARIES: Final = ("canary-one.example", "canary-two.example", "canary-three.example")
"""Names in the loopback world by which its vantage points tell that they can see."""

_CANARY_HOST: Final = "198.18.0.10"
_WEBHOOK_SECRET: Final = "CUTWATCH_DEMO_WEBHOOK_SECRET"


@dataclass(frozen=True, slots=True)
class Demonstration:
    """A service under way in a loopback world. `secret` is the webhook's, `clock` the one that the service goes by."""

    scenario: Scenario
    world: World
    sink: WebhookSink
    secret: str
    clock: Clock
    starts: datetime
    service: Process
    address: str
    environment: dict[str, str]

    async def live_through(self, stretch: Stretch) -> None:
        """Let the conditions of this part of the story hold for as long as it lasts."""
        self.world.apply(stretch.conditions)
        await self.until(stretch.end)

    async def until(self, offset: timedelta) -> None:
        """Wait until so much of the story's time has passed."""
        left = (self.starts + offset - self.clock.now()).total_seconds()
        await self.clock.sleep(max(0.0, left))


@asynccontextmanager
async def showing(
    scenario: Scenario, topology: Topology, folder: Path, *, speed: float, port: int
) -> AsyncIterator[Demonstration]:
    """Run the world, a webhook's receiver and `cutwatch run` in it. `folder` gets configuration and data.

    The story begins so long ago that it ends about now. The service is ended in order at the end.
    """
    stretches = list(scenario.timeline)
    starts = datetime.now(UTC).replace(microsecond=0) - (stretches[-1].end)
    async with AsyncExitStack() as stack:
        world = await stack.enter_async_context(World.running(with_canaries(topology), [one.conditions for one in stretches]))
        sink = await stack.enter_async_context(WebhookSink.running())
        clock = Clock.starting(starts, speed)
        secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
        write_configuration(folder / "config", scenario, world.topology, sink.url)
        world.write_map(folder / "world.json")
        environment = _environment(folder, clock, port, secret)
        service = await stack.enter_async_context(running_service(environment))
        yield Demonstration(
            scenario=scenario,
            world=world,
            sink=sink,
            secret=secret,
            clock=clock,
            starts=starts,
            service=service,
            address=f"http://127.0.0.1:{port}",
            environment=environment,
        )


async def sign_in_address(shown: Demonstration) -> str:
    """An address that shows its first visitor everything, made as a person would make it. Waits for the service to listen."""
    async with httpx2.AsyncClient(base_url=shown.address, trust_env=False) as visitor:
        while not await _answers(visitor):
            await asyncio.sleep(0.2)
    command = (sys.executable, "-m", "monitor", "keys", "sign-in")
    process = await asyncio.create_subprocess_exec(*command, stdout=PIPE, env=shown.environment)
    output, _ = await process.communicate()
    return output.decode().strip()


async def _answers(visitor: httpx2.AsyncClient) -> bool:
    try:
        return (await visitor.get("/healthz")).is_success
    except httpx2.TransportError:
        return False


def with_canaries(topology: Topology) -> Topology:
    """The world with a few places more that nobody interferes with."""
    host = Host(names=CANARIES, ports={443: Port(site="canary", certificate="good")})
    return topology.model_copy(
        update={"hosts": {**topology.hosts, _CANARY_HOST: host}, "sites": {**topology.sites, "canary": (Reply(status=204),)}}
    )


def write_configuration(folder: Path, scenario: Scenario, topology: Topology, webhook: str) -> None:
    """Write what the scenario amounts to as configuration files, in the form in which people write them."""
    for name in ("organisations", "providers"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    monitor = {
        "vantages": [_written(vantage) for vantage in topology.vantages],
        "public_resolvers": [_written(resolver) for resolver in topology.public_resolvers],
        "canaries": {"foreign": list(CANARIES), "every": "5min"},
        "limits": {"gap": 0.0, "budgets": {"dns": 1, "tcp": 1, "tls": 1, "http": 1, "look": 6}},
    }
    organisation = {
        "id": scenario.organisation,
        "name": {"en": "OVD-Info", "ru": "ОВД-Инфо"},
        "country": "RU",
        "targets": [_written(target) for target in scenario.targets],
    }
    alerts = {
        "channels": [
            {
                "id": "lab",
                "kind": "webhook",
                "discreet": False,
                "settings": {"url": webhook, "secret": _WEBHOOK_SECRET, "allow_private": ["127.0.0.1"]},
            }
        ],
        "routes": [_written(route) for route in scenario.routes],
    }
    write(folder / "monitor.yaml", monitor)
    write(folder / "alerts.yaml", alerts)
    write(folder / "organisations" / f"{scenario.organisation}.yaml", organisation)


def _written(model: BaseModel) -> dict[str, Any]:
    """A model as a person would have written it: only what was given."""
    return model.model_dump(mode="json", exclude_unset=True)


def write(path: Path, content: dict[str, Any]) -> None:
    """Write a configuration file."""
    with path.open("w", encoding="utf-8") as file:
        YAML(typ="safe").dump(content, file)


def in_the_world(folder: Path) -> dict[str, str]:
    """The environment of a command that is to live in the world whose files are in `folder`."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("CUTWATCH_")},
        "CUTWATCH_CONFIG": str(folder / "config"),
        "CUTWATCH_DATA_DIR": str(folder / "data"),
        "CUTWATCH_VANTAGE_COUNTRY": "DE",
        "CUTWATCH_LAB_WORLD": str(folder / "world.json"),
    }


def _environment(folder: Path, clock: Clock, port: int, secret: str) -> dict[str, str]:
    return {
        **in_the_world(folder),
        "CUTWATCH_PORT": str(port),
        "CUTWATCH_LAB_CLOCK": clock.to_environment(),
        _WEBHOOK_SECRET: secret,
    }


@asynccontextmanager
async def running_service(environment: dict[str, str]) -> AsyncIterator[Process]:
    """`cutwatch run` in this environment; at the end it is ended in order, unless it has ended by itself."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "monitor", "run", stdout=PIPE, stderr=None, env=environment, start_new_session=True
    )
    try:
        yield process
    finally:
        await _end(process)


async def _end(process: Process) -> None:
    if process.returncode is None:
        with suppress(ProcessLookupError):
            process.terminate()
    try:
        async with asyncio.timeout(30):
            await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()


def story(scenarios: Sequence[Scenario], name: str) -> Scenario:
    """The scenario with this name. Raises LookupError."""
    return next(scenario for scenario in scenarios if scenario.name == name)


def is_well_signed(request: Request, secret: str) -> bool:
    """Whether a webhook bears the signature that the reference library gives it, at the time of the story's clock."""
    headers = request.headers
    signed_at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
    signature = Webhook(secret).sign(headers["webhook-id"], signed_at, request.body.decode())
    return signature in headers["webhook-signature"].split()


def free_port() -> int:
    """A loopback port that nobody listens on at present."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port
