"""How a vantage point reaches the world, and the lab's."""

import json
from pathlib import Path

import pytest

from monitor.engine.doors import door_for
from monitor.settings import MissingSecret, Settings
from probes.kit.address import AddressMap
from probes.kit.budgets import Budgets
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
