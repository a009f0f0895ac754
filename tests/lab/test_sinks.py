import asyncio

import httpx2
import pytest

from tests.lab.sinks import answering, hanging_up, redirecting, stalling


@pytest.fixture
async def client():
    async with httpx2.AsyncClient(timeout=0.3, trust_env=False) as opened:
        yield opened


async def test_a_sink_remembers_what_it_was_sent(webhook_sink, client):
    response = await client.post(webhook_sink.url, content=b'{"type": "test"}', headers={"webhook-id": "msg_1"})
    [request] = await webhook_sink.received(1)
    assert response.status_code == 204
    assert (request.method, request.target, request.body) == ("POST", "/hook", b'{"type": "test"}')
    assert request.headers["webhook-id"] == "msg_1"


async def test_a_sink_behaves_as_told_once_for_each_request_and_then_well(webhook_sink, client):
    webhook_sink.then(answering(503), answering(429, retry_after="30"), answering(410), redirecting("https://elsewhere.invalid/"))
    responses = [await client.post(webhook_sink.url) for _ in range(5)]
    assert [response.status_code for response in responses] == [503, 429, 410, 302, 204]
    assert responses[1].headers["retry-after"] == "30"
    assert responses[3].headers["location"] == "https://elsewhere.invalid/"


async def test_a_sink_can_hang_up(webhook_sink, client):
    webhook_sink.then(hanging_up())
    with pytest.raises(httpx2.RemoteProtocolError):
        await client.post(webhook_sink.url)


async def test_a_sink_can_stall_until_the_sender_gives_up(webhook_sink, client):
    webhook_sink.then(stalling())
    with pytest.raises(httpx2.ReadTimeout):
        await client.post(webhook_sink.url)
    assert len(webhook_sink.requests) == 1


async def test_waiting_for_requests_ends_when_they_have_come(webhook_sink, client):
    waiting = asyncio.create_task(webhook_sink.received(2))
    await client.post(webhook_sink.url, content=b"one")
    await client.post(webhook_sink.url, content=b"two")
    assert [request.body for request in await waiting] == [b"one", b"two"]
