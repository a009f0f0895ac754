"""What is written about channels is so."""

import pytest

from monitor.alerts.channels import ChannelKind, discover
from monitor.alerts.channels.kit.letter import COLUMNS
from monitor.alerts.channels.kit.services import SERVICES
from monitor.alerts.outbox import LEASE
from tests.monitor.alerts.channels.samples import DOCUMENT, samples, with_samples

WRITTEN = DOCUMENT.read_text(encoding="utf-8")


def test_the_samples_are_what_is_sent() -> None:
    assert with_samples(WRITTEN) == WRITTEN, "run python -m tests.monitor.alerts.channels.samples"


def test_no_line_of_a_mail_is_wider_than_a_terminal() -> None:
    for name, sample in samples().items():
        if name.startswith("mail"):
            assert max(map(len, sample.splitlines())) <= COLUMNS


@pytest.mark.parametrize("kind", discover().values(), ids=lambda kind: kind.name)
def test_every_kind_and_each_of_its_settings_is_described(kind: ChannelKind) -> None:
    assert f"| `{kind.name}` |" in WRITTEN
    for setting in kind.settings.model_fields:
        assert f"`{setting}`" in kind.documentation or f"{setting}:" in kind.documentation


@pytest.mark.parametrize("service", SERVICES)
def test_every_chat_service_is_described(service: str) -> None:
    [row] = [line for line in WRITTEN.splitlines() if line.startswith(f"| `{service}` |")]
    assert f"`{SERVICES[service].schemes[-1]}://`" in row or f"`{SERVICES[service].schemes[0]}://`" in row


def test_a_delivery_is_over_before_its_lease() -> None:
    assert max(kind.patience for kind in discover().values()) <= LEASE / 2
