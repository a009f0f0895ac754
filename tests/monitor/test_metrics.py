"""What Prometheus is told, read back with the client library's own parser."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from monitor.bus import Heartbeat, LaneStatus, VantageReport
from monitor.metrics import Family, Metrics
from monitor.store import ChannelBacklog
from probes.kit.vocabulary import State, Unmeasured, VantageHealth
from tests.monitor.test_pipeline import WATCHLIST

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def samples(metrics: Metrics) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    families = text_string_to_metric_families(metrics.text().decode())
    return {(one.name, frozenset(one.labels.items())): one.value for family in families for one in family.samples}


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return samples(metrics).get((f"cutwatch_{name}", frozenset(labels.items())))


@given(st.text(max_size=30), st.floats(allow_nan=False, allow_infinity=False))
def test_whatever_a_label_holds_it_is_read_back_the_same(text: str, number: float) -> None:
    family = Family("story", "A story.")
    family.set({"name": text}, number)
    (read,) = text_string_to_metric_families(family.render())
    assert [(one.labels["name"], one.value) for one in read.samples] == [(text, number)]


def test_a_check_is_in_one_state_and_keeps_those_it_was_in() -> None:
    metrics = Metrics()
    labels = {"organisation": "ovd-info", "target": "ovd.info", "probe": "website", "vantage": "moscow"}
    for state in (State.OK, State.BLOCKED, State.OK):
        metrics.targets.state("check", labels, state)
    assert value(metrics, "target_state", **labels, state="ok") == 1
    assert value(metrics, "target_state", **labels, state="blocked") == 0
    assert value(metrics, "target_state", **labels, state="down") is None


def test_known_series_begin_at_zero() -> None:
    metrics = Metrics()
    metrics.configured(WATCHLIST)
    for reason in Unmeasured:
        assert value(metrics, "unmeasured_total", vantage="moscow", reason=reason) == 0
    assert value(metrics, "deliveries_total", channel="team", outcome="delivered") == 0
    assert value(metrics, "config_last_reload_successful") == 1


def test_a_refused_configuration_is_told() -> None:
    metrics = Metrics()
    metrics.configured(WATCHLIST)
    metrics.refused()
    assert value(metrics, "config_last_reload_successful") == 0


def test_the_address_of_a_target_stands_in_one_series_only() -> None:
    metrics = Metrics()
    metrics.configured(WATCHLIST)
    carrying = [name for (name, labels), _ in samples(metrics).items() if any("https://" in text for _, text in labels)]
    assert carrying == ["cutwatch_target_info"]


def test_a_vantage_point_that_is_isolated_is_up_and_isolated() -> None:
    metrics = Metrics()
    reports = tuple(
        VantageReport(vantage=name, health=health, since=None)
        for name, health in (("moscow", VantageHealth.ISOLATED), ("kazan", VantageHealth.OFFLINE))
    )
    lanes = {"fast": LaneStatus(queued=3, in_flight=1, lag_seconds=2.5)}
    metrics.heard(Heartbeat(at=NOW, lanes=lanes, vantages=reports, loop_busy=0.1), {"moscow": "RU", "kazan": "RU"})
    assert value(metrics, "vantage_up", vantage="moscow", country="RU") == 1
    assert value(metrics, "vantage_isolated", vantage="moscow", country="RU") == 1
    assert value(metrics, "vantage_up", vantage="kazan", country="RU") == 0
    assert value(metrics, "queue_depth", lane="fast") == 3
    assert value(metrics, "scheduler_lag_seconds", lane="fast") == 2.5


def test_an_emptied_outbox_has_no_oldest_message() -> None:
    metrics = Metrics()
    metrics.owed([ChannelBacklog(channel="team", waiting=1, dead=0, oldest=NOW)], {("team", "retried"): 2})
    assert value(metrics, "outbox_oldest_timestamp_seconds", channel="team") == NOW.timestamp()
    metrics.owed([ChannelBacklog(channel="team", waiting=0, dead=1, oldest=None)], {("team", "retried"): 3})
    assert value(metrics, "outbox_oldest_timestamp_seconds", channel="team") is None
    assert value(metrics, "dead_letters", channel="team") == 1
    assert value(metrics, "deliveries_total", channel="team", outcome="retried") == 3
