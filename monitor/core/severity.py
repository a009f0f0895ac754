"""How soon a person must know of an incident (design: `contracts.md`, severity)."""

from collections.abc import Iterable

from monitor.core.incident import Incident
from monitor.core.kinds import EventKind, Kind, Origin, Severity
from monitor.core.letting_go import is_let_go

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

_AT_ONCE = frozenset(
    {
        EventKind.CONFIRMED,
        EventKind.REOPENED,
        EventKind.RECLASSIFIED,
        EventKind.RELEASED,
        # Whoever was woken by a false alarm may be acting on it: warning people, closing accounts.
        EventKind.RETRACTED,
    }
)
"""What is told at once where the incident wakes people. Everything else about it, and that it is over, lets them sleep."""


def severity(incident: Incident) -> Severity:
    """How soon a person must know. What people entered from documents never notifies: they know it already."""
    if incident.origin is Origin.ATTESTED:
        return Severity.NONE
    if is_interception(incident):
        return Severity.PAGE
    return _BY_KIND[incident.kind]


def urgency(event: EventKind, incident: Incident) -> Severity:
    """How soon a person must know of this news of an incident; never sooner than of the incident itself."""
    own = severity(incident)
    is_pressing = event in _AT_ONCE and not is_let_go(incident)
    return Severity.MORNING if own is Severity.PAGE and not is_pressing else own


def is_interception(incident: Incident) -> bool:
    """Whether a false certificate was seen, so that what visitors type may be read on the way."""
    return intercepts(incident.mechanisms)


def intercepts(mechanisms: Iterable[str]) -> bool:
    """Whether one of these says that somebody sits in the connection."""
    return any(mechanism.startswith(INTERCEPTION) for mechanism in mechanisms)
