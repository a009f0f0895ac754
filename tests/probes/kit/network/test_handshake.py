"""Shaking hands: the chain is captured first and judged afterwards, so interception is evidence."""

import ssl
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import trustme
from cryptography import x509

from probes.kit.network import Network
from probes.kit.observation import TlsHandshake
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
    resetting,
    saying,
    silent,
)

URL = f"https://{NAME}/"
PAGE = page(b"<title>OVD-Info</title>")
NOW = datetime.now(UTC)
DAY = timedelta(days=1)


async def shaken(lab: Lab, name: str = NAME, **door: Any) -> TlsHandshake:
    network = lab.network(**door)
    async with network.look() as look:
        step = await look.handshake(SITE, 443, name)
    assert look.facts().tls == (step,)
    return step


async def test_a_good_handshake_says_with_whom(lab: Lab) -> None:
    await lab.secure_site(saying(PAGE))

    step = await shaken(lab)

    assert (step.failure, step.server_name, step.version) == (None, NAME, "TLSv1.3")
    assert step.cipher
    assert "O=trustme" in (step.subject or "")
    assert "Testing CA" in (step.issuer or "")
    assert step.not_before is not None
    assert step.not_after is not None
    assert step.not_before < NOW < step.not_after


async def test_the_chain_is_kept_as_the_peer_sent_it(lab: Lab, authority: trustme.CA) -> None:
    await lab.secure_site(saying(PAGE), authority=authority.create_child_ca())
    network = lab.network()

    async with network.look() as look:
        step = await look.handshake(SITE, 443, NAME)

    (blob,) = look.blobs
    assert blob.name == step.chain == step.chain_hash == sha256(blob.data).hexdigest()
    leaf, intermediate = split(blob.data)
    assert leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value.get_values_for_type(x509.DNSName) == [NAME]
    assert intermediate.subject == leaf.issuer


def split(chain: bytes) -> list[x509.Certificate]:
    """Take concatenated DER apart: each certificate begins with a tag and its own length in two bytes."""
    certificates = []
    while chain:
        length = 4 + int.from_bytes(chain[2:4], "big")
        certificates.append(x509.load_der_x509_certificate(chain[:length]))
        chain = chain[length:]
    return certificates


@pytest.mark.parametrize(
    ("name", "certificate", "failure"),
    [
        ("elsewhere.example", {}, "ssl_invalid_hostname"),
        (NAME, {"not_before": NOW - 9 * DAY, "not_after": NOW - DAY}, "ssl_invalid_certificate"),
        (NAME, {"not_before": NOW + DAY, "not_after": NOW + 9 * DAY}, "ssl_invalid_certificate"),
        (NAME, {"authority": trustme.CA()}, "ssl_unknown_authority"),
    ],
    ids=["wrong name", "expired", "not yet valid", "unknown authority"],
)
async def test_a_bad_chain_is_named_and_the_page_behind_it_fetched(
    lab: Lab, name: str, certificate: dict[str, Any], failure: str
) -> None:
    await lab.secure_site(saying(PAGE), name, **certificate)
    network = lab.network()

    async with network.look() as look:
        exchange = await look.fetch(URL, (SITE,))

    (step,) = look.facts().tls
    assert step.failure == failure
    assert step.chain is not None
    assert exchange is not None
    assert (exchange.status, exchange.failure, exchange.title) == (200, None, "OVD-Info")


def showing_also_a_version_five(leaf: trustme.LeafCert) -> tuple[ssl.SSLContext, bytes]:
    """A server that sends, behind `leaf`, the same with a version of X.509 that does not exist; and the chain that it sends."""
    der = ssl.PEM_cert_to_DER_cert(leaf.cert_chain_pems[0].bytes().decode())
    of_version_five = der.replace(bytes.fromhex("a003020102"), bytes.fromhex("a003020104"), 1)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with leaf.private_key_and_cert_chain_pem.tempfile() as file:
        with Path(file).open("a") as chain:
            chain.write(ssl.DER_cert_to_PEM_cert(of_version_five))
        context.load_cert_chain(file)
    return context, der + of_version_five


async def test_a_certificate_that_nobody_can_read_is_evidence_and_no_crash(lab: Lab, authority: trustme.CA) -> None:
    context, sent = showing_also_a_version_five(authority.issue_cert(NAME))
    await lab.site(saying(PAGE), port=443, tls=context)
    network = lab.network()

    async with network.look() as look:
        exchange = await look.fetch(URL, (SITE,))

    (step,) = look.facts().tls
    assert (step.failure, exchange and exchange.status) == ("ssl_invalid_certificate", 200)
    assert next(blob.data for blob in look.blobs if blob.name == step.chain) == sent


