"""Which corrections readers must hear of: those that take back what they had been told. Pure.

A message tells a few facts, and its link leads to some more. Whoever was given one that does not hold any more is told so;
what is only added (a company that nobody had named, a source, better words) is on the page for those who come.
"""

from collections.abc import Iterator

from monitor.core.dossier import Dossier
from monitor.core.incident import Incident
from monitor.core.kinds import Severity
from monitor.core.severity import is_interception, severity

_SOONEST_FIRST = tuple(Severity)

Fact = tuple[str, object]
"""What it is about, and what is said of that."""


def takes_back(before: Incident, after: Incident) -> bool:
    """Whether something that was said of the incident is not said of it any more."""
    return not set(_facts(before)) <= set(_facts(after))


def is_worse(before: Incident, after: Incident) -> bool:
    """Whether people must know of it sooner than was thought."""
    return _SOONEST_FIRST.index(severity(after)) < _SOONEST_FIRST.index(severity(before))


def _facts(incident: Incident) -> Iterator[Fact]:
    """What it is, who did it to whom, where and since when, how sure that is."""
    yield "kind", incident.kind
    yield "intercepted", is_interception(incident)
    yield from (("country", one) for one in incident.countries)
    yield from (("sign", one) for one in incident.mechanisms)
    stated = ("provider", "onset", "end", "strength", "intermittent")
    yield from ((name, value) for name in stated if (value := getattr(incident, name)))
    if incident.dossier is not None:
        yield from _stated(incident.dossier)


def _stated(dossier: Dossier) -> Iterator[Fact]:
    """What sources say of the same."""
    yield from (("actor", (one.entity, one.provider, one.role)) for one in dossier.actors)
    if dossier.subject is not None:
        yield "subject", dossier.subject.organisation
    dates = dossier.dates
    yield from ((name, one.date) for name, one in (("began", dates.beginning), ("ended", dates.ended)) if one is not None)
