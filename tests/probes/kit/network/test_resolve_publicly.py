"""Asking public resolvers: over UDP, TLS and HTTPS at once, never fooled by who only stands in the way, and bounded."""

from typing import Any

import dns.flags
import dns.message
import pytest
import trustme

from probes.kit.budgets import Budgets
from probes.kit.observation import DnsLookup, Facts
from probes.kit.resolvers import PublicResolver
from probes.kit.vocabulary import Aim
from tests.probes.kit.network.messages import another_id, answering, refusing, truth, unframed
from tests.probes.kit.network.servers import NAME, QUICK, Lab, Reader, Serve, Writer, by_post, page, resetting, saying, silent

FIRST, SECOND = "198.51.100.61", "198.51.100.62"
TRUTH = ("198.51.100.1", "2001:db8::1")


def public(*transports: str, address: str = FIRST, name: str = "dns.example") -> tuple[PublicResolver, ...]:
    return tuple(PublicResolver.model_validate({"transport": one, "address": address, "name": name}) for one in transports)


async def asked(lab: Lab, *resolvers: PublicResolver, name: str = NAME, **door: Any) -> tuple[dict[str, tuple[str, ...]], Facts]:
    answers, facts, _ = await asked_with_blobs(lab, *resolvers, name=name, **door)
    return answers, facts


async def asked_with_blobs(
    lab: Lab, *resolvers: PublicResolver, name: str = NAME, **door: Any
) -> tuple[dict[str, tuple[str, ...]], Facts, dict[str, bytes]]:
    network = lab.network(public_resolvers=resolvers, **door)
    async with network.look() as look:
        answers = await look.resolve_publicly(name)
    return answers, look.facts(), {blob.name: blob.data for blob in look.blobs}


def of(facts: Facts, transport: str, address: str = FIRST, qtype: str = "A") -> DnsLookup:
    found = [step for step in facts.dns if (step.transport, step.resolver, step.qtype) == (transport, address, qtype)]
    return found[0]


async def hanging_up(reader: Reader, writer: Writer) -> None:
    """A server that says good-bye as soon as it has been asked."""
    await reader.read(100)
    writer.close()
    await writer.wait_closed()


async def test_every_transport_is_asked_for_both_families(lab: Lab) -> None:
    await lab.resolver(lambda query: [truth(query)], FIRST)
    await lab.dot(lambda query: [truth(query)], "dns.example", address=FIRST)
    await lab.doh(by_post(lambda query: [truth(query)]), "dns.example", address=FIRST)

    answers, facts, blobs = await asked_with_blobs(lab, *public("udp", "dot", "doh"))

    assert answers == {"udp": TRUTH, "dot": TRUTH, "doh": TRUTH}
    assert {(step.transport, step.qtype, step.resolver, step.aim, step.failure) for step in facts.dns} == {
        (transport, qtype, FIRST, Aim.ELSEWHERE, None) for transport in ("udp", "dot", "doh") for qtype in ("A", "AAAA")
    }
    query, reply = unframed(blobs[of(facts, "doh").wire or ""])
    assert dns.message.from_wire(query).is_response(dns.message.from_wire(reply))
    assert (facts.tcp, facts.tls, facts.http) == ((), (), ())


async def test_https_is_asked_as_a_browser_does_and_says_nothing_of_us(lab: Lab) -> None:
    heard: list[bytes] = []
    await lab.doh(by_post(lambda query: [truth(query)], heard), "dns.example", address=FIRST)

    await asked(lab, *public("doh"))

    lines = heard[0].split(b"\r\n")
    assert lines[0] == b"POST /dns-query HTTP/1.1"
    assert [line.partition(b":")[0] for line in lines[1:-2]] == [
        b"Host",
        b"Accept",
        b"Content-Type",
        b"Content-Length",
        b"Connection",
    ]
    assert b"Host: dns.example" in lines


async def test_the_question_offers_edns_without_dnssec_records(lab: Lab) -> None:
    heard: list[dns.message.Message] = []

    def answer(query: bytes) -> list[bytes]:
        heard.append(dns.message.from_wire(query))
        return [truth(query)]

    await lab.resolver(answer, FIRST)
    await asked(lab, *public("udp"))

    assert {(one.edns, one.payload, one.ednsflags & dns.flags.DO) for one in heard} == {(0, 1232, 0)}


@pytest.mark.parametrize(("transport", "names"), [("dot", ("evil.example",)), ("doh", ("evil.example",))])
async def test_whoever_cannot_prove_the_name_is_told_nothing_and_its_chain_is_kept(
    lab: Lab, transport: str, names: tuple[str, ...]
) -> None:
    heard: list[bytes] = []

    def answer(query: bytes) -> list[bytes]:
        heard.append(query)
        return [truth(query)]

    await lab.dot(answer, *names, address=FIRST)
    await lab.doh(by_post(answer), *names, address=FIRST)

    answers, facts, blobs = await asked_with_blobs(lab, *public(transport))

    assert answers == {transport: ()}
    assert of(facts, transport).failure == "ssl_invalid_hostname"
    assert heard == []
    assert {(step.address, step.server_name, step.failure) for step in facts.tls} == {
        (FIRST, "dns.example", "ssl_invalid_hostname")
    }
    assert blobs[facts.tls[0].chain or ""]


async def test_an_authority_that_nobody_trusts_is_named(lab: Lab) -> None:
    await lab.dot(lambda query: [truth(query)], "dns.example", address=FIRST, authority=trustme.CA())

    _, facts = await asked(lab, *public("dot"))

    assert of(facts, "dot").failure == "ssl_unknown_authority"


