"""What becomes of an incident that the configuration no longer lets anybody follow. Pure.

It is taken back without a word on whether it was true: nobody looks any more, so whether the loss goes on is not known.
"""

from collections.abc import Iterable
from typing import Final

from monitor.core.incident import Change, Incident
from monitor.core.kinds import EventKind, IncidentStage
from monitor.core.plan import Check

CONFIGURATION: Final = "configuration"
"""Who decided, where nobody did: what was watched is not watched any more."""

NOBODY_LOOKS: Final = "no longer looked at from where it was seen; whether it goes on is not known"


def is_let_go(incident: Incident) -> bool:
    """Whether it was taken back for the configuration's sake alone."""
    return incident.stage is IncidentStage.RETRACTED and incident.stage_by == CONFIGURATION


def letting_go(incident: Incident, registered: Iterable[Check]) -> tuple[EventKind, Change] | None:
    """What an open incident suffers now that these are all checks that there are; None where nothing is gone.

    A vantage point that is gone no longer holds it open.
    """
    key = incident.key
    watching = {
        check.vantage
        for check in registered
        if (check.organisation, check.target) == (key.organisation, key.target) and key.country in {None, check.country}
    }
    if not watching & set(incident.vantages):
        return EventKind.RETRACTED, Change(stage=IncidentStage.RETRACTED, reason=NOBODY_LOOKS, by=CONFIGURATION)
    if watching >= set(incident.vantages):
        return None
    return EventKind.SCOPE_CHANGED, Change(vantages=tuple(sorted(watching & set(incident.vantages))))
