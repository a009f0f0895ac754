"""What a vantage point's rounds of canaries say of it, and what that makes of its other looks (design: detection.md)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Protocol

from monitor.core.plan import Check, check_id
from monitor.core.verdict import ISOLATED_RULES, Verdict
from monitor.core.watchlist import Watchlist
from probes.kit.observation import Observation
from probes.kit.rule import Finding
from probes.kit.vocabulary import State, Strength, VantageHealth, WhyUnclear

CANARIES: Final = "canaries"
"""Stands where other looks name their probe: a round of canaries is a look at the rest of the world."""

NOBODY: Final = ""
"""Stands where other looks name an organisation and a target."""

LONGEST_DETAIL: Final = 300
"""Characters of a round's own words that are kept."""

RULES: Final[Mapping[VantageHealth, Finding]] = MappingProxyType(
    {
        VantageHealth.HEALTHY: Finding(
            state=State.OK,
            rule="canaries.sight.healthy",
            because="The canaries answer, at home and abroad.",
            strength=Strength.STRONG,
        ),
        VantageHealth.ISOLATED: Finding(
            state=State.UNREACHABLE,
            rule="canaries.sight.isolated",
            because="The canaries of its own country answer, and those abroad do not.",
            strength=Strength.STRONG,
        ),
        VantageHealth.OFFLINE: Finding(
            state=State.UNMEASURED,
            rule="canaries.sight.offline",
            because="This place cannot see, so that it says nothing about anybody.",
            strength=Strength.WEAK,
        ),
        VantageHealth.UNKNOWN: Finding(
            state=State.UNCLEAR,
            rule="canaries.sight.unknown",
            because="The round says nothing about this place.",
            strength=Strength.WEAK,
            why_unclear=WhyUnclear.NOT_ENOUGH,
        ),
    }
)
"""What a round means, by the health that the prober read from it (source: detection.md, "A vantage point can be isolated")."""

BLIND: Final = Finding(
    state=State.UNMEASURED,
    rule="canaries.sight.blind",
    because="The way out of this place does not work, so that nobody could be asked.",
    strength=Strength.WEAK,
)
"""What a round means whose proxy itself failed: unlike one in which nobody answered, it says nothing of the canaries either."""


def sight_id(vantage: str) -> str:
    """The id under which a vantage point's rounds of canaries are handed over. Prober and service derive it alike."""
    return check_id(NOBODY, NOBODY, CANARIES, vantage)


def sight_checks(watchlist: Watchlist) -> dict[str, Check]:
    """For every vantage point that has canaries what its rounds are filed under, by id."""
    monitor = watchlist.monitor
    found = ((vantage, vantage.canaries or monitor.canaries) for vantage in monitor.vantages)
    return {
        sight_id(vantage.id): Check(
            id=sight_id(vantage.id),
            organisation=NOBODY,
            target=NOBODY,
            probe=CANARIES,
            vantage=vantage.id,
            country=vantage.country,
            every=canaries.every,
            params={},
            paused=vantage.paused,
        )
        for vantage, canaries in found
        if canaries.domestic or canaries.foreign
    }


def judge_round(check: Check, observation: Observation) -> Verdict:
    """What a round of canaries says of its vantage point. Pure."""
    details = observation.facts.details if observation.facts else {}
    finding = BLIND if details.get("blind") is True else RULES[_health(details.get("health"))]
    return Verdict(
        observation=observation.id,
        check=check.id,
        organisation=NOBODY,
        target=NOBODY,
        probe=CANARIES,
        vantage=check.vantage,
        country=check.country,
        at=observation.started_at,
        state=finding.state,
        rule=finding.rule,
        because=f"{finding.because} {str(details.get('detail', ''))[:LONGEST_DETAIL]}".strip(),
        strength=finding.strength,
        why_unclear=finding.why_unclear,
        ruleset=f"{CANARIES}/1",
    )


def _health(word: object) -> VantageHealth:
    return next((one for one in VantageHealth if one == word), VantageHealth.UNKNOWN)


class _Filed(Protocol):
    @property
    def probe(self) -> str: ...


def is_round(one: _Filed) -> bool:
    """Whether a verdict, or a state, is that of a vantage point's sight, and of nobody's target."""
    return one.probe == CANARIES


def speaks_of_its_target(verdict: Verdict) -> bool:
    """Whether a verdict has a say in its target's cases: a round of canaries has none, nor a look from an isolated place."""
    return not is_round(verdict) and verdict.rule not in ISOLATED_RULES
