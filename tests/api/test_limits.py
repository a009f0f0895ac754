"""How much a stranger may send and ask."""

import asyncio
from collections.abc import AsyncIterator
from ipaddress import ip_network

import httpx2
import pytest
from fastapi import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from api.limits import BODY_CAP, BURST, REMEMBERED, RateLimit, sender_of
from monitor.core.keys import Scope as KeyScope
from monitor.settings import Settings
from tests.api.conftest import House


async def test_a_body_that_announces_to_be_too_large_is_refused_unread(anonymous: httpx2.AsyncClient) -> None:
    answer = await anonymous.post("/sign-out", content=b"x" * (BODY_CAP + 1))
    assert answer.status_code == 413
    assert "64 KiB" in answer.text


async def test_a_body_that_hides_its_length_is_cut_off(house: House) -> None:
    read = 0

    @house.app.post("/echo")
    async def echo(request: Request) -> dict[str, int]:
        nonlocal read
        async for chunk in request.stream():
            read += len(chunk)
        return {"read": read}

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(1000):
            yield b"x" * 1024

    async with house.client() as client:
        answer = await client.post("/echo", content=endless())
    assert answer.status_code == 413
    assert read <= BODY_CAP


async def test_a_json_body_that_hides_its_length_is_refused_as_too_large(house: House) -> None:
    async def endless() -> AsyncIterator[bytes]:
        yield b'{"reason": "'
        for _ in range(1000):
            yield b"x" * 1024

    async with house.client(secret=await house.key(KeyScope.READ, KeyScope.REVIEW)) as client:
        json = {"content-type": "application/json"}
        answer = await client.post("/api/v1/incidents/CW-2026-0001/release", content=endless(), headers=json)
    assert answer.status_code == 413
    assert "64 KiB" in answer.json()["detail"]


async def test_a_body_that_trickles_is_not_waited_for(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.limits.BODY_PATIENCE", 0.05)

    async def trickle() -> AsyncIterator[bytes]:
        yield b'{"reason": '
        await asyncio.Event().wait()

    async with house.client(secret=await house.key(KeyScope.READ, KeyScope.REVIEW)) as client:
        json = {"content-type": "application/json"}
        answer = await client.post("/api/v1/incidents/CW-2026-0001/release", content=trickle(), headers=json)
    assert (answer.status_code, answer.headers["connection"]) == (408, "close")
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_body_within_the_cap_passes(anonymous: httpx2.AsyncClient) -> None:
    assert (await anonymous.post("/sign-out", content=b"x" * BODY_CAP)).status_code == 303


async def test_an_address_that_asks_too_much_is_told_to_wait_and_others_are_not(house: House) -> None:
    async with house.client(peer="192.0.2.7") as busy, house.client(peer="192.0.2.8") as other:
        for _ in range(BURST):
            assert (await busy.get("/healthz")).status_code == 200
        refused = await busy.get("/healthz")
        assert refused.status_code == 429
        assert int(refused.headers["retry-after"]) >= 1
        assert refused.headers["content-type"] == "application/problem+json"
        assert "content-security-policy" in refused.headers
        assert (await other.get("/healthz")).status_code == 200


async def test_the_operators_own_machine_is_not_limited(house: House) -> None:
    async with house.client(peer="127.0.0.1") as client:
        for _ in range(BURST + 5):
            assert (await client.get("/healthz")).status_code == 200


async def test_a_key_that_asks_too_much_is_told_to_wait_wherever_it_comes_from(house: House) -> None:
    secret, other = await house.key(), await house.key()
    for number in range(BURST):
        async with house.client(secret=secret, peer=f"192.0.2.{number % 100 + 1}") as client:
            assert (await client.get("/healthz")).status_code == 200
    async with house.client(secret=secret, peer="127.0.0.1") as proxied, house.client(secret=other, peer="127.0.0.1") as another:
        assert (await proxied.get("/healthz")).status_code == 429
        assert (await another.get("/healthz")).status_code == 200
    house.change(settings=Settings(base_url="http://127.0.0.1:8000"))
    async with house.client(secret=secret, peer="127.0.0.1", base_url="http://127.0.0.1:8000") as own:
        assert (await own.get("/healthz")).status_code == 200


async def test_whoever_is_refused_does_not_push_others_out_of_memory_with_invented_keys(house: House) -> None:
    limits: list[RateLimit] = []
    house.app.add_middleware(remembered_in(limits))
    async with house.client(peer="192.0.2.7") as busy:
        for number in range(BURST + 5):
            await busy.get("/healthz", headers={"authorization": f"Bearer invented-{number}"})
    (limit,) = limits
    assert len(limit._buckets) == BURST + 1


def remembered_in(limits: list[RateLimit]) -> type[RateLimit]:
    """A limit that a story can look into."""

    class Remembered(RateLimit):
        def __init__(self, app: ASGIApp) -> None:
            super().__init__(app)
            limits.append(self)

    return Remembered


def test_patience_is_rewarded() -> None:
    limit = RateLimit(house_of_cards)
    for _ in range(BURST):
        assert limit._take("192.0.2.7", 100.0) == 0
    assert limit._take("192.0.2.7", 100.0) > 0
    assert limit._take("192.0.2.7", 100.5) == 0


def test_the_memory_of_addresses_is_bounded() -> None:
    limit = RateLimit(house_of_cards)
    for number in range(REMEMBERED + 100):
        limit._take(f"2001:db8::{number:x}", 0.0)
    assert len(limit._buckets) == REMEMBERED


def test_the_neighbours_of_an_ipv6_network_count_as_one_sender() -> None:
    senders = {
        sender_of({"type": "http", "client": (address, 1), "headers": []}, ())
        for address in ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9")
    }
    assert len(senders) == 1
    assert sender_of({"type": "http", "client": ("2001:db8:1:3::1", 1)}, ()) not in senders


def test_whoever_has_no_address_is_not_counted() -> None:
    for client in (None, ("", 0), ("unix", 0), ("::1", 1), ("127.0.0.1", 1)):
        assert sender_of({"type": "http", "client": client}, ()) is None


def test_only_a_peer_of_this_machine_goes_uncounted_and_not_whom_a_proxy_calls_one() -> None:
    proxies = (ip_network("10.0.0.0/24"), ip_network("127.0.0.1"))
    for peer in ("10.0.0.7", "127.0.0.1"):
        for told in ("127.0.0.1", "::1", "::ffff:127.0.0.1"):
            scope = {"type": "http", "client": (peer, 1), "headers": [(b"x-forwarded-for", told.encode())]}
            assert sender_of(scope, proxies) == "somebody behind a proxy"
    assert sender_of({"type": "http", "client": ("127.0.0.1", 1), "headers": []}, proxies) is None


async def house_of_cards(scope: Scope, receive: Receive, send: Send) -> None:
    raise AssertionError("nothing is passed on in these stories")
