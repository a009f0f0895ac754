"""An anonymous reader finds no trace of what has not been released: in no answer, no header, no count, no error."""

from collections.abc import AsyncIterator, Iterable, Iterator
from datetime import timedelta

import httpx2
import pytest
from fastapi import APIRouter, FastAPI
from starlette.routing import BaseRoute, Route

from monitor.core.incident import Kind
from probes.kit.vocabulary import State
from tests.api import cast
from tests.api.conftest import House

HIDDEN = ("CW-2026-0002", "CW-2026-0003", "CW-2026-0004")

NAMES = ("memorial", "Memorial", "memohrc", "donate", "intranet", "moscow-home", "Anna", "Petrova", "berlin", *HIDDEN)
"""What would betray something: hidden organisations, targets, incidents, vantage points, and a person in a reason."""

QUERIES = (
    "",
    "?lang=ru",
    "?organisation=memorial",
    "?organisation=ovd-info",
    "?kind=unreachable",
    "?country=RU",
    "?stage=suspected",
    "?stage=confirmed",
    "?limit=1",
    "?after=CW-2026-0002",
    "?after=0",
    "?organisation=memorial&country=RU",
)


@pytest.fixture
async def anonymous(house: House) -> AsyncIterator[httpx2.AsyncClient]:
    """Somebody without a key who comes through a proxy on this machine, as most do, and is not slowed down."""
    async with house.client(peer="127.0.0.1") as client:
        client.headers["accept-encoding"] = "identity"  # so that lengths can be compared
        yield client


def paths_of(app: FastAPI) -> Iterator[str]:
    """Every address that answers GET, as a pattern."""
    for route in routes_of(app.routes):
        if "GET" in (route.methods or set()):
            yield route.path


def routes_of(routes: Iterable[BaseRoute]) -> Iterator[Route]:
    for route in routes:
        if isinstance(route, Route):
            yield route
        else:
            router: APIRouter = getattr(route, "original_router", route)  # type: ignore[arg-type]  # whatever holds routes
            yield from routes_of(router.routes)


def fill(pattern: str, incident: str, organisation: str, number: str) -> str:
    values = {"{name}": incident, "{slug}": organisation, "{number}": number}
    for placeholder, value in values.items():
        pattern = pattern.replace(placeholder, value)
    return pattern


async def answers(client: httpx2.AsyncClient, addresses: list[str]) -> dict[str, tuple[int, dict[str, str], str]]:
    found = {}
    for address in addresses:
        answer = await client.get(address)
        found[address] = (answer.status_code, dict(answer.headers), answer.text)
    return found


async def publish(house: House) -> None:
    """What everybody may know: OVD-Info's released case, and Amnesty's public site."""
    since = cast.NOW - timedelta(hours=5)
    await cast.plant(house.store, cast.suspicion(1).confirmed().released())
    await cast.see(
        house.store,
        [
            *cast.looks(State.OK, since=since, until=cast.NOW, vantage="berlin"),
            *cast.looks(State.BLOCKED, since=since, until=cast.NOW, vantage="moscow-home"),
            *cast.looks(
                State.OK, since=since, until=cast.NOW, organisation="amnesty", target="amnesty-org", vantage="moscow-home"
            ),
        ],
    )


async def hide(house: House) -> None:
    """What nobody outside may know: cases that are AMBER or only suspected, and looks at private targets."""
    since, until = cast.NOW - timedelta(hours=5), cast.NOW
    await cast.plant(
        house.store,
        cast.suspicion(2, "memorial", "memohrc-org", kind=Kind.UNREACHABLE).confirmed(),
        cast.suspicion(3, "ovd-info", "donate"),
        cast.suspicion(4, "amnesty", "intranet").released(),
    )
    for organisation, target in (("memorial", "memohrc-org"), ("ovd-info", "donate"), ("amnesty", "intranet")):
        seen = cast.looks(
            State.BLOCKED, since=since, until=until, organisation=organisation, target=target, vantage="moscow-home"
        )
        await cast.see(house.store, seen)


