"""Looks out of turn are a small share of all looks."""

from monitor.engine.relooks import SAVED, STALE, Relooks


def test_looks_out_of_turn_come_when_they_are_wanted_each_check_once() -> None:
    relooks = Relooks()
    for check, at in (("a", 10), ("b", 5), ("a", 9), ("c", 20)):
        relooks.want(check, at)
    assert relooks.due(4) == []
    assert relooks.due(10) == ["b", "a"]
    assert relooks.due(30) == ["c"]


def test_there_are_at_most_a_twentieth_of_all_looks_and_what_was_saved_up() -> None:
    relooks = Relooks()
    made = 0
    for number in range(2000):
        relooks.want(f"site-{number}", number)
        relooks.earn()
        made += len(relooks.due(number))
    assert SAVED < made <= SAVED + 2000 * 0.05 + 1


def test_what_is_not_affordable_waits_and_is_given_up_when_it_is_stale() -> None:
    relooks = Relooks()
    for number in range(int(SAVED) + 2):
        relooks.want(f"site-{number:02}", 0)
    assert len(relooks.due(0)) == SAVED
    for _ in range(20):
        relooks.earn()
    assert relooks.due(1) == ["site-20"]
    for _ in range(40):
        relooks.earn()
    assert relooks.due(STALE + 1) == []
