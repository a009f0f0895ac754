import asyncio

import pytest

from tests.lab.http import HangUp, Response, serve
from tests.lab.listening import Listener


@pytest.fixture
async def server():
    """Says what it was asked, and hangs up on those who ask for nothing."""

    async def respond(request):
        if request.target == "/nothing":
            raise HangUp
        return Response(status=201, headers={"X-Source": request.source}, body=request.method.encode() + b" " + request.body)

    async def connected(reader, writer):
        await serve(respond, reader, writer)

    listener = await Listener.open("127.10.0.1", connected)
    yield listener.endpoint
    await listener.close()


async def exchange(endpoint, data, source="127.0.1.1"):
    address, _, port = endpoint.rpartition(":")
    reader, writer = await asyncio.open_connection(address, int(port), local_addr=(source, 0))
    try:
        writer.write(data)
        writer.write_eof()
        return await asyncio.wait_for(reader.read(), 5)
    finally:
        writer.transport.abort()


async def test_a_request_and_its_body_are_answered_and_the_client_is_known_by_its_address(server):
    said = await exchange(server, b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody", source="127.0.2.1")
    assert said == b"HTTP/1.1 201 \r\nX-Source: 127.0.2.1\r\ncontent-length: 9\r\n\r\nPOST body"


async def test_one_connection_carries_several_requests(server):
    said = await exchange(server, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 3)
    assert said.count(b"HTTP/1.1 201") == 3


@pytest.mark.parametrize("data", [b"GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n", b"not HTTP at all\r\n\r\n", b"\x16\x03\x01", b""])
async def test_a_server_that_hangs_up_or_does_not_understand_says_nothing(server, data):
    assert await exchange(server, data) == b""


async def test_closing_a_listener_cuts_its_connections():
    async def wait_for_ever(reader, writer):
        await asyncio.Event().wait()

    listener = await Listener.open("127.10.0.2", wait_for_ever)
    address, _, port = listener.endpoint.rpartition(":")
    reader, writer = await asyncio.open_connection(address, int(port))
    writer.write(b"hello")
    await writer.drain()
    await listener.close()
    with pytest.raises(ConnectionError):
        await asyncio.wait_for(reader.readexactly(1), 5)
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(address, int(port))
    writer.transport.abort()
