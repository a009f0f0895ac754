"""What Prometheus is told. Names and labels are fixed in `contracts.md`; outsiders' queries rely on them.

The families that grow with the number of targets are kept as finished text and joined when asked for: the stock client
would hold the interpreter for most of a second at 100,000 series, and whatever holds the interpreter spoils measurements.
The small families are the stock client's.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from importlib.metadata import version
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest

from monitor.bus import Heartbeat
from monitor.core.incident import Event, EventKind, Incident, IncidentStage, Kind, Origin
from monitor.core.verdict import Verdict
from monitor.core.watchlist import Watchlist
from monitor.store import ChannelBacklog, CheckState, Judged
from probes.kit.failure import Failure
from probes.kit.observation import Facts, Observation, Step
from probes.kit.vocabulary import Stage, State, Unmeasured, VantageHealth

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

disable_created_metrics()  # type: ignore[no-untyped-call]  # the library's; the series would double every counter and are of no use here

_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_KNOWN_FAILURES = frozenset(str(failure) for failure in Failure)
_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


class Family:
    """One gauge family as text: every sample is a finished line's beginning and its value."""

    def __init__(self, name: str, about: str) -> None:
        self._name = f"cutwatch_{name}"
        self._about = about
        self._samples: dict[str, str] = {}

    def set(self, labels: Mapping[str, str], value: float) -> None:
        """Set one sample; `labels` in the order in which they are to be written."""
        written = ",".join(f'{label}="{text.translate(_ESCAPES)}"' for label, text in labels.items())
        self._samples[f"{self._name}{{{written}}}"] = repr(float(value))

    def render(self) -> str:
        """The family in Prometheus' text format, or nothing while it has no sample."""
        if not self._samples:
            return ""
        head = f"# HELP {self._name} {self._about}\n# TYPE {self._name} gauge\n"
        return head + "\n".join(map(" ".join, self._samples.items())) + "\n"


class TargetFamilies:
    """What is known of each target: the families whose size follows the watchlist."""

    def __init__(self) -> None:
        self._state = Family("target_state", "1 for the state that a check is in, 0 for those that it was in before.")
        self._info = Family("target_info", "Always 1; says which address a target stands for.")
        self._last_run = Family("probe_last_run_timestamp_seconds", "When the target was last looked at.")
        self._certificate = Family("certificate_expiry_timestamp_seconds", "When the certificate that the target showed ends.")
        self._current: dict[str, State] = {}

    def describe(self, watchlist: Watchlist) -> None:
        """Say which address each target stands for; the other families carry its id only."""
        for organisation in watchlist.organisations:
            for target in organisation.targets:
                address = target.url or target.domain or ""
                self._info.set({"organisation": organisation.id, "target": target.id, "url": address}, 1)

    def state(self, check: str, labels: Mapping[str, str], state: State) -> None:
        """A check is in `state` now."""
        before = self._current.get(check)
        if before is state:
            return
        if before is not None:
            self._state.set({**labels, "state": before}, 0)
        self._state.set({**labels, "state": state}, 1)
        self._current[check] = state

    def looked(self, labels: Mapping[str, str], at: datetime, certificate: datetime | None) -> None:
        """A look was made at `at`, and showed a certificate that ends at `certificate`."""
        self._last_run.set(labels, at.timestamp())
        if certificate is not None:
            self._certificate.set(labels, certificate.timestamp())

    def render(self) -> str:
        """All families of this kind."""
        return "".join(family.render() for family in (self._state, self._info, self._last_run, self._certificate))


