"""Stands in for a look: a small scripted world that records steps as the real one does."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from probes.kit.observation import Facts, HttpExchange, TlsHandshake
from probes.kit.vocabulary import Aim, Depth
from tests.probes.telling import Telling

INNOCENT = "203.0.114.9"
"""Where names that nobody blocks lead."""


@dataclass
class FakeLook:
    """What the world answers.

    - `names`: a name to its addresses, or to the failure of asking for it; any other name does not exist
    - `pages`: a URL to what `Telling.got` is told about the response; any other URL gives a plain page
    - `ends`: an address, or an (address, server name), to how a handshake with it ends; any other ends well
    - `dead`: an address to how connecting to it fails
    - `publicly`: a name to what public resolvers answer
    """

    names: Mapping[str, Sequence[str] | str] = field(default_factory=dict)
    pages: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    ends: dict[Any, str] = field(default_factory=dict)
    dead: Mapping[str, str] = field(default_factory=dict)
    publicly: Mapping[str, Sequence[str]] = field(default_factory=dict)
    proxied: bool = False
    depth: Depth = Depth.LIGHT
    told: Telling = field(default_factory=Telling)
    asked_for: list[str] = field(default_factory=list)

    async def resolve(self, name: str, *, hop: int = 0, aim: Aim = Aim.VISIT) -> tuple[str, ...]:
        if self.proxied:
            return ()
        if aim is Aim.PROBE_NAME and name not in self.names:
            self.told.asked(name, INNOCENT, hop=hop, aim=aim)
            return (INNOCENT,)
        if name.replace(".", "").isdigit():
            return (name,)
        answer = self.names.get(name, "dns_nxdomain_error")
        if isinstance(answer, str):
            self.told.asked(name, failure=answer, hop=hop, aim=aim)
            return ()
        self.told.asked(name, *answer, hop=hop, aim=aim)
        return tuple(answer)

    async def resolve_publicly(self, name: str, *, hop: int = 0, aim: Aim = Aim.ELSEWHERE) -> dict[str, tuple[str, ...]]:
        answers = tuple(self.publicly.get(name, ()))
        if answers:
            self.told.asked(name, *answers, hop=hop, aim=aim, transport="doh", resolver="9.9.9.9")
        return {"doh": answers}

    async def fetch(self, url: str, addresses: Sequence[str], *, hop: int = 0, aim: Aim = Aim.VISIT) -> HttpExchange | None:
        self.asked_for.append(url)
        parts = urlsplit(url)
        for address in addresses or (parts.hostname or "",):
            if not self._connect(address, parts.port or {"http": 80, "https": 443}[parts.scheme], hop, aim):
                continue
            if parts.scheme == "https" and not self._shake(address, parts.hostname or "", 443, hop, aim).subject:
                continue
            self.told.got(url, address, hop=hop, aim=aim, **self.pages.get(url, {}))
            return self.told.facts().http[-1]
        return None

    async def handshake(self, address: str, port: int, server_name: str, *, hop: int = 0, aim: Aim = Aim.VISIT) -> TlsHandshake:
        if self._connect(address, port, hop, aim):
            return self._shake(address, server_name, port, hop, aim)
        return TlsHandshake(
            started=0, duration=0, failure=self.dead[address], address=address, port=port, server_name=server_name
        )

    def facts(self, **details: Any) -> Facts:
        return self.told.facts(**details)

    def _connect(self, address: str, port: int, hop: int, aim: Aim) -> bool:
        failure = self.dead.get(address)
        self.told.connected(address, port, failure=failure, hop=hop, aim=aim)
        return failure is None

    def _shake(self, address: str, name: str, port: int, hop: int, aim: Aim) -> TlsHandshake:
        failure = self.ends.get((address, name), self.ends.get(address))
        shown = {"subject": "CN=impostor"} if failure and failure.startswith("ssl_") else {}
        self.told.shook_hands(address, name, failure=failure, port=port, hop=hop, aim=aim, **shown)
        return self.told.facts().tls[-1]
