"""The loopback world that probes are measured against: a web server, a name server and, where installed, blackbox_exporter.

Each is a process of its own, so that its work is not counted as the probe's. Run as a program it is one of them:
`python -m bench.targets web FOLDER PORT` (a stand-in where there is no nginx) or `python -m bench.targets names PORT`.
"""

import asyncio
import os
import random
import shutil
import socket
import ssl
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, cast

import dns.exception
import dns.message
import dns.query
import dns.rdata
import dns.rdatatype
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

ZONE: Final = "bench.test"
NOMINAL: Final = "198.51.100.7"
RESOLVER: Final = "198.51.100.53"
BODY_LENGTH: Final = 20_480
_EXPORTER: Final = Path("/usr/bin/prometheus-blackbox-exporter")
_PATIENCE: Final = 10.0


@dataclass(frozen=True)
class Targets:
    """Where everything listens. `exporter` is the port and process id of blackbox_exporter, where there is one."""

    trust: Path
    web: int
    names: int
    exporter: tuple[int, int] | None


@contextmanager
def targets() -> Iterator[Targets]:
    """Start everything, and end it afterwards."""
    with TemporaryDirectory() as made, ExitStack() as stack:
        folder = Path(made)
        write_chain(folder)
        folder.chmod(0o755)
        (folder / "index.html").write_bytes(page())
        web, names = _free_port(socket.SOCK_STREAM), _free_port(socket.SOCK_DGRAM)
        server = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin")
        stack.enter_context(_running(_nginx(server, folder, web) if server else _own("web", folder, web)))
        stack.enter_context(_running(_own("names", folder, names)))
        _await_port(web)
        _await_names(names)
        exporter = stack.enter_context(_exporter(folder)) if _EXPORTER.exists() else None
        yield Targets(folder / "root.pem", web, names, exporter)


def page() -> bytes:
    """A page of the usual size: words, not noise, for how fast a text is searched depends on its letters."""
    draw = random.Random(1)
    words = ("".join(draw.choices("etaoinshrdlu", k=draw.randint(2, 9))) for _ in range(4000))
    start, end = b"<!doctype html><html><head><title>Bench</title></head><body>\n", b"</body></html>\n"
    return start + " ".join(words).encode()[: BODY_LENGTH - len(start) - len(end)] + end


def write_chain(folder: Path) -> None:
    """Write a chain in the shape of Let's Encrypt's into `folder`: P-256 leaf < P-384 intermediate < RSA-4096 root."""
    root_key = rsa.generate_private_key(65537, 4096)
    middle_key = ec.generate_private_key(ec.SECP384R1())
    leaf_key = ec.generate_private_key(ec.SECP256R1())
    authority = x509.BasicConstraints(ca=True, path_length=None)
    root = _signed("bench root", "bench root", root_key.public_key(), root_key, [authority])
    middle = _signed("bench intermediate", "bench root", middle_key.public_key(), root_key, [authority])
    names = x509.SubjectAlternativeName([x509.DNSName(f"*.{ZONE}"), x509.DNSName(ZONE)])
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
    leaf = _signed(ZONE, "bench intermediate", leaf_key.public_key(), middle_key, [names, usage])
    (folder / "root.pem").write_bytes(root)
    (folder / "chain.pem").write_bytes(leaf + middle)
    secret = leaf_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "key.pem").write_bytes(secret)


def _signed(
    subject: str,
    issuer: str,
    key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey,
    signer: CertificateIssuerPrivateKeyTypes,
    extensions: list[x509.ExtensionType],
) -> bytes:
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(_named(subject))
        .issuer_name(_named(issuer))
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=60))
    )
    for extension in extensions:
        builder = builder.add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
    return builder.sign(signer, hashes.SHA256()).public_bytes(Encoding.PEM)


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


@contextmanager
def _running(command: list[str]) -> Iterator[int]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        yield process.pid
    finally:
        process.terminate()
        process.wait(_PATIENCE)


