"""Every scenario under `tests/cases` is a test of its own."""

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.lab.reading import read
from tests.lab.runner import play

CASES = Path(__file__).parent
REBUILT = ("success", "websitedown", "dnsblocking", "tcpblocking", "tlsblocking")


def scenarios():
    for file in sorted(CASES.rglob("*.yaml")):
        content = read(file)
        for scenario in content.scenarios:
            yield pytest.param(scenario, content.world, id=scenario.name)


@pytest.mark.parametrize(("scenario", "topology"), list(scenarios()))
async def test_cutwatch_says_of(scenario, topology):
    outcome = await play(scenario, topology)
    assert outcome.failures == ()


@pytest.mark.parametrize("family", REBUILT)
def test_a_rebuilt_family_has_every_condition_of_the_reference(family, reference):
    conditions = YAML(typ="safe").load(reference / "ooni" / "qa_scenarios.yaml")["scenarios"]
    theirs = {one["name"]: one["input_url"] for one in conditions if one["family"] == family}
    ours = {one.name: one.targets[0].url for one in read(CASES / "ooni" / f"{family}.yaml").scenarios}
    assert ours == theirs
