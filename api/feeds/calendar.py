"""The dates as a calendar to subscribe to (iCalendar, RFC 5545), each with a reminder a week and a day before."""

from datetime import timedelta
from hashlib import sha256
from typing import Final

from icalendar import Alarm, Calendar, Event

from api.feeds.dates import Agenda, Appointment
from api.feeds.entries import authority_of
from api.feeds.renderings import Rendering

MEDIA_TYPE: Final = "text/calendar"

PATH: Final = "/calendar.ics"

REMINDERS: Final = (timedelta(days=7), timedelta(days=1))

_ASK_AGAIN: Final = timedelta(hours=6)


async def render(agenda: Agenda) -> Rendering:
    """The calendar as bytes."""
    appointments = await agenda.appointments()
    calendar = Calendar()
    name = agenda.words.text("Cutwatch: deadlines")
    calendar.add("prodid", "-//Cutwatch//Deadlines//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("name", name)
    calendar.add("x-wr-calname", name)
    calendar.add("refresh-interval", _ASK_AGAIN, parameters={"VALUE": "DURATION"})
    authority = authority_of(agenda.visible.context.settings.address)
    for one in appointments:
        calendar.add_component(_event(one, authority))
    return Rendering.of(calendar.to_ical(), max((one.modified for one in appointments), default=None))


def _event(one: Appointment, authority: str) -> Event:
    event = Event()
    event.add("uid", f"{sha256(one.name.encode()).hexdigest()[:32]}@{authority}")
    event.add("dtstamp", one.modified)
    event.add("last-modified", one.modified)
    event.add("sequence", one.revision)
    event.add("dtstart", one.start)
    if one.end is not None:
        event.add("dtend", one.end)
    event.add("summary", one.title)
    event.add("description", "\n".join((*one.lines, one.url or "")))
    event.add("categories", [one.sort])
    event.add("transp", "TRANSPARENT")
    if one.url:
        event.add("url", one.url)
    event.add("status", "CANCELLED" if one.is_off else "CONFIRMED")
    for before in () if one.is_off else REMINDERS:
        event.add_component(_reminder(one, before))
    return event


def _reminder(one: Appointment, before: timedelta) -> Alarm:
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", one.title)
    alarm.add("trigger", -before)
    return alarm
