from dataclasses import replace

import pytest

from monitor.core.incident import Kind, Origin
from monitor.core.severity import severity
from monitor.core.watchlist import Severity
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
