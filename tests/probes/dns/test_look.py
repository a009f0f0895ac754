"""Asking for a name: which one, and what is asked beside it."""

import re
from typing import Any

import pytest
from pydantic import ValidationError

from probes.dns import Params, addresses, observe, wants_control
from probes.kit.observation import Facts
from probes.kit.vocabulary import Aim
from tests.probes.dns.fake_resolvers import FakeResolvers


@pytest.mark.parametrize(
    ("url", "domain", "name"),
    [
        ("https://www.example.org/path", None, "www.example.org"),
        ("https://Яндекс.рф/", None, "xn--d1acpjx3f.xn--p1ai"),
        (None, "Example.org.", "example.org"),
        ("https://www.example.org/", "example.org", "www.example.org"),
    ],
)
def test_the_host_of_the_url_is_asked_for_or_else_the_domain(url: str | None, domain: str | None, name: str) -> None:
    assert Params.for_asset(url, domain, {}) == Params(name=name)


@pytest.mark.parametrize(
    ("url", "given", "port"),
    [
        ("https://example.org:8443/", {}, 8443),
        ("https://example.org:8443/", {"port": 9443}, 9443),
        ("http://example.org:8080/", {}, 443),
    ],
)
def test_an_address_proves_itself_where_the_website_speaks_tls(url: str, given: dict[str, object], port: int) -> None:
    assert Params.for_asset(url, None, given) == Params(name="example.org", port=port)


@pytest.mark.parametrize(("url", "domain"), [(None, None), ("https://93.184.216.34/", None)])
def test_without_a_name_there_is_nothing_to_ask(url: str | None, domain: str | None) -> None:
    assert Params.for_asset(url, domain, {}) is None


@pytest.mark.parametrize(
    ("url", "domain", "given"),
    [
        ("https://[broken/", None, {}),
        ("https://example.org:99999/", None, {}),
        (None, "example.org", {"port": 0}),
        ("nonsense", None, {}),
        (None, "localhost", {}),
        (None, "no dots", {}),
        (None, "example.org", {"qtypes": ["MX"]}),
    ],
)
def test_what_is_no_name_is_refused(url: str | None, domain: str | None, given: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Params.for_asset(url, domain, given)


async def test_the_name_is_asked_for_and_one_below_it_that_cannot_exist() -> None:
    look: Any = FakeResolvers(own={"example.org": ["93.184.216.34"]})

    facts = await observe(Params(name="example.org"), look)

    first, second = facts.dns
    assert (first.aim, second.aim) == (Aim.VISIT, Aim.PROBE_NAME)
    assert (first.name, first.answers) == ("example.org", ("93.184.216.34",))
    assert re.fullmatch(r"[0-9a-f]{16}\.example\.org", second.name)
    assert second.failure == "dns_nxdomain_error"


async def test_no_two_looks_ask_for_the_same_impossible_name() -> None:
    look: Any = FakeResolvers(own={})
    for _ in range(2):
        await observe(Params(name="example.org"), look)

    names = [lookup.name for lookup in look.facts().dns if lookup.name != "example.org"]
    assert len(set(names)) == 2


def test_an_answer_never_speaks_for_itself() -> None:
    assert wants_control(Facts())
    assert addresses(Facts()) == ()
