"""Which addresses are bogons, which are never connected to, and where a test's map leads."""

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.kit.address import AddressMap, Dead, is_address, is_bogon, is_loopback, may_connect

FORBIDDEN = [
    "0.0.0.0",
    "0.1.2.3",
    "127.0.0.1",
    "127.0.53.53",
    "169.254.169.254",
    "169.254.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "::",
    "::1",
    "fe80::1",
    "fe80::1%eth0",
    "ff02::1",
    "fd00:ec2::254",
]


@pytest.mark.parametrize("address", FORBIDDEN)
def test_ourselves_our_link_and_the_clouds_secrets_are_never_connected_to(address: str) -> None:
    assert not may_connect(address)


@pytest.mark.parametrize(
    "address", ["10.10.34.36", "192.168.1.1", "100.64.0.1", "198.51.100.1", "8.8.8.8", "2001:db8::1", "fd12::1"]
)
def test_other_bogons_and_public_addresses_are(address: str) -> None:
    assert may_connect(address)


@pytest.mark.parametrize(
    "text", ["", "localhost", "2130706433", "0x7f.1", "127.1", "0177.0.0.1", "1.2.3.4:80", "[::1]", "1.2.3.4 "]
)
def test_what_is_not_plainly_an_address_is_never_connected_to(text: str) -> None:
    assert not is_address(text)
    assert not may_connect(text)


def disguises(address: IPv4Address) -> dict[str, IPv6Address]:
    """The ways in which IPv6 can carry an IPv4 address."""
    number = int(address)
    return {
        "mapped": IPv6Address((0xFFFF << 32) | number),
        "translated": IPv6Address((0xFFFF << 48) | number),
        "compatible": IPv6Address(number),
        "NAT64": IPv6Address((0x64FF9B << 96) | number),
        "local NAT64 (RFC 8215)": IPv6Address((0x64FF9B0001 << 80) | number),
        "local NAT64 of a /48 (RFC 6052)": IPv6Address((0x64FF9B0001 << 80) | (number >> 16 << 64) | ((number & 0xFFFF) << 40)),
        "6to4": IPv6Address((0x2002 << 112) | (number << 80)),
        "Teredo server": IPv6Address((0x20010000 << 96) | (number << 64)),
        "Teredo client": IPv6Address((0x20010000 << 96) | (number ^ 0xFFFFFFFF)),
    }


@given(st.ip_addresses(v=4))
def test_no_disguise_opens_a_door_that_the_plain_address_does_not(address: IPv4Address) -> None:
    if may_connect(str(address)):
        return
    for name, disguise in disguises(address).items():
        assert not may_connect(str(disguise)), name


@given(st.sampled_from(["127.0.0.1", "127.255.255.254", "169.254.169.254", "0.0.0.0", "224.0.0.251", "100.100.100.200"]))
def test_forbidden_addresses_are_forbidden_in_every_disguise(address: str) -> None:
    for name, disguise in disguises(IPv4Address(address)).items():
        assert not may_connect(str(disguise)), name


@given(st.ip_addresses(network="127.0.0.0/8"))
def test_loopback_is_known_in_every_disguise(address: IPv4Address) -> None:
    assert is_loopback(str(address))
    assert all(is_loopback(str(disguise)) for disguise in disguises(address).values())


@pytest.mark.parametrize("address", ["8.8.8.8", "10.0.0.1", "::", "2001:4860::8888"])
def test_other_addresses_are_not_loopback(address: str) -> None:
    assert not is_loopback(address)


BOGONS = """
    0.1.2.3 10.10.34.36 100.64.0.1 127.0.0.1 127.0.53.53 169.254.1.1 172.31.255.255 192.0.0.1 192.0.2.1 192.168.0.1
    198.19.255.255 198.51.100.1 203.0.113.1 239.1.1.1 240.0.0.1 255.255.255.255 :: ::1 ::ffff:8.8.8.8 ::8.8.8.8 100::1
    2001:10::1 2001:db8::1 fc00::1 fdff::1 fe80::1 fec0::1 ff02::1 2002:a00:1::1 2002:7f00:1:: 2001:0:a00:1::1
"""


