"""Measurements of Web Connectivity 0.5, read into our own facts."""

import base64
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from probes.imported.measurement import Measurement, Theirs, read_measurement
from probes.kit.observation import Mark
from probes.kit.vocabulary import Aim, MarkKind
from probes.website.classic import classic
from tests.probes.imported.measurement.publishing import (
    FALSE,
    NAME,
    REPORT,
    TRUE,
    URL,
    Json,
    connect,
    handshake,
    helper,
    query,
    request,
    tagged,
    unanswered,
)

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def read(document: Json) -> Measurement:
    return read_measurement(document, NOW)


def test_everything_that_was_seen_is_there() -> None:
    facts = read(tagged()).facts
    [lookup], [connection], [shaken], [page] = facts.dns, facts.tcp, facts.tls, facts.http
    assert (lookup.name, lookup.answers, lookup.transport, lookup.aim) == (NAME, (TRUE,), "system", Aim.VISIT)
    assert (connection.address, connection.port, connection.failure, connection.aim) == (TRUE, 443, None, Aim.VISIT)
    assert (shaken.server_name, shaken.version, shaken.aim) == (NAME, "TLSv1.3", Aim.VISIT)
    assert (page.status, page.title, page.address, page.header_names[1]) == (200, "Default Web Page", TRUE, "Alt-Svc")
    assert (page.started, round(page.duration, 3)) == (0.4, 0.2)
    assert facts.asns == {TRUE: 15133}


def test_it_says_when_where_and_by_whom_it_was_made() -> None:
    seen = read(tagged())
    assert (seen.input, seen.host, seen.country, seen.duration) == (URL, NAME, "RU", 4.25)
    assert seen.started_at == datetime(2026, 8, 14, 12, tzinfo=UTC)
    provenance = seen.provenance
    assert (provenance.service, provenance.asn, provenance.attribution) == ("ooni", 12389, "OONI, CC BY-NC-SA 4.0")
    assert provenance.url == f"https://explorer.ooni.org/measurement/{REPORT}?input=https%3A%2F%2Fwww.example.com%2F"
    assert provenance.software == "ooniprobe-cli 3.20.0 web_connectivity 0.5.28"


def test_with_its_own_id_it_is_named_and_shown_by_that() -> None:
    provenance = read(tagged() | {"measurement_uid": "20260814120000.123_RU_webconnectivity_0a1b"}).provenance
    assert provenance.name == "20260814120000.123_RU_webconnectivity_0a1b"
    assert provenance.url == "https://explorer.ooni.org/m/20260814120000.123_RU_webconnectivity_0a1b"


def test_it_is_the_same_look_wherever_it_was_got_from() -> None:
    place: Json = {"check": "c", "vantage": "ooni-ru", "probe_version": 1}
    one = read(tagged()).observation(**place)
    with_id = read(tagged() | {"measurement_uid": "20260814120000.123_RU_webconnectivity_0a1b"}).observation(**place)
    another = read(tagged() | {"input": "https://www.example.org/"}).observation(**place)
    assert one.id == with_id.id != another.id
    assert (one.check, one.vantage, one.country, one.provenance) == ("c", "ooni-ru", "RU", read(tagged()).provenance)


def test_one_that_was_never_published_is_known_by_what_it_says() -> None:
    made = {name: value for name, value in tagged().items() if name != "report_id"}
    assert read(made).provenance.url is None
    assert read(made).report == read(made).report != read(made | {"probe_asn": "AS1"}).report


def test_what_their_probe_concluded_is_kept_apart() -> None:
    keys: Json = {"accessible": False, "blocking": "http-failure", "dns_consistency": "consistent"}
    assert read(tagged(**keys)).theirs == Theirs(**keys)


@pytest.mark.parametrize(
    "strange", [{"blocking": True}, {"blocking": 0}, {"blocking": "magic"}, {"blocking": []}, {"blocking": {}}]
)
def test_a_conclusion_that_is_none_of_theirs_is_none(strange: Json) -> None:
    assert read(tagged(accessible="yes", dns_consistency=["x"], **strange)).theirs == Theirs(
        accessible=None, blocking=None, dns_consistency=None
    )


def test_what_was_not_for_the_page_is_no_visit() -> None:
    tags = ["classic", "depth=0", "fetch_body=false"]
    facts = read(tagged(tcp_connect=[connect(), connect(tags=tags, transaction_id=50002)])).facts
    assert [one.aim for one in facts.tcp] == [Aim.VISIT, Aim.ELSEWHERE]


