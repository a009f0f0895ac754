"""From what is known to the shapes of the API."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from api import schemas
from api.looks import SeenLook, SeenLooks
from api.wording import Wording
from monitor.core import incident as core
from monitor.core.instrument import InstrumentRecord
from monitor.core.naming import plain
from monitor.core.watchlist import Organisation, Target, VantagePoint
from monitor.service import Health, VantageStatus
from monitor.store import CheckState, Span
from probes.kit.vocabulary import State, VantageHealth

API = "/api/v1"

LONGEST_REASON: Final = 2000
"""Characters of a reason: as long as people may write theirs."""


def incident(found: core.Incident, words: Wording, address: str) -> schemas.Incident:
    """An incident; `address` is where readers find this service."""
    return schemas.Incident(
        id=found.id,
        version=found.version,
        title=words.title(found),
        kind=found.kind,
        stage=found.stage,
        origin=found.origin,
        tlp=found.tlp,
        organisation=found.key.organisation or None,
        target=found.key.target or None,
        provider=found.provider,
        countries=countries(found),
        onset=found.onset and schemas.Bracket.model_validate(found.onset),
        end=found.end and schemas.Bracket.model_validate(found.end),
        detected=found.detected,
        confirmed_at=found.confirmed_at,
        updated=found.updated,
        intermittent=found.intermittent,
        vantages=list(found.vantages),
        mechanisms=list(found.mechanisms),
        rule=found.rule,
        because=None if found.because is None else reason(found.because),
        strength=found.strength,
        url=f"{address}/incidents/{found.id}",
        url_api=f"{address}{API}/incidents/{found.id}",
    )


def reason(because: str) -> str:
    """A rule's reason without what could deceive whoever prints it: strangers' words may be in it."""
    return plain(because, LONGEST_REASON)


def _plain(value: Any) -> Any:
    return reason(value) if isinstance(value, str) else value


def countries(found: core.Incident) -> list[str]:
    """Where the loss is felt; empty where it is everyone's."""
    return list(found.countries)


def event(found: core.Event) -> schemas.Event:
    """An entry of an incident's log."""
    said = {name: _plain(value) for name, value in found.data.items()}
    return schemas.Event(incident=found.incident, version=found.version, at=found.at, kind=found.kind, data=said)


def named(found: core.Event) -> schemas.NamedEvent:
    """An entry of the whole log."""
    return schemas.NamedEvent(id=f"{found.incident}.{found.version}", **event(found).model_dump())


def look(found: SeenLook) -> schemas.Look:
    """A look and the verdict on it."""
    origin = found.provenance and {**asdict(found.provenance), "name": found.provenance.name or None}
    shown = {"vantage": found.verdict.vantage or None, "because": reason(found.verdict.because), "provenance": origin}
    return schemas.Look.model_validate({**asdict(found.verdict), **shown})


def instruments(found: SeenLooks) -> list[schemas.Instrument]:
    """How the instrument worked at each vantage point, or in each country for those who may not know more."""
    places = {look.verdict.vantage: look.verdict.country for look in found.items if look.verdict.vantage}
    return [_instrument(one, places) for one in found.instrument]


def _instrument(found: InstrumentRecord, places: Mapping[str, str | None]) -> schemas.Instrument:
    known = found.vantage in places
    return schemas.Instrument(
        vantage=found.vantage if known else None,
        country=places[found.vantage] if known else found.vantage or None,
        looks=found.looks,
        failed=dict(found.failed),
        error_rate=found.error_rate,
        timing_suspect=found.timing_suspect,
        clock_offset=found.clock_offset,
        clock_looks=found.clock_looks,
    )


def state(found: CheckState) -> schemas.State:
    """Where a check stands."""
    return schemas.State.model_validate({**asdict(found), "vantage": found.vantage or None, "because": reason(found.because)})


def course(found: CheckState, spans: Iterable[Span]) -> schemas.Course:
    """Where a check stands and has stood."""
    return schemas.Course(**state(found).model_dump(), spans=[schemas.Span.model_validate(span) for span in spans])


def organisation(
    found: Organisation, states: Iterable[CheckState], incidents: Sequence[core.Incident], words: Wording, address: str
) -> schemas.Organisation:
    """An organisation; `states` and `incidents` may be those of others as well."""
    return schemas.Organisation(
        id=found.id,
        name=words.organisation(found.id),
        country=found.country,
        tlp=found.tlp,
        states=count(one for one in states if one.organisation == found.id),
        open_incidents=sum(one.key.organisation == found.id for one in incidents),
        url=f"{address}/organisations/{found.id}",
        url_api=f"{address}{API}/organisations/{found.id}",
    )


def count(states: Iterable[CheckState]) -> dict[State, int]:
    """How many checks stand where, in the order of the vocabulary."""
    found = Counter(one.state for one in states)
    return {word: found[word] for word in State if word in found}


def target(found: Target, organisation_id: str, checks: list[schemas.Course], words: Wording) -> schemas.Target:
    """A target with its checks."""
    return schemas.Target(
        id=found.id,
        name=words.target(organisation_id, found.id),
        url=found.url,
        domain=found.domain,
        tlp=found.tlp,
        paused=found.paused,
        checks=checks,
    )


def vantage_point(found: VantagePoint, statuses: Mapping[str, VantageStatus], words: Wording) -> schemas.VantagePoint:
    """A vantage point and its health; one that was never heard of is `unknown`."""
    status = statuses.get(found.id)
    return schemas.VantagePoint(
        id=found.id,
        name=words.vantage(found.id),
        country=found.country,
        asn=found.asn,
        kind=found.kind,
        network=found.network,
        control=list(found.control),
        paused=found.paused,
        health=status.health if status else VantageHealth.UNKNOWN,
        since=status.since if status else None,
        heard=status.heard if status else None,
        detail=status.detail if status else "",
    )


def health(found: Health, *, whole: bool) -> schemas.Health:
    """The monitor's own health; its problems only where the `whole` may be told."""
    problems = list(found.problems) if whole else []
    return schemas.Health(ready=found.ready, paused=found.paused, blind=is_blind(found), problems=problems)


def is_blind(found: Health) -> bool:
    """Whether every vantage point is known to have lost its sight. One that is cut off from abroad still sees."""
    return bool(found.vantages) and all(one.health is VantageHealth.OFFLINE for one in found.vantages)
