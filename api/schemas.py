"""The shapes of the API's answers. Times are RFC 3339 in UTC; what is absent is null, never left out."""

from datetime import datetime
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

from monitor.alerts.payload import IncidentData
from monitor.core.kinds import EventKind, IncidentStage, Kind, Origin
from monitor.core.model import Tlp
from monitor.core.watchlist import NetworkKind
from probes.kit.vocabulary import Meant, Strength, VantageHealth, VantageKind, WhyUnclear
from probes.kit.vocabulary import State as StateWord


class Answer(BaseModel):
    """Base of all answers."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


class Bracket(Answer):
    """When something happened, as far as looks can tell: after `after` (null: not known) and at the latest at `by`."""

    after: datetime | None = Field(examples=["2026-11-21T10:00:12Z"])
    by: datetime = Field(examples=["2026-11-21T10:05:13Z"])


class Incident(Answer):
    """A loss of access. `vantages` is empty for readers outside the organisation."""

    id: str = Field(examples=["CW-2026-0042"])
    version: int = Field(examples=[3], description="how many events have made it")
    title: str = Field(examples=["OVD-Info, ovdinfo.org: Blocking in Russia"])
    kind: Kind = Field(examples=[Kind.BLOCKING])
    stage: IncidentStage = Field(examples=[IncidentStage.CONFIRMED])
    origin: Origin = Field(examples=[Origin.MEASURED])
    tlp: Tlp = Field(examples=[Tlp.CLEAR])
    organisation: str | None = Field(examples=["ovd-info"], description="null where a whole network is cut off")
    target: str | None = Field(examples=["site"])
    provider: str | None = Field(examples=[None])
    countries: list[str] = Field(examples=[["RU"]], description="where the loss is felt (ISO 3166)")
    onset: Bracket | None = Field(description="null where no source says when it began")
    end: Bracket | None = Field(examples=[None])
    detected: datetime = Field(examples=["2026-11-21T10:05:13Z"])
    confirmed_at: datetime | None = Field(examples=["2026-11-21T10:20:41Z"])
    updated: datetime = Field(examples=["2026-11-21T10:20:41Z"])
    intermittent: bool = Field(examples=[False], description="it has come back after it was over")
    vantages: list[str] = Field(examples=[["moscow-home"]], description="the vantage points that see the loss")
    mechanisms: list[str] = Field(examples=[["tls.reset.sni"]])
    rule: str | None = Field(
        examples=["website.tls.reset.sni"], description="permanent id of the rule that says so; null: nobody looked"
    )
    because: str | None = Field(examples=["The connection was reset as soon as the name ovdinfo.org was sent."])
    strength: Strength | None = Field(examples=[Strength.EXPLICIT])
    url: str = Field(examples=["https://cutwatch.example/incidents/CW-2026-0042"])
    url_api: str = Field(examples=["https://cutwatch.example/api/v1/incidents/CW-2026-0042"])


class IncidentList(Answer):
    """One page of incidents, the latest change first. `next` is the `after` of the next page, null on the last."""

    items: list[Incident]
    next: str | None = Field(examples=["CW-2026-0017"])


class Event(Answer):
    """One entry of an incident's log: what changed. Readers outside the organisation see less of `data`."""

    incident: str = Field(examples=["CW-2026-0042"])
    version: int = Field(examples=[2])
    at: datetime
    kind: EventKind
    data: dict[str, Any] = Field(examples=[{"stage": "confirmed", "strength": "explicit"}])


class NamedEvent(Event):
    """An event of the whole log, under a name that never changes."""

    id: str = Field(examples=["CW-2026-0042.2"], description="its incident, and the version that it made")


class EventList(Answer):
    """One page of the log, oldest first. `next` is the `after` of the next page; keep it, and ask again later."""

    items: list[NamedEvent]
    next: str = Field(examples=["CW-2026-0042.2"])


class IncidentLog(Answer):
    """Everything that has happened to one incident, oldest first."""

    items: list[Event]


