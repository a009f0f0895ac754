"""What Prometheus is told, read back with the client library's own parser."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from monitor.bus import LaneStatus
from monitor.core.descriptive import Basis
from monitor.core.dossier import DatedStatement, Dates, Dossier, Remedy
from monitor.core.incident import Bracket, CaseKey, Change, Event, Incident, fold, record
from monitor.core.kinds import EventKind, IncidentStage, Kind, Origin
from monitor.core.model import Tlp, Words
from monitor.core.watchlist import Monitor, Watchlist
from monitor.metric_family import Family
from monitor.metrics import Metrics, as_confirmed
from monitor.store import ChannelBacklog, CheckState, Judged
from probes.kit.vocabulary import State, Strength, Unmeasured, VantageHealth
from tests.monitor.store.cast import a_check, a_look
from tests.monitor.test_pipeline import WATCHLIST

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def samples(metrics: Metrics) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    families = text_string_to_metric_families(metrics.text().decode())
    return {(one.name, frozenset(one.labels.items())): one.value for family in families for one in family.samples}


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return samples(metrics).get((f"cutwatch_{name}", frozenset(labels.items())))


def about(metrics: Metrics, word: str) -> set[str]:
    """The names of the series that carry this word in a label."""
    return {name for name, labels in samples(metrics) if word in dict(labels).values()}


COUNTERS = {"cutwatch_unmeasured_total"}
"""Counters may stay when what they counted is gone: nobody is woken by them."""

MOSCOW = {"organisation": "ovd-info", "target": "ovd.info", "probe": "website", "vantage": "moscow"}


def seen_from(vantage: str, state: State = State.OK, at: datetime = NOW) -> Judged:
    return a_look(at, state, a_check(vantage, target="ovd.info"))


def only_from(vantage: str) -> Watchlist:
    """The watchlist with one vantage point left."""
    left = tuple(one for one in WATCHLIST.monitor.vantages if one.id == vantage)
    return WATCHLIST.model_copy(update={"monitor": Monitor(vantages=left)})


def last_run(metrics: Metrics) -> float | None:
    return value(metrics, "probe_last_run_timestamp_seconds", organisation="ovd-info", target="ovd.info", vantage="moscow")


def standing(state: State) -> CheckState:
    """Where the check from Moscow stands, as the store remembers it."""
    return CheckState(
        check="check",
        organisation="ovd-info",
        target="ovd.info",
        probe="website",
        vantage="moscow",
        state=state,
        since=NOW,
        last_at=NOW,
        looks=1,
        observation="look",
        rule="website.service.well",
        because="It answers.",
        strength=Strength.STRONG,
    )


def _entry(version: int, kind: EventKind, change: Change) -> Event:
    return record("CW-2026-0001", version, NOW, kind, change)


STORY = (
    _entry(
        1,
        EventKind.OPENED,
        Change(
            key=CaseKey(organisation="ovd-info", target="ovd.info", family="path", country="RU"),
            kind=Kind.UNREACHABLE,
            stage=IncidentStage.SUSPECTED,
            onset=Bracket(after=None, by=NOW),
            rule="website.tcp.timeout",
            because="Nobody answers.",
            strength=Strength.STRONG,
        ),
    ),
    _entry(2, EventKind.CONFIRMED, Change(stage=IncidentStage.CONFIRMED)),
    _entry(3, EventKind.RECLASSIFIED, Change(kind=Kind.BLOCKING)),
)
"""Confirmed as a disturbance whose cause is not known; later it turns out to be a block."""


def confirmed_as(kind: Kind) -> Incident:
    incident = as_confirmed(STORY)
    assert incident is not None
    return replace(incident, kind=kind)


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
        metrics.targets.state("check", labels, state, NOW)
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
    health = {"moscow": VantageHealth.ISOLATED, "kazan": VantageHealth.OFFLINE}
    lanes = {"fast": LaneStatus(queued=3, in_flight=1, lag_seconds=2.5)}
    metrics.heard(lanes, health, {"moscow": "RU", "kazan": "RU"})
    assert value(metrics, "vantage_up", vantage="moscow", country="RU") == 1
    assert value(metrics, "vantage_isolated", vantage="moscow", country="RU") == 1
    assert value(metrics, "vantage_up", vantage="kazan", country="RU") == 0
    assert value(metrics, "queue_depth", lane="fast") == 3
    assert value(metrics, "scheduler_lag_seconds", lane="fast") == 2.5


def test_a_vantage_point_of_a_silent_prober_is_not_up() -> None:
    metrics = Metrics()
    for health in (VantageHealth.ISOLATED, VantageHealth.UNKNOWN):
        metrics.heard({}, {"moscow": health}, {"moscow": "RU"})
    assert value(metrics, "vantage_up", vantage="moscow", country="RU") == 0
    assert value(metrics, "vantage_isolated", vantage="moscow", country="RU") == 0


def test_a_vantage_point_that_was_never_heard_of_is_not_up() -> None:
    metrics = Metrics()
    metrics.configured(WATCHLIST)
    assert value(metrics, "vantage_up", vantage="moscow", country="RU") == 0


def test_reading_the_configuration_again_does_not_put_a_vantage_point_out() -> None:
    metrics = Metrics()
    metrics.heard({}, {"moscow": VantageHealth.HEALTHY}, {"moscow": "RU"})
    metrics.configured(WATCHLIST)
    assert value(metrics, "vantage_up", vantage="moscow", country="RU") == 1


def test_nothing_is_said_of_a_vantage_point_that_is_not_configured() -> None:
    metrics = Metrics()
    metrics.heard({}, {"moscow": VantageHealth.HEALTHY, "stranger": VantageHealth.OFFLINE}, {"moscow": None})
    assert value(metrics, "vantage_up", vantage="moscow", country="") == 1
    assert not about(metrics, "stranger")


def test_a_vantage_point_that_was_removed_pages_nobody() -> None:
    metrics = Metrics()
    metrics.configured(WATCHLIST)
    metrics.heard({}, {"moscow": VantageHealth.HEALTHY, "kazan": VantageHealth.OFFLINE}, {"moscow": "RU", "kazan": "RU"})
    metrics.looked([seen_from("moscow"), seen_from("kazan")])
    metrics.configured(only_from("moscow"))
    assert about(metrics, "kazan") <= COUNTERS
    assert {"cutwatch_vantage_up", "cutwatch_target_state"} <= about(metrics, "moscow")


def test_a_target_that_was_removed_leaves_no_gauge_behind() -> None:
    metrics = Metrics()
    metrics.configured(WATCHLIST)
    metrics.looked([seen_from("moscow")])
    assert about(metrics, "ovd.info") == {
        "cutwatch_target_state",
        "cutwatch_target_info",
        "cutwatch_probe_last_run_timestamp_seconds",
    }
    metrics.configured(WATCHLIST.model_copy(update={"organisations": ()}))
    assert not about(metrics, "ovd.info")


def test_a_late_look_brings_no_removed_target_back() -> None:
    metrics = Metrics()
    metrics.configured(WATCHLIST.model_copy(update={"organisations": ()}))
    metrics.looked([seen_from("moscow")])
    assert not about(metrics, "ovd.info")


def test_a_target_that_returns_is_in_its_state_again() -> None:
    metrics = Metrics()
    for watchlist in (WATCHLIST, only_from("kazan"), WATCHLIST):
        metrics.configured(watchlist)
        metrics.looked([seen_from("moscow")])
    assert value(metrics, "target_state", **MOSCOW, state="ok") == 1


def test_an_address_that_was_changed_leaves_the_old_one_out() -> None:
    metrics = Metrics()
    metrics.configured(WATCHLIST)
    (organisation,) = WATCHLIST.organisations
    moved = organisation.targets[0].model_copy(update={"url": "https://new.example/"})
    metrics.configured(WATCHLIST.model_copy(update={"organisations": (organisation.model_copy(update={"targets": (moved,)}),)}))
    assert value(metrics, "target_info", organisation="ovd-info", target="ovd.info", url="https://new.example/") == 1
    assert not about(metrics, "https://ovd.info/")


def test_known_counts_of_incidents_begin_at_zero() -> None:
    metrics = Metrics()
    metrics.configured(WATCHLIST)
    assert value(metrics, "incidents_total", kind="blocking", provider="", country="RU") == 0
    assert value(metrics, "incidents_total", kind="outage", provider="", country="") == 0
    assert value(metrics, "withdrawals_total", kind="withdrawal", provider="", country="") == 0
    for kind, country in (("blocking", "RU"), ("unreachable", "RU"), ("outage", "")):
        assert value(metrics, "incidents_open", organisation="ovd-info", kind=kind, provider="", country=country) == 0


def test_open_incidents_are_held_when_the_configuration_is_read_again() -> None:
    metrics = Metrics()
    metrics.configured(WATCHLIST)
    metrics.revised(confirmed_as(Kind.BLOCKING))
    for watchlist in (WATCHLIST, WATCHLIST.model_copy(update={"organisations": ()})):
        metrics.configured(watchlist)
        assert value(metrics, "incidents_open", organisation="ovd-info", kind="blocking", provider="", country="RU") == 1


def test_an_older_look_does_not_speak_for_the_present() -> None:
    metrics = Metrics()
    metrics.looked([seen_from("moscow", State.BLOCKED), seen_from("moscow", State.OK, NOW - timedelta(hours=1))])
    assert value(metrics, "target_state", **MOSCOW, state="blocked") == 1
    assert value(metrics, "target_state", **MOSCOW, state="ok") is None
    assert last_run(metrics) == NOW.timestamp()


def test_the_last_look_is_the_newest_of_all_probes() -> None:
    metrics = Metrics()
    elsewhere = seen_from("moscow", State.OK, NOW - timedelta(hours=1))
    by_dns = replace(elsewhere, verdict=replace(elsewhere.verdict, check="another", probe="dns"))
    metrics.looked([seen_from("moscow"), by_dns])
    assert last_run(metrics) == NOW.timestamp()
    assert value(metrics, "target_state", **{**MOSCOW, "probe": "dns"}, state="ok") == 1


def test_a_restart_remembers_when_each_target_was_looked_at() -> None:
    metrics = Metrics()
    metrics.resume([standing(State.OK)], [], [])
    assert last_run(metrics) == NOW.timestamp()
    assert value(metrics, "target_state", **MOSCOW, state="ok") == 1


def test_a_restart_takes_no_gap_for_a_look() -> None:
    metrics = Metrics()
    metrics.resume([standing(State.UNMEASURED)], [], [])
    assert last_run(metrics) is None
    metrics.resume([replace(standing(State.UNMEASURED), measured_at=NOW - timedelta(hours=2))], [], [])
    assert last_run(metrics) == (NOW - timedelta(hours=2)).timestamp()
    assert value(metrics, "target_state", **MOSCOW, state="unmeasured") == 1


def test_a_restart_counts_an_incident_as_what_it_was_confirmed_to_be() -> None:
    metrics = Metrics()
    now = fold(STORY)
    then = as_confirmed(STORY)
    assert now is not None
    assert then is not None
    metrics.resume([], [now], [then])
    assert value(metrics, "incidents_total", kind="unreachable", provider="", country="RU") == 1
    assert value(metrics, "incidents_total", kind="blocking", provider="", country="RU") is None
    assert value(metrics, "incidents_open", organisation="ovd-info", kind="blocking", provider="", country="RU") == 1


def test_a_restart_counts_what_the_run_before_it_counted() -> None:
    before, after = Metrics(), Metrics()
    before.happened([(event, made) for number, event in enumerate(STORY) if (made := fold(STORY[: number + 1]))])
    after.resume([], [made for made in [fold(STORY)] if made], [made for made in [as_confirmed(STORY)] if made])
    assert value(before, "incidents_total", kind="unreachable", provider="", country="RU") == 1
    assert {name: count for name, count in samples(before).items() if name[0] == "cutwatch_incidents_total"} == {
        name: count for name, count in samples(after).items() if name[0] == "cutwatch_incidents_total"
    }


@pytest.mark.parametrize(
    "changes",
    [{"origin": Origin.ATTESTED}, {"key": CaseKey(organisation="", target="", family="mass:path", country="RU")}],
    ids=["what is only attested", "a mass event"],
)
def test_what_is_only_attested_and_what_others_make_up_is_not_counted(changes: dict[str, Any]) -> None:
    metrics = Metrics()
    one = replace(confirmed_as(Kind.BLOCKING), **changes)
    metrics.happened([(STORY[1], one)])
    metrics.revised(one)
    metrics.resume([], [one], [one])
    assert not {name: count for name, count in samples(metrics).items() if "incidents" in name[0] and count}


def test_an_incident_is_counted_under_its_provider() -> None:
    metrics = Metrics()
    metrics.happened([(STORY[1], replace(confirmed_as(Kind.WITHDRAWAL), provider="paypal"))])
    labels = {"kind": "withdrawal", "provider": "paypal", "country": "RU"}
    assert value(metrics, "incidents_open", organisation="ovd-info", **labels) == 1
    assert value(metrics, "incidents_total", **labels) == 1
    assert value(metrics, "withdrawals_total", **labels) == 1


def test_a_mere_suspicion_was_never_confirmed() -> None:
    assert as_confirmed(STORY[:1]) is None
    assert as_confirmed(()) is None


def test_an_emptied_outbox_has_no_oldest_message() -> None:
    metrics = Metrics()
    metrics.owed([ChannelBacklog(channel="team", waiting=1, dead=0, oldest=NOW)], {("team", "retried"): 2})
    assert value(metrics, "outbox_oldest_timestamp_seconds", channel="team") == NOW.timestamp()
    metrics.owed([ChannelBacklog(channel="team", waiting=0, dead=1, oldest=None)], {("team", "retried"): 3})
    assert value(metrics, "outbox_oldest_timestamp_seconds", channel="team") is None
    assert value(metrics, "dead_letters", channel="team") == 1
    assert value(metrics, "deliveries_total", channel="team", outcome="retried") == 3


DAY = timedelta(days=1)


def announced(number: int, effective: str, *remedies: Remedy, **changes: Any) -> Incident:
    """A provider announces the end of its service; it was entered by hand."""
    stated = DatedStatement(date=effective, basis=Basis.DOCUMENT)
    dossier = Dossier(title=Words(en="The end is announced"), dates=Dates(effective=stated), remedies=remedies)
    fields = {"origin": Origin.ATTESTED, "provider": "godaddy", "dossier": dossier, **changes}
    return replace(confirmed_as(Kind.NOTICE), id=f"CW-2026-{number:04d}", **fields)


def deadline(*notices: Incident, now: datetime = NOW, provider: str = "godaddy") -> datetime | None:
    """What is told of these notices."""
    metrics = Metrics()
    metrics.configured(WATCHLIST)
    for one in notices:
        metrics.revised(one)
    metrics.tell_deadlines(now)
    told = value(metrics, "notice_deadline_timestamp_seconds", organisation="ovd-info", provider=provider)
    return None if told is None else datetime.fromtimestamp(told, UTC)


def test_of_several_deadlines_the_next_is_told_and_of_those_that_passed_the_last() -> None:
    first, second = announced(1, "2026-11-25"), announced(2, "2026-12")
    assert deadline(first, second) == datetime(2026, 11, 25, tzinfo=UTC)
    assert deadline(first, second, now=NOW + 5 * DAY) == datetime(2026, 12, 1, tzinfo=UTC)
    assert deadline(first, second, now=NOW + 60 * DAY) == datetime(2026, 12, 1, tzinfo=UTC)
    assert deadline(first, second, provider="mailchimp") is None


@pytest.mark.parametrize("stage", [IncidentStage.AVERTED, IncidentStage.RETRACTED, IncidentStage.ENDED, IncidentStage.REINSTATED])
def test_a_notice_that_was_dealt_with_has_no_deadline(stage: IncidentStage) -> None:
    notice = announced(1, "2026-11-25")
    assert deadline(notice, replace(notice, stage=stage)) is None


def test_a_remedy_has_a_deadline_until_it_is_filed() -> None:
    owed = Remedy(body=Words(en="A court"), filing_deadline="2026-11-23")
    assert deadline(announced(1, "2026-11-25", owed)) == datetime(2026, 11, 23, tzinfo=UTC)
    filed = owed.model_copy(update={"filed": "2026-11-20"})
    assert deadline(announced(1, "2026-11-25", filed)) == datetime(2026, 11, 25, tzinfo=UTC)


def test_a_date_that_is_only_known_to_lie_before_a_day_counts_as_the_end_of_that_stretch() -> None:
    assert deadline(announced(1, "../2026-11")) == datetime(2026, 12, 1, tzinfo=UTC)


ONLY_FOR_ONE = Dossier(
    title=Words(en="The end is announced"),
    dates=Dates(effective=DatedStatement(date="2026-11-25", basis=Basis.DOCUMENT, tlp=Tlp.RED)),
)


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": Kind.BLOCKING},
        {"tlp": Tlp.RED},
        {"key": CaseKey(organisation="unheard-of", target="", family="notice", country=None)},
        {"dossier": None},
        {"dossier": ONLY_FOR_ONE},
    ],
)
def test_nothing_is_told_of_what_is_no_notice_for_readers_of_metrics(changes: dict[str, Any]) -> None:
    assert deadline(announced(1, "2026-11-25", **changes)) is None


def test_an_old_case_from_documents_obliges_nobody_and_one_to_come_does() -> None:
    assert deadline(announced(1, "2022-03", entry="old-case")) is None
    assert deadline(announced(1, "2026-12", entry="new-case")) == datetime(2026, 12, 1, tzinfo=UTC)
    assert deadline(announced(1, "2022-03")) == datetime(2022, 3, 1, tzinfo=UTC)
