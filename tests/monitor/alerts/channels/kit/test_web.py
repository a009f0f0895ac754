"""What a receiver's answer means."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.alerts.channels.kit.door import Answer
from monitor.alerts.channels.kit.outcome import Outcome, Result
from monitor.alerts.channels.kit.web import outcome_of, retry_after
from tests.monitor.alerts.channels.parcels import NOW


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_a_success_is_a_success(status: int) -> None:
    assert outcome_of(Answer(status, None), NOW) == Outcome(result=Result.DELIVERED, status=status)


@pytest.mark.parametrize(
    ("status", "result"),
    [
        (301, Result.REFUSED),
        (307, Result.REFUSED),
        (400, Result.REFUSED),
        (401, Result.REFUSED),
        (404, Result.REFUSED),
        (413, Result.REFUSED),
        (408, Result.UNAVAILABLE),
        (429, Result.UNAVAILABLE),
        (500, Result.UNAVAILABLE),
        (503, Result.UNAVAILABLE),
        (410, Result.GONE),
    ],
)
def test_anything_else_is_not(status: int, result: Result) -> None:
    outcome = outcome_of(Answer(status, None), NOW)
    assert (outcome.result, outcome.status) == (result, status)
    assert str(status) in str(outcome.error)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("120", 120.0),
        (" 0 ", 0.0),
        ("Tue, 03 Mar 2026 10:10:00 GMT", 600.0),
        ("Tue, 03 Mar 2026 09:00:00 GMT", 0.0),
        ("soon", None),
        ("-5", None),
        ("١٢", None),
        ("1e9", None),
        ("Tue, 03 Mar 2026 10:10:00 -0000", None),
        ("Tue, 03 Mar 99999 10:10:00 GMT", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_date(value: str | None, seconds: float | None) -> None:
    assert retry_after(value, NOW) == seconds


@given(st.text())
def test_no_retry_after_breaks_anything(value: str) -> None:
    asked = retry_after(value, NOW)
    assert asked is None or asked >= 0
