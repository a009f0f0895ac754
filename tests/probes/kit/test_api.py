"""Asking a service: only itself is believed, and whatever it sends is bounded."""

import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.kit.api import ANSWER_CAP, Answer, Api, Unavailable, checked_base
from tests.lab.certificates import Certificate, server_context, trust
from tests.lab.http import Response
from tests.lab.listening import Listener
from tests.lab.services import StandIn, saying
from tests.lab.sinks import answering, hanging_up, stalling


class Echo(StandIn):
    def respond(self, request: object) -> Response:
        return Response(body=b'{"well": true}')


@asynccontextmanager
async def service(patience: float = 5.0, token: str | None = None) -> AsyncIterator[tuple[Echo, Api]]:
    echo = Echo()
    async with echo.open():
        api = Api(echo.url, agent="cutwatch/test", patience=patience, token=token)
        yield echo, api
        await api.aclose()


async def test_it_says_who_asks_and_keeps_its_token_in_a_header() -> None:
    async with service(token="a-secret") as (echo, api):
        assert (await api.get("/x", {"a": 1})).json() == {"well": True}
        (request,) = echo.requests
        assert request.target == "/x?a=1"
        assert request.headers["user-agent"] == "cutwatch/test"
        assert request.headers["authorization"] == "Bearer a-secret"


@pytest.mark.parametrize("packed", [False, True])
async def test_an_answer_beyond_all_bounds_is_not_read_to_its_end(packed: bool) -> None:
    body = b"0" * (ANSWER_CAP + 1)
    async with service() as (echo, api):
        echo.then(saying(gzip.compress(body), content_encoding="gzip") if packed else saying(body))
        with pytest.raises(Unavailable, match="larger than 8 MiB"):
            await api.get("/")


async def test_a_packed_answer_is_unpacked() -> None:
    async with service() as (echo, api):
        echo.then(saying(gzip.compress(b'{"a": 1}'), content_encoding="gzip"))
        assert (await api.get("/")).json() == {"a": 1}


@pytest.mark.parametrize("behaviour", [hanging_up(), stalling(), saying(b"", 304 - 2), answering(429), answering(503)])
async def test_what_is_no_answer_is_unavailable(behaviour: object) -> None:
    async with service(patience=0.2) as (echo, api):
        echo.then(behaviour)  # type: ignore[arg-type]  # pytest loses the type of its parameters
        with pytest.raises(Unavailable) as caught:
            await api.get("/")
        assert "127.0.0.1" not in str(caught.value)


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"retry_after": "120"}, 120.0),
        ({"retry_after": "999999999"}, 86400.0),
        ({"retry_after": "Sun, 01 Mar 2026 12:05:00 GMT", "date": "Sun, 01 Mar 2026 12:00:00 GMT"}, 300.0),
        ({"x_ratelimit_reset": "60"}, 60.0),
        ({"retry_after": "soon"}, None),
        ({}, None),
    ],
)
async def test_how_long_to_stay_away_is_understood(headers: dict[str, str], wait: float | None) -> None:
    async with service() as (echo, api):
        echo.then(answering(429, **headers))
        with pytest.raises(Unavailable) as caught:
            await api.post("/", {})
        assert caught.value.wait == wait


async def test_only_whoever_proves_to_be_the_service_hears_anything(tmp_path: Path) -> None:
    echo, roots = Echo(), tmp_path / "roots.pem"
    roots.write_bytes(trust())
    listener = await Listener.open("127.0.0.1", echo._serve, server_context(Certificate.GOOD, ("127.0.0.1",)))
    stranger = Api(f"https://{listener.endpoint}", agent="cutwatch/test", token="a-secret")
    known = Api(f"https://{listener.endpoint}", agent="cutwatch/test", token="a-secret", trust=roots)
    with pytest.raises(Unavailable, match="ConnectError"):
        await stranger.get("/")
    assert echo.requests == []
    assert (await known.get("/")).status == 200
    await stranger.aclose()
    await known.aclose()
    await listener.close()


@pytest.mark.parametrize(
    "base",
    [
        *("http://api.ooni.io", "ftp://api.ooni.io", "api.ooni.io", "https://", "https://me:password@api.ooni.io"),
        *("https://api.ooni.io/?key=1", "https://api.ooni.io/#x", "http://10.0.0.1", "https://[::1", "http://localhost:8000"),
    ],
)
def test_no_secret_travels_to_an_unsafe_address(base: str) -> None:
    with pytest.raises(ValueError, match=r"service|web address") as caught:
        checked_base(base)
    assert "password" not in str(caught.value)


@pytest.mark.parametrize("base", ["https://api.ooni.io", "https://api.ooni.io/", "http://127.0.0.1:8000", "http://[::1]:8000"])
def test_a_safe_address_is_taken(base: str) -> None:
    assert checked_base(base) == base.rstrip("/")


@given(st.text(max_size=40))
def test_a_header_is_a_number_or_none(value: str) -> None:
    found = Answer(status=200, headers={"x": value}).number("x")
    assert found is None or found >= 0
