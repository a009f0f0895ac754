"""Changes that an organisation itself has planned: a migration looks like interference, and is none."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

from monitor.core.incident import case_key
from monitor.core.verdict import Verdict
from monitor.core.watchlist import PlannedChange, Watchlist
from probes.kit.vocabulary import Strength

Planned = Mapping[tuple[str, str], tuple[PlannedChange, ...]]
"""The planned changes of each target that has any, by organisation and target."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnouncedChange:
    """A change that somebody announced on the command line. `cancelled_at` is set once it is not to be expected any more."""

    id: str
    organisation: str
    target: str
    change: PlannedChange
    entered_at: datetime
    entered_by: str
    cancelled_at: datetime | None = None


NOTHING_PLANNED: Final[Planned] = MappingProxyType({})


def planned_changes(watchlist: Watchlist, announced: Iterable[AnnouncedChange] = ()) -> Planned:
    """What the organisations have planned, as their files say, and what was announced besides and still stands."""
    found = {(one.id, target.id): target.planned for one in watchlist.organisations for target in one.targets if target.planned}
    for one in announced:
        if one.cancelled_at is None:
            key = (one.organisation, one.target)
            found[key] = (*found.get(key, ()), one.change)
    return found


def explanation(verdict: Verdict, planned: Planned) -> PlannedChange | None:
    """The planned change that explains the loss which a verdict shows, if one does.

    An explicit artefact is never explained: whoever moves house does not forge block pages. A good look needs no explaining.
    """
    if verdict.strength is Strength.EXPLICIT or case_key(verdict) is None:
        return None
    changes = planned.get((verdict.organisation, verdict.target), ())
    return next((change for change in changes if change.start <= verdict.at <= change.end), None)
