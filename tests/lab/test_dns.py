import asyncio
import ssl

import dns.asyncquery
import dns.edns
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.lab.certificates import trust
from tests.lab.dns import Answer, Refusal, Resolver, replies

ZONE = {"ovdinfo.org": ("93.184.216.34", "2606:2800:220:1::1"), "memorial.org": ("93.184.216.35",)}


def view(question):
    return (Answer(said=ZONE.get(question.name, Refusal.NXDOMAIN)),)


def ask(name, qtype, seen=view, **query):
    told = replies(dns.message.make_query(name, qtype, **query).to_wire(), seen, "127.0.1.1", over_udp=True)
    return dns.message.from_wire(told[0][1]) if told else None


def answering(said, **how):
    return lambda _: (Answer(said=said, **how),)


def addresses(message):
    return [record.to_text() for rrset in message.answer for record in rrset if rrset.rdtype != dns.rdatatype.CNAME]


def test_a_name_has_the_addresses_of_the_family_that_was_asked_for():
    assert addresses(ask("ovdinfo.org", "A")) == ["93.184.216.34"]
    assert addresses(ask("OVDinfo.org", "AAAA")) == ["2606:2800:220:1::1"]


def test_a_name_without_an_address_of_that_family_has_no_answer_yet_exists():
    answer = ask("memorial.org", "AAAA")
    assert (answer.rcode(), answer.answer) == (dns.rcode.NOERROR, [])


@pytest.mark.parametrize(
    ("refusal", "rcode"),
    [
        (Refusal.NXDOMAIN, dns.rcode.NXDOMAIN),
        (Refusal.NO_ANSWER, dns.rcode.NOERROR),
        (Refusal.SERVFAIL, dns.rcode.SERVFAIL),
        (Refusal.REFUSED, dns.rcode.REFUSED),
    ],
)
def test_each_refusal_has_its_code_and_no_answer(refusal, rcode):
    answer = ask("ovdinfo.org", "A", answering(refusal))
    assert (answer.rcode(), answer.answer) == (rcode, [])


def test_a_dropped_query_is_met_with_silence():
    assert ask("ovdinfo.org", "A", answering(Refusal.DROP)) is None


def test_a_response_is_not_answered():
    response = dns.message.make_response(dns.message.make_query("ovdinfo.org", "A"))
    assert replies(response.to_wire(), view, "127.0.1.1", over_udp=True) == []


@given(st.binary(max_size=600))
def test_no_bytes_crash_a_resolver(wire):
    told = replies(wire, view, "127.0.1.1", over_udp=False)
    assert all(dns.message.from_wire(answer).flags & dns.flags.QR for _, answer in told)


@pytest.mark.parametrize("refusal", [Refusal.NXDOMAIN, Refusal.NO_ANSWER])
def test_a_denial_names_the_authority_of_its_zone_unless_it_is_forged(refusal):
    assert [rrset.rdtype for rrset in ask("a.ovdinfo.org", "A", answering(refusal)).authority] == [dns.rdatatype.SOA]
    assert ask("a.ovdinfo.org", "A", answering(refusal, authority=False)).authority == []


def test_an_answer_may_claim_authority_and_explain_itself():
    answer = ask("ovdinfo.org", "A", answering(Refusal.SERVFAIL, authoritative=True, extended_errors=(15, 16)), use_edns=0)
    assert answer.flags & dns.flags.AA
    assert [option.code for option in answer.options] == [15, 16]


def test_nobody_is_sent_extended_errors_who_does_not_speak_edns():
    assert ask("ovdinfo.org", "A", answering(Refusal.SERVFAIL, extended_errors=(15,)), use_edns=False).options == ()


def test_addresses_stand_at_the_end_of_a_row_of_aliases():
    answer = ask("ovdinfo.org", "A", answering(("93.184.216.34",), cnames=("a.cdn.net", "b.cdn.net")))
    assert [rrset.name.to_text() for rrset in answer.answer] == ["ovdinfo.org.", "a.cdn.net.", "b.cdn.net."]
    assert addresses(answer) == ["93.184.216.34"]


def test_the_view_is_told_who_asks_and_how():
    asked = []

    def listen(question):
        asked.append(question)
        return ()

    query = dns.message.make_query("OVDinfo.org", "AAAA")
    query.flags |= dns.flags.CD
    assert replies(query.to_wire(), listen, "127.0.1.1", over_udp=True) == []
    [question] = asked
    told = (question.name, question.qtype, question.source, question.over_udp, question.checking_disabled)
    assert told == ("ovdinfo.org", "AAAA", "127.0.1.1", True, True)


@pytest.fixture
async def resolver():
    """Answers everybody truly, and after a moment over UDP something else."""

    def late(question):
        return (*view(question), Answer(said=Refusal.NXDOMAIN, after=0.02))

    opened = await Resolver.open("127.10.0.1", late, ("dns.example",))
    yield opened
    await opened.close()


def place(endpoint):
    address, _, port = endpoint.rpartition(":")
    return address, int(port)


async def test_a_resolver_answers_over_udp_and_over_tcp(resolver):
    query = dns.message.make_query("ovdinfo.org", "A")
    for ask_over, endpoint in ((dns.asyncquery.udp, resolver.udp), (dns.asyncquery.tcp, resolver.tcp)):
        address, port = place(endpoint)
        answer = await ask_over(query, address, port=port, timeout=5)
        assert addresses(answer) == ["93.184.216.34"]


async def test_a_second_answer_may_come_late(resolver):
    heard: asyncio.Queue[int] = asyncio.Queue()

    class Ear(asyncio.DatagramProtocol):
        def datagram_received(self, data, addr):
            heard.put_nowait(dns.message.from_wire(data).rcode())

    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(Ear, remote_addr=place(resolver.udp))
    transport.sendto(dns.message.make_query("ovdinfo.org", "A").to_wire())
    answers = [await asyncio.wait_for(heard.get(), 5) for _ in range(2)]
    transport.close()
    assert answers == [dns.rcode.NOERROR, dns.rcode.NXDOMAIN]


async def test_a_public_resolver_answers_over_tls_and_over_https_under_its_name(resolver):
    wire = dns.message.make_query("ovdinfo.org", "A").to_wire()
    head = b"POST /dns-query HTTP/1.1\r\nHost: dns.example\r\nContent-Type: application/dns-message\r\nContent-Length: %d\r\n\r\n"
    dot = await exchange(resolver.dot, len(wire).to_bytes(2, "big") + wire)
    doh = await exchange(resolver.doh, head % len(wire) + wire)
    assert addresses(dns.message.from_wire(dot[2:])) == ["93.184.216.34"]
    assert addresses(dns.message.from_wire(doh.partition(b"\r\n\r\n")[2])) == ["93.184.216.34"]


async def exchange(endpoint, data):
    context = ssl.create_default_context(cadata=trust().decode())
    reader, writer = await asyncio.open_connection(*place(endpoint), ssl=context, server_hostname="dns.example")
    writer.write(data)
    said = await asyncio.wait_for(reader.read(4096), 5)
    writer.transport.abort()
    return said
