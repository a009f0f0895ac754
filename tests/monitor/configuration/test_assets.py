"""Organisations, their targets and accounts; providers and what they ask for."""

import pytest

from tests.monitor.configuration.conftest import ConfigurationFolder

FILE = "organisations/ovd-info.yaml"
PROVIDER = "providers/godaddy.yaml"


def test_a_target_needs_a_url_or_a_domain(folder: ConfigurationFolder) -> None:
    folder.replace(FILE, "    url: https://ovdinfo.org/\n", "")
    problem = folder.problem()
    assert (problem.line, problem.field) == (5, "targets[0]")
    assert "neither" in problem.message


def test_a_target_has_not_both(folder: ConfigurationFolder) -> None:
    folder.replace(FILE, "url: https://ovdinfo.org/", "url: https://ovdinfo.org/\n    domain: ovdinfo.org")
    assert "both" in folder.problem().message


@pytest.mark.parametrize("domain", ["https://ovdinfo.org/", "ovdinfo", "192.0.2.1", "localhost", "ovdinfo.org/news"])
def test_a_domain_is_a_public_name_and_nothing_more(folder: ConfigurationFolder, domain: str) -> None:
    folder.replace(FILE, "url: https://ovdinfo.org/", f"domain: {domain}")
    problem = folder.problem()
    assert (problem.line, problem.field) == (6, "targets[0].domain")


def test_a_domain_of_its_own_is_welcome(folder: ConfigurationFolder) -> None:
    folder.replace(FILE, "url: https://ovdinfo.org/", "domain: ovdinfo.org")
    assert folder.load().organisations[0].targets[0].domain == "ovdinfo.org"


def test_two_targets_of_one_id_name_the_first(folder: ConfigurationFolder) -> None:
    folder.replace(FILE, "depends_on:", "  - id: main\n    url: https://ovd.info/\ndepends_on:")
    problem = folder.problem()
    assert (problem.line, problem.field) == (7, "targets[1].id")
    assert "already used on line 5" in problem.message


@pytest.mark.parametrize(("every", "message"), [("30s", "too often"), ("8d", "too seldom")])
def test_a_targets_own_cadence_has_bounds(folder: ConfigurationFolder, every: str, message: str) -> None:
    folder.replace(FILE, "- id: main", f"- id: main\n    every: {every}")
    problem = folder.problem()
    assert problem.field == "targets[0].every"
    assert message in problem.message


def test_an_unknown_vantage_point_is_suggested(folder: ConfigurationFolder) -> None:
    folder.replace(FILE, "- id: main", "- id: main\n    vantages: [berlin, moskow]")
    problem = folder.problem()
    assert problem.field == "targets[0].vantages[1]"
    assert problem.remedy == "did you mean `moscow`?"


def test_vantage_points_are_not_called_unknown_when_their_file_could_not_be_read(folder: ConfigurationFolder) -> None:
    folder.replace(FILE, "- id: main", "- id: main\n    vantages: [berlin]")
    folder.write("monitor.yaml", "vantages: [")
    assert "not valid YAML" in folder.problem().message


@pytest.mark.parametrize("nothing", ["probes: {}", "vantages: []"])
def test_a_target_that_would_never_be_looked_at_is_refused(folder: ConfigurationFolder, nothing: str) -> None:
    folder.replace(FILE, "- id: main", f"- id: main\n    {nothing}")
    assert "nothing would ever look" in folder.problem().message


def test_an_unknown_probe_is_suggested(folder: ConfigurationFolder) -> None:
    folder.replace(FILE, "- id: main", "- id: main\n    probes: {webside: {}}")
    problem = folder.problem()
    assert problem.field == "targets[0].probes.webside"
    assert problem.remedy == "did you mean `website`?"


def test_what_a_probe_refuses_stands_on_its_own_line(folder: ConfigurationFolder) -> None:
    folder.replace(FILE, "- id: main", "- id: main\n    probes:\n      website:\n        timeout: 90\n        tiemout: 5")
    found = {problem.field: problem for problem in folder.problems()}
    assert set(found) == {"targets[0].probes.website.timeout", "targets[0].probes.website.tiemout"}
    assert found["targets[0].probes.website.timeout"].line == 8
    assert found["targets[0].probes.website.tiemout"].remedy == "did you mean `timeout`?"


