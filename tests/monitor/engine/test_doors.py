"""How a vantage point reaches the world, and the lab's."""

import json
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from monitor.engine.doors import door_for
from monitor.settings import MissingSecret, Settings
from probes.kit.address import AddressMap
from probes.kit.budgets import Budgets
from probes.kit.resolvers import PublicResolver
from tests.monitor.engine.virtual import vantage

BUDGETS = Budgets(look=30)


def test_a_direct_vantage_point_uses_its_own_resolvers() -> None:
    door = door_for(vantage("berlin", resolvers=("192.0.2.53",)), BUDGETS, Settings(lab_world=None))
    assert (door.vantage, door.budgets, door.resolvers) == ("berlin", BUDGETS, ("192.0.2.53",))
    assert (door.proxy, door.trust, door.address_map) == (None, None, None)


def test_a_proxy_s_address_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOSCOW_PROXY", "socks5h://anna:secret@192.0.2.1:1080")
    door = door_for(vantage("moscow", kind="proxy", proxy="MOSCOW_PROXY"), BUDGETS, Settings(lab_world=None))
    assert door.proxy == "socks5h://anna:secret@192.0.2.1:1080"


def test_a_missing_proxy_is_named_by_its_variable() -> None:
    with pytest.raises(MissingSecret, match="set MOSCOW_PROXY"):
        door_for(vantage("moscow", proxy="MOSCOW_PROXY"), BUDGETS, Settings(lab_world=None))


def test_own_addresses_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BERLIN_ADDRESSES", "203.0.113.77, 2001:db8::77,")
    door = door_for(vantage("berlin", own_addresses="BERLIN_ADDRESSES"), BUDGETS, Settings(lab_world=None))
    assert door.own_addresses == ("203.0.113.77", "2001:db8::77")


def test_own_addresses_that_are_missing_are_named_by_their_variable() -> None:
    with pytest.raises(MissingSecret, match="set BERLIN_ADDRESSES"):
        door_for(vantage("berlin", own_addresses="BERLIN_ADDRESSES"), BUDGETS, Settings(lab_world=None))


def test_own_addresses_that_could_not_be_scrubbed_are_refused_and_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BERLIN_ADDRESSES", "203.0.113.77; 203.0.113.78")
    with pytest.raises(ValueError, match="BERLIN_ADDRESSES") as refusal:
        door_for(vantage("berlin", own_addresses="BERLIN_ADDRESSES"), BUDGETS, Settings(lab_world=None))
    assert "203.0.113" not in str(refusal.value)


def test_in_the_lab_own_addresses_are_scrubbed_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BERLIN_ADDRESSES", "203.0.113.77")
    world = tmp_path / "world.json"
    world.write_text('{"vantages": {}}')
    door = door_for(vantage("berlin", own_addresses="BERLIN_ADDRESSES"), BUDGETS, Settings(lab_world=world))
    assert door.own_addresses == ("203.0.113.77",)


def test_in_the_lab_the_way_leads_into_the_loopback_world(tmp_path: Path) -> None:
    place = {"source": "127.0.1.1", "routes": {"130.192.91.211": "127.10.0.1:4443"}, "resolvers": ["130.192.3.21"]}
    world = tmp_path / "world.json"
    world.write_text(json.dumps({"trust": "world.pem", "vantages": {"berlin": place}}))
    door = door_for(vantage("berlin"), BUDGETS, Settings(lab_world=world))
    assert door.address_map == AddressMap({"130.192.91.211": "127.10.0.1:4443"}, "127.0.1.1")
    assert door.trust == tmp_path / "world.pem"
    assert door.resolvers == ("130.192.3.21",)


def test_a_vantage_point_that_the_lab_does_not_know_reaches_nobody(tmp_path: Path) -> None:
    world = tmp_path / "world.json"
    world.write_text('{"vantages": {}}')
    door = door_for(vantage("berlin"), BUDGETS, Settings(lab_world=world))
    assert door.address_map == AddressMap()


def test_a_file_that_is_no_lab_world_is_refused(tmp_path: Path) -> None:
    world = tmp_path / "world.json"
    world.write_text("{}")
    with pytest.raises(ValueError, match="is no lab world"):
        door_for(vantage("berlin"), BUDGETS, Settings(lab_world=world))


def test_public_resolvers_are_those_of_the_vantage_point() -> None:
    quad9 = PublicResolver.model_validate({"transport": "udp", "address": "9.9.9.10"})
    assert door_for(vantage("berlin", public_resolvers=(quad9,)), BUDGETS, Settings(lab_world=None)).public_resolvers == (quad9,)
    assert door_for(vantage("berlin"), BUDGETS, Settings(lab_world=None)).public_resolvers == ()


def test_every_vantage_point_has_the_fingerprints_in_force() -> None:
    berlin, moscow = (door_for(vantage(name), BUDGETS, Settings(lab_world=None)) for name in ("berlin", "moscow"))
    assert berlin.markers is not None
    assert berlin.markers is moscow.markers


def test_the_networks_of_addresses_are_known_where_their_table_has_been_fetched(tmp_path: Path) -> None:
    settings = Settings(lab_world=None, data_dir=tmp_path)
    assert door_for(vantage("berlin"), BUDGETS, settings).asns is None

    (tmp_path / "lists").mkdir()
    (tmp_path / "lists" / "ip2asn.tsv").write_text("93.184.216.0\t93.184.216.255\t15133\tUS\tEDGECAST\n")
    asns = door_for(vantage("berlin"), BUDGETS, settings).asns

    assert asns is not None
    assert asns.of("93.184.216.34") == 15133
    assert door_for(vantage("moscow"), BUDGETS, settings).asns is asns


def test_a_broken_table_of_networks_stops_no_look(tmp_path: Path) -> None:
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists" / "ip2asn.tsv").write_text("<html>")
    with capture_logs() as logs:
        door = door_for(vantage("berlin"), BUDGETS, Settings(lab_world=None, data_dir=tmp_path))

    assert door.asns is None
    assert "ip2asn.tsv:1" in logs[0]["problem"]


def test_in_the_lab_the_world_says_whose_an_address_is(tmp_path: Path) -> None:
    world = tmp_path / "world.json"
    world.write_text('{"vantages": {}, "asns": {"93.184.216.34": 15133}}')
    door = door_for(vantage("berlin"), BUDGETS, Settings(lab_world=world))
    assert door.asns is not None
    assert door.asns.of("93.184.216.34") == 15133
