"""What the handshakes prove: who the failing address is to others, and what its failure hangs on."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from probes.kit.address import is_address
from probes.kit.failure import Failure
from probes.kit.observation import Facts, TlsHandshake
from probes.kit.vocabulary import Aim, MarkKind, Stage
from probes.website.control import ControlLook
from probes.website.walk import ANOTHERS, CERTIFICATE, CUT, TIMEOUTS, Walk, proofs

_NAMES_THAT_PASS: Final = 2
"""Names to which an innocuous host must answer before it counts that it fails for another: its own, and one that is not."""


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
        return next(self._here(Aim.INNOCUOUS_NAME), None)

    @property
    def repeated(self) -> TlsHandshake | None:
        """The failing address, asked for the real name once more."""
        return next(self._here(Aim.AGAIN), None)

    @property
    def is_unsteady(self) -> bool:
        """Whether what failed went well a moment later."""
        return self.repeated is not None and self.repeated.failure is None

    @property
    def is_cut_by_name(self) -> bool:
        """Whether the connection is cut for the real name alone, at an address that proves to others to be the host.

        Where an innocuous host lets the name pass, it takes a reset: a server that declines a name says so, or closes.
        """
        is_reset = self.failed is not None and self.failed.failure == Failure.CONNECTION_RESET
        return self._hangs_on_name(CUT) and (is_reset or not self._passes_elsewhere)

    @property
    def is_starved_by_name(self) -> bool:
        """Whether the connection falls silent for the real name alone, and no innocuous host lets it pass."""
        return self._hangs_on_name(TIMEOUTS) and not self._passes_elsewhere

    @property
    def is_cut_everywhere(self) -> bool:
        """Whether the real name is cut here, and at an innocuous address too, so that no server has a part in it.

        That host answers to its own name and to one that is no more its own than the real one. It tells as well where a censor,
        once roused, cuts the failing address off for a while, whatever is said to it.
        """
        return self._fails_everywhere(CUT)

    @property
    def is_starved_everywhere(self) -> bool:
        """The same for a name after which all falls silent."""
        return self._fails_everywhere(TIMEOUTS)

    @property
    def is_intercepted_for_all(self) -> bool:
        """Whether an innocuous host shows a certificate of the same bad issuer: whoever opens this line opens all of it."""
        innocuous = (one for one in self._at_innocuous_host if one.failure in CERTIFICATE)
        return self.failed is not None and any(one.issuer == self.failed.issuer for one in innocuous)

    @property
    def proof(self) -> TlsHandshake | None:
        """How the address at which the look ended proved to a working control that it is the host."""
        ours = self.own.ending.handshake
        shaken = (one for control in self.controls if control.works for one in control.facts.tls if one.failure is None)
        return next((one for one in shaken if ours and _is_same_end(one, ours)), None)

    @property
    def is_impostor(self) -> bool:
        """Whether the failing address shows a certificate in the host's name by an authority that nobody trusts.

        To a control the same address shows another authority's. A server's left-over default certificate does not bear the
        host's name, and a server that forgot its intermediate certificate shows the same issuer to everybody.
        """
        if self.failed is None or self.proof is None or self.failed.failure != Failure.SSL_UNKNOWN_AUTHORITY:
            return False
        if self.repeated is not None and self.repeated.issuer != self.failed.issuer:
            return False
        return _bears(self.failed.subject, self.failed.server_name) and self.failed.issuer != self.proof.issuer

    @property
    def is_of_the_state(self) -> bool:
        """Whether the chain shown here is by an authority that a state has made its own, and the one shown to a control is not.

        Valid or not: where the state has had its authority installed on people's machines, such a chain verifies.
        """
        shown, proof = self.own.ending.handshake, self.proof
        if shown is None or proof is None or not _is_marked(shown) or _is_marked(proof):
            return False
        return shown.chain_hash != proof.chain_hash

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
        nobody_works = not any(one.works for one in self.controls)
        return nobody_works and self.is_expired and any(map(self.is_over_for, self.controls))

    def is_over_for(self, control: ControlLook) -> bool:
        """Whether a control's look ended at a certificate whose time is over."""
        return self._is_over(control.walk.ending.handshake)

    def _is_over(self, handshake: TlsHandshake | None) -> bool:
        if handshake is None or handshake.not_after is None:
            return False
        return handshake.failure == Failure.SSL_INVALID_CERTIFICATE and handshake.not_after < self.at

    def _hangs_on_name(self, failures: frozenset[Failure]) -> bool:
        """Whether the real name fails twice, an innocuous one in between is answered, and a control gets through."""
        if self.failed is None or self.swapped is None or self.repeated is None or self.proof is None:
            return False
        steadily = self.failed.failure in failures and self.repeated.failure in CUT | TIMEOUTS
        return steadily and _is_answered(self.swapped)

    def _fails_everywhere(self, failures: frozenset[Failure]) -> bool:
        failed = self.failed
        if failed is None or failed.failure not in failures or self.proof is None or self.is_unsteady:
            return False
        minds_no_name = len({one.server_name for one in self._at_innocuous_host if _is_answered(one)}) >= _NAMES_THAT_PASS
        real = (one for one in self._at_innocuous_host if one.server_name == failed.server_name)
        return minds_no_name and self._is_elsewhere and any(one.failure in CUT | TIMEOUTS for one in real)

    @property
    def _is_elsewhere(self) -> bool:
        """Whether the innocuous address is in another network than the failing one, as far as that is known."""
        ours = {self.facts.asns.get(self.failed.address)} if self.failed else set()
        theirs = {self.facts.asns.get(one.address) for one in self._at_innocuous_host}
        return None in ours | theirs or ours.isdisjoint(theirs)

    @property
    def _passes_elsewhere(self) -> bool:
        """Whether an innocuous host was told the real name, and answered."""
        return any(
            _is_answered(one) for one in self._at_innocuous_host if self.failed and one.server_name == self.failed.server_name
        )

    @property
    def _at_innocuous_host(self) -> list[TlsHandshake]:
        return [one for one in self.facts.tls if one.aim is Aim.INNOCUOUS_HOST]

    def _here(self, aim: Aim) -> Iterator[TlsHandshake]:
        """The handshakes with the failing address on the failing hop that were made with this aim."""
        failed = self.failed
        for one in self.facts.tls:
            if failed and one.aim is aim and (one.hop, one.address) == (failed.hop, failed.address):
                yield one


def _is_same_end(theirs: TlsHandshake, ours: TlsHandshake) -> bool:
    """Whether both were made with the same server. Through a proxy we only know it by its name."""
    is_there = theirs.address == ours.address or not is_address(ours.address)
    return is_there and (theirs.port, theirs.server_name) == (ours.port, ours.server_name)


def _is_marked(handshake: TlsHandshake) -> bool:
    return any(mark.kind is MarkKind.STATE_AUTHORITY for mark in handshake.marks)


def _is_answered(handshake: TlsHandshake) -> bool:
    """Whether somebody at the far end spoke TLS to us, be it to show a certificate or to decline the name."""
    return handshake.failure is None or handshake.failure in {*CERTIFICATE, Failure.SSL_FAILED_HANDSHAKE}


def _bears(subject: str | None, name: str) -> bool:
    """Whether a certificate's subject names the host, itself or by a wildcard."""
    spelled = (subject or "").lower()
    return name in spelled or f"*.{name.partition('.')[2]}" in spelled
