"""What Prometheus is told. Names and labels are fixed in `contracts.md`; outsiders' queries rely on them.

The families that grow with the number of targets are kept as finished text and joined when asked for: the stock client
would hold the interpreter for most of a second at 100,000 series, and whatever holds the interpreter spoils measurements.
The small families are the stock client's.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from importlib.metadata import version
from itertools import product
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest

from monitor.bus import LaneStatus
from monitor.core.disclosure import effective_tlp
from monitor.core.held_back import as_far_as
from monitor.core.incident import Event, Incident, fold
from monitor.core.kinds import EventKind, IncidentStage, Kind, Origin
from monitor.core.model import Tlp
from monitor.core.notice_deadline import next_of, still_owed
from monitor.core.verdict import Verdict
from monitor.core.watchlist import Watchlist
from monitor.metric_family import Family
from monitor.store import ChannelBacklog, CheckState, Judged
from probes.kit.failure import Failure
from probes.kit.observation import Facts, Observation, Step
from probes.kit.vocabulary import Stage, State, Unmeasured, VantageHealth

_OLDEST: Final = "When the message fell due that is owed and late by the most; none while nothing is due"

disable_created_metrics()  # type: ignore[no-untyped-call]  # the library's; the series would double every counter and are of no use here

_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_KNOWN_FAILURES = frozenset(str(failure) for failure in Failure)
_MEASURED_KINDS = (
    Kind.BLOCKING,
    Kind.THROTTLING,
    Kind.UNREACHABLE,
    Kind.OUTAGE,
    Kind.RESTRICTION,
    Kind.WITHDRAWAL,
    Kind.LAPSE,
    Kind.ISOLATION,
)
_COMMON_KINDS = (Kind.BLOCKING, Kind.UNREACHABLE, Kind.OUTAGE)
"""Those whose open incidents are counted from 0 for every organisation; more would be a great many series."""


def as_confirmed(events: Sequence[Event]) -> Incident | None:
    """The incident as its first confirmation left it, whatever became of it later; None if it never was confirmed."""
    first = next((place for place, event in enumerate(events, 1) if event.kind is EventKind.CONFIRMED), 0)
    return fold(events[:first])


class Watched:
    """Which series of targets a configuration allows: those that it asks to be looked at."""

    def __init__(self, watchlist: Watchlist) -> None:
        self._vantages = {vantage.id for vantage in watchlist.monitor.vantages}
        self._targets = {
            (organisation.id, target.id): target for organisation in watchlist.organisations for target in organisation.targets
        }

    def __call__(self, labels: Mapping[str, str]) -> bool:
        """Whether a series with these labels, among them `organisation`, `target` and `vantage`, is asked for."""
        target = self._targets.get((labels["organisation"], labels["target"]))
        if target is None or labels["vantage"] not in self._vantages:
            return False
        if target.vantages is not None and labels["vantage"] not in target.vantages:
            return False
        return target.probes is None or "probe" not in labels or labels["probe"] in target.probes


class TargetFamilies:
    """What is known of each target: the families whose size follows the watchlist."""

    def __init__(self) -> None:
        self._state = Family("target_state", "1 for the state that a check is in, 0 for those that it was in before.")
        self._info = Family("target_info", "Always 1; says which address a target stands for.")
        self._last_run = Family("probe_last_run_timestamp_seconds", "When the target was last looked at.")
        self._certificate = Family("certificate_expiry_timestamp_seconds", "When the certificate that the target showed ends.")
        self._current: dict[str, tuple[datetime, State, Mapping[str, str]]] = {}
        self._wanted: Callable[[Mapping[str, str]], bool] = lambda _: True

    def describe(self, watchlist: Watchlist) -> None:
        """A configuration is in force: say which address each target stands for, and forget those that it does not name.

        The other families carry a target's id only. A series of what nobody looks at any more would wake people for ever.
        """
        self._wanted = Watched(watchlist)
        for family in (self._state, self._last_run, self._certificate):
            family.keep(self._wanted)
        self._current = {check: known for check, known in self._current.items() if self._wanted(known[2])}
        self._info.clear()
        for organisation in watchlist.organisations:
            for target in organisation.targets:
                address = target.url or target.domain or ""
                self._info.set({"organisation": organisation.id, "target": target.id, "url": address}, 1)

    def state(self, check: str, labels: Mapping[str, str], state: State, at: datetime) -> bool:
        """A look at `at` says that a check is in `state`. False where that is no news: the check is gone, or was seen later."""
        known = self._current.get(check)
        if not self._wanted(labels) or (known is not None and at < known[0]):
            return False
        self._current[check] = (at, state, labels)
        if known is not None and known[1] is not state:
            self._state.set({**labels, "state": known[1]}, 0)
        if known is None or known[1] is not state:
            self._state.set({**labels, "state": state}, 1)
        return True

    def looked(self, labels: Mapping[str, str], at: datetime, certificate: datetime | None) -> None:
        """A look was made at `at`, by whichever probe, and showed a certificate that ends at `certificate`."""
        self._last_run.raise_to(labels, at.timestamp())
        if certificate is not None:
            self._certificate.set(labels, certificate.timestamp())

    def render(self) -> str:
        """All families of this kind."""
        return "".join(family.render() for family in (self._state, self._info, self._last_run, self._certificate))


class NoticeDeadlines:
    """By when somebody must act upon what was announced, one series for each organisation and provider.

    What is RED is for single persons, and whoever keeps metrics is not asked who reads them. An old case that was entered
    from documents is history: its dates that are past oblige nobody.
    """

    def __init__(self) -> None:
        self._family = Family("notice_deadline_timestamp_seconds", "When the next deadline of a notice that stands is.")
        self._notices: dict[str, Incident] = {}
        self._watchlist: Watchlist | None = None

    def describe(self, watchlist: Watchlist) -> None:
        """A configuration is in force: nothing is told of organisations that it does not name."""
        self._watchlist = watchlist

    def note(self, incident: Incident) -> None:
        """An incident is, or has become, so."""
        told = as_far_as(incident, Tlp.AMBER)
        self._notices.pop(told.id, None)
        if still_owed(told):
            self._notices[told.id] = told

    def tell(self, now: datetime) -> None:
        """Set every series as of `now`."""
        owed: dict[tuple[str, str], list[datetime]] = {}
        for incident in filter(self._may_be_told, self._notices.values()):
            pair = (incident.key.organisation, incident.provider or "")
            owed.setdefault(pair, []).extend(one for one in still_owed(incident) if incident.entry is None or one >= now)
        self._family.clear()
        for (organisation, provider), deadlines in owed.items():
            if (due := next_of(deadlines, now)) is not None:
                self._family.set({"organisation": organisation, "provider": provider}, due.timestamp())

    def _may_be_told(self, incident: Incident) -> bool:
        watchlist = self._watchlist
        if watchlist is None or watchlist.organisation(incident.key.organisation) is None:
            return False
        return effective_tlp(incident, watchlist) is not Tlp.RED

    def render(self) -> str:
        """The family as text."""
        return self._family.render()


class Metrics:
    """All series of one service."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.targets = TargetFamilies()
        self._deadlines = NoticeDeadlines()
        self._duration = Histogram(
            "cutwatch_probe_duration_seconds",
            "How long each stage of a look took",
            ("probe", "vantage", "stage"),
            registry=self.registry,
            buckets=_BUCKETS,
        )
        self._failures = self._counter("probe_failures", "Failed stages, in OONI's words", "probe", "vantage", "reason")
        self._unmeasured = self._counter("unmeasured", "Looks that were not made or do not count", "vantage", "reason")
        self._incidents = self._counter("incidents", "Incidents that were confirmed", "kind", "provider", "country")
        self._withdrawals = self._counter("withdrawals", "Withdrawals that were confirmed", "kind", "provider", "country")
        self._open = self._gauge("incidents_open", "Confirmed incidents", "organisation", "kind", "provider", "country")
        self._vantage_up = self._gauge("vantage_up", "1 while the vantage point sees its canaries", "vantage", "country")
        self._isolated = self._gauge("vantage_isolated", "1 while it sees only its own country", "vantage", "country")
        self._deliveries = self._counter("deliveries", "Attempts to deliver a message", "channel", "outcome")
        self._oldest = self._gauge("outbox_oldest_timestamp_seconds", _OLDEST, "channel")
        self._dead = self._gauge("dead_letters", "Messages that were given up", "channel")
        self._lag = self._gauge("scheduler_lag_seconds", "How late the look that waited longest is", "lane")
        self._depth = self._gauge("queue_depth", "Looks that are due and wait for a place", "lane")
        self._reloaded = self._gauge("config_last_reload_successful", "1 if the configuration was read without a problem")
        self._gauge("build_info", "Always 1; says which version runs", "version").labels(version("cutwatch")).set(1)
        self._open_incidents: dict[str, Incident] = {}
        self._delivered: dict[tuple[str, str], int] = {}
        self._vantages: set[tuple[str, str]] = set()

    def _counter(self, name: str, about: str, *labels: str) -> Counter:
        return Counter(f"cutwatch_{name}", about, labels, registry=self.registry)

    def _gauge(self, name: str, about: str, *labels: str) -> Gauge:
        return Gauge(f"cutwatch_{name}", about, labels, registry=self.registry)

    def text(self) -> bytes:
        """Everything, in Prometheus' text format; deadlines as of the last `tell_deadlines`."""
        return generate_latest(self.registry) + f"{self.targets.render()}{self._deadlines.render()}".encode()

    def tell_deadlines(self, now: datetime) -> None:
        """Say which deadline of a notice is the next one, as of `now`."""
        self._deadlines.tell(now)

    def configured(self, watchlist: Watchlist) -> None:
        """A configuration is in force: known series start at 0, and gauges of what it no longer names are dropped."""
        self._reloaded.set(1)
        self.targets.describe(watchlist)
        self._deadlines.describe(watchlist)
        self._expect_vantages(watchlist)
        self._expect_incidents(watchlist)
        for channel in watchlist.alerts.channels:
            self._dead.labels(channel.id).set(0)
            for outcome in ("delivered", "retried", "dead"):
                self._deliveries.labels(channel.id, outcome)

    def _expect_vantages(self, watchlist: Watchlist) -> None:
        """A vantage point is not up until it is heard of; one that was removed must not page for ever."""
        expected = {(vantage.id, vantage.country or "") for vantage in watchlist.monitor.vantages}
        for labels in self._vantages - expected:
            self._vantage_up.remove(*labels)
            self._isolated.remove(*labels)
        for labels in expected:
            self._vantage_up.labels(*labels)
            self._isolated.labels(*labels)
            for reason in Unmeasured:
                self._unmeasured.labels(labels[0], reason.value)
        self._vantages = expected

    def _expect_incidents(self, watchlist: Watchlist) -> None:
        """A counter that first appears as 1 has not risen, as Prometheus sees it. Some losses are no country's: hence ""."""
        countries = {vantage.country or "" for vantage in watchlist.monitor.vantages} | {""}
        for kind, country in product(_MEASURED_KINDS, countries):
            self._incidents.labels(kind.value, "", country)
        for country in countries:
            self._withdrawals.labels(Kind.WITHDRAWAL.value, "", country)
            self._open.labels("", Kind.ISOLATION.value, "", country)
        for organisation, kind, country in product(watchlist.organisations, _COMMON_KINDS, countries):
            self._open.labels(organisation.id, kind.value, "", country)

    def refused(self) -> None:
        """A configuration was refused; the one before stays in force."""
        self._reloaded.set(0)

    def resume(self, states: Iterable[CheckState], incidents: Iterable[Incident], confirmed: Iterable[Incident]) -> None:
        """Take up, after a start, what the store remembers. `confirmed` holds incidents as `as_confirmed` tells them.

        A gap is no look: while a check is `unmeasured`, its target was last looked at when something was last measured.
        """
        for state in states:
            labels = _labels_of(state)
            looked_at = state.measured_at if state.state is State.UNMEASURED else state.last_at
            if self.targets.state(state.check, labels, state.state, state.last_at) and looked_at is not None:
                self.targets.looked(_without_probe(labels), looked_at, None)
        for incident in incidents:
            self._count_open(incident)
        for incident in confirmed:
            self._count_confirmed(incident)

    def looked(self, judged: Sequence[Judged]) -> None:
        """Looks were stored."""
        for one in judged:
            self._count_look(one.observation, one.verdict)

    def _count_look(self, observation: Observation, verdict: Verdict) -> None:
        probed = _labels_of(verdict)
        is_news = self.targets.state(verdict.check, probed, verdict.state, verdict.at)
        if observation.unmeasured is not None:
            self._unmeasured.labels(verdict.vantage, observation.unmeasured.value).inc(max(1, observation.missed))
        if observation.facts is None:
            return
        if is_news:
            self.targets.looked(_without_probe(probed), verdict.at, _certificate_end(observation.facts))
        self._count_steps(observation.facts, verdict)

    def _count_steps(self, facts: Facts, verdict: Verdict) -> None:
        for stage, steps in _stages(facts):
            for step in steps:
                self._duration.labels(verdict.probe, verdict.vantage, stage.value).observe(step.duration)
                if step.failure is not None:
                    self._failures.labels(verdict.probe, verdict.vantage, _reason(step.failure)).inc()

    def happened(self, events: Iterable[tuple[Event, Incident]]) -> None:
        """Incidents changed."""
        for event, incident in events:
            self._count_open(incident)
            if event.kind is EventKind.CONFIRMED:
                self._count_confirmed(incident)

    def revised(self, incident: Incident) -> None:
        """A person changed an incident, or somebody else's event did."""
        self._count_open(incident)

    def _count_confirmed(self, incident: Incident) -> None:
        if not _counts(incident):
            return
        labels = (incident.kind.value, incident.provider or "", incident.key.country or "")
        self._incidents.labels(*labels).inc()
        if incident.kind is Kind.WITHDRAWAL:
            self._withdrawals.labels(*labels).inc()

    def _count_open(self, incident: Incident) -> None:
        """Keep the gauge of open incidents; a vanished series would read as "resolved", so it goes to 0 instead."""
        self._deadlines.note(incident)
        before = self._open_incidents.pop(incident.id, None)
        if before is not None:
            self._open.labels(*_open_labels(before)).dec()
        if incident.stage is IncidentStage.CONFIRMED and _counts(incident):
            self._open_incidents[incident.id] = incident
            self._open.labels(*_open_labels(incident)).inc()

    def heard(
        self, lanes: Mapping[str, LaneStatus], health: Mapping[str, VantageHealth], countries: Mapping[str, str | None]
    ) -> None:
        """What a prober said of itself, and what that makes of its vantage points: `UNKNOWN` where it has fallen silent.

        `countries` has the vantage points that are configured; nothing is told of others.
        """
        for lane, status in lanes.items():
            self._lag.labels(lane).set(status.lag_seconds)
            self._depth.labels(lane).set(status.queued)
        for vantage in health.keys() & countries.keys():
            labels = (vantage, countries[vantage] or "")
            self._vantages.add(labels)
            self._vantage_up.labels(*labels).set(health[vantage] in {VantageHealth.HEALTHY, VantageHealth.ISOLATED})
            self._isolated.labels(*labels).set(health[vantage] is VantageHealth.ISOLATED)

    def owed(self, backlogs: Iterable[ChannelBacklog], deliveries: Mapping[tuple[str, str], int]) -> None:
        """What the outbox holds, and how many attempts it has made since the start."""
        for backlog in backlogs:
            self._dead.labels(backlog.channel).set(backlog.dead)
            if backlog.oldest is not None:
                self._oldest.labels(backlog.channel).set(backlog.oldest.timestamp())
            else:
                self._oldest.remove(backlog.channel)
        for (channel, outcome), made in deliveries.items():
            self._deliveries.labels(channel, outcome).inc(made - self._delivered.get((channel, outcome), 0))
        self._delivered = dict(deliveries)


def _counts(incident: Incident) -> bool:
    """Whether it is counted: not what is only attested, nor a mass event, whose members are."""
    return incident.origin is not Origin.ATTESTED and not incident.is_mass


def _open_labels(incident: Incident) -> tuple[str, str, str, str]:
    return incident.key.organisation, incident.kind.value, incident.provider or "", incident.key.country or ""


def _labels_of(of: CheckState | Verdict) -> dict[str, str]:
    return {"organisation": of.organisation, "target": of.target, "probe": of.probe, "vantage": of.vantage}


def _without_probe(labels: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in labels.items() if name != "probe"}


def _stages(facts: Facts) -> tuple[tuple[Stage, Sequence[Step]], ...]:
    return (Stage.DNS, facts.dns), (Stage.TCP, facts.tcp), (Stage.TLS, facts.tls), (Stage.HTTP, facts.http)


def _certificate_end(facts: Facts) -> datetime | None:
    """The end of the certificate that the configured address itself showed, not one that it redirected to."""
    return next((step.not_after for step in facts.tls if step.hop == 0 and step.not_after is not None), None)


def _reason(failure: str) -> str:
    return failure if failure in _KNOWN_FAILURES else "other"
