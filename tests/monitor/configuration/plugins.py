"""Two stand-in probes, so that these tests speak of the loader and not of what the real probes ask for."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Self

from pydantic import Field

from probes.kit.observation import Facts
from probes.kit.probe import Probe, ProbeParams


class PageParams(ProbeParams):
    url: str
    timeout: int = Field(default=10, ge=1, le=60)

    @classmethod
    def for_asset(cls, url: str | None, domain: str | None, given: Mapping[str, Any]) -> Self | None:
        return cls(**{"url": url, **given}) if url else None


class NameParams(ProbeParams):
    name: str

    @classmethod
    def for_asset(cls, url: str | None, domain: str | None, given: Mapping[str, Any]) -> Self | None:
        return cls(**{"name": domain, **given}) if domain else None


async def _observe(params: Any, look: Any) -> Facts:
    raise NotImplementedError("configuration never looks")


def _probe(name: str, params: type[ProbeParams]) -> Probe:
    return Probe(
        name=name,
        version=1,
        documentation="A stand-in.",
        params=params,
        observe=_observe,
        wants_control=lambda facts: False,
        addresses=lambda facts: (),
        case=lambda observation, recent: None,
        rules=(),
    )


PROBES: Mapping[str, Probe] = MappingProxyType({"website": _probe("website", PageParams), "dns": _probe("dns", NameParams)})
