"""What travels over the bus survives the journey, and what does not fit is refused in words."""

import asyncio
import struct
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.bus import Heartbeat, LaneStatus, Report, VantageReport
from monitor.bus.frames import TAIL_CAP, Ack, LostFraming, MalformedFrame, Message, Unsendable, Wish, decode, encode, listen
from monitor.core.plan import Plan
from probes.kit.observation import Blob, Control, DnsLookup, Facts, TlsHandshake
from probes.kit.vocabulary import Validity, VantageHealth
from tests.monitor.bus.making import NOON, plan, report

BEAT = Heartbeat(
    at=NOON,
    lanes={"fast": LaneStatus(queued=1, in_flight=2, lag_seconds=0.5)},
    vantages=(VantageReport(vantage="berlin", health=VantageHealth.ISOLATED, since=NOON, detail="0 of 2"),),
    loop_busy=0.25,
    clock_step=-3600.0,
    problems=("the disk is full",),
)


@pytest.mark.parametrize(
    "message", [report(page=b"<html>"), BEAT, plan("a", "b"), Wish("a"), Ack(("1", "2"))], ids=lambda one: type(one).__name__
)
def test_every_message_arrives_as_it_was_sent(message: Message) -> None:
    assert decode(encode(message)) == message


def test_a_look_keeps_its_stages_control_and_times() -> None:
    seen = report()
    control = Control(
        vantage="vienna",
        country="AT",
        started_at=NOON + timedelta(microseconds=1),
        facts=Facts(
            dns=(DnsLookup(started=0.0, duration=0.1, resolver="192.0.2.1", transport="system", name="ovd.example", qtype="A"),),
            tls=(TlsHandshake(started=0.1, duration=0.1, address="192.0.2.7", port=443, server_name="x", not_after=NOON),),
        ),
        validity=Validity.INVALID,
    )
    sent = Report(replace(seen.observation, control=(control,), timing_suspect=True))
    assert decode(encode(sent)) == sent


def test_a_plan_keeps_its_durations() -> None:
    arrived = decode(encode(plan("a")))
    assert isinstance(arrived, Plan)
    assert arrived.canaries.every == 60
    assert arrived.vantages[0].every == 600


def test_the_same_bytes_travel_once() -> None:
    page = Blob.of(b"the same page")
    arrived = decode(encode(Report(report().observation, (page, page))))
    assert isinstance(arrived, Report)
    assert arrived.blobs == (page,)


def test_bytes_beyond_the_cap_stay_behind_and_the_look_travels() -> None:
    small, large = Blob.of(b"small"), Blob("large", bytes(TAIL_CAP))
    arrived = decode(encode(Report(report().observation, (large, small, large))))
    assert isinstance(arrived, Report)
    assert [blob.name for blob in arrived.blobs] == ["large"]


def test_text_that_is_no_text_is_refused() -> None:
    half_a_pair = "\ud800"
    with pytest.raises(Unsendable, match="cannot be written as JSON"):
        encode(Report(replace(report().observation, vantage=half_a_pair)))


def test_facts_beyond_all_bounds_are_refused() -> None:
    with pytest.raises(Unsendable, match="are allowed"):
        encode(report(padding=5 * 1024 * 1024))


@given(st.binary(max_size=200))
def test_no_bytes_make_the_reader_crash(noise: bytes) -> None:
    with pytest.raises(MalformedFrame):
        decode(noise)


@given(cut=st.integers(min_value=0), page=st.binary(max_size=50))
def test_a_frame_that_was_cut_short_is_told_from_a_whole_one(cut: int, page: bytes) -> None:
    frame = encode(report(page=page))
    with pytest.raises(LostFraming):
        decode(frame[: cut % len(frame)])


@given(st.integers(min_value=9), st.integers(min_value=1, max_value=255))
def test_a_flipped_byte_is_an_error_in_words_or_another_look(position: int, flip: int) -> None:
    frame = bytearray(encode(report(page=b"page")))
    frame[position % len(frame)] ^= flip
    assert isinstance(read(bytes(frame)), Report | MalformedFrame)


def read(frame: bytes) -> Message | MalformedFrame:
    try:
        return decode(frame)
    except MalformedFrame as problem:
        return problem


def test_an_error_names_the_field_and_not_the_content() -> None:
    frame = encode(Wish("a"))
    body = b'{"check": 7}'
    with pytest.raises(MalformedFrame, match="a look does not fit at check"):
        decode(struct.pack(">BII", frame[0], len(body), 0) + body)


async def heard(content: bytes) -> list[object]:
    stream = asyncio.StreamReader()
    stream.feed_data(content)
    stream.feed_eof()
    messages: list[object] = []

    async def hear(message: Message, size: int) -> None:
        messages.append(message)

    try:
        await listen(stream, "the prober", hear)
    except EOFError:
        messages.append("end")
    except LostFraming:
        messages.append("lost")
    return messages


async def test_a_malformed_message_is_passed_over_and_the_next_is_heard() -> None:
    malformed = struct.pack(">BII", 4, 2, 0) + b"{}"
    assert await heard(encode(Wish("a")) + malformed + encode(Wish("b"))) == [Wish("a"), Wish("b"), "end"]


async def test_a_length_beyond_the_cap_ends_the_conversation_before_it_is_read() -> None:
    assert await heard(encode(Wish("a")) + struct.pack(">BII", 1, 2**32 - 1, 0)) == [Wish("a"), "lost"]


async def test_an_unknown_kind_ends_the_conversation() -> None:
    assert await heard(struct.pack(">BII", 77, 2, 0) + b"{}") == ["lost"]


async def test_a_message_that_is_cut_off_is_the_end() -> None:
    assert await heard(encode(Wish("a"))[:-1]) == ["end"]
