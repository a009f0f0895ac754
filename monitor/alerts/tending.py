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
    released, cancelled = await _escalations(reading, now)
    return Tended(released, cancelled, await _reminders(reading, watchlist, address, now))


async def _escalations(reading: Reading, now: datetime) -> tuple[list[str], list[str]]:
    due = await reading.escalations(now)
    if not due:
        return [], []
    names = {one.incident for one in due if one.incident}
    spoken = await reading.being_told(names)
    needed = {name for name in names if await _needs_others(reading, name, now)}
    released = [one.id for one in due if _goes_out(one, spoken, needed)]
    return released, sorted({one.id for one in due} - set(released))


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
    if incident.stage_since and due.alarm_at < incident.stage_since:
        # It has come back, and they know of its end only.
        return None
    last = (await reading.events(incident.id))[-1]
    return reminder_message(incident, last, due.route, due.channel, due.number, watchlist, address, now)
