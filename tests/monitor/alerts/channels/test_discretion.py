"""What leaves this machine through a discreet channel, to the last byte: no organisation, no site, no company, no reason.

Names are planted wherever the configuration, an incident, an event and a route can hold one.
"""

import base64
import io
import json
import quopri
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from email import message_from_bytes
from email.header import decode_header, make_header
from typing import Any

import pytest

from monitor.alerts.channels import alertmanager, chat, email, webhook
from monitor.alerts.channels.kit.outcome import Result
from monitor.core import routing
from monitor.core.bundling import Waiting, bundle
from monitor.core.hearing import Turn
from monitor.core.incident import Incident
from monitor.core.kinds import EventKind, IncidentStage
from monitor.core.message import Message, MessageKind, Parcel
from monitor.core.model import Language, Tlp, Words
from monitor.core.routing import TOLD_AS
from monitor.core.subscription import Channel, Route
from monitor.core.watchlist import Organisation, Provider, ProviderKind, Target, Watchlist
from tests.lab.mail import MailSink
from tests.lab.sinks import WebhookSink
from tests.monitor.alerts.channels.parcels import NOW
from tests.monitor.cast import ADDRESS, BLOCKED, happening, watchlist
from tests.monitor.core.messages import MASS

NAMED = "zlatoust"
CLOSED = Channel(id="closed", kind="chat", discreet=False, up_to=Tlp.CLEAR)
DISCREET = Channel(id="discreet", kind="chat")
FRIENDS = Channel(id="friends", kind="chat", up_to=Tlp.GREEN)
CHANNELS = (DISCREET, CLOSED, FRIENDS)

ORGANISATION = Organisation(
    id=f"{NAMED}-ngo",
    name=Words(en="Zlatoust", ru="Zlatoust"),
    targets=(Target(id=f"{NAMED}.org", url=f"https://www.{NAMED}.org/", name=Words(en="Zlatoust's site")),),
)
COMPANY = Provider(id=f"{NAMED}-inc", name=Words(en="Zlatoust Inc."), kinds=(ProviderKind.HOSTING,))

ONE = replace(
    BLOCKED,
    key=replace(BLOCKED.key, organisation=ORGANISATION.id, target=ORGANISATION.targets[0].id),
    provider=COMPANY.id,
    because="Zlatoust was refused.",
    mechanisms=(f"http.blockpage.{NAMED}",),
)
SHARED = replace(ONE, id="CW-2021-0005", tlp=Tlp.GREEN)
MANY = replace(MASS, affected=(ORGANISATION.id,), provider=COMPANY.id)


def planted(language: Language) -> Watchlist:
    route = Route(id=f"{NAMED}-duty", channels=("discreet", "closed", "friends"), language=language)
    known = {"organisations": (ORGANISATION,), "providers": (COMPANY,)}
    return watchlist(route, channels=CHANNELS).model_copy(update=known)


_STAGES = {
    EventKind.ENDED: IncidentStage.ENDED,
    EventKind.REINSTATED: IncidentStage.REINSTATED,
    EventKind.AVERTED: IncidentStage.AVERTED,
    EventKind.RETRACTED: IncidentStage.RETRACTED,
}


def owed(event: EventKind, incident: Incident, language: Language) -> Iterator[Message]:
    """What the event owes to a discreet channel, and to one that may not hear of the incident any more."""
    so = replace(incident, stage=_STAGES.get(event, IncidentStage.CONFIRMED))
    happened = happening(event, so, reason="Zlatoust says so", by="staff")
    watched = planted(language)
    yield from routing.route(happened, so, watched, ADDRESS)
    if so.stage is IncidentStage.CONFIRMED:
        yield routing.reminder_message(so, happened, watched.alerts.routes[0], DISCREET, 1, watched, ADDRESS, NOW)


def parcels(language: Language) -> Iterator[Parcel]:
    """Everything that can leave, alone and all together, the late ones too."""
    messages = [one for event in TOLD_AS for incident in (ONE, MANY, SHARED) for one in owed(event, incident, language)]
    told = [Turn(message="", route=one.route, channel=one.channel, incident=one.incident or "", version=0) for one in messages]
    for one in messages:
        yield from (sealed.parcel for sealed in bundle([Waiting(message=one)], told, NOW).parcels)
    alarms = [one for one in messages if one.kind is MessageKind.ALARM and one.channel == "discreet"]
    ends = [replace(one, version=9) for one in messages if one.kind is MessageKind.RECOVERY and one.channel == "discreet"]
    yield from (sealed.parcel for sealed in bundle([Waiting(message=one) for one in (*alarms, *ends)], (), NOW).parcels)
    yield from (sealed.parcel for sealed in bundle([Waiting(message=one, again=True) for one in messages], (), NOW).parcels)


