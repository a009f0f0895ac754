"""Looking names up: over UDP, again once, over TCP where it does not fit, and never fooled into a false time-out."""

import asyncio
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest

from probes.kit.budgets import Budgets
from probes.kit.observation import DnsLookup, Facts
from tests.probes.kit.network.messages import RECORDS, Change, another_id, empty, refusing, truncated, truth, unframed
from tests.probes.kit.network.servers import NAME, QUICK, RESOLVER, SECOND_TRY, SITE, Lab, Reader, Writer

OTHER = "198.51.100.54"


async def resolved(lab: Lab, name: str = NAME, **door: Any) -> tuple[tuple[str, ...], Facts, dict[str, bytes]]:
    network = lab.network(**door)
    async with network.look() as look:
        addresses = await look.resolve(name)
    return addresses, look.facts(), {blob.name: blob.data for blob in look.blobs}


async def first_of(lab: Lab, **door: Any) -> DnsLookup:
    _, facts, _ = await resolved(lab, **door)
    return facts.dns[0]


async def test_both_families_are_asked_and_recorded(lab: Lab) -> None:
    await lab.resolver(lambda query: [truth(query)])

    addresses, facts, blobs = await resolved(lab)

    assert addresses == ("198.51.100.1", "2001:db8::1")
    assert [(step.qtype, step.answers, step.rcode) for step in facts.dns] == [
        ("A", ("198.51.100.1",), "NOERROR"),
        ("AAAA", ("2001:db8::1",), "NOERROR"),
    ]
    assert {(step.name, step.resolver, step.transport, step.failure) for step in facts.dns} == {(NAME, "system", "system", None)}
    query, reply = unframed(blobs[facts.dns[0].wire or ""])
    assert dns.message.from_wire(query).is_response(dns.message.from_wire(reply))


async def test_every_question_comes_from_a_port_and_with_an_id_of_its_own(lab: Lab) -> None:
    seen = set()
    ports = set()

    class Names(asyncio.DatagramProtocol):
        def connection_made(self, transport: Any) -> None:
            self.transport = transport

        def datagram_received(self, data: bytes, addr: Any) -> None:
            seen.add(data[:2])
            ports.add(addr[1])
            self.transport.sendto(truth(data), addr)

    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(Names, local_addr=("127.0.0.1", 0))
    host, port = transport.get_extra_info("sockname")
    lab.routes[f"{RESOLVER}:53/udp"] = f"{host}:{port}"
    for _ in range(5):
        await resolved(lab)
    transport.close()

    assert len(ports) > 5
    assert len(seen) > 5


@pytest.mark.parametrize(
    ("change", "failure", "rcode"),
    [
        (refusing("NXDOMAIN"), "dns_nxdomain_error", "NXDOMAIN"),
        (refusing("SERVFAIL"), "dns_servfail_error", "SERVFAIL"),
        (refusing("REFUSED"), "dns_refused_error", "REFUSED"),
        (refusing("NOTIMP"), "dns_server_misbehaving", "NOTIMP"),
        (empty, "dns_no_answer", "NOERROR"),
    ],
)
async def test_what_a_resolver_refuses_has_a_name(lab: Lab, change: Change, failure: str, rcode: str) -> None:
    await lab.resolver(lambda query: [truth(query, change)])

    step = await first_of(lab)

    assert (step.failure, step.rcode, step.answers) == (failure, rcode, ())


async def test_an_authoritative_answer_from_a_recursor_is_noted(lab: Lab) -> None:
    def forged(reply: dns.message.Message) -> None:
        reply.flags |= dns.flags.AA

    await lab.resolver(lambda query: [truth(query, forged)])

    assert (await first_of(lab)).authoritative is True


async def test_aliases_are_followed_and_kept(lab: Lab) -> None:
    def aliased(reply: dns.message.Message) -> None:
        name = reply.question[0].name
        kind = dns.rdatatype.to_text(reply.question[0].rdtype)
        reply.answer[:] = [
            dns.rrset.from_text("edge.cdn.example.", 60, "IN", kind, RECORDS[kind][0]),
            dns.rrset.from_text(name, 60, "IN", "CNAME", "edge.cdn.example."),
        ]

    await lab.resolver(lambda query: [truth(query, aliased)])

    step = await first_of(lab)

    assert (step.cnames, step.answers) == (("edge.cdn.example",), ("198.51.100.1",))


