"""Looking through a proxy: names are its business, and its own failures are never the site's."""

import asyncio
from contextlib import suppress
from typing import Any

import pytest

from probes.kit.budgets import Budgets
from probes.kit.network import Look
from probes.kit.observation import HttpExchange
from probes.kit.resolvers import PublicResolver
from tests.probes.kit.network.messages import truth
from tests.probes.kit.network.servers import NAME, SITE, Lab, Reader, Serve, Writer, by_post, closing, page, saying, silent

PROXY = "198.51.100.80"
URL = f"https://{NAME}/"
PAGE = page(b"<title>OVD-Info</title>")


async def joined(lab: Lab, reader: Reader, writer: Writer, port: int) -> None:
    """Pass bytes to and fro between the client and the site."""
    host, _, number = lab.routes[f"{SITE}:{port}"].rpartition(":")
    site_reader, site_writer = await asyncio.open_connection(host, int(number))

    async def pass_on(source: Reader, sink: Writer) -> None:
        with suppress(OSError):
            while data := await source.read(65536):
                sink.write(data)
                await sink.drain()
        sink.close()

    try:
        await asyncio.gather(pass_on(reader, site_writer), pass_on(site_reader, writer))
    finally:
        site_writer.transport.abort()


def socks(lab: Lab, reply: int = 0, password: bytes | None = None, asked: list[bytes] | None = None) -> Serve:
    async def serve(reader: Reader, writer: Writer) -> None:
        await reader.readexactly(3)
        writer.write(b"\x05" + (b"\x02" if password else b"\x00"))
        if password:
            given = await reader.readexactly((await reader.readexactly(2))[1])
            secret = await reader.readexactly((await reader.readexactly(1))[0])
            writer.write(b"\x01" + (b"\x00" if (given, secret) == (b"ngo", password) else b"\x01"))
        kind = await reader.readexactly(4)
        name = await reader.readexactly((await reader.readexactly(1))[0] if kind[3] == 3 else 4)
        port = int.from_bytes(await reader.readexactly(2), "big")
        if asked is not None:
            asked.append(name)
        for byte in bytes((5, reply, 0, 1, 0, 0, 0, 0, 0, 0)):
            writer.write(bytes((byte,)))
            await writer.drain()
        if reply == 0:
            await joined(lab, reader, writer, port)

    return serve


def connecting(lab: Lab, status: bytes = b"200 Connection established", asked: list[bytes] | None = None) -> Serve:
    async def serve(reader: Reader, writer: Writer) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        if asked is not None:
            asked.append(request)
        writer.write(b"HTTP/1.1 " + status + b"\r\nVia: 1.1 proxy\r\n\r\n")
        await writer.drain()
        if status.startswith(b"2"):
            await joined(lab, reader, writer, int(request.split()[1].rpartition(b":")[2]))

    return serve


PATIENT = Budgets(dns=2, tcp=2, tls=2, http=3, look=10)
"""A busy machine must not look like a proxy that fails."""


async def fetched(lab: Lab, proxy: str, url: str = URL) -> tuple[Look, HttpExchange | None]:
    network = lab.network(proxy=proxy, budgets=PATIENT)
    async with network.look() as look:
        addresses = await look.resolve(NAME)
        exchange = await look.fetch(url, addresses)
    assert addresses == ()
    assert look.facts().dns == ()
    return look, exchange


async def test_the_far_end_of_a_socks_proxy_looks_the_name_up(lab: Lab) -> None:
    asked: list[bytes] = []
    await lab.secure_site(saying(PAGE))
    await lab.site(socks(lab, asked=asked), port=1080, address=PROXY)

    look, exchange = await fetched(lab, f"socks5h://{PROXY}:1080")

    assert asked == [NAME.encode()]
    assert exchange is not None
    assert (exchange.status, exchange.title, exchange.address) == (200, "OVD-Info", None)
    assert [(step.address, step.port, step.failure) for step in look.facts().tcp] == [(NAME, 443, None)]
    assert look.facts().tls[0].failure is None
    assert look.proxied
    assert not look.proxy_failed


async def test_a_socks_proxy_may_ask_for_a_password(lab: Lab) -> None:
    await lab.secure_site(saying(PAGE))
    await lab.site(socks(lab, password=b"p@ss"), port=1080, address=PROXY)

    _, exchange = await fetched(lab, f"socks5h://ngo:p%40ss@{PROXY}:1080")

    assert exchange is not None
    assert exchange.status == 200


async def test_an_http_proxy_connects_for_plain_pages_too(lab: Lab) -> None:
    asked: list[bytes] = []
    await lab.site(saying(PAGE))
    await lab.site(connecting(lab, asked=asked), port=3128, address=PROXY)

    _, exchange = await fetched(lab, f"http://ngo:secret@{PROXY}:3128", f"http://{NAME}/")

    assert exchange is not None
    assert (exchange.status, exchange.title) == (200, "OVD-Info")
    assert asked[0].startswith(b"CONNECT ovdinfo.org:80 HTTP/1.1\r\nHost: ovdinfo.org:80\r\n")
    assert b"Proxy-Authorization: Basic bmdvOnNlY3JldA==\r\n" in asked[0]


async def test_what_was_said_to_the_proxy_is_not_stored(lab: Lab) -> None:
    await lab.site(saying(PAGE))
    await lab.site(connecting(lab), port=3128, address=PROXY)

    look, _ = await fetched(lab, f"http://ngo:secret@{PROXY}:3128", f"http://{NAME}/")

    assert look.blobs
    assert not any(b"CONNECT" in blob.data or b"bmdvOnNlY3JldA" in blob.data for blob in look.blobs)


