"""The monitor doubts itself first: what it says of its own sight, and what is wrong with it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.bus import Heartbeat
from monitor.core.watchlist import Watchlist
from monitor.service.context import Health, VantageStatus
from probes.kit.vocabulary import IMPORTED_KINDS, VantageHealth

SILENT_AFTER = timedelta(seconds=30)
"""Without a word from the prober for this long, the service says that it cannot see."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signs:
    """What health is read from. `stuck` names jobs that have not run when they should have.

    `patience` is how long a prober may be silent, `set_aside` how many looks the database could not hold.
    """

    started: datetime
    heartbeat: Heartbeat | None
    trouble: str | None
    paused: bool
    stuck: tuple[str, ...] = ()
    patience: timedelta = SILENT_AFTER
    set_aside: int = 0


def health_of(signs: Signs, watchlist: Watchlist, now: datetime) -> Health:
    """Judge the monitor's own health. Pure.

    What others see does not make this machine see; what is wrong with their services the prober itself says.
    """
    silent = _is_silent(signs, now)
    vantages = tuple(
        _status(vantage.id, vantage.country, signs.heartbeat, silent=silent) for vantage in watchlist.monitor.vantages
    )
    others = {vantage.id for vantage in watchlist.monitor.vantages if vantage.kind in IMPORTED_KINDS}
    ours = tuple(vantage for vantage in vantages if vantage.id not in others)
    problems = (
        *_of_the_prober(signs, ours, silent=silent),
        *((signs.trouble,) if signs.trouble else ()),
        *(signs.heartbeat.problems if signs.heartbeat and not silent else ()),
        *(
            (f"looks that could not be stored were set aside in the data folder ({signs.set_aside}): report this",)
            if signs.set_aside
            else ()
        ),
        *(f"the job “{name}” has not run when it should have" for name in signs.stuck),
    )
    sees = any(vantage.health is VantageHealth.HEALTHY for vantage in ours or vantages)
    return Health(ready=sees and not signs.trouble and not signs.stuck, problems=problems, vantages=vantages, paused=signs.paused)


def _is_silent(signs: Signs, now: datetime) -> bool:
    last = signs.heartbeat.at if signs.heartbeat else signs.started
    return now - last > signs.patience


def _of_the_prober(signs: Signs, vantages: tuple[VantageStatus, ...], *, silent: bool) -> tuple[str, ...]:
    if signs.paused:
        return ("all looks are paused until a person agrees to them: run `cutwatch run` on a terminal and answer its question",)
    if silent:
        return ("the prober has not been heard of: nothing is being looked at",)
    blind = [vantage.id for vantage in vantages if vantage.health is VantageHealth.OFFLINE]
    if vantages and len(blind) == len(vantages):
        return ("I cannot see: no vantage point reaches its own canaries, so nothing is said about anybody else",)
    cut_off = [vantage.id for vantage in vantages if vantage.health is VantageHealth.ISOLATED]
    return (
        *(f"the vantage point “{name}” cannot see: it does not reach its own canaries" for name in blind),
        *(f"the vantage point “{name}” sees only its own country" for name in cut_off),
    )


def _status(vantage: str, country: str | None, heartbeat: Heartbeat | None, *, silent: bool) -> VantageStatus:
    report = next((one for one in heartbeat.vantages if one.vantage == vantage), None) if heartbeat else None
    if report is None or heartbeat is None:
        return VantageStatus(id=vantage, country=country, health=VantageHealth.UNKNOWN, since=None, heard=None)
    health = VantageHealth.UNKNOWN if silent else report.health
    return VantageStatus(id=vantage, country=country, health=health, since=report.since, heard=heartbeat.at, detail=report.detail)
