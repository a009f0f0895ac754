"""The small reader of DNS messages agrees with dnspython on whatever it accepts, and hands it the rest."""

import struct
from typing import Any

import dns.edns
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from probes.kit import dnswire
from probes.kit.dnswire import BadMessage, BadName, Extra, Question, Reply, answers_to, query_id, question, read

ASKED = question("www.ovdinfo.org", "A")
SOA = ("ovdinfo.org.", 60, "IN", "SOA", "ns.ovdinfo.org. root.ovdinfo.org. 1 2 3 4 5")


def reply(asked: Question, *records: Any, rcode: str = "NOERROR", flags: int = 0) -> dns.message.Message:
    made = dns.message.make_response(dns.message.from_wire(asked.message(7)))
    made.set_rcode(dns.rcode.from_text(rcode))
    made.flags |= flags
    for record in records:
        rrset = dns.rrset.from_text(*record)
        (made.authority if rrset.rdtype in {dns.rdatatype.SOA, dns.rdatatype.NS} else made.answer).append(rrset)
    return made


def slowly(message: bytes, asked: Question) -> Reply:
    """What dnspython says."""
    return dnswire._read_odd(message, asked)


def fast(message: bytes, asked: Question = ASKED) -> Reply:
    """What the fast path says; it must not pass the message on."""
    return dnswire._read_plain(message, asked)


def test_a_query_is_that_of_a_stub_resolver() -> None:
    parsed = dns.message.from_wire(ASKED.message(0xBEEF))

    assert (parsed.id, parsed.flags, len(parsed.question)) == (0xBEEF, dns.flags.RD, 1)
    assert parsed.question[0].to_text() == "www.ovdinfo.org. IN A"
    assert query_id(ASKED.message(0xBEEF)) == 0xBEEF


@pytest.mark.parametrize(
    ("name", "ascii_form"),
    [("OVDinfo.org.", "ovdinfo.org"), ("пример.рф", "xn--e1afmkfd.xn--p1ai"), ("_dmarc.a-b.example", "_dmarc.a-b.example")],
)
def test_names_are_asked_in_their_ascii_form(name: str, ascii_form: str) -> None:
    assert question(name, "A").name == ascii_form


@pytest.mark.parametrize(
    "name", ["", ".", "a..b", "a b", "x" * 64, ".".join(["x" * 60] * 5), "☃" * 70, "a\0b", "a/b", "\ud800.org"]
)
def test_what_is_no_name_is_not_asked(name: str) -> None:
    with pytest.raises(BadName):
        question(name, "A")


@given(st.text(max_size=300))
def test_any_text_becomes_a_question_or_a_bad_name(name: str) -> None:
    try:
        asked = question(name, "AAAA")
    except BadName:
        return
    assert dns.message.from_wire(asked.message(1)).question[0].name == dns.name.from_text(asked.name)


def test_addresses_and_aliases_are_read_fast() -> None:
    message = reply(
        ASKED,
        ("www.ovdinfo.org.", 60, "IN", "CNAME", "edge.example."),
        ("edge.example.", 60, "IN", "CNAME", "pop.example."),
        ("pop.example.", 60, "IN", "A", "198.51.100.7"),
        flags=dns.flags.AA | dns.flags.RA,
    ).to_wire()

    assert fast(message) == Reply("NOERROR", True, False, ("198.51.100.7",), ("edge.example", "pop.example"), has_authority=False)


@pytest.mark.parametrize("rcode", ["NOERROR", "NXDOMAIN", "SERVFAIL", "REFUSED"])
def test_the_usual_ways_to_have_nothing_are_read_fast(rcode: str) -> None:
    message = reply(ASKED, SOA, ("ovdinfo.org.", 60, "IN", "NS", "ns.ovdinfo.org."), rcode=rcode).to_wire()

    assert fast(message) == Reply(rcode)


def test_an_address_of_somebody_else_is_no_answer() -> None:
    message = reply(ASKED, ("evil.example.", 60, "IN", "A", "198.51.100.7")).to_wire()

    assert read(message, ASKED) == Reply("NOERROR", has_authority=False)


