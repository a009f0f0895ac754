"""What becomes due because nothing has happened: others are called where nobody acknowledges, and people are reminded."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from monitor.alerts.attending import attended
from monitor.core.bundling import is_last_word
from monitor.core.disclosure import effective_tlp, may_hear
from monitor.core.incident import Event, Incident
from monitor.core.kinds import IncidentStage
from monitor.core.member_alarms import speaks_for
from monitor.core.message import Message
from monitor.core.routing import channels_of, matches, reminder_id, reminder_message
from monitor.core.subscription import Channel, Route
from monitor.core.watchlist import Watchlist
from monitor.store import Reading, Unattended


@dataclass(frozen=True, slots=True)
class Tended:
    """What is to be owed from now on, and what is not to be owed any more."""

    released: Sequence[str]
    cancelled: Sequence[str]
    reminders: Sequence[Message]

    def __bool__(self) -> bool:
        return bool(self.released or self.cancelled or self.reminders)


@dataclass(frozen=True, slots=True)
class _Repetition:
    """The `number`th reminder that a receiver is owed, who knows of what happened at `alarm_at`."""

    id: str
    number: int
    incident: str
    alarm_at: datetime
    route: Route
    channel: Channel


@dataclass(frozen=True, slots=True)
class _Known:
    """What is on record of incidents about which something is due, read at once: a mass event may have thousands of members.

    - `incidents`: these, and the mass events that they belong to, by id
    - `told`: channel and incident of every alarm that is on its way to somebody, or has arrived
    - `attended`: the ids of those that somebody sees to, or wants quiet about
    """

    incidents: Mapping[str, Incident]
    told: Collection[tuple[str, str]]
    attended: Collection[str]

    def needs_others(self, name: str) -> bool:
        """Whether it stands, and nobody sees to it."""
        incident = self.incidents.get(name)
        return incident is not None and _stands(incident) and name not in self.attended


async def _known(reading: Reading, names: Collection[str], now: datetime) -> _Known:
    found = await reading.incidents_named(names)
    parents = await reading.incidents_named({one.parent for one in found if one.parent is not None})
    incidents = {one.id: one for one in (*found, *parents)}
    return _Known(incidents, await reading.being_told(incidents), await attended(reading, found, now))


async def tend(reading: Reading, watchlist: Watchlist, address: str, now: datetime) -> Tended:
    """Decide what is due at `now`. `address` is where readers find us."""
    released, cancelled = await _escalations(reading, watchlist, now)
    return Tended(released, cancelled, await _reminders(reading, watchlist, address, now))


async def _escalations(reading: Reading, watchlist: Watchlist, now: datetime) -> tuple[list[str], list[str]]:
    due = await reading.escalations(now)
    if not due:
        return [], []
    known = await _known(reading, {one.incident for one in due if one.incident}, now)
    calls = [one for one in due if _goes_out(one, known)]
    alone = {one.id for one in _without_members(calls, known, watchlist)}
    return [one.id for one in calls if one.id in alone], sorted({one.id for one in due} - alone)


def _without_members(calls: Sequence[Message], known: _Known, watchlist: Watchlist) -> list[Message]:
    """The calls without those for members of a mass event to whom the call for that goes, or has gone."""
    routes = {one.id: one for one in watchlist.alerts.routes}
    in_a_moment = replace(known, told={*known.told, *((one.channel, one.incident) for one in calls if one.incident)})
    return [
        one
        for one in calls
        if is_last_word(one)
        or not _is_told_of_with_others(one.incident or "", routes.get(one.route), one.channel, in_a_moment, watchlist)
    ]


def _is_told_of_with_others(name: str, route: Route | None, channel: str, known: _Known, watchlist: Watchlist) -> bool:
    """Whether these readers know of the mass event that an incident belongs to, and need hear of that alone."""
    member = known.incidents.get(name)
    if member is None or member.parent is None or route is None:
        return False
    parent = known.incidents.get(member.parent)
    if parent is None or not _stands(parent) or not speaks_for(parent, member, route, channel, watchlist):
        return False
    return (channel, parent.id) in known.told


def _goes_out(escalation: Message, known: _Known) -> bool:
    """The end goes to whom the alarm went; everything else wherever others are needed."""
    if is_last_word(escalation):
        return (escalation.channel, escalation.incident) in known.told
    return known.needs_others(escalation.incident or "")


def _stands(incident: Incident) -> bool:
    return incident.is_open and incident.stage is IncidentStage.CONFIRMED


async def _reminders(reading: Reading, watchlist: Watchlist, address: str, now: datetime) -> list[Message]:
    reminding = _reminding(watchlist)
    if not reminding:
        return []
    due = [
        repetition
        for one in await reading.unattended(reminding)
        for route, channel in reminding[one.channel]
        if (repetition := _repetition(one, route, channel, now))
    ]
    said = await reading.known_messages([one.id for one in due])
    unsaid = [one for one in due if one.id not in said]
    if not unsaid:
        return []
    known = await _known(reading, {one.incident for one in unsaid}, now)
    wanted = [one for one in unsaid if _is_wanted(one, known, watchlist)]
    logs = await reading.logs({one.incident for one in wanted})
    return [_reminder(one, known.incidents[one.incident], logs[one.incident][-1], watchlist, address, now) for one in wanted]


def _reminding(watchlist: Watchlist) -> dict[str, list[tuple[Route, Channel]]]:
    """The routes that remind, by channel: whichever of them raised the alarm there, and whatever it was called then."""
    found: defaultdict[str, list[tuple[Route, Channel]]] = defaultdict(list)
    for route in watchlist.alerts.routes:
        for channel in watchlist.alerts.channels:
            if route.repeat and channel.id in channels_of(route):
                found[channel.id].append((route, channel))
    return found


def _repetition(one: Unattended, route: Route, channel: Channel, now: datetime) -> _Repetition | None:
    """Which repetition is due, if one is. What fell due while nobody was there to send it is not made up for."""
    number = (now - one.told_at) // timedelta(seconds=route.repeat or 0)
    if number < 1:
        return None
    name = reminder_id(one.incident, number, route, channel)
    return _Repetition(name, number, one.incident, one.alarm_at, route, channel)


def _is_wanted(due: _Repetition, known: _Known, watchlist: Watchlist) -> bool:
    """Whether these readers still may hear of it, and hear it from nobody else."""
    if not known.needs_others(due.incident):
        return False
    incident = known.incidents[due.incident]
    if not matches(due.route.match, incident, watchlist) or not may_hear(due.channel, effective_tlp(incident, watchlist)):
        return False
    if _is_told_of_with_others(incident.id, due.route, due.channel.id, known, watchlist):
        return False
    # Where it has come back since their alarm, they know of its end only.
    return incident.stage_since is None or due.alarm_at >= incident.stage_since


def _reminder(due: _Repetition, incident: Incident, last: Event, watchlist: Watchlist, address: str, now: datetime) -> Message:
    return reminder_message(incident, last, due.route, due.channel, due.number, watchlist, address, now)
