"""Networks by address: the narrowest range counts, both families, and a file that is no table is refused in words."""

from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.kit.asn import AsnTable, BadTable, KnownAsns

TABLE = """\
1.0.0.0\t1.0.0.255\t13335\tUS\tCLOUDFLARENET
1.0.1.0\t1.0.3.255\t0\tNone\tNot routed
8.0.0.0\t8.255.255.255\t3356\tUS\tLEVEL3
8.8.8.0\t8.8.8.255\t15169\tUS\tGOOGLE
2620:fe::\t2620:fe:0:ffff:ffff:ffff:ffff:ffff\t19281\tUS\tQUAD9
255.255.255.0\t255.255.255.255\t64500
"""


@pytest.fixture
def table(tmp_path: Path) -> AsnTable:
    file = tmp_path / "ip2asn.tsv"
    file.write_text(TABLE)
    return AsnTable.read(file)


@pytest.mark.parametrize(
    ("address", "number"),
    [
        ("1.0.0.0", 13335),
        ("1.0.0.255", 13335),
        ("1.0.2.1", None),
        ("1.0.4.0", None),
        ("0.0.0.0", None),
        ("8.8.7.255", 3356),
        ("8.8.8.8", 15169),
        ("8.8.9.0", 3356),
        ("9.0.0.0", None),
        ("255.255.255.255", 64500),
        ("2620:fe::fe", 19281),
        ("2620:fe::fe%eth0", 19281),
        ("2620:ff::", None),
        ("[scrubbed]", None),
        ("ovdinfo.org", None),
        ("", None),
        ("1.0.0\0", None),
    ],
)
def test_the_narrowest_range_that_holds_an_address_counts(table: AsnTable, address: str, number: int | None) -> None:
    assert table.of(address) == number


networks = st.lists(
    st.tuples(st.ip_addresses(v=4), st.integers(0, 32), st.integers(1, 65535)), max_size=12, unique_by=lambda one: one[:2]
).map(lambda found: {ip_network((int(address), length), strict=False): number for address, length, number in found})


@given(networks, st.ip_addresses(v=4))
def test_it_agrees_with_a_search_for_the_longest_prefix(tables: dict[object, int], address: object) -> None:
    known = {ip_network(str(network)): number for network, number in tables.items()}
    table = AsnTable((one[0].packed, one[-1].packed, known[one]) for one in sorted(known))
    wanted = ip_address(str(address))
    asked = [wanted, *(one[0] for one in known), *(one[-1] for one in known)]

    for each in asked:
        holding = [one for one in known if each in one]
        assert table.of(str(each)) == (known[max(holding, key=lambda one: one.prefixlen)] if holding else None)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("<html>\n", r":1: the line must begin with two addresses"),
        ("1.0.0.0\t1.0.0.255\t1\n\n1.0.1.9\t1.0.1.0\t2\n", r":3: .* the lower first"),
        ("1.0.0.0\t2620:fe::\t1\n", "one family"),
        ("1.0.0.0\t1.0.0.255\tAS1\n", "third column must be the number"),
        ("1.0.0.0\t1.0.0.255\t4294967296\n", "third column must be the number"),
        ("1.0.0.0\t1.0.0.255\t\N{SUPERSCRIPT TWO}\n", "third column must be the number"),
        (
            "1.0.0.0\t1.0.0.255\t1\n1.0.0.128\t1.0.1.0\t2\n",
            "begins at 1.0.0.128 ends outside the one around it: download it again",
        ),
        ("1.0.1.0\t1.0.1.255\t1\n1.0.0.0\t1.0.0.255\t2\n", "begins at 1.0.0.0 stands behind a later one: download it again"),
        ("\0" * 5000, r":1: the line must begin"),
    ],
)
def test_what_is_no_table_is_refused_with_the_line(tmp_path: Path, text: str, complaint: str) -> None:
    file = tmp_path / "ip2asn.tsv"
    file.write_text(text)

    with pytest.raises(BadTable, match=complaint):
        AsnTable.read(file)


def test_an_empty_table_knows_nobody(tmp_path: Path) -> None:
    file = tmp_path / "ip2asn.tsv"
    file.write_text("")

    assert AsnTable.read(file).of("8.8.8.8") is None


def test_a_small_world_knows_single_addresses() -> None:
    known = KnownAsns({"93.184.216.34": 15133})

    assert (known.of("93.184.216.34"), known.of("93.184.216.35")) == (15133, None)
