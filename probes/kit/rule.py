"""Rules are data: a permanent public id, what it concludes, why, and where that reading comes from."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from probes.kit.vocabulary import Meant, State, Strength, WhyUnclear

Case = TypeVar("Case", contravariant=True)

Seen = Mapping[str, object]
"""What a rule saw: it fills the rule's `because`. An empty mapping fits too; `None` means that the rule does not fit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule(Generic[Case]):
    """One judgement. `because` is a sentence with `{names}` that `fits` fills from the facts.

    `mechanism` is the OONI-style path of the interference (`tls.reset.sni`), where one was seen.
    """

    id: str
    state: State
    strength: Strength
    because: str
    source: str
    fits: Callable[[Case], Seen | None]
    why_unclear: WhyUnclear | None = None
    mechanism: str | None = None
    scope: Meant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The conclusion of the first fitting rule, in words that stand on their own."""

    state: State
    rule: str
    because: str
    strength: Strength
    why_unclear: WhyUnclear | None = None
    mechanism: str | None = None
    scope: Meant | None = None


def first_fitting(rules: Sequence[Rule[Case]], case: Case) -> Finding:
    """Return the finding of the first rule that fits `case`.

    A rule table ends with a rule that always fits; a table without one raises `LookupError`, which its tests must catch.
    """
    for rule in rules:
        seen = rule.fits(case)
        if seen is not None:
            return Finding(
                state=rule.state,
                rule=rule.id,
                because=_text(rule.because.format(**seen)),
                strength=rule.strength,
                why_unclear=rule.why_unclear,
                mechanism=rule.mechanism,
                scope=rule.scope,
            )
    raise LookupError("no rule fits: a rule table must end with one that always does")


def _text(words: str) -> str:
    """Text that can be written anywhere: what a stranger's server said may hold half a surrogate pair."""
    return words.encode("utf-8", "replace").decode()
