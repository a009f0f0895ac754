"""Stands in for a look at names: every resolver has its own answers, and every address its own way to shake hands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from probes.kit.observation import Facts, TlsHandshake
from probes.kit.vocabulary import Aim, Depth
from tests.probes.dns.stories import INNOCENT, INNOCUOUS, PUBLIC
from tests.probes.telling import Telling

Names = Mapping[str, Sequence[str] | str]
"""A name to its addresses, or to the failure of asking for it; `*` is every other name."""

EVERYBODY = {INNOCUOUS: [INNOCENT]}


@dataclass
class FakeResolvers:
    """What is answered here.

    - `own`: by the own resolver; `udp`, `dot`: by a public one, asked in clear text and over TLS
    - `ends`: an address to how a handshake with it ends; any other ends well
    - `dead`: an address to how connecting to it fails
    """

    own: Names
    udp: Names = field(default_factory=dict)
    dot: Names = field(default_factory=dict)
    ends: Mapping[str, str] = field(default_factory=dict)
    dead: Mapping[str, str] = field(default_factory=dict)
    depth: Depth = Depth.LIGHT
    told: Telling = field(default_factory=Telling)

    async def resolve(self, name: str, *, hop: int = 0, aim: Aim = Aim.VISIT) -> tuple[str, ...]:
        assert hop == 0
        return self._ask(name, self.own, "system", "system", aim)

    async def resolve_publicly(self, name: str, *, hop: int = 0, aim: Aim = Aim.ELSEWHERE) -> dict[str, tuple[str, ...]]:
        assert hop == 0
        public = {"udp": self.udp, "dot": self.dot}
        return {transport: self._ask(name, names, PUBLIC, transport, aim) for transport, names in public.items() if names}

    async def handshake(self, address: str, port: int, server_name: str, *, hop: int = 0, aim: Aim = Aim.VISIT) -> TlsHandshake:
        assert hop == 0
        failure = self.dead.get(address)
        self.told.connected(address, port, failure=failure, aim=aim)
        if failure:
            return TlsHandshake(started=0, duration=0, failure=failure, address=address, port=port, server_name=server_name)
        self.told.shook_hands(address, server_name, failure=self.ends.get(address), port=port, aim=aim)
        return self.told.facts().tls[-1]

    def facts(self, **details: object) -> Facts:
        return self.told.facts(**details)

    def _ask(self, name: str, names: Names, resolver: str, transport: str, aim: Aim) -> tuple[str, ...]:
        answer = {**EVERYBODY, **names}.get(name, names.get("*", "dns_nxdomain_error"))
        answers, failure = ((), answer) if isinstance(answer, str) else (tuple(answer), None)
        self.told.asked(name, *answers, failure=failure, aim=aim, resolver=resolver, transport=transport)
        return answers
