import dns.asyncquery
import dns.flags
import dns.message
import dns.rcode
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.lab.dns import Refusal, Resolver, reply

ZONE = {"ovdinfo.org": ("93.184.216.34", "2606:2800:220:1::1"), "memorial.org": ("93.184.216.35",)}


def view(name):
    return ZONE.get(name, Refusal.NXDOMAIN)


def ask(name, qtype, seen=view):
    answer = reply(dns.message.make_query(name, qtype).to_wire(), seen)
    return None if answer is None else dns.message.from_wire(answer)


def addresses(message):
    return [record.to_text() for rrset in message.answer for record in rrset]


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
    answer = ask("ovdinfo.org", "A", lambda _: refusal)
    assert (answer.rcode(), answer.answer) == (rcode, [])


def test_a_dropped_query_is_met_with_silence():
    assert ask("ovdinfo.org", "A", lambda _: Refusal.DROP) is None


def test_a_response_is_not_answered():
    response = dns.message.make_response(dns.message.make_query("ovdinfo.org", "A"))
    assert reply(response.to_wire(), view) is None


@given(st.binary(max_size=600))
def test_no_bytes_crash_a_resolver(wire):
    answer = reply(wire, view)
    assert answer is None or dns.message.from_wire(answer).flags & dns.flags.QR


async def test_a_resolver_answers_over_udp_and_over_tcp():
    resolver = await Resolver.open("127.10.0.1", view)
    try:
        query = dns.message.make_query("ovdinfo.org", "A")
        for ask_over, endpoint in ((dns.asyncquery.udp, resolver.udp), (dns.asyncquery.tcp, resolver.tcp)):
            address, _, port = endpoint.rpartition(":")
            answer = await ask_over(query, address, port=int(port), timeout=5)
            assert addresses(answer) == ["93.184.216.34"]
    finally:
        await resolver.close()
