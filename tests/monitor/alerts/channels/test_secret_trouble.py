"""What is wrong with a channel's secrets, found out before an alarm needs them."""

from typing import Any

import pytest

from monitor.alerts.channels import secret_trouble
from monitor.alerts.channels.kit.secrets import UnusableSecret
from monitor.core.subscription import Channel
from monitor.settings import MissingSecret

MAIL = {"host": "mail.example.org", "sender": "a@example.org", "to": ["b@example.org"]}
LOGIN = {**MAIL, "username": "a", "password": "THE_SECRET"}
CHANNELS = {
    "webhook": {"url": "https://hooks.example.org/x", "secret": "THE_SECRET"},
    "chat": {"service": "ntfy", "url": "THE_SECRET"},
    "alertmanager": {"url": "https://alerts.example.org", "authorization": "THE_SECRET"},
    "email": LOGIN,
}


def channel(kind: str, **settings: Any) -> Channel:
    return Channel(id="desk", kind=kind, settings=settings or CHANNELS[kind])


@pytest.mark.parametrize("kind", CHANNELS)
def test_a_secret_that_is_not_there_is_missing_in_every_kind_of_channel(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("THE_SECRET", raising=False)
    trouble = secret_trouble(channel(kind))
    assert isinstance(trouble, MissingSecret)
    assert str(trouble).startswith("set THE_SECRET, or THE_SECRET_FILE")


@pytest.mark.parametrize("kind", sorted(CHANNELS.keys() - {"email"}))
def test_one_of_the_wrong_form_is_named_and_not_shown(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THE_SECRET", "hun\nter2")
    trouble = secret_trouble(channel(kind))
    assert isinstance(trouble, UnusableSecret)
    assert "THE_SECRET" in str(trouble)
    assert "hun" not in str(trouble)


@pytest.mark.parametrize("kind", CHANNELS)
def test_a_file_that_cannot_be_read_is_no_missing_secret(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("THE_SECRET", raising=False)
    monkeypatch.setenv("THE_SECRET_FILE", "not/there")
    assert isinstance(secret_trouble(channel(kind)), UnusableSecret)


def test_a_good_secret_and_none_at_all_are_no_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THE_SECRET", "ntfys://ntfy.example.org/alarms")
    assert secret_trouble(channel("chat")) is None
    assert secret_trouble(channel("email")) is None
    assert secret_trouble(channel("email", **MAIL)) is None
    assert secret_trouble(channel("no_such_kind", url="x")) is None
