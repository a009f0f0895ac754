"""Taking an address on the web apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.kit.target import target


@pytest.mark.parametrize(
    ("address", "host", "port", "secure", "url"),
    [
        ("https://ovdinfo.org", "ovdinfo.org", 443, True, "https://ovdinfo.org"),
        ("HTTP://OVDinfo.org:8080/a?b=c#d", "ovdinfo.org", 8080, False, "http://ovdinfo.org:8080/a?b=c"),
        ("https://user:password@ovdinfo.org/", "ovdinfo.org", 443, True, "https://ovdinfo.org/"),
        ("http://пример.рф/", "xn--e1afmkfd.xn--p1ai", 80, False, "http://xn--e1afmkfd.xn--p1ai/"),
        ("https://[2001:db8::1]/", "2001:db8::1", 443, True, "https://[2001:db8::1]/"),
    ],
)
def test_an_address_is_taken_apart(address: str, host: str, port: int, *, secure: bool, url: str) -> None:
    wanted = target(address)

    assert (wanted.host, wanted.port, wanted.secure, str(wanted.url)) == (host, port, secure, url)


def test_tls_names_a_host_without_its_final_dot() -> None:
    assert target("https://ovdinfo.org./").server_name == "ovdinfo.org"


@pytest.mark.parametrize(
    "address", ["", "ovdinfo.org", "ftp://ovdinfo.org/", "http:///x", "http://a:0/", "http://a:99999/", "http://[x]/"]
)
def test_what_is_no_page_is_an_error(address: str) -> None:
    with pytest.raises(ValueError, match="is not"):
        target(address)


@given(st.text())
def test_no_text_raises_anything_else(text: str) -> None:
    for address in (text, f"http://{text}", f"https://ovdinfo.org/{text}"):
        try:
            assert target(address).host
        except ValueError:
            continue
