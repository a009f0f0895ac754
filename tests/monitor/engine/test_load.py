"""How busy the process is, and whether somebody set the clock."""

from monitor.engine.load import MOST, WINDOW, Load, WallClock


def test_periods_are_stretched_while_the_processor_is_busy_and_shrink_again() -> None:
    load = Load(0, 0)
    stretches = []
    used = 0.0
    for step in range(1, 20):
        used += WINDOW * (0.9 if step < 12 else 0.1)
        load.measure(step * WINDOW, used)
        stretches.append(load.stretch)
    assert stretches[:3] == [2, 3, 4]
    assert max(stretches) == MOST
    assert stretches[-1] == 1


def test_between_busy_and_easy_nothing_changes() -> None:
    load = Load(0, 0)
    load.measure(WINDOW, 0.9 * WINDOW)
    load.measure(2 * WINDOW, 0.9 * WINDOW + 0.5 * WINDOW)
    assert (load.stretch, load.busy) == (2, 0.5)


def test_a_short_burst_within_a_window_changes_nothing_yet() -> None:
    load = Load(0, 0)
    load.measure(WINDOW / 2, WINDOW / 2)
    assert (load.stretch, load.busy) == (1, 0.0)


def test_a_clock_that_is_set_twice_is_off_by_the_sum() -> None:
    clock = WallClock()
    clock.measure(1000, 1000)
    clock.measure(4600, 1001)
    clock.measure(4611, 1002)
    assert clock.step() == 3599 + 10
    assert clock.stepped_at == 1002
    assert clock.step() is None


def test_a_clock_that_is_slewed_is_not_set() -> None:
    clock = WallClock()
    for second in range(10_000):
        clock.measure(second * 1.0005, second)
    assert clock.step() is None
    assert clock.drift > 4