@pytest.mark.parametrize("address", BOGONS.split())
def test_every_range_of_the_fields_list_is_a_bogon(address: str) -> None:
    assert is_bogon(address)


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "172.32.0.1", "198.20.0.1", "2606:4700::1111", "2002:808:808::1", "2001:0:808:808::1"]
)
def test_public_addresses_are_no_bogons(address: str) -> None:
    assert not is_bogon(address)


def test_what_is_no_address_is_neither_bogon_nor_loopback_but_an_error() -> None:
    with pytest.raises(ValueError, match="localhost"):
        is_bogon("localhost")
    with pytest.raises(ValueError, match="localhost"):
        is_loopback("localhost")


def test_a_map_leads_a_port_or_a_whole_address_to_loopback() -> None:
    routes = {"1.2.3.4:443": "127.0.5.1:8443", "1.2.3.4": "127.0.5.1:9", "[2001:db8::1]:53": "refuse", "2001:db8::1": "drop"}
    address_map = AddressMap({**routes, "2001:db8::2": "unreachable"})

    assert address_map.route("1.2.3.4", 443) == ("127.0.5.1", 8443)
    assert address_map.route("1.2.3.4", 80) == ("127.0.5.1", 9)
    assert address_map.route("2001:db8::1", 53) is Dead.REFUSE
    assert address_map.route("2001:db8::1", 54) is Dead.DROP
    assert address_map.route("2001:db8::2", 443) is Dead.UNREACHABLE


def test_udp_may_go_another_way_and_else_goes_the_same() -> None:
    address_map = AddressMap({"1.2.3.4:53/udp": "127.0.0.1:1", "1.2.3.4:53": "127.0.0.1:2", "1.2.3.5:53": "127.0.0.1:3"})

    assert address_map.route("1.2.3.4", 53, "udp") == ("127.0.0.1", 1)
    assert address_map.route("1.2.3.4", 53, "tcp") == ("127.0.0.1", 2)
    assert address_map.route("1.2.3.5", 53, "udp") == ("127.0.0.1", 3)


@given(st.ip_addresses().map(str), st.integers(1, 65535))
def test_what_a_map_does_not_name_leads_nowhere(address: str, port: int) -> None:
    assert AddressMap({}).route(address, port) is Dead.DROP


def test_a_map_may_be_changed_while_it_is_used() -> None:
    routes = {"1.2.3.4": "drop"}
    address_map = AddressMap(routes)
    routes["1.2.3.4"] = "127.0.0.1:80"

    assert address_map.route("1.2.3.4", 443) == ("127.0.0.1", 80)


@pytest.mark.parametrize("value", ["8.8.8.8:53", "127.0.0.1", "localhost:80", "", "dropped", "10.0.0.1:80", "127.0.0.1:x"])
def test_a_map_leads_nowhere_but_to_loopback(value: str) -> None:
    with pytest.raises(ValueError, match="use '127"):
        AddressMap({"1.2.3.4": value})
    routes = {"1.2.3.4": "drop"}
    address_map = AddressMap(routes)
    routes["1.2.3.4"] = value
    with pytest.raises(ValueError, match="use '127"):
        address_map.route("1.2.3.4", 80)


def test_a_map_is_read_from_json_with_its_source() -> None:
    address_map = AddressMap.from_json({"source": "127.0.1.1", "routes": {"1.2.3.4": "refuse"}, "resolvers": ["130.192.3.21"]})

    assert address_map.source == "127.0.1.1"
    assert address_map.route("1.2.3.4", 1) is Dead.REFUSE


def test_a_source_is_loopback_too() -> None:
    with pytest.raises(ValueError, match="loopback"):
        AddressMap({}, source="10.0.0.1")
