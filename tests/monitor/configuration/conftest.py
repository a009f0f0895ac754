"""A small configuration that is in order, for each story to spoil."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from monitor.configuration import ConfigurationError, Problem, load
from monitor.core.watchlist import Watchlist
from tests.monitor.configuration.plugins import PROBES

MONITOR = """\
vantages:
  - id: berlin
    name: {en: Berlin}
    country: DE
  - id: moscow
    name: {en: Moscow}
    country: RU
    kind: proxy
    proxy: CUTWATCH_PROXY_RU
    control: [berlin]
canaries:
  foreign: [www.iana.org, www.debian.org]
"""

ALERTS = """\
channels:
  - id: hook
    kind: webhook
    settings: {url: https://hooks.example.org/}
routes:
  - id: everything
    channels: [hook]
"""

ORGANISATION = """\
id: ovd-info
name: {en: OVD-Info, ru: ОВД-Инфо}
country: RU
targets:
  - id: main
    url: https://ovdinfo.org/
depends_on:
  - provider: godaddy
    account: {domain: ovdinfo.org}
"""

PROVIDER = """\
id: godaddy
name: {en: GoDaddy}
kinds: [registrar]
account:
  domain: {type: domain}
  customer_id: {type: numeric_id, required: false}
"""


@dataclass(frozen=True, slots=True)
class ConfigurationFolder:
    """A folder of configuration that stories write into."""

    path: Path

    def write(self, name: str, text: str | bytes) -> None:
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())

    def replace(self, name: str, old: str, new: str) -> None:
        text = (self.path / name).read_text(encoding="utf-8")
        assert old in text
        self.write(name, text.replace(old, new))

    def add(self, name: str, text: str) -> None:
        self.write(name, (self.path / name).read_text(encoding="utf-8") + text)

    def load(self, **surroundings: Any) -> Watchlist:
        return load(self.path, PROBES, **surroundings)

    def problems(self, **surroundings: Any) -> tuple[Problem, ...]:
        with pytest.raises(ConfigurationError) as refused:
            self.load(**surroundings)
        return refused.value.problems

    def problem(self, **surroundings: Any) -> Problem:
        """The only problem there is."""
        (only,) = self.problems(**surroundings)
        return only


@pytest.fixture
def folder(tmp_path: Path) -> ConfigurationFolder:
    configuration = ConfigurationFolder(tmp_path / "config")
    configuration.write("monitor.yaml", MONITOR)
    configuration.write("alerts.yaml", ALERTS)
    configuration.write("organisations/ovd-info.yaml", ORGANISATION)
    configuration.write("providers/godaddy.yaml", PROVIDER)
    return configuration
