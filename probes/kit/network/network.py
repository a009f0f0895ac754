"""What the looks of one vantage point share."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from OpenSSL import SSL

from probes.kit.address import Place
from probes.kit.chain import Examined, Examiner
from probes.kit.failure import Failed, unknown
from probes.kit.network.connector import Connector
from probes.kit.network.door import Door
from probes.kit.network.look import Look
from probes.kit.network.plain import Plain
from probes.kit.network.secure import context
from probes.kit.proxy import Proxy, ProxyFailed, parse
from probes.kit.redact import Scrubber
from probes.kit.resolvers import Resolvers, Transport
from probes.kit.transport import Browser
from probes.kit.vocabulary import Depth


def _now() -> datetime:
    return datetime.now(UTC)


class Network:
    """Opened once per vantage point. `now` tells the time at which certificates must be valid.

    Raises ValueError where the door names an unusable proxy or resolver, and NoTrustedRoots where the machine has no root
    certificates.
    """

    def __init__(self, door: Door, *, now: Callable[[], datetime] = _now) -> None:
        self.door = door
        self._now = now
        self.connector = Connector(door.address_map)
        self._resolvers = Resolvers(door.resolvers)
        self.proxy = parse(door.proxy) if door.proxy else None
        self.context = context()
        self._dot_context = context(b"dot")
        self._examiner = Examiner(door.trust)
        self.browser = Browser(door.user_agent)
        own = (*door.own_addresses, *([self.proxy.host] if self.proxy else []))
        self.scrubber = Scrubber(own, public=(one.address for one in door.public_resolvers))

    def own_resolvers(self) -> tuple[Place, ...]:
        """Whom to ask for names; whose addresses must not be told."""
        places = self._resolvers.places()
        for address, _ in places:
            self.scrubber.learn(address)
        return places

    async def connect(self, address: str, port: int) -> Plain:
        """A TCP connection; what address this machine has on it must not be told. Raises OSError."""
        plain = await self.connector.connect(address, port)
        self.scrubber.learn(plain.local_address)
        return plain

    async def way_to(self, address: str, port: int) -> Plain:
        """A connection directly or through the proxy, whose own failures are told apart. Raises OSError and Failed."""
        if self.proxy is None:
            return await self.connect(address, port)
        try:
            return await self._tunnel(self.proxy, address, port)
        except (ProxyFailed, EOFError, OSError) as error:
            raise Failed(unknown(f"through the proxy: {str(error) or type(error).__name__}")) from error

    async def _tunnel(self, proxy: Proxy, address: str, port: int) -> Plain:
        plain = await self.connect(proxy.host, proxy.port)
        try:
            tunnel = proxy.tunnel(plain)
            await tunnel.sign_in()
            await tunnel.reach(address, port)
        except BaseException:
            plain.close()
            raise
        return plain

    def context_for(self, transport: Transport) -> SSL.Context:
        """The TLS context in which a public resolver is asked: DoT has an application protocol of its own (RFC 7858)."""
        return self._dot_context if transport is Transport.DOT else self.context

    def examine(self, host: str, chain: Sequence[bytes]) -> Examined:
        """What `chain` is worth for `host` at this time."""
        return self._examiner.examine(host, chain, self._now())

    def look(self, depth: Depth = Depth.LIGHT) -> Look:
        """A new look: `async with network.look() as look:` applies the overall deadline."""
        return Look(self, depth)

    async def aclose(self) -> None:
        """Give up what is held. Looks under way must have ended."""
        await self.browser.aclose()