@pytest.mark.parametrize(
    ("serve", "failure"),
    [(silent, "generic_timeout_error"), (closing, "eof_error"), (resetting, "connection_reset")],
)
async def test_a_handshake_that_is_cut_off_is_named_by_how(lab: Lab, serve: Serve, failure: str) -> None:
    if failure == "generic_timeout_error":
        lab.budgets = QUICK
    await lab.site(serve, port=443)

    step = await shaken(lab)

    assert (step.failure, step.version, step.chain) == (failure, None, None)


async def test_a_server_that_does_not_speak_tls_fails_the_handshake(lab: Lab) -> None:
    async def plain(reader: Reader, writer: Writer) -> None:
        await reader.read(10)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await reader.read()

    await lab.site(plain, port=443)

    assert (await shaken(lab)).failure == "ssl_failed_handshake"


async def test_an_alert_fails_the_handshake(lab: Lab) -> None:
    async def alerting(reader: Reader, writer: Writer) -> None:
        await reader.read(10)
        writer.write(bytes.fromhex("15030300020228"))
        await reader.read()

    await lab.site(alerting, port=443)

    assert (await shaken(lab)).failure == "ssl_failed_handshake"


async def test_a_failed_handshake_leads_to_the_next_address(lab: Lab) -> None:
    await lab.site(resetting, port=443, address="198.51.100.9")
    await lab.secure_site(saying(PAGE))
    network = lab.network()

    async with network.look() as look:
        exchange = await look.fetch(URL, ("198.51.100.9", SITE))

    assert [(step.address, step.failure) for step in look.facts().tls] == [
        ("198.51.100.9", "connection_reset"),
        (SITE, None),
    ]
    assert exchange is not None
    assert exchange.address == SITE


async def test_without_a_connection_no_handshake_is_recorded(lab: Lab) -> None:
    lab.routes[SITE] = "refuse"
    network = lab.network()

    async with network.look() as look:
        step = await look.handshake(SITE, 443, NAME)

    assert step.failure == "connection_refused"
    assert look.facts().tls == ()
    assert [connect.failure for connect in look.facts().tcp] == ["connection_refused"]


async def test_an_impossible_server_name_is_a_failure_and_no_crash(lab: Lab) -> None:
    await lab.secure_site(saying(PAGE))

    assert ((await shaken(lab, name="приклад.укр")).failure or "").startswith("unknown_failure: ")


async def test_the_time_of_judgement_is_that_of_the_networks_clock(lab: Lab) -> None:
    await lab.secure_site(saying(PAGE), not_before=NOW - DAY, not_after=NOW + DAY)
    door = lab.network().door
    later = Network(door, now=lambda: NOW + 2 * DAY)

    async with later.look() as look:
        step = await look.handshake(SITE, 443, NAME)
    await later.aclose()

    assert step.failure == "ssl_invalid_certificate"


async def test_a_reset_after_the_handshake_belongs_to_the_page(lab: Lab) -> None:
    await lab.secure_site(resetting)
    network = lab.network()

    async with network.look() as look:
        exchange = await look.fetch(URL, (SITE,))

    assert look.facts().tls[0].failure is None
    assert exchange is not None
    assert exchange.failure == "connection_reset"


async def test_a_page_over_tls_that_ends_without_goodbye_is_an_end(lab: Lab) -> None:
    async def vanishing(reader: Reader, writer: Writer) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc")
        await writer.drain()

    await lab.secure_site(vanishing)
    network = lab.network()

    async with network.look() as look:
        exchange = await look.fetch(URL, (SITE,))

    assert exchange is not None
    assert (exchange.status, exchange.failure, exchange.body_length) == (200, "eof_error", 3)


async def test_a_browser_says_more_about_itself_where_nobody_listens_in(lab: Lab) -> None:
    await lab.secure_site(saying(PAGE))
    await lab.site(saying(PAGE))
    network = lab.network()

    async with network.look() as look:
        secure = await look.fetch(URL, (SITE,))
        plain = await look.fetch(f"http://{NAME}/", (SITE,))

    blobs = {blob.name: blob.data for blob in look.blobs}
    assert secure is not None
    assert plain is not None
    assert b"Sec-Fetch-Mode: navigate" in blobs[secure.request or ""]
    assert b"Sec-Fetch-Mode" not in blobs[plain.request or ""]
