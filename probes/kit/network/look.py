"""One look at one target: every step that it takes is recorded as it went, whatever came of it."""

import asyncio
from collections.abc import Sequence
from time import perf_counter
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from probes.kit.address import is_address, may_connect
from probes.kit.budgets import BODY_CAP
from probes.kit.failure import Failed, Failure
from probes.kit.network.names import Names
from probes.kit.network.plain import Plain
from probes.kit.network.records import Records
from probes.kit.network.secure import Secure
from probes.kit.network.stage import Part, Stage
from probes.kit.observation import Blob, Facts, HttpExchange, TlsHandshake
from probes.kit.proxy import Proxy, ProxyFailed, Tunnel
from probes.kit.redact import without_addresses
from probes.kit.target import Target, target
from probes.kit.transport import Wire
from probes.kit.vocabulary import Aim, Depth

if TYPE_CHECKING:
    from probes.kit.network.network import Network

_GRACE: Final = 1.0
"""Seconds after the deadline in which steps may end by themselves, and say so, before all that is left is cancelled."""


class Look:
    """Takes steps and records them. No failure of a step is an exception: it is a word in the facts.

    `async with network.look() as look:` ends at the deadline, `budgets.look` seconds after it began. Steps that are under
    way then, or begin later, fail with `interrupted`.
    """

    def __init__(self, network: "Network", depth: Depth) -> None:
        self._network = network
        self.depth = depth
        self._budgets = network.door.budgets
        self._records = Records(network.scrubber, network.door.asns, network.door.markers)
        self._opened = perf_counter()
        self._names = Names(network, self._records, self._opened, depth)
        self._limit = asyncio.timeout(self._budgets.look + _GRACE)
        self.proxy_failure: str | None = None
        """What the proxy itself failed with; the look then says nothing about its target."""

    async def __aenter__(self) -> Self:
        await self._limit.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        try:
            await self._limit.__aexit__(kind, error, traceback)
        except TimeoutError:
            return True
        return False

    @property
    def proxied(self) -> bool:
        """Whether this look goes through a proxy, so that names are looked up at its far end and `resolve` has no say."""
        return self._network.proxy is not None

    @property
    def proxy_failed(self) -> bool:
        """Whether the proxy itself failed, so that the look is invalid."""
        return self.proxy_failure is not None

    @property
    def blobs(self) -> list[Blob]:
        """The bytes that the facts name."""
        return self._records.blobs

    def facts(self, **details: Any) -> Facts:
        """Every step so far, and what only the probe knows."""
        return self._records.facts(details)

    def _left(self) -> float:
        return self._budgets.look - (perf_counter() - self._opened)

    def _stage(self, seconds: float, part: Part) -> Stage:
        return Stage(self._opened, seconds, self._left(), part)

    async def resolve(self, name: str, *, hop: int = 0, aim: Aim = Aim.VISIT) -> tuple[str, ...]:
        """The addresses of `name` from the vantage point's own resolver, IPv4 first; none where that failed.

        An address is its own answer and asks nobody. Through a proxy there is nobody to ask, and no answer. A thorough
        look also records what comes late or twice, and puts a failed question of a visit once more: over UDP, over TCP, and
        after SERVFAIL without validation (`Aim.AGAIN`); what those answer is in the facts only.
        """
        if self.proxied:
            return ()
        if is_address(name):
            return (name,)
        return await self._names.own(name, Part(hop, aim))

    async def resolve_publicly(self, name: str, *, hop: int = 0, aim: Aim = Aim.ELSEWHERE) -> dict[str, tuple[str, ...]]:
        """The addresses of `name` from the door's public resolvers, by transport: `udp`, `dot`, `doh`, as far as it has them.

        All transports are asked at once, A and AAAA, within `budgets.dns`: of each transport the first resolver, and the
        second only where the first gave no address. Through a proxy nobody is asked over UDP.
        """
        return {} if is_address(name) else await self._names.public(name, Part(hop, aim))

    async def fetch(self, url: str, addresses: Sequence[str], *, hop: int = 0, aim: Aim = Aim.VISIT) -> HttpExchange | None:
        """Get `url` from the first of `addresses` that can be reached: TCP, TLS where the URL asks for it, one GET.

        Redirects are not followed. Where the certificate does not verify, the page is fetched all the same: it is that of
        whoever is in the way. None where no exchange took place. Through a proxy `addresses` do not matter.
        """
        part = Part(hop, aim)
        try:
            wanted = target(url)
        except ValueError:
            return self._records.not_exchanged(url, perf_counter() - self._opened, part, Failure.HTTP_INVALID_REDIRECT)
        for address in (wanted.host,) if self.proxied else addresses:
            stream = await self._open(wanted, address, part)
            if stream is not None:
                return await self._get(stream, wanted, address, part)
        return None

    async def handshake(self, address: str, port: int, server_name: str, *, hop: int = 0, aim: Aim = Aim.VISIT) -> TlsHandshake:
        """TCP and TLS only. Where TCP fails no handshake is recorded, and the one that is returned carries its failure."""
        part = Part(hop, aim)
        plain, stage = await self._reach(address, port, part)
        if plain is None:
            return TlsHandshake(**stage.facts(), address=address, port=port, server_name=server_name)
        secure = None
        try:
            secure, step = await self._shake(plain, address, port, server_name, part)
        finally:
            (secure or plain).close()
        return step

    async def _open(self, wanted: Target, address: str, part: Part) -> Plain | Secure | None:
        plain, _ = await self._reach(address, wanted.port, part)
        if plain is None or not wanted.secure:
            return plain
        secure = None
        try:
            secure, _ = await self._shake(plain, address, wanted.port, wanted.server_name, part)
        finally:
            if secure is None:
                plain.close()
        return secure

    async def _reach(self, address: str, port: int, part: Part) -> tuple[Plain | None, Stage]:
        if self._network.proxy is not None:
            return await self._reach_through(self._network.proxy, address, port, part)
        plain = None
        stage = self._stage(self._budgets.tcp, part)
        try:
            async with stage:
                if not may_connect(address):
                    # OONI has no word for "we would not"; this one says at least that nobody can have this address.
                    raise Failed(Failure.DNS_BOGON)
                plain = await self._network.connect(address, port)
        finally:
            self._records.connected(stage, address, port)
        return plain, stage

    async def _reach_through(self, proxy: Proxy, host: str, port: int, part: Part) -> tuple[Plain | None, Stage]:
        """The proxy first, which is no fact about the host, then the host through it, which is."""
        plain = None
        stage = self._stage(self._budgets.tcp, part)
        try:
            async with stage:
                plain = await self._network.connect(proxy.host, proxy.port)
                tunnel = proxy.tunnel(plain)
                await tunnel.sign_in()
            if plain is None or stage.failure:
                self.proxy_failure = f"the proxy cannot be used: {stage.failure}"
                return None, stage
            stage = await self._enter(tunnel, host, port, part)
        finally:
            if plain is not None and stage.failure:
                plain.close()
        return (None if stage.failure else plain), stage

    async def _enter(self, tunnel: Tunnel, host: str, port: int, part: Part) -> Stage:
        blameless = True
        stage = self._stage(self._budgets.tcp, part)
        try:
            async with stage:
                try:
                    await tunnel.reach(host, port)
                except (ProxyFailed, OSError) as error:
                    blameless = False
                    self.proxy_failure = self._network.scrubber.scrub_text(without_addresses(str(error)))
                    raise
        finally:
            if blameless:
                self._records.connected(stage, host, port)
        return stage

    async def _shake(
        self, plain: Plain, address: str, port: int, server_name: str, part: Part
    ) -> tuple[Secure | None, TlsHandshake]:
        """Shake hands, and judge the chain only then. A bad one is a fact, and no reason to stop."""
        secure = None
        stage = self._stage(self._budgets.tls, part)
        try:
            async with stage:
                secure = Secure(plain, self._network.context, server_name)
                await secure.handshake()
        finally:
            if secure is None or stage.failure:
                step = self._records.not_shaken(stage, address, port, server_name)
        if secure is None or stage.failure:
            return None, step
        examined = self._network.examine(server_name, secure.chain)
        return secure, self._records.shaken(stage, address, port, server_name, secure, examined)

    async def _get(self, stream: Plain | Secure, wanted: Target, address: str, part: Part) -> HttpExchange:
        wire = Wire(stream)
        stage = self._stage(self._budgets.http, part)
        try:
            async with stage:
                await self._network.browser.get(wanted.url, wire, BODY_CAP)
        finally:
            stream.close()
            step = self._records.exchanged(stage, str(wanted.url), None if self.proxied else address, wire)
        return step
