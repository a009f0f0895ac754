"""What addresses showed when they were asked, by TLS, to prove that they are the host of the name."""

from dataclasses import dataclass
from typing import Final, Self

from probes.kit.failure import Failure
from probes.kit.observation import Facts, TcpConnect, TlsHandshake
from probes.kit.vocabulary import MarkKind

_NOBODY_THERE: Final = frozenset(
    {
        Failure.GENERIC_TIMEOUT,
        Failure.TIMED_OUT,
        Failure.CONNECTION_REFUSED,
        Failure.CONNECTION_RESET,
        Failure.CONNECTION_ABORTED,
        Failure.EOF,
        Failure.SSL_FAILED_HANDSHAKE,
    }
)
"""How an address fails that does not serve the host. That there is no way to it would tell of the line only."""

_ANOTHERS: Final = frozenset({Failure.SSL_INVALID_HOSTNAME, Failure.SSL_UNKNOWN_AUTHORITY})


@dataclass(frozen=True, slots=True, kw_only=True)
class Proofs:
    """The addresses that were tried, by how they did.

    - `right`: they showed a valid certificate for the name; one by a state's own authority proves nothing
    - `worn`: they showed one that a trusted authority made for it, and that is no longer valid
    - `anothers`: they showed somebody else's, or one that anybody can make
    - `silent`: nobody there serves TLS
    """

    right: frozenset[str] = frozenset()
    worn: frozenset[str] = frozenset()
    anothers: frozenset[str] = frozenset()
    silent: frozenset[str] = frozenset()

    @classmethod
    def read(cls, facts: Facts, name: str | None) -> Self:
        """Read the handshakes for `name`, and the connections that were to become some."""
        shaken = [one for one in facts.tls if one.server_name == name]
        failed: tuple[TlsHandshake | TcpConnect, ...] = (*shaken, *facts.tcp)
        return cls(
            right=frozenset(one.address for one in shaken if one.failure is None and not _is_by_a_state(one)),
            worn=frozenset(one.address for one in shaken if one.failure == Failure.SSL_INVALID_CERTIFICATE),
            anothers=frozenset(one.address for one in shaken if one.failure in _ANOTHERS or _is_by_a_state(one)),
            silent=frozenset(one.address for one in failed if one.failure in _NOBODY_THERE),
        )


def _is_by_a_state(handshake: TlsHandshake) -> bool:
    return any(mark.kind is MarkKind.STATE_AUTHORITY for mark in handshake.marks)