class Metrics:
    """All series of one service."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.targets = TargetFamilies()
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
        self._oldest = self._gauge("outbox_oldest_timestamp_seconds", "When the oldest message owed was written", "channel")
        self._dead = self._gauge("dead_letters", "Messages that were given up", "channel")
        self._lag = self._gauge("scheduler_lag_seconds", "How late the look that waited longest is", "lane")
        self._depth = self._gauge("queue_depth", "Looks that are due and wait for a place", "lane")
        self._reloaded = self._gauge("config_last_reload_successful", "1 if the configuration was read without a problem")
        self._gauge("build_info", "Always 1; says which version runs", "version").labels(version("cutwatch")).set(1)
        self._open_incidents: dict[str, Incident] = {}
        self._delivered: dict[tuple[str, str], int] = {}

    def _counter(self, name: str, about: str, *labels: str) -> Counter:
        return Counter(f"cutwatch_{name}", about, labels, registry=self.registry)

    def _gauge(self, name: str, about: str, *labels: str) -> Gauge:
        return Gauge(f"cutwatch_{name}", about, labels, registry=self.registry)

    def text(self) -> bytes:
        """Everything, in Prometheus' text format."""
        return generate_latest(self.registry) + self.targets.render().encode()

    def configured(self, watchlist: Watchlist) -> None:
        """A configuration is in force: known series start at 0."""
        self._reloaded.set(1)
        self.targets.describe(watchlist)
        for vantage in watchlist.monitor.vantages:
            for reason in Unmeasured:
                self._unmeasured.labels(vantage.id, reason.value)
        for channel in watchlist.alerts.channels:
            self._dead.labels(channel.id).set(0)
            for outcome in ("delivered", "retried", "dead"):
                self._deliveries.labels(channel.id, outcome)

    def refused(self) -> None:
        """A configuration was refused; the one before stays in force."""
        self._reloaded.set(0)

    def resume(self, states: Iterable[CheckState], incidents: Iterable[Incident]) -> None:
        """Take up, after a start, what the store remembers."""
        for state in states:
            self.targets.state(state.check, _labels_of(state), state.state)
        for incident in incidents:
            self._count_open(incident)
            if incident.confirmed_at is not None and incident.origin is not Origin.ATTESTED:
                self._count_confirmed(incident)

    def looked(self, judged: Sequence[Judged]) -> None:
        """Looks were stored."""
        for one in judged:
            self._count_look(one.observation, one.verdict)

    def _count_look(self, observation: Observation, verdict: Verdict) -> None:
        labels = {"organisation": verdict.organisation, "target": verdict.target}
        probed = {**labels, "probe": verdict.probe, "vantage": verdict.vantage}
        self.targets.state(verdict.check, probed, verdict.state)
        if observation.unmeasured is not None:
            self._unmeasured.labels(verdict.vantage, observation.unmeasured.value).inc(max(1, observation.missed))
        if observation.facts is None:
            return
        self.targets.looked({**labels, "vantage": verdict.vantage}, verdict.at, _certificate_end(observation.facts))
        for stage, steps in _stages(observation.facts):
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
        labels = (incident.kind.value, incident.provider or "", incident.key.country or "")
        self._incidents.labels(*labels).inc()
        if incident.kind is Kind.WITHDRAWAL:
            self._withdrawals.labels(*labels).inc()

    def _count_open(self, incident: Incident) -> None:
        """Keep the gauge of open incidents; a vanished series would read as "resolved", so it goes to 0 instead."""
        before = self._open_incidents.pop(incident.id, None)
        if before is not None:
            self._open.labels(*_open_labels(before)).dec()
        if incident.stage is IncidentStage.CONFIRMED and incident.origin is not Origin.ATTESTED:
            self._open_incidents[incident.id] = incident
            self._open.labels(*_open_labels(incident)).inc()

    def heard(self, heartbeat: Heartbeat, countries: Mapping[str, str | None]) -> None:
        """A prober reported on itself."""
        for lane, status in heartbeat.lanes.items():
            self._lag.labels(lane).set(status.lag_seconds)
            self._depth.labels(lane).set(status.queued)
        for report in heartbeat.vantages:
            labels = (report.vantage, countries.get(report.vantage) or "")
            self._vantage_up.labels(*labels).set(report.health in {VantageHealth.HEALTHY, VantageHealth.ISOLATED})
            self._isolated.labels(*labels).set(report.health is VantageHealth.ISOLATED)

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


def _open_labels(incident: Incident) -> tuple[str, str, str, str]:
    return incident.key.organisation, incident.kind.value, incident.provider or "", incident.key.country or ""


def _labels_of(state: CheckState) -> dict[str, str]:
    return {"organisation": state.organisation, "target": state.target, "probe": state.probe, "vantage": state.vantage}


def _stages(facts: Facts) -> tuple[tuple[Stage, Sequence[Step]], ...]:
    return (Stage.DNS, facts.dns), (Stage.TCP, facts.tcp), (Stage.TLS, facts.tls), (Stage.HTTP, facts.http)


def _certificate_end(facts: Facts) -> datetime | None:
    """The end of the certificate that the configured address itself showed, not one that it redirected to."""
    return next((step.not_after for step in facts.tls if step.hop == 0 and step.not_after is not None), None)


def _reason(failure: str) -> str:
    return failure if failure in _KNOWN_FAILURES else "other"
