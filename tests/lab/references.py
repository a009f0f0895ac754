"""Whether everything that a scenario names exists: what a model on its own cannot know."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

from pydantic import BaseModel, ValidationError

from monitor.configuration.problems import FieldPath, did_you_mean
from monitor.core.watchlist import Target
from probes.kit.discover import discover
from tests.lab.conditions import Conditions
from tests.lab.scenario import CHANNEL, Expect, Scenario
from tests.lab.spelling import EVERY
from tests.lab.topology import Port, Topology

_OF_VANTAGES: Final = frozenset(
    {"id", "name", "country", "asn", "network", "resolvers", "public_resolvers", "control", "canaries"}
)
_OF_TARGETS: Final = frozenset({"id", "url", "domain", "name", "note", "probes", "vantages", "every", "planned", "tlp"})


@dataclass(frozen=True, slots=True)
class Missing:
    """Something that does not fit together, and what to do about it."""

    path: FieldPath
    message: str
    remedy: str

    def within(self, around: FieldPath) -> "Missing":
        """The same, seen from further out in the file."""
        return Missing((*around, *self.path), self.message, self.remedy)


def in_world(world: Topology) -> Iterator[Missing]:
    """What the world names and does not have."""
    known = world.vantage_ids
    for position, vantage in enumerate(world.vantages):
        yield from _unused(("vantages", position), vantage, _OF_VANTAGES)
        if vantage.id in known[:position]:
            yield Missing(("vantages", position, "id"), f"repeats {vantage.id}", "give each vantage point an id of its own")
        yield from _unknown(("vantages", position, "control"), vantage.control, known)
        yield from _unusable_resolvers(("vantages", position, "resolvers"), vantage.resolvers)
    for name, replies in world.sites.items():
        for position, reply in enumerate(replies):
            yield from _unknown(("sites", name, position, "to"), reply.to, known)
            yield from _unknown(("sites", name, position, "page"), _given(reply.page), world.pages)
    for address, host in world.hosts.items():
        yield from _in_ports(("hosts", address, "ports"), host.ports, world)


def in_scenario(scenario: Scenario, world: Topology) -> Iterator[Missing]:
    """What the scenario names and its world, or Cutwatch, does not have."""
    for position, target in enumerate(scenario.targets):
        yield from _unused(("targets", position), target, _OF_TARGETS)
        yield from _in_target(("targets", position), target, world)
    for position, route in enumerate(scenario.routes):
        yield from _unknown(("routes", position, "channels"), route.channels, (CHANNEL,))
    for position, phase in enumerate(scenario.parts):
        place: FieldPath = ("phases", position) if scenario.phases else ()
        if phase.conditions is not None:
            yield from _in_conditions((*place, "conditions"), phase.conditions, world)
        yield from _in_expect((*place, "expect"), phase.expect, scenario, world)


def _unusable_resolvers(place: FieldPath, resolvers: Collection[str]) -> Iterator[Missing]:
    if not resolvers:
        yield Missing(place, "are missing", "name at least one address: in the lab nobody has the machine's own resolvers")
    for resolver in resolvers:
        if not _is_plain(resolver):
            yield Missing(place, f"hold {resolver}", "write an address in its shortest form, without a port")


def _is_plain(resolver: str) -> bool:
    try:
        return str(ip_address(resolver)) == resolver
    except ValueError:
        return False


def _in_ports(place: FieldPath, ports: Mapping[int, Port], world: Topology) -> Iterator[Missing]:
    for number, port in ports.items():
        yield from _unknown((*place, str(number), "site"), _given(port.site), world.sites)


def _in_target(place: FieldPath, target: Target, world: Topology) -> Iterator[Missing]:
    yield from _unknown((*place, "vantages"), target.vantages or (), world.vantage_ids)
    for name, given in (target.probes or {}).items():
        if name not in discover():
            yield from _unknown((*place, "probes"), (name,), discover())
            continue
        try:
            discover()[name].params.for_asset(target.url, target.domain, given)
        except ValidationError as error:
            yield Missing((*place, "probes", name), f"does not fit this probe ({error.errors()[0]['msg']})", "correct it")


def _in_conditions(place: FieldPath, conditions: Conditions, world: Topology) -> Iterator[Missing]:
    yield from _unknown((*place, "dns"), set(conditions.dns) - {EVERY}, world.resolvers)
    yield from _unknown((*place, "spoof"), conditions.spoof, world.vantage_ids)
    yield from _unknown((*place, "path"), conditions.path, world.vantage_ids)
    yield from _unknown((*place, "ports"), conditions.ports, world.hosts)
    for address, ports in conditions.ports.items():
        yield from _in_ports((*place, "ports", address), ports, world)
    for vantage, answers in conditions.spoof.items():
        for name, answer in answers.items():
            yield from _unknown((*place, "spoof", vantage, name, "to"), answer.to, world.resolvers)
    for vantage, rules in conditions.path.items():
        for position, rule in enumerate(rules):
            yield from _unknown((*place, "path", vantage, position, "page"), _given(rule.page), world.pages)


def _in_expect(place: FieldPath, expect: Expect, scenario: Scenario, world: Topology) -> Iterator[Missing]:
    targets = [target.id for target in scenario.targets]
    yield from _unknown((*place, "health"), expect.health, world.vantage_ids)
    for position, verdict in enumerate(expect.verdicts):
        here = (*place, "verdicts", position)
        yield from _unknown((*here, "vantage"), (verdict.vantage,), world.vantage_ids)
        yield from _unknown((*here, "probe"), (verdict.probe,), discover())
        yield from _unknown((*here, "target"), _given(verdict.target), targets)
    for position, message in enumerate(expect.messages or ()):
        yield from _unknown((*place, "messages", position, "route"), (message.route,), [route.id for route in scenario.routes])


def _unused(place: FieldPath, model: BaseModel, used: Collection[str]) -> Iterator[Missing]:
    """Keys of the configuration that would do nothing here."""
    for name in sorted(model.model_fields_set.difference(used)):
        yield Missing((*place, name), "means nothing in the lab", "remove it")


def _given(name: str | None) -> tuple[str, ...]:
    return () if name is None else (name,)


def _unknown(path: FieldPath, named: Collection[str], known: Collection[str]) -> Iterator[Missing]:
    for name in named:
        if name not in known:
            yield Missing(path, f"names {name}, which does not exist", did_you_mean(name, known, _choice(known)))


def _choice(known: Collection[str]) -> str:
    return f"use one of {', '.join(sorted(known))}" if known else "there is none to name: describe one first"
