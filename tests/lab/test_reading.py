from pathlib import Path

import pytest

from monitor.configuration.problems import ConfigurationError
from tests.lab.reading import read

WORLD = """
world:
  vantages:
    - {id: home, name: {en: at home}, resolvers: [77.88.8.8], control: [abroad]}
    - {id: abroad, name: {en: abroad}, resolvers: [9.9.9.9]}
  hosts:
    93.184.216.34: {names: [ovdinfo.org], ports: {80: {site: ovd}}}
  sites:
    ovd: [{page: front}]
  pages:
    front: {title: OVD-Info}
"""

SCENARIO = """
scenarios:
  - name: fine
    about: Nothing happens.
    targets: [{id: site, url: "http://ovdinfo.org/", probes: {website: {}}, vantages: [home]}]
    expect:
      verdicts: [{vantage: home, probe: website, state: ok}]
"""


@pytest.fixture
def file(tmp_path):
    def written(text, name="story.yaml"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return written


def complaints(path):
    with pytest.raises(ConfigurationError) as refusal:
        read(path)
    return [(Path(one.file).name, one.line, one.field, f"{one.message}; {one.remedy}") for one in refusal.value.problems]


def test_a_file_holds_a_world_and_the_scenarios_that_play_in_it(file):
    content = read(file(WORLD + SCENARIO))
    assert [scenario.name for scenario in content.scenarios] == ["fine"]
    assert [vantage.id for vantage in content.world.vantages] == ["home", "abroad"]


def test_a_world_may_stand_in_a_file_of_its_own(file):
    indented = WORLD.replace("\nworld:", "").replace("\n  ", "\n")
    file(indented, "world.yaml")
    assert read(file("world: world.yaml\n" + SCENARIO)).world == read(file(WORLD + SCENARIO, "whole.yaml")).world


def test_a_mistake_in_a_world_of_its_own_is_told_of_that_file(file):
    file("vantages:\n  - {id: home, name: {en: x}, resolvers: [9.9.9.9], control: [nobody]}\n", "world.yaml")
    [(name, line, field, said)] = complaints(file("world: world.yaml\n" + SCENARIO))
    assert (name, line, field) == ("world.yaml", 2, "vantages[0].control")
    assert "nobody" in said


def test_an_unknown_key_is_refused_with_its_line_and_the_likely_one(file):
    text = WORLD + SCENARIO.replace("probe: website, state", "prob: website, state")
    told = complaints(file(text))
    assert [(field, line) for _, line, field, _ in told] == [
        ("scenarios[0].expect.verdicts[0].prob", text.count("\n")),
        ("scenarios[0].expect.verdicts[0].probe", text.count("\n")),
    ]
    assert "did you mean `probe`?" in told[0][3]


@pytest.mark.parametrize(
    ("right", "wrong", "field", "says"),
    [
        ("website, state: ok", "website, state: fine", "scenarios[0].expect.verdicts[0].state", "must be one of"),
        ("{vantage: home", "{vantage: hme", "scenarios[0].expect.verdicts[0].vantage", "did you mean `home`?"),
        ("probe: website", "probe: webste", "scenarios[0].expect.verdicts[0].probe", "did you mean `website`?"),
        ("vantages: [home]}", "vantages: [homes]}", "scenarios[0].targets[0].vantages", "did you mean `home`?"),
        ("probes: {website: {}}", "probes: {websites: {}}", "scenarios[0].targets[0].probes", "did you mean `website`?"),
        ("probes: {website: {}}", "probes: {website: {x: 1}}", "scenarios[0].targets[0].probes.website", "does not fit"),
        ("vantages: [home]}", "vantages: [home], paused: true}", "scenarios[0].targets[0].paused", "means nothing in the lab"),
        ("{80: {site: ovd}}", "{80: {site: odv}}", "world.hosts.93.184.216.34.ports.80.site", "did you mean `ovd`?"),
        ("{site: ovd}", "{certificate: god}", "world.hosts.93.184.216.34.ports.80.certificate", "one of good, expired"),
        ("[{page: front}]", "[{page: frnt}]", "world.sites.ovd[0].page", "did you mean `front`?"),
        ("control: [abroad]", "control: [aboard]", "world.vantages[0].control", "did you mean `abroad`?"),
        ("resolvers: [9.9.9.9]", "country: NL", "world.vantages[1].resolvers", "at least one address"),
        ("[9.9.9.9]", "['9.9.9.9:53']", "world.vantages[1].resolvers", "without a port"),
        ("state: ok}]", "state: ok}]\n      health: {hme: offline}", "scenarios[0].expect.health", "did you mean `home`?"),
        ("[9.9.9.9]", "[9.9.9.9], proxy: SECRET", "world.vantages[1].proxy", "means nothing in the lab"),
    ],
)
def test_what_does_not_exist_is_refused_where_it_is_named(file, right, wrong, field, says):
    text = (WORLD + SCENARIO).replace(right, wrong)
    assert text != WORLD + SCENARIO
    [(_, line, told, said)] = complaints(file(text))
    assert (told, line is not None) == (field, True)
    assert says in said


@pytest.mark.parametrize(
    ("conditions", "field", "says"),
    [
        ("{dns: {8.8.4.4: {'*': nxdomain}}}", "conditions.dns", "use one of 77.88.8.8, 9.9.9.9"),
        ("{path: {nobody: []}}", "conditions.path", "use one of abroad, home"),
        ("{path: {home: [{action: inject, page: denied}]}}", "conditions.path.home[0].page", "use one of front"),
        ("{path: {home: [{action: inject}]}}", "conditions.path.home[0]", "`page` and the action `inject` go together"),
        ("{path: {home: [{action: refuse, sni: x.org}]}}", "conditions.path.home[0]", "`refuse` acts before anything is said"),
        ("{path: {home: [{action: throttle}]}}", "conditions.path.home[0]", "go together"),
        ("{path: {home: [{action: reset, to: somewhere}]}}", "conditions.path.home[0].to", "somewhere"),
        ("{ports: {1.2.3.4: {80: {}}}}", "conditions.ports", "93.184.216.34"),
        ("{dns: {77.88.8.8: {a.org: nxdomian}}}", "conditions.dns.77.88.8.8.a.org", "a list of addresses, or one of nxdomain"),
        ("{dns: {77.88.8.8: {a.org: []}}}", "conditions.dns.77.88.8.8.a.org", "a list of addresses"),
        ("{dns: {77.88.8.8: {a.org: {answer: lies}}}}", "conditions.dns.77.88.8.8.a.org", "truth"),
        ("{spoof: {nobody: {}}}", "conditions.spoof", "use one of abroad, home"),
        ("{spoof: {home: {a.org: {answer: truth, to: [8.8.4.4]}}}}", "conditions.spoof.home.a.org.to", "77.88.8.8, 9.9.9.9"),
        ("{path: {home: [{action: unreachable, host: x.org}]}}", "conditions.path.home[0]", "acts before anything is said"),
        ("{path: {home: [{action: intercept}]}}", "conditions.path.home[0]", "`certificate` and the action `intercept`"),
        ("{path: {home: [{action: freeze}]}}", "conditions.path.home[0]", "`after_bytes` and the action `freeze`"),
        (
            "{path: {home: [{action: drop, every: 2}]}}",
            "conditions.path.home[0]",
            "`every` and `residual` need a rule that waits",
        ),
        ("{path: {home: [{action: reset, status: 403}]}}", "conditions.path.home[0]", "`status` and the action `inject`"),
        ("{path: {home: [{action: reset, to: AS}]}}", "conditions.path.home[0].to", "AS"),
        ("{ports: {93.184.216.34: {80: {site: ovd, passes_on: true}}}}", "conditions.ports.93.184.216.34.80", "`passes_on`"),
        ("{ports: {93.184.216.34: {80: {bytes_per_second: 1}}}}", "conditions.ports.93.184.216.34.80", "about a `site`"),
    ],
)
def test_conditions_that_cannot_be_are_refused(file, conditions, field, says):
    text = WORLD + SCENARIO.replace("    expect:", f"    conditions: {conditions}\n    expect:")
    [(_, _, told, said)] = complaints(file(text))
    assert told == f"scenarios[0].{field}"
    assert says in said


@pytest.mark.parametrize(
    ("instead_of_expect", "says"),
    [
        ("", "either `expect` (with `conditions`), or `phases`"),
        ("    phases: [{at: +0min, expect: {incidents: []}}]\n    conditions: {}\n", "each phase has its own conditions"),
        ("    phases: [{at: 2h, expect: {incidents: []}}]\n", "+0min, +90s, +2h or +1d"),
        ("    phases: [{at: +0min, expect: {}}]\n", "at least one of verdicts, health, incidents or messages"),
        (
            "    phases: [{at: +2h, expect: {incidents: []}}, {at: +1h, expect: {incidents: []}}]\n",
            "phases must follow one another in time",
        ),
        ("    phases: [{at: +2h, expect: {incidents: []}}]\n    end: +1h\n", "`end` must come after"),
    ],
)
def test_a_time_axis_must_make_sense(file, instead_of_expect, says):
    text = WORLD + SCENARIO.partition("    expect:")[0] + instead_of_expect
    [(_, _, _, said)] = complaints(file(text))
    assert says in said


def test_a_rhythm_needs_an_end(file):
    text = WORLD + SCENARIO.replace("vantages: [home]}", "vantages: [home], every: 10min}")
    [(_, _, field, said)] = complaints(file(text))
    assert (field, "needs the scenario's `end`" in said) == ("scenarios[0]", True)


def test_two_scenarios_of_a_file_cannot_share_a_name(file):
    text = WORLD + SCENARIO + SCENARIO.replace("\nscenarios:\n", "")
    [(_, _, field, said)] = complaints(file(text))
    assert (field, "repeats fine" in said) == ("scenarios[1].name", True)


@pytest.mark.parametrize("text", ["", "- a list", "world: [", "world: *alias", "scenarios: []\n"])
def test_what_is_no_scenario_file_is_refused(file, text):
    assert complaints(file(text))


def test_a_file_that_is_not_there_is_refused(tmp_path):
    assert "is missing" in complaints(tmp_path / "nowhere.yaml")[0][3]


def test_international_names_are_spelled_as_dns_carries_them(file):
    content = read(file((WORLD + SCENARIO).replace("names: [ovdinfo.org]", "names: [Яндекс.рф]")))
    assert content.world.hosts["93.184.216.34"].names == ("xn--d1acpjx3f.xn--p1ai",)
