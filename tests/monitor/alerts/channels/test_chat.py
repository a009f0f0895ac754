"""Chats as the services see them: Apprise speaks real HTTP to a server on loopback that stands for each."""

import io
import json
import logging
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from urllib.parse import unquote_plus

import pytest
from apprise.plugins.discord import NotifyDiscord
from apprise.plugins.google_chat import NotifyGoogleChat
from apprise.plugins.matrix import NotifyMatrix
from apprise.plugins.pushover import NotifyPushover
from apprise.plugins.slack import NotifySlack
from apprise.plugins.telegram import NotifyTelegram
from apprise.plugins.threema import NotifyThreema
from apprise.plugins.webexteams import NotifyWebexTeams
from apprise.plugins.zulip import NotifyZulip
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from monitor.alerts.channels import chat
from monitor.alerts.channels.chat import Settings, deliver, harmless, provider, words
from monitor.alerts.channels.kit import threads
from monitor.alerts.channels.kit.outcome import Outcome, Result
from monitor.alerts.channels.kit.services import SERVICES
from monitor.core.message import Parcel
from tests.lab.http import Request, Response
from tests.lab.sinks import Behaviour, WebhookSink, hanging_up, redirecting
from tests.monitor.alerts.channels.parcels import NOW, alarm, owed, together
from tests.monitor.cast import BLOCKED, DOWN

TOKEN = "x9secret9token9that9nobody9may9see"
ROOM_KEY = "u9secret9user9key9of9thirty9ab"


@pytest.fixture
async def sink() -> AsyncIterator[WebhookSink]:
    async with WebhookSink.running() as running:
        yield running


@dataclass(frozen=True)
class Case:
    """How a service is addressed on our sink, and where in what it receives the text stands."""

    service: str
    url: str
    answer: bytes = b"{}"


CASES = [
    Case("discord", f"discord://4174216298/{TOKEN}"),
    Case("google_chat", f"gchat://room/{TOKEN}/token"),
    Case("gotify", f"gotify://HOST/{TOKEN}"),
    Case("matrix", f"matrix://{TOKEN}@HOST/%21room:example.org", b'{"room_id": "!room:example.org", "event_id": "$1"}'),
    Case("mattermost", f"mmost://HOST/{TOKEN}"),
    Case("nextcloud_talk", f"nctalk://user:{TOKEN}@HOST/room"),
    Case("ntfy", f"ntfy://user:{TOKEN}@HOST/topic"),
    Case("pushover", f"pover://{ROOM_KEY}@{ROOM_KEY}", b'{"status": 1}'),
    Case("rocketchat", f"rocket://WebhookA/{TOKEN}@HOST/#room"),
    Case("signal", f"signal://user:{TOKEN}@HOST/+15550001111/+15550002222"),
    Case("slack", "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#room", b"ok"),
    Case("telegram", f"tgram://123456789:{TOKEN}/-1001234567"),
    Case("threema", f"threema://*GATEWAY@{TOKEN}/ABCD1234"),
    Case("webex", f"webex://{TOKEN * 3}"),
    Case("zulip", "zulip://watch@ngo/a9secreta9secreta9secreta9secret/room"),
]
BY_SERVICE = {case.service: case for case in CASES}


@pytest.fixture(autouse=True)
def our_hosts(sink: WebhookSink, monkeypatch: pytest.MonkeyPatch) -> None:
    """Services that have one address for all the world are looked for on the sink."""
    base = sink.url.removesuffix("/hook")
    monkeypatch.setattr(NotifyDiscord, "notify_url", f"{base}/discord")
    monkeypatch.setattr(NotifyGoogleChat, "notify_url", base + "/gchat/{workspace}")
    monkeypatch.setattr(NotifyMatrix, "request_rate_per_sec", 0)
    monkeypatch.setattr(NotifyPushover, "notify_url", f"{base}/pushover")
    monkeypatch.setattr(NotifySlack, "webhook_url", f"{base}/slack")
    monkeypatch.setattr(NotifyTelegram, "notify_url", f"{base}/bot")
    monkeypatch.setattr(NotifyThreema, "notify_url", f"{base}/threema")
    monkeypatch.setattr(NotifyWebexTeams, "notify_url", f"{base}/webex")
    monkeypatch.setattr(NotifyZulip, "notify_url", base + "/zulip/{org}")


