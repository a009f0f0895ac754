"""One loopback world, running: its resolvers, its web servers, and a censor on every path that has rules."""

import json
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import cache
from itertools import count
from pathlib import Path
from ssl import SSLContext
from tempfile import TemporaryDirectory
from typing import Final

from monitor.configuration.fingerprints import read_own_fingerprints
from monitor.core.fingerprint import OWN
from monitor.core.watchlist import VantagePoint
from probes.kit.address import AddressMap
from probes.kit.asn import KnownAsns
from probes.kit.budgets import Budgets
from probes.kit.fingerprints import FingerprintMarkers
from probes.kit.network import Door
from tests.lab import censor, web
from tests.lab.certificates import Certificate, trust
from tests.lab.conditions import Action, Conditions, PathRule
from tests.lab.dns import Resolver
from tests.lab.listening import Handler, Listener
from tests.lab.naming import Naming
from tests.lab.spelling import endpoint
from tests.lab.topology import Port, Topology

Place = tuple[str, int]
"""A nominal address and a port."""

Guise = tuple[Certificate, str | None]
"""What an intercepting server shows: a certificate, and a page."""

_CONFIGURATION: Final = Path(__file__).parents[2] / "config"
_DNS_PORT: Final = 53
_DOT_PORT: Final = 853
_HTTPS_PORT: Final = 443
_OWN: Final = "127.0.200.1"
"""From where the world's own machines connect; it is no vantage point's."""
_UNNAMED: Final = "intercepted.invalid"
"""Whose name an intercepting server shows to those who ask for none."""


