"""Which of the website's addresses can be reached from here, and whether the line itself is to blame where none can."""

from collections.abc import Iterable
from dataclasses import dataclass

from probes.kit.observation import Facts, TcpConnect, TlsHandshake
from probes.kit.vocabulary import Aim
from probes.website.control import ControlLook
from probes.website.page import are_one
from probes.website.walk import Walk, is_of_own_making, proofs

_MEANT = frozenset({Aim.VISIT, Aim.ELSEWHERE, Aim.AGAIN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """The addresses that the own resolver gave for the host at which the look ended."""

    facts: Facts
    own: Walk
    controls: tuple[ControlLook, ...]

    @property
    def reached(self) -> frozenset[str]:
        """Those that proved to be the host."""
        return proofs(self.facts, self.own.host) & self._answers

    @property
    def unreached(self) -> frozenset[str]:
        """Those at which every attempt failed, for another reason than our own line's."""
        failed = {one.address for one in _attempts(self.facts) if one.failure and not is_of_own_making(one.failure, one.address)}
        return frozenset(failed & self._answers) - self.reached - self._answered

    @property
    def cut_off(self) -> frozenset[str]:
        """Those that prove to a working control to be the host, and fail for none; of IPv6 only where this line has it."""
        theirs = {address for one in self.controls if one.works for address in proofs(one.facts, self.own.host)}
        dead = {step.address for one in self.controls for step in _attempts(one.facts) if step.failure}
        return frozenset(address for address in (self.unreached & theirs) - dead if ":" not in address or self._has_ipv6)

    @property
    def is_partial(self) -> bool:
        """Whether some can be reached and some are cut off."""
        return bool(self.cut_off and self.reached)

    @property
    def is_mostly_cut_off(self) -> bool:
        """Whether more are cut off than can be reached."""
        return self.is_partial and len(self.cut_off) > len(self.reached)

    @property
    def is_behind_a_portal(self) -> bool:
        """Whether the line shows everybody's visitors the page that we got: an innocuous name leads to the very same."""
        probed = [one for one in self.facts.http if one.aim is Aim.PROBE_NAME]
        visited = [one for one in self.facts.http if one.aim is Aim.VISIT]
        return any(are_one(mine, theirs) for mine in visited for theirs in probed)

    @property
    def _has_ipv6(self) -> bool:
        return any(one.failure is None and ":" in one.address for one in self.facts.tcp)

    @property
    def _answers(self) -> frozenset[str]:
        return frozenset(self.own.answers or ())

    @property
    def _answered(self) -> frozenset[str]:
        """Addresses in clear text that gave a response: they can be reached, whatever they are."""
        return frozenset(one.address for one in self.facts.http if one.aim is Aim.VISIT and one.address and one.status)


def _attempts(facts: Facts) -> Iterable[TcpConnect | TlsHandshake]:
    steps: tuple[TcpConnect | TlsHandshake, ...] = (*facts.tcp, *facts.tls)
    return (one for one in steps if one.aim in _MEANT)