def saying(body: bytes, status: int = 200) -> Behaviour:
    async def behave() -> Response:
        return Response(status=status, headers={"content-type": "application/json"}, body=body)

    return behave


def settings(service: str, *allow_private: str) -> Settings:
    return Settings(service=service, url="ROOM_URL", allow_private=allow_private)


async def tell(
    case: Case, sink: WebhookSink, monkeypatch: pytest.MonkeyPatch, *behaviours: Behaviour, parcel: Parcel | None = None
) -> Outcome:
    monkeypatch.setenv("ROOM_URL", case.url.replace("HOST", sink.url.removeprefix("http://").removesuffix("/hook")))
    sink.then(*(behaviours or (saying(case.answer),) * 4))
    return await deliver(parcel or alarm(), settings(case.service, "127.0.0.1"), NOW)


def text_received(sink: WebhookSink) -> str:
    """All text that the service got last."""
    return _text_of(sink.requests[-1])


def _text_of(request: Request) -> str:
    """All text of a request, whatever form it has."""
    try:
        return "\n".join(_strings(json.loads(request.body)))
    except ValueError:
        return unquote_plus(f"{request.target} {request.body.decode()}")


def _strings(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for part in value.values() for text in _strings(part)]
    if isinstance(value, list):
        return [text for part in value for text in _strings(part)]
    return [value] if isinstance(value, str) else []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.service)
async def test_the_service_gets_the_text_and_the_link(case: Case, sink: WebhookSink, monkeypatch: pytest.MonkeyPatch) -> None:
    outcome = await tell(case, sink, monkeypatch)
    assert outcome == Outcome(result=Result.DELIVERED)
    received = text_received(sink)
    assert "ovd.info is blocked (Russia)" in received
    assert "https://watch.example/incidents/CW-2021-0001" in received


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.service)
async def test_what_the_service_answers_decides(case: Case, sink: WebhookSink, monkeypatch: pytest.MonkeyPatch) -> None:
    outcome = await tell(case, sink, monkeypatch, *(saying(b'{"message": "no"}', 403),) * 9)
    assert (outcome.result, outcome.perhaps_received) == (Result.REFUSED, False)