def test_where_another_resolver_led_is_no_visit() -> None:
    tags = ["depth=0", "fetch_body=true"]
    steps = {
        "queries": [query(FALSE), query(TRUE, engine="doh", transaction_id=30001)],
        "tcp_connect": [connect(FALSE, failure="timed_out"), connect(tags=tags, transaction_id=50002)],
        "tls_handshakes": [handshake(tags=tags, transaction_id=50002)],
        "requests": [request(tags=tags, transaction_id=50002)],
    }
    facts = read(tagged(**steps)).facts
    assert [(one.address, one.aim) for one in facts.tcp] == [(FALSE, Aim.VISIT), (TRUE, Aim.ELSEWHERE)]
    assert [one.aim for one in facts.http] == [Aim.ELSEWHERE]
    assert [(one.transport, one.aim) for one in facts.dns] == [("system", Aim.VISIT), ("doh", Aim.ELSEWHERE)]


def test_before_it_was_tagged_what_led_to_an_address_is_worked_out() -> None:
    """As OONI does: not the own resolver led there if only another one, or the helper, gave the address."""
    own, other, theirs, typed = TRUE, FALSE, "192.0.66.2", "151.101.1.1"
    addresses = (own, other, theirs, typed)
    steps = {
        "queries": [query(own, tags=["depth=0"]), query(own, other, engine="udp")],
        "tcp_connect": [
            connect(address, tags=["depth=0", "fetch_body=true"], transaction_id=number)
            for number, address in enumerate(addresses, 1)
        ],
        "control": helper(own, theirs),
    }
    aims = {one.address: one.aim for one in read(tagged(**steps, tls_handshakes=[], requests=[])).facts.tcp}
    assert aims == {own: Aim.VISIT, other: Aim.ELSEWHERE, theirs: Aim.ELSEWHERE, typed: Aim.VISIT}


def test_redirects_are_hops() -> None:
    further = ["classic", "depth=1", "fetch_body=true"]
    steps = {
        "requests": [unanswered("connection_reset", tags=further, transaction_id=50002), request(code=302)],
        "tcp_connect": [connect(), connect(FALSE, tags=further, transaction_id=50002)],
    }
    facts = read(tagged(**steps)).facts
    assert [(one.hop, one.status, one.failure, one.address) for one in facts.http] == [
        (0, 302, None, TRUE),
        (1, None, "connection_reset", FALSE),
    ]


def test_questions_about_the_resolver_itself_belong_to_no_hop() -> None:
    whoami = query("198.18.0.1", hostname="whoami.example.net", tags=[])
    assert [one.name for one in read(tagged(queries=[whoami, query(TRUE)])).facts.dns] == [NAME]


def test_a_way_of_asking_that_we_do_not_know_says_nothing() -> None:
    assert len(read(tagged(queries=[query(TRUE), query(FALSE, engine="carrier pigeon")])).facts.dns) == 1


def test_the_resolver_that_was_asked_is_named_without_its_port() -> None:
    asked = query(TRUE, engine="udp", resolver_address="9.9.9.9:53")
    assert read(tagged(queries=[query(TRUE), asked])).facts.dns[1].resolver == "9.9.9.9"


def test_an_answer_that_is_no_address_is_noted_and_never_taken_for_one() -> None:
    facts = read(tagged(queries=[query("999.1.1.1", TRUE, "<script>")])).facts
    assert facts.dns[0].answers == (TRUE,)
    assert facts.details["unusable_answers"] == ["999.1.1.1", "<script>"]


def test_bodies_may_be_text_or_base64() -> None:
    raw = "<TITLE>Доступ ограничен</TITLE>".encode("cp1251") + b"\xff\x00"
    packed = {"format": "base64", "data": base64.b64encode(raw).decode()}
    page = read(tagged(requests=[request(body=packed)])).facts.http[0]
    assert page.body_length == len(raw)
    plain = read(tagged(requests=[request(body="<title>Привет</title>")])).facts.http[0]
    assert (plain.title, plain.body_length) == ("Привет", len("<title>Привет</title>".encode()))


def test_the_bytes_go_with_it_without_secrets() -> None:
    seen = read(tagged())
    blobs = {blob.name: blob.data for blob in seen.blobs}
    page = seen.facts.http[0]
    assert page.body is not None
    assert page.head is not None
    assert blobs[page.body].startswith(b"<html>")
    assert b"Alt-Svc: clear" in blobs[page.head]
    assert b"who=you" not in blobs[page.head]


def test_a_body_of_megabytes_is_counted_whole_and_kept_in_part() -> None:
    seen = read(tagged(requests=[request(body="x" * 3_000_000)]))
    assert seen.facts.http[0].body_length == 3_000_000
    assert max(len(blob.data) for blob in seen.blobs) == 512 * 1024