async def test_silence_is_a_time_out_at_the_end_of_the_budget(lab: Lab) -> None:
    lab.budgets = QUICK
    await lab.resolver(lambda _: [])

    addresses, facts, blobs = await resolved(lab)

    assert addresses == ()
    assert [step.failure for step in facts.dns] == ["generic_timeout_error"] * 2
    assert all(0.5 < step.duration < 2 for step in facts.dns)
    assert len(unframed(blobs[facts.dns[0].wire or ""])) == 1


async def test_a_lost_question_is_asked_again(lab: Lab) -> None:
    lab.budgets = SECOND_TRY
    asked: list[bytes] = []

    def forgetful(query: bytes) -> list[bytes]:
        asked.append(query)
        return [truth(query)] if asked.count(query) > 1 else []

    await lab.resolver(forgetful)

    addresses, facts, _ = await resolved(lab)

    assert addresses
    assert facts.dns[0].duration > 0.25


async def test_the_second_resolver_is_asked_where_the_first_is_silent(lab: Lab) -> None:
    lab.budgets = SECOND_TRY
    await lab.resolver(lambda _: [])
    await lab.resolver(lambda query: [truth(query)], OTHER)

    addresses, _, _ = await resolved(lab, resolvers=(RESOLVER, OTHER))

    assert addresses[0] == "198.51.100.1"


async def test_the_second_resolver_is_asked_at_once_where_the_first_refuses(lab: Lab) -> None:
    lab.routes[RESOLVER] = "refuse"
    await lab.resolver(lambda query: [truth(query)], OTHER)

    addresses, facts, _ = await resolved(lab, resolvers=(RESOLVER, OTHER))

    assert addresses
    assert facts.dns[0].duration < 0.25


@pytest.mark.parametrize("route", ["refuse", "closed"])
async def test_no_resolver_at_all_is_a_refusal(lab: Lab, route: str) -> None:
    lab.routes[RESOLVER] = route if route == "refuse" else await a_closed_port(lab)

    step = await first_of(lab)

    assert step.failure == "connection_refused"
    assert step.duration < 0.5


async def a_closed_port(lab: Lab) -> str:
    await lab.resolver(lambda _: [])
    await lab.closing.pop()()
    await asyncio.sleep(0)
    return lab.routes.pop(f"{RESOLVER}:53/udp")


async def test_a_guess_with_a_wrong_id_is_not_listened_to(lab: Lab) -> None:
    def guessed(query: bytes) -> list[bytes]:
        return [another_id(query) + truth(query)[2:], truth(query)]

    await lab.resolver(guessed)

    addresses, facts, blobs = await resolved(lab)

    assert addresses[0] == "198.51.100.1"
    assert facts.dns[0].failure is None
    assert len(unframed(blobs[facts.dns[0].wire or ""])) == 3


@pytest.mark.parametrize(
    ("spoil", "failure"),
    [
        (lambda query: another_id(query) + truth(query)[2:], "dns_reply_with_wrong_query_id"),
        (lambda query: query[:2] + truth(b"\0\0" + query[2:].replace(b"ovdinfo", b"memoria"))[2:], "dns_server_misbehaving"),
        (lambda query: query[:2] + b"\x81", "dns_server_misbehaving"),
    ],
    ids=["wrong id", "another question", "a stump"],
)
async def test_what_is_no_answer_is_named_where_no_other_comes(lab: Lab, spoil: Any, failure: str) -> None:
    lab.budgets = QUICK
    await lab.resolver(lambda query: [spoil(query)])

    _, facts, blobs = await resolved(lab)

    assert [step.failure for step in facts.dns] == [failure] * 2
    assert len(unframed(blobs[facts.dns[0].wire or ""])) > 1


async def test_a_broken_answer_is_a_failure_with_its_bytes(lab: Lab) -> None:
    await lab.resolver(lambda query: [truth(query)[:-2]])

    _, facts, blobs = await resolved(lab)

    assert [step.failure for step in facts.dns] == ["dns_server_misbehaving"] * 2
    assert len(unframed(blobs[facts.dns[0].wire or ""])) == 2
    assert facts.dns[0].duration < 0.3


