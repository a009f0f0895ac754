from datetime import UTC, datetime, timedelta

import pytest

from tests.lab.clock import HeldClock

MORNING = datetime(2021, 12, 25, 6, tzinfo=UTC)


def test_a_held_clock_shows_what_it_was_moved_to_and_nothing_else():
    clock = HeldClock.at(MORNING)
    began = clock.monotonic()
    assert clock.now() == MORNING == clock.now()
    clock.move_to(MORNING + timedelta(minutes=10))
    assert (clock.now(), clock.monotonic() - began) == (MORNING + timedelta(minutes=10), 600)


def test_a_held_clock_does_not_go_back():
    clock = HeldClock.at(MORNING)
    with pytest.raises(ValueError, match="move it forward"):
        clock.move_to(MORNING - timedelta(seconds=1))
