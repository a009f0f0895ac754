"""One loopback world, running: its resolvers, its web servers, and a censor on every path that has rules."""

import json
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import count
from pathlib import Path
from ssl import SSLContext
from tempfile import TemporaryDirectory

from monitor.core.watchlist import VantagePoint
from probes.kit.address import AddressMap
from probes.kit.budgets import Budgets
from probes.kit.network import Door
from tests.lab import censor, web
from tests.lab.certificates import trust
from tests.lab.dns import Answer, Refusal, Resolver, View
from tests.lab.listening import Handler, Listener
from tests.lab.scenario import Conditions, PathRule, Port, Topology, endpoint

Place = tuple[str, int]
"""A nominal address and a port."""

_DNS_PORT = 53


class World:
    """A topology on loopback. Its conditions may change while probes look at it.

    Every server has a loopback address of its own and an ephemeral port, so any number of worlds run side by side. Vantage
    points bind sources of their own, by which servers know them; they reach nominal addresses by the routes of their map.
    """

    def __init__(self, topology: Topology, folder: Path) -> None:
        self.topology = topology
        self.trust = folder / "trust.pem"
        self._conditions = Conditions()
        self._sources = {vantage.id: f"127.0.{position}.1" for position, vantage in enumerate(topology.vantages, start=1)}
        self._routes: dict[str, dict[str, str]] = {vantage.id: {} for vantage in topology.vantages}
        self._resolvers: dict[str, Resolver] = {}
        self._servers: dict[tuple[Place, bool], str] = {}
        self._censors: dict[tuple[str, Place], str] = {}
        self._truth = _truth(topology)
        self._open = AsyncExitStack()

    @classmethod
    @asynccontextmanager
    async def running(cls, topology: Topology, ahead: Sequence[Conditions] = ()) -> AsyncIterator["World"]:
        """Run a world, undisturbed at first.

        `ahead` are all the conditions that will be applied: what they need is opened now, so that an address map that was
        written to a file stays true for as long as the world runs.
        """
        with TemporaryDirectory(prefix="cutwatch-lab-") as folder:
            world = cls(topology, Path(folder))
            world.trust.write_bytes(trust())
            async with world._open:
                await world._listen(ahead)
                world.apply(Conditions())
                yield world

    def apply(self, conditions: Conditions) -> None:
        """From now on these conditions hold, and no others."""
        self._conditions = conditions
        for vantage, routes in self._routes.items():
            routes.clear()
            routes.update(self._routes_of(vantage))

    @property
    def asns(self) -> Mapping[str, int]:
        """The autonomous system of every host that says one, by nominal address."""
        return {address: host.asn for address, host in self.topology.hosts.items() if host.asn is not None}

    def vantage(self, name: str) -> VantagePoint:
        """The vantage point with this id. Raises LookupError."""
        return next(vantage for vantage in self.topology.vantages if vantage.id == name)

    def door(self, vantage: str, budgets: Budgets) -> Door:
        """How this vantage point reaches the world."""
        return Door(
            vantage=vantage,
            budgets=budgets,
            resolvers=self.vantage(vantage).resolvers,
            trust=self.trust,
            address_map=AddressMap(self._routes[vantage], self._sources[vantage]),
        )

    def write_map(self, path: Path) -> None:
        """Write the file that `CUTWATCH_LAB_WORLD` names, and the trusted root beside it, for probers in other processes.

        The file holds for conditions that change what resolvers say or what the censor does to what it reads. `drop` and
        `refuse` without a trigger act in the map itself, so they are as they were when the file was written.
        """
        authority = path.with_suffix(".pem").absolute()
        authority.write_bytes(trust())
        vantages = {
            vantage.id: {
                "source": self._sources[vantage.id],
                "routes": self._routes[vantage.id],
                "resolvers": list(vantage.resolvers),
            }
            for vantage in self.topology.vantages
        }
        path.write_text(json.dumps({"trust": str(authority), "vantages": vantages}, indent=1), encoding="utf-8")

    async def _listen(self, ahead: Sequence[Conditions]) -> None:
        loopback = _loopback_addresses()
        for address in {resolver for vantage in self.topology.vantages for resolver in vantage.resolvers}:
            self._resolvers[address] = resolver = await Resolver.open(next(loopback), self._view(address))
            self._open.push_async_callback(resolver.close)
        for place, speaks_tls in _ports(self.topology, ahead):
            context = self._tls_context(place) if speaks_tls else None
            self._servers[place, speaks_tls] = await self._listener(next(loopback), self._server(place), context)
        for vantage in _censored(ahead):
            for place in {place for place, _ in self._servers}:
                handler = censor.handler(self._path(vantage, place))
                self._censors[vantage, place] = await self._listener(next(loopback), handler)

    async def _listener(self, address: str, handler: Handler, context: SSLContext | None = None) -> str:
        listener = await Listener.open(address, handler, context)
        self._open.push_async_callback(listener.close)
        return listener.endpoint

    def _server(self, place: Place) -> Handler:
        return web.handler(self.topology, lambda: self._port(place), self._vantage_at)

    def _tls_context(self, place: Place) -> SSLContext:
        address, _ = place
        return web.tls_context(lambda: self._port(place), self.topology.hosts[address].names or (address,))

    def _path(self, vantage: str, place: Place) -> censor.Path:
        return censor.Path(
            address=place[0],
            port=place[1],
            source=self._sources[vantage],
            rules=lambda: self._conditions.path.get(vantage, ()),
            server=lambda: self._server_at(place),
            page=lambda name: web.render(self.topology.pages[name]),
        )

    def _view(self, resolver: str) -> View:
        def view(name: str) -> Answer:
            said = self._conditions.dns.get(resolver, {})
            return said.get(name, said.get("*", self._truth.get(name, Refusal.NXDOMAIN)))

        return view

    def _vantage_at(self, source: str) -> str | None:
        return next((vantage for vantage, address in self._sources.items() if address == source), None)

    def _port(self, place: Place) -> Port | None:
        """The port as it is now; None while it is closed."""
        address, number = place
        return self._conditions.ports.get(address, self.topology.hosts[address].ports).get(number)

    def _server_at(self, place: Place) -> str | None:
        port = self._port(place)
        return None if port is None else self._servers[place, port.certificate is not None]

    def _routes_of(self, vantage: str) -> Iterator[tuple[str, str]]:
        rules = [rule for rule in self._conditions.path.get(vantage, ()) if rule.acts_on_connecting]
        for address, resolver in self._resolvers.items():
            yield endpoint(address, _DNS_PORT), resolver.tcp
            yield f"{endpoint(address, _DNS_PORT)}/udp", resolver.udp
        for address in self.topology.hosts:
            yield address, _dead(rules, address) or "refuse"
        for place in {place for place, _ in self._servers}:
            yield endpoint(*place), _dead(rules, *place) or self._way(vantage, place)

    def _way(self, vantage: str, place: Place) -> str:
        server = self._server_at(place)
        return "refuse" if server is None else self._censors.get((vantage, place), server)


