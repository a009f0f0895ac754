import asyncio
import ssl
from contextlib import asynccontextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.lab import censor
from tests.lab.censor import Opening, Path, is_triggered, read_opening
from tests.lab.listening import Listener
from tests.lab.scenario import PathRule

PAGE = b"<title>Access Denied</title>"
PROBE = "127.0.1.1"
REQUEST = b"GET / HTTP/1.1\r\nHost: ovdinfo.org\r\n\r\n"


def client_hello(name):
    client = ssl.create_default_context()
    outgoing = ssl.MemoryBIO()
    with pytest.raises(ssl.SSLWantReadError):
        client.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname=name).do_handshake()
    return outgoing.read()


def reader_of(*pieces):
    reader = asyncio.StreamReader()
    for piece in pieces:
        reader.feed_data(piece)
    return reader


async def echo(reader, writer):
    """A server that tells a client from where it came, and repeats what it says."""
    writer.write(writer.get_extra_info("peername")[0].encode() + b" ")
    while data := await reader.read(1000):
        writer.write(data)


@asynccontextmanager
async def path_with(*rules):
    """A censor with these rules between us and an echoing server; gives the endpoint to connect to."""
    server = await Listener.open("127.10.0.1", echo)
    path = Path(
        address="93.184.216.34",
        port=80,
        source=PROBE,
        rules=lambda: [PathRule.model_validate(rule) for rule in rules],
        server=lambda: server.endpoint,
        page=lambda name: PAGE,
    )
    relay = await Listener.open("127.10.0.2", censor.handler(path))
    try:
        yield relay.endpoint
    finally:
        await relay.close()
        await server.close()


async def say(endpoint, data):
    """Send `data`, and then read to the end."""
    address, _, port = endpoint.rpartition(":")
    reader, writer = await asyncio.open_connection(address, int(port))
    try:
        writer.write(data)
        if writer.can_write_eof():
            writer.write_eof()
        return await asyncio.wait_for(reader.read(), 5)
    finally:
        writer.transport.abort()


class TestWhatIsReadOffAnOpening:
    async def test_the_server_name_of_a_client_hello(self):
        opening = await read_opening(reader_of(client_hello("ovdinfo.org")))
        assert (opening.sni, opening.host) == ("ovdinfo.org", None)

    async def test_the_server_name_of_a_client_hello_that_comes_in_pieces(self):
        hello = client_hello("ovdinfo.org")
        reader = reader_of(hello[:50])
        reading = asyncio.create_task(read_opening(reader))
        await asyncio.sleep(0)
        reader.feed_data(hello[50:])
        assert (await reading).sni == "ovdinfo.org"

    async def test_the_host_of_a_request(self):
        opening = await read_opening(reader_of(b"GET / HTTP/1.1\r\nhost:  OVDinfo.org:8080\r\n\r\nhost: other"))
        assert (opening.sni, opening.host) == (None, "ovdinfo.org")

    @given(st.binary(max_size=400))
    def test_nothing_is_read_off_noise_and_nothing_crashes(self, noise):
        async def read():
            reader = reader_of(noise)
            reader.feed_eof()
            return await read_opening(reader)

        opening = asyncio.run(read())
        assert (opening.data, opening.sni) == (noise, None)


class TestTriggers:
    def test_a_name_fits_itself_and_what_is_below_it(self):
        rule = PathRule.model_validate({"action": "reset", "sni": "ovdinfo.org"})
        assert is_triggered(rule, Opening(b"", sni="ovdinfo.org"))
        assert is_triggered(rule, Opening(b"", sni="en.ovdinfo.org"))
        assert not is_triggered(rule, Opening(b"", sni="notovdinfo.org"))
        assert not is_triggered(rule, Opening(b"", host="ovdinfo.org"))

    def test_every_trigger_of_a_rule_must_be_met(self):
        rule = PathRule.model_validate({"action": "reset", "host": "ovdinfo.org", "contains": "/articles"})
        assert is_triggered(rule, Opening(b"GET /articles", host="ovdinfo.org"))
        assert not is_triggered(rule, Opening(b"GET /", host="ovdinfo.org"))


class TestActions:
    async def test_without_a_fitting_rule_the_server_is_reached_from_our_own_address(self):
        async with path_with({"action": "reset", "host": "memorial.org"}) as endpoint:
            assert await say(endpoint, REQUEST) == PROBE.encode() + b" " + REQUEST

    async def test_reset(self):
        async with path_with({"action": "reset", "host": "ovdinfo.org"}) as endpoint:
            with pytest.raises(ConnectionResetError):
                await say(endpoint, REQUEST)

    async def test_close(self):
        async with path_with({"action": "close", "host": "ovdinfo.org"}) as endpoint:
            assert await say(endpoint, REQUEST) == b""

    async def test_inject(self):
        async with path_with({"action": "inject", "host": "ovdinfo.org", "page": "denied"}) as endpoint:
            assert await say(endpoint, REQUEST) == b"HTTP/1.0 200 OK\r\n\r\n" + PAGE

    async def test_drop_holds_the_connection_in_silence(self):
        async with path_with({"action": "drop", "contains": "ovdinfo"}) as endpoint:
            address, _, port = endpoint.rpartition(":")
            reader, writer = await asyncio.open_connection(address, int(port))
            writer.write(REQUEST)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(reader.read(), 0.1)
            writer.transport.abort()

    async def test_throttle_lets_bytes_through_at_its_rate(self):
        async with path_with({"action": "throttle", "bytes_per_second": 200}) as endpoint:
            began = asyncio.get_running_loop().time()
            said = await say(endpoint, REQUEST)
            took = asyncio.get_running_loop().time() - began
        assert said.endswith(REQUEST)
        assert took > len(said) / 200 * 0.8

    async def test_the_first_fitting_rule_acts(self):
        rules = ({"action": "close", "to": "93.184.216.34:443"}, {"action": "inject", "page": "denied"}, {"action": "reset"})
        async with path_with(*rules) as endpoint:
            assert (await say(endpoint, REQUEST)).endswith(PAGE)
