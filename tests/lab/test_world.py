import asyncio
import json
import ssl
from functools import partial

import dns.asyncquery
import dns.message
import dns.rcode
import pytest

from probes.kit.address import AddressMap, Dead
from probes.kit.budgets import Budgets
from tests.lab.conditions import Conditions
from tests.lab.topology import Topology

OVD = "93.184.216.34"
HOME_RESOLVER = "77.88.8.8"

TOPOLOGY = Topology.model_validate(
    {
        "vantages": [
            {"id": "home", "name": {"en": "at home"}, "resolvers": [HOME_RESOLVER], "control": ["abroad"]},
            {"id": "abroad", "name": {"en": "abroad"}, "resolvers": ["9.9.9.9"]},
        ],
        "hosts": {
            OVD: {
                "asn": 13335,
                "names": ["ovdinfo.org"],
                "ports": {80: {"site": "ovd"}, 443: {"site": "ovd", "certificate": "good"}},
            },
            "5.255.255.80": {
                "names": ["expired.org", "ya.ru"],
                "ports": {443: {"site": "ovd", "certificate": {"expired.org": "expired"}}},
            },
        },
        "sites": {
            "ovd": [
                {"path": "/old*", "status": 301, "redirect": "/new"},
                {"to": ["abroad"], "page": "abroad", "headers": {"Server": "nginx"}},
                {"host": "ovdinfo.org", "page": "front"},
            ],
        },
        "pages": {"front": {"title": "OVD-Info", "bytes": 1533}, "abroad": {"html": "<h1>Hello</h1>"}},
    }
)


@pytest.fixture
def start(start_world):
    return partial(start_world, TOPOLOGY)


def map_of(world, vantage):
    return world.door(vantage, Budgets()).address_map


async def connect(world, vantage, address=OVD, port=80, **tls):
    address_map = map_of(world, vantage)
    place = address_map.route(address, port)
    return await asyncio.open_connection(*place, local_addr=(address_map.source, 0), **tls)


async def get(world, vantage, path="/", host="ovdinfo.org", **where):
    reader, writer = await connect(world, vantage, **where)
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        head, _, body = (await asyncio.wait_for(reader.read(), 5)).partition(b"\r\n\r\n")
        return head.decode(), body
    finally:
        writer.transport.abort()


def tls_to(world, name):
    return {"port": 443, "ssl": ssl.create_default_context(cafile=world.trust), "server_hostname": name}


async def resolve(world, vantage, name, resolver=HOME_RESOLVER):
    address, port = map_of(world, vantage).route(resolver, 53, "udp")
    return await dns.asyncquery.udp(dns.message.make_query(name, "A"), address, port=port, timeout=5)


def addresses(message):
    return [record.to_text() for rrset in message.answer for record in rrset]


class TestTheWorldWhenNothingInterferes:
    async def test_names_lead_to_their_hosts_and_others_do_not_exist(self, start):
        world = await start()
        assert addresses(await resolve(world, "home", "ovdinfo.org")) == [OVD]
        assert (await resolve(world, "home", "nowhere.org")).rcode() == dns.rcode.NXDOMAIN

    async def test_a_page_is_padded_to_its_length(self, start):
        head, body = await get(await start(), "home")
        assert head.startswith("HTTP/1.1 200")
        assert (len(body), b"<title>OVD-Info</title>" in body) == (1533, True)

    async def test_a_site_answers_by_path_by_host_and_by_who_asks(self, start):
        world = await start()
        moved, _ = await get(world, "home", "/old?page=1")
        assert moved.startswith("HTTP/1.1 301")
        assert "Location: /new" in moved
        assert (await get(world, "home", host="memorial.org"))[0].startswith("HTTP/1.1 404")
        head, body = await get(world, "abroad", host="memorial.org")
        assert ("Server: nginx" in head, body) == (True, b"<h1>Hello</h1>")

    async def test_tls_is_valid_for_the_hosts_own_names(self, start):
        world = await start()
        head, _ = await get(world, "home", **tls_to(world, "ovdinfo.org"))
        assert head.startswith("HTTP/1.1 200")

    async def test_a_bad_certificate_is_shown_to_those_who_ask_for_its_name(self, start):
        world = await start()
        with pytest.raises(ssl.SSLCertVerificationError, match="expired"):
            await get(world, "home", address="5.255.255.80", **tls_to(world, "expired.org"))
        head, _ = await get(world, "home", host="ovdinfo.org", address="5.255.255.80", **tls_to(world, "ya.ru"))
        assert head.startswith("HTTP/1.1 200")

    async def test_a_port_that_is_not_listed_is_closed_and_an_address_without_a_host_never_answers(self, start):
        routes = map_of(await start(), "home")
        assert routes.route(OVD, 444) is Dead.REFUSE
        assert routes.route("10.10.34.35", 443) is Dead.DROP

    async def test_the_world_knows_autonomous_systems(self, start):
        assert (await start()).asns == {OVD: 13335}