@pytest.mark.parametrize("service", ["gotify", "mattermost", "ntfy", "signal", "threema"])
@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_service_in_trouble_is_given_time(
    service: str, status: int, sink: WebhookSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcome = await tell(BY_SERVICE[service], sink, monkeypatch, *(saying(b"{}", status),) * 9)
    assert outcome == Outcome(result=Result.UNAVAILABLE, status=status, error=f"{service} answered {status}")


async def test_a_redirect_is_not_followed(sink: WebhookSink, monkeypatch: pytest.MonkeyPatch) -> None:
    outcome = await tell(BY_SERVICE["gotify"], sink, monkeypatch, redirecting("http://169.254.169.254/latest/meta-data/"))
    assert outcome == Outcome(result=Result.REFUSED, status=302, error="gotify answered 302")
    assert len(sink.requests) == 1


async def test_a_service_that_hangs_up_may_have_it(sink: WebhookSink, monkeypatch: pytest.MonkeyPatch) -> None:
    outcome = await tell(BY_SERVICE["gotify"], sink, monkeypatch, hanging_up())
    assert (outcome.result, outcome.perhaps_received) == (Result.UNAVAILABLE, True)


async def test_a_service_that_does_not_listen_has_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROOM_URL", f"gotify://127.77.0.1:9/{TOKEN}")
    outcome = await deliver(alarm(), settings("gotify", "127.77.0.1"), NOW)
    assert outcome == Outcome(result=Result.UNAVAILABLE, error="gotify could not be connected to")


@pytest.mark.parametrize(
    ("service", "url", "said"),
    [
        ("gotify", f"gotifys://127.0.0.1/{TOKEN}", "is not a public address"),
        ("gotify", f"gotifys://169.254.169.254/{TOKEN}", "is not a public address"),
        ("mattermost", f"mmosts://localhost/{TOKEN}", "is not a public address"),
        ("gotify", f"gotify://192.0.2.1/{TOKEN}", "speaks without encryption: begin it with gotifys://"),
        ("telegram", f"discord://4174216298/{TOKEN}", "must begin with tgram:// for the service telegram"),
        ("mattermost", f"json://localhost/{TOKEN}", "must begin with mmost:// or mmosts://"),
        ("telegram", f"syslog://{TOKEN}", "must begin with tgram://"),
        ("telegram", f"tgram://{TOKEN}", "Apprise cannot read ROOM_URL"),
        ("telegram", f"tgram://123456789:{TOKEN}/-1001234567/-1007654321", "ROOM_URL must name one room"),
        ("gotify", f"gotifys://192.0.2.1/{TOKEN}?verify=no&format=html", "take format, verify out of ROOM_URL"),
        ("gotify", f"gotifys://192.0.2.1/{TOKEN} gotifys://192.0.2.1/other", "must hold one Apprise URL"),
    ],
)
async def test_a_url_that_must_not_be_used_is_explained_and_not_repeated(
    service: str, url: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROOM_URL", url)
    outcome = await deliver(alarm(), settings(service), NOW)
    assert outcome.result is Result.REFUSED
    assert said in str(outcome.error)
    assert TOKEN not in str(outcome.error)


async def test_a_missing_url_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ROOM_URL", raising=False)
    outcome = await deliver(alarm(), settings("telegram"), NOW)
    assert outcome.result is Result.REFUSED
    assert str(outcome.error).startswith("set ROOM_URL, or ROOM_URL_FILE")


@pytest.mark.parametrize(
    ("service", "said"),
    [
        ("json", "make a channel with `kind: webhook` instead"),
        ("mailto", "make a channel with `kind: email` instead"),
        ("alertmanager", "make a channel with `kind: alertmanager` instead"),
        ("exec", "there is no such service; there are: discord"),
        (f"tgram://{TOKEN}", "there is no such service"),
    ],
)
def test_a_service_that_is_no_chat_is_explained(service: str, said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        settings(service)
    assert said in str(caught.value)
    assert TOKEN not in str(caught.value)


@pytest.fixture
def everybodys_log() -> Iterator[io.StringIO]:
    """What reaches a log of the whole process, however curious it is."""
    lines, root = io.StringIO(), logging.getLogger()
    handler, before = logging.StreamHandler(lines), root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield lines
    root.removeHandler(handler)
    root.setLevel(before)


@pytest.mark.parametrize("behaviour", [saying(b"{}", 401), hanging_up(), saying(b"{}")], ids=["401", "lost", "taken"])
@pytest.mark.parametrize("case", [one for one in CASES if TOKEN in one.url], ids=lambda case: case.service)
async def test_the_token_is_nowhere_to_be_found(
    case: Case,
    behaviour: Behaviour,
    sink: WebhookSink,
    monkeypatch: pytest.MonkeyPatch,
    everybodys_log: io.StringIO,
    capfd: pytest.CaptureFixture[str],
) -> None:
    outcome = await tell(case, sink, monkeypatch, *(behaviour,) * 9)
    written = capfd.readouterr()
    assert sink.requests
    for place in (everybodys_log.getvalue(), written.out, written.err, str(outcome)):
        assert TOKEN not in place


async def test_no_more_threads_than_agreed(sink: WebhookSink, monkeypatch: pytest.MonkeyPatch) -> None:
    held = [threads._places.acquire(blocking=False) for _ in range(threads.AT_ONCE)]
    try:
        outcome = await tell(BY_SERVICE["gotify"], sink, monkeypatch)
    finally:
        for _ in held:
            threads._places.release()
    assert all(held)
    assert outcome == Outcome(result=Result.UNAVAILABLE, error="8 deliveries of this kind are still under way")
    assert sink.requests == []


HOSTILE = "@everyone <!channel> @channel *bold* _it_ `code` [a](http://evil.example) ||x|| /join #room my_site.org a@b.example"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.service)
async def test_a_hostile_name_calls_nobody(case: Case, sink: WebhookSink, monkeypatch: pytest.MonkeyPatch) -> None:
    parcel = alarm()
    data = {**parcel.payload["data"], "title": HOSTILE, "text": HOSTILE}
    outcome = await tell(case, sink, monkeypatch, parcel=replace(parcel, payload={**parcel.payload, "data": data}))
    assert outcome.result is Result.DELIVERED
    received = text_received(sink)
    for called in ("@everyone", "@channel", "<!", "*bold*", "`code`", "](", "||"):
        assert called not in received


@given(st.text())
def test_no_line_keeps_markup(line: str) -> None:
    shown = harmless(line)
    words_of_it = [word for word in shown.split(" ") if not word.startswith(("http://", "https://"))]
    assert not set("*`~|[]<>\\") & set("".join(words_of_it))


def test_our_own_link_and_ordinary_names_stay_as_they_are() -> None:
    line = "OVD-Info: my_site.org, https://watch.example/incidents/CW-2021-0001?a=b_c&d=*"
    assert harmless("OVD-Info: my_site.org") == "OVD-Info: my_site.org"
    assert harmless("https://watch.example/incidents/CW-2021-0001") == "https://watch.example/incidents/CW-2021-0001"
    assert harmless(line).startswith("OVD-Info: my_site.org, https:")


def data(text: str) -> dict[str, object]:
    return {"title": "A title", "text": text}


@given(text=st.text(max_size=400), limit=st.integers(min_value=100, max_value=300))
def test_a_text_is_cut_and_its_link_kept(text: str, limit: int) -> None:
    _, body = words(data(text + "\nhttps://watch.example/incidents/CW-2021-0001"), 0, limit)
    assert len(body.encode("utf-16-le")) // 2 <= limit
    assert body.endswith("https://watch.example/incidents/CW-2021-0001")


@pytest.mark.parametrize(
    "address", ["https://\u0447\u0430\u0441\u044b.example", "http://[2001:db8::1]:8000", "https://watch.example/~us/@all"]
)
def test_our_own_link_is_kept_whatever_our_address_looks_like(address: str) -> None:
    link = f"{address}/incidents/CW-2021-0001"
    _, body = words({**data("word " * 100 + f"\n{link}"), "url": link}, 0, 200)
    assert body.endswith(f"\u2026\n{link}")


def test_a_link_that_is_not_ours_is_only_a_word() -> None:
    _, body = words({**data("Text\nhttps://evil.example/@all"), "url": "https://watch.example/incidents/CW-2021-0001"}, 0, 200)
    assert "@all" not in body


def test_of_many_incidents_what_is_kept_is_the_link_to_all() -> None:
    parcel = together(*(owed(incident=replace(BLOCKED, id=f"CW-2021-{number:04d}")) for number in range(1, 30)))
    _, body = words(parcel.payload["data"], 0, 300)
    assert body.startswith("29 ")
    assert body.endswith("…\nhttps://watch.example/")


def test_a_service_with_titles_gets_one() -> None:
    assert words(data("Text"), 100, 1000) == ("A title", "Text")
    assert words(data("Text"), 0, 1000) == ("", "A title\n\nText")


async def test_several_incidents_are_told_as_one_message(sink: WebhookSink, monkeypatch: pytest.MonkeyPatch) -> None:
    await tell(BY_SERVICE["mattermost"], sink, monkeypatch, parcel=together(owed(), owed(incident=DOWN)))
    [request] = sink.requests
    text = json.loads(request.body)["text"]
    assert "https://watch.example/incidents/CW-2021-0001" in text
    assert "https://watch.example/incidents/CW-2021-0002" in text


async def test_a_discreet_chat_names_nobody(sink: WebhookSink, monkeypatch: pytest.MonkeyPatch) -> None:
    await tell(BY_SERVICE["mattermost"], sink, monkeypatch, parcel=alarm(channel="phone"))
    assert b"ovd" not in sink.requests[0].body.lower()
    assert b"CW-2021-0001" in sink.requests[0].body


def test_a_chat_of_a_watched_company_is_known() -> None:
    assert provider(settings("slack")) == "slack"
    assert provider(settings("mattermost")) is None


def test_every_service_is_documented() -> None:
    for service in SERVICES:
        assert service in str(chat.__doc__)


@pytest.mark.parametrize("letter", ["\u0436", "&"], ids=["Russian", "escaped"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.service)
async def test_what_is_too_long_for_a_service_comes_as_one_message_with_its_link(
    case: Case, letter: str, sink: WebhookSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    parcel = alarm()
    link = parcel.payload["data"]["url"]
    text = "\n".join([letter * 30_000, link])
    long = replace(parcel, payload={**parcel.payload, "data": {**parcel.payload["data"], "text": text}})
    outcome = await tell(case, sink, monkeypatch, parcel=long)
    assert outcome.result is Result.DELIVERED
    assert [link in _text_of(request) for request in sink.requests].count(True) == 1
    assert link in text_received(sink)
