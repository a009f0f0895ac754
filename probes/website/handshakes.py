"""What the handshakes prove: who the failing address is to others, and what its failure hangs on."""

from dataclasses import dataclass
from datetime import datetime

from probes.kit.address import is_address
from probes.kit.failure import Failure
from probes.kit.observation import Facts, TlsHandshake
from probes.kit.vocabulary import Stage
from probes.website.control import ControlLook
from probes.website.walk import ANOTHERS, CERTIFICATE, CUT, TIMEOUTS, Walk, proofs


@dataclass(frozen=True, slots=True, kw_only=True)
class Handshakes:
    """The handshakes of one look that ended at `own`, seen at the time `at`."""

    at: datetime
    facts: Facts
    own: Walk
    controls: tuple[ControlLook, ...]

    @property
    def failed(self) -> TlsHandshake | None:
        """The handshake at which the look ended."""
        return self.own.ending.handshake if self.own.ending.stage is Stage.TLS else None

    @property
    def swapped(self) -> TlsHandshake | None:
        """The failing address, asked for an innocuous name."""
        return next((one for one in self._here if self.failed and one.server_name != self.failed.server_name), None)

    @property
    def repeated(self) -> TlsHandshake | None:
        """The failing address, asked for the real name once more."""
        again = [one for one in self._here if self.failed and one.server_name == self.failed.server_name]
        return again[1] if len(again) > 1 else None

    @property
    def is_unsteady(self) -> bool:
        """Whether what failed went well a moment later."""
        return self.repeated is not None and self.repeated.failure is None

    @property
    def is_cut_by_name(self) -> bool:
        """Whether the connection is cut for the real name and for nothing else."""
        return self._hangs_on_name(CUT)

    @property
    def is_starved_by_name(self) -> bool:
        """Whether the connection falls silent for the real name and for nothing else."""
        return self._hangs_on_name(TIMEOUTS)

    @property
    def proof(self) -> TlsHandshake | None:
        """How the failing address proved to a working control that it is the host."""
        shaken = (one for control in self.controls if control.works for one in control.facts.tls if one.failure is None)
        return next((one for one in shaken if self.failed and _is_same_end(one, self.failed)), None)

    @property
    def is_impostor(self) -> bool:
        """Whether the failing address shows a certificate in the host's name by an authority that nobody trusts.

        To a control the same address shows another authority's. A server's left-over default certificate does not bear the
        host's name, and a server that forgot its intermediate certificate shows the same issuer to everybody.
        """
        if self.failed is None or self.proof is None or self.failed.failure != Failure.SSL_UNKNOWN_AUTHORITY:
            return False
        return _bears(self.failed.subject, self.failed.server_name) and self.failed.issuer != self.proof.issuer

    @property
    def is_self_signed(self) -> bool:
        """Whether the failing certificate is its own authority."""
        return self.failed is not None and self.failed.subject == self.failed.issuer

    @property
    def shows_wrong_certificate(self) -> bool:
        """Whether what answered here shows another's certificate, while something proves to a working control to be the host."""
        elsewhere = any(proofs(one.facts, self.own.host) for one in self.controls if one.works)
        return self.failed is not None and self.failed.failure in ANOTHERS and elsewhere

    @property
    def is_expired(self) -> bool:
        """Whether the certificate's time is over, and nothing else is wrong with it: only the host can show it."""
        return self._is_over(self.failed)

    @property
    def is_expired_everywhere(self) -> bool:
        """Whether the certificate's time is over here and at a control, and no control gets past it."""
        theirs = [one.walk.ending.handshake for one in self.controls]
        nobody_works = not any(one.works for one in self.controls)
        return nobody_works and self.is_expired and any(self._is_over(one) for one in theirs)

    def _is_over(self, handshake: TlsHandshake | None) -> bool:
        if handshake is None or handshake.not_after is None:
            return False
        return handshake.failure == Failure.SSL_INVALID_CERTIFICATE and handshake.not_after < self.at

    def _hangs_on_name(self, failures: frozenset[Failure]) -> bool:
        """Whether the real name fails twice, an innocuous one in between is answered, and a control gets through."""
        if self.failed is None or self.swapped is None or self.repeated is None or self.proof is None:
            return False
        return {self.failed.failure, self.repeated.failure} <= failures and _is_answered(self.swapped)

    @property
    def _here(self) -> list[TlsHandshake]:
        """All handshakes with the failing address on the failing hop, in the order in which they were made."""
        failed = self.failed
        return [one for one in self.facts.tls if failed and (one.hop, one.address) == (failed.hop, failed.address)]


def _is_same_end(theirs: TlsHandshake, ours: TlsHandshake) -> bool:
    """Whether both were made with the same server. Through a proxy we only know it by its name."""
    is_there = theirs.address == ours.address or not is_address(ours.address)
    return is_there and (theirs.port, theirs.server_name) == (ours.port, ours.server_name)


def _is_answered(handshake: TlsHandshake) -> bool:
    """Whether somebody at the far end spoke TLS to us, be it to show a certificate or to decline the name."""
    return handshake.failure is None or handshake.failure in {*CERTIFICATE, Failure.SSL_FAILED_HANDSHAKE}


def _bears(subject: str | None, name: str) -> bool:
    """Whether a certificate's subject names the host, itself or by a wildcard."""
    spelled = (subject or "").lower()
    return name in spelled or f"*.{name.partition('.')[2]}" in spelled
