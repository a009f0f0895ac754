import asyncio
import ssl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.lab.opening import read_opening


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


async def test_the_server_name_of_a_client_hello():
    opening = await read_opening(reader_of(client_hello("ovdinfo.org")))
    assert (opening.sni, opening.host) == ("ovdinfo.org", None)


async def test_the_server_name_of_a_client_hello_that_comes_in_pieces():
    hello = client_hello("ovdinfo.org")
    reader = reader_of(hello[:50])
    reading = asyncio.create_task(read_opening(reader))
    await asyncio.sleep(0)
    reader.feed_data(hello[50:])
    assert (await reading).sni == "ovdinfo.org"


async def test_the_host_of_a_request():
    opening = await read_opening(reader_of(b"GET / HTTP/1.1\r\nhost:  OVDinfo.org:8080\r\n\r\nhost: other"))
    assert (opening.sni, opening.host) == (None, "ovdinfo.org")


@given(st.binary(max_size=400))
def test_nothing_is_read_off_noise_and_nothing_crashes(noise):
    async def read():
        reader = reader_of(noise)
        reader.feed_eof()
        return await read_opening(reader)

    opening = asyncio.run(read())
    assert (opening.data, opening.sni) == (noise, None)
