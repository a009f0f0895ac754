"""What an address may be asked with. A parameter that it does not know is an error that names those it does."""

import re
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Any, Final

from fastapi import Depends, HTTPException, Query, Request
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from api.when import When, when
from monitor.core.incident import Incident
from monitor.core.kinds import IncidentStage, Kind, Origin
from monitor.core.model import Country, Language, Slug, Tlp
from monitor.store import ParcelState

IncidentId = Annotated[str, StringConstraints(pattern=r"^CW-[0-9]{4}-[0-9]{4,9}$")]
LogCursor = Annotated[str, StringConstraints(pattern=r"^(?:start|CW-[0-9]{4}-[0-9]{4,9}[.][0-9]{1,6})$")]
LookCursor = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,17}\.[!-~]{1,100}$")]
ParcelId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
NameCursor = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._/-]{0,299}$")]
CheckId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]

_TURNED: Final = "write what `next` was on the page before, or leave it out to begin anew"

SPELLINGS: Final[Mapping[str, str]] = MappingProxyType(
    {
        r"^CW-[0-9]{4}-[0-9]{4,9}$": "write an incident's id, such as CW-2026-0042",
        r"^(?:start|CW-[0-9]{4}-[0-9]{4,9}[.][0-9]{1,6})$": "write what `next` was, such as CW-2026-0042.3, or `start`",
        r"^[0-9]{1,17}\.[!-~]{1,100}$": _TURNED,
        r"^[a-z0-9][a-z0-9._/-]{0,299}$": _TURNED,
        r"^[A-Za-z0-9_-]{1,64}$": "write a parcel's id, as the list of deliveries has it",
        r"^[0-9a-f]{16}$": "write a check's id: 16 of the digits 0-9 and a-f",
        r"^[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?$": "write an id: small Latin letters and digits, with `-` between them",
        r"^[A-Z]{2}$": "write a country's two capital letters (ISO 3166), such as RU",
    }
)
"""What to write where a text does not fit its pattern, which says nothing to most people."""

_DATED: Final = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:", re.ASCII)

_FIRST_YEAR: Final = 1970
_LAST_YEAR: Final = 2200


class UnknownParameter(ValueError):
    """An address was asked with a parameter that it does not know; the message names those it does."""