class Provenance(Answer):
    """Who made a look that is not our own. Whoever passes it on must name them, as `attribution` says.

    What would lead to a volunteer's line is null for readers outside the organisation, unless it is published anyway.
    """

    service: str = Field(examples=["ooni"])
    name: str | None = Field(examples=["20261121112233.123456_RU_webconnectivity_0123456789abcdef"])
    url: str | None = Field(examples=["https://explorer.ooni.org/m/20261121112233.123456_RU_webconnectivity_0123456789abcdef"])
    attribution: str = Field(examples=["OONI, CC BY-NC-SA 4.0"])
    asn: int | None = Field(examples=[12389])
    network: str | None
    software: str | None


class Look(Answer):
    """One look and the verdict on it. `vantage` is null for readers outside the organisation.

    `provenance` says who made it; null where it is our own.
    """

    observation: str
    at: datetime
    probe: str = Field(examples=["website"])
    vantage: str | None = Field(examples=["moscow-home"])
    country: str | None = Field(examples=["RU"])
    state: StateWord
    rule: str
    because: str
    strength: Strength
    why_unclear: WhyUnclear | None
    mechanism: str | None
    scope: Meant | None
    provenance: Provenance | None


class Instrument(Answer):
    """How well our own instrument worked in the looks of one page, at one vantage point; counts of several pages add up.

    For readers outside the organisation `vantage` is null, and the looks from one country are taken together.
    """

    vantage: str | None = Field(examples=["moscow-home"])
    country: str | None = Field(examples=["RU"])
    looks: int = Field(examples=[2016], description="looks that were due: those made, and every period without one")
    failed: dict[str, int] = Field(examples=[{"late": 3}], description="those that count for nothing because of us, by reason")
    error_rate: float = Field(examples=[0.0015], description="their share")
    timing_suspect: int = Field(examples=[0], description="looks whose durations cannot be trusted, since the machine was busy")
    clock_offset: int | None = Field(
        examples=[0], description="seconds by which our clock was behind the target's server, as good looks tell; null: none told"
    )
    clock_looks: int = Field(examples=[1990], description="looks that told the clock's offset")


class LookList(Answer):
    """One page of the looks at an incident's target, good ones and gaps included, oldest first, from a week before it on.

    `next` is the `after` of the next page, null on the last.
    """

    items: list[Look]
    instrument: list[Instrument]
    next: str | None = Field(examples=["1795255200000000.019ab2c3d4e5f60718293a4b5c6d7e8f"])


class State(Answer):
    """What the latest look of one check says. During a gap `measured_…` tell what was known before it.

    `vantage` is null for readers outside the organisation.
    """

    organisation: str = Field(examples=["ovd-info"])
    target: str = Field(examples=["site"])
    probe: str = Field(examples=["website"])
    vantage: str | None = Field(examples=["moscow-home"])
    country: str | None = Field(examples=["RU"])
    state: StateWord
    since: datetime
    last_at: datetime
    rule: str
    because: str
    strength: Strength
    why_unclear: WhyUnclear | None
    mechanism: str | None
    scope: Meant | None
    measured_state: StateWord | None
    measured_since: datetime | None
    measured_at: datetime | None


class Freshness(Answer):
    """How many of the checks were made within the last `minutes`."""

    total: int
    fresh: int
    minutes: int
    newest: datetime | None


class StateList(Answer):
    """One page of where checks stand, and how fresh our knowledge of all of them is. `next` is null on the last page."""

    items: list[State]
    next: str | None = Field(examples=["ovd-info/site/website/1"])
    freshness: Freshness


class Span(Answer):
    """A stretch of equal states, known from `started_at` to `last_at`; the next one began at `ended_at`."""

    state: StateWord
    started_at: datetime
    last_at: datetime
    ended_at: datetime | None
    looks: int


class Course(State):
    """Where a check stands, and how it has stood during the last seven days."""

    spans: list[Span]


