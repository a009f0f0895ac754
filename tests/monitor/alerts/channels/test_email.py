"""Mails as a mail server takes them: real SMTP on loopback."""

import asyncio
import ssl
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from socket import gaierror

import pytest
from pydantic import ValidationError

from monitor.alerts.channels import email
from monitor.alerts.channels.email import WAIT_FOR_ALL, Settings, deliver, provider
from monitor.alerts.channels.kit.outcome import Outcome, Result
from tests.lab import certificates
from tests.lab.certificates import Certificate
from tests.lab.listening import Listener
from tests.lab.mail import MailSink
from tests.monitor.alerts.channels.parcels import NOW, alarm

PASSWORD = "correct-horse"


@pytest.fixture(autouse=True)
def mail_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESK_PASSWORD", PASSWORD)


@pytest.fixture
async def sink() -> AsyncIterator[MailSink]:
    async with MailSink.running() as running:
        yield running


@pytest.fixture
def trust(tmp_path: Path) -> Path:
    file = tmp_path / "trust.pem"
    file.write_bytes(certificates.trust())
    return file


def settings(sink: MailSink, **more: object) -> Settings:
    given = {"host": "127.0.0.1", "port": sink.port, "security": "plain", "sender": "watch@cutwatch.example"}
    return Settings.model_validate({**given, "to": ["desk@ngo.example"], **more})


def good() -> ssl.SSLContext:
    return certificates.server_context(Certificate.GOOD, ("127.0.0.1",))


async def test_a_mail_arrives_with_its_sender_and_its_recipient(sink: MailSink) -> None:
    outcome = await deliver(alarm(), settings(sink), NOW)
    [received] = sink.mails
    assert outcome == Outcome(result=Result.DELIVERED, status=250)
    assert (received.sender, received.recipients) == ("watch@cutwatch.example", ("desk@ngo.example",))
    assert received.mail["to"] == "desk@ngo.example"
    assert received.mail["subject"] == "OVD-Info: ovd.info blocked (Russia)"


async def test_the_server_does_not_learn_what_this_machine_is_called(sink: MailSink) -> None:
    await deliver(alarm(), settings(sink), NOW)
    assert sink.greetings == ["cutwatch.example"]


async def test_recipients_do_not_see_each_other(sink: MailSink) -> None:
    await deliver(alarm(), settings(sink, to=["desk@ngo.example", "anna@home.example"]), NOW)
    [received] = sink.mails
    assert received.recipients == ("desk@ngo.example", "anna@home.example")
    assert received.mail["to"] == "undisclosed-recipients:;"
    assert b"home.example" not in received.raw


async def test_recipients_who_may_know_of_each_other_are_named(sink: MailSink) -> None:
    await deliver(alarm(), settings(sink, to=["desk@ngo.example", "anna@home.example"], show_recipients=True), NOW)
    assert sink.mails[0].mail["to"] == "desk@ngo.example, anna@home.example"


async def test_with_starttls_the_password_is_given_only_in_private(trust: Path) -> None:
    async with MailSink.running(starttls=good(), password=PASSWORD.encode()) as sink:
        given = settings(sink, security="starttls", username="watch", password="DESK_PASSWORD", trust=trust)
        outcome = await deliver(alarm(), given, NOW)
    assert outcome.result is Result.DELIVERED
    assert sink.logins == [(b"watch", PASSWORD.encode())]


async def test_with_tls_from_the_start(trust: Path) -> None:
    async with MailSink.running(tls=good()) as sink:
        outcome = await deliver(alarm(), settings(sink, security="tls", trust=trust), NOW)
    assert outcome.result is Result.DELIVERED
    assert len(sink.mails) == 1


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_a_server_that_cannot_prove_itself_gets_nothing(security: str) -> None:
    is_late = security == "starttls"
    async with MailSink.running(tls=None if is_late else good(), starttls=good() if is_late else None) as sink:
        given = settings(sink, security=security, username="watch", password="DESK_PASSWORD")
        outcome = await deliver(alarm(), given, NOW)
    assert (outcome.result, outcome.perhaps_received) == (Result.UNAVAILABLE, False)
    assert "CERTIFICATE_VERIFY_FAILED" in str(outcome.error)
    assert "an authority of your own must stand under `trust`" in str(outcome.error)
    assert (sink.mails, sink.logins) == ([], [])


