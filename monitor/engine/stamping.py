"""From what a look saw to an observation: who looked, when, with what, and whether it may be relied on. Pure."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from monitor.engine.heap import Scheduled
from monitor.engine.looking import Seen
from probes.kit.observation import Control, Observation, new_id
from probes.kit.vocabulary import Unmeasured, Validity, VantageHealth


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """What every observation of a check bears."""

    check: str
    vantage: str
    country: str | None = None
    probe_version: int
    software: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """When a look began, how many real seconds it took, and whether its stages' durations may be wrong."""

    started_at: datetime
    duration: float
    suspect: bool


_SEEING: Final = frozenset({VantageHealth.HEALTHY, VantageHealth.UNKNOWN})
"""Where a control may stand. `unknown` is a place without canaries: whoever saw a failure has waited for its own."""


def observation(stamp: Stamp, seen: Seen | None, timing: Timing, health: dict[str, VantageHealth]) -> Observation:
    """Stamp what was seen; None where the vantage point could not be used at all.

    `health` is that of the vantage point and its controls, each as of a moment after the look began where that matters.
    What an offline vantage point saw is kept, and does not count; what an isolated one saw is marked as such.
    """
    unmeasured = _why_unmeasured(stamp, seen, health)
    return Observation(
        id=new_id(timing.started_at),
        check=stamp.check,
        vantage=stamp.vantage,
        country=stamp.country,
        started_at=timing.started_at,
        duration=timing.duration,
        facts=seen.facts if seen else None,
        control=tuple(_believed(one, health) for one in seen.control) if seen else (),
        validity=_validity(unmeasured, health.get(stamp.vantage)),
        unmeasured=unmeasured,
        timing_suspect=timing.suspect,
        probe_version=stamp.probe_version,
        software=stamp.software,
    )


def _believed(control: Control, health: dict[str, VantageHealth]) -> Control:
    """A control counts no more than its own vantage point's sight: one cut off from abroad finds everything dead."""
    return control if health.get(control.vantage) in _SEEING else replace(control, validity=Validity.INVALID)


def _validity(unmeasured: Unmeasured | None, health: VantageHealth | None) -> Validity:
    if unmeasured is not None:
        return Validity.INVALID
    return Validity.ISOLATED if health is VantageHealth.ISOLATED else Validity.VALID


def _why_unmeasured(stamp: Stamp, seen: Seen | None, health: dict[str, VantageHealth]) -> Unmeasured | None:
    if seen is None or seen.blind or health.get(stamp.vantage) is VantageHealth.OFFLINE:
        return Unmeasured.OFFLINE
    return Unmeasured.CRASHED if seen.facts is None else None


def gap(stamp: Stamp, item: Scheduled, missed: int, why: Unmeasured, drift: float) -> Observation:
    """That nothing is known of the `missed` periods after the one up to which `item` is accounted for.

    `drift` is the wall clock's distance from the steady one, in seconds.
    """
    started_at = datetime.fromtimestamp(item.start_of(item.period(item.accounted) + 1) + drift, UTC)
    return Observation(
        id=new_id(started_at),
        check=stamp.check,
        vantage=stamp.vantage,
        country=stamp.country,
        started_at=started_at,
        duration=float(missed * item.routine.every),
        facts=None,
        validity=Validity.INVALID,
        unmeasured=why,
        missed=missed,
        probe_version=stamp.probe_version,
        software=stamp.software,
    )


def crashed(lost: Observation) -> Observation:
    """The same observation without facts that cannot be put into bytes."""
    return replace(lost, facts=None, control=(), validity=Validity.INVALID, unmeasured=Unmeasured.CRASHED)
