"""Fetching a page: what every end of a connection is called, and that no server can hold or hurt a look."""

import asyncio
import gzip
import zlib
from datetime import UTC, datetime
from typing import Any

import pytest

from probes.kit.budgets import BODY_CAP, Budgets
from probes.kit.observation import Facts, HttpExchange
from tests.probes.kit.network.servers import (
    NAME,
    QUICK,
    SITE,
    Lab,
    Reader,
    Serve,
    Writer,
    closing,
    page,
    request_of,
    reset,
    resetting,
    saying,
    silent,
)

URL = f"http://{NAME}/"
PAGE = page(b"<title>OVD-Info</title>", b"Content-Type: text/html", b"X-Served-By: lab")


class Looked:
    """What one look at the site left behind."""

    def __init__(self, facts: Facts, blobs: dict[str, bytes], exchange: HttpExchange | None) -> None:
        self.facts = facts
        self.blobs = blobs
        self.exchange = exchange

    @property
    def page(self) -> HttpExchange:
        assert self.exchange is not None
        return self.exchange

    def blob(self, name: str | None) -> bytes:
        assert name is not None
        return self.blobs[name]


async def fetched(lab: Lab, url: str = URL, addresses: tuple[str, ...] = (SITE,), **door: Any) -> Looked:
    network = lab.network(**door)
    async with network.look() as look:
        exchange = await look.fetch(url, addresses)
    return Looked(look.facts(), {blob.name: blob.data for blob in look.blobs}, exchange)


async def fetched_from(lab: Lab, serve: Serve) -> Looked:
    await lab.site(serve)
    return await fetched(lab)


async def test_when_a_page_was_sent_is_noted_by_the_clock_of_its_sender(lab: Lab) -> None:
    sent = b"Date: Sat, 25 Dec 2021 09:05:00 GMT"
    assert (await fetched_from(lab, saying(page(b"fresh", sent)))).page.date == datetime(2021, 12, 25, 9, 5, tzinfo=UTC)
    assert (await fetched_from(lab, saying(page(b"undated")))).page.date is None


async def test_a_page_is_recorded_from_the_request_to_the_title(lab: Lab) -> None:
    looked = await fetched_from(lab, saying(PAGE))

    assert (looked.page.status, looked.page.failure, looked.page.title) == (200, None, "OVD-Info")
    assert looked.page.header_names == ("Content-Length", "Content-Type", "X-Served-By")
    assert (looked.page.url, looked.page.address, looked.page.body_length) == (URL, SITE, 23)
    assert looked.page.body_hash == looked.page.body
    assert looked.page.truncated is False
    assert looked.blob(looked.page.body) == b"<title>OVD-Info</title>"
    assert looked.blob(looked.page.head) == PAGE.removesuffix(b"<title>OVD-Info</title>")
    assert looked.page.received[-1][1] == len(PAGE)


async def test_the_steps_have_clocks_of_their_own(lab: Lab) -> None:
    looked = await fetched_from(lab, saying(PAGE))

    (connect,) = looked.facts.tcp
    assert (connect.address, connect.port, connect.failure) == (SITE, 80, None)
    assert 0 <= connect.started < connect.started + connect.duration <= looked.page.started
    assert looked.page.duration > 0


async def test_the_request_is_a_browsers_and_names_nobody(lab: Lab) -> None:
    looked = await fetched_from(lab, saying(PAGE))

    request = looked.blob(looked.page.request)
    assert request.startswith(b"GET / HTTP/1.1\r\nHost: ovdinfo.org\r\nUser-Agent: Mozilla/5.0 ")
    assert b"Accept-Encoding: gzip, deflate\r\n" in request
    assert b"cutwatch" not in request.lower()
    assert b"python" not in request.lower()
    assert b"httpx" not in request.lower()


async def test_the_next_address_is_tried_where_one_refuses(lab: Lab) -> None:
    lab.routes["198.51.100.9:80"] = "refuse"
    await lab.site(saying(PAGE))

    looked = await fetched(lab, addresses=("198.51.100.9", SITE))

    assert [(step.address, step.failure) for step in looked.facts.tcp] == [
        ("198.51.100.9", "connection_refused"),
        (SITE, None),
    ]
    assert looked.page.address == SITE