async def test_every_answer_is_the_same_whether_or_not_there_is_something_to_hide(
    house: House, anonymous: httpx2.AsyncClient
) -> None:
    await publish(house)
    patterns = list(paths_of(house.app))
    assert len(patterns) >= 22
    addresses = [
        f"{fill(pattern, incident, organisation, number)}{query}"
        for pattern in patterns
        for incident, organisation, number in (("CW-2026-0001", "amnesty", "3"), ("CW-2026-0002", "memorial", "1"))
        for query in (QUERIES if "{" not in pattern else ("", "?lang=ru"))
    ]
    before = await answers(anonymous, addresses)
    await hide(house)
    after = await answers(anonymous, addresses)
    assert before == after


async def test_no_answer_names_what_is_hidden(house: House, anonymous: httpx2.AsyncClient) -> None:
    await publish(house)
    await hide(house)
    addresses = [fill(pattern, "CW-2026-0001", "amnesty", "3") for pattern in paths_of(house.app)]
    for address, (_, headers, text) in (await answers(anonymous, addresses)).items():
        for name in NAMES:
            if address != "/openapi.json":
                assert name not in text, f"{address} betrays {name}"
            assert name not in str(headers), f"{address} betrays {name} in its headers"


@pytest.mark.parametrize("hidden", HIDDEN)
async def test_a_hidden_incident_and_one_that_does_not_exist_get_the_same_answer(
    house: House, anonymous: httpx2.AsyncClient, hidden: str
) -> None:
    await publish(house)
    await hide(house)
    patterns = [pattern for pattern in paths_of(house.app) if "{name}" in pattern and "static" not in pattern]
    assert len(patterns) == 6
    for pattern in patterns:
        found = await anonymous.get(fill(pattern, hidden, "", "1"))
        missing = await anonymous.get(fill(pattern, "CW-2026-9999", "", "1"))
        assert found.status_code == missing.status_code == 404
        assert found.text.replace(hidden, "CW-2026-9999") == missing.text
        assert found.headers == missing.headers


async def test_a_hidden_organisation_and_one_that_does_not_exist_get_the_same_answer(
    house: House, anonymous: httpx2.AsyncClient
) -> None:
    for pattern in ("/organisations/{slug}", "/api/v1/organisations/{slug}"):
        found = await anonymous.get(fill(pattern, "", "memorial", ""))
        missing = await anonymous.get(fill(pattern, "", "nemorial", ""))
        assert found.status_code == missing.status_code == 404
        assert found.text.replace("memorial", "nemorial") == missing.text


async def test_a_cursor_does_not_tell_hidden_incidents_from_missing_ones(house: House, anonymous: httpx2.AsyncClient) -> None:
    await publish(house)
    await hide(house)
    hidden = await anonymous.get("/api/v1/incidents?after=CW-2026-0002")
    missing = await anonymous.get("/api/v1/incidents?after=CW-2026-9999")
    assert (hidden.status_code, hidden.content) == (missing.status_code, missing.content) == (422, missing.content)


async def test_the_versions_before_the_release_stay_private(
    house: House, anonymous: httpx2.AsyncClient, staff: httpx2.AsyncClient
) -> None:
    await publish(house)
    for number, public in ((1, 404), (2, 404), (3, 200), (4, 404)):
        for address in (f"/incidents/CW-2026-0001/v{number}", f"/api/v1/incidents/CW-2026-0001/versions/{number}"):
            assert (await anonymous.get(address)).status_code == public
            assert (await staff.get(address)).status_code == (200 if number < 4 else 404)


async def test_the_log_of_a_released_incident_keeps_its_reasons_and_places_to_itself(
    house: House, anonymous: httpx2.AsyncClient, staff: httpx2.AsyncClient
) -> None:
    await publish(house)
    told = (await anonymous.get("/api/v1/incidents/CW-2026-0001/events")).json()["items"]
    known = (await staff.get("/api/v1/incidents/CW-2026-0001/events")).json()["items"]
    assert [one["kind"] for one in told] == [one["kind"] for one in known] == ["opened", "confirmed", "released"]
    assert told[2]["data"] == {"tlp": "CLEAR"}
    assert "vantages" not in told[0]["data"]
    assert known[0]["data"]["vantages"] == ["moscow-home"]
    assert "Petrova" in known[2]["data"]["reason"]