def test_aliases_that_go_in_a_circle_come_to_an_end() -> None:
    message = reply(
        ASKED,
        ("www.ovdinfo.org.", 60, "IN", "CNAME", "a.example."),
        ("a.example.", 60, "IN", "CNAME", "www.ovdinfo.org."),
    ).to_wire()

    assert read(message, ASKED).answers == ()


@pytest.mark.parametrize(
    "message",
    [
        reply(ASKED, ("www.ovdinfo.org.", 60, "IN", "TXT", '"odd"'), ("www.ovdinfo.org.", 60, "IN", "A", "198.51.100.7")),
        reply(ASKED, ("www.ovdinfo.org.", 60, "IN", "A", "198.51.100.7"), rcode="YXDOMAIN"),
    ],
    ids=["another type", "another code"],
)
def test_what_is_odd_goes_to_dnspython(message: dns.message.Message) -> None:
    assert read(message.to_wire(), ASKED) == slowly(message.to_wire(), ASKED)
    assert read(message.to_wire(), ASKED).answers == ("198.51.100.7",)


def test_of_a_truncated_answer_the_head_is_read() -> None:
    message = reply(ASKED, ("www.ovdinfo.org.", 60, "IN", "A", "198.51.100.7"), flags=dns.flags.TC).to_wire()

    assert read(message[:-3], ASKED) == Reply("NOERROR", truncated=True)


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\0\x07",
        ASKED.message(7),
        reply(question("other.example", "A")).to_wire(),
        reply(question("www.ovdinfo.org", "AAAA")).to_wire(),
    ],
    ids=["nothing", "a stump", "a query", "another name", "another type"],
)
def test_what_does_not_answer_the_question_is_no_reply(message: bytes) -> None:
    assert not answers_to(message, ASKED)
    with pytest.raises(BadMessage):
        read(message, ASKED)


def test_letter_case_in_the_echo_is_free() -> None:
    message = reply(ASKED).to_wire().replace(b"ovdinfo", b"OvDiNfO")

    assert read(message, ASKED) == Reply("NOERROR", has_authority=False)


def many(count: int, kind: str = "A") -> bytes:
    """An answer with so many records."""
    records = [
        b"\xc0\x0c" + struct.pack("!HHIHI", 1 if kind == "A" else 16, 1, 60, 4, 0x01000000 + turn) for turn in range(count)
    ]
    return struct.pack("!6H", 7, 0x8180, 1, count, 0, 0) + ASKED.wire + b"".join(records)


def test_of_thousands_of_addresses_some_are_kept_and_the_others_counted() -> None:
    answer = read(many(4000), ASKED)

    assert (answer.answers[:2], len(answer.answers), answer.dropped) == (("1.0.0.0", "1.0.0.1"), 64, 3936)


def test_dnspython_counts_alike() -> None:
    assert slowly(many(100), ASKED) == fast(many(100))


def test_thousands_of_odd_records_are_not_gone_through() -> None:
    with pytest.raises(BadMessage, match="more than 512 records"):
        read(many(4000, "TXT"), ASKED)


def test_a_row_of_aliases_ends() -> None:
    aliases = [
        ("www.ovdinfo.org." if not turn else f"a{turn}.example.", 60, "IN", "CNAME", f"a{turn + 1}.example.")
        for turn in range(200)
    ]

    assert len(read(reply(ASKED, *aliases).to_wire(), ASKED).cnames) == 64


@pytest.mark.parametrize(
    ("extra", "edns", "checking_disabled"),
    [
        (Extra.NONE, -1, False),
        (Extra.EXTENDED, 0, False),
        (Extra.EXTENDED | Extra.UNCHECKED, 0, True),
        (Extra.UNCHECKED, -1, True),
    ],
)
def test_a_question_says_more_where_it_is_told_to(extra: Extra, edns: int, checking_disabled: bool) -> None:
    parsed = dns.message.from_wire(ASKED.message(7, extra))

    assert (parsed.edns, bool(parsed.flags & dns.flags.CD)) == (edns, checking_disabled)
    assert parsed.ednsflags & dns.flags.DO == 0
    assert parsed.payload == (1232 if edns == 0 else 0)