def _dead(rules: Iterable[PathRule], address: str, port: int = 0) -> str | None:
    """What becomes of the SYN: dropped, refused, or None of it."""
    return next((rule.action.value for rule in rules if censor.concerns(rule, address, port)), None)


def _truth(topology: Topology) -> dict[str, tuple[str, ...]]:
    """What the undisturbed DNS says: every name with the addresses of all hosts that carry it."""
    names = {name for host in topology.hosts.values() for name in host.names}
    return {name: tuple(address for address, host in topology.hosts.items() if name in host.names) for name in names}


def _ports(topology: Topology, ahead: Sequence[Conditions]) -> set[tuple[Place, bool]]:
    """Every port that is ever open, with whether it speaks TLS."""
    worlds = [{address: host.ports for address, host in topology.hosts.items()}, *(conditions.ports for conditions in ahead)]
    return {
        ((address, number), port.certificate is not None)
        for hosts in worlds
        for address, ports in hosts.items()
        for number, port in ports.items()
    }


def _censored(ahead: Sequence[Conditions]) -> set[str]:
    """The vantage points that will ever have somebody listening on their path."""
    return {
        vantage
        for conditions in ahead
        for vantage, rules in conditions.path.items()
        if any(not rule.acts_on_connecting for rule in rules)
    }


def _loopback_addresses() -> Iterator[str]:
    """Loopback addresses that are nobody's source."""
    return (f"127.10.{number // 250}.{number % 250 + 1}" for number in count())
