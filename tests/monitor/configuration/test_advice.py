"""Blind spots of a configuration that is otherwise in order."""

from monitor.configuration import warnings
from tests.monitor.configuration.conftest import ConfigurationFolder


def advice(folder: ConfigurationFolder) -> str:
    return "\n".join(warnings(folder.load()))


def test_a_route_with_one_channel_is_one_failure_away_from_silence(folder: ConfigurationFolder) -> None:
    assert "Route `everything` has one channel only" in advice(folder)
    folder.replace("alerts.yaml", "routes:", "  - {id: second, kind: webhook}\nroutes:")
    assert "Channel `second` belongs to no route" in advice(folder)
    folder.replace("alerts.yaml", "channels: [hook]", "channels: [hook, second]")
    assert "hook" not in advice(folder)
    assert "second`" not in advice(folder)


def test_without_a_route_nobody_is_told(folder: ConfigurationFolder) -> None:
    folder.write("alerts.yaml", "channels: []\nroutes: []\n")
    assert "Nobody is told of anything" in advice(folder)


def test_controls_are_missed_where_they_are_too_few(folder: ConfigurationFolder) -> None:
    assert "`berlin` has no control" in advice(folder)
    assert "`moscow` has one control only" in advice(folder)


def test_a_country_nobody_looks_from_is_named_with_those_who_fear_it(folder: ConfigurationFolder) -> None:
    assert "No vantage point looks from" not in advice(folder)
    folder.replace("monitor.yaml", "kind: proxy", "kind: proxy\n    paused: true")
    assert "No vantage point looks from RU: a block there will not be seen (ovd-info)." in advice(folder)


def test_a_place_without_a_country_or_canaries_is_named(folder: ConfigurationFolder) -> None:
    folder.replace("monitor.yaml", "    country: DE\n", "")
    folder.replace("monitor.yaml", "foreign: [www.iana.org, www.debian.org]", "domestic: [www.debian.org]")
    assert "`berlin` has no country" in advice(folder)
    assert "`moscow` has no foreign canaries" in advice(folder)


def test_a_place_that_could_not_tell_a_shutdown_is_named(folder: ConfigurationFolder) -> None:
    """A place in a country where nothing of the kind is to be feared needs no domestic canaries."""
    assert "`moscow` has no domestic canaries: when RU is cut off" in advice(folder)
    assert "`berlin` has no domestic canaries" not in advice(folder)
    folder.replace("monitor.yaml", "canaries:\n", "canaries:\n  domestic: [www.example.ru]\n")
    assert "domestic canaries" not in advice(folder)


def test_organisations_without_a_target_are_listed_shortly(folder: ConfigurationFolder) -> None:
    for number in range(8):
        folder.write(f"organisations/quiet-{number}.yaml", f"id: quiet-{number}\nname: {{en: Quiet}}\n")
    assert "Nothing is watched of quiet-0, quiet-1, quiet-2, quiet-3, quiet-4 and 3 more" in advice(folder)


def test_looks_too_rare_to_add_up_are_named(folder: ConfigurationFolder) -> None:
    assert "confirmation.silence" not in advice(folder)
    folder.replace("monitor.yaml", "    country: DE\n", "    country: DE\n    every: 2h\n")
    assert "Looks of berlin are further apart than `confirmation.silence` (3600 s)" in advice(folder)
