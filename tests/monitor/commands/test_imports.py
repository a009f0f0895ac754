"""`cutwatch import ooni`: measurements of our targets wait as files until the service takes them."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from monitor.bus import Report
from monitor.bus.frames import decode
from monitor.core.plan import check_id
from tests.monitor.commands.conftest import Type, objects
from tests.probes.imported.measurement.publishing import Json, tagged, untagged

OVD = "https://ovd.info/"
PLACES = """\
vantages:
  - {id: here, name: {en: This machine}, country: DE}
  - {id: ooni-ru, name: {en: OONI in Russia}, kind: ooni, country: RU}
  - {id: ooni-kz, name: {en: OONI in Kazakhstan}, kind: ooni, country: KZ, asn: 9198}
"""


def made(**changes: str) -> Json:
    return tagged() | {"input": OVD, **changes}


@pytest.fixture
def saved(tmp_path: Path) -> Callable[..., str]:
    def save(name: str, *documents: Json) -> str:
        path = tmp_path / name
        path.write_text("\n".join(json.dumps(document) for document in documents), encoding="utf-8")
        return str(path)

    return save


@pytest.fixture(autouse=True)
def places(house: Path) -> None:
    (house / "config" / "monitor.yaml").write_text(PLACES, encoding="utf-8")


@pytest.fixture
def waiting(house: Path) -> Callable[[], list[Report]]:
    """What lies there for the service."""

    def read() -> list[Report]:
        frames = [decode(path.read_bytes()) for path in sorted((house / "var" / "incoming").glob("*.report"))]
        return [frame for frame in frames if isinstance(frame, Report)]

    return read


def test_a_measurement_is_filed_under_its_target_and_country(cutwatch: Type, saved, waiting) -> None:
    result = cutwatch("import", "ooni", saved("one.json", made()))
    assert result.exit_code == 0, result.stderr
    assert "ovd.info: 1 measurement handed to the service" in result.stdout
    [report] = waiting()
    seen = report.observation
    assert (seen.check, seen.vantage, seen.country) == (check_id("ovd-info", "ovd.info", "website", "ooni-ru"), "ooni-ru", "RU")
    assert seen.provenance is not None
    assert seen.provenance.attribution == "OONI, CC BY-NC-SA 4.0"
    assert {blob.name for blob in report.blobs} >= {seen.facts.http[0].body}


def test_handing_it_over_again_hands_it_over_once(cutwatch: Type, saved, waiting) -> None:
    file = saved("one.json", made())
    cutwatch("import", "ooni", file, file)
    cutwatch("import", "ooni", file)
    assert len(waiting()) == 1


def test_many_are_taken_at_once_and_each_is_told(cutwatch: Type, saved, waiting) -> None:
    lines = [made(report_id=f"report-{number}") for number in range(3)]
    file = saved("many.jsonl", *lines, untagged() | {"input": OVD, "report_id": "old"})
    told = objects(cutwatch("import", "ooni", file, "--json"))
    assert [one["vantage"] for one in told] == ["ooni-ru"] * 4
    assert told[0]["at"] == "2026-08-14T12:00:00Z"
    assert told[0]["url"].startswith("https://explorer.ooni.org/measurement/report-0?")
    assert {one["observation"] for one in told} == {report.observation.id for report in waiting()}


def test_another_page_of_a_targets_host_is_about_that_target(cutwatch: Type, saved, waiting) -> None:
    assert cutwatch("import", "ooni", saved("http.json", made(input="http://ovd.info/news"))).exit_code == 0
    assert len(waiting()) == 1


def test_one_of_several_targets_at_a_host_is_meant_by_its_address(cutwatch: Type, saved, house: Path) -> None:
    organisation = house / "config" / "organisations" / "ovd-info.yaml"
    organisation.write_text(organisation.read_text() + "  - {id: news, url: 'https://ovd.info/news'}\n")
    told = objects(cutwatch("import", "ooni", saved("news.json", made(input="https://ovd.info/news")), "--json"))
    assert [one["target"] for one in told] == ["news"]


@pytest.mark.parametrize(
    ("changes", "remedy"),
    [
        ({"input": "https://www.example.com/"}, "is no target of yours: add one with this `url`"),
        ({"probe_cc": "BY"}, "sees this target from BY: add one to monitor.yaml, such as {id: ooni-by, kind: ooni, country: BY"),
        ({"probe_cc": "KZ"}, "sees this target from KZ"),
        ({"probe_cc": "ZZ"}, "OONI does not know from which country"),
        ({"test_name": "telegram"}, "this is a measurement of telegram"),
    ],
)
def test_one_that_belongs_nowhere_is_refused_with_what_to_add(cutwatch: Type, saved, waiting, changes, remedy: str) -> None:
    result = cutwatch("import", "ooni", saved("odd.json", made(**changes)))
    assert (result.exit_code, result.stdout) == (2, "")
    assert remedy in result.stderr
    assert waiting() == []


def test_one_from_the_very_network_of_a_vantage_point_is_filed_there(cutwatch: Type, saved, house: Path) -> None:
    more = "  - {id: ooni-rostelecom, name: {en: Rostelecom}, kind: ooni, country: RU, asn: 12389}\n"
    (house / "config" / "monitor.yaml").write_text(PLACES + more, encoding="utf-8")
    file = saved("two.jsonl", made(), made(probe_asn="AS8402"))
    assert [one["vantage"] for one in objects(cutwatch("import", "ooni", file, "--json"))] == ["ooni-rostelecom", "ooni-ru"]


def test_what_cannot_be_used_keeps_nothing_else_back(cutwatch: Type, saved, waiting) -> None:
    file = saved("mixed.jsonl", made(input="https://www.example.com/"), made())
    result = cutwatch("import", "ooni", file, "/nowhere.json")
    assert result.exit_code == 2
    assert f"{file}: line 1: https://www.example.com/ is no target of yours" in result.stderr
    assert "/nowhere.json: it cannot be read" in result.stderr
    assert len(waiting()) == 1


def test_a_configuration_with_problems_is_mended_first(cutwatch: Type, saved, house: Path) -> None:
    (house / "config" / "monitor.yaml").write_text("vantages: 5\n", encoding="utf-8")
    result = cutwatch("import", "ooni", saved("one.json", made()))
    assert (result.exit_code, "run `cutwatch check`" in result.stderr) == (2, True)


def test_a_folder_that_cannot_be_written_is_named(cutwatch: Type, saved, house: Path) -> None:
    (house / "var").write_text("in the way", encoding="utf-8")
    result = cutwatch("import", "ooni", saved("one.json", made()))
    assert result.exit_code == 1
    assert "incoming cannot be written" in result.stderr
