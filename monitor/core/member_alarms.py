"""What is left to say of a mass event and of its members, so that nobody is told the same twice. Pure.

People who hear of the mass event do not get an alarm for each of its members too, unless one of them cannot wait. Whoever had
a member's alarm before there was a mass event hears of its end as well; the outbox keeps it from all others. Whoever asked for
certain organisations only hears of their losses by themselves, and not of who else has joined. Programs hear of everything.

That fewer of the members stand is news to programs only: people see it where they look, and hear of the end. Where the mass event
is taken back, whoever heard of it alone is told now of each loss that stands.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from monitor.core.disclosure import effective_tlp, may_hear
from monitor.core.hearing import Turn
from monitor.core.incident import Event, Incident
from monitor.core.kinds import EventKind, IncidentStage, Severity
from monitor.core.message import Message, MessageKind, Purpose
from monitor.core.routing import matches, route
from monitor.core.severity import severity
from monitor.core.subscription import Route
from monitor.core.watchlist import Watchlist

FOR_PROGRAMS: Final = frozenset({"webhook", "alertmanager"})
"""Kinds of channels at whose other end nobody is woken, and everything is wanted by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kin:
    """An event, the incident that it has made, and the mass event that this belongs to by then."""

    event: Event
    incident: Incident
    parent: Incident | None


Happened = Sequence[tuple[Event, Incident]]
"""Events of one batch in their order, each with what it has made of its incident."""


def owed(happened: Happened, known: Iterable[Incident], watchlist: Watchlist, address: str) -> tuple[Message, ...]:
    """The messages that these events owe together: which mass event a loss belongs to is known only after all of them.

    `known` are the incidents as they were before, mass events among them, `address` is where readers find us.
    """
    before = {one.id: one for one in known}
    latest = before | {incident.id: incident for _, incident in happened}
    alone = left_alone(happened)
    messages: list[Message] = []
    for event, incident in happened:
        linked = replace(incident, relations=latest[incident.id].relations)
        told = _as_alarm(event) if incident.id in alone else event
        kin = Kin(event=told, incident=linked, parent=latest.get(linked.parent or ""))
        messages += not_told_twice(route(told, linked, watchlist, address, before.get(incident.id)), kin, watchlist)
        before[incident.id] = incident
    return tuple(messages)


def _as_alarm(event: Event) -> Event:
    return replace(event, kind=EventKind.CONFIRMED) if event.kind is EventKind.LINKED else event


def left_alone(happened: Happened) -> frozenset[str]:
    """The losses that stand and have just left a mass event: it was none. Within a batch nothing else unlinks one."""
    latest = {incident.id: incident for _, incident in happened}
    linked = {event.incident for event, _ in happened if event.kind is EventKind.LINKED}
    return frozenset(
        name
        for name in linked
        if latest[name].stage is IncidentStage.CONFIRMED and latest[name].parent is None and not latest[name].is_mass
    )


def unheard(messages: Iterable[Message], alone: Collection[str], turns: Iterable[Turn]) -> tuple[Message, ...]:
    """The messages without those about losses left `alone` to channels that have their alarm already; `turns` tells which have.

    Where a route tells nobody anew, it calls nobody else either: it has done so with the alarm.
    """
    last: dict[tuple[str, str], Turn] = {}
    for turn in sorted(turns, key=lambda one: one.version):
        last[turn.channel, turn.incident] = turn
    heard = {name for name, turn in last.items() if not turn.is_last}
    new = [one for one in messages if one.incident not in alone or (one.channel, one.incident) not in heard]
    speaking = {(one.route, one.incident) for one in new if one.purpose is Purpose.DIRECT}
    return tuple(one for one in new if one.incident not in alone or (one.route, one.incident) in speaking)


def not_told_twice(messages: Iterable[Message], kin: Kin, watchlist: Watchlist) -> tuple[Message, ...]:
    """Those of the messages owed that say what the same readers do not hear otherwise."""
    return tuple(one for one in messages if not _is_left_out(one, kin, watchlist))


def _is_left_out(message: Message, kin: Kin, watchlist: Watchlist) -> bool:
    own = next((one for one in watchlist.alerts.routes if one.id == message.route), None)
    if own is None:
        return False
    if _tells_of_fewer(kin) and is_for_people(message.channel, watchlist):
        return True
    if own.match.organisations:
        return kin.incident.is_mass and kin.event.kind is EventKind.SCOPE_CHANGED
    is_alarm = message.kind is MessageKind.ALARM
    return is_alarm and _stood(kin) and speaks_for(kin.parent, kin.incident, own, message.channel, watchlist)


def _tells_of_fewer(kin: Kin) -> bool:
    """Whether it only says of a mass event that some of its members are over (`mass_account.news`)."""
    return kin.incident.is_mass and kin.event.kind is EventKind.SCOPE_CHANGED and kin.event.change.members is None


def _stood(kin: Kin) -> bool:
    """Whether the mass event says it too: while it stands, and as it ends with its last member."""
    return kin.parent is not None and (kin.parent.closed_at is None or kin.parent.closed_at >= kin.event.at)


def speaks_for(parent: Incident | None, member: Incident, route: Route, channel: str, watchlist: Watchlist) -> bool:
    """Whether readers of this route in this channel hear of the mass event instead. What cannot wait is never left to it."""
    if parent is None or severity(member) is Severity.PAGE or not is_for_people(channel, watchlist):
        return False
    return matches(route.match, parent, watchlist) and _may_hear(channel, parent, watchlist)


def is_for_people(channel: str, watchlist: Watchlist) -> bool:
    """Whether somebody may be woken at the other end of this channel."""
    return any(one.id == channel and one.kind not in FOR_PROGRAMS for one in watchlist.alerts.channels)


def _may_hear(name: str, parent: Incident, watchlist: Watchlist) -> bool:
    tlp = effective_tlp(parent, watchlist)
    return any(one.id == name and may_hear(one, tlp) for one in watchlist.alerts.channels)
