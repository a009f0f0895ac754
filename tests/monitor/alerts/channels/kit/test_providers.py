"""Whose host it is."""

from pathlib import Path

import pytest

from monitor.alerts.channels.kit.providers import _PROVIDERS, provider_at
from monitor.alerts.channels.kit.services import SERVICES

KNOWN = {file.stem for file in (Path(__file__).resolve().parents[5] / "config" / "providers").glob("*.yaml")}


@pytest.mark.parametrize(
    ("host", "provider"),
    [
        ("hooks.slack.com", "slack"),
        ("SMTP.gmail.com.", "google_workspace"),
        ("slack.com", "slack"),
        ("notslack.com", None),
        ("slack.com.example.org", None),
        ("localhost", None),
        ("127.0.0.1", None),
    ],
)
def test_a_host_is_its_domains(host: str, provider: str | None) -> None:
    assert provider_at(host) == provider


def test_every_provider_that_is_named_is_one_that_is_watched() -> None:
    named = {*_PROVIDERS.values(), *(service.provider for service in SERVICES.values() if service.provider)}
    assert named <= KNOWN
