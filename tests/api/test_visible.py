"""What one reader may see, and what reading it costs the others."""

import asyncio

import httpx2
import pytest
from starlette.types import Message

from monitor.core.incident import Event
from monitor.core.keys import make_feed_key
from monitor.core.kinds import EventKind
from monitor.core.model import Tlp
from monitor.store import Reading
from tests.api import cast
from tests.api.conftest import House


@pytest.mark.parametrize("path", ["/", "/api/v1/incidents", "/api/v1/incidents/CW-2026-0001", "/feed.json"])
async def test_whoever_does_not_take_an_answer_holds_no_connection_to_the_database(house: House, path: str) -> None:
    await cast.plant(house.store, cast.suspicion(1).confirmed().released())
    assert await connections_held_while_answering(house, path) == 0


async def test_nor_does_whoever_does_not_take_a_private_feed(house: House) -> None:
    key, secret = make_feed_key("calendar", "ovd-info", cast.NOW)
    async with house.store.writing() as writing:
        await writing.add_key(key)
    assert await connections_held_while_answering(house, f"/private/{secret}/feed.json") == 0


@pytest.mark.parametrize("address", ["/api/v1/alerts", "/api/v1/stream"])
async def test_whether_a_cursor_names_something_hidden_takes_no_time_to_tell(
    house: House, anonymous: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    await cast.plant(house.store, cast.suspicion(1).confirmed())
    folded = noted_logs(monkeypatch)
    hidden = await anonymous.get(f"{address}?after=CW-2026-0001.2")
    nothing = await anonymous.get(f"{address}?after=CW-2026-0009.2")
    assert (hidden.status_code, hidden.text) == (nothing.status_code, nothing.text)
    assert hidden.status_code == 422
    assert folded == []


async def test_a_cursor_at_what_was_public_once_still_leads_on(house: House, anonymous: httpx2.AsyncClient) -> None:
    released = cast.suspicion(1).confirmed().released()
    closed = released.then(EventKind.RELEASED, cast.NOW, tlp=Tlp.AMBER)
    await cast.plant(house.store, closed, cast.suspicion(2, "memorial", "memohrc-org").confirmed().released())
    answer = await anonymous.get("/api/v1/alerts?after=CW-2026-0001.3")
    assert answer.status_code == 200
    assert "CW-2026-0002" in answer.text


def noted_logs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The incidents whose logs are read from now on."""
    seen: list[str] = []
    reading = Reading.events

    async def noted(self: Reading, incident: str) -> list[Event]:
        seen.append(incident)
        return await reading(self, incident)

    monkeypatch.setattr(Reading, "events", noted)
    return seen


async def connections_held_while_answering(house: House, path: str) -> int:
    """How many connections are in use when the answer's first part is being sent."""
    pool = house.store._readers.sync_engine.pool
    held: list[int] = []

    async def receive() -> Message:
        return await asyncio.Future()

    async def send(message: Message) -> None:
        assert message.get("status", 200) == 200
        held.append(pool.checkedout())  # type: ignore[attr-defined]  # of the kind of pool that is used

    head = {"type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": b"", "headers": []}
    await house.app({**head, "client": ("192.0.2.7", 1), "scheme": "http", "server": ("x", 80), "root_path": ""}, receive, send)
    return max(held)
