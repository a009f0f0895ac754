"""From an observation to a verdict: what a look says about its target, as of one moment."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from monitor.core.plan import Check
from probes.kit.observation import Observation
from probes.kit.probe import Probe
from probes.kit.rule import Finding
from probes.kit.vocabulary import Meant, State, Strength, Unmeasured, Validity, WhyUnclear

UNMEASURED_RULES = {
    Unmeasured.LATE: "The look was due and the monitor was too late for it.",
    Unmeasured.OFFLINE: (
        "The vantage point could not see: its own canaries, or the service that looks for us, did not answer, or none of its "
        "volunteers has looked. What it saw of others does not count."
    ),
    Unmeasured.OVERLOAD: "The monitor had more looks to make than it could make honestly.",
    Unmeasured.PAUSED: "Looks at this target were paused by a person.",
    Unmeasured.CRASHED: "The probe itself failed; the fault is ours.",
}

RULE_FAILED = "instrument.rule_failed"
"""The rule of looks that our own rules could not read."""

ISOLATED = "instrument.isolated"
WORKS_ISOLATED = "instrument.isolated_works"
ISOLATED_RULES = frozenset({ISOLATED, WORKS_ISOLATED})
"""Rules of looks from a place that sees only its own country. They have no say in the cases of their targets: what fails
there is a fact about the isolation, and what works there says nothing of what was lost before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What one observation means. `at` is when the look started; `country` is the vantage point's."""

    observation: str
    check: str
    organisation: str
    target: str
    probe: str
    vantage: str
    country: str | None
    at: datetime
    state: State
    rule: str
    because: str
    strength: Strength
    why_unclear: WhyUnclear | None = None
    mechanism: str | None = None
    scope: Meant | None = None
    ruleset: str


def judge(probe: Probe, check: Check, observation: Observation, recent: Sequence[Observation] = ()) -> Verdict:
    """Judge one observation. Pure: the same facts under the same rules give the same verdict.

    An observation whose instrument did not work is `unmeasured`, whatever it seems to show; one from a place that sees only
    its own country says no more than whether the target works there.
    """
    finding = _unmeasured(observation) or probe.judge(observation, recent)
    return _verdict(probe, check, observation, _isolated(finding) if observation.validity is Validity.ISOLATED else finding)


def unjudged(probe: Probe, check: Check, observation: Observation) -> Verdict:
    """The verdict on a look that our own rules failed to read."""
    finding = Finding(
        state=State.UNCLEAR,
        rule=RULE_FAILED,
        because="Our own rules could not read this look; the fault is ours.",
        strength=Strength.WEAK,
        why_unclear=WhyUnclear.UNPARSEABLE,
    )
    return _verdict(probe, check, observation, finding)


def _verdict(probe: Probe, check: Check, observation: Observation, finding: Finding) -> Verdict:
    return Verdict(
        observation=observation.id,
        check=check.id,
        organisation=check.organisation,
        target=check.target,
        probe=check.probe,
        vantage=check.vantage,
        country=check.country,
        at=observation.started_at,
        state=finding.state,
        rule=finding.rule,
        because=finding.because,
        strength=Strength.WEAK if check.mixed else finding.strength,
        why_unclear=finding.why_unclear,
        mechanism=finding.mechanism,
        scope=finding.scope,
        ruleset=f"{probe.name}/{probe.version}",
    )


def _unmeasured(observation: Observation) -> Finding | None:
    reason = observation.unmeasured
    if reason is None and observation.validity is Validity.INVALID:
        reason = Unmeasured.OFFLINE
    if reason is None:
        return None
    return Finding(
        state=State.UNMEASURED,
        rule=f"instrument.{reason}",
        because=UNMEASURED_RULES[reason],
        strength=Strength.WEAK,
    )


def _isolated(finding: Finding) -> Finding:
    if finding.state is State.UNMEASURED:
        return finding
    if finding.state is State.OK:
        return Finding(
            state=State.OK,
            rule=WORKS_ISOLATED,
            because=f"It works here, where only this country can be seen at present: {finding.because}",
            strength=Strength.WEAK,
            mechanism=finding.mechanism,
        )
    return Finding(
        state=State.UNCLEAR,
        rule=ISOLATED,
        because="This place sees only its own country at present; that the target fails here is taken as part of that.",
        strength=Strength.WEAK,
        why_unclear=WhyUnclear.CANARY_FAILED,
    )
