"""What becomes due because nothing has happened: others are called where nobody acknowledges, and people are reminded."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.alerts.attending import is_attended
from monitor.core.bundling import is_last_word
from monitor.core.disclosure import effective_tlp, may_hear
from monitor.core.incident import Incident
from monitor.core.kinds import IncidentStage
from monitor.core.member_alarms import speaks_for
from monitor.core.message import Message
from monitor.core.routing import channels_of, matches, reminder_id, reminder_message
from monitor.core.watchlist import Channel, Route, Watchlist
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


async def tend(reading: Reading, watchlist: Watchlist, address: str, now: datetime) -> Tended:
    """Decide what is due at `now`. `address` is where readers find us."""
    released, cancelled = await _escalations(reading, watchlist, now)
    return Tended(released, cancelled, await _reminders(reading, watchlist, address, now))


async def _escalations(reading: Reading, watchlist: Watchlist, now: datetime) -> tuple[list[str], list[str]]:
    due = await reading.escalations(now)
    if not due:
        return [], []
    names = {one.incident for one in due if one.incident}
    spoken = await reading.being_told(names)
    needed = {name for name in names if await _needs_others(reading, name, now)}
    calls = [one for one in due if _goes_out(one, spoken, needed)]
    alone = await _without_members(reading, watchlist, calls)
    return [one.id for one in alone], sorted({one.id for one in due} - {one.id for one in alone})


async def _without_members(reading: Reading, watchlist: Watchlist, calls: Sequence[Message]) -> list[Message]:
    """The calls without those for members of a mass event to whom the call for that goes, or has gone."""
    routes = {one.id: one for one in watchlist.alerts.routes}
    called = frozenset((one.channel, one.incident) for one in calls if one.incident)
    kept = []
    for one in calls:
        incident, route = await reading.incident(one.incident or ""), routes.get(one.route)
        if is_last_word(one) or not await _is_told_of_with_others(reading, incident, route, one.channel, watchlist, called):
            kept.append(one)
    return kept


async def _is_told_of_with_others(
    reading: Reading,
    member: Incident | None,
    route: Route | None,
    channel: str,
    watchlist: Watchlist,
    called: Collection[tuple[str, str]] = (),
) -> bool:
    """Whether these readers know of the mass event that it belongs to, and need hear of that alone. `called` will in a moment."""
    if member is None or member.parent is None or route is None:
        return False
    parent = await reading.incident(member.parent)
    if parent is None or not _stands(parent) or not speaks_for(parent, member, route, channel, watchlist):
        return False
    whole = (channel, parent.id)
    return whole in called or whole in await reading.being_told([parent.id])


async def _needs_others(reading: Reading, name: str, now: datetime) -> bool:
    incident = await reading.incident(name)
    return incident is not None and _stands(incident) and not await is_attended(reading, incident, now)


def _goes_out(escalation: Message, spoken: Collection[tuple[str, str]], needed: Collection[str]) -> bool:
    """The end goes to whom the alarm went; everything else wherever others are needed."""
    if is_last_word(escalation):
        return (escalation.channel, escalation.incident) in spoken
    return escalation.incident in needed


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
    known = await reading.known_messages([one.id for one in due])
    made = [await _reminder(reading, one, watchlist, address, now) for one in due if one.id not in known]
    return [one for one in made if one is not None]


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


async def _reminder(reading: Reading, due: _Repetition, watchlist: Watchlist, address: str, now: datetime) -> Message | None:
    incident = await reading.incident(due.incident)
    if incident is None or not _stands(incident) or not matches(due.route.match, incident, watchlist):
        return None
    if not may_hear(due.channel, effective_tlp(incident, watchlist)) or await is_attended(reading, incident, now):
        return None
    if await _is_told_of_with_others(reading, incident, due.route, due.channel.id, watchlist):
        return None
    if incident.stage_since and due.alarm_at < incident.stage_since:
        # It has come back, and they know of its end only.
        return None
    last = (await reading.events(incident.id))[-1]
    return reminder_message(incident, last, due.route, due.channel, due.number, watchlist, address, now)
