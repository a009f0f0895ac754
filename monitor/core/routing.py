"""Who is told of an event, and what: from an event of the log to the messages that it owes. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from types import MappingProxyType
from typing import Any

from monitor.core import wording
from monitor.core.incident import Bracket, Event, EventKind, Incident
from monitor.core.message import Message, MessageKind
from monitor.core.severity import severity
from monitor.core.watchlist import Channel, Match, Route, Severity, Tlp, Watchlist
from monitor.core.wording import Telling

TOLD_AS = MappingProxyType(
    {
        EventKind.CONFIRMED: MessageKind.ALARM,
        EventKind.REOPENED: MessageKind.ALARM,
        EventKind.RECLASSIFIED: MessageKind.UPDATE,
        EventKind.SCOPE_CHANGED: MessageKind.UPDATE,
        EventKind.RETRACTED: MessageKind.UPDATE,
        EventKind.ENDED: MessageKind.RECOVERY,
    }
)
"""The events that somebody is told of. A mere suspicion is nobody's business yet."""

BECAUSE_LIMIT = 1000
"""Characters of a rule's explanation that travel with a message."""

LIST_LIMIT = 20
"""Mechanisms that travel with a message: with `BECAUSE_LIMIT` and short names it keeps a body under 20 kB."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """One place that a message goes to."""

    route: Route
    channel: Channel


def route(event: Event, incident: Incident, watchlist: Watchlist, address: str) -> tuple[Message, ...]:
    """The messages that `event` owes; `incident` is what the event has made of it, `address` where readers find us.

    Nobody hears of what was never confirmed, so nobody is told of the end of something that they were not told of.
    """
    kind = TOLD_AS.get(event.kind)
    if kind is None or incident.confirmed_at is None or severity(incident) is Severity.NONE:
        return ()
    matching = (one for one in watchlist.alerts.routes if matches(one.match, incident, watchlist))
    return tuple(_message(event, incident, kind, recipient, watchlist, address) for recipient in _recipients(matching, watchlist))


def test_messages(route: Route, watchlist: Watchlist, now: datetime) -> tuple[Message, ...]:
    """One message per channel of `route`, marked as a test, that says that nothing has happened."""
    return tuple(_test_message(recipient, now) for recipient in _recipients(iter((route,)), watchlist))


def matches(match: Match, incident: Incident, watchlist: Watchlist) -> bool:
    """Whether a route with this `match` takes the incident. A loss without a country is everyone's, so every country's."""
    asked = (
        (match.kinds, incident.kind),
        (match.providers, incident.provider),
        (match.severities, severity(incident)),
    )
    if any(wanted and given not in wanted for wanted, given in asked):
        return False
    if match.organisations and not concerned(incident, watchlist) & set(match.organisations):
        return False
    return not match.countries or incident.key.country is None or incident.key.country in match.countries


def concerned(incident: Incident, watchlist: Watchlist) -> frozenset[str]:
    """The ids of those whom an incident is about.

    The isolation of a place is about all who are looked at from there: what they do not hear of from us, they would take
    for silence.
    """
    if incident.key.organisation:
        return frozenset({incident.key.organisation})
    inside = set(incident.vantages)
    return frozenset(
        organisation.id
        for organisation in watchlist.organisations
        for target in organisation.targets
        if not target.paused and (target.vantages is None or inside & set(target.vantages))
    )


def message_id(subject: str, version: int, route: str, channel: str) -> str:
    """The same event, route and channel always give the same id: 36 characters, safe in a header and an address."""
    return "msg_" + sha256("\0".join((subject, str(version), route, channel)).encode()).hexdigest()[:32]


def _recipients(routes: Iterator[Route], watchlist: Watchlist) -> Iterator[Recipient]:
    """Every channel of every route, but the same words only once into the same channel: the first route speaks."""
    heard = set()
    for one in routes:
        for channel in watchlist.alerts.channels:
            if channel.id in one.channels and (channel.id, one.language) not in heard:
                heard.add((channel.id, one.language))
                yield Recipient(one, channel)


def _message(
    event: Event, incident: Incident, kind: MessageKind, recipient: Recipient, watchlist: Watchlist, address: str
) -> Message:
    language = recipient.route.language
    telling = Telling(event=event, incident=incident, watchlist=watchlist, language=language, address=address)
    return Message(
        id=message_id(incident.id, event.version, recipient.route.id, recipient.channel.id),
        kind=kind,
        incident=incident.id,
        version=event.version,
        route=recipient.route.id,
        channel=recipient.channel.id,
        created_at=event.at,
        payload={"type": f"incident.{event.kind}", "time": _rfc3339(event.at), "data": _data(telling, recipient.channel)},
    )


def _data(telling: Telling, channel: Channel) -> dict[str, Any]:
    incident = telling.incident
    is_discreet = channel.discreet and incident.tlp is not Tlp.CLEAR
    text = wording.discreet(telling) if is_discreet else wording.in_full(telling)
    return {
        "incident": incident.id,
        "version": telling.event.version,
        "stage": incident.stage.value,
        "severity": severity(incident).value,
        "tlp": incident.tlp.value,
        "language": telling.language,
        "title": text.title,
        "text": text.body,
        "url": telling.link,
        "url_api": f"{telling.address}/api/v1/incidents/{incident.id}",
        "details": None if is_discreet else _details(incident),
    }


def _details(incident: Incident) -> dict[str, Any]:
    return {
        "organisation": incident.key.organisation or None,
        "target": incident.key.target or None,
        "kind": incident.kind.value,
        "countries": [incident.key.country] if incident.key.country else [],
        "provider": incident.provider,
        "origin": incident.origin.value,
        "strength": incident.strength.value,
        "rule": incident.rule,
        "because": wording.plain(incident.because, BECAUSE_LIMIT),
        "mechanisms": list(incident.mechanisms[:LIST_LIMIT]),
        "intermittent": incident.intermittent,
        "onset": _bracket(incident.onset),
        "end": _bracket(incident.end) if incident.end else None,
    }


def _test_message(recipient: Recipient, now: datetime) -> Message:
    text = wording.of_test(recipient.route.id, recipient.route.language)
    data = {"language": recipient.route.language, "title": text.title, "text": text.body}
    return Message(
        id=message_id(f"test {now.isoformat()}", 0, recipient.route.id, recipient.channel.id),
        kind=MessageKind.TEST,
        incident=None,
        version=0,
        route=recipient.route.id,
        channel=recipient.channel.id,
        created_at=now,
        payload={"type": "test", "time": _rfc3339(now), "data": data},
    )


def _bracket(bracket: Bracket) -> dict[str, str | None]:
    return {"after": _rfc3339(bracket.after) if bracket.after else None, "by": _rfc3339(bracket.by)}


def _rfc3339(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