class TestConditions:
    async def test_a_resolver_says_something_else_about_one_name_or_about_all_others(self, start):
        world = await start({"dns": {HOME_RESOLVER: {"ovdinfo.org": ["10.10.34.35"], "*": "servfail"}}})
        assert addresses(await resolve(world, "home", "ovdinfo.org")) == ["10.10.34.35"]
        assert (await resolve(world, "home", "ya.ru")).rcode() == dns.rcode.SERVFAIL
        assert addresses(await resolve(world, "home", "ovdinfo.org", "9.9.9.9")) == [OVD]

    async def test_a_censor_on_one_path_leaves_the_other_alone(self, start):
        world = await start({"path": {"home": [{"action": "reset", "sni": "ovdinfo.org"}]}})
        with pytest.raises(ConnectionResetError):
            await get(world, "home", **tls_to(world, "ovdinfo.org"))
        head, _ = await get(world, "abroad", **tls_to(world, "ovdinfo.org"))
        assert head.startswith("HTTP/1.1 200")

    async def test_the_server_sees_who_asks_through_the_censor(self, start):
        world = await start({"path": {"abroad": [{"action": "reset", "host": "blocked.org"}]}})
        assert await get(world, "abroad") == await get(world, "abroad")
        assert (await get(world, "abroad"))[1] == b"<h1>Hello</h1>"

    @pytest.mark.parametrize(("action", "dead"), [("drop", Dead.DROP), ("refuse", Dead.REFUSE)])
    async def test_a_rule_without_a_trigger_acts_on_the_first_packet(self, start, action, dead):
        world = await start({"path": {"home": [{"action": action, "to": f"{OVD}:443"}]}})
        assert map_of(world, "home").route(OVD, 443) is dead
        assert map_of(world, "home").route(OVD, 80) not in set(Dead)

    async def test_a_rule_for_a_whole_address_covers_its_closed_ports_too(self, start):
        world = await start({"path": {"home": [{"action": "drop", "to": OVD}]}})
        assert map_of(world, "home").route(OVD, 444) is Dead.DROP

    async def test_ports_are_replaced(self, start):
        world = await start({"ports": {OVD: {80: {}}}})
        assert map_of(world, "home").route(OVD, 443) is Dead.REFUSE
        assert await get(world, "home") == ("", b"")

    async def test_conditions_change_under_a_door_that_is_open(self, start):
        world = await start({"path": {"home": [{"action": "close", "host": "ovdinfo.org"}]}})
        assert await get(world, "home") == ("", b"")
        world.apply(Conditions())
        assert (await get(world, "home"))[0].startswith("HTTP/1.1 200")


WIDER = Topology.model_validate(
    {
        "vantages": [
            {"id": "home", "name": {"en": "at home"}, "resolvers": [HOME_RESOLVER]},
            {"id": "abroad", "name": {"en": "abroad"}, "resolvers": ["9.9.9.9"], "public_resolvers": []},
        ],
        "public_resolvers": [
            {"transport": "udp", "address": "8.8.8.8"},
            {"transport": "doh", "address": "1.1.1.1", "name": "cloudflare-dns.com"},
        ],
        "hosts": {
            OVD: {
                "asn": 15133,
                "names": ["ovdinfo.org"],
                "ports": {80: {"site": "ovd"}, 443: {"site": "ovd", "certificate": "good"}},
            },
            "2606:2800::1": {"asn": 15133, "names": ["ovdinfo.org"], "ports": {80: {"site": "ovd"}}},
            "130.192.182.17": {"asn": 137, "names": ["proxy.org"], "ports": {80: {"passes_on": True}, 443: {"passes_on": True}}},
        },
        "sites": {"ovd": [{"page": "front"}]},
        "pages": {"front": {"title": "OVD-Info", "bytes": 3000}, "denied": {"html": "denied"}},
    }
)


