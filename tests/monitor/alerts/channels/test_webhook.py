"""Webhooks as a receiver sees them: real HTTP, checked with the reference library."""

import asyncio
import base64
import json
from asyncio import StreamReader, StreamWriter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import ValidationError
from standardwebhooks import Webhook, WebhookVerificationError

from monitor.alerts.channels import discover, webhook
from monitor.alerts.channels.kit.outcome import Outcome, Result
from monitor.alerts.channels.webhook import Settings, deliver
from monitor.core import routing
from monitor.core.bundling import Waiting, bundle
from monitor.core.kinds import EventKind
from monitor.core.message import Message, Parcel
from monitor.core.subscription import Channel, Route
from monitor.core.watchlist import Watchlist
from monitor.store import MessageState, ParcelState, Sent, Store
from tests.lab import certificates
from tests.lab.certificates import Certificate
from tests.lab.listening import Listener
from tests.lab.sinks import WebhookSink, answering, hanging_up, redirecting, stalling
from tests.monitor.alerts.stage import MovedClock, message, owe, posted, running, until
from tests.monitor.cast import ADDRESS, BLOCKED, happening, watchlist

OLD = "whsec_" + base64.b64encode(b"the old key, 24 bytes or so").decode()
NEW = "whsec_" + base64.b64encode(b"the new key, 24 bytes or so").decode()
NOW = datetime(2026, 3, 3, 10, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def signing_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESK_SECRET", NEW)


def settings(url: str, *allow_private: str) -> Settings:
    return Settings(url=url, secret="DESK_SECRET", allow_private=allow_private)


def ours(sink: WebhookSink) -> Settings:
    return settings(sink.url, "127.0.0.1")


def owed() -> Message:
    route = Route(id="everything", channels=("desk",))
    [one] = routing.route(happening(EventKind.CONFIRMED, BLOCKED), BLOCKED, watchlist(route), ADDRESS)
    return one


def alarm() -> Parcel:
    [sealed] = bundle([Waiting(message=owed())], (), NOW).parcels
    return sealed.parcel


async def test_the_reference_library_accepts_what_arrives(sink: WebhookSink) -> None:
    outcome = await deliver(alarm(), ours(sink), datetime.now(UTC))
    [request] = sink.requests
    assert outcome == Outcome(result=Result.DELIVERED, status=204)
    assert Webhook(NEW).verify(request.body, dict(request.headers)) == alarm().payload
    assert request.method == "POST"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["webhook-id"] == alarm().id


async def test_a_changed_body_or_another_key_does_not_verify(sink: WebhookSink) -> None:
    await deliver(alarm(), ours(sink), datetime.now(UTC))
    [request] = sink.requests
    with pytest.raises(WebhookVerificationError):
        Webhook(NEW).verify(request.body.replace(b"blocked", b"fine"), dict(request.headers))
    with pytest.raises(WebhookVerificationError):
        Webhook(OLD).verify(request.body, dict(request.headers))


async def test_while_a_secret_is_changed_both_keys_sign(sink: WebhookSink, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESK_SECRET", f"{NEW} {OLD}")
    await deliver(alarm(), ours(sink), datetime.now(UTC))
    [request] = sink.requests
    for key in (NEW, OLD):
        assert Webhook(key).verify(request.body, dict(request.headers)) == alarm().payload


async def test_a_secret_may_lie_in_a_file(sink: WebhookSink, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(f"{OLD}\n", encoding="utf-8")
    monkeypatch.delenv("DESK_SECRET")
    monkeypatch.setenv("DESK_SECRET_FILE", str(file))
    await deliver(alarm(), ours(sink), datetime.now(UTC))
    [request] = sink.requests
    assert Webhook(OLD).verify(request.body, dict(request.headers)) == alarm().payload


async def test_a_missing_secret_is_asked_for(sink: WebhookSink, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DESK_SECRET")
    outcome = await deliver(alarm(), ours(sink), NOW)
    assert outcome.result is Result.REFUSED
    assert str(outcome.error).startswith("set DESK_SECRET, or DESK_SECRET_FILE")


async def test_a_wrong_secret_is_named_and_nothing_is_sent(sink: WebhookSink, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESK_SECRET", "c2VjcmV0LXNlY3JldA==")
    outcome = await deliver(alarm(), ours(sink), NOW)
    assert outcome.result is Result.REFUSED
    assert str(outcome.error).startswith("DESK_SECRET must be whsec_ or whsk_ followed by a key in base64")
    assert sink.requests == []


async def test_a_receiver_may_verify_with_a_public_key(sink: WebhookSink, monkeypatch: pytest.MonkeyPatch) -> None:
    private = Ed25519PrivateKey.generate()
    monkeypatch.setenv("DESK_SECRET", "whsk_" + base64.b64encode(private.private_bytes_raw()).decode())
    await deliver(alarm(), ours(sink), NOW)
    [request] = sink.requests
    version, _, signature = request.headers["webhook-signature"].partition(",")
    signed = f"{request.headers['webhook-id']}.{request.headers['webhook-timestamp']}.".encode() + request.body
    assert version == "v1a"
    private.public_key().verify(base64.b64decode(signature), signed)


async def test_an_id_that_could_break_out_of_its_header_is_never_sent(sink: WebhookSink) -> None:
    with pytest.raises(ValueError, match="letters, digits"):
        await deliver(replace(alarm(), id="msg_1\r\nX-Injected: yes"), ours(sink), NOW)
    assert sink.requests == []


async def test_a_body_beyond_the_limit_is_refused(sink: WebhookSink) -> None:
    outcome = await deliver(replace(alarm(), payload={"data": "x" * 20_000}), ours(sink), NOW)
    assert outcome.result is Result.REFUSED
    assert "a webhook may have 20000" in str(outcome.error)
    assert sink.requests == []


async def test_a_private_address_is_refused_and_the_remedy_named() -> None:
    outcome = await deliver(alarm(), settings("https://localhost:9/"), NOW)
    assert outcome.result is Result.REFUSED
    assert "name localhost under `allow_private`" in str(outcome.error)


async def test_a_receiver_that_does_not_listen_is_unavailable() -> None:
    outcome = await deliver(alarm(), settings("http://127.77.0.1:9/", "127.77.0.1"), NOW)
    assert outcome.result is Result.UNAVAILABLE
    assert "127.77.0.1 could not be connected to" in str(outcome.error)
    assert not outcome.perhaps_received


async def test_a_receiver_that_hangs_up_without_an_answer_may_have_it(sink: WebhookSink) -> None:
    sink.then(hanging_up())
    outcome = await deliver(alarm(), ours(sink), NOW)
    assert (outcome.result, outcome.perhaps_received) == (Result.UNAVAILABLE, True)
    assert "127.0.0.1 did not answer" in str(outcome.error)


async def test_a_receiver_whose_certificate_nobody_vouches_for_has_nothing() -> None:
    async def never(reader: StreamReader, writer: StreamWriter) -> None:
        raise AssertionError("nothing may be read here")

    listener = await Listener.open("127.0.0.1", never, certificates.server_context(Certificate.UNKNOWN_AUTHORITY, ("localhost",)))
    try:
        outcome = await deliver(alarm(), settings(f"https://{listener.endpoint}/", "127.0.0.1"), NOW)
    finally:
        await listener.close()
    assert (outcome.result, outcome.perhaps_received) == (Result.UNAVAILABLE, False)
    assert "CERTIFICATE_VERIFY_FAILED" in str(outcome.error)


@pytest.mark.parametrize("status", [302, 404, 410, 429, 503])
async def test_a_receiver_that_says_no_has_nothing(status: int, sink: WebhookSink) -> None:
    sink.then(answering(status))
    assert not (await deliver(alarm(), ours(sink), NOW)).perhaps_received


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://hooks.example.org/token-1234", "http:// is allowed only to hosts listed under `allow_private`"),
        ("ftp://hooks.example.org/token-1234", "must begin with https://"),
        ("hooks.example.org/token-1234", "must begin with https://"),
        ("https:///token-1234", "must begin with https://"),
        ("https://user:token-1234@hooks.example.org/", "must not hold a user name or password"),
        ("https://hooks.example.org:port/token-1234", "is not a web address"),
        ("https://hooks.example.org/token-1234\r\nHost: x", "is not a web address"),
        ("https://hooks..example.org/token-1234", "names a host that cannot be"),
        (f"https://{'a' * 64}.example.org/token-1234", "names a host that cannot be"),
        (f"https://{'a.' * 130}org/token-1234", "names a host that cannot be"),
        ("https://hooks%20.example.org/token-1234", "names a host that cannot be"),
        ("https://hooks.example.org:99999/token-1234", "names a port that cannot be"),
        ("https://hooks.example.org:0/token-1234", "names a port that cannot be"),
    ],
)
def test_an_unusable_address_is_explained_and_not_repeated(url: str, said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        settings(url)
    assert said in str(caught.value)
    assert "token-1234" not in str(caught.value)


def test_unknown_settings_are_forbidden() -> None:
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        Settings.model_validate({"url": "https://x.org/", "secret": "DESK_SECRET", "verify": False})


# Through the outbox


def configured(*sinks: WebhookSink) -> Watchlist:
    names = ("desk", "phone")
    return watchlist(
        channels=tuple(
            Channel(id=name, kind="webhook", settings={"url": sink.url, "secret": "DESK_SECRET", "allow_private": ["127.0.0.1"]})
            for name, sink in zip(names, sinks, strict=False)
        )
    )


async def stands(store: Store, one: Message, state: MessageState) -> None:
    async def is_so() -> bool:
        return (await posted(store, one)).state is state

    await until(is_so)


async def failed_once(store: Store, one: Message) -> None:
    async def is_so() -> bool:
        row = await posted(store, one)
        return row.state is MessageState.PENDING and row.last_error is not None

    await until(is_so)


async def postponed(store: Store, one: Message) -> Sent:
    """Wait until the message's parcel, which may have arrived, waits to come again as it is."""
    found: list[Sent] = []

    async def is_so() -> bool:
        async with store.reading() as reading:
            sent = await reading.parcel(one.id)
        found.append(sent)
        return sent.state is ParcelState.PENDING and sent.last_error is not None

    await until(is_so)
    return found[-1]


async def test_a_503_is_tried_again_with_the_same_id_and_a_fresh_timestamp(
    store: Store, clock: MovedClock, sink: WebhookSink
) -> None:
    sink.then(answering(503))
    one = message(1, clock)
    await owe(store, one)
    async with running(store, clock, configured=lambda: configured(sink)) as outbox:
        await failed_once(store, one)
        clock.move(6)
        outbox.wake()
        await stands(store, one, MessageState.DELIVERED)
    first, second = sink.requests
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == one.id
    assert int(second.headers["webhook-timestamp"]) - int(first.headers["webhook-timestamp"]) in (6, 7)
    assert first.body == second.body
    assert Webhook(NEW).verify(second.body, dict(second.headers)) == one.payload


async def test_a_410_is_the_last_word(store: Store, clock: MovedClock, sink: WebhookSink) -> None:
    sink.then(answering(410))
    one, two = message(1, clock), message(2, clock)
    await owe(store, one)
    async with running(store, clock, configured=lambda: configured(sink)) as outbox:
        await stands(store, one, MessageState.DEAD)
        await owe(store, two)
        outbox.wake()
        await stands(store, two, MessageState.DEAD)
    assert len(sink.requests) == 1


async def test_a_429_is_obeyed(store: Store, clock: MovedClock, sink: WebhookSink) -> None:
    sink.then(answering(429, retry_after="900"))
    one = message(1, clock)
    await owe(store, one)
    async with running(store, clock, configured=lambda: configured(sink)):
        await failed_once(store, one)
    assert (await posted(store, one)).due_at - clock.now() == timedelta(seconds=900)


async def test_a_redirect_to_a_metadata_address_is_not_followed(store: Store, clock: MovedClock, sink: WebhookSink) -> None:
    sink.then(redirecting("http://169.254.169.254/latest/meta-data/"))
    one = message(1, clock)
    await owe(store, one)
    async with running(store, clock, configured=lambda: configured(sink)):
        await failed_once(store, one)
    error = (await posted(store, one)).last_error
    assert error == "the receiver answered 302, a redirect; put the final address into `url`"
    assert len(sink.requests) == 1


async def test_a_receiver_that_stalls_is_given_up_on_while_others_get_theirs(
    store: Store, clock: MovedClock, sink: WebhookSink
) -> None:
    sink.then(stalling())
    impatient = {"webhook": replace(discover()["webhook"], patience=0.3)}
    stuck, other = message(1, clock), message(2, clock, channel="phone")
    await owe(store, stuck, other)
    async with WebhookSink.running() as phone, running(store, clock, impatient, configured=lambda: configured(sink, phone)):
        await stands(store, other, MessageState.DELIVERED)
        assert (await postponed(store, stuck)).last_error == "the receiver did not answer within 0.3 seconds"


def all_bytes_in(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.iterdir())


async def test_the_secret_is_nowhere_to_be_found(
    store: Store, clock: MovedClock, sink: WebhookSink, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    sink.then(answering(500))
    one = message(1, clock)
    await owe(store, one)
    async with running(store, clock, configured=lambda: configured(sink)):
        await failed_once(store, one)
    key = NEW.removeprefix("whsec_")
    [request] = sink.requests
    written = all_bytes_in(tmp_path)
    assert one.id.encode() in written
    logged = capfd.readouterr()
    for place in (written.decode("latin-1"), logged.out + logged.err, str(request)):
        assert key not in place


async def test_an_alarm_goes_the_whole_way_in_the_form_that_is_published(
    store: Store, clock: MovedClock, sink: WebhookSink
) -> None:
    await owe(store, owed())
    async with running(store, clock, configured=lambda: configured(sink)):
        [request] = await sink.received(1)
    assert json.loads(request.body) == alarm().payload
    assert json.loads(request.body)["data"]["details"]["countries"] == ["RU"]


def test_the_patience_is_that_of_the_specification() -> None:
    assert webhook.PATIENCE == discover()["webhook"].patience == 20.0


async def test_a_cancelled_delivery_leaves_nothing_open(sink: WebhookSink) -> None:
    sink.then(stalling())
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await deliver(alarm(), ours(sink), NOW)
    assert len(sink.requests) == 1
