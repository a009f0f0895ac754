"""Places from which others look: what they need, and what would only seem to do something there."""

import pytest

from monitor.configuration.advice import warnings
from tests.monitor.configuration.conftest import ConfigurationFolder

PROXY = "    kind: proxy\n    proxy: CUTWATCH_PROXY_RU\n    control: [berlin]\n"


def others_look(folder: ConfigurationFolder, text: str) -> None:
    """Put `text` in place of how the vantage point in Moscow looks."""
    folder.replace("monitor.yaml", PROXY, text)


@pytest.mark.parametrize(
    "text",
    [
        "    kind: ooni\n    asn: 12389\n    every: 2h\n",
        "    kind: ooni\n    service: {url: 'http://127.0.0.1:8080'}\n",
        "    kind: globalping\n    control: [berlin]\n    service: {limit: 3, token: CUTWATCH_GLOBALPING}\n",
    ],
)
def test_a_place_where_others_look_is_described_by_country_and_network(folder: ConfigurationFolder, text: str) -> None:
    others_look(folder, text)
    assert folder.load().monitor.vantages[1].country == "RU"


@pytest.mark.parametrize(
    ("text", "field", "message"),
    [
        ("    kind: ooni\n    proxy: CUTWATCH_PROXY_RU\n", "vantages[1].proxy", "means nothing"),
        ("    kind: ooni\n    resolvers: [9.9.9.9]\n", "vantages[1].resolvers", "means nothing"),
        ("    kind: ooni\n    canaries: {foreign: [www.iana.org]}\n", "vantages[1].canaries", "means nothing"),
        ("    kind: ooni\n    control: [berlin]\n", "vantages[1].control", "its own control"),
        ("    kind: ooni\n    service: {token: CUTWATCH_OONI}\n", "vantages[1].service.token", "without an account"),
        ("    kind: ooni\n    service: {limit: 3}\n", "vantages[1].service.limit", "not asked"),
        ("    kind: ooni\n    service: {url: 'http://api.ooni.io'}\n", "vantages[1].service.url", "cannot be used"),
        ("    kind: globalping\n    service: {limit: 11}\n", "vantages[1].service.limit", "too large"),
        ("    service: {limit: 3}\n", "vantages[1].service", "nobody else looks"),
    ],
)
def test_what_means_nothing_there_is_refused(folder: ConfigurationFolder, text: str, field: str, message: str) -> None:
    others_look(folder, text)
    problem = folder.problem()
    assert problem.field == field
    assert message in problem.message


def test_without_a_country_nobody_can_be_asked_for(folder: ConfigurationFolder) -> None:
    others_look(folder, "    kind: ooni\n")
    folder.replace("monitor.yaml", "    country: RU\n", "")
    assert "names no country" in folder.problem().message


def test_nobody_can_be_compared_with_a_place_where_others_look(folder: ConfigurationFolder) -> None:
    others_look(folder, "    kind: ooni\n")
    folder.replace("monitor.yaml", "    country: DE\n", "    country: DE\n    control: [moscow]\n")
    assert "nobody looks when we ask" in folder.problem().message


def test_a_country_without_a_network_is_advised_against(folder: ConfigurationFolder) -> None:
    others_look(folder, "    kind: ooni\n")
    about = [text for text in warnings(folder.load()) if "`moscow`" in text]
    assert len(about) == 1
    assert "names no network (`asn`)" in about[0]


def test_volunteers_who_are_asked_for_nothing_are_pointed_out(folder: ConfigurationFolder) -> None:
    others_look(folder, "    kind: globalping\n    asn: 12389\n    control: [berlin]\n")
    assert any("no target has `globalping: true`" in text for text in warnings(folder.load()))
