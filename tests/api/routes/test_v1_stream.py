"""`/api/v1/stream`: alerts as they happen, over real sockets."""

import asyncio
import json
from collections.abc import AsyncIterator

import httpx2
import pytest
from fastapi import HTTPException

from api import stream
from api.access import Reader
from api.alerts import Alert, Alerts
from api.app import create
from api.stream import EventStream, Pulse, Seats
from monitor.core.keys import Scope
from tests.api import cast
from tests.api.conftest import House
from tests.api.listening import listening, serving

STREAM = "/api/v1/stream"
BEAT = ": still here"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "POLL", 0.02)
    monkeypatch.setattr(stream, "HEARTBEAT", 0.2)


@pytest.fixture
async def address(house: House) -> AsyncIterator[str]:
    async with serving(house.app) as address:
        yield address


async def test_an_alert_arrives_as_it_happens_and_older_ones_do_not(house: House, address: str) -> None:
    await cast.plant(house.store, cast.suspicion(1).confirmed())
    async with listening(address, "?lang=ru", secret=await house.key()) as ear:
        assert ear.last == "CW-2026-0001.2"
        await cast.plant(house.store, cast.suspicion(2, target="donate"), cast.suspicion(3, target="donate").confirmed())
        heard = await ear.next()
    assert (heard.id, heard.type) == ("CW-2026-0003.2", "incident.confirmed")
    data = json.loads(heard.data)
    assert (data["type"], data["data"]["incident"], data["data"]["language"]) == ("incident.confirmed", "CW-2026-0003", "ru")


async def test_nothing_is_lost_and_nothing_comes_twice_across_a_restart_of_the_service(house: House) -> None:
    secret = await house.key()
    await cast.plant(house.store, cast.suspicion(1).confirmed())
    heard: list[str] = []
    last = "start"
    for number in range(2, 11, 3):
        app = create()
        app.state.context = house.context
        async with serving(app) as address, listening(address, secret=secret, last=last) as ear:
            await cast.plant(house.store, cast.suspicion(number).confirmed())
            heard += [one.id for one in await ear.some(2 if number == 2 else 3)]
            last = ear.last
            await cast.plant(house.store, cast.suspicion(number + 1).confirmed())
        await cast.plant(house.store, cast.suspicion(number + 2).confirmed())
    async with serving(house.app) as address, listening(address, secret=secret, last=last) as ear:
        heard += [one.id for one in await ear.some(2)]
    async with house.client(secret=secret) as client:
        listed = [one["id"] for one in (await client.get("/api/v1/alerts")).json()["items"]]
    assert heard == listed
    assert len(heard) == 10


async def test_one_who_has_heard_nothing_yet_comes_back_without_missing_anything(house: House, address: str) -> None:
    async with listening(address, secret=await house.key()) as ear:
        last = ear.last
    await cast.plant(house.store, cast.suspicion(1).confirmed())
    async with listening(address, secret=await house.key(), last=last) as ear:
        assert (await ear.next()).id == "CW-2026-0001.2"


async def test_a_storm_arrives_whole_and_in_order(house: House, address: str) -> None:
    stories = [cast.suspicion(number).confirmed() for number in range(1, 251)]
    async with listening(address, secret=await house.key()) as ear:
        await cast.plant(house.store, *stories)
        heard = await ear.some(250)
    assert [one.id for one in heard] == [f"{one.incident.id}.2" for one in stories]


