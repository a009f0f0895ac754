"""Every scenario under `tests/cases` is a test of its own. They are played side by side: most wait most of the time."""

import asyncio
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.lab.reading import read
from tests.lab.runner import play_all
from tests.lab.scenario import ExpectedClassic

CASES = Path(__file__).parent
REBUILT = CASES / "ooni"


def scenarios():
    for file in sorted(CASES.rglob("*.yaml")):
        content = read(file)
        for scenario in content.scenarios:
            yield pytest.param((scenario, content.world), id=f"{file.stem}-{scenario.name}")


@pytest.fixture(scope="module")
def outcomes(request):
    """How each scenario that is to be tested ended, by the test's id."""
    chosen = [item.callspec for item in request.session.items if item.module is request.module and hasattr(item, "callspec")]
    played = asyncio.run(play_all(callspec.params["case"] for callspec in chosen))
    return {callspec.id: outcome for callspec, outcome in zip(chosen, played, strict=True)}


@pytest.mark.parametrize("case", list(scenarios()))
def test_cutwatch_says_of(case, outcomes, request):
    assert outcomes[request.node.callspec.id].failures == ()


def test_every_condition_of_the_reference_is_rebuilt_with_its_verdict(reference):
    conditions = YAML(typ="safe").load(reference / "ooni" / "qa_scenarios.yaml")["scenarios"]
    theirs = {one["name"]: (one["input_url"], {key: one["expect"][key] for key in sorted(KEYS)}) for one in conditions}
    ours = {one.name: (one.targets[0].url, classic_of(one)) for file in REBUILT.glob("*.yaml") for one in read(file).scenarios}
    assert ours == theirs


KEYS = frozenset(ExpectedClassic.model_fields)


def classic_of(scenario):
    """The reference's verdict that a scenario states in full."""
    [classic] = [verdict.classic for verdict in scenario.expect.verdicts if verdict.classic is not None]
    assert classic.model_fields_set == KEYS
    return {key: getattr(classic, key) for key in sorted(KEYS)}