async def test_a_server_without_starttls_gets_nothing(sink: MailSink) -> None:
    outcome = await deliver(alarm(), settings(sink, security="starttls"), NOW)
    assert (outcome.result, outcome.perhaps_received) == (Result.UNAVAILABLE, False)
    assert "STARTTLS" in str(outcome.error)
    assert sink.mails == []


async def test_a_wrong_password_is_told_and_not_shown(monkeypatch: pytest.MonkeyPatch, trust: Path) -> None:
    monkeypatch.setenv("DESK_PASSWORD", "wrong-horse")
    async with MailSink.running(starttls=good(), password=PASSWORD.encode()) as sink:
        given = settings(sink, security="starttls", username="watch", password="DESK_PASSWORD", trust=trust)
        outcome = await deliver(alarm(), given, NOW)
    error = "the mail server answered 535 to the password; check `username`, and what the variable under `password` holds"
    assert outcome == Outcome(result=Result.REFUSED, status=535, error=error)


async def test_a_missing_password_is_asked_for(monkeypatch: pytest.MonkeyPatch, sink: MailSink) -> None:
    monkeypatch.delenv("DESK_PASSWORD")
    outcome = await deliver(alarm(), settings(sink, username="watch", password="DESK_PASSWORD"), NOW)
    assert outcome.result is Result.REFUSED
    assert str(outcome.error).startswith("set DESK_PASSWORD, or DESK_PASSWORD_FILE")


async def test_a_password_file_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch, sink: MailSink) -> None:
    monkeypatch.delenv("DESK_PASSWORD")
    monkeypatch.setenv("DESK_PASSWORD_FILE", "not/there")
    outcome = await deliver(alarm(), settings(sink, username="watch", password="DESK_PASSWORD"), NOW)
    assert outcome == Outcome(result=Result.REFUSED, error="the file that DESK_PASSWORD_FILE names cannot be read")


@pytest.mark.parametrize(
    ("answer", "result", "status"),
    [("451 try later", Result.UNAVAILABLE, 451), ("552 too much", Result.REFUSED, 552), ("421 closing", Result.UNAVAILABLE, 421)],
)
async def test_a_server_that_says_no_to_a_mail_has_nothing(answer: str, result: Result, status: int, sink: MailSink) -> None:
    sink.answer = answer
    outcome = await deliver(alarm(), settings(sink), NOW)
    assert (outcome.result, outcome.status, outcome.perhaps_received) == (result, status, False)
    assert answer in str(outcome.error)


async def test_a_connection_lost_after_the_last_dot_may_mean_that_it_arrived(sink: MailSink) -> None:
    sink.answer = ""
    outcome = await deliver(alarm(), settings(sink), NOW)
    assert (outcome.result, outcome.perhaps_received) == (Result.UNAVAILABLE, True)
    assert "after the mail had been handed over" in str(outcome.error)


async def test_a_server_that_hangs_before_it_takes_anything_has_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(email, "PREPARATION", 0.2)

    async def silent(reader: StreamReader, writer: StreamWriter) -> None:
        await reader.read()

    listener = await Listener.open("127.0.0.1", silent)
    try:
        given = settings(MailSink(), port=int(listener.endpoint.rpartition(":")[2]))
        outcome = await deliver(alarm(), given, NOW)
    finally:
        await listener.close()
    assert (outcome.result, outcome.perhaps_received) == (Result.UNAVAILABLE, False)
    assert "was not ready to take a mail within 0.2 seconds" in str(outcome.error)


async def test_a_delivery_that_hangs_at_the_end_can_be_given_up(sink: MailSink) -> None:
    sink.hanging = True
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await deliver(alarm(), settings(sink), NOW)
    assert sink.mails == []


async def test_a_server_that_does_not_listen_is_out_of_reach() -> None:
    outcome = await deliver(alarm(), settings(MailSink(), host="127.77.0.1", port=9), NOW)
    assert (outcome.result, outcome.perhaps_received) == (Result.UNAVAILABLE, False)
    assert outcome.error == (
        "127.77.0.1 could not be spoken to: it refuses the connection; check `port`, and whether a firewall is in the way"
    )


