"""Stories of a configuration folder: what loads, and how each mistake is explained."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.configuration import ConfigurationError, load
from monitor.core.plan import plan_checks
from tests.monitor.configuration.conftest import ConfigurationFolder
from tests.monitor.configuration.plugins import PROBES


def test_a_folder_in_order_becomes_a_watchlist(folder: ConfigurationFolder) -> None:
    watchlist = folder.load()
    assert [one.id for one in watchlist.organisations] == ["ovd-info"]
    assert [one.id for one in watchlist.providers] == ["godaddy"]
    assert [one.id for one in watchlist.monitor.vantages] == ["berlin", "moscow"]
    assert [one.id for one in watchlist.alerts.routes] == ["everything"]
    assert len(plan_checks(watchlist, PROBES)) == 2


def test_the_version_changes_with_any_byte_and_with_nothing_else(folder: ConfigurationFolder) -> None:
    version = folder.load().version
    assert folder.load().version == version
    folder.add("organisations/ovd-info.yaml", "# one more comment\n")
    assert folder.load().version != version


def test_every_mistake_is_told_at_once_in_order(folder: ConfigurationFolder) -> None:
    folder.write("monitor.yaml", "vantages: [\n")
    folder.replace("alerts.yaml", "channels: [hook]", "channels: [hok]")
    folder.add("organisations/ovd-info.yaml", "\ncolour: red\n")
    folder.replace("organisations/ovd-info.yaml", "https://ovdinfo.org/", "http://127.0.0.1/")
    folder.replace("organisations/ovd-info.yaml", "provider: godaddy", "provider: godady")
    folder.replace("providers/godaddy.yaml", "[registrar]", "[registra]")
    problems = folder.problems()
    places = [(Path(problem.file).name, problem.line, problem.field) for problem in problems]
    assert places == [
        ("alerts.yaml", 7, "routes[0].channels[0]"),
        ("monitor.yaml", 1, ""),
        ("ovd-info.yaml", 6, "targets[0].url"),
        ("ovd-info.yaml", 8, "depends_on[0].provider"),
        ("ovd-info.yaml", 11, "colour"),
        ("godaddy.yaml", 3, "kinds[0]"),
    ]
    assert all(problem.message and problem.remedy for problem in problems)


def test_a_problem_reads_as_file_line_field_reason_remedy(folder: ConfigurationFolder) -> None:
    folder.replace("organisations/ovd-info.yaml", "country: RU", "contry: RU")
    problem = folder.problem()
    file = folder.path / "organisations/ovd-info.yaml"
    assert str(problem) == f"{file}:3: contry: is not a known key. Did you mean `country`?"


@pytest.mark.parametrize("missing", ["monitor.yaml", "alerts.yaml"])
def test_a_missing_file_is_named(folder: ConfigurationFolder, missing: str) -> None:
    (folder.path / missing).unlink()
    problem = folder.problem()
    assert Path(problem.file).name == missing
    assert "is missing" in problem.message


@pytest.mark.parametrize("empty", ["", "# all commented out\n"])
def test_an_empty_file_is_named(folder: ConfigurationFolder, empty: str) -> None:
    folder.write("alerts.yaml", empty)
    assert "is empty" in folder.problem().message


def test_a_missing_folder_is_one_problem(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as refused:
        load(tmp_path / "nowhere", PROBES)
    (problem,) = refused.value.problems
    assert "is not a folder" in problem.message
    assert "CUTWATCH_CONFIG" in problem.remedy


def test_a_folder_without_organisations_watches_nothing_and_says_so(folder: ConfigurationFolder) -> None:
    (folder.path / "organisations/ovd-info.yaml").unlink()
    assert "holds no organisation" in folder.problem().message
    (folder.path / "organisations").rmdir()
    assert "holds no organisation" in folder.problem().message


def test_providers_are_only_needed_by_those_who_name_them(folder: ConfigurationFolder) -> None:
    (folder.path / "providers/godaddy.yaml").unlink()
    (folder.path / "providers").rmdir()
    assert "there is no provider `godaddy`" in folder.problem().message
    folder.replace("organisations/ovd-info.yaml", "depends_on:\n  - provider: godaddy\n    account: {domain: ovdinfo.org}\n", "")
    assert folder.load().providers == ()


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("alert.yaml", "did you mean `alerts`"),
        ("notes.yaml", "move it, or remove it"),
        ("organisations/fidh.yml", "ends in .yaml"),
        ("organizations/fidh.yaml", "did you mean `organisations`"),
    ],
)
def test_a_file_that_somebody_believes_to_be_read_is_pointed_out(folder: ConfigurationFolder, name: str, remedy: str) -> None:
    folder.write(name, "id: fidh\n")
    assert remedy in folder.problem().remedy


def test_files_of_editors_and_later_folders_are_left_alone(folder: ConfigurationFolder) -> None:
    folder.write("organisations/.ovd-info.yaml.swp", b"\xff\xfe")
    folder.write("organisations/README.md", "notes")
    folder.write("drafts/one.yaml", "id: one")
    folder.write("registers/ru.yaml", "id: ru")
    assert folder.load().organisations


def test_a_folder_that_may_not_be_listed_is_a_problem(folder: ConfigurationFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    listing = Path.iterdir

    def refuse(path: Path) -> object:
        if path.name == "providers":
            raise PermissionError(13, "Permission denied")
        return listing(path)

    monkeypatch.setattr(Path, "iterdir", refuse)
    assert any("cannot be listed (Permission denied)" in problem.message for problem in folder.problems())


def test_the_same_id_in_two_files_names_both(folder: ConfigurationFolder) -> None:
    text = (folder.path / "organisations/ovd-info.yaml").read_text(encoding="utf-8")
    folder.write("organisations/ovd-info-2.yaml", text)
    problems = folder.problems()
    messages = [problem.message for problem in problems]
    first = folder.path / "organisations/ovd-info-2.yaml"
    assert any(f"already used in {first}, line 1" in message for message in messages)
    assert any("differs from the file's name" in message for message in messages)
    assert any("ovd-info-2" in problem.remedy for problem in problems)


def test_an_organisation_and_a_provider_may_share_an_id(folder: ConfigurationFolder) -> None:
    folder.write("organisations/godaddy.yaml", "id: godaddy\nname: {en: GoDaddy}\n")
    assert len(folder.load().organisations) == 2


def test_a_mistake_in_a_provider_does_not_make_it_unknown(folder: ConfigurationFolder) -> None:
    folder.replace("providers/godaddy.yaml", "kinds: [registrar]", "kinds: 7")
    problem = folder.problem()
    assert (Path(problem.file).name, problem.field) == ("godaddy.yaml", "kinds")


def test_this_machines_country_fills_only_what_direct_vantage_points_leave_open(folder: ConfigurationFolder) -> None:
    folder.replace("monitor.yaml", "    country: DE\n", "")
    folder.replace("monitor.yaml", "    country: RU\n", "")
    countries = {one.id: one.country for one in folder.load(country="NL").monitor.vantages}
    assert countries == {"berlin": "NL", "moscow": None}
    assert folder.load().monitor.vantages[0].country is None


def test_a_secret_pasted_in_the_wrong_place_is_never_repeated(folder: ConfigurationFolder) -> None:
    folder.replace("monitor.yaml", "CUTWATCH_PROXY_RU", "socks5h://user:hunter2@10.0.0.1:1080")
    folder.replace("organisations/ovd-info.yaml", "https://ovdinfo.org/", "https://user:hunter2@ovdinfo.org/")
    folder.replace("organisations/ovd-info.yaml", "{domain: ovdinfo.org}", "{domain: 'hunter2'}")
    problems = folder.problems()
    assert len(problems) == 3
    assert "hunter2" not in "\n".join(map(str, problems))


@given(content=st.binary(max_size=200))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@pytest.mark.parametrize("name", ["monitor.yaml", "alerts.yaml", "organisations/ovd-info.yaml", "providers/godaddy.yaml"])
def test_arbitrary_bytes_in_any_file_give_nothing_but_problems(folder: ConfigurationFolder, name: str, content: bytes) -> None:
    folder.write(name, content)
    assert folder.problems()


VALUES = st.recursive(
    st.sampled_from(["x", "''", "7", "-1", "true", "~", "5min", "9999d", "[]", "{}", "https://example.org/", "2.5", ".inf"]),
    lambda inner: st.one_of(
        st.lists(inner, max_size=2).map(lambda values: f"[{', '.join(values)}]"),
        st.dictionaries(st.sampled_from(["id", "url", "name", "en", "x"]), inner, max_size=2).map(
            lambda values: "{" + ", ".join(f"{key}: {value}" for key, value in values.items()) + "}"
        ),
    ),
    max_leaves=4,
)
KEYS = {
    "monitor.yaml": ["vantages", "canaries", "cadence", "limits", "confirmation", "retention"],
    "alerts.yaml": ["channels", "routes"],
    "organisations/ovd-info.yaml": ["id", "name", "aliases", "country", "tlp", "targets", "depends_on", "sources", "note"],
    "providers/godaddy.yaml": ["id", "name", "kinds", "jurisdiction", "homepage", "account", "aliases", "sources", "note"],
}


@given(data=st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@pytest.mark.parametrize("name", KEYS)
def test_any_value_under_any_key_loads_or_is_explained(folder: ConfigurationFolder, name: str, data: st.DataObject) -> None:
    written = data.draw(st.dictionaries(st.sampled_from(KEYS[name]), VALUES, min_size=1))
    folder.write(name, "".join(f"{key}: {value}\n" for key, value in written.items()))
    try:
        outcome = folder.load().version
    except ConfigurationError as refused:
        outcome = str(refused)
    assert outcome