async def test_many_who_stand_at_the_same_place_cost_one_reading(
    house: House, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await cast.plant(house.store, cast.suspicion(1).confirmed().released())
    asked: list[int] = []
    original = Alerts.after

    async def counting(self: Alerts, seq: int, limit: int) -> list[Alert]:
        asked.append(seq)
        return await original(self, seq, limit)

    monkeypatch.setattr(Alerts, "after", counting)
    async with listening(address) as one, listening(address) as other, listening(address) as third:
        await asyncio.sleep(0)
        before = len(asked)
        await cast.plant(house.store, cast.suspicion(2, target="donate").confirmed().released())
        assert [(await ear.next()).id for ear in (one, other, third)] == ["CW-2026-0002.3"] * 3
    assert len(asked) - before <= 4  # once for the news, once for what may follow it; a poll may fall in between


async def test_filters_hold_for_the_stream_too(house: House, address: str) -> None:
    async with listening(address, "?organisation=memorial", secret=await house.key()) as ear:
        await cast.plant(house.store, cast.suspicion(1).confirmed(), cast.suspicion(2, "memorial", "memohrc-org").confirmed())
        assert (await ear.next()).id == "CW-2026-0002.2"


async def test_an_anonymous_reader_gets_the_same_bytes_whether_or_not_there_is_something_to_hide(
    house: House, address: str
) -> None:
    await cast.plant(house.store, cast.suspicion(1).confirmed().released())
    came: list[list[str]] = []
    for hidden in (False, True):
        async with listening(address) as ear:
            for number in range(2, 6) if hidden else ():
                await cast.plant(house.store, cast.suspicion(number, "memorial", "memohrc-org").confirmed())
                await asyncio.sleep(0.05)
            await ear.until(BEAT, times=3)
            came.append(ear.raw)
    assert came[0] == came[1]
    assert "id: CW-2026-0001.3" in came[0]


async def test_it_ends_when_the_key_is_revoked(house: House, address: str) -> None:
    secret = await house.key()
    async with house.store.reading() as reading:
        (key,) = await reading.keys()
    async with listening(address, secret=secret) as ear:
        async with house.store.writing() as writing:
            await writing.revoke_key(key.id, cast.NOW)
        await cast.plant(house.store, cast.suspicion(1).confirmed())
        assert await ear.next() is None
    assert not [line for line in ear.raw if line.startswith("data")]


async def test_it_ends_with_the_session(house: House, address: str) -> None:
    async with httpx2.AsyncClient(base_url=address) as client:
        house.change(settings=house.context.settings.model_copy(update={"base_url": address}))
        await house.sign_in(client)
        async with client.stream("GET", STREAM) as answer:
            lines = answer.aiter_lines()
            await anext(lines)
            await client.post("/sign-out")
            rest = [line async for line in lines]
    assert not [line for line in rest if line.startswith("data")]


async def test_it_ends_when_the_service_does(house: House, address: str) -> None:
    ending: list[bool] = []
    house.change(is_ending=lambda: bool(ending))
    async with listening(address, secret=await house.key()) as ear:
        ending.append(True)
        assert await ear.next() is None


async def test_the_log_is_asked_only_while_somebody_listens(house: House, address: str) -> None:
    pulse: Pulse = house.app.state.pulse
    felt = [pulse.is_felt]
    async with listening(address):
        felt.append(pulse.is_felt)
    for _ in range(200):
        if not pulse.listeners:
            break
        await asyncio.sleep(0.01)
    assert [*felt, pulse.is_felt] == [False, True, False]
    assert house.app.state.seats.taken == {}


async def test_one_key_may_hold_five_streams_and_its_places_come_free_again(
    house: House, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "SEATS_EACH", 1)
    secret = await house.key()
    async with listening(address, secret=secret):
        async with httpx2.AsyncClient() as client:
            refused = await client.get(f"{address}{STREAM}", headers={"authorization": f"Bearer {secret}"})
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "30")
        async with listening(address, secret=await house.key()):
            pass
    for _ in range(200):
        if not house.app.state.seats.taken:
            break
        await asyncio.sleep(0.01)
    async with listening(address, secret=secret) as ear:
        assert ear.last == "start"


@pytest.mark.parametrize(("seats", "anonymous"), [("SEATS", False), ("ANONYMOUS_SEATS", True)])
def test_places_are_bounded_and_the_public_does_not_take_them_all(
    monkeypatch: pytest.MonkeyPatch, seats: str, anonymous: bool
) -> None:
    monkeypatch.setattr(stream, seats, 2)
    taken, reader = Seats(), Reader(name="key-1", scopes=frozenset() if anonymous else frozenset(Scope))
    with taken.seat(reader, "192.0.2.0"), taken.seat(reader, "192.0.2.1"):
        with pytest.raises(HTTPException) as refused, taken.seat(reader, "192.0.2.2"):
            pass
        assert refused.value.status_code == 503
        if anonymous:
            with taken.seat(Reader(name="key-2", scopes=frozenset(Scope)), "192.0.2.2"):
                pass
    assert taken.taken == {}


async def test_a_reader_that_takes_nothing_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "PATIENCE", 0.05)
    sent: list[object] = []

    async def chunks() -> AsyncIterator[bytes]:
        while True:
            yield b"data: 1\n\n"

    async def send(message: object) -> None:
        sent.append(message)
        if len(sent) > 3:
            await asyncio.Event().wait()

    async with asyncio.timeout(5):
        await EventStream(chunks()).stream_response(send)
    assert len(sent) == 4


async def test_the_head_alone_is_answered_at_once(house: House) -> None:
    async with house.client() as client:
        answer = await client.head(STREAM)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"].startswith("text/event-stream")


@pytest.mark.parametrize("cursor", ["118", "CW-2026-0001", "x" * 5000])
async def test_a_cursor_that_is_none_is_an_error(anonymous: httpx2.AsyncClient, cursor: str) -> None:
    answer = await anonymous.get(STREAM, headers={"last-event-id": cursor})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_hidden_cursor_and_a_missing_one_get_the_same_answer(house: House, anonymous: httpx2.AsyncClient) -> None:
    await cast.plant(house.store, cast.suspicion(1).confirmed())
    hidden, missing = [
        await anonymous.get(STREAM, headers={"last-event-id": one}) for one in ("CW-2026-0001.2", "CW-2026-9999.2")
    ]
    assert (hidden.status_code, hidden.content) == (missing.status_code, missing.content)
    assert hidden.status_code == 422