def _nginx(program: str, folder: Path, port: int) -> list[str]:
    configuration = folder / "nginx.conf"
    parts = " ".join(f"{part}_temp_path {folder}/{part};" for part in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    configuration.write_text(
        f"""daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/errors;
        events {{ worker_connections 4096; }}
        http {{ access_log off; keepalive_timeout 0; default_type text/html; {parts} ssl_protocols TLSv1.2 TLSv1.3;
          server {{ listen 127.0.0.1:{port} ssl backlog=4096; root {folder};
            ssl_certificate {folder}/chain.pem; ssl_certificate_key {folder}/key.pem; }} }}"""
    )
    return [program, "-c", str(configuration), "-e", f"{folder}/errors"]


def _own(part: str, folder: Path, port: int) -> list[str]:
    return [sys.executable, "-m", "bench.targets", part, str(folder), str(port)]


@contextmanager
def _exporter(folder: Path) -> Iterator[tuple[int, int]]:
    configuration = folder / "blackbox.yml"
    configuration.write_text(
        f"""modules: {{ page: {{ prober: http, timeout: 10s, http: {{ preferred_ip_protocol: ip4,
        headers: {{ Host: h1.{ZONE} }}, enable_http2: false,
        tls_config: {{ ca_file: "{folder}/root.pem", server_name: h1.{ZONE} }} }} }} }}"""
    )
    port = _free_port(socket.SOCK_STREAM)
    command = [str(_EXPORTER), f"--config.file={configuration}", f"--web.listen-address=127.0.0.1:{port}", "--log.level=error"]
    with _running(command) as process:
        _await_port(port)
        yield port, process


def _free_port(kind: socket.SocketKind) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await_port(port: int) -> None:
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError(f"nothing listens on port {port}: see what the server printed")


def _await_names(port: int) -> None:
    query = dns.message.make_query(ZONE, "A")
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        try:
            dns.query.udp(query, "127.0.0.1", port=port, timeout=0.5)
        except (OSError, dns.exception.Timeout):
            time.sleep(0.05)
        else:
            return
    raise TimeoutError(f"no name server answers on port {port}: see what it printed")


class _Names(asyncio.DatagramProtocol):
    """Answers every question for A with the one address, and every other with "no such record", as most sites do.

    It only puts bytes together: a slow server would take the probe's processor away and be measured with it.
    """

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        counts, record = _ADDRESS if data[-3] == dns.rdatatype.A else _NO_RECORD
        self._transport.sendto(data[:2] + b"\x81\x80" + counts + data[12:] + record, addr)


def _record(kind: dns.rdatatype.RdataType, text: str) -> bytes:
    """A record of the question's name, which stands at byte 12 of every message."""
    data = dns.rdata.from_text("IN", kind, text).to_wire() or b""
    return struct.pack("!HHHIH", 0xC00C, kind, 1, 300, len(data)) + data


_ADDRESS: Final = (struct.pack("!4H", 1, 1, 0, 0), _record(dns.rdatatype.A, NOMINAL))
_NO_RECORD: Final = (
    struct.pack("!4H", 1, 0, 1, 0),
    _record(dns.rdatatype.SOA, f"ns.{ZONE}. root.{ZONE}. 1 3600 600 86400 300"),
)


async def _serve_names(port: int) -> None:
    await asyncio.get_running_loop().create_datagram_endpoint(_Names, local_addr=("127.0.0.1", port))
    await asyncio.Event().wait()


async def _serve_pages(folder: Path, port: int) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "chain.pem", folder / "key.pem")
    body = page()
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(body)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(head + body)
            await writer.drain()
        except (OSError, EOFError):
            pass
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", port, ssl=context, backlog=4096)
    await server.serve_forever()


if __name__ == "__main__":
    part, place, number = sys.argv[1:]
    asyncio.run(_serve_names(int(number)) if part == "names" else _serve_pages(Path(place), int(number)))
