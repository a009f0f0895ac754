"""Parcels as they reach the channels."""

from dataclasses import replace
from datetime import UTC, datetime

from monitor.core import routing
from monitor.core.bundling import Waiting, bundle
from monitor.core.hearing import Turn
from monitor.core.incident import Incident
from monitor.core.kinds import EventKind
from monitor.core.message import Message, Parcel
from monitor.core.model import Language
from monitor.core.subscription import Route
from tests.monitor.cast import ADDRESS, BLOCKED, happening, watchlist

NOW = datetime(2026, 3, 3, 10, 0, tzinfo=UTC)


def owed(
    event: EventKind = EventKind.CONFIRMED,
    incident: Incident = BLOCKED,
    *,
    language: Language = "en",
    channel: str = "desk",
) -> Message:
    """What the event owes to one channel; `desk` may name names, `phone` is discreet."""
    route = Route(id="everything", channels=(channel,), language=language)
    return next(
        one for one in routing.route(happening(event, incident), incident, watchlist(route), ADDRESS) if one.channel == channel
    )


def together(*messages: Message, now: datetime = NOW) -> Parcel:
    """These messages in one parcel."""
    alike = [Waiting(message=replace(one, bundle="")) for one in messages]
    told = [Turn(message="", route=one.route, channel=one.channel, incident=one.incident or "", version=0) for one in messages]
    [sealed] = bundle(alike, told, now).parcels
    return sealed.parcel


def alarm(incident: Incident = BLOCKED, *, language: Language = "en", channel: str = "desk") -> Parcel:
    """The parcel with the news that an incident is confirmed."""
    return together(owed(incident=incident, language=language, channel=channel))