async def test_a_flood_of_guesses_is_kept_in_part_only(lab: Lab) -> None:
    lab.budgets = QUICK

    def flooding(query: bytes) -> list[bytes]:
        return [another_id(query) + truth(query)[2:]] * 100

    await lab.resolver(flooding)

    _, facts, blobs = await resolved(lab)

    assert len(unframed(blobs[facts.dns[0].wire or ""])) <= 17


async def over_tcp(lab: Lab, change: Change = lambda _: None, cut: int | None = None) -> None:
    async def serve(reader: Reader, writer: Writer) -> None:
        length = int.from_bytes(await reader.readexactly(2), "big")
        message = truth(await reader.readexactly(length), change)
        for byte in (len(message).to_bytes(2, "big") + message)[:cut]:
            writer.write(bytes((byte,)))
        await writer.drain()
        writer.write_eof()
        await reader.read()

    await lab.site(serve, port=53, address=RESOLVER)


async def test_an_answer_that_does_not_fit_is_fetched_over_tcp(lab: Lab) -> None:
    await lab.resolver(lambda query: [truth(query, truncated)])
    await over_tcp(lab)

    addresses, facts, blobs = await resolved(lab)

    assert addresses == ("198.51.100.1", "2001:db8::1")
    assert len(unframed(blobs[facts.dns[0].wire or ""])) == 3


@pytest.mark.parametrize(("cut", "failure"), [(7, "eof_error"), (0, "eof_error")])
async def test_tcp_that_breaks_off_is_named_by_how(lab: Lab, cut: int, failure: str) -> None:
    await lab.resolver(lambda query: [truth(query, truncated)])
    await over_tcp(lab, cut=cut)

    assert (await first_of(lab)).failure == failure


async def test_no_tcp_where_it_is_needed_is_named_by_how(lab: Lab) -> None:
    await lab.resolver(lambda query: [truth(query, truncated)])
    lab.routes[f"{RESOLVER}:53"] = "refuse"

    assert (await first_of(lab)).failure == "connection_refused"


async def test_tcp_that_hangs_ends_with_the_budget(lab: Lab) -> None:
    lab.budgets = QUICK
    await lab.resolver(lambda query: [truth(query, truncated)])
    lab.routes[f"{RESOLVER}:53"] = "drop"

    step = await first_of(lab)

    assert step.failure == "generic_timeout_error"
    assert step.duration < 2


async def test_an_address_needs_no_resolver(lab: Lab) -> None:
    addresses, facts, _ = await resolved(lab, SITE)

    assert (addresses, facts.dns) == ((SITE,), ())


async def test_an_internationalised_name_is_asked_in_its_ascii_form(lab: Lab) -> None:
    await lab.resolver(lambda query: [truth(query)])

    _, facts, _ = await resolved(lab, "Пример.РФ.")

    assert {step.name for step in facts.dns} == {"xn--e1afmkfd.xn--p1ai"}


@pytest.mark.parametrize("name", ["", "a..b", "x" * 64 + ".org", "a b.org", "☃" * 70])
async def test_what_is_no_name_is_a_failure_and_no_crash(lab: Lab, name: str) -> None:
    addresses, facts, _ = await resolved(lab, name)

    assert addresses == ()
    assert (facts.dns[0].failure or "").startswith("unknown_failure: ")


async def test_a_look_that_ran_out_of_time_says_so_of_its_questions(lab: Lab) -> None:
    await lab.resolver(lambda _: [])

    _, facts, _ = await resolved(lab, budgets=Budgets(dns=4, look=0.2))

    assert [step.failure for step in facts.dns] == ["generic_timeout_error"] * 2
    assert all(step.duration < 1 for step in facts.dns)


async def test_a_cancelled_question_is_interrupted_and_leaves_no_socket(lab: Lab) -> None:
    await lab.resolver(lambda _: [])
    network = lab.network()
    look = network.look()
    task = asyncio.create_task(look.resolve(NAME))
    await asyncio.sleep(0.05)

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert [step.failure for step in look.facts().dns] == ["interrupted"] * 2


async def test_hundreds_of_questions_at_once_all_find_their_answer(lab: Lab) -> None:
    await lab.resolver(lambda query: [truth(query)])
    network = lab.network(budgets=Budgets(dns=10))

    async def ask() -> tuple[str, ...]:
        look = network.look()
        return await look.resolve(NAME)

    answers = await asyncio.gather(*(ask() for _ in range(100)))

    assert set(answers) == {("198.51.100.1", "2001:db8::1")}
