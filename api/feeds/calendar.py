"""The dates as a calendar to subscribe to (iCalendar, RFC 5545), each with a reminder a week and a day before."""

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from icalendar import Alarm, Calendar, Event, Timezone, TimezoneStandard

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
    if not appointments:
        calendar.add_component(_nothing_but_a_time_zone())
    return Rendering.of(calendar.to_ical(), max((one.modified for one in appointments), default=None))


def _nothing_but_a_time_zone() -> Timezone:
    """What a calendar without dates holds, for it must hold something (RFC 5545, 3.6) and nobody must see an invented date."""
    zone, standard = Timezone(), TimezoneStandard()
    zone.add("tzid", "UTC")
    standard.add("dtstart", datetime(1970, 1, 1))  # noqa: DTZ001  RFC 5545 (3.6.5) wants the local time of the zone itself
    standard.add("tzoffsetfrom", timedelta(0))
    standard.add("tzoffsetto", timedelta(0))
    standard.add("tzname", "UTC")
    zone.add_component(standard)
    return zone


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
