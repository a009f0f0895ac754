"""`cutwatch incidents`: what people see of an incident, and what they decide about it."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from monitor.core.documented import Documented
from monitor.intake import enter
from monitor.settings import Settings
from monitor.store import Store, migrate
from tests.monitor.commands.conftest import Type, objects

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
NUMBER, NOTICE = "CW-2026-0001", "CW-2026-0002"
BECAUSE = ("--reason", "the press office says so")

GLOBALGIVING_2024 = Documented.model_validate(
    {
        "id": "globalgiving-2024-projects-removed",
        "kind": "withdrawal",
        "organisation": "ovd-info",
        "title": {"en": "GlobalGiving removes projects"},
        "dates": {"decided": {"date": "2024-01", "basis": "self_report"}},
        "as_of": "2024-03-01",
        "actors": [{"entity": {"en": "Ivan Petrov"}, "kind": "unknown", "role": "reporter", "basis": "media"}],
        "countries": {"effect": ["RU"]},
        "sources": [{"title": "A report\x1b[31m"}],
    }
)
GODADDY_2023_NOTICE = Documented.model_validate({"id": "godaddy-2023", "kind": "notice", "title": {"en": "GoDaddy gives notice"}})


async def plant() -> None:
    settings = Settings()
    settings.data_dir.mkdir(mode=0o700, exist_ok=True)
    await asyncio.to_thread(migrate, settings.database)
    store = await Store.open(settings.database)
    await enter(store, [GLOBALGIVING_2024, GODADDY_2023_NOTICE], NOW)
    await store.close()


@pytest.fixture(autouse=True)
def entered(house: Path) -> None:
    """Two documented incidents in the store."""
    asyncio.run(plant())


def shown(cutwatch: Type, number: str = NUMBER) -> dict[str, Any]:
    (found,) = objects(cutwatch("incidents", "show", number, "--json"))
    return found


def test_documented_incidents_are_never_open_and_are_told_as_of_their_sources(cutwatch: Type) -> None:
    assert cutwatch("incidents", "list").stdout == "No incident is open.\n"
    listed = cutwatch("incidents", "list", "--all").stdout
    assert "confirmed withdrawal  ovd-info in RU" in listed
    assert "(documented, as of 2024-03-01: GlobalGiving removes projects)" in listed


def test_show_tells_where_an_incident_stands_and_what_is_stated_of_it(cutwatch: Type) -> None:
    said = cutwatch("incidents", "show", NUMBER).stdout
    assert f"{NUMBER}  confirmed withdrawal" in said
    assert "version 1 of 2026-03-01 09:00 UTC, attested, CLEAR" in said
    assert "entry globalgiving-2024-projects-removed" in said
    assert "en: GlobalGiving removes projects" in said
    assert "\x1b" not in said


def test_show_as_json_has_the_whole_dossier(cutwatch: Type) -> None:
    found = shown(cutwatch)
    assert (found["origin"], found["entry"], found["countries"]) == ("attested", GLOBALGIVING_2024.id, ["RU"])
    assert found["dossier"]["dates"] == {"decided": {"date": "2024-01", "basis": "self_report"}}
    assert found["onset"] == {"after": "2024-01-01T00:00:00Z", "by": "2024-02-01T00:00:00Z"}


def test_a_dossier_that_was_shown_can_be_corrected_and_read_back(cutwatch: Type, house: Path) -> None:
    file = house / "dossier.yaml"
    file.write_text(cutwatch("incidents", "show", NUMBER, "--dossier").stdout.replace("2024-01", "2024-02"), encoding="utf-8")
    result = cutwatch("incidents", "correct", NUMBER, "--file", str(file), *BECAUSE)
    assert (result.exit_code, result.stdout) == (0, f"{NUMBER} is corrected (version 2).\n")
    assert "correct it there as well" in result.stderr
    assert cutwatch("incidents", "diff", NUMBER).stdout.splitlines() == [
        "onset.after: 2024-01-01T00:00:00Z -> 2024-02-01T00:00:00Z",
        "onset.by: 2024-02-01T00:00:00Z -> 2024-03-01T00:00:00Z",
        "dossier.dates.decided.date: 2024-01 -> 2024-02",
    ]


def test_a_dossier_with_a_mistake_changes_nothing_and_says_where_it_is(cutwatch: Type, house: Path) -> None:
    file = house / "dossier.yaml"
    file.write_text("title: {en: Removed}\noutcome: apeal_refused\n", encoding="utf-8")
    result = cutwatch("incidents", "correct", NUMBER, "--file", str(file), *BECAUSE)
    assert result.exit_code == 2
    assert "dossier.yaml:2: outcome" in result.stderr
    assert "Did you mean `appeal_refused`?" in result.stderr
    assert shown(cutwatch)["version"] == 1


def test_the_log_tells_what_happened_by_whom_and_why(cutwatch: Type) -> None:
    cutwatch("incidents", "retract", NUMBER, *BECAUSE)
    said = cutwatch("incidents", "log", NUMBER).stdout.splitlines()
    assert said[0] == "v1  2026-03-01 09:00 UTC  opened by configuration"
    assert said[1].endswith("retracted by command line: the press office says so")
    first, second = objects(cutwatch("incidents", "log", NUMBER, "--json"))
    assert (first["kind"], second["reason"], second["data"]["stage"]) == ("opened", "the press office says so", "retracted")


def test_an_earlier_version_can_be_shown_and_compared(cutwatch: Type) -> None:
    cutwatch("incidents", "release", NUMBER, "--tlp", "GREEN", *BECAUSE)
    cutwatch("incidents", "retract", NUMBER, *BECAUSE)
    (before,) = objects(cutwatch("incidents", "show", NUMBER, "--version", "1", "--json"))
    assert (before["version"], before["tlp"], before["stage"]) == (1, "CLEAR", "confirmed")
    found = objects(cutwatch("incidents", "diff", NUMBER, "--from", "1", "--to", "2", "--json"))
    assert found == [{"field": "tlp", "before": "CLEAR", "after": "GREEN"}]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("show", "CW-2026-0999"), "there is no incident CW-2026-0999"),
        (("log", "CW-2026-0999"), "there is no incident CW-2026-0999"),
        (("show", NUMBER, "--version", "7"), "there is no version 7: the latest is 1"),
        (("diff", NUMBER), "there is nothing to compare it with"),
        (("avert", NUMBER, *BECAUSE), "is no notice"),
        (("reinstate", NOTICE, *BECAUSE), "`avert` says that it will not happen"),
        (("reinstate", NUMBER, "--date", "yesterday", *BECAUSE), "--date: `yesterday` is not a date"),
        (("retract", NUMBER, "--reason", " "), "give a reason"),
        (("retract", "CW-2026-0999", *BECAUSE), "there is no incident CW-2026-0999"),
        (("link", NUMBER, NUMBER, "--as", "follows", *BECAUSE), "cannot be linked to itself"),
        (("link", NUMBER, "CW-2026-0999", "--as", "follows", *BECAUSE), "there is no incident"),
        (("evidence", NUMBER, "--title", "x", "--sha256", "abc"), "--sha256:"),
        (("erase", NUMBER, "actors[9]", *BECAUSE), "is empty, or there is no such field"),
    ],
)
def test_what_cannot_be_done_is_refused_with_a_sentence(cutwatch: Type, words: tuple[str, ...], sentence: str) -> None:
    result = cutwatch("incidents", *words)
    assert result.exit_code in {1, 2}
    assert sentence in result.stderr.replace("\n", " ")
    assert "Traceback" not in result.stderr


def test_a_notice_can_be_averted_and_linked_as_what_announced_another(cutwatch: Type) -> None:
    cutwatch("incidents", "link", NUMBER, NOTICE, "--as", "announced_by", *BECAUSE)
    cutwatch("incidents", "avert", NOTICE, *BECAUSE)
    assert shown(cutwatch)["relations"] == [{"kind": "announced_by", "incident": NOTICE}]
    assert objects(cutwatch("incidents", "log", NUMBER, "--json"))[-1]["kind"] == "notice_linked"
    assert shown(cutwatch, NOTICE)["stage"] == "averted"


def test_access_that_is_back_is_told_apart_from_an_announced_way_back(cutwatch: Type) -> None:
    announced = cutwatch("incidents", "reinstate", NUMBER, "--announced", "--by", "GlobalGiving", *BECAUSE)
    assert announced.stdout == f"{NUMBER} has an announced way back (version 2).\n"
    assert shown(cutwatch)["stage"] == "confirmed"
    cutwatch("incidents", "reinstate", NUMBER, "--date", "2024-06", *BECAUSE)
    assert (shown(cutwatch)["stage"], shown(cutwatch)["dossier"]["reinstatement"]["date"]) == ("reinstated", "2024-06")


def test_evidence_and_replies_are_added(cutwatch: Type) -> None:
    cutwatch("incidents", "evidence", NUMBER, "--title", "A letter", "--url", "https://example.org/letter", "--sha256", "a" * 64)
    cutwatch("incidents", "reply", NUMBER, "--by", "GlobalGiving", "--text", "No comment", "--date", "2024-02")
    dossier = shown(cutwatch)["dossier"]
    assert (dossier["evidence"][0]["title"], dossier["evidence"][0]["sha256"]) == ("A letter", "a" * 64)
    assert dossier["replies"] == [{"by": {"en": "GlobalGiving"}, "date": "2024-02", "text": {"en": "No comment"}}]


def test_an_erased_field_is_empty_in_every_version(cutwatch: Type) -> None:
    result = cutwatch("incidents", "erase", NUMBER, "actors[0].entity", *BECAUSE)
    assert result.stdout == f"{NUMBER} no longer holds actors[0].entity, in any version (version 2).\n"
    assert "take it out of there" in result.stderr
    everything = cutwatch("incidents", "log", NUMBER, "--json").stdout + cutwatch("incidents", "show", NUMBER).stdout
    assert "Petrov" not in everything
    assert "erased (actors[0].entity) by command line" in cutwatch("incidents", "log", NUMBER).stdout