def test_certificates_are_described() -> None:
    issued = trustme.CA(organization_name="Russian Trusted Root CA").issue_cert(NAME)
    der = x509.load_pem_x509_certificate(issued.cert_chain_pems[0].bytes()).public_bytes(Encoding.DER)
    shown = [{"format": "base64", "data": base64.b64encode(der).decode()}]
    seen = read(tagged(tls_handshakes=[handshake(failure="ssl_unknown_authority", peer_certificates=shown)]))
    shaken = seen.facts.tls[0]
    assert shaken.failure == "ssl_unknown_authority"
    assert "Russian Trusted Root CA" in (shaken.issuer or "")
    assert shaken.chain in {blob.name for blob in seen.blobs}


class Suspicious:
    """Marks everything that it is shown, and says by what."""

    versions: Mapping[str, str] = {"own": "2026-11-22"}

    def of_answers(self, addresses: Sequence[str]) -> tuple[Mark, ...]:
        return tuple(Mark(name=f"own:{address}", kind=MarkKind.FORGED_ADDRESS) for address in addresses)

    def of_chain(self, chain: Sequence[bytes]) -> tuple[Mark, ...]:
        return (Mark(name=f"own:{len(chain)}", kind=MarkKind.STATE_AUTHORITY),)

    def of_response(self, head: bytes, location: str | None, title: str | None, body: bytes, body_hash: str) -> tuple[Mark, ...]:
        seen = f"own:{head.split(b' ')[1].decode()} {location} {title} {len(body)}"
        return (Mark(name=seen, kind=MarkKind.BLOCKPAGE),)


def test_fingerprints_are_sought_in_answers_and_pages() -> None:
    moved = request(code=302)
    moved["response"]["headers_list"].append(["Location", "http://warning.example.ru/"])
    facts = read_measurement(tagged(requests=[moved]), NOW, Suspicious()).facts
    assert facts.dns[0].marks[0].name == f"own:{TRUE}"
    assert facts.http[0].marks[0].name.startswith("own:302 http://warning.example.ru/ Default Web Page")
    assert facts.lists == {"own": "2026-11-22"}


def test_the_helper_is_one_control() -> None:
    [control] = read(tagged()).control
    facts = control.facts
    assert [(one.name, one.answers, one.aim) for one in facts.dns] == [(NAME, (TRUE,), Aim.VISIT)]
    assert [(one.address, one.port, one.aim) for one in facts.tcp] == [(TRUE, 443, Aim.ELSEWHERE)]
    assert [(one.server_name, one.aim) for one in facts.tls] == [(NAME, Aim.ELSEWHERE)]
    assert [(one.status, one.title, one.aim) for one in facts.http] == [(200, "Default Web Page", Aim.VISIT)]
    assert facts.asns == {TRUE: 15133}


@pytest.mark.parametrize(
    "out_of_reach",
    [
        {"control": None},
        {"control": {}},
        {"control": helper(), "control_failure": "generic_timeout_error"},
    ],
)
def test_a_helper_out_of_reach_is_no_control(out_of_reach: Json) -> None:
    assert read(tagged(**out_of_reach)).control == ()


def test_minus_one_stands_for_what_the_helper_does_not_have() -> None:
    nothing = {"failure": "dns_lookup_error", "status_code": -1, "body_length": -1, "title": "", "headers": {}}
    [control] = read(tagged(control=helper(http_request=nothing))).control
    [page] = control.facts.http
    assert (page.failure, page.status, page.body_length, page.title) == ("dns_lookup_error", None, None, None)


def test_names_among_the_helpers_addresses_are_none_of_them() -> None:
    dns = {"failure": None, "addrs": ["cdn.example.net.", TRUE]}
    [control] = read(tagged(control=helper(dns=dns))).control
    assert control.facts.dns[0].answers == (TRUE,)


def test_the_helpers_old_words_are_ours() -> None:
    dns = {"failure": "dns_name_error", "addrs": []}
    [control] = read(tagged(control=helper(dns=dns))).control
    assert control.facts.dns[0].failure == "dns_nxdomain_error"


def test_endpoints_of_ipv6_are_understood() -> None:
    tried = {"[2001:db8::1]:443": {"status": False, "failure": "connect_error"}}
    [control] = read(tagged(control=helper(tcp_connect=tried))).control
    assert [(one.address, one.port, one.failure) for one in control.facts.tcp] == [("2001:db8::1", 443, "connect_error")]


def test_the_classic_verdict_on_it_is_ooni_own() -> None:
    seen = read(tagged(tls_handshakes=[handshake(failure="connection_reset")], requests=[]))
    verdict = classic(seen.facts, seen.control)
    assert (verdict.accessible, verdict.blocking, verdict.dns_consistency) == (False, "http-failure", "consistent")


def test_a_volunteers_clock_may_be_a_little_ahead() -> None:
    made = datetime(2026, 8, 14, 12, tzinfo=UTC)
    assert read_measurement(tagged(), made - timedelta(hours=20)).started_at == made
