"""Which names may be looked at: public ones only."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.configuration.names import is_resolver, objection_to_host, objection_to_url


@pytest.mark.parametrize(
    "url",
    [
        "https://ovdinfo.org/",
        "https://en.ovdinfo.org/internet-blocks-tool-political-censorship#11",
        "http://www.memo.ru",
        "https://мемориал.рф/",
        "https://xn--80aahfebqoym.xn--p1ai/",
        "https://example.org:8443/a?b=c",
    ],
)
def test_public_websites_are_welcome(url: str) -> None:
    assert objection_to_url(url) is None


@pytest.mark.parametrize(
    ("url", "because"),
    [
        ("http://127.0.0.1/", "an IP address"),
        ("http://127.1/", "an IP address"),
        ("http://2130706433/", "an IP address"),
        ("http://0x7f000001/", "an IP address"),
        ("http://0x7f.0.0.1/", "an IP address"),
        ("http://[::1]/", "an IP address"),
        ("http://[fe80::1]/", "an IP address"),
        ("http://169.254.169.254/latest/meta-data/", "an IP address"),
        ("http://127\u30020\u30020\u30021/", "public internet"),
        ("http://1.1.1.1/", "an IP address"),
        ("http://localhost/", "public internet"),
        ("http://LOCALHOST./", "public internet"),
        ("http://printer.local/", "public internet"),
        ("http://printer.\uff4cocal/", "public internet"),
        ("http://metadata.google.internal/", "public internet"),
        ("http://instance-data.ec2.internal/", "public internet"),
        ("http://router.lan/", "public internet"),
        ("http://nas.home.arpa/", "public internet"),
        ("http://metadata/", "public internet"),
        ("http://a%2eb.example.org/", "public internet"),
        ("http://x..org/", "public internet"),
        ("https:///path", "public internet"),
        ("ftp://example.org/", "does not begin with https"),
        ("file:///etc/passwd", "does not begin with https"),
        ("javascript:alert(1)", "does not begin with https"),
        ("example.org", "does not begin with https"),
        ("", "does not begin with https"),
        ("https://user:password@example.org/", "user name or password"),
        ("https://@example.org/", "user name or password"),
        ("https://example.org:0/", "not a web address"),
        ("https://example.org:99999/", "not a web address"),
        ("https://example.org/a b", "not a web address"),
        ("https://example.org\\@evil.example/", "not a web address"),
        ("http://[/", "not a web address"),
        ("https://example.org/" + "a" * 3000, "not a web address"),
    ],
)
def test_everything_else_is_refused_with_its_reason(url: str, because: str) -> None:
    objection = objection_to_url(url)
    assert objection is not None
    assert because in objection.message
    assert objection.remedy


def test_an_objection_never_repeats_a_password() -> None:
    objection = objection_to_url("https://operator:hunter2@example.org/")
    assert objection is not None
    assert "hunter2" not in objection.message + objection.remedy


@given(st.text(max_size=80))
def test_any_text_gets_a_verdict(text: str) -> None:
    assert objection_to_host(text) is None or objection_to_host(text)
    assert objection_to_url("http://" + text) is None or objection_to_url("http://" + text)


@given(st.ip_addresses())
def test_no_address_of_any_kind_passes_as_a_host(address: object) -> None:
    assert objection_to_host(str(address)) is not None


@pytest.mark.parametrize("address", ["9.9.9.9", "9.9.9.9:53", "127.0.0.53", "2620:fe::fe", "[2620:fe::fe]", "[2620:fe::fe]:853"])
def test_resolvers_are_addresses(address: str) -> None:
    assert is_resolver(address)


@pytest.mark.parametrize("address", ["", "dns.quad9.net", "9.9.9.9:0", "9.9.9.9:66000", "[2620:fe::fe", "9.9.9", "9.9.9.9:53:53"])
def test_nothing_else_is_a_resolver(address: str) -> None:
    assert not is_resolver(address)