class World:
    """A topology on loopback. Its conditions may change while probes look at it.

    Every server has a loopback address of its own and an ephemeral port, so any number of worlds run side by side. Vantage
    points bind sources of their own, by which servers know them; they reach nominal addresses by the routes of their map.
    """

    def __init__(self, topology: Topology, folder: Path, now: Callable[[], float]) -> None:
        self.topology = topology
        self.trust = folder / "trust.pem"
        self._now = now
        self._conditions = Conditions()
        self._sources = {vantage.id: f"127.0.{position}.1" for position, vantage in enumerate(topology.vantages, start=1)}
        self._routes: dict[str, dict[str, str]] = {vantage.id: {} for vantage in topology.vantages}
        self._naming = Naming(topology, self._vantage_at)
        self._resolvers: dict[str, Resolver] = {}
        self._encrypted: dict[Place, str] = {}
        self._servers: dict[tuple[Place, bool], str] = {}
        self._censors: dict[tuple[str, Place], str] = {}
        self._impostors: dict[Guise, str] = {}
        self._memories = {vantage.id: censor.Memory() for vantage in topology.vantages}
        self._open = AsyncExitStack()

    @classmethod
    @asynccontextmanager
    async def running(
        cls, topology: Topology, ahead: Sequence[Conditions] = (), now: Callable[[], float] = time.monotonic
    ) -> AsyncIterator["World"]:
        """Run a world, undisturbed at first.

        `ahead` are all the conditions that will be applied: what they need is opened now, so that an address map that was
        written to a file stays true for as long as the world runs. `now` is the story's time in seconds.
        """
        with TemporaryDirectory(prefix="cutwatch-lab-") as folder:
            world = cls(topology, Path(folder), now)
            world.trust.write_bytes(trust())
            async with world._open:
                await world._listen(ahead)
                world.apply(Conditions())
                yield world

    def apply(self, conditions: Conditions) -> None:
        """From now on these conditions hold, and no others; censors and resolvers remember nothing of before."""
        self._conditions = conditions
        self._naming.apply(conditions)
        for vantage, routes in self._routes.items():
            self._memories[vantage] = censor.Memory()
            routes.clear()
            routes.update(self._routes_of(vantage))

    @property
    def asns(self) -> Mapping[str, int]:
        """The autonomous system of every host that says one, by nominal address."""
        return {address: host.asn for address, host in self.topology.hosts.items() if host.asn is not None}

    def vantage(self, name: str) -> VantagePoint:
        """The vantage point with this id. Raises LookupError."""
        return self.topology.vantage(name)

    def door(self, vantage: str, budgets: Budgets) -> Door:
        """How this vantage point reaches the world."""
        return Door(
            vantage=vantage,
            budgets=budgets,
            resolvers=self.vantage(vantage).resolvers,
            trust=self.trust,
            address_map=AddressMap(self._routes[vantage], self._sources[vantage]),
            public_resolvers=self.topology.public_resolvers_of(vantage),
            asns=KnownAsns(self.asns),
            markers=_markers(),
        )

    def write_map(self, path: Path) -> None:
        """Write the file that `CUTWATCH_LAB_WORLD` names, and the trusted root beside it, for probers in other processes.

        The file holds for conditions that change what resolvers say or what the censor does to what it reads. `drop`,
        `refuse` and `unreachable` without a trigger act in the map itself, so they are as they were when the file was written.
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
        content = {
            "trust": str(authority),
            "asns": self.asns,
            "vantages": vantages,
        }
        path.write_text(json.dumps(content, indent=1), encoding="utf-8")

    async def _listen(self, ahead: Sequence[Conditions]) -> None:
        loopback = _loopback_addresses()
        await self._open_resolvers(loopback)
        for place, speaks_tls in _ports(self.topology, ahead):
            context = self._tls_context(place) if speaks_tls else None
            self._servers[place, speaks_tls] = await self._listener(next(loopback), self._server(place), context)
        for guise in _guises(ahead):
            self._impostors[guise] = await self._impostor(next(loopback), guise)
        for vantage in _censored(ahead):
            for place in self._places():
                handler = censor.handler(self._path(vantage, place))
                self._censors[vantage, place] = await self._listener(next(loopback), handler)

    async def _open_resolvers(self, loopback: Iterator[str]) -> None:
        public = (one for vantage in self.topology.vantages for one in self.topology.public_resolvers_of(vantage.id))
        named = {one.address: one.name for one in public if one.name}
        for address in self.topology.resolvers:
            names = (named[address], address) if address in named else ()
            resolver = await Resolver.open(next(loopback), self._naming.view(address), names)
            self._open.push_async_callback(resolver.close)
            self._resolvers[address] = resolver
            if resolver.dot and resolver.doh:
                self._encrypted[address, _DOT_PORT] = resolver.dot
                self._encrypted[address, _HTTPS_PORT] = resolver.doh

    async def _listener(self, address: str, handler: Handler, context: SSLContext | None = None) -> str:
        listener = await Listener.open(address, handler, context)
        self._open.push_async_callback(listener.close)
        return listener.endpoint

    async def _impostor(self, loopback: str, guise: Guise) -> str:
        certificate, page = guise
        body = None if page is None else web.render(self.topology.pages[page])
        context = web.tls_context(lambda: Port(certificate=certificate), (_UNNAMED,))
        return await self._listener(loopback, web.page_handler(body), context)

    def _server(self, place: Place) -> Handler:
        return web.handler(self.topology, lambda: self._port(place), self._vantage_at, self._pass_on(place))

    def _pass_on(self, place: Place) -> Handler:
        """What a port does that hands connections on to the host that they are meant for."""
        _, port = place
        return web.pass_on(lambda name: self._server_of(name, port), _OWN)

    def _server_of(self, name: str, port: int) -> str | None:
        servers = (self._server_at((address, port)) for address in self._naming.addresses(name) if address in self.topology.hosts)
        return next((server for server in servers if server is not None), None)

    def _tls_context(self, place: Place) -> SSLContext:
        address, _ = place
        return web.tls_context(lambda: self._port(place), self.topology.hosts[address].names or (address,))

    def _path(self, vantage: str, place: Place) -> censor.Path:
        return censor.Path(
            address=place[0],
            source=self._sources[vantage],
            rules=lambda: [rule for rule in self._rules(vantage, *place) if not rule.acts_on_connecting],
            server=lambda: self._server_at(place),
            page=lambda name: web.render(self.topology.pages[name]),
            impostor=lambda rule: self._impostors[_guise(rule)],
            memory=lambda: self._memories[vantage],
            now=self._now,
        )

    def _rules(self, vantage: str, address: str, port: int = 0) -> list[PathRule]:
        """The rules on the way from a vantage point to an endpoint, those left out that spare its address."""
        asn = self.topology.hosts[address].asn if address in self.topology.hosts else None
        rules = self._conditions.path.get(vantage, ())
        return [rule for rule in rules if censor.concerns(rule, address, port, asn) and not self._spares(rule, address)]

    def _spares(self, rule: PathRule, address: str) -> bool:
        return any(address == one or address in self._naming.addresses(one) for one in rule.excepted)

    def _vantage_at(self, source: str) -> str | None:
        return next((vantage for vantage, address in self._sources.items() if address == source), None)

    def _port(self, place: Place) -> Port | None:
        """The port as it is now; None while it is closed."""
        address, number = place
        return self._conditions.ports.get(address, self.topology.hosts[address].ports).get(number)

    def _places(self) -> set[Place]:
        """Everything that can ever be connected to."""
        return {place for place, _ in self._servers} | set(self._encrypted)

    def _server_at(self, place: Place) -> str | None:
        if place in self._encrypted:
            return self._encrypted[place]
        port = self._port(place)
        return None if port is None else self._servers[place, port.certificate is not None]

    def _routes_of(self, vantage: str) -> Iterator[tuple[str, str]]:
        for address, resolver in self._resolvers.items():
            dead = self._dead(vantage, address, _DNS_PORT)
            yield endpoint(address, _DNS_PORT), dead or resolver.tcp
            yield f"{endpoint(address, _DNS_PORT)}/udp", dead or resolver.udp
        for address in self.topology.hosts:
            yield address, self._dead(vantage, address) or "refuse"
        for place in self._places():
            yield endpoint(*place), self._dead(vantage, *place) or self._way(vantage, place)

    def _way(self, vantage: str, place: Place) -> str:
        server = self._server_at(place)
        return "refuse" if server is None else self._censors.get((vantage, place), server)

    def _dead(self, vantage: str, address: str, port: int = 0) -> str | None:
        """What becomes of the SYN: dropped, refused, without a way to go, or None of it."""
        rules = self._rules(vantage, address, port)
        return next((rule.action.value for rule in rules if rule.acts_on_connecting), None)


@cache
def _markers() -> FingerprintMarkers:
    """The project's own fingerprints."""
    own = read_own_fingerprints(_CONFIGURATION)
    return FingerprintMarkers(own.fingerprints, {OWN: own.version})


