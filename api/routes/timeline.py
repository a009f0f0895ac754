"""`/timeline`: all incidents that the reader may know of, by when they began. The filters are those of `/api/v1/incidents`."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import HTMLResponse
from pydantic import BeforeValidator, Field, model_validator

from api.answers import API
from api.everything import everything
from api.languages import chosen_language
from api.parameters import IncidentPage, Instant, TimeOf
from api.render import instant
from api.show import show, wording
from api.visible import LEADS_NOWHERE, Seen
from api.when import when
from api.wording import Wording
from api.years import Year, columns_of, year_of, years_of
from monitor.core.incident import Incident
from monitor.core.kinds import Kind, Origin

router = APIRouter(include_in_schema=False)

_UNDATED: Final = datetime(1, 1, 1, tzinfo=UTC)

_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def _begun(value: Any) -> Any:
    """A day, as a browser's form sends it, is its first moment (UTC)."""
    try:
        datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise ValueError("write a day, such as 2022-03-01") from None
    return f"{value}T00:00:00Z" if _DAY.fullmatch(value) else value


Day = Annotated[Instant | None, BeforeValidator(_begun)]


class TimelinePage(IncidentPage):
    """One page of the timeline, the latest beginning first. Dates may be days; a field that a form left empty is left out."""

    by: TimeOf = Field(default=TimeOf.ONSET)
    since: Day = None
    until: Day = None
    limit: int = Field(default=50, ge=1, le=200)

    @model_validator(mode="before")
    @classmethod
    def leave_out_empty(cls, given: Any) -> Any:
        """Leave out what a form sends for a field that nobody has filled in."""
        return {name: value for name, value in given.items() if value != ""} if isinstance(given, dict) else given

    def asked(self, **changes: Any) -> dict[str, Any]:
        """What was asked for, but for where to go on, as an address says it; `changes` come on top."""
        given = self.model_dump(exclude_unset=True, exclude={"after", "lang"}) | changes
        return {name: _written(value) for name, value in given.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Shelf:
    """The incidents of one year on this page; `year` is None for those of which nobody knows when they began."""

    year: int | None
    incidents: Sequence[Incident]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the values that a filter offers."""

    value: str
    name: str
    is_chosen: bool


@router.get("/timeline")
async def timeline(request: Request, visible: Seen, page: Annotated[TimelinePage, Query()]) -> HTMLResponse:
    """All incidents by year."""
    words = wording(request, visible)
    known = await everything(request, visible)
    ever = [one for one in known if page.suits(one)]
    found = sorted((one for one in ever if page.takes(one)), key=_place, reverse=True)
    shown, following = _cut(found, page)
    years = years_of(ever)
    values = {
        "page": page,
        "count": len(found),
        "shelves": [Shelf(year, list(some)) for year, some in groupby(shown, key=lambda one: year_of(when(one)))],
        "years": [(one, _address(request, page, _within(one))) for one in years],
        "columns": columns_of(years),
        "choices": _choices(known, page, words),
        "api": f"{API}/incidents?{urlencode(page.asked(by=page.by))}",
        "newest": _address(request, page) if page.after else None,
        "following": _address(request, page, {"after": following}) if following else None,
        "all": _address(request, TimelinePage()) if page.asked() else None,
    }
    return show(request, visible, "timeline.html", values)


def _place(incident: Incident) -> tuple[datetime, str]:
    found = when(incident)
    return (found.start if found else _UNDATED), incident.id


def _cut(found: Sequence[Incident], page: TimelinePage) -> tuple[Sequence[Incident], str | None]:
    """The incidents of this page, and the cursor of the next one."""
    names = [one.id for one in found]
    if page.after is not None and page.after not in names:
        raise HTTPException(422, LEADS_NOWHERE)
    begin = names.index(page.after) + 1 if page.after else 0
    shown = found[begin : begin + page.limit]
    return shown, shown[-1].id if begin + page.limit < len(found) else None


def _within(one: Year) -> Mapping[str, Any] | None:
    return {"since": f"{one.year:04d}-01-01", "until": f"{one.year + 1:04d}-01-01"} if one.year is not None else None


def _address(request: Request, page: TimelinePage, changes: Mapping[str, Any] | None = None) -> str:
    asked = page.asked(lang=chosen_language(request), **(changes or {}))
    return f"/timeline?{urlencode(asked)}" if asked else "/timeline"


def _written(value: Any) -> str:
    return instant(value) if isinstance(value, datetime) else str(value)


def _choices(incidents: Iterable[Incident], page: TimelinePage, words: Wording) -> dict[str, list[Choice]]:
    """What each filter offers: whatever the reader's incidents know, and what is asked for."""
    known = list(incidents)
    return {
        "organisation": _offered((one.key.organisation for one in known), page.organisation, words.organisation),
        "provider": _offered((one.provider for one in known), page.provider, words.provider),
        "country": _offered((country for one in known for country in one.countries), page.country, words.country),
        "kind": _offered(Kind, page.kind, lambda kind: words.label(Kind(kind)).word),
        "origin": _offered(Origin, page.origin, lambda origin: words.word(Origin(origin))),
    }


def _offered(known: Iterable[str | None], chosen: str | None, called: Callable[[str], str]) -> list[Choice]:
    """By their names. What is asked for and unknown to the reader keeps the name that they gave it, and tells no other."""
    offered = [Choice(one, called(one), one == chosen) for one in {one for one in known if one}]
    unknown = [Choice(chosen, chosen, is_chosen=True)] if chosen and all(one.value != chosen for one in offered) else []
    return sorted((*offered, *unknown), key=lambda choice: choice.name.casefold())