class TestAWiderWorld:
    """Public resolvers, both internets, a proxy, and a censor that poses as others."""

    @pytest.fixture
    def start(self, start_world):
        return partial(start_world, WIDER)

    async def test_public_resolvers_are_known_to_whoever_names_none(self, start):
        world = await start()
        known = {
            vantage: [one.address for one in world.door(vantage, Budgets()).public_resolvers] for vantage in ("home", "abroad")
        }
        assert known == {"home": ["8.8.8.8", "1.1.1.1"], "abroad": []}
        assert addresses(await resolve(world, "home", "ovdinfo.org", "8.8.8.8")) == [OVD]

    async def test_a_public_resolver_proves_its_name_and_a_censor_can_stop_it(self, start):
        reset = {"path": {"home": [{"action": "reset", "sni": "cloudflare-dns.com"}]}}
        world = await start({}, reset)
        for port in (853, 443):
            _, writer = await connect(world, "home", "1.1.1.1", **{**tls_to(world, "cloudflare-dns.com"), "port": port})
            writer.transport.abort()
        world.apply(Conditions.model_validate(reset))
        with pytest.raises(ConnectionResetError):
            await connect(world, "home", "1.1.1.1", **tls_to(world, "cloudflare-dns.com"))

    async def test_the_newer_internet_is_reached_like_the_older_one_and_may_have_no_way_to_it(self, start):
        world = await start({}, {"path": {"home": [{"action": "unreachable", "to": "::/0"}]}})
        assert (await get(world, "home", address="2606:2800::1"))[0].startswith("HTTP/1.1 200")
        world.apply(Conditions.model_validate({"path": {"home": [{"action": "unreachable", "to": "::/0"}]}}))
        assert map_of(world, "home").route("2606:2800::1", 80) is Dead.UNREACHABLE
        assert map_of(world, "home").route(OVD, 80) not in set(Dead)

    async def test_a_proxy_passes_on_to_whom_is_named(self, start):
        world = await start()
        head, _ = await get(world, "home", address="130.192.182.17")
        assert head.startswith("HTTP/1.1 200")
        head, _ = await get(world, "home", address="130.192.182.17", **tls_to(world, "ovdinfo.org"))
        assert head.startswith("HTTP/1.1 200")
        with pytest.raises(ConnectionResetError):
            await get(world, "home", address="130.192.182.17", host="nobody.org")

    async def test_a_censor_poses_as_whoever_is_asked_for(self, start):
        rule = {"action": "intercept", "sni": "ovdinfo.org", "certificate": "trusted_state_authority", "page": "denied"}
        world = await start({"path": {"home": [rule]}})
        assert (await get(world, "home", **tls_to(world, "ovdinfo.org")))[1] == b"denied"
        assert len((await get(world, "abroad", **tls_to(world, "ovdinfo.org")))[1]) == 3000

    async def test_a_whitelist_spares_addresses_and_the_addresses_of_names(self, start):
        world = await start({"path": {"home": [{"action": "drop", "except": [HOME_RESOLVER, "ovdinfo.org"]}]}})
        routes = map_of(world, "home")
        assert routes.route(OVD, 80) not in set(Dead)
        assert routes.route(HOME_RESOLVER, 53, "udp") not in set(Dead)
        assert routes.route("130.192.182.17", 80) is routes.route("8.8.8.8", 53, "udp") is Dead.DROP

    async def test_a_rule_may_be_about_a_network_of_an_operator(self, start):
        world = await start({"path": {"home": [{"action": "refuse", "to": "AS15133"}]}})
        assert map_of(world, "home").route(OVD, 80) is map_of(world, "home").route("2606:2800::1", 80) is Dead.REFUSE
        assert map_of(world, "home").route("130.192.182.17", 80) not in set(Dead)

    async def test_a_slow_server_is_slow_for_everybody(self, start):
        world = await start({"ports": {OVD: {80: {"site": "ovd", "bytes_per_second": 20000}}}})
        began = asyncio.get_running_loop().time()
        _, body = await get(world, "abroad")
        assert (len(body), asyncio.get_running_loop().time() - began >= 3000 / 20000 * 0.8) == (3000, True)

    async def test_doors_know_the_networks_and_the_marks_of_the_world(self, start):
        door = (await start()).door("home", Budgets())
        assert (door.asns.of(OVD), door.asns.of("8.8.8.8")) == (15133, None)
        [mark] = door.markers.of_response(b"", "https://warning.rt.ru/", None, b"", "")
        assert mark.name == "own:ru_rostelecom"


async def test_a_map_written_to_a_file_leads_the_same_way(start, tmp_path):
    world = await start({"path": {"home": [{"action": "close", "host": "ovdinfo.org"}]}}, {})
    world.write_map(tmp_path / "world.json")
    written = json.loads((tmp_path / "world.json").read_text())
    home = written["vantages"]["home"]
    assert (tmp_path / "world.pem").read_bytes() == world.trust.read_bytes()
    assert written["trust"] == str(tmp_path / "world.pem")
    assert home["resolvers"] == [HOME_RESOLVER]
    assert written["asns"] == {OVD: 13335}
    assert AddressMap.from_json(home).route(OVD, 80) == map_of(world, "home").route(OVD, 80)
    assert AddressMap.from_json(home).source == map_of(world, "home").source