def _ports(topology: Topology, ahead: Sequence[Conditions]) -> set[tuple[Place, bool]]:
    """Every port that is ever open, with whether it speaks TLS."""
    worlds = [{address: host.ports for address, host in topology.hosts.items()}, *(conditions.ports for conditions in ahead)]
    return {
        ((address, number), port.certificate is not None)
        for hosts in worlds
        for address, ports in hosts.items()
        for number, port in ports.items()
    }


def _rules_ahead(ahead: Iterable[Conditions]) -> Iterator[tuple[str, PathRule]]:
    return ((vantage, rule) for conditions in ahead for vantage, rules in conditions.path.items() for rule in rules)


def _censored(ahead: Sequence[Conditions]) -> set[str]:
    """The vantage points that will ever have somebody listening on their path."""
    return {vantage for vantage, rule in _rules_ahead(ahead) if not rule.acts_on_connecting}


def _guises(ahead: Sequence[Conditions]) -> set[Guise]:
    return {_guise(rule) for _, rule in _rules_ahead(ahead) if rule.action is Action.INTERCEPT}


def _guise(rule: PathRule) -> Guise:
    assert rule.certificate is not None
    return rule.certificate, rule.page


def _loopback_addresses() -> Iterator[str]:
    """Loopback addresses that are nobody's source."""
    return (f"127.10.{number // 250}.{number % 250 + 1}" for number in count())