async def test_a_line_without_ipv6_has_no_way_to_an_ipv6_address(lab: Lab) -> None:
    lab.routes["2001:db8::9"] = "unreachable"
    await lab.site(saying(PAGE))

    looked = await fetched(lab, addresses=("2001:db8::9", SITE))

    assert [step.failure for step in looked.facts.tcp] == ["network_unreachable", None]


async def test_a_closed_port_refuses(lab: Lab) -> None:
    await lab.site(saying(PAGE))
    await lab.closing.pop()()

    looked = await fetched(lab)

    assert looked.exchange is None
    assert [step.failure for step in looked.facts.tcp] == ["connection_refused"]


async def test_a_dropped_connection_times_out_within_its_stage(lab: Lab) -> None:
    lab.budgets = QUICK
    lab.routes[SITE] = "drop"

    looked = await fetched(lab)

    assert [step.failure for step in looked.facts.tcp] == ["generic_timeout_error"]
    assert 0.3 < looked.facts.tcp[0].duration < 2
    assert looked.exchange is None


@pytest.mark.parametrize(
    ("serve", "failure"),
    [(silent, "generic_timeout_error"), (closing, "eof_error"), (resetting, "connection_reset")],
)
async def test_an_answer_that_never_comes_is_named_by_how_it_failed(lab: Lab, serve: Serve, failure: str) -> None:
    if failure == "generic_timeout_error":
        lab.budgets = QUICK
    looked = await fetched_from(lab, serve)

    assert looked.page.failure == failure
    assert (looked.page.status, looked.page.body, looked.page.body_length) == (None, None, None)
    assert looked.blob(looked.page.request).startswith(b"GET /")


