"""What is left to say of a mass event and of its members, so that nobody is told the same twice. Pure.

People who hear of the mass event do not get an alarm for each of its members too, unless one of them cannot wait. Whoever had
a member's alarm before there was a mass event hears of its end as well; the outbox keeps it from all others. Whoever asked for
certain organisations only hears of their losses by themselves, and not of who else has joined. Programs hear of everything.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from monitor.core.disclosure import effective_tlp, may_hear
from monitor.core.incident import Event, Incident
from monitor.core.kinds import EventKind
from monitor.core.message import Message, MessageKind
from monitor.core.routing import matches
from monitor.core.severity import severity
from monitor.core.watchlist import Severity, Watchlist

FOR_PROGRAMS: Final = frozenset({"webhook", "alertmanager"})
"""Kinds of channels at whose other end nobody is woken, and everything is wanted by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kin:
    """An event, the incident that it has made, and the mass event that this belongs to by then."""

    event: Event
    incident: Incident
    parent: Incident | None


def not_told_twice(messages: Iterable[Message], kin: Kin, watchlist: Watchlist) -> tuple[Message, ...]:
    """Those of the messages owed that say what the same readers do not hear otherwise."""
    return tuple(one for one in messages if not _is_left_out(one, kin, watchlist))


def _is_left_out(message: Message, kin: Kin, watchlist: Watchlist) -> bool:
    route = next((one for one in watchlist.alerts.routes if one.id == message.route), None)
    if route is None:
        return False
    if route.match.organisations:
        return kin.incident.is_mass and kin.event.kind is EventKind.SCOPE_CHANGED
    parent = kin.parent
    if parent is None or message.kind is not MessageKind.ALARM or not _speaks(parent, kin):
        return False
    return matches(route.match, parent, watchlist) and _hears_of_it(message.channel, parent, watchlist)


def _hears_of_it(name: str, parent: Incident, watchlist: Watchlist) -> bool:
    """Whether people at the other end of this channel hear of the mass event."""
    tlp = effective_tlp(parent, watchlist)
    channel = next((one for one in watchlist.alerts.channels if one.id == name), None)
    return channel is not None and channel.kind not in FOR_PROGRAMS and may_hear(channel, tlp)


def _speaks(parent: Incident, kin: Kin) -> bool:
    """Whether the mass event says it too: while it stands, and as it ends with its last member.

    What cannot wait is never left to it.
    """
    stood = parent.closed_at is None or parent.closed_at >= kin.event.at
    return stood and severity(kin.incident) is not Severity.PAGE
