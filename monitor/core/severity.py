"""How soon a person must know of an incident (design: `contracts.md`, severity)."""

from monitor.core.incident import Incident, Kind, Origin
from monitor.core.watchlist import Severity

INTERCEPTION = "tls.mitm"
"""Mechanisms that begin with this mean that somebody sits in the connection and may read along."""

_BY_KIND = {
    Kind.BLOCKING: Severity.MORNING,
    Kind.THROTTLING: Severity.MORNING,
    Kind.UNREACHABLE: Severity.MORNING,
    # What a look can see of a withdrawal today is a suspended account; a single removed item waits for its own rule.
    Kind.WITHDRAWAL: Severity.PAGE,
    Kind.RESTRICTION: Severity.MORNING,
    Kind.NOTICE: Severity.MORNING,
    Kind.DESIGNATION: Severity.MORNING,
    Kind.LAPSE: Severity.MORNING,
    Kind.OUTAGE: Severity.MORNING,
    # A country behind a wall is the worst event there is, and those inside have little time.
    Kind.ISOLATION: Severity.PAGE,
}


def severity(incident: Incident) -> Severity:
    """How soon a person must know. What people entered from documents never notifies: they know it already."""
    if incident.origin is Origin.ATTESTED:
        return Severity.NONE
    if is_interception(incident):
        return Severity.PAGE
    return _BY_KIND[incident.kind]


def is_interception(incident: Incident) -> bool:
    """Whether a false certificate was seen, so that what visitors type may be read on the way."""
    return any(mechanism.startswith(INTERCEPTION) for mechanism in incident.mechanisms)
