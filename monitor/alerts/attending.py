"""Whether somebody sees to an incident, or wants quiet about it: of the incident itself, or of the mass event it belongs to."""

from collections.abc import Sequence
from datetime import datetime

from monitor.core.incident import Event, Incident, fold
from monitor.core.kinds import EventKind
from monitor.core.severity import is_interception
from monitor.store import Care, Reading


async def is_attended(reading: Reading, incident: Incident, now: datetime) -> bool:
    """Whether nobody else need be called, or reminded."""
    for name in filter(None, (incident.id, incident.parent)):
        care = await reading.care(name)
        if is_muted(care, now) or is_acknowledged(care, await reading.events(name), incident):
            return True
    return False


def is_acknowledged(care: Care, log: Sequence[Event], incident: Incident) -> bool:
    """Whether somebody sees to an incident, by what was said of it, or of its mass event, whose `log` this is.

    What was said before it came back does not count any more; nor does what was said of a block where somebody listens in now.
    """
    if care.acknowledged_version is None:
        return False
    before = fold(event for event in log if event.version <= care.acknowledged_version)
    since = (event for event in log if event.version > care.acknowledged_version)
    if before is None or any(event.kind is EventKind.REOPENED for event in since):
        return False
    return is_interception(before) or not is_interception(incident)


def is_muted(care: Care, now: datetime) -> bool:
    """Whether somebody wants quiet."""
    return care.muted_until is not None and care.muted_until > now
