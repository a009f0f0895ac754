"""What holds for every kind of probe that is found."""

from probes.kit.discover import discover


def test_a_rule_is_named_by_its_probe_a_layer_and_what_it_saw() -> None:
    ids = {rule.id: probe.name for probe in discover().values() for rule in probe.rules}

    assert {rule for rule, probe in ids.items() if not rule.startswith(f"{probe}.") or len(rule.split(".")) < 3} == set()


def test_what_others_measured_is_no_probe() -> None:
    assert "website" in discover()
    assert {"imported", "kit"}.isdisjoint(discover())
