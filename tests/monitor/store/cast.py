"""The fixed cast of the store's stories: OVD-Info's site, watched from a network in Russia and from Berlin."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from monitor.core.incident import Bracket, CaseKey, Change, Event, Incident, apply, record
from monitor.core.kinds import EventKind, IncidentStage, Kind
from monitor.core.message import Message, MessageKind
from monitor.core.model import Tlp
from monitor.core.plan import Check, check_id
from monitor.core.verdict import Verdict
from monitor.store import Judged, Store
from probes.kit.observation import Blob, DnsLookup, Facts, HttpExchange, Observation, TcpConnect, TlsHandshake
from probes.kit.vocabulary import State, Strength, Unmeasured, Validity, WhyUnclear

NOON = datetime(2021, 12, 25, 12, 0, tzinfo=UTC)
"""The day on which OVD-Info's site was blocked."""

_serial = count(1)


def after(minutes: float) -> datetime:
    """So many minutes after noon."""
    return NOON + timedelta(minutes=minutes)


def a_check(
    vantage: str = "moscow", *, organisation: str = "ovd-info", target: str = "site", country: str | None = "RU"
) -> Check:
    return Check(
        id=check_id(organisation, target, "website", vantage),
        organisation=organisation,
        target=target,
        probe="website",
        vantage=vantage,
        country=country,
        every=300,
        params={"url": "https://ovd.info.example/"},
    )


MOSCOW = a_check("moscow")
BERLIN = a_check("berlin", country="DE")


def a_look(
    at: datetime = NOON,
    state: State = State.OK,
    check: Check = MOSCOW,
    *,
    name: str | None = None,
    blobs: tuple[Blob, ...] = (),
    facts: Facts | None = None,
    duration: float = 0.5,
    missed: int = 0,
    because: str | None = None,
) -> Judged:
    """A look that was judged to show `state`."""
    gap = state is State.UNMEASURED
    observation = Observation(
        id=name or f"look-{next(_serial):06d}",
        check=check.id,
        vantage=check.vantage,
        country=check.country,
        started_at=at,
        duration=0.0 if gap else duration,
        facts=None if gap else facts or Facts(),
        validity=Validity.INVALID if gap else Validity.VALID,
        unmeasured=Unmeasured.LATE if gap else None,
        missed=missed,
        probe_version=1,
        software="cutwatch 0.1.0",
    )
    return Judged(observation=observation, verdict=a_verdict(observation, state, check, because), blobs=blobs)


def a_verdict(observation: Observation, state: State, check: Check, because: str | None = None) -> Verdict:
    return Verdict(
        observation=observation.id,
        check=check.id,
        organisation=check.organisation,
        target=check.target,
        probe=check.probe,
        vantage=check.vantage,
        country=check.country,
        at=observation.started_at,
        state=state,
        rule=f"website.test.{state}",
        because=because or f"the test says {state}",
        strength=Strength.STRONG,
        why_unclear=WhyUnclear.NO_CONTROL if state is State.UNCLEAR else None,
        mechanism="tls.reset.sni" if state is State.BLOCKED else None,
        ruleset="website/1",
    )


async def kept(store: Store, observation: str) -> Judged:
    """The look as the store has kept it; it must be there."""
    async with store.reading() as reading:
        found = await reading.observation(observation)
    assert found is not None
    return found


REQUEST = Blob.of(b"GET / HTTP/1.1\r\nhost: ovd.info.example\r\n\r\n")
PAGE = Blob.of("<html><title>ОВД-Инфо</title></html>".encode() * 100)


def rich_facts() -> Facts:
    """Facts with a step of every kind, long enough to be compressed."""
    return Facts(
        dns=(
            DnsLookup(
                started=0.0,
                duration=0.0123,
                resolver="130.192.3.21:53",
                transport="udp",
                name="ovd.info.example",
                qtype="A",
                rcode="NOERROR",
                answers=("130.192.91.7", "130.192.91.8"),
                wire="0" * 64,
            ),
        ),
        tcp=(TcpConnect(started=0.02, duration=0.01, address="130.192.91.7", port=443),),
        tls=(
            TlsHandshake(
                started=0.03,
                duration=0.03,
                failure="ssl_unknown_authority",
                address="130.192.91.7",
                port=443,
                server_name="ovd.info.example",
                version="TLSv1.3",
                not_after=NOON + timedelta(days=60),
                chain_hash="1" * 64,
                chain="1" * 64,
            ),
        ),
        http=tuple(
            HttpExchange(
                hop=hop,
                started=0.1 + hop,
                duration=0.2,
                url=f"https://ovd.info.example/{hop}",
                address="130.192.91.7",
                status=200,
                header_names=("date", "content-type", "content-length"),
                title="ОВД-Инфо",
                body_length=4400,
                received=((0.25, 1400), (0.5, 4400)),
                request=REQUEST.name,
                body=PAGE.name,
            )
            for hop in range(4)
        ),
        details={"hops": 4, "words": ["новости"]},
    )


SITE_IN_RUSSIA = CaseKey(organisation="ovd-info", target="site", family="path", country="RU")


def opened(
    incident: str = "CW-2021-0001", at: datetime = NOON, *, looks: tuple[str, ...] = (), **given: Any
) -> tuple[Event, Incident]:
    """The event that opens an incident, and the incident."""
    change = Change(
        key=SITE_IN_RUSSIA,
        kind=Kind.BLOCKING,
        stage=IncidentStage.SUSPECTED,
        onset=Bracket(after=at - timedelta(minutes=5), by=at),
        vantages=("moscow",),
        mechanisms=("tls.reset.sni",),
        rule="website.tls.reset_by_sni",
        because="the connection was reset when it named the site",
        strength=Strength.STRONG,
        looks=looks,
    )
    event = record(incident, 1, at, EventKind.OPENED, replace(change, **given))
    return event, apply(None, event)


def confirmed(incident: Incident, at: datetime) -> tuple[Event, Incident]:
    """The event that confirms an incident, and the incident thereafter."""
    event = record(incident.id, incident.version + 1, at, EventKind.CONFIRMED, Change(stage=IncidentStage.CONFIRMED))
    return event, apply(incident, event)


def released(incident: Incident, at: datetime) -> tuple[Event, Incident]:
    """The event by which a person makes an incident public, and the incident thereafter."""
    change = Change(tlp=Tlp.CLEAR, reason="reviewed")
    event = record(incident.id, incident.version + 1, at, EventKind.RELEASED, change)
    return event, apply(incident, event)


def a_message(
    name: str, at: datetime = NOON, *, incident: str | None = "CW-2021-0001", channel: str = "hook", version: int = 1
) -> Message:
    return Message(
        id=name,
        kind=MessageKind.ALARM if incident else MessageKind.SELF,
        incident=incident,
        version=version,
        route="on-call",
        channel=channel,
        created_at=at,
        payload={"type": "incident.opened", "data": {"title": "Сайт ОВД-Инфо заблокирован"}},
    )
