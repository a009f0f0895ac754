"""What is to be told: news of an incident, for certain readers, and which turn of it matters to them."""

from collections.abc import Collection
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from monitor.core.disclosure import effective_tlp
from monitor.core.extent import Extent, extent
from monitor.core.incident import Event, Incident
from monitor.core.kinds import EventKind, IncidentStage, Severity
from monitor.core.letting_go import is_let_go
from monitor.core.model import Language, Tlp
from monitor.core.phrases import PHRASES
from monitor.core.phrases.table import INTERCEPTED, Loss, Phrases
from monitor.core.severity import is_interception, severity, urgency
from monitor.core.watchlist import Watchlist

_TURN_OF_STAGE: Final = MappingProxyType(
    {
        IncidentStage.ENDED: EventKind.ENDED,
        IncidentStage.REINSTATED: EventKind.REINSTATED,
        IncidentStage.AVERTED: EventKind.AVERTED,
        IncidentStage.RETRACTED: EventKind.RETRACTED,
    }
)

_LAST: Final = frozenset(_TURN_OF_STAGE.values())

_TURNS: Final = _LAST | {EventKind.REINSTATEMENT_ANNOUNCED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """What is to be told, in which language. `address` is where readers find us.

    - `before`: the incident as it was until then, where that is known
    - `is_reminder`: nothing new has happened; the loss stands and nobody has acknowledged it
    - `is_worse`: a correction says that people must know sooner than was thought
    - `is_escalation`: it comes to these readers because nobody has acknowledged it
    - `may_name`: ids of the organisations that these readers may hear of in a mass event (None: all)
    """

    event: Event
    incident: Incident
    watchlist: Watchlist
    language: Language
    address: str
    before: Incident | None = None
    is_reminder: bool = False
    is_escalation: bool = False
    is_worse: bool = False
    may_name: Collection[str] | None = None

    @property
    def link(self) -> str:
        """The incident's page."""
        return f"{self.address}/incidents/{self.incident.id}"

    @property
    def phrases(self) -> Phrases:
        """The words of its language."""
        return PHRASES[self.language]

    @property
    def loss(self) -> Loss:
        """How this kind of loss is told."""
        return self.phrases.losses[INTERCEPTED if is_interception(self.incident) else self.incident.kind]

    @property
    def is_public(self) -> bool:
        """Whether everybody may know of the case."""
        return effective_tlp(self.incident, self.watchlist) is Tlp.CLEAR

    @property
    def urgency(self) -> Severity:
        """How soon these readers must know of it. A reminder is as urgent as the incident; good news and details can wait."""
        if self.is_reminder or self.is_worse:
            return severity(self.incident)
        return urgency(self.event.kind, self.incident)

    @property
    def cannot_wait(self) -> bool:
        """Whether something stands that people must act on at once."""
        return self.stands and self.urgency is Severity.PAGE

    @property
    def extent(self) -> Extent:
        """How its extent has changed, where that is the news and it stands."""
        is_news = self.event.kind is EventKind.SCOPE_CHANGED and self.stands and not self.is_reminder
        return extent(self.before, self.incident) if is_news else Extent.UNKNOWN

    @property
    def turn(self) -> EventKind:
        """The turn that matters to the reader: `confirmed` while the loss stands, whatever the news of it is.

        News of what is over must not say that it stands, so the incident's stage decides where the event does not.
        """
        if self.event.kind in _TURNS and not self.is_reminder:
            return self.event.kind
        return _TURN_OF_STAGE.get(self.incident.stage, EventKind.CONFIRMED)

    @property
    def stands(self) -> bool:
        """Whether the loss is told as one that stands."""
        return self.turn is EventKind.CONFIRMED

    @property
    def is_over(self) -> bool:
        """Whether nothing stands any more that could be acknowledged or muted."""
        return self.turn in _LAST

    @property
    def is_let_go(self) -> bool:
        """Whether nobody looks any more: it is not over, and was no false alarm."""
        return self.turn is EventKind.RETRACTED and is_let_go(self.incident)

    @property
    def is_scattered(self) -> bool:
        """Whether a mass event is taken back that was none. Its members may well stand."""
        return self.incident.is_mass and self.turn is EventKind.RETRACTED and not self.is_let_go
