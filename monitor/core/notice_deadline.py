"""By when somebody must act upon a notice: before it takes effect, or while a remedy can still be sought. Pure.

A date that is less exact than a day counts from its first moment, since nobody should act too late; one that is only known to
lie before a day counts as the end of that stretch. A notice is dealt with once it was averted, retracted, or has come to pass
and ended; a remedy once it was filed or decided.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime

from monitor.core.dossier import Dossier
from monitor.core.edtf import span
from monitor.core.incident import Incident
from monitor.core.kinds import IncidentStage, Kind


def still_owed(incident: Incident) -> tuple[datetime, ...]:
    """The deadlines of a notice that nobody has dealt with, in UTC; none of an incident that is no notice, or stands no more."""
    stands = incident.kind is Kind.NOTICE and incident.stage is IncidentStage.CONFIRMED
    return tuple(_moment(date) for date in _dates(incident.dossier)) if stands and incident.dossier else ()


def next_of(deadlines: Iterable[datetime], now: datetime) -> datetime | None:
    """The one that is to come next; where all are past, that which passed last; None of none."""
    known = sorted(deadlines)
    return next((one for one in known if one >= now), known[-1] if known else None)


def _dates(dossier: Dossier) -> Iterator[str]:
    if dossier.dates.effective is not None:
        yield dossier.dates.effective.date
    for remedy in dossier.remedies:
        if remedy.filing_deadline is not None and remedy.filed is None and remedy.decided is None:
            yield remedy.filing_deadline


def _moment(date: str) -> datetime:
    start, end = span(date)
    moment = start or end
    if moment is None:  # a date is open on one side at most
        raise ValueError(f"`{date}` has neither beginning nor end")
    return moment
