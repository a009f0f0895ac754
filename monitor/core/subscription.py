"""Who hears of what, by which way and when: `config/alerts.yaml`, once read and checked."""

from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from monitor.core.kinds import Kind, Severity
from monitor.core.model import ClockTime, Country, Language, Model, Seconds, Slug, TimeZone, Tlp, Wait


class Channel(Model):
    """One way to tell somebody. `kind` is a module of `monitor/alerts/channels/`, which checks `settings`."""

    id: Slug
    kind: Slug
    settings: dict[str, Any] = Field(default_factory=dict)
    discreet: bool = Field(
        default=True, description="name nobody where a case is not public (TLP:CLEAR): a case number and a link instead"
    )
    up_to: Tlp = Field(default=Tlp.RED, description="of what may not travel so far as this, nothing is sent here at all")


class Match(Model):
    """Which events a route takes. An empty list takes all."""

    organisations: tuple[Slug, ...] = ()
    kinds: tuple[Kind, ...] = ()
    providers: tuple[Slug, ...] = ()
    countries: tuple[Country, ...] = ()
    severities: tuple[Severity, ...] = ()
    tlp: tuple[Tlp, ...] = ()


class Weekday(StrEnum):
    """A day of the week."""

    MONDAY = "mon"
    TUESDAY = "tue"
    WEDNESDAY = "wed"
    THURSDAY = "thu"
    FRIDAY = "fri"
    SATURDAY = "sat"
    SUNDAY = "sun"


class GroupBy(StrEnum):
    """What messages must share to travel together."""

    ORGANISATION = "organisation"
    KIND = "kind"
    PROVIDER = "provider"
    COUNTRY = "country"
    INCIDENT = "incident"


class Grouping(Model):
    """How messages are gathered: what comes within `wait` for the same receiver travels as one.

    What wakes people waits for some seconds only (`monitor.core.timing`), whatever `wait` says.
    """

    by: tuple[GroupBy, ...] = ()
    wait: Wait = 30


class QuietHours(Model):
    """When only what cannot wait may disturb. `until` on the next day is meant where it is not later than `since`."""

    since: ClockTime
    until: ClockTime
    days: tuple[Weekday, ...] = Field(default=tuple(Weekday), min_length=1, description="the days on which it begins")

    @model_validator(mode="after")
    def _has_an_end(self) -> Self:
        if self.since == self.until:
            raise ValueError("they would last the whole day, and nothing would ever be told: correct `since` or `until`")
        return self


class Digest(Model):
    """When everything that is in no hurry is told at once."""

    at: ClockTime = "09:00"
    days: tuple[Weekday, ...] = Field(default=tuple(Weekday), min_length=1)


class Escalation(Model):
    """Who is told of what nobody has acknowledged in time."""

    after: Seconds = 900
    channels: tuple[Slug, ...] = Field(min_length=1)
    severities: tuple[Severity, ...] = (Severity.PAGE,)


class Route(Model):
    """Who hears what. `second` is told as well when another channel of the route has failed for some minutes."""

    id: Slug
    match: Match = Match()
    channels: tuple[Slug, ...] = Field(min_length=1)
    second: Slug | None = None
    language: Language = "en"
    group: Grouping = Grouping()
    timezone: TimeZone = "UTC"
    quiet_hours: QuietHours | None = None
    digest: Digest = Digest()
    repeat: Annotated[Seconds, Field(ge=300)] | None = Field(
        default=None, description="remind this often of what stands open and nobody has acknowledged"
    )
    escalate: Escalation | None = None


class Alerts(Model):
    """`config/alerts.yaml`."""

    channels: tuple[Channel, ...] = ()
    routes: tuple[Route, ...] = ()
