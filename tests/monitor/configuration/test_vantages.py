"""Places to look from: what contradicts itself, and what would harm those whom we look at."""

import pytest

from monitor.configuration.vantages import LONGEST_CADENCE, SHORTEST_CADENCE
from tests.monitor.configuration.conftest import ConfigurationFolder


def test_a_vantage_point_cannot_be_its_own_control(folder: ConfigurationFolder) -> None:
    folder.replace("monitor.yaml", "control: [berlin]", "control: [moscow]")
    problem = folder.problem()
    assert (problem.line, problem.field) == (10, "vantages[1].control[0]")
    assert "itself" in problem.message


def test_a_control_behind_the_same_censor_is_refused(folder: ConfigurationFolder) -> None:
    folder.replace("monitor.yaml", "country: DE", "country: RU")
    assert "`berlin` stands in RU as well" in folder.problem().message


def test_the_country_answered_at_the_first_start_counts_for_controls_too(folder: ConfigurationFolder) -> None:
    folder.replace("monitor.yaml", "    country: DE\n", "")
    assert folder.load(country="DE").monitor.vantages[0].country == "DE"
    assert "`berlin` stands in RU as well" in folder.problem(country="RU").message


def test_an_unknown_control_is_suggested(folder: ConfigurationFolder) -> None:
    folder.replace("monitor.yaml", "control: [berlin]", "control: [berln]")
    problem = folder.problem()
    assert "there is no vantage point `berln`" in problem.message
    assert problem.remedy == "did you mean `berlin`?"


def test_two_vantage_points_of_one_id_name_the_first(folder: ConfigurationFolder) -> None:
    folder.replace("monitor.yaml", "id: moscow", "id: berlin")
    messages = [problem.message for problem in folder.problems()]
    assert any("already used on line 2" in message for message in messages)


def test_a_proxy_must_be_named(folder: ConfigurationFolder) -> None:
    folder.replace("monitor.yaml", "    proxy: CUTWATCH_PROXY_RU\n", "")
    problem = folder.problem()
    assert (problem.line, problem.field) == (5, "vantages[1]")
    assert "names no proxy" in problem.message


def test_a_direct_vantage_point_has_no_proxy(folder: ConfigurationFolder) -> None:
    folder.replace("monitor.yaml", "    kind: proxy\n", "")
    assert "at a direct vantage point" in folder.problem().message


@pytest.mark.parametrize("kind", ["agent", "ooni", "globalping"])
def test_ways_of_looking_that_are_not_built_yet_are_refused(folder: ConfigurationFolder, kind: str) -> None:
    folder.replace("monitor.yaml", "kind: proxy", f"kind: {kind}")
    assert "not part of this version" in folder.problem().message


def test_a_resolver_is_an_address(folder: ConfigurationFolder) -> None:
    folder.replace("monitor.yaml", "country: DE", "country: DE\n    resolvers: [9.9.9.9, dns.example.org]")
    assert folder.problem().field == "vantages[0].resolvers[1]"


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("canaries:\n", "cadence: {look: 59s}\ncanaries:\n", "cadence.look"),
        ("canaries:\n", "cadence: {hostile: 8d}\ncanaries:\n", "cadence.hostile"),
        ("canaries:\n", "cadence: {relook: [3min, 1s]}\ncanaries:\n", "cadence.relook[1]"),
        ("country: DE", "country: DE\n    every: 10s", "vantages[0].every"),
        ("country: DE", "country: DE\n    canaries: {foreign: [www.iana.org], every: 9s}", "vantages[0].canaries.every"),
        ("foreign:", "every: 5s\n  foreign:", "canaries.every"),
        ("foreign:", "every: 700d\n  foreign:", "canaries.every"),
    ],
)
def test_absurd_cadences_are_refused(folder: ConfigurationFolder, old: str, new: str, field: str) -> None:
    folder.replace("monitor.yaml", old, new)
    problem = folder.problem()
    assert problem.field == field
    assert "too often" in problem.message or "too seldom" in problem.message


def test_the_bounds_themselves_are_allowed(folder: ConfigurationFolder) -> None:
    folder.replace("monitor.yaml", "canaries:\n", "cadence: {look: 60s, hostile: 7d}\ncanaries:\n  every: 10s\n")
    cadence = folder.load().monitor.cadence
    assert (cadence.look, cadence.hostile) == (SHORTEST_CADENCE, LONGEST_CADENCE)


def test_the_stages_of_a_look_must_fit_into_it(folder: ConfigurationFolder) -> None:
    folder.replace("monitor.yaml", "canaries:\n", "limits:\n  budgets: {look: 20}\ncanaries:\n")
    problem = folder.problem()
    assert problem.field == "limits.budgets"
    assert "together take 34 seconds" in problem.message
    assert "at least 34" in problem.remedy


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("https://www.iana.org/", "public internet"),
        ("192.0.2.1", "an IP address"),
        ("router.local", "public internet"),
        ("www.iana.org", "already a canary"),
    ],
)
def test_canaries_are_different_public_names(folder: ConfigurationFolder, name: str, message: str) -> None:
    folder.replace("monitor.yaml", "[www.iana.org, www.debian.org]", f"[www.iana.org, '{name}']")
    problem = folder.problem()
    assert problem.field == "canaries.foreign[1]"
    assert message in problem.message