async def test_a_page_that_breaks_off_keeps_what_came(lab: Lab) -> None:
    looked = await fetched_from(lab, saying(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n<title>Half"))

    assert (looked.page.status, looked.page.failure) == (200, "eof_error")
    assert looked.blob(looked.page.body) == b"<title>Half"


async def test_a_reset_in_the_middle_of_a_page_is_a_reset(lab: Lab) -> None:
    async def serve(reader: Reader, writer: Writer) -> None:
        await request_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc")
        await writer.drain()
        await asyncio.sleep(0.05)
        reset(writer)

    looked = await fetched_from(lab, serve)

    assert (looked.page.status, looked.page.failure) == (200, "connection_reset")


async def test_a_page_without_a_length_ends_with_the_connection(lab: Lab) -> None:
    looked = await fetched_from(lab, saying(b"HTTP/1.0 200 OK\r\n\r\nabc"))

    assert (looked.page.failure, looked.blob(looked.page.body)) == (None, b"abc")


async def test_a_freeze_shows_as_samples_that_stand_still(lab: Lab) -> None:
    async def freezing(reader: Reader, writer: Writer) -> None:
        await request_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 90000\r\n\r\n" + b"x" * 16000)
        await reader.read()

    await lab.site(freezing)
    looked = await fetched(lab, budgets=Budgets(dns=10, tcp=10, tls=10, http=1.2, look=30))

    assert looked.page.failure == "generic_timeout_error"
    assert [at for at, _ in looked.page.received[:5]] == [0.0, 0.25, 0.5, 0.75, 1.0]
    assert {amount for _, amount in looked.page.received[1:]} == {16042}
    assert looked.page.body_length == 16000


@pytest.mark.parametrize("arrived", [4000, 20_000], ids=["within the first record", "within the second"])
async def test_a_freeze_shows_over_tls_too_even_where_nothing_can_be_read(lab: Lab, arrived: int) -> None:
    response = b"HTTP/1.1 200 OK\r\nContent-Length: 90000\r\n\r\n" + b"x" * 60_000
    await lab.secure_site(saying(response))
    lab.routes[f"{SITE}:443"] = await freezing_after(lab, lab.routes[f"{SITE}:443"], arrived)

    network = lab.network(budgets=Budgets(dns=10, tcp=10, tls=10, http=1.2, look=30))
    async with network.look() as look:
        page_seen = await look.fetch(f"https://{NAME}/", [SITE])

    assert page_seen is not None
    assert page_seen.failure == "generic_timeout_error"
    assert [at for at, _ in page_seen.received[:5]] == [0.0, 0.25, 0.5, 0.75, 1.0]
    assert len({amount for _, amount in page_seen.received[1:]}) == 1
    assert arrived - 3000 < page_seen.received[-1][1] <= arrived
    assert (page_seen.body_length or 0) < page_seen.received[-1][1]
    assert (page_seen.status is None) == (arrived < 16_384)


async def freezing_after(lab: Lab, site: str, most: int) -> str:
    """A box on the way that lets so many bytes of a connection come back, and then nothing more."""

    async def serve(reader: Reader, writer: Writer) -> None:
        host, _, port = site.rpartition(":")
        site_reader, site_writer = await asyncio.open_connection(host, int(port))

        async def back() -> None:
            left = most
            while left and (data := await site_reader.read(left)):
                left -= len(data)
                writer.write(data)

        async def forth() -> None:
            while data := await reader.read(65_536):
                site_writer.write(data)

        try:
            await asyncio.gather(back(), forth())
        finally:
            site_writer.transport.abort()

    await lab.site(serve, port=4443)
    return lab.routes[f"{SITE}:4443"]


async def test_a_slow_drip_is_cut_at_the_budget_and_its_rate_recorded(lab: Lab) -> None:
    lab.budgets = QUICK

    async def dripping(reader: Reader, writer: Writer) -> None:
        await request_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 90000\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.02)

    looked = await fetched_from(lab, dripping)

    assert looked.page.failure == "generic_timeout_error"
    amounts = [amount for _, amount in looked.page.received]
    assert amounts == sorted(amounts)
    assert len(set(amounts)) > 1
    assert looked.page.duration < 2


async def test_ten_gigabytes_are_cut_at_the_cap(lab: Lab) -> None:
    sent = 0

    async def endless(reader: Reader, writer: Writer) -> None:
        nonlocal sent
        await request_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n")
        while True:
            writer.write(b"x" * 65536)
            sent += 65536
            await writer.drain()

    looked = await fetched_from(lab, endless)

    assert (looked.page.status, looked.page.failure, looked.page.truncated) == (200, None, True)
    assert looked.page.body_length == BODY_CAP == len(looked.blob(looked.page.body))
    assert sent < 100 * BODY_CAP


async def test_a_gzip_bomb_is_unpacked_to_the_cap_only(lab: Lab) -> None:
    bomb = gzip.compress(b"\0" * 50_000_000)

    looked = await fetched_from(lab, saying(page(bomb, b"Content-Encoding: gzip")))

    assert (looked.page.body_length, looked.page.truncated) == (BODY_CAP, True)


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress, lambda data: zlib.compress(data, wbits=-15)])
async def test_packed_pages_are_read_unpacked(lab: Lab, pack: Any) -> None:
    coding = b"gzip" if pack is gzip.compress else b"deflate"

    looked = await fetched_from(lab, saying(page(pack(b"<title>Packed</title>"), b"Content-Encoding: " + coding)))

    assert (looked.page.title, looked.page.body_length) == ("Packed", 21)
    assert looked.blob(looked.page.body) == b"<title>Packed</title>"


async def test_a_header_bomb_is_a_failure_with_its_beginning_kept(lab: Lab) -> None:
    async def bombing(reader: Reader, writer: Writer) -> None:
        await request_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            writer.write(b"X-Bomb: " + b"x" * 5000 + b"\r\n")
            await writer.drain()

    looked = await fetched_from(lab, bombing)

    assert (looked.page.failure or "").startswith("unknown_failure: ")
    assert looked.blob(looked.page.head).startswith(b"HTTP/1.1 200 OK\r\nX-Bomb: ")
    assert len(looked.blob(looked.page.head)) < 1_000_000


