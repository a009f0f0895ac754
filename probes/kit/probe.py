"""What a probe module must offer, and the form in which the rest of Cutwatch uses it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from pydantic import BaseModel, ConfigDict

from probes.kit.observation import Control, Facts, Observation
from probes.kit.rule import Finding, Rule, first_fitting

if TYPE_CHECKING:
    from probes.kit.network import Look


class ProbeParams(BaseModel):
    """Base of every probe's `Params`: what a target must say so that this probe can look at it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @classmethod
    def for_asset(cls, url: str | None, domain: str | None, given: Mapping[str, Any]) -> Self | None:
        """The parameters for looking at this asset, or None where the probe has nothing to look at.

        `given` is what the configuration says for this probe. Raises `pydantic.ValidationError` where it does not fit.
        """
        raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One probe kind, read from its module.

    - `name`, `version`: the module's name, and a number raised whenever its facts change meaning
    - `documentation`: the module's docstring, which is the user's documentation
    - `params`: the pydantic model that validates a target's configuration
    - `observe(params, look)`: IO; returns facts and never judges
    - `wants_control(facts)`: whether these facts must be compared with a control before they mean anything
    - `addresses(facts)`: what a control should try as well, so that both sides speak of the same hosts
    - `compare(params, look, facts, control)`, optional: IO; a second step once the control has looked, with a fresh look;
      returns `facts` with its own steps added
    - `case(observation, recent)`: what the rules are asked about; `recent` holds earlier observations, newest first
    """

    name: str
    version: int
    documentation: str
    params: type[ProbeParams]
    observe: Callable[[Any, "Look"], Awaitable[Facts]]
    wants_control: Callable[[Facts], bool]
    addresses: Callable[[Facts], tuple[str, ...]]
    case: Callable[[Observation, Sequence[Observation]], Any]
    rules: tuple[Rule[Any], ...]
    compare: Callable[[Any, "Look", Facts, tuple[Control, ...]], Awaitable[Facts]] | None = None

    def judge(self, observation: Observation, recent: Sequence[Observation] = ()) -> Finding:
        """Say what `observation` means: the first fitting rule's finding. Pure."""
        return first_fitting(self.rules, self.case(observation, recent))
