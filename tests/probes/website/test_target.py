"""What may be looked at, and the remedies that a refusal names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from probes.website import Params
from probes.website.target import host_of, tls_port, web_address


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("https://Example.org", "https://example.org/"),
        ("HTTPS://example.org:443/#top", "https://example.org/"),
        ("http://example.org:8080/a b".replace(" ", "%20"), "http://example.org:8080/a%20b"),
        ("http://яндекс.рф/", "http://xn--d1acpjx3f.xn--p1ai/"),
        ("https://example.org/путь?ключ=1", "https://example.org/%D0%BF%D1%83%D1%82%D1%8C?%D0%BA%D0%BB%D1%8E%D1%87=1"),
        ("https://example.org./", "https://example.org/"),
        ("http://[2606:2800:0220:0001::1]/", "http://[2606:2800:220:1::1]/"),
    ],
)
def test_an_address_is_written_as_the_wire_carries_it(written: str, asked: str) -> None:
    assert Params(url=written).url == asked


@pytest.mark.parametrize(
    ("written", "remedy"),
    [
        ("ftp://example.org/", "begins with https:// or http://"),
        ("example.org", "begins with https:// or http://"),
        ("https://", "names no host: write an address such as"),
        ("https://localhost/", "name a public host"),
        ("https://printer.local/", "name a public host"),
        ("https://db.internal/", "name a public host"),
        ("https://127.0.0.1/", "name a public host"),
        ("https://[fe80::1]/", "name a public host"),
        ("http://169.254.169.254/", "name a public host"),
        ("http://0.0.0.0/", "name a public host"),
        ("http://127.1/", "write one such as www.example.org"),
        ("https://intranet/", "write one such as www.example.org"),
        ("https://exa_mple..org/", "write one such as www.example.org"),
        ("https://example.org:99999/", "check its host and port"),
        ("https://user:hunter2@example.org/", "remove what stands before the @"),
        ("https://example.org/a b", "without spaces"),
        ("https://xn--a.рф/", "check its spelling"),
        ("https://example.org/" + "a" * 5000, "at most 4096 characters"),
    ],
)
def test_a_refusal_says_what_to_do(written: str, remedy: str) -> None:
    with pytest.raises(ValidationError, match=remedy):
        Params(url=written)


def test_a_refusal_never_repeats_a_password() -> None:
    with pytest.raises(ValueError, match="is not a web address") as refusal:
        web_address("https://user:hunter2@example.org:99999/")

    assert "hunter2" not in str(refusal.value)


def test_a_domain_without_website_gives_nothing_to_look_at() -> None:
    assert Params.for_asset(None, "example.org", {}) is None


def test_an_asset_s_url_is_all_that_is_needed() -> None:
    assert Params.for_asset("https://example.org", None, {}) == Params(url="https://example.org/")


def test_an_unknown_parameter_is_refused() -> None:
    with pytest.raises(ValidationError, match="expected"):
        Params.for_asset("https://example.org", None, {"expected": 200})


@pytest.mark.parametrize(
    ("url", "port"),
    [("https://a.example/", 443), ("https://a.example:8443/", 8443), ("http://a.example/", 443), ("http://a.example:81/", None)],
)
def test_tls_is_sought_where_the_host_would_offer_it(url: str, port: int | None) -> None:
    assert tls_port(url) == port


@given(st.text(max_size=80) | st.builds("https://{}/".format, st.text(max_size=40)))
def test_whatever_is_written_is_refused_or_stays_as_it_is_once_read(written: str) -> None:
    try:
        read = web_address(written)
    except ValueError:
        return
    assert web_address(read) == read
    assert read.isascii()
    assert host_of(read)
