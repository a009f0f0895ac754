"""Alerts as an Alertmanager takes them: real HTTP, in the form of its API v2."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from monitor.alerts.channels.alertmanager import AT_ONCE, HELD, Settings, alert_of, deliver, provider, refresh
from monitor.alerts.channels.kit.outcome import Outcome, Result
from monitor.core import routing
from monitor.core.incident import Incident
from monitor.core.kinds import EventKind, Kind, Severity
from monitor.core.subscription import Route
from tests.lab.sinks import WebhookSink, answering, hanging_up
from tests.monitor.alerts.channels.parcels import NOW, alarm, owed, together
from tests.monitor.cast import BLOCKED, DOWN, ONSET, ended, watchlist

# What Alertmanager's own description of its API says of `postableAlerts`, and what it checks besides: names of labels.
POSTABLE = Draft202012Validator(
    {
        "type": "array",
        "items": {
            "type": "object",
            "required": ["labels"],
            "additionalProperties": False,
            "properties": {
                "labels": {
                    "type": "object",
                    "minProperties": 1,
                    "propertyNames": {"pattern": "^[a-zA-Z_][a-zA-Z0-9_]*$"},
                    "additionalProperties": {"type": "string", "minLength": 1},
                },
                "annotations": {"type": "object", "additionalProperties": {"type": "string"}},
                "startsAt": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"},
                "endsAt": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"},
                "generatorURL": {"type": "string", "pattern": "^https?://"},
            },
        },
    }
)


@pytest.fixture
async def sink() -> AsyncIterator[WebhookSink]:
    async with WebhookSink.running() as running:
        yield running


def settings(sink: WebhookSink, **more: object) -> Settings:
    url = sink.url.removesuffix("/hook")
    return Settings.model_validate({"url": url, "allow_private": ["127.0.0.1"], **more})


def pushed(sink: WebhookSink) -> list[dict[str, Any]]:
    """All alerts that came, each as Alertmanager would have taken it."""
    alerts = []
    for request in sink.requests:
        assert (request.method, request.target) == ("POST", "/api/v2/alerts")
        assert request.headers["content-type"] == "application/json"
        body = json.loads(request.body)
        POSTABLE.validate(body)
        assert all(alert["startsAt"] <= alert["endsAt"] for alert in body)
        alerts += body
    return alerts


def fires(alert: dict[str, Any], at: datetime = NOW) -> bool:
    return datetime.fromisoformat(alert["endsAt"]) > at


async def test_an_open_incident_fires(sink: WebhookSink) -> None:
    outcome = await deliver(alarm(), settings(sink), NOW)
    [alert] = pushed(sink)
    assert outcome == Outcome(result=Result.DELIVERED, status=204)
    assert alert["labels"] == {
        "alertname": "CutwatchIncident",
        "incident": "CW-2021-0001",
        "severity": "morning",
        "organisation": "ovd-info",
        "kind": "blocking",
        "country": "RU",
    }
    assert alert["annotations"]["summary"] == "OVD-Info: ovd.info blocked (Russia)"
    assert alert["generatorURL"] == alert["annotations"]["url"] == "https://watch.example/incidents/CW-2021-0001"
    assert datetime.fromisoformat(alert["startsAt"]) == ONSET
    assert datetime.fromisoformat(alert["endsAt"]) == NOW + HELD


async def test_its_end_resolves_it(sink: WebhookSink) -> None:
    await deliver(alarm(), settings(sink), NOW)
    await deliver(together(owed(EventKind.ENDED, ended(BLOCKED))), settings(sink), NOW)
    firing, resolved = pushed(sink)
    assert firing["labels"] == resolved["labels"]
    assert not fires(resolved)


@pytest.mark.parametrize("event", [EventKind.ENDED, EventKind.RETRACTED])
def test_an_end_is_never_before_the_beginning(event: EventKind) -> None:
    alert = alert_of(owed(event, ended(BLOCKED)).payload, ONSET - timedelta(days=1))
    assert alert["startsAt"] <= alert["endsAt"]


async def test_a_discreet_alert_names_nobody(sink: WebhookSink) -> None:
    await deliver(alarm(channel="phone"), settings(sink), NOW)
    [alert] = pushed(sink)
    assert alert["labels"] == {"alertname": "CutwatchIncident", "incident": "CW-2021-0001", "severity": "morning"}
    assert "ovd" not in json.dumps(alert).lower()


async def test_of_several_each_becomes_an_alert(sink: WebhookSink) -> None:
    await deliver(together(owed(), owed(incident=DOWN)), settings(sink), NOW)
    alone = [alert_of(owed(incident=one).payload, NOW) for one in (BLOCKED, DOWN)]
    assert [alert["labels"] for alert in pushed(sink)] == [alert["labels"] for alert in alone]


async def test_of_an_incident_that_is_told_twice_the_last_news_counts(sink: WebhookSink) -> None:
    await deliver(together(owed(), owed(EventKind.ENDED, ended(BLOCKED))), settings(sink), NOW)
    [alert] = pushed(sink)
    assert not fires(alert)


async def test_a_try_out_fires_for_five_minutes(sink: WebhookSink) -> None:
    route = Route(id="everything", channels=("desk",))
    [test] = routing.test_messages(route, watchlist(route), "https://watch.example", NOW)
    await deliver(together(test), settings(sink), NOW)
    [alert] = pushed(sink)
    assert alert["labels"]["alertname"] == "CutwatchTest"
    assert fires(alert)
    assert not fires(alert, NOW + timedelta(minutes=6))


def story(*incidents: Incident) -> list[dict[str, Any]]:
    return [owed(incident=one).payload for one in incidents]


async def test_what_stands_is_pushed_again_and_held_longer(sink: WebhookSink) -> None:
    await refresh([story(BLOCKED), story(DOWN)], settings(sink), NOW)
    await refresh([story(BLOCKED), story(DOWN)], settings(sink), NOW + timedelta(minutes=1))
    alerts = pushed(sink)
    assert len(sink.requests) == 2
    assert [alert["labels"]["incident"] for alert in alerts] == ["CW-2021-0001", "CW-2021-0002"] * 2
    assert alerts[2]["endsAt"] > alerts[0]["endsAt"]
    assert alerts[2]["startsAt"] == alerts[0]["startsAt"]


async def test_what_is_now_called_something_else_is_resolved_under_its_old_labels(sink: WebhookSink) -> None:
    await refresh([story(BLOCKED, replace(BLOCKED, kind=Kind.OUTAGE))], settings(sink), NOW)
    before, now = pushed(sink)
    assert (before["labels"]["kind"], fires(before)) == ("blocking", False)
    assert (now["labels"]["kind"], fires(now)) == ("outage", True)


async def test_many_are_pushed_in_portions(sink: WebhookSink) -> None:
    many = [story(replace(BLOCKED, id=f"CW-2021-{number:04d}")) for number in range(AT_ONCE + 1)]
    outcome = await refresh(many, settings(sink), NOW)
    assert outcome.result is Result.DELIVERED
    assert [len(json.loads(request.body)) for request in sink.requests] == [AT_ONCE, 1]


async def test_an_alertmanager_that_is_down_is_not_asked_for_the_rest(sink: WebhookSink) -> None:
    sink.then(answering(503))
    outcome = await refresh([story(BLOCKED)] * (AT_ONCE + 1), settings(sink), NOW)
    assert (outcome.result, outcome.status) == (Result.UNAVAILABLE, 503)
    assert len(sink.requests) == 1


async def test_with_nothing_to_say_nothing_is_pushed(sink: WebhookSink) -> None:
    assert (await refresh([], settings(sink), NOW)).result is Result.DELIVERED
    assert sink.requests == []


async def test_an_answer_that_is_lost_may_mean_that_it_arrived(sink: WebhookSink) -> None:
    sink.then(hanging_up())
    outcome = await deliver(alarm(), settings(sink), NOW)
    assert (outcome.result, outcome.perhaps_received) == (Result.UNAVAILABLE, True)


async def test_a_password_is_sent_and_never_shown(sink: WebhookSink, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAGER", "Bearer x9secret9token")
    sink.then(answering(401))
    outcome = await deliver(alarm(), settings(sink, authorization="PAGER"), NOW)
    assert sink.requests[0].headers["authorization"] == "Bearer x9secret9token"
    assert outcome.result is Result.REFUSED
    assert "secret" not in str(outcome)


@pytest.mark.parametrize("value", ["Bearer x9secret9token\r\nX-Injected: yes", "Bearer x9secret9\u0442oken", " x9secret9token"])
async def test_a_password_that_is_no_header_is_refused(value: str, sink: WebhookSink, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAGER", value)
    outcome = await deliver(alarm(), settings(sink, authorization="PAGER"), NOW)
    assert outcome == Outcome(
        result=Result.REFUSED,
        error="PAGER must hold the value of an Authorization header, such as `Bearer` and a token",
    )
    assert sink.requests == []


async def test_a_private_address_is_refused_and_the_remedy_named(sink: WebhookSink) -> None:
    outcome = await deliver(alarm(), Settings(url="https://localhost:9/"), NOW)
    assert outcome.result is Result.REFUSED
    assert "name localhost under `allow_private`" in str(outcome.error)


@pytest.mark.parametrize(
    "url", ["http://alerts.example/x9secret", "alerts.example/x9secret", "https://u:x9secret@alerts.example"]
)
def test_an_unusable_address_is_explained_and_not_repeated(url: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Settings(url=url)
    assert "`url` must" in str(caught.value)
    assert "x9secret" not in str(caught.value)


def test_an_alertmanager_belongs_to_nobody_whom_we_watch() -> None:
    assert provider(Settings(url="https://alerts.example/")) is None


def test_severities_are_what_routes_expect() -> None:
    labels = alert_of(owed().payload, NOW)["labels"]
    assert Severity(labels["severity"]) in {Severity.PAGE, Severity.MORNING, Severity.DIGEST}


@pytest.mark.parametrize("event", [EventKind.SCOPE_CHANGED, EventKind.REINSTATEMENT_ANNOUNCED, EventKind.ENDED])
def test_news_that_can_wait_leaves_an_alert_its_labels(event: EventKind) -> None:
    """By them an Alertmanager knows it: under others the old one would go on, and a new one would begin."""
    intercepted = replace(BLOCKED, mechanisms=("tls.mitm.state_ca",))
    after = ended(intercepted) if event is EventKind.ENDED else intercepted
    alarm_labels = alert_of(owed(incident=intercepted).payload, NOW)["labels"]
    assert alarm_labels["severity"] == "page"
    assert alert_of(owed(event, after).payload, NOW)["labels"] == alarm_labels


def test_what_was_delivered_before_it_told_both_urgencies_is_still_understood() -> None:
    payload = owed().payload
    old = {**payload, "data": {name: value for name, value in payload["data"].items() if name != "incident_severity"}}
    assert alert_of(old, NOW)["labels"] == alert_of(payload, NOW)["labels"]
