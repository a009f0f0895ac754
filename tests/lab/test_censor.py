import asyncio
from contextlib import asynccontextmanager
from functools import partial

import pytest

from tests.lab import censor
from tests.lab.censor import Memory, Path, concerns, is_triggered
from tests.lab.conditions import PathRule
from tests.lab.listening import Listener
from tests.lab.opening import Opening

PAGE = b"<title>Access Denied</title>"
PROBE = "127.0.1.1"
REQUEST = b"GET / HTTP/1.1\r\nHost: ovdinfo.org\r\n\r\n"


async def echo(reader, writer):
    """A server that tells a client from where it came, and repeats what it says."""
    writer.write(writer.get_extra_info("peername")[0].encode() + b" ")
    while data := await reader.read(1000):
        writer.write(data)


async def pose(reader, writer):
    """A server that claims to be another."""
    await reader.read()
    writer.write(b"I am whom you seek")


def rule_of(**given):
    return PathRule.model_validate(given)


@asynccontextmanager
async def path_with(*rules, now=lambda: 0.0):
    """A censor with these rules between us and an echoing server; gives the endpoint to connect to."""
    server = await Listener.open("127.10.0.1", echo)
    impostor = await Listener.open("127.10.0.3", pose)
    memory = Memory()
    path = Path(
        address="93.184.216.34",
        source=PROBE,
        rules=lambda: [rule_of(**rule) for rule in rules],
        server=lambda: server.endpoint,
        page=lambda name: PAGE,
        impostor=lambda rule: impostor.endpoint,
        memory=lambda: memory,
        now=now,
    )
    relay = await Listener.open("127.10.0.2", censor.handler(path))
    try:
        yield relay.endpoint
    finally:
        for listener in (relay, server, impostor):
            await listener.close()


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


class TestDestinations:
    @pytest.mark.parametrize(
        "to", ["93.184.216.34:443", "93.184.216.34", "93.184.0.0/16", "AS15133", "[2606:2800::1]:443", "2606:2800::1", "2000::/3"]
    )
    def test_a_rule_is_about_what_it_names_and_nothing_else(self, to):
        address = "2606:2800::1" if "2" in to and ":" in to.replace(":443", "") else "93.184.216.34"
        assert concerns(rule_of(action="reset", to=to), address, 443, 15133)
        assert not concerns(rule_of(action="reset", to=to), "5.255.255.80", 443, 208398)

    def test_a_rule_without_a_destination_is_about_everything(self):
        assert concerns(rule_of(action="reset"), "5.255.255.80", 80, None)


class TestTriggers:
    def test_a_name_fits_itself_and_what_is_below_it(self):
        rule = rule_of(action="reset", sni="ovdinfo.org")
        assert is_triggered(rule, Opening(b"", sni="ovdinfo.org"))
        assert is_triggered(rule, Opening(b"", sni="en.ovdinfo.org"))
        assert not is_triggered(rule, Opening(b"", sni="notovdinfo.org"))
        assert not is_triggered(rule, Opening(b"", host="ovdinfo.org"))

    def test_every_trigger_of_a_rule_must_be_met(self):
        rule = rule_of(action="reset", host="ovdinfo.org", contains="/articles")
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
        rules = ({"action": "close", "sni": "ovdinfo.org"}, {"action": "inject", "page": "denied"}, {"action": "reset"})
        async with path_with(*rules) as endpoint:
            assert (await say(endpoint, REQUEST)).endswith(PAGE)

    async def test_inject_can_send_the_reader_elsewhere_or_bear_a_status(self):
        rule = {"action": "inject", "host": "ovdinfo.org", "redirect": "http://blocked.example/"}
        async with path_with(rule) as endpoint:
            said = await say(endpoint, REQUEST)
        assert said.startswith(b"HTTP/1.1 302 ")
        assert b"Location: http://blocked.example/\r\n" in said
        async with path_with({"action": "inject", "host": "ovdinfo.org", "status": 451, "page": "denied"}) as endpoint:
            said = await say(endpoint, REQUEST)
        assert (said.startswith(b"HTTP/1.1 451 "), said.endswith(PAGE)) == (True, True)

    async def test_intercept_lets_another_server_answer(self):
        async with path_with({"action": "intercept", "certificate": "self_signed", "host": "ovdinfo.org"}) as endpoint:
            assert await say(endpoint, REQUEST) == b"I am whom you seek"

    async def test_freeze_lets_some_bytes_through_and_then_holds_the_connection(self):
        async with path_with({"action": "freeze", "after_bytes": 20}) as endpoint:
            address, _, port = endpoint.rpartition(":")
            reader, writer = await asyncio.open_connection(address, int(port))
            writer.write(REQUEST)
            assert await reader.readexactly(20) == (PROBE.encode() + b" " + REQUEST)[:20]
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(reader.read(), 0.1)
            writer.transport.abort()

    async def test_a_share_of_connections_suffers_the_first_of_them(self):
        async with path_with({"action": "close", "host": "ovdinfo.org", "every": 3}) as endpoint:
            assert [await say(endpoint, REQUEST) == b"" for _ in range(5)] == [True, False, False, True, False]

    async def test_whoever_set_a_rule_off_suffers_for_a_while_whatever_is_said(self):
        moments = [0.0]
        rule = {"action": "close", "host": "ovdinfo.org", "residual": 60}
        innocuous = partial(say, data=REQUEST.replace(b"ovdinfo", b"memorial"))
        async with path_with(rule, now=lambda: moments[-1]) as endpoint:
            assert await innocuous(endpoint) != b""
            assert await say(endpoint, REQUEST) == b""
            assert await innocuous(endpoint) == b""
            moments.append(61.0)
            assert await innocuous(endpoint) != b""
