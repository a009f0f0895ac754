"""How each vantage point of a plan reaches the world."""

import json
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import structlog

from monitor.core.watchlist import VantagePoint
from monitor.engine.markers import markers_for
from monitor.settings import Settings, secret
from probes.kit.address import AddressMap, is_address
from probes.kit.asn import Asns, AsnTable, BadTable, KnownAsns
from probes.kit.budgets import Budgets
from probes.kit.network import Door

_log = structlog.get_logger()


def door_for(vantage: VantagePoint, budgets: Budgets, settings: Settings) -> Door:
    """The way out of `vantage`; in the lab, the one into the loopback world.

    Raises `monitor.settings.MissingSecret` where the proxy's address or the own ones are not in the environment, and
    ValueError or OSError where the own addresses or the lab's file do not fit.
    """
    door = Door(
        vantage=vantage.id,
        budgets=budgets,
        resolvers=vantage.resolvers,
        proxy=secret(vantage.proxy) if vantage.proxy else None,
        public_resolvers=vantage.public_resolvers or (),
        markers=markers_for(settings.config, settings.data_dir),
        own_addresses=_addresses(vantage.own_addresses) if vantage.own_addresses else (),
    )
    if settings.lab_world is None:
        return replace(door, asns=_networks(settings.data_dir / "lists" / "ip2asn.tsv"))
    return _into(settings.lab_world, door)


def _into(world_file: Path, door: Door) -> Door:
    """The same way out, but into the loopback world that `world_file` describes."""
    world = _read(world_file)
    place = world["vantages"].get(door.vantage, {})
    return replace(
        door,
        resolvers=tuple(place.get("resolvers", door.resolvers)),
        trust=world_file.parent / world["trust"] if world.get("trust") else None,
        address_map=AddressMap.from_json(place),
        asns=KnownAsns(world.get("asns", {})),
    )


def _networks(path: Path) -> Asns | None:
    """The networks by `path`, if it is there. Without it, or with a broken one, looks go on and only know fewer facts."""
    try:
        return _table(path, path.stat().st_mtime_ns)
    except FileNotFoundError:
        return None
    except (BadTable, OSError) as problem:
        _log.warning("the networks of addresses are not known", problem=str(problem))
        return None


@lru_cache(maxsize=1)
def _table(path: Path, _changed: int) -> AsnTable:
    """The table, read once for all vantage points and again when it has changed: it takes some two seconds."""
    return AsnTable.read(path)


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
