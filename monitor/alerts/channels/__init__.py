"""Finds the channel kinds: every module of this package except the kit is one.

A channel module offers

- a docstring, which is the user's documentation,
- `Settings`, a pydantic model of what `alerts.yaml` may say for such a channel; unknown keys are forbidden,
- `PATIENCE`, the seconds that one delivery may take; it is cancelled after them,
- `async deliver(parcel, settings, now) -> Outcome`, which makes one attempt and keeps nothing,

and may offer

- `provider(settings) -> str | None`, the id of the provider without which it is silent: a channel must not depend on what it
  is to tell the loss of,
- `check_secrets(settings)`, which raises `MissingSecret` or `UnusableSecret` as a delivery would: so that it is found out before
  an alarm needs them,
- `async refresh(stories, settings, now) -> Outcome`, for receivers that forget what is not repeated: called every minute with
  the payloads that the channel has delivered, in order, for each incident that stands or has ended lately.
"""

import importlib
import pkgutil
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from types import MappingProxyType, ModuleType
from typing import Any

from pydantic import BaseModel, ValidationError

from monitor.alerts.channels.kit.outcome import Outcome
from monitor.alerts.channels.kit.secrets import UnusableSecret
from monitor.core.message import Parcel
from monitor.core.subscription import Channel
from monitor.settings import MissingSecret

_ATTRIBUTES = ("Settings", "PATIENCE", "deliver")


Stories = Sequence[Sequence[Mapping[str, Any]]]
"""Payloads by incident, each in the order in which they were told."""

Refresh = Callable[[Stories, Any, datetime], Awaitable[Outcome]]


def _nobodys(settings: Any) -> str | None:  # noqa: ARG001  as the others
    """The provider of a channel that depends on nobody whom we know."""
    return None


def _without_secrets(settings: Any) -> None:
    """The secrets of a channel that has none."""


class IncompleteChannel(TypeError):
    """A module of this package lacks something that every channel must have; the message names it and what to add."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelKind:
    """One channel kind, read from its module."""

    name: str
    documentation: str
    settings: type[BaseModel]
    patience: float
    deliver: Callable[[Parcel, Any, datetime], Awaitable[Outcome]]
    provider: Callable[[Any], str | None] = _nobodys
    check_secrets: Callable[[Any], None] = _without_secrets
    refresh: Refresh | None = None


@cache
def discover() -> MappingProxyType[str, ChannelKind]:
    """All channel kinds by name, found by scanning this package."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__) if module.name != "kit")
    return MappingProxyType({name: from_module(importlib.import_module(f"{__name__}.{name}")) for name in names})


def carrier_of(channel: Channel) -> str | None:
    """The provider on which a channel depends, by its id, as far as its kind can tell; secrets are not looked at."""
    kind = discover().get(channel.kind)
    try:
        return kind.provider(kind.settings.model_validate(channel.settings)) if kind else None
    except ValidationError:
        return None


def secret_trouble(channel: Channel) -> MissingSecret | UnusableSecret | None:
    """What keeps a channel from using its secrets, in words that do not hold them; None where nothing does."""
    kind = discover().get(channel.kind)
    try:
        if kind:
            kind.check_secrets(kind.settings.model_validate(channel.settings))
    except (MissingSecret, UnusableSecret) as trouble:
        return trouble
    except ValidationError:
        return None
    return None


def from_module(module: ModuleType) -> ChannelKind:
    """Read one channel from its module, or say what the module lacks."""
    missing = [attribute for attribute in _ATTRIBUTES if not hasattr(module, attribute)]
    if not module.__doc__:
        missing.append("a docstring (it is the user's documentation)")
    if missing:
        raise IncompleteChannel(f"{module.__name__} is not a channel yet: add {', '.join(missing)}")
    return ChannelKind(
        name=module.__name__.rpartition(".")[2],
        documentation=module.__doc__ or "",
        settings=module.Settings,
        patience=module.PATIENCE,
        deliver=module.deliver,
        provider=getattr(module, "provider", _nobodys),
        check_secrets=getattr(module, "check_secrets", _without_secrets),
        refresh=getattr(module, "refresh", None),
    )
