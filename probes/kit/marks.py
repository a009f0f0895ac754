"""Fingerprints: what is known to be a block page, a forged address, a state's own authority, or a page mistaken for one.

A mark is a fact like any other: it says that something received bears a known sign, never what follows from that.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from probes.kit.observation import Mark


class Markers(Protocol):
    """The fingerprints in force. Every method is quick, bounded, and never raises over what strangers sent."""

    @property
    def versions(self) -> Mapping[str, str]:
        """The version of every list that is used, by the list's name."""
        ...

    def of_answers(self, addresses: Sequence[str]) -> tuple[Mark, ...]:
        """The marks of addresses in a DNS answer."""
        ...

    def of_chain(self, chain: Sequence[bytes]) -> tuple[Mark, ...]:
        """The marks of certificates, DER, leaf first."""
        ...

    def of_response(self, head: bytes, location: str | None, title: str | None, body: bytes, body_hash: str) -> tuple[Mark, ...]:
        """The marks of a response. The body is gone through once for every `body_hash`, however often it is seen."""
        ...
