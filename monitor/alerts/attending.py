"""Whether somebody sees to an incident, or wants quiet about it: of the incident itself, or of the mass event it belongs to."""

from collections.abc import Collection, Sequence
from datetime import datetime

from monitor.core.incident import Event, Incident, fold
from monitor.core.kinds import EventKind
from monitor.core.severity import is_interception
from monitor.store import Care, Reading


async def attended(reading: Reading, incidents: Collection[Incident], now: datetime) -> frozenset[str]:
    """The names of those incidents about which nobody else need be called, or reminded."""
    concerned = {name for one in incidents for name in (one.id, one.parent)}
    cares = [one for one in await reading.cares() if one.incident in concerned]
    logs = await reading.logs([one.incident for one in cares if one.acknowledged_version is not None])
    quiet = {one.incident for one in cares if is_muted(one, now)}
    seen_to = {one.incident: seen for one in cares if (seen := seen_to_as(one, logs.get(one.incident, ()))) is not None}
    return frozenset(
        one.id
        for one in incidents
        if not quiet.isdisjoint({one.id, one.parent})
        or any(covers(seen_to[name], one) for name in (one.id, one.parent) if name in seen_to)
    )


def seen_to_as(care: Care, log: Sequence[Event]) -> Incident | None:
    """An incident, whose `log` this is, as it was when somebody said that they see to it; None where nobody does.

    What was said before it came back does not count any more.
    """
    if care.acknowledged_version is None:
        return None
    if any(event.kind is EventKind.REOPENED and event.version > care.acknowledged_version for event in log):
        return None
    return fold(event for event in log if event.version <= care.acknowledged_version)


def covers(seen_to: Incident, incident: Incident) -> bool:
    """Whether somebody sees to an incident by what was said of it, or of its mass event, as that was then (`seen_to`).

    What was said of a block does not count where somebody listens in now.
    """
    return is_interception(seen_to) or not is_interception(incident)


def is_muted(care: Care, now: datetime) -> bool:
    """Whether somebody wants quiet."""
    return care.muted_until is not None and care.muted_until > now
