"""The scenario format: a world, what disturbs it over time, and what Cutwatch must then say. `docs/lab.md` explains it.

The format is closed: an unknown key is an error. Vantage points, targets, routes and the confirmation policy are written
in the words of Cutwatch's own configuration.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, AwareDatetime, Field, model_validator

from monitor.core.kinds import IncidentStage, Kind
from monitor.core.message import MessageKind
from monitor.core.model import Country, Slug
from monitor.core.subscription import Route
from monitor.core.watchlist import Confirmation, Target
from probes.kit.budgets import Budgets
from probes.kit.vocabulary import Depth, Meant, State, Strength, VantageHealth, WhyUnclear
from tests.lab.conditions import Conditions
from tests.lab.spelling import Closed, Offset, some
from tests.lab.topology import Topology

CHANNEL: Final = "lab"
"""The one channel to which a scenario's routes lead."""


class ExpectedClassic(Closed):
    """What OONI Web Connectivity would say of the same look. Keys left out are not compared; null is an answer like any other."""

    accessible: bool | None = None
    blocking: Literal["tcp_ip", "dns", "http-diff", "http-failure", False] | None = None
    dns_consistency: Literal["consistent", "inconsistent"] | None = None
    dns_experiment_failure: str | None = None
    http_experiment_failure: str | None = None


class ExpectedVerdict(Closed):
    """What every look by this probe from this vantage point must say during the phase. Keys left out are not compared."""

    vantage: Slug
    probe: Slug
    target: Slug | None = Field(default=None, description="left out: every target")
    state: State
    rule: str | None = None
    mechanism: str | None = None
    strength: Strength | None = None
    why_unclear: WhyUnclear | None = None
    scope: Meant | None = None
    classic: ExpectedClassic | None = Field(default=None, description="what the reference would say, beside our own state")


class ExpectedIncident(Closed):
    """An incident as it stands at the end of the phase. Keys left out are not compared."""

    kind: Kind
    stage: IncidentStage
    target: Slug | None = None
    country: Country | None = None
    vantages: tuple[Slug, ...] | None = Field(default=None, description="exactly these, in any order")
    mechanisms: tuple[str, ...] | None = Field(default=None, description="exactly these, in any order")
    strength: Strength | None = None
    rule: str | None = None
    intermittent: bool | None = None


class ExpectedMessage(Closed):
    """A message that came to be owed during the phase."""

    route: Slug
    kind: MessageKind


class Expect(Closed):
    """What must hold. `incidents` and `messages`, where given, are complete and in the order in which they came.

    `health` is what the canaries of vantage points said in their last round of the phase.
    """

    verdicts: tuple[ExpectedVerdict, ...] = ()
    health: dict[Slug, VantageHealth] = Field(default_factory=dict)
    incidents: tuple[ExpectedIncident, ...] | None = None
    messages: tuple[ExpectedMessage, ...] | None = None

    @model_validator(mode="after")
    def _expects_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("expect at least one of verdicts, health, incidents or messages")
        return self


class Phase(Closed):
    """A time with expectations of its own. It lasts until the next phase, or the scenario's end."""

    at: Offset
    about: str | None = None
    conditions: Conditions | None = Field(default=None, description="left out: those of the phase before; `{}`: none")
    depth: Depth | None = Field(default=None, description="how thoroughly it is looked; left out: the scenario's `depth`")
    expect: Expect


class Scenario(Closed):
    """One story: who is looked at, what happens, and what must be said of it.

    Without a time axis it has `conditions` and `expect`; with one it has `phases` and an `end`. Targets with `every` are
    looked at from the start of each phase in that rhythm, the others once per phase.
    """

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$")]
    about: str = Field(min_length=1)
    organisation: Slug = "example"
    targets: Annotated[tuple[Target, ...], AfterValidator(some)]
    starts: AwareDatetime = datetime(2026, 1, 1, tzinfo=UTC)
    depth: Depth = Depth.LIGHT
    conditions: Conditions | None = None
    expect: Expect | None = None
    phases: Annotated[tuple[Phase, ...], AfterValidator(some)] | None = None
    end: Offset | None = None
    routes: tuple[Route, ...] = ()
    confirmation: Confirmation = Confirmation()
    budgets: Budgets = Budgets(dns=1.5, tcp=1.5, tls=2, http=3, look=9, late=0.1)

    @property
    def parts(self) -> tuple[Phase, ...]:
        """The phases as they are written; a scenario without a time axis is one."""
        if self.phases is not None:
            return self.phases
        assert self.expect is not None
        return (Phase.model_construct(at=timedelta(0), about=None, conditions=self.conditions, depth=None, expect=self.expect),)

    @property
    def timeline(self) -> Iterator["Stretch"]:
        """The phases as they are lived through, in order."""
        parts, conditions = self.parts, Conditions()
        ends = [*(phase.at for phase in parts[1:]), self.end or parts[-1].at]
        for phase, end in zip(parts, ends, strict=True):
            conditions = conditions if phase.conditions is None else phase.conditions
            yield Stretch(phase.at, end, conditions, phase.depth or self.depth, phase.expect)

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        if (self.phases is None) == (self.expect is None):
            raise ValueError("a scenario has either `expect` (with `conditions`), or `phases`")
        if self.phases and self.conditions:
            raise ValueError("with `phases`, each phase has its own conditions")
        return self

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        times = [phase.at for phase in self.phases or ()] + ([self.end] if self.end is not None else [])
        if times != sorted(set(times)):
            raise ValueError("phases must follow one another in time, and `end` must come after the last of them")
        if any(target.every for target in self.targets) and self.end is None:
            raise ValueError("a target with `every` needs the scenario's `end`")
        return self


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a story during which conditions and expectations stay the same."""

    start: timedelta
    end: timedelta
    conditions: Conditions
    depth: Depth
    expect: Expect


class ScenarioFile(Closed):
    """One file: a world, given here or as the path of a file that holds it, and the scenarios that play in it."""

    world: Topology
    scenarios: Annotated[tuple[Scenario, ...], AfterValidator(some)]
