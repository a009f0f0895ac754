"""The shapes of the API's answers about single incidents: what is stated of them, what they are related to, what has changed."""

from datetime import datetime
from typing import Any, Final

from pydantic import Field

from api.schemas import Answer, Event, Incident
from monitor.core.descriptive import Action, ActorKind, ActorRole, Basis, LegalBasis
from monitor.core.dossier import Actor, CitedSource, Countries, DatedStatement, Dates, Dossier, LegalGround
from monitor.core.kinds import IncidentStage, Kind, Origin, RelationKind
from monitor.core.model import Words

_READ: Final = Basis.DOCUMENT


STATED: Final[dict[str, Any]] = Dossier(
    title=Words(en="Website of OVD-Info blocked by order of a court"),
    action=Action.WEBSITE_BLOCK_ORDERED,
    actors=(
        Actor(entity=Words(en="Lukhovitsy District Court"), kind=ActorKind.STATE_COURT, role=ActorRole.ORDERER, basis=_READ),
    ),
    legal_basis=(LegalGround(value=LegalBasis.COURT_ORDER, basis=_READ),),
    dates=Dates(decided=DatedStatement(date="2021-12-20", basis=_READ)),
    as_of="2024-03-01",
    countries=Countries(effect=("RU",)),
    sources=(CitedSource(title="Report to a United Nations mandate holder", passage="paragraph 10"),),
).model_dump(mode="json")
"""What may be stated of an incident, as an example."""


class IncidentLink(Answer):
    """Another incident, in short."""

    id: str = Field(examples=["CW-2026-0007"])
    title: str = Field(examples=["OVD-Info, ovdinfo.org: Notice"])
    kind: Kind
    stage: IncidentStage
    origin: Origin
    updated: datetime
    url: str = Field(examples=["https://cutwatch.example/incidents/CW-2026-0007"])
    url_api: str = Field(examples=["https://cutwatch.example/api/v1/incidents/CW-2026-0007"])


class RelatedIncident(IncidentLink):
    """Another incident and how the two are related: `relation` is what `subject` is to the other of them."""

    relation: RelationKind
    subject: str = Field(examples=["CW-2026-0042"], description="the one of the two that states the relation")


class StatedRelation(Answer):
    """That an incident stands in some relation to another."""

    relation: RelationKind
    incident: str = Field(examples=["CW-2026-0007"])


class IncidentVersion(Incident):
    """An incident as it was, with all that was stated of it then. Other incidents that you may not read are left out."""

    dossier: Dossier | None = Field(
        examples=[STATED], description="what people and documents state; null where nobody has described it"
    )
    seen_from: list[str] = Field(examples=[["moscow-home"]], description="every vantage point that had seen the loss")
    relations: list[StatedRelation]
    members: list[str] = Field(examples=[["CW-2026-0041"]], description="of a mass event: the incidents that one act caused")


class IncidentDetail(Incident):
    """An incident with all that is stated of it. In the dossier every statement names its basis.

    Related incidents and members that you may not read are left out.
    """

    dossier: Dossier | None = Field(
        examples=[STATED], description="what people and documents state; null where nobody has described it"
    )
    seen_from: list[str] = Field(examples=[["moscow-home"]], description="every vantage point that ever saw the loss")
    part_of: str | None = Field(examples=["CW-2026-0040"], description="the mass event that it is a member of")
    relations: list[RelatedIncident]
    members: list[IncidentLink] = Field(description="of a mass event: the incidents that one act caused")


class Difference(Answer):
    """One field that a version states differently from the one before. Null: that version does not state it."""

    field: str = Field(examples=["dossier.dates.decided.date"])
    before: Any = Field(examples=["2021-12"])
    after: Any = Field(examples=["2021-12-25"])


class LogEntry(Event):
    """An event with its reason, and what it changed. A version that was not public has no differences for the public."""

    reason: str | None = Field(examples=["the court's decision gives the day"])
    by: str | None = Field(
        examples=["staff"], description="who decided, for readers of the organisation; null: nobody, or not told"
    )
    differences: list[Difference]


class Log(Answer):
    """Everything that has happened to one incident and what that changed, oldest first."""

    items: list[LogEntry]


class Receipt(Answer):
    """Where a notice was entered. A key that may only enter notices cannot read it there."""

    id: str = Field(examples=["CW-2026-0042"])
    url: str = Field(examples=["https://cutwatch.example/incidents/CW-2026-0042"])
    url_api: str = Field(examples=["https://cutwatch.example/api/v1/incidents/CW-2026-0042"])


class Care(Answer):
    """What people have said about being told of an incident. Nobody outside the organisation is told of it."""

    incident: str = Field(examples=["CW-2026-0042"])
    acknowledged_at: datetime | None
    acknowledged_by: str | None = Field(examples=["staff"])
    muted_until: datetime | None
    muted_by: str | None
