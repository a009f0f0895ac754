"""Pieces of sentences: a control tells its country and nothing else."""

from probes.kit.sentence import listed, places


def test_controls_are_named_by_their_countries_once_each() -> None:
    assert places(["NL"]) == "the control in NL"
    assert places(["NL", "DE", "NL"]) == "the controls in DE and NL"
    assert places([None, None]) == "the controls"


def test_a_long_list_is_cut() -> None:
    assert listed(["b", "a", "b"]) == "a, b"
    assert listed("abcde") == "a, b, c and 2 more"
