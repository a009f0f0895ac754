"""Who counts as one host."""

import pytest

from monitor.engine.politeness import ADDRESSES, Politeness, address_keys, domain_key, unpacked
from probes.kit.observation import Facts, TcpConnect


def facts(*addresses: str) -> Facts:
    return Facts(tcp=tuple(TcpConnect(started=0, duration=0, address=address, port=443) for address in addresses))


@pytest.mark.parametrize(
    ("params", "domain"),
    [
        ('{"url": "https://donate.ovd.info/ru?x=1"}', "ovd.info"),
        ('{"url": "https://OVD.info:8443/"}', "ovd.info"),
        ('{"url": "http://mail.memorial.org.uk./"}', "memorial.org.uk"),
        ('{"url": "https://ovd.github.io/"}', "ovd.github.io"),
        ('{"url": "https://198.51.100.7/"}', "198.51.100.7"),
        ('{"url": "https://[2001:db8::1]/"}', "2001:db8::1"),
        ('{"url": "https://xn--b1aew.xn--p1ai/"}', "xn--b1aew.xn--p1ai"),
        ('{"url": "http://localhost/"}', "localhost"),
    ],
)
def test_names_under_one_registrable_domain_are_one_host(params: str, domain: str) -> None:
    assert domain_key(params.encode()) == (domain,)


@pytest.mark.parametrize("params", ["{}", '{"name": "ovd.info"}', '{"url": "https://[::1/"}', '{"url": 7}'])
def test_parameters_without_a_host_trouble_nobody(params: str) -> None:
    assert domain_key(params.encode()) == ()


def test_an_address_keeps_its_short_form() -> None:
    first, second = unpacked(address_keys(facts("198.51.100.7", "2001:db8::1", "198.51.100.7")))
    assert unpacked(address_keys(facts("198.51.100.7"))) == (first,)
    assert first != second


def test_only_the_first_addresses_of_a_look_are_remembered() -> None:
    many = facts(*(f"198.51.100.{number}" for number in range(50)))
    assert len(unpacked(address_keys(many))) == ADDRESSES
    assert len(address_keys(many)) <= 16


def test_two_names_at_one_address_wait_for_each_other() -> None:
    politeness: Politeness[str] = Politeness(per_host=1, gap=0)
    assert politeness.enter("a", ("ovd.info", b"1234"), 0)
    assert not politeness.enter("b", ("memo.ru", b"1234"), 0)
    politeness.leave(("ovd.info", b"1234"))
    assert politeness.called((b"1234",), 0) == ["b"]
    assert politeness.enter("b", ("memo.ru", b"1234"), 0)


def test_who_waits_for_one_host_holds_up_no_other() -> None:
    politeness: Politeness[str] = Politeness(per_host=1, gap=0)
    politeness.enter("a", ("ovd.info",), 0)
    politeness.enter("b", ("ovd.info", "memo.ru"), 0)
    assert politeness.enter("c", ("memo.ru",), 0)


def test_a_host_that_is_left_alone_is_forgotten_after_its_gap() -> None:
    politeness: Politeness[str] = Politeness(per_host=2, gap=1.0)
    politeness.enter("a", ("ovd.info",), 0)
    politeness.leave(("ovd.info",))
    politeness.called_anywhere(0.5)
    assert len(politeness._hosts) == 1
    politeness.called_anywhere(1.0)
    assert len(politeness._hosts) == 0
