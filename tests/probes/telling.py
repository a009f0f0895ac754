"""Tells what a look saw, step by step, so that a story about a verdict needs no network."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from probes.kit.observation import Control, DnsLookup, Facts, HttpExchange, Observation, TcpConnect, TlsHandshake
from probes.kit.probe import Probe
from probes.kit.rule import Finding
from probes.kit.vocabulary import Aim, Validity

NOON = datetime(2021, 12, 25, 12, 0, tzinfo=UTC)
STEP = 0.1
GOOD_ISSUER = "CN=Honest Authority"


class Telling:
    """A look under way. Every step takes a tenth of a second."""

    def __init__(self) -> None:
        self._facts = Facts()
        self._now = 0.0

    def asked(self, name: str, *answers: str, failure: str | None = None, hop: int = 0, **more: Any) -> Self:
        """The own resolver was asked for IPv4 addresses (`qtype="AAAA"` for the others)."""
        step = DnsLookup(
            **self._clock(hop, failure),
            name=name,
            answers=answers,
            **{"resolver": "system", "transport": "system", "qtype": "A", **more},
        )
        return self._add(dns=step)

    def connected(self, address: str, port: int = 443, *, failure: str | None = None, hop: int = 0, aim: Aim = Aim.VISIT) -> Self:
        return self._add(tcp=TcpConnect(**self._clock(hop, failure), aim=aim, address=address, port=port))

    def shook_hands(
        self, address: str, name: str, *, failure: str | None = None, hop: int = 0, port: int = 443, **more: Any
    ) -> Self:
        shown = {} if failure and not failure.startswith("ssl_invalid") else {"subject": f"CN={name}", "issuer": GOOD_ISSUER}
        step = TlsHandshake(**self._clock(hop, failure), address=address, port=port, server_name=name, **{**shown, **more})
        return self._add(tls=step)

    def got(
        self, url: str, address: str, *, status: int | None = 200, failure: str | None = None, hop: int = 0, **more: Any
    ) -> Self:
        page = {"title": "Default Web Page", "body_length": 1533, "header_names": ("Content-Type", "Alt-Svc")}
        step = HttpExchange(**self._clock(hop, failure), url=url, address=address, status=status, **{**page, **more})
        return self._add(http=step)

    def facts(self, **details: Any) -> Facts:
        return replace(self._facts, details=details)

    def _clock(self, hop: int, failure: str | None) -> dict[str, Any]:
        self._now += STEP
        return {"hop": hop, "failure": failure, "started": self._now - STEP, "duration": STEP}

    def _add(self, **step: Any) -> Self:
        grown: dict[str, Any] = {kind: (*getattr(self._facts, kind), one) for kind, one in step.items()}
        self._facts = replace(self._facts, **grown)
        return self


@dataclass(frozen=True)
class Story:
    """A look, what its controls saw, and what was seen before."""

    own: Facts
    controls: tuple[Control, ...] = ()
    recent: tuple[Observation, ...] = ()
    country: str | None = None

    def observation(self) -> Observation:
        return replace(seen(self.own, self.controls), country=self.country)

    def judged_by(self, probe: Probe) -> Finding:
        return probe.judge(self.observation(), self.recent)


class Stories(dict[str, list[Callable[[], Story]]]):
    """The stories of one probe, by the rule in whose verdict each must end."""

    def tells_of(self, rule: str) -> Callable[[Callable[[], Story]], Callable[[], Story]]:
        """The story below must end in the verdict of this rule."""

        def register(story: Callable[[], Story]) -> Callable[[], Story]:
            self.setdefault(rule, []).append(story)
            return story

        return register


def seen(
    facts: Facts | None, controls: Sequence[Control] = (), *, at: datetime = NOON, validity: Validity = Validity.VALID
) -> Observation:
    """An observation as the engine stamps it."""
    return Observation(
        id=f"observation-{at:%Y%m%d%H%M}",
        check="check",
        vantage="moscow",
        started_at=at,
        duration=1.0,
        facts=facts,
        control=tuple(controls),
        validity=validity,
        probe_version=1,
        software="test",
    )


def from_control(facts: Facts, place: str = "NL", *, validity: Validity = Validity.VALID) -> Control:
    """What the control in `place` saw."""
    return Control(
        vantage=f"control-{place.lower()}", country=place, started_at=NOON + timedelta(seconds=5), facts=facts, validity=validity
    )


def both(facts: Facts) -> tuple[Control, Control]:
    """Two controls, in the Netherlands and in Germany, that saw the same."""
    return from_control(facts, "NL"), from_control(facts, "DE")
