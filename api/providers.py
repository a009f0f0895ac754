"""What providers have done to whom, as far as a reader may know: their record, and how long it took until they took it back."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from fastapi import Request

from api.answers import API
from api.case_answers import Telling
from api.everything import everything
from api.provider_schemas import Days, Dependency, Provider, ProviderDetail, ProviderIncident, Record
from api.visible import Visible
from monitor.core import watchlist
from monitor.core.dossier import Dates
from monitor.core.edtf import is_approximate, span
from monitor.core.incident import Bracket, Incident
from monitor.core.kinds import IncidentStage, Origin

_SHOWN: Final = 100
"""Incidents that a provider's own answer shows: the latest."""

_OTHERS: Final = 20
"""What a provider did to others: the latest such incidents that an organisation's exposure shows."""

_DAY: Final = timedelta(days=1)

Span = tuple[datetime | None, datetime | None]
"""The moments between which something happened; None: open on that side."""


async def by_provider(request: Request, visible: Visible) -> dict[str, list[Incident]]:
    """The incidents that the reader may see, by each provider who had a part in them, the latest change first."""
    found: dict[str, list[Incident]] = {}
    for incident in await everything(request, visible):
        for provider in dict.fromkeys(_involved(incident)):
            found.setdefault(provider, []).append(incident)
    return found


def _involved(incident: Incident) -> Iterator[str]:
    if incident.provider:
        yield incident.provider
    if incident.dossier:
        yield from (actor.provider for actor in incident.dossier.actors if actor.provider)


def record(incidents: Sequence[Incident]) -> Record:
    """What these incidents say of a provider. What was retracted says nothing."""
    standing = [one for one in incidents if one.stage is not IncidentStage.RETRACTED]
    told = [one.dossier.due_process.notice_given for one in standing if one.dossier and one.dossier.due_process]
    return Record(
        incidents=len(standing),
        open=sum(one.is_open for one in standing),
        attested=sum(one.origin is Origin.ATTESTED for one in standing),
        with_notice=told.count(True),
        without_notice=told.count(False),
        reinstated=sum(one.stage is IncidentStage.REINSTATED for one in standing),
    )


def summary(found: watchlist.Provider, incidents: Sequence[Incident], telling: Telling) -> Provider:
    """A provider and its record."""
    return Provider(
        id=found.id,
        name=telling.words.provider(found.id),
        kinds=list(found.kinds),
        jurisdiction=found.jurisdiction,
        homepage=found.homepage,
        record=record(incidents),
        url_api=f"{telling.address}{API}/providers/{found.id}",
    )


def detail(found: watchlist.Provider, incidents: Sequence[Incident], telling: Telling) -> ProviderDetail:
    """A provider, its record, and the latest of its incidents."""
    shown = [
        ProviderIncident(**telling.incident(one).model_dump(), until_reinstated=until_reinstated(one))
        for one in incidents[:_SHOWN]
    ]
    return ProviderDetail(**summary(found, incidents, telling).model_dump(), incidents=shown)


def dependencies(of: watchlist.Organisation, caused: Mapping[str, Sequence[Incident]], telling: Telling) -> list[Dependency]:
    """The providers that an organisation relies on, each once."""
    known = {one.id: one for one in telling.visible.watchlist.providers}
    relied = {one.provider: one for one in of.depends_on if one.provider in known}
    return [_dependency(known[name], relied[name].note, caused.get(name, ()), of.id, telling) for name in relied]


def _dependency(
    found: watchlist.Provider, note: str | None, incidents: Sequence[Incident], organisation: str, telling: Telling
) -> Dependency:
    own = [one for one in incidents if one.key.organisation == organisation]
    others = [one for one in incidents if one.key.organisation != organisation]
    return Dependency(
        provider=found.id,
        name=telling.words.provider(found.id),
        kinds=list(found.kinds),
        note=note,
        record=record(incidents),
        open=[telling.link(one) for one in own if one.is_open],
        others=[telling.link(one) for one in others[:_OTHERS]],
    )


def until_reinstated(incident: Incident) -> Days | None:
    """How long it took until access was given back; None where either date is not known, or only approximately."""
    began, restored = _began(incident), _restored(incident)
    if began is None or restored is None:
        return None
    least = restored[0] - began[1] if restored[0] and began[1] else timedelta()
    most = restored[1] - began[0] if restored[1] and began[0] else None
    if most is not None and most < timedelta():
        return None
    return Days(least=max(0, least // _DAY), most=None if most is None else -(-most // _DAY))


def _began(incident: Incident) -> Span | None:
    dates = incident.dossier.dates if incident.dossier else Dates()
    stated = dates.effective or dates.first_observed
    return _span(stated.date) if stated else _measured(incident.onset)


def _restored(incident: Incident) -> Span | None:
    given = incident.dossier.reinstatement if incident.dossier else None
    if given is not None and given.scope != "announced" and given.date:
        return _span(given.date)
    return _measured(incident.end) if incident.stage is IncidentStage.REINSTATED else None


def _span(date: str) -> Span | None:
    return None if is_approximate(date) else span(date)


def _measured(bracket: Bracket | None) -> Span | None:
    return (bracket.after, bracket.by) if bracket else None
