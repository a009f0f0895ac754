"""A channel kind is one new file."""

from datetime import datetime
from types import ModuleType

import pytest
from pydantic import BaseModel

from monitor.alerts.channels import IncompleteChannel, discover, from_module
from monitor.alerts.channels.kit.outcome import Outcome, Result
from monitor.core.message import Parcel


class Settings(BaseModel):
    number: str


async def deliver(parcel: Parcel, settings: Settings, now: datetime) -> Outcome:
    return Outcome(result=Result.DELIVERED)


def pigeon(**attributes: object) -> ModuleType:
    module = ModuleType("monitor.alerts.channels.pigeon", "Sends a pigeon.")
    for name, value in attributes.items():
        setattr(module, name, value)
    return module


def test_the_webhook_is_found_and_the_kit_is_not_a_channel() -> None:
    assert set(discover()) == {"alertmanager", "chat", "email", "webhook"}


def test_a_module_with_its_parts_is_a_channel() -> None:
    kind = from_module(pigeon(Settings=Settings, PATIENCE=60.0, deliver=deliver))
    assert (kind.name, kind.documentation, kind.settings, kind.patience) == ("pigeon", "Sends a pigeon.", Settings, 60.0)
    assert kind.deliver is deliver


def test_what_a_channel_may_offer_besides_is_found() -> None:
    plain = from_module(pigeon(Settings=Settings, PATIENCE=60.0, deliver=deliver))
    assert (plain.provider(Settings(number="1")), plain.refresh) == (None, None)
    kinds = discover()
    assert kinds["alertmanager"].refresh is not None
    assert kinds["chat"].provider(kinds["chat"].settings(service="slack", url="ROOM")) == "slack"


def test_a_module_without_them_is_told_what_it_lacks() -> None:
    module = pigeon(Settings=Settings)
    module.__doc__ = None
    with pytest.raises(IncompleteChannel, match=r"pigeon is not a channel yet: add PATIENCE, deliver, a docstring"):
        from_module(module)
