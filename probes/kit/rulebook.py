"""How the rules of one probe are written down: what they have in common, once."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic

from probes.kit.rule import Case, Rule, Seen
from probes.kit.vocabulary import Meant, State, Strength, WhyUnclear


def order(step: int) -> str:
    """The source of a rule that is the design's own."""
    return f'detection.md, "Our order", {step}'


@dataclass(frozen=True, slots=True)
class RuleBook(Generic[Case]):
    """Writes the rules of `probe`. `seen` gives the names that their sentences may use, whatever the rule."""

    probe: str
    seen: Callable[[Case], Seen]

    def rule(
        self,
        name: str,
        state: State,
        strength: Strength,
        *,
        because: str,
        source: str,
        where: Callable[[Case], bool],
        mechanism: str | None = None,
        scope: Meant | None = None,
    ) -> Rule[Case]:
        """A rule that fits where `where` says so."""
        return Rule(
            id=f"{self.probe}.{name}",
            state=state,
            strength=strength,
            because=because,
            source=source,
            fits=self._where(where),
            mechanism=mechanism,
            scope=scope,
        )

    def unclear(self, name: str, why: WhyUnclear, *, because: str, source: str, where: Callable[[Case], bool]) -> Rule[Case]:
        """A rule that says why the facts do not decide."""
        return Rule(
            id=f"{self.probe}.{name}",
            state=State.UNCLEAR,
            strength=Strength.WEAK,
            because=because,
            source=source,
            fits=self._where(where),
            why_unclear=why,
        )

    def _where(self, fits: Callable[[Case], bool]) -> Callable[[Case], Seen | None]:
        return lambda case: self.seen(case) if fits(case) else None
