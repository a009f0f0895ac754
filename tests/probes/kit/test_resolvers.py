"""Which resolvers are asked: the configured ones, else the machine's, whose file may change."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.kit.resolvers import Resolvers, nameservers, place


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("9.9.9.9", ("9.9.9.9", 53)),
        ("9.9.9.9:5353", ("9.9.9.9", 5353)),
        ("2620:fe::fe", ("2620:fe::fe", 53)),
        ("[2620:fe::fe]:5353", ("2620:fe::fe", 5353)),
    ],
)
def test_a_resolver_is_an_address_and_perhaps_a_port(text: str, read: tuple[str, int]) -> None:
    assert place(text) == read


@pytest.mark.parametrize("text", ["", "dns.example", "9.9.9.9:", "9.9.9.9:0", "9.9.9.9:65536", "9.9.9.9:x", ":53"])
def test_anything_else_is_an_error_that_says_what_to_write(text: str) -> None:
    with pytest.raises(ValueError, match=r"use 'ip', 'ip:port'"):
        Resolvers([text])


def test_the_machines_resolvers_are_read_as_its_own_library_reads_them() -> None:
    text = "# comment\nsearch example.org\nnameserver 192.0.2.1\nnameserver  fe80::1%eth0 \nnameserver nonsense\nnameserver\n"

    assert nameservers(text) == (("192.0.2.1", 53), ("fe80::1%eth0", 53))
    assert nameservers("nameserver 192.0.2.1\n" * 9) == (("192.0.2.1", 53),) * 3
    assert nameservers("") == (("127.0.0.1", 53),)


@given(st.text())
def test_no_file_is_too_odd(text: str) -> None:
    assert nameservers(text)


def test_a_change_of_network_is_noticed(tmp_path: Path) -> None:
    file = tmp_path / "resolv.conf"
    file.write_text("nameserver 192.0.2.1")
    resolvers = Resolvers([], file)
    assert resolvers.places() == (("192.0.2.1", 53),)

    file.write_text("nameserver 192.0.2.2")
    os.utime(file, ns=(1, 1))

    assert resolvers.places() == (("192.0.2.2", 53),)


def test_a_machine_without_the_file_asks_itself(tmp_path: Path) -> None:
    assert Resolvers([], tmp_path / "absent").places() == (("127.0.0.1", 53),)


def test_configured_resolvers_outweigh_the_machines(tmp_path: Path) -> None:
    assert Resolvers(["9.9.9.9"], tmp_path / "absent").places() == (("9.9.9.9", 53),)