EVERYTHING = [parcel for language in ("en", "ru") for parcel in parcels(language)]


@pytest.fixture
async def sink() -> AsyncIterator[WebhookSink]:
    async with WebhookSink.running() as running:
        yield running


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch, sink: WebhookSink) -> None:
    monkeypatch.setenv("SIGNING", "whsec_" + base64.b64encode(b"a key of at least 24 bytes").decode())
    host = sink.url.removeprefix("http://").removesuffix("/hook")
    monkeypatch.setenv("ROOM", f"mmost://{host}/token-of-the-room-00000000")


def received(sink: WebhookSink) -> str:
    """Every byte of every request: line, headers, body."""
    requests = sink.requests
    return "\n".join(f"{one.method} {one.target} {dict(one.headers)} {one.body.decode()}" for one in requests).lower()


def test_it_is_told_in_all_ways_there_are() -> None:
    types = {parcel.payload["type"] for parcel in EVERYTHING}
    assert types == {*(f"incident.{one.value}" for one in TOLD_AS), "incident.reminder", "group"}
    assert {parcel.channel for parcel in EVERYTHING} == {"discreet", "closed", "friends"}


def test_no_payload_names_anybody() -> None:
    for parcel in EVERYTHING:
        assert NAMED not in json.dumps(parcel.payload, ensure_ascii=False).lower()


async def test_no_webhook_names_anybody(sink: WebhookSink) -> None:
    settings = webhook.Settings(url=sink.url, secret="SIGNING", allow_private=("127.0.0.1",))
    for parcel in EVERYTHING:
        assert (await webhook.deliver(parcel, settings, NOW)).result is Result.DELIVERED
    assert NAMED not in received(sink)


async def test_no_chat_names_anybody(sink: WebhookSink) -> None:
    settings = chat.Settings(service="mattermost", url="ROOM", allow_private=("127.0.0.1",))
    for parcel in EVERYTHING[::3]:
        await chat.deliver(parcel, settings, NOW)
    assert sink.requests
    assert NAMED not in received(sink)


async def test_no_alertmanager_sees_a_name(sink: WebhookSink) -> None:
    settings = alertmanager.Settings(url=sink.url.removesuffix("/hook"), allow_private=("127.0.0.1",))
    for parcel in EVERYTHING:
        assert (await alertmanager.deliver(parcel, settings, NOW)).result is Result.DELIVERED
    assert NAMED not in received(sink)


def decoded(raw: bytes) -> str:
    """All that a reader's program can make of a mail: its bytes, its headers, its parts."""
    mail = message_from_bytes(raw)
    headers = [f"{name}: {make_header(decode_header(value))}" for name, value in mail.items()]
    parts = [part.get_payload(decode=True) for part in mail.walk() if not part.is_multipart()]
    texts = [part.decode() for part in parts if isinstance(part, bytes)]
    return "\n".join([raw.decode(), quopri.decodestring(raw).decode("utf-8", "replace"), *headers, *texts]).lower()


async def test_no_mail_names_anybody() -> None:
    async with MailSink.running() as mails:
        settings = email.Settings(
            host="127.0.0.1", port=mails.port, security="plain", sender="watch@cutwatch.example", to=("desk@ngo.example",)
        )
        for parcel in EVERYTHING:
            assert (await email.deliver(parcel, settings, NOW)).result is Result.DELIVERED
    assert len(mails.mails) == len(EVERYTHING)
    assert not [one for one in mails.mails if NAMED in decoded(one.raw)]


def test_a_name_that_is_told_would_be_found() -> None:
    """The net has no holes: the same case in full is caught in it."""
    known: dict[str, Any] = {"channels": (DISCREET.model_copy(update={"discreet": False}),)}
    watched = planted("en")
    open_ = watched.model_copy(update={"alerts": watched.alerts.model_copy(update=known)})
    [told] = routing.route(happening(EventKind.CONFIRMED, ONE), ONE, open_, ADDRESS)
    assert NAMED in io.StringIO(json.dumps(told.payload)).read().lower()
