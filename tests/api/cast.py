"""A fixed cast: OVD-Info, whose case has been released; Memorial, of whom nobody outside may know; Amnesty, in the open."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from monitor.core.deadline import CERTIFICATE, Deadline
from monitor.core.dossier import Dossier
from monitor.core.incident import Bracket, CaseKey, Change, Event, Incident, apply, record
from monitor.core.kinds import EventKind, IncidentStage, Kind, Origin
from monitor.core.model import Tlp, Words
from monitor.core.plan import check_id
from monitor.core.verdict import Verdict
from monitor.core.watchlist import Monitor, NetworkKind, Organisation, Target, VantagePoint, Watchlist
from monitor.store import Judged, Store
from probes.kit.observation import Facts, Observation
from probes.kit.probe import Probe, ProbeParams
from probes.kit.vocabulary import State, Strength

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)

ADDRESS = "https://watch.example"

VANTAGES = (
    VantagePoint(
        id="moscow-home", name=Words(en="Anna's flat", ru="Квартира Анны"), country="RU", network=NetworkKind.RESIDENTIAL
    ),
    VantagePoint(id="berlin", name=Words(en="Berlin", ru="Берлин"), country="DE", network=NetworkKind.DATACENTRE),
)

OVD_INFO = Organisation(
    id="ovd-info",
    name=Words(en="OVD-Info", ru="ОВД-Инфо"),
    country="RU",
    targets=(
        Target(id="ovdinfo-org", url="https://ovdinfo.org/"),
        Target(id="donate", url="https://donate.ovdinfo.org/", name=Words(en="Donations", ru="Пожертвования")),
    ),
)

MEMORIAL = Organisation(
    id="memorial",
    name=Words(en="Memorial", ru="Мемориал"),
    country="RU",
    targets=(Target(id="memohrc-org", url="https://memohrc.org/"),),
)

AMNESTY = Organisation(
    id="amnesty",
    name=Words(en="Amnesty International"),
    tlp=Tlp.CLEAR,
    targets=(
        Target(id="amnesty-org", url="https://www.amnesty.org/", tlp=Tlp.CLEAR),
        Target(id="intranet", url="https://intranet.amnesty.org/"),
    ),
)

SNI_RESET = "The connection was reset as soon as the name ovdinfo.org was sent; from Berlin the same name connects."


def watchlist(*organisations: Organisation) -> Watchlist:
    return Watchlist(
        version="1", monitor=Monitor(vantages=VANTAGES), organisations=organisations or (OVD_INFO, MEMORIAL, AMNESTY)
    )


class WebsiteParams(ProbeParams):
    """A website is looked at by its address."""

    url: str

    @classmethod
    def for_asset(cls, url: str | None, domain: str | None, given: Mapping[str, Any]) -> "WebsiteParams | None":
        return cls(url=url) if url else None


async def observe_nothing(params: WebsiteParams, look: object) -> Facts:
    return Facts()


PROBES = {
    "website": Probe(
        name="website",
        version=1,
        documentation="Looks at nothing: these stories are about readers.",
        params=WebsiteParams,
        observe=observe_nothing,
        wants_control=lambda facts: False,
        addresses=lambda facts: (),
        case=lambda observation, recent: observation,
        rules=(),
    )
}


@dataclass(frozen=True, slots=True)
class Story:
    """An incident and the events that have made it."""

    incident: Incident
    events: tuple[Event, ...]

    def then(self, kind: EventKind, at: datetime, **change: Any) -> "Story":
        """The same story, one event longer."""
        event = record(self.incident.id, self.incident.version + 1, at, kind, Change(**change))
        return Story(apply(self.incident, event), (*self.events, event))

    def confirmed(self) -> "Story":
        at = self.incident.updated + timedelta(minutes=10)
        return self.then(EventKind.CONFIRMED, at, stage=IncidentStage.CONFIRMED)

    def released(self) -> "Story":
        at = self.incident.updated + timedelta(minutes=30)
        return self.then(EventKind.RELEASED, at, tlp=Tlp.CLEAR, reason="agreed with their lawyer, Ms Petrova")

    def ended(self, at: datetime) -> "Story":
        end = Bracket(after=at - timedelta(minutes=5), by=at)
        return self.then(EventKind.ENDED, at, stage=IncidentStage.ENDED, end=end)


def suspicion(number: int, organisation: str = "ovd-info", target: str = "ovdinfo-org", **changes: Any) -> Story:
    """Blocking by SNI in Russia, seen once, four hours ago."""
    began = changes.pop("began", NOW - timedelta(hours=4))
    change = {
        "key": CaseKey(organisation=organisation, target=target, family="path", country="RU"),
        "kind": Kind.BLOCKING,
        "stage": IncidentStage.SUSPECTED,
        "onset": Bracket(after=began - timedelta(minutes=5), by=began),
        "vantages": ("moscow-home",),
        "mechanisms": ("tls.reset.sni",),
        "rule": "website.tls.reset.sni",
        "because": SNI_RESET,
        "strength": Strength.EXPLICIT,
        **changes,
    }
    event = record(f"CW-2026-{number:04d}", 1, began, EventKind.OPENED, Change(**change))
    return Story(apply(None, event), (event,))


def attested(number: int, **changes: Any) -> Story:
    """A case of 2022 that somebody entered from documents an hour ago."""
    change = {
        "key": CaseKey(organisation="ovd-info", target="mailing-list", family=f"entry-{number}", country=None),
        "kind": Kind.WITHDRAWAL,
        "stage": IncidentStage.CONFIRMED,
        "origin": Origin.ATTESTED,
        "tlp": Tlp.CLEAR,
        "dossier": Dossier(title=Words(en="A mailing list closed", ru="Рассылка закрыта"), as_of="2022-03"),
        "entry": f"entry-{number}",
        **changes,
    }
    event = record(f"CW-2026-{number:04d}", 1, NOW - timedelta(hours=1), EventKind.OPENED, Change(**change))
    return Story(apply(None, event), (event,))


def look(
    at: datetime, state: State = State.OK, *, target: str = "ovdinfo-org", organisation: str = "ovd-info", vantage: str = "berlin"
) -> Judged:
    """One look at a website."""
    check = check_id(organisation, target, "website", vantage)
    name = f"{int(at.timestamp() * 1000):012x}{check}"
    verdict = Verdict(
        observation=name,
        check=check,
        organisation=organisation,
        target=target,
        probe="website",
        vantage=vantage,
        country=next((one.country for one in VANTAGES if one.id == vantage), None),
        at=at,
        state=state,
        rule=f"website.{state}",
        because=f"The story of {target} says {state}.",
        strength=Strength.STRONG,
        ruleset="website/1",
    )
    observation = Observation(
        id=name, check=check, vantage=vantage, started_at=at, duration=0.4, facts=None, probe_version=1, software="test"
    )
    return Judged(observation=observation, verdict=verdict)


def looks(
    state: State, *, since: datetime, until: datetime, every: timedelta = timedelta(minutes=5), **where: str
) -> list[Judged]:
    """Looks that all say the same."""
    count = int((until - since) / every)
    return [look(since + every * number, state, **where) for number in range(count)]


def certificate_of(organisation: str, target: str, host: str, at: datetime = NOW + timedelta(days=30)) -> Deadline:
    """The end of a certificate, found an hour ago."""
    seen = NOW - timedelta(hours=1)
    return Deadline(organisation=organisation, target=target, kind=CERTIFICATE, subject=host, at=at, seen_at=seen)


async def plant(store: Store, *stories: Story) -> None:
    """Write the stories into the log."""
    async with store.writing() as writing:
        await writing.append([event for story in stories for event in story.events], [story.incident for story in stories])


async def see(store: Store, seen: Sequence[Judged]) -> None:
    """Write looks."""
    async with store.writing() as writing:
        await writing.add_looks(seen)