def test_reasons_are_read_and_those_without_end_cut() -> None:
    message = reply(ASKED, rcode="NXDOMAIN")
    message.use_edns(options=[dns.edns.GenericOption("EDE", struct.pack("!H", code)) for code in (16, 16, 60_000, *range(20))])

    assert read(message.to_wire(), ASKED).extended_errors == (16, 60_000, 0, 1, 2, 3, 4, 5)


def pointer_chain(length: int) -> bytes:
    """An answer whose owner is a pointer to a pointer to a pointer: deep enough to exhaust a naive reader."""
    head = b"\0\x07\x81\x80\0\1\0\x02\0\0\0\0" + ASKED.wire
    start = len(head) + 12
    pointers = b"\xc0\x0c" + b"".join((0xC000 | start + 2 * index).to_bytes(2, "big") for index in range(length))
    txt = b"\xc0\x0c\0\x10\0\1\0\0\0\0" + len(pointers).to_bytes(2, "big") + pointers
    last = (0xC000 | start + 2 * length).to_bytes(2, "big")
    return head + txt + last + b"\0\1\0\1\0\0\0\0\0\4\1\2\3\4"


@pytest.mark.parametrize("length", [1, 100, 5000])
def test_pointers_to_pointers_end(length: int) -> None:
    try:
        answer = read(pointer_chain(length), ASKED)
    except BadMessage:
        return
    assert answer.rcode == "NOERROR"


@given(st.binary(max_size=600))
@example(b"\0\x07\x81\x80\0\1\0\1\0\0\0\0" + ASKED.wire + b"\xc0\xff")
def test_no_bytes_raise_anything_but_a_bad_message(tail: bytes) -> None:
    for message in (tail, b"\0\x07\x81\x80" + tail, b"\0\x07\x81\x80\0\1\0\1\0\0\0\0" + ASKED.wire + tail):
        try:
            read(message, ASKED)
        except BadMessage:
            continue


names = st.sampled_from(["www.ovdinfo.org.", "edge.example.", "OVDINFO.ORG.", "pop.edge.example.", "xn--e1afmkfd.xn--p1ai."])
records = st.one_of(
    st.tuples(names, st.just("A"), st.ip_addresses(v=4).map(str)),
    st.tuples(names, st.just("AAAA"), st.ip_addresses(v=6).map(str)),
    st.tuples(names, st.just("CNAME"), names),
    st.tuples(names, st.just("SOA"), st.just("ns.ovdinfo.org. root.ovdinfo.org. 1 2 3 4 5")),
    st.tuples(names, st.just("NS"), names),
    st.tuples(names, st.just("TXT"), st.just('"odd"')),
)


@given(
    qtype=st.sampled_from(["A", "AAAA"]),
    chosen=st.lists(records, max_size=6),
    rcode=st.sampled_from(["NOERROR", "NXDOMAIN", "SERVFAIL", "YXRRSET"]),
    damage=st.lists(st.tuples(st.integers(12, 300), st.integers(0, 255)), max_size=3),
    cut=st.integers(0, 40),
)
def test_whatever_the_fast_path_accepts_dnspython_reads_the_same(
    qtype: str, chosen: list[tuple[str, str, str]], rcode: str, damage: list[tuple[int, int]], cut: int
) -> None:
    asked = question("www.ovdinfo.org", qtype)
    made = reply(asked, *((name, 60, "IN", kind, value) for name, kind, value in chosen), rcode=rcode)
    message = bytearray(made.to_wire())
    for place, value in damage:
        if place < len(message):
            message[place] = value
    damaged = bytes(message[: len(message) - cut])
    if not answers_to(damaged, asked):
        return
    try:
        quick = fast(damaged, asked)
    except (dnswire._Odd, IndexError, struct.error):
        return
    assert quick == slowly(damaged, asked)
