"""Opening a door: what can be wrong with it is said before anything is looked at."""

from pathlib import Path

import pytest

from probes.kit.address import AddressMap
from probes.kit.budgets import Budgets
from probes.kit.chain import NoTrustedRoots
from probes.kit.network import Door, Network
from tests.probes.kit.network.servers import NAME, QUICK, SITE, Lab, Reader, Writer, page, request_of


@pytest.mark.parametrize("proxy", ["socks4://1.2.3.4:1080", "1.2.3.4:1080", "socks5h://", "https://user:hunter2@proxy:1"])
def test_an_unusable_proxy_is_refused_without_repeating_its_password(proxy: str) -> None:
    with pytest.raises(ValueError, match="socks5h://") as refused:
        Network(Door(vantage="home", budgets=Budgets(), proxy=proxy))

    assert "hunter2" not in str(refused.value)


def test_an_unusable_resolver_is_refused() -> None:
    with pytest.raises(ValueError, match=r"dns\.example"):
        Network(Door(vantage="home", budgets=Budgets(), resolvers=("dns.example",)))


def test_without_roots_nothing_can_be_judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "absent.pem"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))

    with pytest.raises(NoTrustedRoots, match="ca-certificates"):
        Network(Door(vantage="home", budgets=Budgets()))


async def test_with_a_map_nothing_unmapped_is_connected(lab: Lab) -> None:
    lab.budgets = QUICK
    network = lab.network(address_map=AddressMap({}), resolvers=("127.0.0.1",))

    async with network.look() as look:
        assert await look.resolve(NAME) == ()
        assert await look.fetch(f"http://{NAME}/", (SITE, "8.8.8.8")) is None

    assert {step.failure for step in look.facts().steps()} == {"generic_timeout_error"}


async def test_connections_come_from_the_source_of_the_map(lab: Lab) -> None:
    seen: list[str] = []

    async def serve(reader: Reader, writer: Writer) -> None:
        seen.append(writer.get_extra_info("peername")[0])
        await request_of(reader)
        writer.write(page(b""))
        await writer.drain()

    await lab.site(serve)
    network = lab.network(address_map=AddressMap(lab.routes, source="127.0.7.7"))

    async with network.look() as look:
        await look.fetch(f"http://{NAME}/", (SITE,))

    assert seen == ["127.0.7.7"]


async def test_facts_carry_what_only_the_probe_knows(lab: Lab) -> None:
    async with lab.network().look() as look:
        pass

    assert look.facts(depth="light").details == {"depth": "light"}
    assert look.blobs == []
