"""Pushes every incident as an alert to an Alertmanager, for those who already run one.

    channels:
      - id: our-pager
        kind: alertmanager
        discreet: false
        settings:
          url: https://alerts.example.org

`url` is where the Alertmanager answers, without `/api/v2/alerts`. `authorization` is the name of the environment variable
that holds the value of the `Authorization` header, such as `Bearer …` or `Basic …`, or names its file with `_FILE` behind
it. `allow_private` lists hosts that may lead to private addresses, and those to which `http://` is allowed; `trust` is a PEM
file with the certificate authority of your own house.

An alert fires as long as its incident is open, and is pushed again every minute. It is resolved when the incident is over,
or when Cutwatch has been silent for fifteen minutes: so have Prometheus watch Cutwatch itself. Its labels are `alertname`
(`CutwatchIncident`), `incident` and `severity` (`page`, `morning`, `digest`), and where names may be named `organisation`,
`kind`, `country` and `provider`. Of many incidents at once the first are pushed at once, and all within a minute.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Self

import httpx2
from pydantic import BaseModel, ConfigDict, FilePath, model_validator

from monitor.alerts.channels.kit.door import Answer, Door, Forbidden, Unreachable
from monitor.alerts.channels.kit.outcome import Outcome, Result
from monitor.alerts.channels.kit.providers import provider_at
from monitor.alerts.channels.kit.secrets import UnusableSecret, read
from monitor.alerts.channels.kit.web import outcome_of, problem_of
from monitor.core.kinds import IncidentStage
from monitor.core.message import Parcel
from monitor.core.model import SecretName
from monitor.settings import MissingSecret

PATIENCE = 20.0
"""Seconds for one delivery."""

HELD: Final = timedelta(minutes=15)
"""How long an alert fires after the last push: long enough for a restart of ours, or of the machine."""

AT_ONCE: Final = 100
"""Alerts in one push."""

_PATH = "/api/v2/alerts"
_HEADER = re.compile(r"[!-~]+( [!-~]+)*")

Alert = dict[str, Any]
"""A `postableAlert` of Alertmanager's API v2."""


