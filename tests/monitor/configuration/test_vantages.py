"""Places to look from: what contradicts itself, and what would harm those whom we look at."""

import pytest
from pydantic import TypeAdapter

from monitor.configuration.vantages import LONGEST_CADENCE, SHORTEST_CADENCE
from monitor.core.plan import Plan, plan_for_prober
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


def test_ways_of_looking_that_are_not_built_yet_are_refused(folder: ConfigurationFolder) -> None:
    folder.replace("monitor.yaml", "kind: proxy", "kind: agent")
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


PUBLIC = """\
public_resolvers:
  - {transport: udp, address: 9.9.9.10}
  - {transport: doh, address: 1.1.1.1, name: cloudflare-dns.com}
"""


def test_public_resolvers_are_common_unless_a_vantage_point_has_its_own(folder: ConfigurationFolder) -> None:
    folder.replace("monitor.yaml", "    country: RU\n", "    country: RU\n    public_resolvers: []\n")
    folder.replace("monitor.yaml", "canaries:\n", PUBLIC + "canaries:\n")

    berlin, moscow = folder.load().monitor.vantages

    assert [(one.transport, one.address, one.name) for one in berlin.public_resolvers or ()] == [
        ("udp", "9.9.9.10", None),
        ("doh", "1.1.1.1", "cloudflare-dns.com"),
    ]
    assert moscow.public_resolvers == ()


def test_public_resolvers_travel_with_the_plan(folder: ConfigurationFolder) -> None:
    folder.replace("monitor.yaml", "canaries:\n", PUBLIC + "canaries:\n")
    watchlist = folder.load()

    sent = TypeAdapter(Plan).dump_json(plan_for_prober(watchlist, (), {}, paused=False))

    told = TypeAdapter(Plan).validate_json(sent)
    assert [len(one.public_resolvers or ()) for one in told.vantages] == [2, 2]
    assert told.vantages == watchlist.monitor.vantages


@pytest.mark.parametrize(
    ("old", "new", "field", "remedy"),
    [
        ("9.9.9.10", "dns.example.org", "public_resolvers[0].address", "write an IP address such as 9.9.9.9"),
        (", name: cloudflare-dns.com", "", "public_resolvers[1]", "add the `name`"),
        ("cloudflare-dns.com", "localhost", "public_resolvers[1].name", "name a public host"),
        ("doh", "dhoh", "public_resolvers[1].transport", "did you mean `doh`?"),
        ("cloudflare-dns.com", "cloudflare-dns.com, path: dns", "public_resolvers[1].path", "such as /dns-query"),
        ("address: 1", "adress: 1", "public_resolvers[1].adress", "did you mean `address`?"),
        ("9.9.9.10", "9.9.9.10, port: 0", "public_resolvers[0].port", "write at least 1"),
    ],
)
def test_a_public_resolver_that_cannot_be_asked_is_explained(
    folder: ConfigurationFolder, old: str, new: str, field: str, remedy: str
) -> None:
    folder.replace("monitor.yaml", "canaries:\n", PUBLIC.replace(old, new) + "canaries:\n")

    assert remedy in {problem.field: problem.remedy for problem in folder.problems()}[field]


def test_a_public_resolver_that_stands_twice_is_noticed(folder: ConfigurationFolder) -> None:
    folder.replace("monitor.yaml", "canaries:\n", PUBLIC + "  - {transport: udp, address: 9.9.9.10}\ncanaries:\n")

    problem = folder.problem()

    assert (problem.field, problem.message) == ("public_resolvers[2]", "is the same as on line 12")
