"""What the looks of one vantage point share."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from probes.kit.address import Place
from probes.kit.chain import Examined, Examiner
from probes.kit.network.connector import Connector
from probes.kit.network.door import Door
from probes.kit.network.look import Look
from probes.kit.network.plain import Plain
from probes.kit.network.secure import context
from probes.kit.proxy import parse
from probes.kit.redact import Scrubber
from probes.kit.resolvers import Resolvers
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
        self._examiner = Examiner(door.trust)
        self.browser = Browser(door.user_agent)
        self.scrubber = Scrubber((*door.own_addresses, *([self.proxy.host] if self.proxy else [])))

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

    def examine(self, host: str, chain: Sequence[bytes]) -> Examined:
        """What `chain` is worth for `host` at this time."""
        return self._examiner.examine(host, chain, self._now())

    def look(self, depth: Depth = Depth.LIGHT) -> Look:
        """A new look: `async with network.look() as look:` applies the overall deadline."""
        return Look(self, depth)

    async def aclose(self) -> None:
        """Give up what is held. Looks under way must have ended."""
        await self.browser.aclose()
