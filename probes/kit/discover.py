"""Finds the probe kinds: every module of `probes/` is one, except the kit and what others measured (`imported`)."""

import importlib
import pkgutil
from functools import cache
from types import MappingProxyType, ModuleType

import probes
from probes.kit.probe import Probe

_NO_PROBES = frozenset({"kit", "imported"})
_ATTRIBUTES = ("VERSION", "Params", "observe", "wants_control", "addresses", "case", "RULES")


class IncompleteProbe(TypeError):
    """A module of `probes/` lacks something that every probe must have; the message names the module and what to add."""


@cache
def discover() -> MappingProxyType[str, Probe]:
    """All probe kinds by name, found by scanning `probes/`."""
    names = sorted(module.name for module in pkgutil.iter_modules(probes.__path__) if module.name not in _NO_PROBES)
    return MappingProxyType({name: from_module(importlib.import_module(f"probes.{name}")) for name in names})


def from_module(module: ModuleType) -> Probe:
    """Read one probe from its module, or say what the module lacks."""
    missing = [attribute for attribute in _ATTRIBUTES if not hasattr(module, attribute)]
    if not module.__doc__:
        missing.append("a docstring (it is the user's documentation)")
    if missing:
        raise IncompleteProbe(f"{module.__name__} is not a probe yet: add {', '.join(missing)}")
    return Probe(
        name=module.__name__.rpartition(".")[2],
        version=module.VERSION,
        documentation=module.__doc__ or "",
        params=module.Params,
        observe=module.observe,
        wants_control=module.wants_control,
        addresses=module.addresses,
        case=module.case,
        rules=module.RULES,
        compare=getattr(module, "compare", None),
    )
