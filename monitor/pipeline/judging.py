"""What looks are worth: each is judged by its probe's rules, some against what their check showed while all was well."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from monitor.bus import Report
from monitor.core.ledger import REACH
from monitor.core.plan import Check
from monitor.core.sight import judge_round
from monitor.core.verdict import Verdict, judge, unjudged
from monitor.pipeline.watch import Watch
from monitor.store import Judged, Reading, Store, Writing
from probes.kit.observation import Observation
from probes.kit.probe import Probe

_log = structlog.get_logger()

REMEMBERED = 2000
"""Checks whose good looks of the last days are held in memory; the others are read again."""

GoodLooks = tuple[Observation, ...]
"""Earlier looks of a check that found all well, newest first."""


@dataclass(frozen=True, slots=True)
class Recollection:
    """Good looks of the last seven days, each check's read once an hour: in a mass failure every look asks for them."""

    _hours: dict[str, tuple[datetime, GoodLooks]] = field(default_factory=dict)

    async def of(self, reports: Iterable[Report], store: Store) -> Mapping[str, GoodLooks]:
        """What the checks of those looks that need a comparison showed while all was well. Raises `StoreUnavailable`."""
        checks = {report.observation.check: report.observation for report in reports if report.observation.control}
        if not checks:
            return {}
        async with store.reading() as reading:
            return {check: await self._well(reading, one) for check, one in checks.items()}

    async def _well(self, reading: Reading, observation: Observation) -> GoodLooks:
        """Those of the days before have not changed within the hour."""
        hour = observation.started_at.replace(minute=0, second=0, microsecond=0)
        remembered = self._hours.get(observation.check)
        if remembered is None or remembered[0] != hour:
            well = await reading.well_lately(observation.check, observation.started_at)
            remembered = hour, tuple(one.observation for one in well)
            while len(self._hours) >= REMEMBERED:
                self._hours.pop(next(iter(self._hours)))
            self._hours[observation.check] = remembered
        return remembered[1]


def judged(reports: Iterable[Report], watch: Watch, well: Mapping[str, GoodLooks]) -> list[Judged]:
    """The looks with their verdicts, without those at what is no longer watched; `well` by check."""
    return [one for report in reports if (one := _judged(report, watch, well.get(report.observation.check, ()))) is not None]


def _judged(report: Report, watch: Watch, well: GoodLooks) -> Judged | None:
    observation = report.observation
    sight = watch.sights.get(observation.check)
    if sight is not None:
        return Judged(observation=observation, verdict=judge_round(sight, observation))
    check = watch.checks.get(observation.check)
    if check is None:
        _log.warning("a look at something that is no longer configured was dropped", check=observation.check)
        return None
    verdict = _verdict(watch.probes[check.probe], check, observation, well)
    return Judged(observation=observation, verdict=verdict, blobs=report.blobs)


def _verdict(probe: Probe, check: Check, observation: Observation, well: Sequence[Observation]) -> Verdict:
    """Judge; a rule that fails is our fault: it must not hold up everybody else's looks, nor be taken for a finding."""
    try:
        return judge(probe, check, observation, well)
    except Exception:
        _log.exception("a rule failed; the look is kept as unclear", probe=probe.name, observation=observation.id)
        return unjudged(probe, check, observation)


def is_history(observation: Observation, now: datetime) -> bool:
    """Whether somebody else's look is too old to say anything of the present: it is kept, and no incident begins with it.

    Our own are never too old. Late as they may come, after a cut, nobody has told of them yet.
    """
    return observation.provenance is not None and now - observation.started_at > REACH


async def unknown(writing: Writing, reports: Sequence[Report]) -> list[Report]:
    """Those of the reports that are not stored yet, each once."""
    fresh = {report.observation.id: report for report in reports}
    known = await writing.known(list(fresh))
    return [report for name, report in fresh.items() if name not in known]
