"""Incidents by year: counted, and drawn as a column for each year. Pure geometry."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from api.when import When, when
from monitor.core.incident import Incident
from monitor.core.kinds import IncidentStage, Origin

HEIGHT: Final = 60
STEP: Final = 20
"""The width of a year, with the gap to the next one."""

_WIDTH: Final = 14

_DRAWN: Final = 30
"""Years that are drawn, up to the last one: a single early case must not press all others together. The table has them all."""

_SHOWN: Final = 8
"""Years for which there is room at least: a single one must not fill the drawing."""


@dataclass(frozen=True, slots=True)
class Year:
    """How many incidents began in it: measured by us, stated by others, and stated with no date but what others leave open.

    `year` is None for those of which nobody knows when they began.
    """

    year: int | None
    measured: int
    documented: int
    derived: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.measured + self.documented + self.derived


@dataclass(frozen=True, slots=True)
class Bar:
    """A part of a year's column, in the drawing's own units. `sort` is that of the incidents for which it stands."""

    sort: str
    x: int
    y: float
    height: float
    width: int = _WIDTH


@dataclass(frozen=True, slots=True)
class Columns:
    """A column for each year from `first` to `last`, in a drawing that is `width` wide; `most` is what the highest stands for."""

    first: int
    last: int
    most: int
    width: int
    bars: tuple[Bar, ...]


def year_of(found: When | None) -> int | None:
    """The year on which an incident is put: that of the earliest date which is known of its beginning."""
    return found.start.year if found else None


def years_of(incidents: Iterable[Incident]) -> list[Year]:
    """The years in which anything began, the latest first, and last what nobody dates. What was retracted is not counted."""
    standing = [one for one in incidents if one.stage is not IncidentStage.RETRACTED]
    counted = Counter((year_of(found), _sort(one, found)) for one in standing for found in [when(one)])
    known = sorted({year for year, _ in counted}, key=lambda year: (year is None, -(year or 0)))
    return [Year(year, *(counted[year, sort] for sort in ("measured", "documented", "derived"))) for year in known]


def _sort(incident: Incident, found: When | None) -> str:
    if incident.origin is not Origin.ATTESTED:
        return "measured"
    return "derived" if found is not None and found.is_derived else "documented"


def columns_of(years: Sequence[Year]) -> Columns | None:
    """Draw the years; None where nothing has a date."""
    dated = {one.year: one for one in years if one.year is not None}
    if not dated:
        return None
    last = max(dated)
    first = min(max(min(dated), last - _DRAWN + 1), last - _SHOWN + 1)
    shown = [dated[year] for year in range(first, last + 1) if year in dated]
    most = max(one.total for one in shown)
    bars = tuple(bar for one in shown for bar in _column(one, ((one.year or 0) - first) * STEP, most))
    return Columns(first, last, most, (last - first) * STEP + _WIDTH, bars)


def _column(year: Year, x: int, most: int) -> Iterable[Bar]:
    """The parts of one column, from the ground up."""
    beneath = 0
    for sort, count in (("measured", year.measured), ("documented", year.documented), ("derived", year.derived)):
        beneath += count
        if count:
            yield Bar(sort, x, round(HEIGHT * (1 - beneath / most), 1), round(HEIGHT * count / most, 1))
