"""What is left to say of a mass event and of its members, so that nobody is told the same twice. Pure.

People who heard of the mass event do not get an alarm for each of its members too, unless one of them cannot wait, or they
want quiet about the mass event: muting holds back no new alarm. Whoever had a member's alarm before there was a mass event hears
of its end as well; the outbox keeps it from all others. Whoever asked for certain organisations only hears of their losses by
themselves, and neither of the mass event nor of who else has joined. Programs hear of everything.

That fewer of the members stand is news to programs only: people see it where they look, and hear of the end. Where the mass event
is taken back, whoever heard of it alone is told now of each loss that stands.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from monitor.core.disclosure import effective_tlp, may_hear
from monitor.core.hearing import Turn
from monitor.core.incident import Event, Incident
from monitor.core.kinds import EventKind, IncidentStage, Severity
from monitor.core.mass_account import stands
from monitor.core.message import Message, MessageKind, Purpose
from monitor.core.routing import channels_of, matches, route
from monitor.core.severity import severity
from monitor.core.subscription import Route
from monitor.core.watchlist import Watchlist

FOR_PROGRAMS: Final = frozenset({"webhook", "alertmanager"})
"""Kinds of channels at whose other end nobody is woken, and everything is wanted by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kin:
    """An event, the incident that it has made, and its kin as they are by then.

    - `parent`: the mass event that it belongs to; `members`: those that belong to it, where it is one itself
    """

    event: Event
    incident: Incident
    parent: Incident | None = None
    members: tuple[Incident, ...] = ()


Happened = Sequence[tuple[Event, Incident]]
"""Events of one batch in their order, each with what it has made of its incident."""

Ears = Collection[tuple[str, str]]
"""Channels, each with the id of an incident of which it has heard the alarm, or is about to."""


def owed(
    happened: Happened, known: Iterable[Incident], watchlist: Watchlist, address: str, listening: Ears = frozenset()
) -> tuple[Message, ...]:
    """The messages that these events owe together: which mass event a loss belongs to is known only after all of them.

    `known` are the incidents as they were before, mass events among them, `address` is where readers find us; `listening` says
    who has heard of which mass event, and wants no quiet about it.
    """
    stories = tuple(_stories(happened, known, watchlist, address))
    ears = {*listening, *_alarmed(one for messages, kin in stories if kin.incident.is_mass for one in messages)}
    return tuple(one for messages, kin in stories for one in not_told_twice(messages, kin, watchlist, ears))


def _stories(
    happened: Happened, known: Iterable[Incident], watchlist: Watchlist, address: str
) -> Iterator[tuple[tuple[Message, ...], Kin]]:
    """What each event would owe by itself, without what is left out of a mass event."""
    before = {one.id: one for one in known}
    latest = before | {incident.id: incident for _, incident in happened}
    alone = left_alone(happened)
    for event, incident in happened:
        linked = replace(incident, relations=latest[incident.id].relations)
        told = _as_alarm(event) if incident.id in alone else event
        members = tuple(latest[name] for name in linked.members if name in latest)
        kin = Kin(event=told, incident=linked, parent=latest.get(linked.parent or ""), members=members)
        messages = route(told, linked, watchlist, address, before.get(incident.id))
        yield not_told_twice(messages, kin, watchlist) if linked.is_mass else messages, kin
        before[incident.id] = incident


def _alarmed(messages: Iterable[Message]) -> Iterator[tuple[str, str]]:
    """Who hears an alarm. A channel that stands in for another has heard nothing yet."""
    for one in messages:
        if one.kind is MessageKind.ALARM and one.incident and one.purpose is not Purpose.SECOND:
            yield one.channel, one.incident


def mass_events_of(happened: Happened) -> frozenset[str]:
    """The mass events to which the incidents belong to which this has happened."""
    return frozenset(incident.parent for _, incident in happened if incident.parent is not None)


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


