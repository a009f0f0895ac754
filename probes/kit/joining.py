"""Two looks at one target, told as one."""

from dataclasses import replace
from typing import TypeVar

from probes.kit.observation import Facts, Step

_Recorded = TypeVar("_Recorded", bound=Step)


def joined(first: Facts, second: Facts) -> Facts:
    """Both looks in one, the times of the second counting on from the end of the first."""
    end = max((step.started + step.duration for step in first.steps()), default=0.0)
    return Facts(
        dns=first.dns + _later(second.dns, end),
        tcp=first.tcp + _later(second.tcp, end),
        tls=first.tls + _later(second.tls, end),
        http=first.http + _later(second.http, end),
        asns={**first.asns, **second.asns},
        lists={**first.lists, **second.lists},
        details={**first.details, **second.details},
    )


def _later(steps: tuple[_Recorded, ...], by: float) -> tuple[_Recorded, ...]:
    return tuple(replace(step, started=step.started + by) for step in steps)