def test_a_probe_that_has_nothing_to_look_at_is_refused(folder: ConfigurationFolder) -> None:
    folder.replace(FILE, "- id: main", "- id: main\n    probes: {dns: {}}")
    assert "nothing to look at" in folder.problem().message


def test_a_probe_without_parameters_is_explained(folder: ConfigurationFolder) -> None:
    folder.replace(FILE, "- id: main", "- id: main\n    probes: {website: }")
    problem = folder.problem()
    assert problem.field == "targets[0].probes.website"
    assert "{}" in problem.remedy


def test_a_target_that_is_only_an_address_is_explained_once(folder: ConfigurationFolder) -> None:
    folder.replace(FILE, "  - id: main\n    url: https://ovdinfo.org/\n", "  - https://ovdinfo.org/\n")
    assert "keys and values" in folder.problem().message


def test_an_unknown_provider_is_suggested(folder: ConfigurationFolder) -> None:
    folder.replace(FILE, "provider: godaddy", "provider: go-daddy")
    problem = folder.problem()
    assert (problem.line, problem.field) == (8, "depends_on[0].provider")
    assert problem.remedy == "did you mean `godaddy`?"


@pytest.mark.parametrize(
    ("account", "field", "message"),
    [
        ("{domian: ovdinfo.org}", "depends_on[0].account.domian", "no account field of godaddy"),
        ("{domain: 'ovd info'}", "depends_on[0].account.domain", "is not a domain"),
        ("{domain: ovdinfo.org, customer_id: 'twelve'}", "depends_on[0].account.customer_id", "is not a numeric id"),
        ("{domain: ovdinfo.org, customer_id: 12}", "depends_on[0].account.customer_id", "must be text"),
        ("{customer_id: '12'}", "depends_on[0].account", "lacks domain"),
    ],
)
def test_an_account_is_checked_against_its_provider(folder: ConfigurationFolder, account: str, field: str, message: str) -> None:
    folder.replace(FILE, "{domain: ovdinfo.org}", account)
    found = {problem.field: problem for problem in folder.problems()}
    assert message in found[field].message


def test_an_account_may_be_unknown(folder: ConfigurationFolder) -> None:
    folder.replace(FILE, "    account: {domain: ovdinfo.org}\n", "")
    assert folder.load().organisations[0].depends_on[0].account == {}


@pytest.mark.parametrize(
    ("field", "good", "bad"),
    [
        ("{type: handle, pattern: 'UC[a-z]{3}'}", "UCabc", "UCabcd"),
        ("{type: url}", "https://example.org/me", "http://localhost/me"),
        ("{type: secret_ref}", "GODADDY_KEY", "s3cr3t-key"),
    ],
)
def test_each_kind_of_account_field_has_its_spelling(folder: ConfigurationFolder, field: str, good: str, bad: str) -> None:
    folder.replace(PROVIDER, "{type: numeric_id, required: false}", field)
    folder.replace(FILE, "{domain: ovdinfo.org}", f"{{domain: ovdinfo.org, customer_id: '{good}'}}")
    assert folder.load().organisations[0].depends_on[0].account["customer_id"] == good
    folder.replace(FILE, good, bad)
    problem = folder.problem()
    assert problem.field == "depends_on[0].account.customer_id"
    assert "s3cr3t" not in str(problem)


@pytest.mark.parametrize("pattern", ["[a-z", "(?P<x>", "a{99999999999}", "*"])
def test_a_pattern_that_is_none_is_refused(folder: ConfigurationFolder, pattern: str) -> None:
    folder.replace(PROVIDER, "type: numeric_id", f"type: numeric_id, pattern: '{pattern}'")
    problem = folder.problem()
    assert (problem.line, problem.field) == (6, "account.customer_id.pattern")
    assert "not a regular expression" in problem.message


@pytest.mark.parametrize("file", [FILE, PROVIDER])
def test_sources_are_web_addresses(folder: ConfigurationFolder, file: str) -> None:
    folder.add(file, "sources:\n  - {title: A page, url: 'ftp://example.org/'}\n")
    assert folder.problem().field == "sources[0].url"


def test_a_providers_homepage_is_a_web_address(folder: ConfigurationFolder) -> None:
    folder.add(PROVIDER, "homepage: www.godaddy.com\n")
    assert folder.problem().field == "homepage"