def unheard(
    messages: Iterable[Message], alone: Collection[str], turns: Iterable[Turn], standing_by: Ears = frozenset()
) -> tuple[Message, ...]:
    """The messages without those about losses left `alone` to channels that have their alarm already; `turns` tells which have.

    `standing_by` are the channels that are called in a while, if nobody acknowledges the alarm that was told then. A call that
    was left to the mass event is made now, whoever has heard the alarm itself.
    """
    heard = _heard(turns)
    new = [one for one in messages if one.incident not in alone or (one.channel, one.incident) not in heard]
    speaking = {(one.channel, one.incident) for one in new if one.purpose is Purpose.DIRECT}
    return tuple(one for one in new if one.incident not in alone or _is_missing(one, speaking, standing_by))


def _heard(turns: Iterable[Turn]) -> Ears:
    """Who has heard an alarm, or is about to, and not of its end. What was given up was not heard."""
    last: dict[tuple[str, str], Turn] = {}
    for turn in sorted(turns, key=lambda one: one.version):
        if not turn.is_lost:
            last[turn.channel, turn.incident] = turn
    return {name for name, turn in last.items() if not turn.is_last}


def _is_missing(message: Message, speaking: Collection[tuple[str, str | None]], standing_by: Ears) -> bool:
    """Whether nobody says it so far: a channel stands in for one that is told anew, and is called where no call is to come."""
    if message.purpose is Purpose.SECOND:
        return (message.stands_in_for, message.incident) in speaking
    return message.purpose is not Purpose.ESCALATION or (message.channel, message.incident) not in standing_by


def not_told_twice(
    messages: Iterable[Message], kin: Kin, watchlist: Watchlist, listening: Ears = frozenset()
) -> tuple[Message, ...]:
    """Those of the messages owed that say what the same readers do not hear otherwise."""
    return tuple(one for one in messages if not _is_left_out(one, kin, watchlist, listening))


def _is_left_out(message: Message, kin: Kin, watchlist: Watchlist, listening: Ears) -> bool:
    own = next((one for one in watchlist.alerts.routes if one.id == message.route), None)
    if own is None:
        return False
    if kin.incident.is_mass:
        return _is_told_by_members(message, own, kin, watchlist)
    if own.match.organisations or message.kind is not MessageKind.ALARM or kin.parent is None or not _stood(kin):
        return False
    hears = message.stands_in_for or message.channel, kin.parent.id
    return hears in listening and speaks_for(kin.parent, kin.incident, own, message.channel, watchlist)


def _is_told_by_members(message: Message, own: Route, kin: Kin, watchlist: Watchlist) -> bool:
    """Whether the readers of a mass event need not hear this, or hear it by the alarms of those members that are theirs."""
    is_for_us = is_for_people(message.channel, watchlist)
    if _tells_of_fewer(kin) and is_for_us:
        return True
    if not own.match.organisations:
        return False
    if kin.event.kind is EventKind.SCOPE_CHANGED:
        return True
    theirs = [one for one in kin.members if stands(one) and one.key.organisation in own.match.organisations]
    if message.kind is not MessageKind.ALARM or not is_for_us or not theirs:
        return False
    speak = all(_speaks_itself(one, own, message, watchlist) for one in theirs)
    return speak and not _is_wanted_whole(message.channel, kin.incident, watchlist)


def _speaks_itself(member: Incident, own: Route, message: Message, watchlist: Watchlist) -> bool:
    """Whether this route tells this channel of a member by itself."""
    if not matches(own.match, member, watchlist) or not _may_hear(message.channel, member, watchlist):
        return False
    called = own.escalate.severities if own.escalate else ()
    return message.purpose is not Purpose.ESCALATION or severity(member) in called


def _is_wanted_whole(channel: str, mass: Incident, watchlist: Watchlist) -> bool:
    """Whether somebody who listens there asked for whatever happens: of several routes only one speaks."""
    return any(
        channel in channels_of(one) and not one.match.organisations and matches(one.match, mass, watchlist)
        for one in watchlist.alerts.routes
    )


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


def _may_hear(name: str, incident: Incident, watchlist: Watchlist) -> bool:
    tlp = effective_tlp(incident, watchlist)
    return any(one.id == name and may_hear(one, tlp) for one in watchlist.alerts.channels)