@pytest.mark.parametrize(
    ("reply", "failure"),
    [(3, "network_unreachable"), (4, "host_unreachable"), (5, "connection_refused"), (6, "generic_timeout_error")],
)
async def test_what_a_socks_proxy_says_of_the_site_is_the_sites_failure(lab: Lab, reply: int, failure: str) -> None:
    await lab.site(socks(lab, reply=reply), port=1080, address=PROXY)

    look, exchange = await fetched(lab, f"socks5h://{PROXY}:1080")

    assert exchange is None
    assert [step.failure for step in look.facts().tcp] == [failure]
    assert not look.proxy_failed


async def test_a_gateway_time_out_is_the_sites_failure(lab: Lab) -> None:
    await lab.site(connecting(lab, b"504 Gateway Timeout"), port=3128, address=PROXY)

    look, _ = await fetched(lab, f"http://{PROXY}:3128")

    assert [step.failure for step in look.facts().tcp] == ["generic_timeout_error"]
    assert not look.proxy_failed


async def test_a_site_that_the_proxy_waits_for_in_vain_is_the_sites_failure(lab: Lab) -> None:
    async def waiting(reader: Reader, writer: Writer) -> None:
        await reader.readexactly(3)
        writer.write(b"\x05\x00")
        await reader.read()

    await lab.site(waiting, port=1080, address=PROXY)

    look, _ = await fetched(lab, f"socks5h://{PROXY}:1080")

    assert [step.failure for step in look.facts().tcp] == ["generic_timeout_error"]
    assert not look.proxy_failed


def answering(answer: bytes) -> Serve:
    async def serve(reader: Reader, writer: Writer) -> None:
        await reader.read(100)
        writer.write(answer)
        await reader.read()

    return serve


@pytest.mark.parametrize("scheme", ["socks5h", "http"])
@pytest.mark.parametrize(
    "serve", [None, closing, answering(b"\xff\xff\r\n\r\n"), answering(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")]
)
async def test_a_proxy_that_does_not_work_says_nothing_about_the_site(lab: Lab, scheme: str, serve: Any) -> None:
    if serve is None:
        lab.routes[PROXY] = "refuse"
    else:
        await lab.site(serve, port=1080, address=PROXY)

    look, exchange = await fetched(lab, f"{scheme}://{PROXY}:1080")

    assert exchange is None
    assert look.proxy_failed
    assert look.proxy_failure
    assert look.facts().steps() == ()


@pytest.mark.parametrize("reply", [1, 2, 7, 8])
async def test_a_socks_proxy_that_refuses_says_nothing_about_the_site(lab: Lab, reply: int) -> None:
    await lab.site(socks(lab, reply=reply), port=1080, address=PROXY)

    look, _ = await fetched(lab, f"socks5h://{PROXY}:1080")

    assert look.proxy_failed
    assert look.facts().tcp == ()


async def test_a_socks_proxy_that_is_silent_says_nothing_about_the_site(lab: Lab) -> None:
    await lab.site(silent, port=1080, address=PROXY)

    look, _ = await fetched(lab, f"socks5h://{PROXY}:1080")

    assert look.proxy_failed
    assert look.facts().tcp == ()


async def test_a_wrong_password_is_the_proxys_failure_and_is_not_repeated(lab: Lab) -> None:
    await lab.site(socks(lab, password=b"right"), port=1080, address=PROXY)

    look, _ = await fetched(lab, f"socks5h://ngo:wrong-secret@{PROXY}:1080")

    assert look.proxy_failed
    assert "wrong-secret" not in (look.proxy_failure or "")


async def test_a_handshake_goes_through_the_proxy_too(lab: Lab) -> None:
    await lab.secure_site(saying(PAGE))
    await lab.site(socks(lab), port=1080, address=PROXY)
    network = lab.network(proxy=f"socks5h://{PROXY}:1080")

    async with network.look() as look:
        step = await look.handshake(NAME, 443, NAME)

    assert (step.failure, step.address) == (None, NAME)


def public(*transports: str) -> tuple[PublicResolver, ...]:
    return tuple(PublicResolver.model_validate({"transport": one, "address": SITE, "name": "dns.example"}) for one in transports)


async def test_public_resolvers_are_asked_through_the_proxy_and_never_beside_it(lab: Lab) -> None:
    asked: list[bytes] = []
    beside: list[bytes] = []

    def answer(query: bytes) -> list[bytes]:
        beside.append(query)
        return [truth(query)]

    await lab.resolver(answer, SITE)
    await lab.dot(lambda query: [truth(query)], "dns.example", address=SITE)
    await lab.doh(by_post(lambda query: [truth(query)]), "dns.example", address=SITE)
    await lab.site(socks(lab, asked=asked), port=1080, address=PROXY)
    network = lab.network(proxy=f"socks5h://{PROXY}:1080", public_resolvers=public("udp", "dot", "doh"))

    async with network.look() as look:
        answers = await look.resolve_publicly(NAME)

    assert answers == {"dot": ("198.51.100.1", "2001:db8::1"), "doh": ("198.51.100.1", "2001:db8::1")}
    assert (beside, len(asked)) == ([], 4)


async def test_a_proxy_that_reaches_no_resolver_still_may_reach_the_site(lab: Lab) -> None:
    await lab.site(socks(lab, reply=2), port=1080, address=PROXY)
    network = lab.network(proxy=f"socks5h://{PROXY}:1080", public_resolvers=public("dot"))

    async with network.look() as look:
        answers = await look.resolve_publicly(NAME)

    assert answers == {"dot": ()}
    (failure,) = {step.failure or "" for step in look.facts().dns}
    assert "through the proxy: the proxy refused" in failure
    assert not look.proxy_failed
