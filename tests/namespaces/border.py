"""The censor at the border: it listens to every packet, and acts on those that name the forbidden site.

`reset` sends RST to both ends when a ClientHello names it; `drop` has the kernel drop the rest of that connection; `inject`
answers a DNS question for it before the resolver can.
"""

import socket
import struct
import subprocess
import sys
from collections.abc import Callable
from typing import Final, NamedTuple

import dns.message
import dns.name
import dns.rdatatype
import dns.rrset

from tests.namespaces.country import NOBODY, say_ready

_IPV4: Final = 0x0800
_TCP, _UDP = 6, 17
_RST: Final = 0x04
_TLS_HANDSHAKE: Final = 0x16
_TABLE: Final = """
table ip censor {
  set forbidden { type ipv4_addr . inet_service; }
  chain forward {
    type filter hook forward priority 0;
    ip saddr . tcp sport @forbidden drop
    ip daddr . tcp dport @forbidden drop
  }
}
"""


class Packet(NamedTuple):
    """An IPv4 packet: addresses as four bytes, ports, and what it carries."""

    source: bytes
    destination: bytes
    protocol: int
    source_port: int
    destination_port: int
    acknowledged: int
    sequence: int
    payload: bytes


def read(data: bytes) -> Packet | None:
    """The packet in `data`, if it is TCP or UDP."""
    start = (data[0] & 15) * 4
    protocol, source, destination = data[9], data[12:16], data[16:20]
    if protocol == _UDP:
        source_port, destination_port = struct.unpack("!HH", data[start : start + 4])
        return Packet(source, destination, protocol, source_port, destination_port, 0, 0, data[start + 8 :])
    if protocol != _TCP:
        return None
    source_port, destination_port, sequence, acknowledged = struct.unpack("!HHII", data[start : start + 12])
    length = (data[start + 12] >> 4) * 4
    return Packet(source, destination, protocol, source_port, destination_port, acknowledged, sequence, data[start + length :])


class Censor:
    """Acts on what it is shown."""

    def __init__(self, forbidden: str) -> None:
        self._forbidden = forbidden.encode()
        self._in_question = b"".join(bytes((len(label),)) + label for label in dns.name.from_text(forbidden).labels)
        self._raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)

    def reset(self, packet: Packet) -> None:
        """Send RST to both ends of a connection that names the site."""
        if not self._names_site(packet):
            return
        after = packet.sequence + len(packet.payload)
        self._send_reset(packet.destination, packet.source, packet.destination_port, packet.source_port, packet.acknowledged)
        self._send_reset(packet.source, packet.destination, packet.source_port, packet.destination_port, after)

    def drop(self, packet: Packet) -> None:
        """Have the kernel drop the rest of a connection that names the site."""
        if self._names_site(packet):
            flow = f"{socket.inet_ntoa(packet.source)} . {packet.source_port}"
            subprocess.run(["nft", "add", "element", "ip", "censor", "forbidden", f"{{ {flow} }}"], check=True, timeout=5)

    def inject(self, packet: Packet) -> None:
        """Answer a question for the site's address before the resolver does."""
        if packet.protocol != _UDP or packet.destination_port != 53 or self._in_question not in packet.payload:
            return
        query = dns.message.from_wire(packet.payload)
        asked = query.question[0]
        if asked.rdtype != dns.rdatatype.A:
            return
        response = dns.message.make_response(query, recursion_available=True)
        response.answer.append(dns.rrset.from_text(asked.name, 60, "IN", "A", NOBODY))
        wire = response.to_wire()
        datagram = struct.pack("!HHHH", 53, packet.source_port, 8 + len(wire), 0) + wire
        self._send(packet.destination, packet.source, _UDP, datagram)

    def _names_site(self, packet: Packet) -> bool:
        is_hello = packet.protocol == _TCP and packet.destination_port == 443 and packet.payload[:1] == bytes((_TLS_HANDSHAKE,))
        return is_hello and self._forbidden in packet.payload

    def _send_reset(self, source: bytes, destination: bytes, source_port: int, destination_port: int, sequence: int) -> None:
        head = struct.pack("!HHIIBBHHH", source_port, destination_port, sequence & 0xFFFFFFFF, 0, 5 << 4, _RST, 0, 0, 0)
        pseudo = source + destination + struct.pack("!BBH", 0, _TCP, len(head))
        checked = head[:16] + struct.pack("!H", _checksum(pseudo + head)) + head[18:]
        self._send(source, destination, _TCP, checked)

    def _send(self, source: bytes, destination: bytes, protocol: int, payload: bytes) -> None:
        head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 1, 0, 64, protocol, 0, source, destination)
        self._raw.sendto(head + payload, (socket.inet_ntoa(destination), 0))


def _checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    if len(data) % 2:
        data += b"\0"
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


def _main(action: str, forbidden: str) -> None:
    censor = Censor(forbidden)
    act: dict[str, Callable[[Packet], None]] = {"reset": censor.reset, "drop": censor.drop, "inject": censor.inject}
    subprocess.run(["nft", "-f", "-"], input=_TABLE, text=True, check=True, timeout=5)
    ear = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_IPV4))
    ear.bind(("to-here", _IPV4))
    say_ready()
    while True:
        packet = read(ear.recv(65535))
        if packet is not None:
            act[action](packet)


if __name__ == "__main__":
    _main(sys.argv[1], sys.argv[2])
