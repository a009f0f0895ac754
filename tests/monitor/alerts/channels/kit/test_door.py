"""Where a message may go. Names are answered by the test, sockets are real ones on loopback."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest

from monitor.alerts.channels.kit import door
from monitor.alerts.channels.kit.door import Answer, Door, Forbidden, Unreachable, is_public
from tests.lab import certificates
from tests.lab.certificates import TRUSTED, Certificate
from tests.lab.listening import Listener
from tests.lab.sinks import WebhookSink, redirecting

Names = Callable[..., list[str]]


@pytest.fixture
async def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    """Set what `hooks.example` resolves to; every question is answered from this list once and noted."""
    asked: list[str] = []
    answers: list[tuple[str, ...]] = []

    async def getaddrinfo(host: str, port: int, **kinds: object) -> list[tuple[object, ...]]:
        asked.append(host)
        return [(0, 0, 0, "", (address, port)) for address in answers.pop(0)]

    def configure(*given: tuple[str, ...]) -> list[str]:
        answers.extend(given)
        return asked

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)
    return configure


def port_of(sink: WebhookSink) -> int:
    port = httpx2.URL(sink.url).port
    assert port
    return port


def door_to(url: str, *private: str, trust: Path | None = None) -> Door:
    return Door(url=httpx2.URL(url), private=private, trust=trust)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.8.8.8",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.169.254",
        "168.63.129.16",
        "224.0.0.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
        "198.18.0.1",
        "192.0.2.1",
        "::",
        "::1",
        "fe80::1",
        "fc00::1",
        "fd00:ec2::254",
        "ff02::1",
        "2001:db8::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "2002:7f00:1::",
        "2002:a9fe:a9fe::1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b::10.0.0.1",
        "64:ff9b:1::a9fe:a9fe",
        "::127.0.0.1",
        "::a9fe:a9fe",
        "::ffff:0:169.254.169.254",
        "fec0::1",
        "3fff::1",
        "5f00::1",
        "4000::1",
    ],
)
def test_an_address_that_not_everybody_could_go_to_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "::ffff:1.1.1.1", "64:ff9b::1.1.1.1"])
def test_an_address_on_the_internet_is_public(address: str) -> None:
    assert is_public(address)


async def test_a_name_that_resolves_to_this_machine_is_refused(sink: WebhookSink) -> None:
    with pytest.raises(Forbidden, match=r"localhost leads to .*, which is not a public address; .* `allow_private`"):
        await door_to(f"http://localhost:{port_of(sink)}/").post(b"{}", {})
    assert sink.requests == []


@pytest.mark.parametrize("host", ["127.0.0.1", "2130706433", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]", "169.254.169.254"])
async def test_no_spelling_of_a_private_address_gets_through(host: str, sink: WebhookSink) -> None:
    with pytest.raises(Forbidden):
        await door_to(f"http://{host}:{port_of(sink)}/").post(b"{}", {})
    assert sink.requests == []


async def test_a_host_that_is_named_may_be_private(sink: WebhookSink) -> None:
    answer = await door_to(f"http://localhost:{port_of(sink)}/hook", "localhost").post(b"{}", {})
    assert answer == Answer(204, None)
    assert sink.requests[0].headers["host"] == f"localhost:{port_of(sink)}"


async def test_a_name_is_resolved_once_so_it_cannot_change_between_check_and_use(sink: WebhookSink, names: Names) -> None:
    asked = names(("127.0.0.1",), ("127.9.9.9",))
    await door_to(f"http://hooks.example:{port_of(sink)}/hook", "hooks.example").post(b"{}", {})
    assert asked == ["hooks.example"]
    assert sink.requests[0].headers["host"] == f"hooks.example:{port_of(sink)}"


async def test_of_several_addresses_only_public_ones_are_tried(names: Names, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []

    async def post_to(self: Door, address: str, body: bytes, headers: object) -> Answer:
        tried.append(address)
        raise httpx2.ConnectError("refused")

    monkeypatch.setattr(Door, "_post_to", post_to)
    names(("10.0.0.1", "93.184.216.34", "169.254.169.254", "2606:4700:4700::1111"))
    with pytest.raises(Unreachable, match="could not be connected to: ConnectError refused"):
        await door_to("https://hooks.example/").post(b"{}", {})
    assert tried == ["93.184.216.34", "2606:4700:4700::1111"]


async def test_an_address_that_refuses_is_not_the_end_if_there_is_another(sink: WebhookSink, names: Names) -> None:
    names(("127.77.0.1", "127.0.0.1"))
    answer = await door_to(f"http://hooks.example:{port_of(sink)}/hook", "hooks.example").post(b"{}", {})
    assert answer.status == 204


async def test_a_name_that_does_not_exist_is_unreachable() -> None:
    with pytest.raises(Unreachable, match=r"hooks\.invalid could not be looked up"):
        await door_to("https://hooks.invalid/").post(b"{}", {})


@pytest.mark.parametrize("host", ["hooks..invalid", f"{'a' * 64}.invalid"])
async def test_a_name_that_cannot_be_is_unreachable(host: str) -> None:
    with pytest.raises(Unreachable, match="could not be looked up: it is no name of a host"):
        await door.permitted(host, 443, ())


async def test_a_redirect_is_an_answer_and_is_not_followed(sink: WebhookSink) -> None:
    sink.then(redirecting("http://169.254.169.254/latest/meta-data/"))
    answer = await door_to(sink.url, "127.0.0.1").post(b"{}", {})
    assert answer.status == 302
    assert len(sink.requests) == 1


async def test_a_proxy_of_the_environment_is_not_used(sink: WebhookSink, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert (await door_to(sink.url, "127.0.0.1").post(b"{}", {})).status == 204


@pytest.fixture
def trust(tmp_path: Path) -> Path:
    file = tmp_path / "root.pem"
    file.write_bytes(certificates.trust())
    return file


async def https(sink: WebhookSink, kind: Certificate) -> Listener:
    return await Listener.open("127.0.0.1", sink._connected, certificates.server_context(kind, ("hooks.example",)))


async def test_the_certificate_is_verified_against_the_name_and_not_the_address(
    sink: WebhookSink, names: Names, trust: Path
) -> None:
    listener = await https(sink, Certificate.GOOD)
    names(("127.0.0.1",))
    url = f"https://hooks.example:{listener.endpoint.partition(':')[2]}/"
    assert (await door_to(url, "hooks.example", trust=trust).post(b"{}", {})).status == 204
    await listener.close()


@pytest.mark.parametrize("kind", [one for one in Certificate if one not in TRUSTED])
async def test_nothing_is_sent_over_a_connection_that_is_not_verified(
    kind: Certificate, sink: WebhookSink, names: Names, trust: Path
) -> None:
    listener = await https(sink, kind)
    names(("127.0.0.1",))
    url = f"https://hooks.example:{listener.endpoint.partition(':')[2]}/"
    with pytest.raises(Unreachable, match="CERTIFICATE_VERIFY_FAILED"):
        await door_to(url, "hooks.example", trust=trust).post(b"secret", {})
    assert sink.requests == []
    await listener.close()


async def test_an_authority_that_the_configuration_does_not_name_is_not_trusted(sink: WebhookSink, names: Names) -> None:
    listener = await https(sink, Certificate.GOOD)
    names(("127.0.0.1",))
    url = f"https://hooks.example:{listener.endpoint.partition(':')[2]}/"
    with pytest.raises(Unreachable, match="CERTIFICATE_VERIFY_FAILED"):
        await door_to(url, "hooks.example").post(b"{}", {})
    await listener.close()


async def flood(reader: StreamReader, writer: StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
    while True:
        writer.write(b"x" * 65536)
        await writer.drain()


async def drip(reader: StreamReader, writer: StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nx")
    await writer.drain()
    await asyncio.Event().wait()


@pytest.mark.parametrize("body", [flood, drip])
async def test_an_endless_answer_is_an_answer(body: Callable[..., object], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "ANSWER_PATIENCE", 0.2)
    listener = await Listener.open("127.0.0.1", body)  # type: ignore[arg-type]  # parametrised
    async with asyncio.timeout(5):
        answer = await door_to(f"http://{listener.endpoint}/", "127.0.0.1").post(b"{}", {})
    assert answer.status == 200
    await listener.close()


async def garbage(reader: StreamReader, writer: StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"\xff\xfe not http at all\r\n\r\n")
    await writer.drain()


async def hang_up(reader: StreamReader, writer: StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")


@pytest.mark.parametrize("answer", [garbage, hang_up])
async def test_what_is_no_answer_is_none(answer: Callable[..., object]) -> None:
    listener = await Listener.open("127.0.0.1", answer)  # type: ignore[arg-type]  # parametrised
    with pytest.raises(Unreachable, match=r"127\.0\.0\.1 did not answer: RemoteProtocolError"):
        await door_to(f"http://{listener.endpoint}/", "127.0.0.1").post(b"{}", {})
    await listener.close()


async def test_a_host_may_be_named_in_its_own_letters(names: Names, sink: WebhookSink) -> None:
    asked = names(("127.0.0.1",))
    url = f"http://\u043f\u0440\u0438\u043c\u0435\u0440.example:{port_of(sink)}/hook"
    answer = await door_to(url, "\u043f\u0440\u0438\u043c\u0435\u0440.example").post(b"{}", {})
    assert answer.status == 204
    assert asked == ["xn--e1afmkfd.example"]
    assert sink.requests[0].headers["host"] == f"xn--e1afmkfd.example:{port_of(sink)}"
