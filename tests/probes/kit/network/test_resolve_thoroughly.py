"""A thorough look at the own resolver: it hears late and double answers, hears reasons, and asks again what failed."""

from collections.abc import Iterable
from typing import Any

import dns.edns
import dns.flags
import dns.message
import pytest

from probes.kit.budgets import Budgets
from probes.kit.observation import DnsLookup, Facts
from probes.kit.vocabulary import Aim, Depth
from tests.probes.kit.network.messages import answering, empty, refusing, truth, unframed
from tests.probes.kit.network.servers import NAME, QUICK, RESOLVER, SECOND_TRY, Lab, by_length

FORGED = "203.0.113.66"
TRUE = "198.51.100.1"


async def resolved(
    lab: Lab, *, depth: Depth = Depth.FULL, aim: Aim = Aim.VISIT, **door: Any
) -> tuple[tuple[str, ...], Facts, dict[str, bytes]]:
    network = lab.network(**door)
    async with network.look(depth) as look:
        addresses = await look.resolve(NAME, aim=aim)
    return addresses, look.facts(), {blob.name: blob.data for blob in look.blobs}


def about(facts: Facts, qtype: str = "A") -> list[DnsLookup]:
    return [step for step in facts.dns if step.qtype == qtype]


def told(steps: Iterable[DnsLookup]) -> set[tuple[str, Aim, bool, str | None, tuple[str, ...]]]:
    return {(step.transport, step.aim, step.checking_disabled, step.failure, step.answers) for step in steps}


async def test_the_true_answer_is_heard_behind_the_forged_one(lab: Lab) -> None:
    await lab.resolver(lambda query: [truth(query, answering(A=FORGED)), truth(query)])

    addresses, facts, blobs = await resolved(lab)

    step = facts.dns[0]
    assert addresses[0] == FORGED
    assert [(further.rcode, further.answers) for further in step.further] == [("NOERROR", (TRUE,))]
    assert step.further[0].after >= step.duration
    assert len(unframed(blobs[step.wire or ""])) == 3


async def test_a_true_answer_that_comes_late_is_heard_and_does_not_count_as_the_time_it_took(lab: Lab) -> None:
    await lab.resolver(lambda query: [truth(query, refusing("NXDOMAIN")), truth(query)], pause=0.2)

    _, facts, _ = await resolved(lab, aim=Aim.PROBE_NAME, budgets=Budgets(dns=2, late=0.5))

    step = facts.dns[0]
    assert (step.failure, [further.answers for further in step.further]) == ("dns_nxdomain_error", [(TRUE,)])
    assert step.duration < 0.15 < step.further[0].after


async def test_of_a_flood_of_answers_eight_are_kept(lab: Lab) -> None:
    await lab.resolver(lambda query: [truth(query)] * 100)

    _, facts, blobs = await resolved(lab, budgets=Budgets(dns=10, late=0.5))

    assert [len(step.further) for step in facts.dns] == [8, 8]
    assert len(unframed(blobs[facts.dns[0].wire or ""])) <= 17


async def test_a_light_look_waits_for_nothing(lab: Lab) -> None:
    await lab.resolver(lambda query: [truth(query)])

    _, facts, _ = await resolved(lab, depth=Depth.LIGHT, budgets=Budgets(dns=10, late=5))

    assert all(step.started + step.duration < 5 for step in facts.dns)
    assert {step.further for step in facts.dns} == {()}


async def test_an_answer_of_each_resolver_that_was_asked_is_no_double_answer(lab: Lab) -> None:
    lab.budgets = SECOND_TRY
    heard: list[bytes] = []

    def slow_at_first(query: bytes) -> list[bytes]:
        heard.append(query)
        return [] if len(heard) <= 2 else [truth(query)]

    await lab.resolver(slow_at_first)

    _, facts, _ = await resolved(lab)

    assert len(heard) == 4
    assert [(step.failure, step.further) for step in facts.dns] == [(None, ())] * 2


async def test_the_reasons_of_a_refusal_are_read(lab: Lab) -> None:
    lab.budgets = QUICK

    def censored(reply: dns.message.Message) -> None:
        refusing("NXDOMAIN")(reply)
        reply.use_edns(options=[dns.edns.EDEOption("CENSORED", "by order"), dns.edns.EDEOption("FILTERED")])

    await lab.resolver(lambda query: [truth(query, censored)])

    _, facts, _ = await resolved(lab)

    assert facts.dns[0].extended_errors == (16, 17)


