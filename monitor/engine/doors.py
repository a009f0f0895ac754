"""How each vantage point of a plan reaches the world."""

import json
from pathlib import Path
from typing import Any

from monitor.core.watchlist import VantagePoint
from monitor.settings import Settings, secret
from probes.kit.address import AddressMap, is_address
from probes.kit.budgets import Budgets
from probes.kit.network import Door


def door_for(vantage: VantagePoint, budgets: Budgets, settings: Settings) -> Door:
    """The way out of `vantage`; in the lab, the one into the loopback world.

    Raises `monitor.settings.MissingSecret` where the proxy's address or the own ones are not in the environment, and
    ValueError or OSError where the own addresses or the lab's file do not fit.
    """
    proxy = secret(vantage.proxy) if vantage.proxy else None
    own = _addresses(vantage.own_addresses) if vantage.own_addresses else ()
    if settings.lab_world is None:
        return Door(vantage=vantage.id, budgets=budgets, resolvers=vantage.resolvers, proxy=proxy, own_addresses=own)
    world = _read(settings.lab_world)
    place = world["vantages"].get(vantage.id, {})
    return Door(
        vantage=vantage.id,
        budgets=budgets,
        resolvers=tuple(place.get("resolvers", vantage.resolvers)),
        proxy=proxy,
        trust=settings.lab_world.parent / world["trust"] if world.get("trust") else None,
        address_map=AddressMap.from_json(place),
        own_addresses=own,
    )


def _addresses(name: str) -> tuple[str, ...]:
    """The addresses in the secret `name`. One that is misspelled would never be scrubbed, so it is refused, and not repeated."""
    addresses = tuple(part.strip() for part in secret(name).split(",") if part.strip())
    if not all(is_address(address) for address in addresses):
        raise ValueError(f"{name} must hold IP addresses with commas between them, and nothing else")
    return addresses


def _read(path: Path) -> dict[str, Any]:
    world: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if "vantages" not in world:
        raise ValueError(f"{path} is no lab world: it must be an object with `vantages`")
    return world
