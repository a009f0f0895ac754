"""What a message carries: the payload that its channel sends, in words for people and in fields for programs. Pure.

A payload is complete when it is written: delivery decides nothing any more. Whatever stands in names, reasons and looks, it
stays below the 20 kB that a webhook may have, and holds no line break, terminal escape or markup in a title.
"""

from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from monitor.core import naming, wording
from monitor.core.disclosure import Manner, effective_tlp, manner
from monitor.core.incident import Bracket
from monitor.core.model import Language
from monitor.core.phrases.gathered import REMINDER
from monitor.core.severity import severity
from monitor.core.subscription import Channel
from monitor.core.telling import Telling

BECAUSE_LIMIT = 1000
"""Characters of a rule's explanation that travel with a message."""

NAME_LIMIT = 100
"""Characters of an id, a rule or a mechanism that travel with a message; ours are far shorter."""

LIST_LIMIT = 20
"""Mechanisms or countries that travel with a message: with the other limits it keeps a body under 20 kB."""


def of_incident(telling: Telling, channel: Channel, at: datetime) -> dict[str, Any]:
    """News of an incident, since `at`, for readers of this channel."""
    kind = REMINDER if telling.is_reminder else f"incident.{telling.event.kind}"
    tlp = effective_tlp(telling.incident, telling.watchlist)
    return {"type": kind, "time": _rfc3339(at), "data": _data(telling, manner(channel, tlp))}


def for_readers(telling: Telling) -> dict[str, Any]:
    """News of an incident for those who may read it, and come for it themselves: nothing of it stands on a lock screen."""
    event = telling.event
    return {"type": f"incident.{event.kind}", "time": _rfc3339(event.at), "data": _data(telling, Manner.FULL)}


def for_outsiders(telling: Telling) -> dict[str, Any]:
    """The same for those whom it did not strike: what happened, and not what to do."""
    told, text = for_readers(telling), wording.as_news(telling)
    return {**told, "data": {**told["data"], "title": text.title, "text": text.body}}


def of_test(route: str, language: Language, address: str, now: datetime) -> dict[str, Any]:
    """A try-out of a route. It links to `address`, where readers find us, so that it shows whether they do."""
    text, link = wording.of_test(route, language), f"{address}/"
    data = {"language": language, "title": text.title, "text": f"{text.body}\n{link}", "url": link}
    return {"type": "test", "time": _rfc3339(now), "data": data}


_WORDS = MappingProxyType({Manner.FULL: wording.in_full, Manner.DISCREET: wording.discreet, Manner.CLOSED: wording.in_few_words})


def _data(telling: Telling, told: Manner) -> dict[str, Any]:
    incident = telling.incident
    tlp = effective_tlp(incident, telling.watchlist)
    text = _WORDS[told](telling)
    return {
        "incident": incident.id,
        "version": telling.event.version,
        "stage": incident.stage.value,
        "severity": telling.urgency.value,
        "incident_severity": severity(incident).value,
        "tlp": tlp.value,
        "language": telling.language,
        "title": text.title,
        "text": text.body,
        "url": telling.link,
        "url_api": f"{telling.address}/api/v1/incidents/{incident.id}",
        "details": _details(telling) if told is Manner.FULL else None,
    }


def _details(telling: Telling) -> dict[str, Any]:
    incident = telling.incident
    return {
        "organisation": _name(incident.key.organisation),
        "organisation_name": naming.organisation(telling),
        "target": _name(incident.key.target),
        "kind": incident.kind.value,
        "countries": list(incident.countries[:LIST_LIMIT]),
        "provider": _name(incident.provider),
        "origin": incident.origin.value,
        "strength": incident.strength.value if incident.strength else None,
        "rule": _name(incident.rule),
        "because": naming.plain(incident.because or "", BECAUSE_LIMIT),
        "mechanisms": [naming.plain(one, NAME_LIMIT) for one in incident.mechanisms[:LIST_LIMIT]],
        "intermittent": incident.intermittent,
        "onset": _bracket(incident.onset) if incident.onset else None,
        "end": _bracket(incident.end) if incident.end else None,
    }


def _name(name: str | None) -> str | None:
    return naming.plain(name, NAME_LIMIT) if name else None


def _bracket(bracket: Bracket) -> dict[str, str | None]:
    return {"after": _rfc3339(bracket.after) if bracket.after else None, "by": _rfc3339(bracket.by)}


def _rfc3339(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
