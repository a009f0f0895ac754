"""For whom a proxy asks: the right-most address that no trusted proxy has, and nothing that a stranger can forge."""

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers

from api.forwarding import asked_from
from api.limits import BURST
from api.stream import SEATS_EACH
from monitor.core.watchlist import Monitor, Watchlist
from monitor.settings import Settings
from tests.api import cast
from tests.api.conftest import METRICS, House

PROXIES = (ip_network("127.0.0.1"), ip_network("10.0.0.0/24"))

READER = "203.0.113.9"


def asked(*headers: tuple[str, str], peer: str = "127.0.0.1") -> str | None:
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    found = asked_from(ip_address(peer), Headers(raw=raw), PROXIES)
    return None if found is None else str(found)


@pytest.mark.parametrize(
    "headers",
    [
        [("x-forwarded-for", READER)],
        [("x-forwarded-for", f"192.0.2.1, {READER}")],
        [("x-forwarded-for", f"192.0.2.1, {READER}, 10.0.0.7")],
        [("x-forwarded-for", "192.0.2.1"), ("x-forwarded-for", f"{READER}:4711")],
        [("x-forwarded-for", f"::ffff:{READER}")],
        [("forwarded", f"for={READER};proto=https")],
        [("forwarded", f'for=192.0.2.1, By=10.0.0.7;For="{READER}:4711"')],
        [("forwarded", f'for="[unclosed, for={READER}')],
        [("forwarded", f"for={READER}"), ("x-forwarded-for", READER)],
    ],
)
def test_the_right_most_address_that_is_no_proxys_is_the_readers(headers: list[tuple[str, str]]) -> None:
    assert asked(*headers) == READER


def test_an_address_of_ipv6_may_stand_in_brackets() -> None:
    assert asked(("forwarded", 'for="[2001:db8::7]:4711"')) == "2001:db8::7"
    assert asked(("x-forwarded-for", "2001:db8::7")) == "2001:db8::7"


def test_what_others_say_is_not_believed() -> None:
    assert asked(("x-forwarded-for", READER), peer="192.0.2.66") == "192.0.2.66"


def test_who_comes_without_a_header_is_the_proxy_itself() -> None:
    assert asked() == "127.0.0.1"
    assert asked(("x-forwarded-for", "10.0.0.9, 10.0.0.7")) == "10.0.0.9"


@pytest.mark.parametrize(
    "headers",
    [
        [("x-forwarded-for", "unknown")],
        [("x-forwarded-for", f"{READER}, ")],
        [("forwarded", "for=_hidden")],
        [("forwarded", "proto=https")],
        [("forwarded", "for=192.0.2.1"), ("x-forwarded-for", READER)],
    ],
)
def test_where_the_proxies_do_not_say_or_contradict_one_another_nobody_is_believed(headers: list[tuple[str, str]]) -> None:
    assert asked(*headers) is None


@given(st.sampled_from(["x-forwarded-for", "forwarded"]), st.text(st.characters(max_codepoint=255), max_size=200))
def test_whatever_a_stranger_puts_before_it_the_last_word_is_the_proxys(name: str, forged: str) -> None:
    added = READER if name == "x-forwarded-for" else f"for={READER}"
    assert asked((name, f"{forged}, {added}")) == READER


def behind(*proxies: str) -> Watchlist:
    monitor = Monitor.model_validate({"vantages": cast.VANTAGES, "trusted_proxies": proxies})
    return cast.watchlist().model_copy(update={"monitor": monitor})


async def test_each_reader_behind_a_trusted_proxy_has_a_limit_of_their_own(house: House) -> None:
    house.change(watchlist=behind("127.0.0.1"))
    async with house.client(peer="127.0.0.1") as proxy:
        busy = {"x-forwarded-for": f"10.1.1.1, {READER}"}
        for number in range(BURST):
            assert (await proxy.get("/healthz", headers={"x-forwarded-for": f"10.1.1.{number}, {READER}"})).status_code == 200
        assert (await proxy.get("/healthz", headers=busy)).status_code == 429
        assert (await proxy.get("/healthz", headers={"x-forwarded-for": "203.0.113.10"})).status_code == 200


async def test_a_stranger_who_forges_the_header_is_counted_by_where_they_are(house: House) -> None:
    house.change(watchlist=behind("127.0.0.1"))
    async with house.client(peer="192.0.2.66") as stranger:
        for number in range(BURST):
            await stranger.get("/healthz", headers={"x-forwarded-for": f"203.0.113.{number}"})
        assert (await stranger.get("/healthz", headers={"x-forwarded-for": "203.0.113.200"})).status_code == 429


async def test_a_trusted_proxy_is_not_this_machine_for_metrics(house: House) -> None:
    house.change(watchlist=behind("127.0.0.1"), settings=Settings(base_url="http://127.0.0.1:8000"))
    async with house.client(peer="127.0.0.1", base_url="http://127.0.0.1:8000") as client:
        assert (await client.get("/metrics")).content == METRICS
        for forwarded in ({"x-forwarded-for": "127.0.0.1"}, {"forwarded": "for=127.0.0.1"}):
            assert (await client.get("/metrics", headers=forwarded)).status_code == 401


async def test_each_reader_behind_a_trusted_proxy_has_seats_of_their_own(house: House) -> None:
    house.change(watchlist=behind("127.0.0.1"))
    house.app.state.seats.taken.update({f"address {READER}": SEATS_EACH})
    async with house.client(peer="127.0.0.1") as proxy:
        refused = await proxy.get("/api/v1/stream", headers={"x-forwarded-for": READER})
        other = await proxy.head("/api/v1/stream", headers={"x-forwarded-for": "203.0.113.10"})
    assert (refused.status_code, other.status_code) == (429, 200)


@pytest.mark.parametrize("network", ["0.0.0.0/0", "::/0", "proxy.example", "10.0.0.1/8", "", "*"])
def test_a_proxy_that_is_no_address_or_everybody_is_refused_with_what_to_write(network: str) -> None:
    with pytest.raises(ValueError, match="the address or the network of a proxy"):
        behind(network)
