"""Measurements from before 0.5, whose steps carry no tags, and what is left out of the oldest."""

from datetime import UTC, datetime
from typing import Any

import pytest

from probes.imported.measurement import Measurement, read_measurement
from probes.kit.vocabulary import Aim
from probes.website.classic import Classic, classic
from tests.probes.imported.measurement.publishing import (
    FALSE,
    NAME,
    TRUE,
    URL,
    Json,
    connect,
    handshake,
    helper,
    measurement,
    query,
    request,
    unanswered,
    untagged,
    without_tags,
)

NOW = datetime(2026, 11, 22, tzinfo=UTC)
FURTHER = "https://www.example.org/"


def read(document: Json) -> Measurement:
    return read_measurement(document, NOW)


def verdict(document: Json) -> Classic:
    seen = read(document)
    return classic(seen.facts, seen.control)


def said(document: Json) -> tuple[Any, Any, Any, Any]:
    found = verdict(document)
    return found.accessible, found.blocking, found.dns_experiment_failure, found.http_experiment_failure


def old(**keys: Any) -> Json:
    """What the oldest probes published: no queries with engines, no handshakes, no times."""
    return measurement({"control": helper(), "control_failure": None, **keys}, test_version="0.0.1")


def test_a_site_that_is_well_is_well() -> None:
    found = verdict(untagged())
    assert (found.accessible, found.blocking, found.dns_consistency) == (True, False, "consistent")
    assert found.dns_experiment_failure is None


def test_a_name_may_end_in_a_dot() -> None:
    queries = [query(FALSE, engine="system", hostname=f"{NAME}.", tags=None, transaction_id=0)]
    document = untagged(queries=queries, tls_handshakes=[], requests=[]) | {"input": f"https://{NAME}./"}
    assert verdict(document).dns_consistency == "inconsistent"


def test_all_that_was_done_was_a_visit() -> None:
    facts = read(untagged()).facts
    assert {one.aim for one in facts.steps()} == {Aim.VISIT}


def test_the_newest_request_stands_first() -> None:
    steps = [request(FURTHER, tags=None), request(code=301, tags=None)]
    facts = read(untagged(requests=steps)).facts
    assert [(one.hop, one.url, one.status) for one in facts.http] == [(0, URL, 301), (1, FURTHER, 200)]


def test_a_request_that_was_never_sent_is_none_where_no_address_could_be_reached() -> None:
    steps = {
        "tcp_connect": [connect(failure="generic_timeout_error", tags=None)],
        "tls_handshakes": [],
        "requests": [unanswered("generic_timeout_error", tags=None)],
    }
    assert said(untagged(**steps)) == (False, "tcp_ip", None, "generic_timeout_error")


def test_it_is_none_where_every_handshake_failed() -> None:
    steps = {
        "tls_handshakes": [handshake(failure="connection_reset", tags=None)],
        "requests": [unanswered("connection_reset", tags=None)],
    }
    assert read(untagged(**steps)).facts.http == ()
    assert said(untagged(**steps)) == (False, "http-failure", None, "connection_reset")


def test_it_is_none_where_the_name_did_not_resolve() -> None:
    steps = {
        "queries": [query(failure="dns_nxdomain_error", engine="system", tags=None)],
        "tcp_connect": None,
        "tls_handshakes": None,
        "requests": [unanswered("dns_nxdomain_error", tags=None)],
    }
    assert said(untagged(**steps)) == (False, "dns", "dns_nxdomain_error", "dns_nxdomain_error")


def test_where_an_address_could_be_reached_it_was_sent() -> None:
    steps = {
        "tcp_connect": [connect(FALSE, failure="timed_out", tags=None), connect(tags=None)],
        "requests": [unanswered("connection_reset", tags=None)],
    }
    assert [one.failure for one in read(untagged(**steps)).facts.http] == ["connection_reset"]


def test_a_name_that_does_not_resolve_after_a_redirect_is_a_failed_lookup() -> None:
    steps = [unanswered("dns_nxdomain_error", FURTHER, tags=None), request(code=301, tags=None)]
    facts = read(untagged(requests=steps)).facts
    assert [(one.hop, one.name, one.failure) for one in facts.dns if one.hop] == [(1, "www.example.org", "dns_nxdomain_error")]
    assert said(untagged(requests=steps))[:2] == (False, "dns")


def test_without_handshakes_the_request_says_how_it_failed() -> None:
    document = old(
        queries=[without_tags(query(TRUE, engine=""))],
        tcp_connect=[without_tags(connect())],
        requests=[without_tags(unanswered("connection_reset"))],
    )
    assert said(document) == (False, "http-failure", None, "connection_reset")


def test_with_nothing_but_a_conclusion_the_conclusion_says_it() -> None:
    document = old(queries=[without_tags(query(TRUE))], requests=[], http_experiment_failure="response_never_received")
    assert said(document) == (False, "http-failure", None, "eof_error")


def test_a_conclusion_about_dns_alone_is_one_too() -> None:
    document = old(dns_experiment_failure="dns_name_error", http_experiment_failure="dns_name_error")
    assert said(document) == (False, "dns", "dns_nxdomain_error", "dns_nxdomain_error")


def test_a_conclusion_adds_nothing_to_steps_that_say_the_same() -> None:
    document = old(
        queries=[without_tags(query(TRUE))],
        tcp_connect=[without_tags(connect(failure="connection_refused"))],
        http_experiment_failure="connection_refused",
    )
    assert read(document).facts.http == ()
    assert said(document) == (False, "tcp_ip", None, "connection_refused")


def test_requests_through_tor_were_a_control_of_old_times() -> None:
    through_tor = without_tags(request())
    through_tor["request"]["tor"] = {"is_tor": True}
    document = old(requests=[through_tor, without_tags(unanswered("connection_reset"))])
    assert [one.failure for one in read(document).facts.http] == ["connection_reset"]


def test_headers_may_be_an_object() -> None:
    seen = without_tags(request())
    seen["response"] = {
        "body": "hello",
        "code": 302,
        "headers": {"Location": FURTHER, "X-Odd": {"format": "base64", "data": "/w=="}, "Via": ["a", "b"]},
    }
    [page] = read(old(requests=[seen])).facts.http
    assert (page.header_names, page.location) == (("Location", "X-Odd", "Via"), FURTHER)


@pytest.mark.parametrize(
    ("status", "failure"),
    [
        ({"success": True, "failure": False}, None),
        ({"success": False, "failure": True}, "unknown_failure: it failed, and the measurement does not say how"),
        ({"success": False}, "unknown_failure: it failed, and the measurement does not say how"),
        ({"success": False, "failure": "connect_error"}, "connect_error"),
        ({"success": False, "failure": "connection_refused_error"}, "connection_refused"),
        ({}, None),
    ],
)
def test_old_ways_to_tell_a_failure(status: Json, failure: str | None) -> None:
    entry = {"ip": TRUE, "port": 443, "status": status}
    assert [one.failure for one in read(old(tcp_connect=[entry])).facts.tcp] == [failure]


def test_a_query_without_name_is_for_the_host() -> None:
    entry = {"query": f"[Query('{NAME}', 1, 1)]", "answers": [{"answer_type": "A", "ipv4": TRUE}]}
    [lookup] = read(old(queries=[entry])).facts.dns
    assert (lookup.name, lookup.answers, lookup.transport) == (NAME, (TRUE,), "system")


def test_an_old_word_for_a_broken_handshake_stands_as_it_was_written() -> None:
    document = old(queries=[without_tags(query(TRUE))], requests=[without_tags(unanswered("ssl_error"))])
    assert said(document) == (False, "http-failure", None, "ssl_error")
