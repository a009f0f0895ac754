"""Looking at a website: hop by hop, one address per family, and never where nobody may be led."""

from typing import Any

import pytest

from probes.kit.observation import Facts
from probes.kit.vocabulary import Aim
from probes.website import Params, observe
from tests.probes.fake_look import FakeLook

HOME = "https://www.example.org/"
ADDRESS = "93.184.216.34"
V6 = "2606:2800:220:1::1"
NAMES = {"www.example.org": [ADDRESS], "example.org": [ADDRESS], "other.example": ["203.0.114.9"]}


def moved(to: str, status: int = 301) -> dict[str, Any]:
    return {"status": status, "location": to}


async def looked(look: FakeLook, url: str = HOME, **params: Any) -> Facts:
    return await observe(Params(url=url, **params), look)  # type: ignore[arg-type]  # the fake offers what is used of a look


async def test_one_page_is_fetched_from_one_address_of_each_family() -> None:
    look = FakeLook(
        names={"www.example.org": ["10.0.0.1", ADDRESS, V6, "2606:2800:220:1::2"]}, dead={"10.0.0.1": "host_unreachable"}
    )

    facts = await looked(look)

    assert [step.address for step in facts.tcp] == ["10.0.0.1", V6]
    assert facts.http[0].status == 200


async def test_answers_that_lead_to_ourselves_are_recorded_and_not_connected() -> None:
    facts = await looked(FakeLook(names={"www.example.org": ["127.0.0.1", "169.254.169.254", "::1"]}))

    assert facts.dns[0].answers == ("127.0.0.1", "169.254.169.254", "::1")
    assert facts.tcp == ()


async def test_a_name_that_does_not_exist_ends_the_look() -> None:
    facts = await looked(FakeLook())

    assert [step.failure for step in facts.steps()] == ["dns_nxdomain_error"]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_followed_each_on_its_own_hop(status: int) -> None:
    look = FakeLook(names=NAMES, pages={"http://example.org/": moved("https://www.example.org/a?b=c#d", status)})

    facts = await looked(look, "http://example.org")

    assert look.asked_for == ["http://example.org/", "https://www.example.org/a?b=c"]
    assert [(step.hop, step.name) for step in facts.dns] == [(0, "example.org"), (1, "www.example.org")]


async def test_a_relative_redirect_stays_with_its_host() -> None:
    look = FakeLook(names=NAMES, pages={HOME: moved("/en/")})

    await looked(look)

    assert look.asked_for == [HOME, "https://www.example.org/en/"]


async def test_the_eleventh_redirect_is_not_followed() -> None:
    pages = {f"https://www.example.org/{number}": moved(f"/{number + 1}") for number in range(20)}
    look = FakeLook(names=NAMES, pages=pages)

    facts = await looked(look, "https://www.example.org/0")

    assert len(look.asked_for) == 11
    assert [step.failure for step in facts.http[:-1]] == [None] * 10
    assert facts.http[-1].failure == "unknown_failure: stopped after too many redirects"


@pytest.mark.parametrize("location", ["https://", "http://", "http:///path", "//", "https://[broken/"])
async def test_a_location_without_host_is_a_failure_of_the_page(location: str) -> None:
    facts = await looked(FakeLook(names=NAMES, pages={HOME: moved(location)}))

    assert len(facts.http) == 1
    assert facts.http[0].failure == "http_invalid_redirect_location_host"


@pytest.mark.parametrize(
    "location",
    [
        "http://localhost/",
        "http://127.0.0.1:8000/",
        "http://2130706433/",
        "http://[::ffff:127.0.0.1]/",
        "http://169.254.169.254/latest/meta-data/",
        "http://printer.local/",
        "http://metadata.google.internal/",
        "https://user:password@other.example/",
        "ftp://other.example/",
        "javascript:alert(1)",
    ],
)
async def test_a_redirect_to_a_private_place_is_recorded_and_not_followed(location: str) -> None:
    look = FakeLook(names=NAMES, pages={HOME: moved(location)})

    facts = await looked(look)

    assert look.asked_for == [HOME]
    assert facts.details["refused_redirect"]
    assert facts.http[0].failure is None


async def test_a_redirect_to_a_private_network_is_followed_for_a_block_page_may_live_there() -> None:
    look = FakeLook(names=NAMES, pages={"http://example.org/": moved("http://10.10.34.35/")})

    await looked(look, "http://example.org/")

    assert look.asked_for == ["http://example.org/", "http://10.10.34.35/"]


async def test_nobody_follows_a_redirect_from_a_page_whose_certificate_proves_nothing() -> None:
    look = FakeLook(names=NAMES, pages={HOME: moved("https://other.example/")}, ends={ADDRESS: "ssl_unknown_authority"})

    facts = await looked(look)

    assert look.asked_for == [HOME]
    assert facts.details == {}


async def test_a_control_also_tries_what_the_vantage_point_was_answered() -> None:
    also = ("83.224.65.41", "127.0.0.1", *(f"203.0.114.{last}" for last in range(6)))
    look = FakeLook(names=NAMES, ends={"83.224.65.41": "ssl_invalid_hostname"})

    facts = await looked(look, also_addresses=also)

    tried = {step.address: step.failure for step in facts.tls if step.aim is Aim.ELSEWHERE}
    assert tried == {"83.224.65.41": "ssl_invalid_hostname"} | {f"203.0.114.{last}": None for last in range(6)}


async def test_a_clear_text_site_on_a_port_of_its_own_is_asked_for_no_certificate() -> None:
    facts = await looked(FakeLook(names=NAMES), "http://www.example.org:8080/", also_addresses=("83.224.65.41",))

    assert facts.tls == ()


async def test_through_a_proxy_the_far_end_looks_the_name_up() -> None:
    facts = await looked(FakeLook(proxied=True))

    assert facts.dns == ()
    assert facts.http[0].status == 200
