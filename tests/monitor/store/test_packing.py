"""Facts as compact bytes."""

import zlib

from hypothesis import given
from hypothesis import strategies as st

from monitor.store.packing import Packer, compressed, readable
from probes.kit.observation import Facts
from tests.monitor.store.cast import rich_facts

facts: Packer[Facts] = Packer(Facts)


def test_facts_come_back_as_they_were() -> None:
    assert facts.unpack(facts.pack(rich_facts())) == rich_facts()


def test_short_facts_stay_readable_and_long_ones_are_compressed() -> None:
    assert facts.pack(Facts(details={"a": 1})).startswith(b"{")
    assert len(facts.pack(rich_facts())) < 1024


def test_half_a_surrogate_pair_from_a_hostile_server_costs_one_letter_only() -> None:
    packed = facts.pack(Facts(details={"title": "ОВД\ud800-Инфо"}))
    assert facts.unpack(packed).details == {"title": "ОВД?-Инфо"}


def test_half_a_surrogate_pair_leaves_times_and_numbers_beside_it_alone() -> None:
    facts_with_both = Facts(tls=rich_facts().tls, details={"title": "\udfff"})
    unpacked = facts.unpack(facts.pack(facts_with_both))
    assert unpacked.tls == facts_with_both.tls


@given(st.binary(max_size=20), st.sampled_from([0, 1, 100, 5000]))
def test_bytes_of_any_length_come_back(data: bytes, times: int) -> None:
    assert zlib.decompress(compressed(data * times)) == data * times


@given(st.text(st.characters(codec=None)))
def test_whatever_a_server_sends_as_text_can_be_kept(text: str) -> None:
    assert facts.unpack(facts.pack(Facts(details={"title": text}))).details["title"] == text.encode("utf-8", "replace").decode()
    assert "\0" not in readable(text)
    readable(text).encode()