async def test_an_endless_row_of_interim_heads_is_a_failure(lab: Lab) -> None:
    async def continuing(reader: Reader, writer: Writer) -> None:
        await request_of(reader)
        while True:
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n" * 1000)
            await writer.drain()

    looked = await fetched_from(lab, continuing)

    assert (looked.page.failure or "").startswith("unknown_failure: the head of the response does not end")


async def test_interim_heads_belong_to_the_head(lab: Lab) -> None:
    looked = await fetched_from(lab, saying(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + PAGE))

    assert looked.page.status == 200
    assert looked.blob(looked.page.head).startswith(b"HTTP/1.1 103 Early Hints")
    assert looked.blob(looked.page.head).endswith(b"X-Served-By: lab\r\n\r\n")


async def test_garbage_instead_of_http_is_a_failure_with_its_bytes(lab: Lab) -> None:
    looked = await fetched_from(lab, saying(b"SSH-2.0-OpenSSH_9.2 from 203.0.113.5\r\n\r\n"))

    assert (looked.page.failure or "").startswith("unknown_failure: ")
    assert "203.0.113.5" not in (looked.page.failure or "")
    assert looked.blob(looked.page.head) == b"SSH-2.0-OpenSSH_9.2 from 203.0.113.5\r\n\r\n"


async def test_a_page_of_one_byte_chunks_leaves_room_for_others(lab: Lab) -> None:
    body = b"1\r\nx\r\n" * 5000 + b"0\r\n\r\n"

    looked = await fetched_from(lab, saying(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body))

    assert (looked.page.failure, looked.page.body_length) == (None, 5000)


async def test_invalid_utf8_is_read_as_far_as_it_goes(lab: Lab) -> None:
    cp1251 = "<title>Свобода</title>".encode("cp1251")

    looked = await fetched_from(lab, saying(page(cp1251, b"X-Odd: \xff\xfe")))

    assert (looked.page.title, looked.page.failure) == ("Свобода", None)


async def test_redirects_are_reported_and_not_followed(lab: Lab) -> None:
    looked = await fetched_from(lab, saying(page(b"", b"Location: https://blocked.example/?x=1", status=b"302 Found")))

    assert (looked.page.status, looked.page.location) == (302, "https://blocked.example/?x=1")
    assert len(looked.facts.http) == 1


@pytest.mark.parametrize("location", [b"http://[/", b"//", b"\xff\xfe", b"http://a b/", b"x" * 9000, b"http://1.2.3.4:99999/"])
async def test_no_redirect_is_too_odd_to_be_recorded(lab: Lab, location: bytes) -> None:
    looked = await fetched_from(lab, saying(page(b"", b"Location: " + location, status=b"302 Found")))

    assert (looked.page.status, looked.page.failure) == (302, None)
    assert looked.page.location
    assert len(looked.page.location) <= 2048


async def test_cookies_are_neither_kept_nor_sent_nor_stored(lab: Lab) -> None:
    requests = []

    async def serve(reader: Reader, writer: Writer) -> None:
        requests.append(await request_of(reader))
        writer.write(page(b"", b"Set-Cookie: session=secret; Path=/"))
        await writer.drain()

    await lab.site(serve)
    network = lab.network()
    async with network.look() as look:
        await look.fetch(URL, (SITE,))
        await look.fetch(URL, (SITE,))

    assert len(requests) == 2
    assert not any(b"cookie" in request.lower() for request in requests)
    assert not any(b"secret" in blob.data for blob in look.blobs)
    assert any(b"Set-Cookie: [scrubbed]\r\n" in blob.data for blob in look.blobs)


async def test_credentials_in_an_address_go_nowhere(lab: Lab) -> None:
    await lab.site(saying(PAGE))

    looked = await fetched(lab, url=f"http://user:hunter2@{NAME}/#part")

    assert looked.page.url == URL
    assert not any(b"hunter2" in data or b"authorization" in data.lower() for data in looked.blobs.values())


