"""What stories of mass events are played with: a country's night, in which many are blocked."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

from monitor.core.incident import Bracket, CaseKey, Change, Event, Incident, apply, record
from monitor.core.kinds import EventKind, IncidentStage, Kind
from monitor.core.letting_go import CONFIGURATION, NOBODY_LOOKS
from monitor.core.mass import Masses, MassStep
from monitor.core.watchlist import Mass
from probes.kit.vocabulary import Strength

NIGHT = datetime(2022, 3, 4, 1, 0, tzinfo=UTC)
REOPEN = 86400
WAVE = ("ovd-info", "meduza", "mediazona", "memorial", "sova")


def at(minute: float) -> datetime:
    return NIGHT + timedelta(minutes=minute)


def blocked(organisation: str, minute: float = 0, *, target: str = "site", number: int = 0, **changes: object) -> Incident:
    """An incident of this organisation that was confirmed in that minute."""
    stands = Incident(
        id=f"CW-2022-{number:04d}-{organisation}-{target}",
        version=2,
        key=CaseKey(organisation=organisation, target=target, family="path", country="RU"),
        kind=Kind.BLOCKING,
        stage=IncidentStage.CONFIRMED,
        onset=Bracket(after=at(minute - 15), by=at(minute - 10)),
        detected=at(minute - 10),
        confirmed_at=at(minute),
        stage_since=at(minute),
        vantages=("moscow",),
        mechanisms=("tls.reset.sni",),
        rule="website.tls.reset.sni",
        because="The connection is reset.",
        strength=Strength.STRONG,
        updated=at(minute),
    )
    return replace(stands, **changes)  # type: ignore[arg-type]  # whichever fields a story changes


def changed(incident: Incident, kind: EventKind, minute: float, **change: object) -> Incident:
    """What this event makes of an incident."""
    event = record(incident.id, incident.version + 1, at(minute), kind, Change(**change))  # type: ignore[arg-type]  # as above
    return apply(incident, event)


def over(incident: Incident, minute: float) -> Incident:
    end = Bracket(after=at(minute - 20), by=at(minute - 15))
    return changed(incident, EventKind.ENDED, minute, stage=IncidentStage.ENDED, end=end)


def back(incident: Incident, minute: float) -> Incident:
    return changed(incident, EventKind.REOPENED, minute, stage=IncidentStage.CONFIRMED)


class Story:
    """A country's night: incidents change, and the mass events follow."""

    def __init__(self, *incidents: Incident, mass: Mass | None = None) -> None:
        self.mass = mass or Mass()
        self.masses = Masses(incidents)
        self.log: list[Event] = []
        self.incidents: dict[str, Incident] = {one.id: one for one in incidents}
        self._numbers = count(1)

    def happens(self, *incidents: Incident, minute: float) -> MassStep:
        """One batch of the service: these incidents have changed."""
        step = self.masses.take(incidents, self.mass, REOPEN, at(minute), lambda: f"CW-2022-M{next(self._numbers)}")
        return self._kept(incidents, step)

    def is_decided(self, *incidents: Incident, minute: float) -> MassStep:
        """A person has changed these incidents."""
        return self._kept(incidents, self.masses.take(incidents, self.mass, REOPEN, at(minute)))

    def _kept(self, incidents: Iterable[Incident], step: MassStep) -> MassStep:
        self.masses.keep(incidents, step)
        self.incidents |= {one.id: one for one in incidents} | dict(step.incidents)
        self.log += [event for event, _ in step.events]
        return step

    def restarts(self) -> None:
        """The service starts again, and knows what the store knows."""
        self.masses = Masses(self.incidents.values())

    @property
    def parent(self) -> Incident:
        (found,) = [one for one in self.incidents.values() if one.is_mass]
        return found

    def now(self, incidents: Sequence[Incident]) -> list[Incident]:
        return [self.incidents[one.id] for one in incidents]


def a_wave(minute: float = 0) -> list[Incident]:
    return [blocked(organisation, minute + number) for number, organisation in enumerate(WAVE)]


def after_a_wave() -> tuple[Story, list[Incident]]:
    story, wave = Story(), a_wave()
    story.happens(*wave, minute=5)
    return story, story.now(wave)


def kinds(step: MassStep) -> list[EventKind]:
    return [event.kind for event, _ in step.events]


def let_go(incident: Incident, minute: float) -> Incident:
    stage = IncidentStage.RETRACTED
    return changed(incident, EventKind.RETRACTED, minute, stage=stage, reason=NOBODY_LOOKS, by=CONFIGURATION)
