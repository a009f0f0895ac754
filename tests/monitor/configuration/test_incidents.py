"""`config/incidents/`: what an entry names must exist, and what it says must be possible together."""

import pytest

from monitor.core.kinds import IncidentStage, Kind, RelationKind
from monitor.core.model import Tlp
from tests.monitor.configuration.conftest import ConfigurationFolder

FILE = "incidents/godaddy-2023-notice.yaml"
ENTRY = """\
id: godaddy-2023-notice
kind: withdrawal
organisation: ovd-info
target: main
provider: godaddy
title:
  en: GoDaddy ends its service
actors:
  - {entity: {en: GoDaddy}, provider: godaddy, kind: registrar, role: implementer, basis: self_report}
dates:
  announced: {date: 2023-12, basis: self_report}
bounds: {not_before: '2023', not_after: 2024-01, derived_from: the text}
sources:
  - {title: A report, url: 'https://example.org/report'}
related:
  - {entry: hetzner-2023, relation: see_also}
"""
OTHER = "id: hetzner-2023\nkind: withdrawal\ntitle: {en: Hetzner ends its service}\n"


@pytest.fixture
def entered(folder: ConfigurationFolder) -> ConfigurationFolder:
    folder.write(FILE, ENTRY)
    folder.write("incidents/hetzner-2023.yaml", OTHER)
    return folder


def test_an_entry_is_read_with_its_defaults(entered: ConfigurationFolder) -> None:
    notice, other = entered.load().incidents
    assert (notice.kind, notice.stage, notice.tlp) == (Kind.WITHDRAWAL, IncidentStage.CONFIRMED, Tlp.CLEAR)
    assert notice.dates.announced.date == "2023-12"
    assert [(one.entry, one.relation) for one in notice.related] == [(other.id, RelationKind.SEE_ALSO)]


def test_the_version_of_the_configuration_changes_with_every_letter_of_an_entry(entered: ConfigurationFolder) -> None:
    before = entered.load().version
    entered.replace(FILE, "ends its service", "ended its service")
    assert entered.load().version != before


@pytest.mark.parametrize(
    ("old", "new", "line", "field", "message", "remedy"),
    [
        ("id: godaddy", "id: godady", 1, "id", "differs from the file's name", "write `id: godaddy-2023-notice`"),
        ("kind: withdrawal", "kind: withdrawl", 2, "kind", "must be one of", "did you mean `withdrawal`?"),
        ("organisation: ovd", "organisation: odv", 3, "organisation", "no organisation `odv-info`", "did you mean `ovd-info`?"),
        ("target: main", "target: mian", 4, "target", "no target of ovd-info `mian`", "did you mean `main`?"),
        ("provider: godaddy\ntitle", "provider: godady\ntitle", 5, "provider", "no provider `godady`", "mean `godaddy`?"),
        ("provider: godaddy, ", "provider: ggodaddy, ", 9, "actors[0].provider", "no provider", "mean `godaddy`?"),
        ("role: implementer", "role: implementor", 9, "actors[0].role", "must be one of", "did you mean `implementer`?"),
        ("date: 2023-12", "date: 2023-13", 11, "dates.announced.date", "is not understood", "write 2021, 2021-12"),
        ("date: 2023-12", "date: 2022-12", 11, "dates.announced.date", "lies outside", "correct the date, or the bounds"),
        ("date: 2023-12", "date: 2024-02", 11, "dates.announced.date", "lies outside", "correct the date, or the bounds"),
        ("not_after: 2024-01", "not_after: 2022", 12, "bounds.not_after", "must be text", "numbers, true and false in quotes"),
        ("not_after: 2024-01", "not_after: 2022-01", 12, "bounds.not_after", "lies before", "exchange them"),
        ("https://example.org", "ftp://example.org", 14, "sources[0].url", "does not begin with https://", "full address"),
        ("entry: hetzner-2023", "entry: hetzer-2023", 16, "related[0].entry", "no entry", "did you mean `hetzner-2023`?"),
        ("entry: hetzner-2023", "entry: godaddy-2023-notice", 16, "related[0].entry", "is this very entry", "name another"),
        ("relation: see_also", "relation: see_alsoo", 16, "related[0].relation", "must be one of", "did you mean `see_also`?"),
        ("title:\n  en: GoDaddy", "titel:\n  en: GoDaddy", 6, "titel", "is not a known key", "did you mean `title`?"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_what_to_do(
    entered: ConfigurationFolder, old: str, new: str, line: int, field: str, message: str, remedy: str
) -> None:
    entered.replace(FILE, old, new)
    found = next(problem for problem in entered.problems() if problem.field == field)
    assert (found.file.endswith(FILE), found.line) == (True, line)
    assert message in found.message
    assert remedy in found.remedy


def test_a_mere_suspicion_is_no_document(entered: ConfigurationFolder) -> None:
    entered.add(FILE, "stage: suspected\n")
    problem = entered.problem()
    assert (problem.field, problem.line) == ("stage", 17)
    assert "no documented incident" in problem.message
    assert "confirmed" in problem.remedy


def test_a_target_needs_its_organisation(entered: ConfigurationFolder) -> None:
    entered.replace(FILE, "organisation: ovd-info\n", "")
    assert "belongs to no organisation" in entered.problem().message


def test_nothing_ends_before_it_began(entered: ConfigurationFolder) -> None:
    entered.add("incidents/hetzner-2023.yaml", "dates:\n  effective: {date: 2023-12, basis: media}\n")
    entered.add("incidents/hetzner-2023.yaml", "  ended: {date: 2023-11, basis: media}\n")
    problem = entered.problem()
    assert (problem.field, problem.line) == ("dates.ended.date", 6)
    assert "ended before it began" in problem.message


def test_a_file_with_a_mistake_is_still_known_by_its_name(entered: ConfigurationFolder) -> None:
    entered.write("incidents/hetzner-2023.yaml", "id: [\n")
    assert {problem.file.rpartition("/")[2] for problem in entered.problems()} == {"hetzner-2023.yaml"}


def test_a_file_that_was_renamed_says_how_it_was_called(entered: ConfigurationFolder) -> None:
    entered.add("incidents/hetzner-2023.yaml", "formerly: [hetzner-service-ends]\n")
    assert entered.load().incidents[1].formerly == ("hetzner-service-ends",)


def test_a_former_name_that_is_still_in_use_is_a_mistake(entered: ConfigurationFolder) -> None:
    entered.add("incidents/hetzner-2023.yaml", "formerly: [godaddy-2023-notice]\n")
    problem = entered.problem()
    assert (problem.field, problem.line) == ("formerly[0]", 4)
    assert "is the name of a file that is there" in problem.message


def test_two_files_cannot_have_had_the_same_name(entered: ConfigurationFolder) -> None:
    entered.add(FILE, "formerly: [old]\n")
    entered.add("incidents/hetzner-2023.yaml", "formerly: [old]\n")
    problem = entered.problem()
    assert (problem.file.rpartition("/")[2], problem.field) == ("hetzner-2023.yaml", "formerly[0]")
    assert "godaddy-2023-notice" in problem.message