class Settings(BaseModel):
    """What `alerts.yaml` says for an Alertmanager. Errors never repeat what was written: an address may hold a token."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    url: str
    authorization: SecretName | None = None
    allow_private: tuple[str, ...] = ()
    trust: FilePath | None = None

    @model_validator(mode="after")
    def _url_is_usable(self) -> Self:
        problem = problem_of(self.url, self.allow_private)
        if problem:
            raise ValueError(problem)
        return self


async def deliver(parcel: Parcel, settings: Settings, now: datetime) -> Outcome:
    """Push what the parcel tells. A receiver knows an alert by its labels, so it may come as often as it likes."""
    return await _push([alert_of(payload, now) for payload in _told(parcel.payload)], settings, now)


async def refresh(stories: Sequence[Sequence[Mapping[str, Any]]], settings: Settings, now: datetime) -> Outcome:
    """Push everything that stands, and what has ended lately, once more.

    `stories` holds for each such incident the payloads that this channel has delivered, in order.
    """
    alerts = [alert for story in stories for alert in _standing(story, now)]
    outcome = Outcome(result=Result.DELIVERED)
    for start in range(0, len(alerts), AT_ONCE):
        outcome = await _push(alerts[start : start + AT_ONCE], settings, now)
        if outcome.result is not Result.DELIVERED:
            break
    return outcome


def check_secrets(settings: Settings) -> None:
    """See whether there is what to show at the door. Raises `MissingSecret` or `UnusableSecret`."""
    _headers(settings)


def provider(settings: Settings) -> str | None:
    """The provider without which this Alertmanager is silent, where it is one that Cutwatch knows."""
    return provider_at(httpx2.URL(settings.url).host)


def alert_of(payload: Mapping[str, Any], now: datetime) -> Alert:
    """The alert that a message becomes: firing as long as its incident stands, resolved afterwards."""
    data = payload["data"]
    if payload["type"] == "test":
        return _alert({"alertname": "CutwatchTest", "severity": "digest"}, data, now, now + timedelta(minutes=5))
    details = data.get("details") or {}
    began = _moment(details, "onset") or datetime.fromisoformat(payload["time"])
    is_open = data["stage"] == IncidentStage.CONFIRMED
    ends = now + HELD if is_open else min(_moment(details, "end") or datetime.fromisoformat(payload["time"]), now)
    return _alert(_labels(data, details), data, min(began, ends), ends)


def _told(payload: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    """The payload, or where it tells of several, one for each of which it tells more than the number."""
    if payload["type"] != "group":
        return (payload,)
    parts = [{"type": item["type"], "time": payload["time"], "data": item} for item in payload["data"]["items"]]
    return {part["data"]["incident"]: part for part in parts if part["data"].get("incident")}.values()


def _standing(story: Sequence[Mapping[str, Any]], now: datetime) -> Iterable[Alert]:
    """The alert of an incident as it was last told, and the end of those that it was under other labels."""
    *earlier, last = (alert_of(payload, now) for payload in story)
    for alert in earlier:
        if alert["labels"] != last["labels"]:
            yield {**alert, "endsAt": _rfc3339(now)}
    yield last


def _labels(data: Mapping[str, Any], details: Mapping[str, Any]) -> dict[str, str]:
    labels = {
        "alertname": "CutwatchIncident",
        "incident": data["incident"],
        # Of the incident: that of the news is another with the end, and would make it another alert. What was delivered before
        # payloads told both has the one only.
        "severity": data.get("incident_severity", data["severity"]),
        "organisation": details.get("organisation"),
        "kind": details.get("kind"),
        "country": ",".join(details.get("countries", ())),
        "provider": details.get("provider"),
    }
    return {name: value for name, value in labels.items() if value}


def _alert(labels: dict[str, str], data: Mapping[str, Any], starts: datetime, ends: datetime) -> Alert:
    link = data.get("url")
    annotations = {"summary": data["title"], "description": data.get("text", ""), "url": link or ""}
    alert = {
        "labels": labels,
        "annotations": {name: value for name, value in annotations.items() if value},
        "startsAt": _rfc3339(starts),
        "endsAt": _rfc3339(ends),
    }
    return {**alert, "generatorURL": link} if link else alert


def _moment(details: Mapping[str, Any], name: str) -> datetime | None:
    bracket = details.get(name)
    return datetime.fromisoformat(bracket["by"]) if bracket else None


def _rfc3339(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


async def _push(alerts: Sequence[Alert], settings: Settings, now: datetime) -> Outcome:
    if not alerts:
        return Outcome(result=Result.DELIVERED)
    url = httpx2.URL(settings.url.rstrip("/") + _PATH)
    door = Door(url=url, private=settings.allow_private, trust=settings.trust)
    try:
        answer: Answer = await door.post(json.dumps(alerts, ensure_ascii=False).encode(), _headers(settings))
    except Unreachable as problem:
        return Outcome(result=Result.UNAVAILABLE, error=str(problem), perhaps_received=problem.perhaps_received)
    except (Forbidden, MissingSecret, UnusableSecret) as problem:
        return Outcome(result=Result.REFUSED, error=str(problem))
    return outcome_of(answer, now)


def _headers(settings: Settings) -> dict[str, str]:
    headers = {"content-type": "application/json", "user-agent": "Cutwatch"}
    if settings.authorization is None:
        return headers
    return {**headers, "authorization": _authorization(settings.authorization)}


def _authorization(name: str) -> str:
    value = read(name)
    if not _HEADER.fullmatch(value):
        raise UnusableSecret(f"{name} must hold the value of an Authorization header, such as `Bearer` and a token")
    return value
