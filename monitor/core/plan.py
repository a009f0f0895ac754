"""Which looks are to be made: a check is target + probe + vantage point + cadence."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from monitor.core.safety import is_hostile
from monitor.core.watchlist import Cadence, Canaries, Limits, Organisation, Target, VantagePoint, Watchlist
from probes.kit.probe import Probe
from probes.kit.vocabulary import IMPORTED_KINDS, VantageKind

SEEN_BY: Final[Mapping[VantageKind, frozenset[str]]] = {
    VantageKind.OONI: frozenset({"website"}),
    VantageKind.GLOBALPING: frozenset({"website", "dns"}),
}
"""Probes whose facts a service that looks for us can give; from our own places all look."""

PACE: Final[Mapping[VantageKind, int]] = {VantageKind.OONI: 3600, VantageKind.GLOBALPING: 1800}
"""Seconds between two questions to such a service, where the vantage point names none: others share it, and volunteers serve."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One look that is made again and again. `every` is in seconds; `params` have been validated by the probe.

    `mixed` says that looks from several lines come in under this one check, so that they must not be added up.
    """

    id: str
    organisation: str
    target: str
    probe: str
    vantage: str
    country: str | None
    every: int
    params: dict[str, Any]
    paused: bool = False
    mixed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedCheck:
    """What a prober is told of a check. It names no organisation: a prober never learns who is watched, only what.

    `last_run` lets a restart neither burst nor forget. Without `volunteers` nobody else's line may be used for it.
    """

    id: str
    probe: str
    vantage: str
    every: int
    params: dict[str, Any]
    last_run: datetime | None = None
    volunteers: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything that a prober needs to work on its own: its checks, its vantage points and the limits of politeness."""

    version: str
    checks: tuple[PlannedCheck, ...]
    vantages: tuple[VantagePoint, ...]
    canaries: Canaries
    limits: Limits
    relook: tuple[int, ...] = ()
    full: int = 3600
    """Seconds between two thorough looks of a check."""
    paused: bool = False


def check_id(organisation: str, target: str, probe: str, vantage: str) -> str:
    """The stable, opaque id of a check: it survives restarts and says nothing about whom it serves."""
    return sha256("\0".join((organisation, target, probe, vantage)).encode()).hexdigest()[:16]


def plan_checks(watchlist: Watchlist, probes: Mapping[str, Probe]) -> tuple[Check, ...]:
    """Every check that the watchlist asks for, in a stable order."""
    return tuple(
        check
        for organisation in watchlist.organisations
        for target in organisation.targets
        for check in _checks_of(organisation, target, watchlist, probes)
    )


def _checks_of(organisation: Organisation, target: Target, watchlist: Watchlist, probes: Mapping[str, Probe]) -> Iterator[Check]:
    wanted = {name: {} for name in probes} if target.probes is None else target.probes
    for name, given in wanted.items():
        params = probes[name].params.for_asset(target.url, target.domain, given)
        if params is None:
            continue
        for vantage in watchlist.monitor.vantages:
            if _is_seen_from(vantage, target, name):
                yield Check(
                    id=check_id(organisation.id, target.id, name, vantage.id),
                    organisation=organisation.id,
                    target=target.id,
                    probe=name,
                    vantage=vantage.id,
                    country=vantage.country,
                    every=_every(watchlist.monitor.cadence, target, vantage),
                    params=params.model_dump(mode="json"),
                    paused=target.paused or vantage.paused,
                    mixed=vantage.kind in IMPORTED_KINDS and vantage.asn is None,
                )


def _is_seen_from(vantage: VantagePoint, target: Target, probe: str) -> bool:
    """Whether this is looked at from there. Volunteers are troubled only for targets for which that was switched on."""
    if target.vantages is not None and vantage.id not in target.vantages:
        return False
    if vantage.kind is VantageKind.GLOBALPING and not target.globalping:
        return False
    return vantage.kind not in SEEN_BY or probe in SEEN_BY[vantage.kind]


def _every(cadence: Cadence, target: Target, vantage: VantagePoint) -> int:
    """How often; however eager a target is, services that others share and pay for are not asked more often for it."""
    if vantage.kind in IMPORTED_KINDS:
        return vantage.every or PACE[vantage.kind]
    return target.every or vantage.every or _pace(cadence, vantage)


def _pace(cadence: Cadence, vantage: VantagePoint) -> int:
    """Looks from inside a hostile country are rarer: each one is seen there."""
    return cadence.hostile if is_hostile(vantage.country) else cadence.look


def plan_for_prober(watchlist: Watchlist, checks: tuple[Check, ...], last_runs: Mapping[str, datetime], *, paused: bool) -> Plan:
    """The plan of the local prober: all checks that are not paused, each with the time at which it last ran."""
    volunteered = _volunteered(watchlist, checks)
    return Plan(
        version=watchlist.version,
        checks=tuple(
            PlannedCheck(
                id=check.id,
                probe=check.probe,
                vantage=check.vantage,
                every=check.every,
                params=check.params,
                last_run=last_runs.get(check.id),
                volunteers=check.id in volunteered,
            )
            for check in checks
            if not check.paused
        ),
        vantages=watchlist.monitor.vantages,
        canaries=watchlist.monitor.canaries,
        limits=watchlist.monitor.limits,
        relook=watchlist.monitor.cadence.relook,
        full=watchlist.monitor.cadence.full,
        paused=paused,
    )


def _volunteered(watchlist: Watchlist, checks: tuple[Check, ...]) -> frozenset[str]:
    """Checks for which volunteers' lines may be used."""
    willing = {(one.id, target.id) for one in watchlist.organisations for target in one.targets if target.globalping}
    return frozenset(check.id for check in checks if (check.organisation, check.target) in willing)
