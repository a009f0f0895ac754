"""What every answer carries."""

import gzip

import httpx2
import pytest

from tests.api import cast
from tests.api.conftest import METRICS, House
from tests.api.test_secrecy import fill, paths_of

ADDRESSES = ("/", "/feed.json", "/api/v1", "/openapi.json", "/metrics", "/healthz", "/nothing", "/api/v1/nothing", "/?x=1")


@pytest.mark.parametrize("address", ADDRESSES)
async def test_nothing_may_run_be_framed_or_guessed(anonymous: httpx2.AsyncClient, address: str) -> None:
    headers = (await anonymous.get(address)).headers
    assert headers["content-security-policy"] == (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    )
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "cache-control" in headers
    assert "access-control-allow-origin" not in headers


async def test_what_staff_or_keys_read_is_never_public(house: House, staff: httpx2.AsyncClient) -> None:
    await cast.plant(house.store, cast.suspicion(1).confirmed().released())
    async with house.client(secret=await house.key(), peer="127.0.0.1") as keyed:
        for pattern in paths_of(house.app):
            if "static" in pattern or pattern == "/openapi.json":
                continue
            address = fill(pattern, "CW-2026-0001", "amnesty", "3")
            for client in (staff, keyed):
                assert "private" in (await client.get(address)).headers["cache-control"], address


async def test_head_answers_what_get_would_without_the_body(house: House, anonymous: httpx2.AsyncClient) -> None:
    for pattern in paths_of(house.app):
        address = fill(pattern, "CW-2026-0001", "amnesty", "3")
        got, asked = await anonymous.get(address), await anonymous.head(address)
        assert (asked.status_code, asked.content) == (got.status_code, b"")
        assert asked.headers == got.headers


async def test_metrics_are_packed_when_asked(house: House) -> None:
    house.change(metrics=METRICS * 100)
    async with house.client(secret=await house.key()) as client:
        async with client.stream("GET", "/metrics", headers={"accept-encoding": "gzip"}) as answer:
            packed = b"".join([chunk async for chunk in answer.aiter_raw()])
            assert answer.headers["content-encoding"] == "gzip"
        plain = await client.get("/metrics", headers={"accept-encoding": "identity"})
    assert gzip.decompress(packed) == plain.content == METRICS * 100


@pytest.mark.parametrize("refused", ["gzip;q=0", "br, gzip; q=0.0", "GZIP;q=0.000, *"])
async def test_whoever_refuses_gzip_does_not_get_it(house: House, anonymous: httpx2.AsyncClient, refused: str) -> None:
    for address in ("/openapi.json", "/feed.json"):
        assert "content-encoding" not in (await anonymous.get(address, headers={"accept-encoding": refused})).headers
    taken = await anonymous.get("/openapi.json", headers={"accept-encoding": "gzip;q=0.5"})
    assert taken.headers["content-encoding"] == "gzip"
