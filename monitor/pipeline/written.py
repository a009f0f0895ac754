"""What came of writing a batch of looks."""

from collections.abc import Sequence
from dataclasses import dataclass

from monitor.core.deadline import Deadline
from monitor.core.incident import Event, Incident
from monitor.core.isolation import IsolationStep
from monitor.core.ledger import Step
from monitor.core.mass import MassStep
from monitor.pipeline.watch import Watch
from monitor.store import Judged


@dataclass(frozen=True, slots=True)
class Written:
    """What a batch has changed, to be remembered now that it is stored."""

    step: Step
    isolation: IsolationStep
    mass: MassStep
    judged: Sequence[Judged]
    dates: Sequence[Deadline]
    messages: int
    watch: Watch
    """The configuration under which it was written."""

    @property
    def events(self) -> tuple[tuple[Event, Incident], ...]:
        """All that has happened."""
        return (*self.step.events, *self.isolation.events, *self.mass.events)