async def test_a_denial_without_authority_is_told_from_a_proper_one(lab: Lab) -> None:
    def denied(reply: dns.message.Message) -> None:
        refusing("NXDOMAIN")(reply)
        if dns.rdatatype.to_text(reply.question[0].rdtype) == "A":
            soa = dns.rrset.from_text("org.", 60, "IN", "SOA", "ns.example. root.example. 1 2 3 4 5")
            reply.authority.append(soa)

    await lab.resolver(lambda query: [truth(query, denied)])

    _, facts, _ = await resolved(lab, depth=Depth.LIGHT)

    assert {step.qtype: step.has_authority for step in facts.dns} == {"A": True, "AAAA": False}


@pytest.mark.parametrize(("depth", "edns"), [(Depth.LIGHT, -1), (Depth.FULL, 0)])
async def test_only_a_thorough_look_asks_with_edns(lab: Lab, depth: Depth, edns: int) -> None:
    heard: set[int] = set()

    def answer(query: bytes) -> list[bytes]:
        heard.add(dns.message.from_wire(query).edns)
        return [truth(query)]

    await lab.resolver(answer)
    await resolved(lab, depth=depth)

    assert heard == {edns}


@pytest.mark.parametrize("rcode", ["FORMERR", "NOTIMP", None])
async def test_a_resolver_that_does_not_know_edns_is_asked_without(lab: Lab, rcode: str | None) -> None:
    lab.budgets = SECOND_TRY

    def old(query: bytes) -> list[bytes]:
        if dns.message.from_wire(query).edns < 0:
            return [truth(query)]
        return [truth(query, refusing(rcode))] if rcode else []

    await lab.resolver(old)

    addresses, facts, blobs = await resolved(lab)

    assert addresses[0] == TRUE
    assert len(facts.dns) == 2
    sent = [dns.message.from_wire(one) for one in unframed(blobs[facts.dns[0].wire or ""])]
    assert [one.edns for one in sent if not one.flags & dns.flags.QR] == [0, -1]


async def test_what_failed_is_asked_again_over_udp_and_over_tcp(lab: Lab) -> None:
    asked: list[bytes] = []

    def sometimes(query: bytes) -> list[bytes]:
        asked.append(query)
        return [truth(query, refusing("NXDOMAIN") if len(asked) <= 2 else empty)]

    await lab.resolver(sometimes)
    await lab.site(by_length(lambda query: [truth(query)]), port=53, address=RESOLVER)

    addresses, facts, _ = await resolved(lab)

    assert addresses == ()
    assert told(about(facts)) == {
        ("system", Aim.VISIT, False, "dns_nxdomain_error", ()),
        ("system", Aim.AGAIN, False, "dns_no_answer", ()),
        ("tcp", Aim.AGAIN, False, None, (TRUE,)),
    }
    assert {step.resolver for step in facts.dns} == {"system"}


async def test_a_family_without_addresses_is_not_asked_for_again(lab: Lab) -> None:
    await lab.resolver(lambda query: [truth(query, answering(A=TRUE))])

    _, facts, _ = await resolved(lab)

    assert [(step.qtype, step.failure) for step in facts.dns] == [("A", None), ("AAAA", "dns_no_answer")]


async def test_servfail_is_also_asked_again_without_validation(lab: Lab) -> None:
    def bogus(query: bytes) -> list[bytes]:
        unchecked = dns.message.from_wire(query).flags & dns.flags.CD
        return [truth(query) if unchecked else truth(query, refusing("SERVFAIL"))]

    await lab.resolver(bogus)
    lab.routes[f"{RESOLVER}:53"] = "refuse"

    _, facts, _ = await resolved(lab)

    assert told(about(facts)) == {
        ("system", Aim.VISIT, False, "dns_servfail_error", ()),
        ("system", Aim.AGAIN, False, "dns_servfail_error", ()),
        ("system", Aim.AGAIN, True, None, (TRUE,)),
        ("tcp", Aim.AGAIN, False, "connection_refused", ()),
    }


@pytest.mark.parametrize(("depth", "aim"), [(Depth.LIGHT, Aim.VISIT), (Depth.FULL, Aim.PROBE_NAME)])
async def test_a_light_look_and_a_name_that_may_not_exist_are_not_asked_again(lab: Lab, depth: Depth, aim: Aim) -> None:
    await lab.resolver(lambda query: [truth(query, refusing("NXDOMAIN"))])

    _, facts, _ = await resolved(lab, depth=depth, aim=aim)

    assert [step.aim for step in facts.dns] == [aim, aim]