async def test_a_server_whose_name_leads_nowhere_is_told_in_words(sink: MailSink, monkeypatch: pytest.MonkeyPatch) -> None:
    async def nowhere(*_: object, **__: object) -> None:
        raise gaierror(-2, "Name or service not known")

    monkeypatch.setattr(asyncio.get_running_loop(), "create_connection", nowhere)
    outcome = await deliver(alarm(), settings(sink, host="mail.example.org", allow_plain=["mail.example.org"]), NOW)
    assert str(outcome.error).startswith("mail.example.org could not be spoken to: its name cannot be looked up; check `host`")


async def test_a_server_that_does_not_speak_tls_where_it_is_spoken_to_so_is_told_in_words(sink: MailSink) -> None:
    outcome = await deliver(alarm(), settings(sink, security="tls"), NOW)
    assert "it does not speak TLS there" in str(outcome.error)
    assert "`starttls` for port 587" in str(outcome.error)


THREE = ["a@ngo.example", "b@ngo.example", "c@ngo.example"]


async def test_an_address_that_does_not_exist_does_not_keep_the_others_from_theirs(sink: MailSink) -> None:
    sink.refusing["b@ngo.example"] = "550 no such user"
    outcome = await deliver(alarm(), settings(sink, to=THREE), NOW)
    assert outcome.result is Result.DELIVERED
    assert outcome.error == "the mail server refused of 3 addresses under `to`: number 2 (550)"
    assert sink.mails[0].recipients == ("a@ngo.example", "c@ngo.example")


async def test_everybody_waits_ten_minutes_for_an_address_that_is_refused_for_the_moment(sink: MailSink) -> None:
    sink.refusing["b@ngo.example"] = "450 grey-listed"
    outcome = await deliver(alarm(), settings(sink, to=THREE), NOW)
    assert (outcome.result, outcome.status, outcome.perhaps_received) == (Result.UNAVAILABLE, 450, False)
    assert sink.mails == []
    outcome = await deliver(alarm(), settings(sink, to=THREE), NOW + WAIT_FOR_ALL)
    assert (outcome.result, outcome.error) == (
        Result.DELIVERED,
        "the mail server refused of 3 addresses under `to`: number 2 (450)",
    )
    assert sink.mails[0].recipients == ("a@ngo.example", "c@ngo.example")


@pytest.mark.parametrize(("answer", "result"), [("550 no", Result.REFUSED), ("450 later", Result.UNAVAILABLE)])
async def test_with_all_addresses_refused_nothing_is_sent(answer: str, result: Result, sink: MailSink) -> None:
    sink.refusing["desk@ngo.example"] = answer
    outcome = await deliver(alarm(), settings(sink), NOW + timedelta(days=1))
    assert outcome.result is result
    assert sink.mails == []


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"host": "mail.example"}, "`security: plain` lets everyone on the way read along"),
        ({"username": "watch"}, "`username` and `password` belong together"),
        ({"to": []}, "at least 1 item"),
        ({"to": ["secret-name@ngo.example\r\nBcc: x@y.example"]}, "should match pattern"),
        ({"to": ["Secret Name <secret-name@ngo.example>"]}, "should match pattern"),
        ({"sender": "secret-name"}, "should match pattern"),
        ({"unsubscribe": "http://secret-name.example"}, "should match pattern"),
        ({"unsubscribe": "https://secret-name.example/>\r\nX: y"}, "should match pattern"),
        ({"verify": False}, "Extra inputs are not permitted"),
    ],
)
def test_unusable_settings_are_explained_and_not_repeated(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        settings(MailSink(), port=25, **wrong)
    assert said in str(caught.value)
    assert "secret-name" not in str(caught.value)


def test_plain_smtp_is_allowed_to_a_host_that_is_named() -> None:
    assert settings(MailSink(), port=25, host="relay.internal", allow_plain=["relay.internal"]).security == "plain"


def test_a_mail_server_of_a_watched_company_is_known() -> None:
    assert provider(settings(MailSink(), host="smtp.gmail.com", port=587, security="starttls")) == "google_workspace"
    assert provider(settings(MailSink(), port=25)) is None
