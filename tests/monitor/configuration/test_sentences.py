"""Wrong values, explained to somebody who does not program."""

import pytest

from tests.monitor.configuration.conftest import ConfigurationFolder

ORGANISATION = "organisations/ovd-info.yaml"


@pytest.mark.parametrize(
    ("file", "old", "new", "field", "message", "remedy"),
    [
        (ORGANISATION, "id: ovd-info", "id: OVD Info", "id", "is not an id", "small Latin letters"),
        (ORGANISATION, "country: RU", "country: Russia", "country", "is not a country", "two capital letters"),
        (ORGANISATION, "country: RU", "country: RU\ntlp: PINK", "tlp", "must be one of 'CLEAR'", "choose one"),
        (ORGANISATION, "country: RU", "country: RU\ntlp: amber", "tlp", "must be one of 'CLEAR'", "did you mean `AMBER`?"),
        (ORGANISATION, "country: RU", "country: RU\naliases: OVD", "aliases", "must be a list", "a dash and a space"),
        (ORGANISATION, "country: RU", "country: RU\nnote: 7", "note", "must be text", "quotes"),
        (ORGANISATION, "country: RU", "country: RU\naliases:", "aliases", "has no value", "remove the line"),
        (ORGANISATION, "{en: OVD-Info, ru: ОВД-Инфо}", "OVD-Info", "name", "must consist of keys and values", "indented"),
        (ORGANISATION, "{en: OVD-Info, ru: ОВД-Инфо}", "{ru: ОВД-Инфо}", "name.en", "is missing", "add it"),
        (ORGANISATION, "{en: OVD-Info, ru: ОВД-Инфо}", "{en: ''}", "name.en", "is too short", "at least 1"),
        (ORGANISATION, "- id: main", "- id: main\n    paused: maybe", "targets[0].paused", "true or false", "without quotes"),
        (ORGANISATION, "- id: main", "- id: main\n    every: soon", "targets[0].every", "is not understood", "30s, 5min, 12h"),
        (ORGANISATION, "- id: main", "- id: main\n    every: 300", "targets[0].every", "is not understood", "30s, 5min, 12h"),
        (ORGANISATION, "- id: main", "- id: main\n    adress: x", "targets[0].adress", "not a known key", "use one of id, url"),
        (ORGANISATION, "- id: main", "- id: main\n    probe: {}", "targets[0].probe", "not a known key", "did you mean `probes`"),
        (ORGANISATION, "country: RU", "sources: [{title: x, date: May}]", "sources[0].date", "not a date", "2023-12-31"),
        (
            ORGANISATION,
            "- id: main",
            "- id: main\n    planned: [{start: soon, end: 2026-03-02T09:00:00Z}]",
            "targets[0].planned[0].start",
            "is not a moment",
            "2026-03-01T09:00:00Z",
        ),
        (
            ORGANISATION,
            "- id: main",
            "- id: main\n    planned: [{start: 2026-13-01T09:00:00Z, end: 2026-03-02T09:00:00Z}]",
            "targets[0].planned[0].start",
            "is not a moment",
            "2026-03-01T09:00:00Z",
        ),
        (
            ORGANISATION,
            "- id: main",
            "- id: main\n    planned: [{start: 2026-03-01T09:00:00, end: 2026-03-02T09:00:00Z}]",
            "targets[0].planned[0].start",
            "names no time zone",
            "2026-03-01T09:00:00Z",
        ),
        (
            ORGANISATION,
            "- id: main",
            "- id: main\n    planned: [{start: 2026-03-01, end: 2026-03-02T09:00:00Z}]",
            "targets[0].planned[0].start",
            "names no time zone",
            "2026-03-01T09:00:00Z",
        ),
        (
            ORGANISATION,
            "- id: main",
            "- id: main\n    planned: [{start: 20260301, end: 2026-03-02T09:00:00Z}]",
            "targets[0].planned[0].start",
            "is not understood",
            "2026-03-01T09:00:00Z",
        ),
        (
            ORGANISATION,
            "- id: main",
            "- id: main\n    planned: [{start: '20260301', end: 2026-03-02T09:00:00Z}]",
            "targets[0].planned[0].start",
            "is not understood",
            "2026-03-01T09:00:00Z",
        ),
        ("monitor.yaml", "country: DE", "asn: AS24940", "vantages[0].asn", "whole number", "digits only"),
        ("monitor.yaml", "country: DE", "asn: 1.5", "vantages[0].asn", "whole number", "digits only"),
        ("monitor.yaml", "country: DE", "asn: 0", "vantages[0].asn", "too small", "at least 1"),
        ("monitor.yaml", "country: DE", "network: cable", "vantages[0].network", "must be one of 'datacentre'", "choose"),
        ("monitor.yaml", "canaries:", "limits: {gap: fast}\ncanaries:", "limits.gap", "must be a number", "digits"),
        ("monitor.yaml", "canaries:", "limits: {budgets: {dns: 0}}\ncanaries:", "limits.budgets.dns", "too small", "above 0"),
        ("monitor.yaml", "canaries:", "limits: {budgets: {dns: 61}}\ncanaries:", "limits.budgets.dns", "too large", "at most 60"),
        ("monitor.yaml", "CUTWATCH_PROXY_RU", "proxy.example.org", "vantages[1].proxy", "environment variable", "CUTWATCH_"),
        ("alerts.yaml", "channels: [hook]", "channels: []", "routes[0].channels", "too few entries", "at least 1"),
        (
            "alerts.yaml",
            "channels: [hook]",
            "channels: [hook]\n    language: de",
            "routes[0].language",
            "must be one of",
            "choose",
        ),
        ("providers/godaddy.yaml", "type: domain", "type: host", "account.domain.type", "must be one of 'handle'", "choose"),
        ("providers/godaddy.yaml", "type: domain", "typ: domain", "account.domain.typ", "not a known key", "did you mean `type`"),
    ],
)
def test_each_mistake_has_its_field_its_reason_and_its_remedy(
    folder: ConfigurationFolder, file: str, old: str, new: str, field: str, message: str, remedy: str
) -> None:
    folder.replace(file, old, new)
    found = {problem.field: problem for problem in folder.problems()}
    assert field in found, sorted(found)
    assert message in found[field].message
    assert remedy in found[field].remedy
    assert found[field].line is not None


def test_a_key_of_an_account_that_is_no_id_is_explained(folder: ConfigurationFolder) -> None:
    folder.replace("providers/godaddy.yaml", "customer_id:", "Customer Number:")
    problem = folder.problem()
    assert problem.field == "account.Customer Number"
    assert "is not an id" in problem.message


def test_a_regular_expression_longer_than_its_bound_is_refused(folder: ConfigurationFolder) -> None:
    folder.replace("providers/godaddy.yaml", "type: numeric_id", f"type: numeric_id, pattern: '{'a' * 201}'")
    problem = folder.problem()
    assert problem.field == "account.customer_id.pattern"
    assert "at most 200" in problem.remedy


def test_a_list_is_not_called_too_short_for_an_entry_with_a_mistake(folder: ConfigurationFolder) -> None:
    folder.replace("providers/godaddy.yaml", "[registrar]", "[registra]")
    problem = folder.problem()
    assert problem.field == "kinds[0]"
    assert problem.remedy == "did you mean `registrar`?"
