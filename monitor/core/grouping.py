"""What travels together: the name of the bundle that a message belongs to. Pure.

Messages of one route and channel travel as one where their bundles are the same and they fall due together. What wakes people
is never in one bundle with what may wait, and the digest is always one.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

from monitor.core.incident import Incident
from monitor.core.kinds import Severity
from monitor.core.subscription import GroupBy, Route
from monitor.core.timing import is_held

PAGE: Final = "page"
HELD: Final = "held"
DIGEST: Final = "digest"
"""How the bundles begin of what wakes people, of what quiet hours hold back, and of the digest."""

_SHARED: Final[Mapping[GroupBy, Callable[[Incident], str]]] = MappingProxyType(
    {
        GroupBy.ORGANISATION: lambda incident: incident.key.organisation,
        GroupBy.KIND: lambda incident: incident.kind.value,
        GroupBy.PROVIDER: lambda incident: incident.provider or "",
        GroupBy.COUNTRY: lambda incident: ",".join(sorted(incident.countries)),
        GroupBy.INCIDENT: lambda incident: incident.id,
    }
)


def bundle(urgency: Severity, at: datetime, incident: Incident, route: Route) -> str:
    """The bundle of a message about an incident that is owed since `at`.

    It holds what the route's `group.by` names. Where that would part a mass event from its members, they are one all the same.
    """
    if urgency is Severity.DIGEST:
        return DIGEST
    return "/".join(part for part in (_haste(urgency, at, route), _shared(incident, route)) if part)


def _haste(urgency: Severity, at: datetime, route: Route) -> str:
    if urgency is Severity.PAGE:
        return PAGE
    return HELD if is_held(urgency, at, route) else ""


def _shared(incident: Incident, route: Route) -> str:
    whole = incident.parent or (incident.id if incident.members else None)
    if whole and route.group.by:
        return f"mass={whole}"
    return "/".join(f"{one}={_SHARED[one](incident)}" for one in GroupBy if one in route.group.by)
