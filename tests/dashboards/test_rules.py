"""The Prometheus rules: every kind of incident has one, and they fire when they should."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from monitor.core.kinds import Kind
from monitor.core.severity import severity
from tests.monitor.store.cast import opened

HERE = Path(__file__).parent
RULES = HERE.parents[1] / "dashboards" / "prometheus" / "rules.yml"

PROMTOOL = shutil.which("promtool")
needs_promtool = pytest.mark.skipif(PROMTOOL is None, reason="promtool, which comes with Prometheus, is not installed")


def rules_of(kind: Kind) -> list[dict[str, Any]]:
    """The rules that fire for incidents of this kind."""
    [group] = YAML(typ="safe").load(RULES.read_text(encoding="utf-8"))["groups"]
    return [one for one in group["rules"] if re.search(rf'kind="{kind}"', one["expr"])]


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_of_incident_has_one_rule(kind: Kind) -> None:
    assert len(rules_of(kind)) == 1


@pytest.mark.parametrize("kind", sorted(set(Kind) - {Kind.WITHDRAWAL}))
def test_a_rule_is_as_pressing_as_the_outbox_takes_the_kind(kind: Kind) -> None:
    _, incident = opened(kind=kind)
    [rule] = rules_of(kind)
    assert rule["labels"]["severity"] == severity(incident)


def test_a_withdrawal_waits_for_the_morning_as_its_kind_does_not_tell_an_account_from_an_item() -> None:
    [rule] = rules_of(Kind.WITHDRAWAL)
    assert rule["labels"]["severity"] == "morning"
    assert "the outbox" in RULES.read_text(encoding="utf-8").partition("groups:")[0]


def promtool(*words: str) -> str:
    """What promtool says; empty where it finds nothing wrong."""
    ended = subprocess.run([str(PROMTOOL), *words], capture_output=True, text=True, timeout=60, check=False)
    return "" if ended.returncode == 0 else ended.stdout + ended.stderr


@needs_promtool
def test_the_rules_are_in_order() -> None:
    assert promtool("check", "rules", str(RULES)) == ""


@needs_promtool
def test_the_rules_fire_when_they_should() -> None:
    assert promtool("test", "rules", str(HERE / "rules_test.yml")) == ""
