from dataclasses import replace

import pytest

from monitor.core.kinds import EventKind, IncidentStage, Kind, Origin, Severity
from monitor.core.letting_go import CONFIGURATION
from monitor.core.severity import severity, urgency
from tests.monitor.cast import BLOCKED


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_of_incident_has_a_severity(kind: Kind) -> None:
    assert severity(replace(BLOCKED, kind=kind)) in (Severity.PAGE, Severity.MORNING)


def test_a_block_can_wait_until_morning() -> None:
    assert severity(BLOCKED) is Severity.MORNING


def test_an_interception_wakes_someone() -> None:
    assert severity(replace(BLOCKED, mechanisms=("dns.injection.other", "tls.mitm.state_ca"))) is Severity.PAGE


def test_a_suspended_account_wakes_someone() -> None:
    assert severity(replace(BLOCKED, kind=Kind.WITHDRAWAL)) is Severity.PAGE


@pytest.mark.parametrize("kind", Kind)
def test_an_attested_incident_never_notifies(kind: Kind) -> None:
    assert severity(replace(BLOCKED, kind=kind, origin=Origin.ATTESTED)) is Severity.NONE


LOST = replace(BLOCKED, kind=Kind.WITHDRAWAL)


@pytest.mark.parametrize("event", [EventKind.CONFIRMED, EventKind.REOPENED, EventKind.RECLASSIFIED, EventKind.RETRACTED])
def test_what_people_must_act_on_or_stop_acting_on_cannot_wait(event: EventKind) -> None:
    assert urgency(event, LOST) is Severity.PAGE


@pytest.mark.parametrize(
    "event",
    [EventKind.ENDED, EventKind.REINSTATED, EventKind.AVERTED, EventKind.SCOPE_CHANGED, EventKind.REINSTATEMENT_ANNOUNCED],
)
def test_good_news_and_details_let_people_sleep(event: EventKind) -> None:
    assert urgency(event, LOST) is Severity.MORNING


def test_that_nobody_looks_any_more_wakes_nobody() -> None:
    let_go = replace(LOST, stage=IncidentStage.RETRACTED, stage_by=CONFIGURATION)
    assert urgency(EventKind.RETRACTED, let_go) is Severity.MORNING


@pytest.mark.parametrize("event", EventKind)
def test_no_news_of_a_block_wakes_anybody(event: EventKind) -> None:
    assert urgency(event, BLOCKED) is Severity.MORNING