async def test_a_block_page_that_greets_us_by_address_is_stored_without_it(lab: Lab) -> None:
    greeting = gzip.compress(b"<title>203.0.113.77 blocked</title> Your address 203.0.113.77, not 203.0.113.7")
    answer = page(
        greeting, b"Content-Encoding: gzip", b"X-Client: 203.0.113.77", b"Location: http://block/?ip=203.0.113.77&r=198.51.100.53"
    )
    await lab.site(saying(answer))

    looked = await fetched(lab, own_addresses=("203.0.113.77",))

    assert looked.page.title == "[scrubbed] blocked"
    assert looked.page.location == "http://block/?ip=[scrubbed]&r=198.51.100.53"
    assert looked.blob(looked.page.body).endswith(b"Your address [scrubbed], not 203.0.113.7")
    assert not any(b"203.0.113.77" in data for data in looked.blobs.values())


async def test_the_resolvers_address_is_scrubbed_once_it_was_asked(lab: Lab) -> None:
    lab.budgets = QUICK
    await lab.resolver(lambda _: [])
    await lab.site(saying(page(b"resolved by 198.51.100.53")))
    network = lab.network()

    async with network.look() as look:
        await look.resolve(NAME)
        await look.fetch(URL, (SITE,))

    assert any(blob.data == b"resolved by [scrubbed]" for blob in look.blobs)
    assert not any("198.51.100.53" in str(step) for step in look.facts().steps())


@pytest.mark.parametrize("url", ["http://[scrubbed]/", "http://\ud800/", "gopher://ovdinfo.org/", "http://ovdinfo.org:0/"])
async def test_an_address_that_leads_nowhere_is_a_fact(lab: Lab, url: str) -> None:
    looked = await fetched(lab, url=url)

    assert looked.page.failure == "http_invalid_redirect_location_host"
    assert looked.facts.tcp == ()


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1", "0.0.0.0", "fe80::1"])
async def test_a_forbidden_address_is_refused_and_said(lab: Lab, address: str) -> None:
    lab.routes[address] = "refuse"

    looked = await fetched(lab, addresses=(address,))

    assert [(step.address, step.failure) for step in looked.facts.tcp] == [(address, "dns_bogon_error")]
    assert looked.exchange is None


async def test_a_private_address_is_connected_to_because_a_block_page_may_live_there(lab: Lab) -> None:
    await lab.site(saying(page(b"<title>Blocked</title>")), address="10.10.34.36")

    looked = await fetched(lab, addresses=("10.10.34.36",))

    assert looked.page.title == "Blocked"


async def test_the_deadline_ends_a_look_whatever_its_stages_were_promised(lab: Lab) -> None:
    await lab.site(silent)

    looked = await fetched(lab, budgets=Budgets(dns=1, tcp=5, tls=5, http=5, look=0.3))

    assert looked.page.failure == "interrupted"
    assert looked.page.started + looked.page.duration < 1


async def test_steps_after_the_deadline_say_that_there_was_no_time(lab: Lab) -> None:
    await lab.site(saying(PAGE))
    network = lab.network(budgets=Budgets(dns=1, tcp=5, tls=5, http=5, look=0.05))

    async with network.look() as look:
        await asyncio.sleep(0.1)
        exchange = await look.fetch(URL, (SITE,))

    assert exchange is None
    assert [step.failure for step in look.facts().tcp] == ["interrupted"]


async def test_a_probe_that_does_not_end_is_ended_without_an_error(lab: Lab) -> None:
    await lab.site(saying(PAGE))
    network = lab.network(budgets=Budgets(look=0.05))

    async with network.look() as look:
        await look.fetch(URL, (SITE,))
        await asyncio.sleep(60)

    assert look.facts(reason="hung").details == {"reason": "hung"}
    assert len(look.facts().http) == 1


async def test_a_look_that_is_cancelled_says_so_of_the_step_under_way(lab: Lab) -> None:
    await lab.site(silent)
    network = lab.network()
    look = network.look()

    async def observe() -> None:
        async with look:
            await look.fetch(URL, (SITE,))

    task = asyncio.create_task(observe())
    await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert [step.failure for step in look.facts().http] == ["interrupted"]
