"""What the service watches: the configuration in force, as the spine needs it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from monitor.core.incident import Incident
from monitor.core.plan import Check
from monitor.core.sight import sight_checks
from monitor.core.watchlist import Watchlist
from probes.kit.probe import Probe


@dataclass(frozen=True, slots=True)
class Watch:
    """The configuration in force: what is watched, by which checks, with which probes.

    `sights` are what the vantage points' rounds of canaries are filed under.
    """

    watchlist: Watchlist
    checks: Mapping[str, Check]
    probes: Mapping[str, Probe]
    sights: Mapping[str, Check] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "sights", sight_checks(self.watchlist))

    @property
    def registered(self) -> tuple[Check, ...]:
        """Everything under which anything is filed."""
        return (*self.checks.values(), *self.sights.values())

    def elsewhere(self, incident: Incident) -> Iterator[str]:
        """The checks that look at an incident's target from where it is not seen."""
        key = incident.key
        for check in self.checks.values():
            if (check.organisation, check.target) == (key.organisation, key.target) and check.vantage not in incident.vantages:
                yield check.id
