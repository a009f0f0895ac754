"""An own address survives in no spelling: in text, in a DNS message, or in a certificate."""

from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address

import dns.edns
import dns.message
import dns.rdatatype
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.kit.redact import Scrubber
from probes.kit.spelling import spellings

SURROUNDINGS = st.sampled_from([" ", "", "(", "[", "ip=", "<b>", '"', "/", "\n", "я"])


def with_separators(address: IPv4Address) -> st.SearchStrategy[str]:
    numbers = str(address).split(".")
    separators = st.sampled_from([".", "-", "_", "%2E", "%2e", "&#46;", "&#x2E;", "[.]"])
    return st.tuples(separators, st.sampled_from([numbers, numbers[::-1]])).map(lambda drawn: drawn[0].join(drawn[1]))


def mapped(address: IPv4Address) -> st.SearchStrategy[str]:
    image = IPv6Address(f"::ffff:{address}")
    forms = (f"::ffff:{address}", f"::FFFF:{address}", image.exploded, f"::ffff:{int(address) >> 16:x}:{int(address) & 0xFFFF:X}")
    return st.sampled_from(forms)


def of_six(address: IPv6Address) -> st.SearchStrategy[str]:
    groups = [f"{int(group, 16):x}" for group in address.exploded.split(":")]
    uncompressed = ":".join(groups)
    dotted = ":".join(groups[:6]) + ":" + str(IPv4Address(address.packed[12:]))
    plain = st.sampled_from([address.compressed, address.exploded, uncompressed])
    changes: st.SearchStrategy[Callable[[str], str]] = st.sampled_from(
        [
            str,
            str.upper,
            lambda text: text.replace(":", "-"),
            lambda text: text.replace(":", "%3A"),
            lambda text: text.replace(":", "%3a"),
            lambda text: text.replace(":", "&#58;"),
        ]
    )
    return st.one_of(st.tuples(plain, changes).map(lambda drawn: drawn[1](drawn[0])), st.just(dotted))


GLOBAL_SIX = st.integers(0x2 << 124, (0x4 << 124) - 1).map(IPv6Address)
NUMBERS = st.integers(0, 2**32 - 1).map(IPv4Address).filter(lambda address: not address.is_loopback)
SPELLED_FOUR = NUMBERS.flatmap(
    lambda address: st.tuples(st.just(str(address)), st.one_of(with_separators(address), mapped(address)))
)
SPELLED_SIX = GLOBAL_SIX.flatmap(lambda address: st.tuples(st.just(str(address)), of_six(address)))


@given(st.one_of(SPELLED_FOUR, SPELLED_SIX), SURROUNDINGS, SURROUNDINGS)
def test_no_spelling_of_an_own_address_survives_in_a_text(spelled: tuple[str, str], before: str, after: str) -> None:
    address, text = spelled

    scrubbed = Scrubber([address]).scrub_text(before + text + after)

    assert text not in scrubbed
    assert "[scrubbed]" in scrubbed


@given(st.one_of(NUMBERS, GLOBAL_SIX), st.integers(0, 3))
def test_no_form_of_an_own_address_survives_in_a_dns_message(address: IPv4Address | IPv6Address, place: int) -> None:
    reply = dns.message.make_response(dns.message.make_query("www.example.org.", "A"))
    kind = "A" if address.version == 4 else "AAAA"
    dashed = str(address).replace(".", "-").replace(":", "-")
    reply.answer = [
        dns.rrset.from_text("www.example.org.", 60, "IN", "CNAME", f"x{dashed}x.pool.example."),
        dns.rrset.from_text("www.example.org.", 60, "IN", kind, str(address)),
        dns.rrset.from_text("www.example.org.", 60, "IN", "CNAME", f"{address.reverse_pointer}."),
        dns.rrset.from_text("www.example.org.", 60, "IN", "TXT", f'"you are {address}"'),
    ][place : place + 1]
    wire = reply.to_wire()

    scrubbed = Scrubber([str(address)]).messages(wire)

    assert len(scrubbed) == len(wire)
    for text in (str(address), f"x{dashed}x", address.reverse_pointer):
        assert text not in dns.message.from_wire(scrubbed).to_text()


@pytest.mark.parametrize(("address", "length"), [("93.184.216.34", 32), ("93.184.216.34", 24), ("2a02:6b8::2:242", 56)])
def test_a_client_subnet_does_not_tell_from_where_we_ask(address: str, length: int) -> None:
    reply = dns.message.make_query("www.example.org.", "A")
    reply.use_edns(options=[dns.edns.ECSOption(address, length)])
    wire = reply.to_wire()

    scrubbed = dns.message.from_wire(Scrubber([address]).messages(wire))

    (subnet,) = scrubbed.options
    assert isinstance(subnet, dns.edns.ECSOption)
    assert subnet.address in {"0.0.0.0", "::"}


def test_messages_of_others_are_left_alone() -> None:
    reply = dns.message.make_response(dns.message.make_query("www.example.org.", "A"))
    reply.answer.append(dns.rrset.from_text("www.example.org.", 60, "IN", "A", "93.184.216.35"))

    assert Scrubber(["93.184.216.34", "2a02:6b8::2:242"]).messages(reply.to_wire()) == reply.to_wire()


@pytest.mark.parametrize(
    "other", ["2a02:6b8::2:2421", "2a02:6b8::2:243", "12a02:6b8::2:242", "2a02:6b8:::", "2a02", "2a02-06-01", "2a02:6b8::2%eth0"]
)
def test_what_only_begins_like_an_own_address_is_left_alone(other: str) -> None:
    assert Scrubber(["2a02:6b8::2:242"]).scrub_text(other) == other


def test_what_stands_behind_an_address_stays() -> None:
    scrubber = Scrubber(["2a02:6b8::2:242"])

    assert scrubber.scrub_text("2a02:6b8::2:242: hello") == "[scrubbed]: hello"
    assert scrubber.scrub_text("2a02-6b8--2-242-static.isp.example") == "[scrubbed]-static.isp.example"


@given(st.binary(max_size=400))
def test_no_bytes_are_too_odd(junk: bytes) -> None:
    scrubber = Scrubber(["93.184.216.34", "2a02:6b8::2:242"])

    assert len(scrubber.messages(junk)) == len(junk)
    assert isinstance(scrubber.scrub(junk), bytes)


@pytest.mark.parametrize("text", ["", "localhost", "127.0.0.1", "::1", "127.5.5.5"])
def test_what_gives_nobody_away_has_no_spellings(text: str) -> None:
    assert spellings(text) is None
