"""Opens sockets, and is the only place that does. A test's address map acts here and nowhere else."""

import asyncio
import errno
import socket
from typing import Literal

from probes.kit.address import AddressMap, Dead, Place
from probes.kit.network.plain import Plain


class Connector:
    """Connects to nominal addresses: directly, or where a test's map leads. Whether one may is asked before."""

    def __init__(self, address_map: AddressMap | None) -> None:
        self._map = address_map

    async def connect(self, address: str, port: int) -> Plain:
        """A TCP connection. Raises OSError; never comes back where the map drops."""
        place = self._place(address, port, "tcp")
        if place is None:
            await asyncio.Event().wait()
        host, port = place or (address, port)
        loop = asyncio.get_running_loop()
        source = (self._map.source, 0) if self._map and self._map.source and ":" not in host else None
        _, plain = await loop.create_connection(Plain, host, port, local_addr=source)
        return plain

    def datagrams(self, address: str, port: int) -> socket.socket | None:
        """A UDP socket of its own port, which hears `address` only. None where the map drops. Raises OSError."""
        place = self._place(address, port, "udp")
        if place is None:
            return None
        family = socket.AF_INET6 if ":" in place[0] else socket.AF_INET
        opened = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        try:
            if self._map and self._map.source and family == socket.AF_INET:
                opened.bind((self._map.source, 0))
            opened.connect(place)
        except OSError:
            opened.close()
            raise
        return opened

    def _place(self, address: str, port: int, protocol: Literal["tcp", "udp"]) -> Place | None:
        if self._map is None:
            return address, port
        route = self._map.route(address, port, protocol)
        if route is Dead.REFUSE:
            raise ConnectionRefusedError(errno.ECONNREFUSED, "refused by the test's address map")
        if route is Dead.UNREACHABLE:
            raise OSError(errno.ENETUNREACH, "no route in the test's address map")
        return route if isinstance(route, tuple) else None