class Target(Answer):
    """One asset of an organisation."""

    id: str = Field(examples=["site"])
    name: str = Field(examples=["ovdinfo.org"])
    url: str | None = Field(examples=["https://ovdinfo.org/"])
    domain: str | None
    tlp: Tlp
    paused: bool
    checks: list[Course]


class Organisation(Answer):
    """An organisation that is watched. `states` counts its checks by where they stand."""

    id: str = Field(examples=["ovd-info"])
    name: str = Field(examples=["OVD-Info"])
    country: str | None = Field(examples=["RU"])
    tlp: Tlp
    states: dict[StateWord, int] = Field(examples=[{"ok": 11, "blocked": 1}])
    open_incidents: int
    url: str
    url_api: str


class OrganisationList(Answer):
    """One page of the organisations that the reader may know to be watched. `next` is null on the last."""

    items: list[Organisation]
    next: str | None = Field(examples=["ovd-info"])


class OrganisationDetail(Organisation):
    """An organisation with its targets, their checks and its incidents that are open."""

    targets: list[Target]
    incidents: list[Incident]


class VantagePoint(Answer):
    """A network and place from which we look, and whether it can see."""

    id: str = Field(examples=["moscow-home"])
    name: str
    country: str | None = Field(examples=["RU"])
    asn: int | None = Field(examples=[12389])
    kind: VantageKind
    network: NetworkKind
    control: list[str] = Field(description="the vantage points that it is compared with")
    paused: bool
    health: VantageHealth
    since: datetime | None
    heard: datetime | None = Field(description="when its prober last reported")
    detail: str


class VantagePointList(Answer):
    """One page of vantage points. `next` is null on the last."""

    items: list[VantagePoint]
    next: str | None = Field(examples=["moscow-home"])


class Health(Answer):
    """Whether the monitor can be relied on. `problems` are told to those only who may read what is private."""

    ready: bool
    paused: bool
    blind: bool = Field(description="no vantage point can see: no incident begins or ends")
    problems: list[str]


class Alive(Answer):
    """There is an answer."""

    status: str = Field(examples=["ok"])


class Index(Answer):
    """Where everything is."""

    name: str = Field(examples=["Cutwatch"])
    version: str = Field(examples=["0.1.0"])
    description: str = Field(examples=["https://cutwatch.example/openapi.json"], description="the OpenAPI description")
    links: dict[str, str]
    templates: dict[str, str] = Field(
        examples=[{"exposure": "https://cutwatch.example/api/v1/exposure{?lang,organisation}"}],
        description="addresses to be filled in (RFC 6570): those that want a filter, and those of a single thing",
    )


_TOLD: Final[dict[str, Any]] = {
    "incident": "CW-2026-0042",
    "version": 3,
    "stage": "confirmed",
    "severity": "page",
    "incident_severity": "page",
    "tlp": "CLEAR",
    "title": "OVD-Info, ovdinfo.org: Blocking in Russia",
    "url": "https://cutwatch.example/incidents/CW-2026-0042",
    "url_api": "https://cutwatch.example/api/v1/incidents/CW-2026-0042",
    "details": None,
    "late": False,
    "covers": [],
    "language": "en",
    "text": "The connection was reset as soon as the name ovdinfo.org was sent.",
}
"""What an alert tells, as an example."""


class Unreleased(Answer):
    """An incident that you could read once, and may read no more."""

    incident: str = Field(examples=["CW-2026-0042"])


class Alert(Answer):
    """What a webhook would be sent, under a name that never changes; or `incident.unreleased`, which only names the incident."""

    id: str = Field(examples=["CW-2026-0042.3"], description="the incident, and the version that its event made")
    type: str = Field(examples=["incident.confirmed"], description="as a webhook's `type`")
    time: datetime = Field(examples=["2026-11-21T10:20:41Z"], description="when it happened")
    data: IncidentData | Unreleased = Field(examples=[_TOLD])


class AlertList(Answer):
    """One page of alerts, oldest first. `next` is the `after` of the next page; keep it, and ask again later."""

    items: list[Alert]
    next: str = Field(examples=["CW-2026-0042.3"])
