import re
import textwrap
from pathlib import Path

import pytest

from tests.lab.__main__ import main

DOCUMENTATION = Path(__file__).parents[2] / "docs" / "lab.md"

TWO_SITES = """
world:
  vantages:
    - {id: home, name: {en: at home}, country: RU, resolvers: [77.88.8.8], control: [nl, de]}
    - {id: nl, name: {en: abroad}, country: NL, resolvers: [9.9.9.9]}
    - {id: de, name: {en: abroad too}, country: DE, resolvers: [1.1.1.1]}
  hosts:
    93.184.216.34: {names: [ovdinfo.org], ports: {80: {site: ovd}, 443: {site: ovd, certificate: good}}}
  sites:
    ovd: [{page: front}]
  pages:
    front: {title: OVD-Info}
scenarios:
  - name: well
    about: Nothing happens.
    targets: [{id: site, url: "https://ovdinfo.org/", probes: {website: {}}, vantages: [home]}]
    expect:
      verdicts: [{vantage: home, probe: website, state: ok}]
  - name: misjudged
    about: The site is well, and the scenario claims that it is blocked.
    targets: [{id: site, url: "https://ovdinfo.org/", probes: {website: {}}, vantages: [home]}]
    expect:
      verdicts:
        - {vantage: home, probe: website, state: blocked, mechanism: tls.reset.sni}
        - {vantage: nl, probe: website, state: ok}
      incidents: [{kind: blocking, stage: confirmed}]
      messages: []
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "story.yaml"
    path.write_text(TWO_SITES, encoding="utf-8")
    return str(path)


def test_a_line_per_scenario_says_how_it_went(file, capsys):
    assert main(["run", file]) == 1
    well, misjudged = capsys.readouterr().out.splitlines()
    assert well == "ok well"
    assert misjudged.startswith(
        "FAIL misjudged: expected state blocked, mechanism tls.reset.sni of home website in the phase at +0min, "
        "got state ok, mechanism None, rule website.service.well at 01 00:00 (ovdinfo.org proves by its certificate"
    )
    assert "expected state ok of nl website in the phase at +0min, got no look" in misjudged
    assert misjudged.endswith("expected kind blocking, stage confirmed at the end of the phase at +0min, got no incident")


def test_one_scenario_can_be_played_alone(file, capsys):
    assert main(["run", file, "--only", "well"]) == 0
    assert capsys.readouterr().out == "ok well\n"


def test_a_scenario_that_is_not_there_is_an_unusable_request(file, capsys):
    assert main(["run", file, "--only", "unheard_of"]) == 2
    said = capsys.readouterr()
    assert (said.out, "there is no scenario unheard_of: misjudged, well" in said.err) == ("", True)


def test_an_unusable_file_is_refused_before_anything_is_played(file, tmp_path, capsys):
    broken = tmp_path / "broken.yaml"
    broken.write_text(TWO_SITES.replace("state: ok", "state: fine"), encoding="utf-8")
    assert main(["run", file, str(broken)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert f"{broken}:18: scenarios[0].expect.verdicts[0].state: must be one of" in said.err


def test_the_documented_example_plays_as_documented(tmp_path, capsys):
    [example] = re.findall(r"^```yaml\n(.*?)^```", DOCUMENTATION.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    path = tmp_path / "example.yaml"
    path.write_text(textwrap.dedent(example), encoding="utf-8")
    assert main(["run", str(path)]) == 0
    assert capsys.readouterr().out == "ok reset_by_name\n"
