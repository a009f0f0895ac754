"""What an operator or a developer adds needs one new file, and no other is touched."""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import probes
from monitor.configuration import load
from monitor.core.plan import plan_checks
from probes.kit.discover import IncompleteProbe, discover, from_module

PROBE = '''
"""Looks whether a name is short.

Says `ok` for names of up to twenty letters.
"""

from probes.kit.observation import Facts
from probes.kit.probe import ProbeParams
from probes.kit.rule import Rule
from probes.kit.vocabulary import State, Strength

VERSION = 1


class Params(ProbeParams):
    longest: int = 20
    name: str

    @classmethod
    def for_asset(cls, url, domain, given):
        return cls(name=domain, **given) if domain else None


async def observe(params, look):
    return Facts(details={"length": len(params.name)})


def wants_control(facts):
    return False


def addresses(facts):
    return ()


def case(observation, recent):
    return observation


RULES = (
    Rule(id="short", state=State.OK, strength=Strength.WEAK, because="It is short.", source="this test", fits=lambda case: {}),
)
'''

FILES = {
    "monitor.yaml": "vantages:\n  - id: here\n    name: {en: Here}\n",
    "alerts.yaml": "channels: []\nroutes: []\n",
    "organisations/house.yaml": (
        "id: house\nname: {en: A house}\ntargets:\n  - {id: home, domain: house.example, probes: {short: {longest: 5}}}\n"
    ),
}


@pytest.fixture
def a_new_probe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "short.py").write_text(PROBE, encoding="utf-8")
    monkeypatch.setattr(probes, "__path__", [*probes.__path__, str(tmp_path)])
    monkeypatch.delitem(sys.modules, "probes.short", raising=False)
    discover.cache_clear()
    yield
    discover.cache_clear()
    sys.modules.pop("probes.short", None)


@pytest.fixture
def configuration(tmp_path: Path) -> Path:
    folder = tmp_path / "config"
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "providers").mkdir()
    return folder


def test_a_probe_kind_is_one_module(a_new_probe: None, configuration: Path) -> None:
    found = discover()
    assert "Looks whether a name is short." in found["short"].documentation
    (check,) = plan_checks(load(configuration, found), found)
    assert (check.probe, check.params) == ("short", {"longest": 5, "name": "house.example"})


def test_a_probe_that_lacks_something_says_what() -> None:
    module = ModuleType("probes.unfinished", "A docstring.")
    with pytest.raises(IncompleteProbe, match="add VERSION, Params, observe"):
        from_module(module)


def test_an_organisation_is_one_file(configuration: Path) -> None:
    (configuration / "organisations" / "another.yaml").write_text(
        "id: another\nname: {en: Another}\ntargets:\n  - {id: site, url: 'https://another.example/'}\n", encoding="utf-8"
    )
    (configuration / "organisations" / "house.yaml").unlink()
    (organisation,) = load(configuration).organisations
    assert organisation.id == "another"
    assert {check.probe for check in plan_checks(load(configuration), discover())} == {"dns", "website"}