class Parameters(BaseModel):
    """Base of every address's query parameters; alone, it is that of an address which takes only a language."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    lang: Language | None = Field(default=None, description="language of the texts; left out: by `Accept-Language`")

    @model_validator(mode="before")
    @classmethod
    def refuse_unknown(cls, given: Any) -> Any:
        """Refuse parameters that this address does not know: a filter that is silently ignored misleads."""
        unknown = sorted(set(given) - set(cls.model_fields)) if isinstance(given, dict) else []
        if unknown:
            known = ", ".join(sorted(cls.model_fields))
            raise UnknownParameter(f"This address does not know the parameter {unknown[0][:60]}; it knows: {known}.")
        return given


async def refuse_repeated(request: Request) -> None:
    """Refuse a parameter that is given more than once: one of its values would silently be dropped."""
    counted = Counter(name for name, _ in request.query_params.multi_items())
    repeated = next((name for name in counted if counted[name] > 1), None)
    if repeated is not None:
        raise HTTPException(400, f"Here the parameter {repeated[:60]} is given {counted[repeated]} times: give it once.")


async def only_language(parameters: Annotated[Parameters, Query()]) -> None:
    """Refuse every parameter but the language, for addresses that take no other."""


ONLY_LANGUAGE: Final = Depends(only_language)


def _dated(value: Any) -> Any:
    """Pydantic would take any number, in quotes or without, for seconds since 1970."""
    if not isinstance(value, str) or not _DATED.match(value):
        raise ValueError("write a date, a time and its time zone, such as 2026-11-21T10:00:00Z")
    return value


def _in_reach(moment: datetime) -> datetime:
    """In UTC, and within the years of which anybody here can speak; at the ends of the calendar arithmetic fails."""
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        raise ValueError(f"write a year from {_FIRST_YEAR} to {_LAST_YEAR}")
    return moment.astimezone(UTC)


Instant = Annotated[AwareDatetime, BeforeValidator(_dated), AfterValidator(_in_reach)]
"""A moment with its time zone, as people write it in an address: 2026-11-21T10:00:00Z."""


class IncidentFilters(Parameters):
    """Which incidents are wanted. Filters that are left out let everything through."""

    organisation: Slug | None = Field(default=None, description="an organisation's id", examples=["ovd-info"])
    provider: Slug | None = Field(default=None, description="the id of the provider who did it", examples=["mailchimp"])
    kind: Kind | None = Field(default=None, description="what sort of loss it is")
    country: Country | None = Field(default=None, description="where the loss is felt (ISO 3166)", examples=["RU"])
    tlp: Tlp | None = Field(default=None, description="how far it may travel (TLP 2.0)")


class FeedFilters(IncidentFilters):
    """Which incidents a feed holds. Filters that are left out let everything through."""

    stage: IncidentStage | None = Field(default=None, description="how far the incident has come")
    origin: Origin | None = Field(default=None, description="whether instruments, people or both say so")


class AlertFilters(IncidentFilters):
    """Which alerts are wanted, and from where on."""

    after: LogCursor | None = Field(
        default=None, description="the alert after which to begin, or `start`", examples=["CW-2026-0042.3"]
    )


class AlertPage(AlertFilters):
    """One page of alerts, oldest first. `after` is the `next` of the page before; left out, the page begins at the start."""

    limit: int = Field(default=100, ge=1, le=200, description="alerts on a page")


class CalendarFilters(Parameters):
    """Which dates a calendar holds."""

    organisation: Slug | None = Field(default=None, description="an organisation's id", examples=["ovd-info"])


class TimeOf(StrEnum):
    """Which time of an incident is meant."""

    UPDATED = "updated"
    ONSET = "onset"


class IncidentPage(IncidentFilters):
    """One page of incidents, the latest change first. `after` is the `next` of the page before."""

    target: Slug | None = Field(default=None, description="a target's id, together with its organisation's", examples=["site"])
    stage: IncidentStage | None = Field(default=None, description="how far the incident has come")
    origin: Origin | None = Field(default=None, description="whether instruments, people or both say so")
    open: bool | None = Field(
        default=None, description="true: only what still stands and was measured; false: only what is over, or attested"
    )
    by: TimeOf = Field(
        default=TimeOf.UPDATED,
        description="the time that `since` and `until` are about; a stated onset counts for all the time in which it may lie",
    )
    since: Instant | None = Field(default=None, description="from this moment on", examples=["2026-11-01T00:00:00Z"])
    until: Instant | None = Field(default=None, description="before this moment", examples=["2026-12-01T00:00:00Z"])
    after: IncidentId | None = Field(default=None, description="the id after which the page begins", examples=["CW-2026-0017"])
    limit: int = Field(default=100, ge=1, le=200, description="incidents on a page")

    @property
    def wants_all(self) -> bool:
        """Whether it takes a look at every incident to tell which are asked for: of some filters the database knows nothing."""
        return self.open is not None or self.since is not None or self.until is not None

    def suits(self, incident: Incident) -> bool:
        """Whether an incident, as the reader sees it, is asked for, whenever it began: for whoever has all of them at hand."""
        asked = ("kind", "origin", "stage", "tlp", "provider")
        is_equal = all(getattr(self, name) in {None, getattr(incident, name)} for name in asked)
        is_theirs = self.organisation in {None, incident.key.organisation} and self.target in {None, incident.key.target}
        is_there = self.country is None or self.country in incident.countries
        return is_equal and is_theirs and is_there and (self.open is None or incident.is_open is self.open)

    def takes(self, incident: Incident) -> bool:
        """Whether the incident passes those filters that the database does not know."""
        if self.open is not None and incident.is_open is not self.open:
            return False
        meant = self._time_of(incident)
        return self.since is None and self.until is None if meant is None else meant.meets(self.since, self.until)

    def _time_of(self, incident: Incident) -> When | None:
        return When(incident.updated, incident.updated) if self.by is TimeOf.UPDATED else when(incident)


class NoticePage(Parameters):
    """One page of notices, the latest change first. `after` is the `next` of the page before."""

    organisation: Slug | None = Field(default=None, description="an organisation's id", examples=["ovd-info"])
    provider: Slug | None = Field(default=None, description="the id of the provider who gave it", examples=["godaddy"])
    stage: IncidentStage | None = Field(default=None, description="how far it has come")
    after: IncidentId | None = Field(default=None, description="the id after which the page begins", examples=["CW-2026-0017"])
    limit: int = Field(default=100, ge=1, le=200, description="notices on a page")


class LookPage(Parameters):
    """One page of an incident's looks, oldest first. `after` is the `next` of the page before."""

    after: LookCursor | None = Field(default=None, description="where the page begins", examples=["1763719200000000.01a2"])
    limit: int = Field(default=200, ge=1, le=1000, description="looks on a page")


class ExportPage(LookPage):
    """Which looks are wanted, of one organisation, oldest first."""

    organisation: Slug = Field(description="an organisation's id", examples=["ovd-info"])
    target: Slug | None = Field(default=None, description="a target's id", examples=["site"])
    check: CheckId | None = Field(default=None, description="a check's id, as the looks name it")
    since: Instant | None = Field(default=None, description="from this moment on; left out: the last day")
    until: Instant | None = Field(default=None, description="before this moment; left out: until now")


class OfOrganisation(Parameters):
    """Of whom something is wanted."""

    organisation: Slug = Field(description="an organisation's id", examples=["ovd-info"])


class DeliveryPage(Parameters):
    """One page of parcels, the latest first. `after` is the `next` of the page before."""

    state: ParcelState | None = Field(default=None, description="how far the parcel has come")
    channel: Slug | None = Field(default=None, description="the channel's id", examples=["mail"])
    after: ParcelId | None = Field(default=None, description="the id after which the page begins", examples=["018f3a7c5b2e"])
    limit: int = Field(default=50, ge=1, le=200, description="parcels on a page")


class ListPage(Parameters):
    """One page of what is configured. `after` is the `next` of the page before."""

    after: NameCursor | None = Field(default=None, description="the name after which the page begins", examples=["ovd-info"])
    limit: int = Field(default=100, ge=1, le=1000, description="items on a page")


class WatchedPage(ListPage):
    """One page of what is watched, of one organisation or of all."""

    organisation: Slug | None = Field(default=None, description="an organisation's id", examples=["ovd-info"])


class EventPage(Parameters):
    """One page of the event log, oldest first. `after` is the `next` of the page before; `start` stands before everything."""

    after: LogCursor = Field(default="start", description="the event after which to begin", examples=["CW-2026-0042.2"])
    limit: int = Field(default=100, ge=1, le=200, description="events on a page")
