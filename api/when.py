"""When an incident happened, as far as anybody knows: where it stands on a timeline."""

from dataclasses import dataclass
from datetime import datetime

from monitor.core.edtf import points, span
from monitor.core.incident import Incident
from monitor.core.kinds import Origin


@dataclass(frozen=True, slots=True)
class When:
    """It began at `start` or later, and before `end`; the two are the same where it began at a known moment.

    `is_derived`: nobody dates it, and the two follow from other dates. Where only one side is known, they are that date.
    """

    start: datetime
    end: datetime
    is_derived: bool = False

    def meets(self, since: datetime | None, until: datetime | None) -> bool:
        """Whether it may have begun from `since` on and before `until`."""
        return (until is None or self.start < until) and (since is None or since < self.end or since <= self.start)


def when(incident: Incident) -> When | None:
    """When it began: by our own looks, else as it is stated, else as it follows from other dates; None where nobody knows."""
    if incident.origin is not Origin.ATTESTED:
        return When(incident.onset.by, incident.onset.by) if incident.onset else None
    if incident.dossier is None:
        return None
    stated, bounds = incident.dossier.dates.beginning, incident.dossier.bounds
    if stated is not None:
        return _between([stated.date], is_derived=False)
    return _between([one for one in (bounds.not_before, bounds.not_after) if one], is_derived=True) if bounds else None


def _between(dates: list[str], *, is_derived: bool) -> When | None:
    """From the first moment of the first date to the last moment of the last; a side that is left open adds nothing."""
    known = [span(point) for date in dates for point in points(date)]
    first, last = (known[0][0], known[-1][1]) if known else (None, None)
    return When(first, max(first, last), is_derived) if first and last else None
