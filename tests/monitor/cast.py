"""A fixed cast for stories about incidents: OVD-Info's site, two lines in Russia and one in Berlin, three channels."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from monitor.core.incident import Bracket, CaseKey, Event, Incident
from monitor.core.kinds import EventKind, IncidentStage, Kind
from monitor.core.model import Words
from monitor.core.subscription import Alerts, Channel, Route
from monitor.core.watchlist import Monitor, NetworkKind, Organisation, Target, VantagePoint, Watchlist
from probes.kit.vocabulary import Strength

ONSET = datetime(2021, 12, 25, 9, 5, tzinfo=UTC)
ADDRESS = "https://watch.example"

OVD_INFO = Organisation(
    id="ovd-info",
    name=Words(en="OVD-Info", ru="ОВД-Инфо"),
    targets=(Target(id="ovd.info", url="https://www.ovd.info/"), Target(id="mail", domain="mail.ovd.info")),
)

VANTAGES = (
    VantagePoint(id="moscow-home", name=Words(en="Anna's flat"), country="RU", network=NetworkKind.RESIDENTIAL),
    VantagePoint(id="kazan-mobile", name=Words(en="Kazan"), country="RU", network=NetworkKind.MOBILE),
    VantagePoint(id="berlin", name=Words(en="Berlin"), country="DE", network=NetworkKind.DATACENTRE),
)

DESK = Channel(id="desk", kind="webhook", discreet=False)
PHONE = Channel(id="phone", kind="webhook")
PAGER = Channel(id="pager", kind="webhook")


def watchlist(*routes: Route, channels: tuple[Channel, ...] = (DESK, PHONE, PAGER)) -> Watchlist:
    return Watchlist(
        version="1",
        monitor=Monitor(vantages=VANTAGES),
        organisations=(OVD_INFO,),
        alerts=Alerts(channels=channels, routes=routes),
    )


BLOCKED = Incident(
    id="CW-2021-0001",
    version=2,
    key=CaseKey(organisation="ovd-info", target="ovd.info", family="path", country="RU"),
    kind=Kind.BLOCKING,
    stage=IncidentStage.CONFIRMED,
    onset=Bracket(after=ONSET - timedelta(minutes=5), by=ONSET),
    detected=ONSET,
    confirmed_at=ONSET + timedelta(minutes=3),
    vantages=("kazan-mobile", "moscow-home"),
    mechanisms=("tls.reset.sni",),
    rule="website.tls.reset.sni",
    because="The connection is reset as soon as it names the site.",
    strength=Strength.EXPLICIT,
    updated=ONSET + timedelta(minutes=3),
)

DOWN = replace(
    BLOCKED,
    id="CW-2021-0002",
    key=CaseKey(organisation="ovd-info", target="ovd.info", family="outage", country=None),
    kind=Kind.OUTAGE,
    mechanisms=(),
    strength=Strength.STRONG,
    vantages=("berlin", "moscow-home"),
)


CUT_OFF = replace(
    BLOCKED,
    id="CW-2021-0003",
    key=CaseKey(organisation="", target="", family="isolation", country="RU"),
    kind=Kind.ISOLATION,
    mechanisms=(),
    rule="canaries.sight.isolated",
    because="The canaries of its own country answer, and those abroad do not.",
    strength=Strength.STRONG,
    vantages=("kazan-mobile",),
)


def happening(kind: EventKind, incident: Incident, **data: Any) -> Event:
    """The event of this kind that has made the incident what it is."""
    return Event(incident=incident.id, version=incident.version, at=incident.updated, kind=kind, data=data)


def ended(incident: Incident) -> Incident:
    """The same incident, over after a day."""
    day = timedelta(days=1)
    return replace(
        incident,
        version=incident.version + 1,
        stage=IncidentStage.ENDED,
        end=Bracket(after=ONSET + day, by=ONSET + day + timedelta(minutes=10)),
        updated=incident.updated + day,
    )
