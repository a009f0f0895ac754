from datetime import timedelta
from itertools import accumulate
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from monitor.alerts import retry

MESSAGES = st.text("abcdef0123456789", min_size=1)


def seconds(message: str, attempts: int, asked: float | None = None) -> float:
    pause = retry.wait(message, attempts, asked)
    assert pause is not None
    return pause.total_seconds()


def test_the_schedule_is_the_published_one() -> None:
    assert retry.SCHEDULE == (0, 5, 20, 60, 120, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)
    assert timedelta(days=3) < timedelta(seconds=list(accumulate(retry.SCHEDULE))[-1]) < timedelta(days=4)


def test_the_table_in_the_documentation_is_the_schedule() -> None:
    documented = (Path(__file__).resolve().parents[3] / "docs" / "webhook.md").read_text(encoding="utf-8")
    units = {"s": 1, "min": 60, "h": 3600}
    for attempt, pause in enumerate(retry.SCHEDULE[1:], start=2):
        number, unit = documented.partition(f"\n| {attempt} | ")[2].partition(" |")[0].split()
        assert int(number) * units[unit] == pause


@given(MESSAGES, st.integers(1, 12))
def test_a_wait_is_as_planned_give_or_take_a_tenth(message: str, attempts: int) -> None:
    planned = retry.SCHEDULE[attempts]
    assert planned <= seconds(message, attempts) <= planned * 1.1


def test_what_failed_together_does_not_come_back_together() -> None:
    assert len({seconds(f"msg_{number}", 3) for number in range(20)}) > 10


@given(MESSAGES, st.integers(13, 1000))
def test_the_thirteenth_attempt_is_the_last(message: str, attempts: int) -> None:
    assert retry.wait(message, attempts, None) is None


@given(MESSAGES, st.integers(1, 12), st.floats(0, 1e12))
def test_nobody_is_tried_before_they_asked_for_nor_kept_off_for_longer_than_a_day(
    message: str, attempts: int, asked: float
) -> None:
    assert min(asked, 86400) <= seconds(message, attempts, asked) <= 86400 * 1.1
