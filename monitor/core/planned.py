"""Changes that an organisation itself has planned: a migration looks like interference, and is none."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from monitor.core.incident import case_key
from monitor.core.verdict import Verdict
from monitor.core.watchlist import PlannedChange, Watchlist
from probes.kit.vocabulary import Strength

Planned = Mapping[tuple[str, str], tuple[PlannedChange, ...]]
"""The planned changes of each target that has any, by organisation and target."""

NOTHING_PLANNED: Final[Planned] = MappingProxyType({})


def planned_changes(watchlist: Watchlist) -> Planned:
    """What the organisations have planned, as their files say."""
    return {(one.id, target.id): target.planned for one in watchlist.organisations for target in one.targets if target.planned}


def explanation(verdict: Verdict, planned: Planned) -> PlannedChange | None:
    """The planned change that explains the loss which a verdict shows, if one does.

    An explicit artefact is never explained: whoever moves house does not forge block pages. A good look needs no explaining.
    """
    if verdict.strength is Strength.EXPLICIT or case_key(verdict) is None:
        return None
    changes = planned.get((verdict.organisation, verdict.target), ())
    return next((change for change in changes if change.start <= verdict.at <= change.end), None)