@pytest.mark.parametrize(
    ("serve", "failure"),
    [
        (saying(page(b"no", status=b"403 Forbidden")), "dns_server_misbehaving"),
        (saying(page(b"<html>", b"Content-Type: text/html")), "dns_server_misbehaving"),
        (saying(b"\x00\x01 what is this\r\n\r\n"), "dns_server_misbehaving"),
        (saying(page(b"", b"X: " + b"x" * 100_000)), "dns_server_misbehaving"),
        (saying(b"HTTP/1.1 103 Early\r\n\r\n" * 20_000), "dns_server_misbehaving"),
        (saying(page(b"x" * 300_000)), "dns_server_misbehaving"),
        (by_post(lambda query: [another_id(query) + truth(query)[2:]]), "dns_reply_with_wrong_query_id"),
        (by_post(lambda query: [truth(query, refusing("NXDOMAIN"))]), "dns_nxdomain_error"),
        (hanging_up, "eof_error"),
        (resetting, "connection_reset"),
        (silent, "generic_timeout_error"),
    ],
    ids=[
        "refused",
        "a page",
        "no HTTP",
        "a long head",
        "endless heads",
        "a long body",
        "wrong id",
        "no such name",
        "closed",
        "reset",
        "silent",
    ],
)
async def test_what_https_answers_otherwise_has_a_name(lab: Lab, serve: Serve, failure: str) -> None:
    if failure == "generic_timeout_error":
        lab.budgets = QUICK
    await lab.doh(serve, "dns.example", address=FIRST)

    answers, facts = await asked(lab, *public("doh"))

    assert answers == {"doh": ()}
    assert [step.failure for step in facts.dns] == [failure] * 2


@pytest.mark.parametrize(("route", "failure"), [("refuse", "connection_refused"), ("drop", "generic_timeout_error")])
@pytest.mark.parametrize("transport", ["udp", "dot", "doh"])
async def test_a_resolver_that_cannot_be_reached_has_a_name(lab: Lab, transport: str, route: str, failure: str) -> None:
    if failure == "generic_timeout_error":
        lab.budgets = QUICK
    lab.routes[FIRST] = route

    answers, facts = await asked(lab, *public(transport))

    assert answers == {transport: ()}
    assert [step.failure for step in facts.dns] == [failure] * 2


async def test_the_second_resolver_of_a_transport_is_asked_only_where_the_first_knew_nothing(lab: Lab) -> None:
    for address in (FIRST, SECOND):
        await lab.resolver(lambda query: [truth(query)], address)
    await lab.dot(lambda query: [truth(query, refusing("REFUSED"))], "dns.example", address=FIRST)
    await lab.dot(lambda query: [truth(query)], "dns.example", address=SECOND)
    resolvers = (*public("udp", "dot"), *public("udp", "dot", address=SECOND))

    answers, facts = await asked(lab, *resolvers)

    assert answers == {"udp": TRUTH, "dot": TRUTH}
    assert {(step.transport, step.resolver) for step in facts.dns} == {("udp", FIRST), ("dot", FIRST), ("dot", SECOND)}


async def test_silent_resolvers_together_take_no_longer_than_the_budget_of_dns(lab: Lab) -> None:
    resolvers = (*public("udp", "dot", "doh"), *public("udp", "dot", "doh", address=SECOND))

    answers, facts = await asked(lab, *resolvers, budgets=Budgets(dns=0.4))

    assert answers == {"udp": (), "dot": (), "doh": ()}
    assert len(facts.dns) == 12
    assert {step.failure for step in facts.dns} == {"generic_timeout_error"}
    assert max(step.started + step.duration for step in facts.dns) < 0.8


async def test_the_deadline_of_the_look_ends_the_questions(lab: Lab) -> None:
    _, facts = await asked(lab, *public("udp", "dot", "doh"), budgets=Budgets(dns=10, look=0.2))

    assert {step.failure for step in facts.dns} == {"generic_timeout_error"}
    assert all(step.duration < 1 for step in facts.dns)


async def test_servfail_is_asked_again_without_validation(lab: Lab) -> None:
    def bogus(query: bytes) -> list[bytes]:
        unchecked = dns.message.from_wire(query).flags & dns.flags.CD
        return [truth(query) if unchecked else truth(query, refusing("SERVFAIL"))]

    await lab.doh(by_post(bogus), "dns.example", address=FIRST)

    answers, facts = await asked(lab, *public("doh"))

    assert answers == {"doh": ()}
    assert [(step.checking_disabled, step.aim, step.answers, step.failure) for step in facts.dns if step.qtype == "A"] == [
        (False, Aim.ELSEWHERE, (), "dns_servfail_error"),
        (True, Aim.AGAIN, TRUTH[:1], None),
    ]


async def test_a_forged_answer_over_udp_does_not_hide_the_true_one(lab: Lab) -> None:
    await lab.resolver(lambda query: [truth(query, answering(A="203.0.113.66")), truth(query)], FIRST)

    answers, facts = await asked(lab, *public("udp"))

    assert answers["udp"][0] == "203.0.113.66"
    assert [further.answers for further in of(facts, "udp").further] == [("198.51.100.1",)]


async def test_an_address_and_what_is_no_name_are_asked_of_nobody(lab: Lab) -> None:
    assert (await asked(lab, *public("udp"), name="198.51.100.9")) == ({}, Facts())

    answers, facts = await asked(lab, *public("udp"), name="a b")

    assert answers == {}
    assert str(facts.dns[0].failure).startswith("unknown_failure")


async def test_nobody_is_asked_where_the_door_names_nobody(lab: Lab) -> None:
    assert await asked(lab) == ({}, Facts())
