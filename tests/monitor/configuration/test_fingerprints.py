"""`config/fingerprints/`: a careless marker would accuse, or alarm, everybody."""

import json
from pathlib import Path

import pytest

from monitor.configuration import ConfigurationError
from monitor.configuration.fingerprints import read_own_fingerprints
from probes.kit.fingerprint import Fit, Place
from probes.kit.fingerprints import FingerprintMarkers
from probes.kit.observation import Mark
from probes.kit.vocabulary import MarkKind
from tests.monitor.configuration.conftest import ConfigurationFolder

SHIPPED = Path(__file__).parents[3] / "config"

FILE = """\
id: ru
compiled: 2026-11-22
countries: [RU]
fingerprints:
  - id: ru_provider
    kind: blockpage
    actor: A provider
    location: [block.example.ru/page]
    body: [closed by order of the regulator]
    source: the provider's own page
"""


@pytest.fixture
def written(folder: ConfigurationFolder) -> ConfigurationFolder:
    folder.write("fingerprints/ru.yaml", FILE)
    return folder


def entry(text: str, kind: str = "blockpage") -> str:
    return f"  - id: another\n    kind: {kind}\n    source: somebody's page\n    {text}\n"


def test_a_file_becomes_fingerprints(written: ConfigurationFolder) -> None:
    own = read_own_fingerprints(written.path)
    mark = Mark(name="own:ru_provider", kind=MarkKind.BLOCKPAGE, countries=("RU",), actor="A provider")
    assert {(one.mark, one.place, one.fit) for one in own.fingerprints} == {
        (mark, Place.LOCATION, Fit.HOST),
        (mark, Place.BODY, Fit.CONTAINS),
    }
    assert written.load().version


def test_the_version_is_the_newest_day_and_changes_with_every_letter(written: ConfigurationFolder) -> None:
    before = read_own_fingerprints(written.path).version
    written.replace("fingerprints/ru.yaml", "order of the", "orders of the")
    after = read_own_fingerprints(written.path).version
    assert before != after
    assert before.startswith("2026-11-22-")
    assert after.startswith("2026-11-22-")


def test_without_a_folder_there_are_none(folder: ConfigurationFolder) -> None:
    assert read_own_fingerprints(folder.path).fingerprints == ()


def test_an_entry_may_count_elsewhere_than_its_file(written: ConfigurationFolder) -> None:
    written.add("fingerprints/ru.yaml", entry("countries: [BY]\n    body: [closed by the ministry]"))
    assert read_own_fingerprints(written.path).fingerprints[-1].mark.countries == ("BY",)


COMMON = "fits pages that every website has, and would accuse them all"
SHORT = "is too short to tell anything"
NOWHERE = "is not where a redirect could lead"
NO_ADDRESS = "is not an IP address in its shortest form"


@pytest.mark.parametrize(
    ("text", "kind", "field", "message"),
    [
        ("", "blockpage", "", "has nothing to be known by"),
        ("body: []", "blockpage", "", "has nothing to be known by"),
        ("body: [bloccato]", "blockpage", ".body[0]", SHORT),
        ("title: [Stop]", "suspended", ".title[0]", SHORT),
        ("body: ['<!DOCTYPE html>']", "blockpage", "", COMMON),
        ("body: [jquery.min.js]", "suspended", "", COMMON),
        ("title: [Access denied]", "suspended", "", COMMON),
        ("header: {server: cloudflare}", "parked", "", COMMON),
        ("location: [www.example.org]", "parked", "", COMMON),
        ("location: ['http://block.example.ru/']", "blockpage", ".location[0]", NOWHERE),
        ("location: [localhost]", "blockpage", ".location[0]", NOWHERE),
        ("location: [Block.Example.ru]", "blockpage", ".location[0]", NOWHERE),
        ("address: [192.0.2.01]", "forged_address", ".address[0]", NO_ADDRESS),
        ("address: ['2001:DB8::1']", "forged_address", ".address[0]", NO_ADDRESS),
        ("address: [192.0.2.1]", "blockpage", ".address", "belongs to the kind forged_address only"),
        ("certificate: [A State's Root]", "blockpage", ".certificate", "belongs to the kind state_authority only"),
        ("body: [closed by the ministry]", "forged_address", ".body", "does not belong to the kind forged_address"),
        ("countries: []\n    body: [closed by the ministry]", "blockpage", "", "counts in no country"),
        ("countries: [XX]\n    body: [closed by the ministry]", "blockpage", ".countries[0]", "is not understood"),
        ("body: [closed by the ministry]", "block_page", ".kind", "must be one of 'blockpage', 'forged_address'"),
        ("bdy: []\n    title: [Closed by the ministry]", "blockpage", ".bdy", "is not a known key"),
        ("header: {Server: Guard}", "blockpage", ".header.Server", "is not written as it must be"),
    ],
)
def test_a_careless_entry_is_refused_with_its_place(
    written: ConfigurationFolder, text: str, kind: str, field: str, message: str
) -> None:
    written.add("fingerprints/ru.yaml", entry(text, kind))
    problem = written.problem()
    assert problem.field == f"fingerprints[1]{field}"
    assert problem.message.startswith(message)
    assert problem.file.endswith("fingerprints/ru.yaml")
    assert problem.line is not None
    assert problem.line > 10
    assert problem.remedy
    with pytest.raises(ConfigurationError):
        read_own_fingerprints(written.path)


def test_an_id_stands_once_in_all_files(written: ConfigurationFolder) -> None:
    written.write("fingerprints/by.yaml", FILE.replace("id: ru\n", "id: by\n"))
    problem = written.problem()
    assert problem.field == "fingerprints[0].id"
    assert "is already used in" in problem.message


def test_a_file_is_named_as_its_id(folder: ConfigurationFolder) -> None:
    folder.write("fingerprints/by.yaml", FILE)
    assert folder.problem().field == "id"


def test_a_file_that_is_no_yaml_is_named(written: ConfigurationFolder) -> None:
    written.write("fingerprints/by.yaml", "id: [\n")
    assert written.problem().file.endswith("by.yaml")
    with pytest.raises(ConfigurationError):
        read_own_fingerprints(written.path)


def test_a_file_of_the_wrong_ending_is_missed_by_nobody(written: ConfigurationFolder) -> None:
    written.write("fingerprints/by.yml", FILE)
    assert written.problem().message == "is not read, because its name ends in .yml"


@pytest.mark.parametrize(
    "url", ["http://lists.example.org/", "https://192.0.2.1/", "lists.example.org", "https://a:b@lists.example.org/"]
)
def test_a_list_is_fetched_over_an_address_that_nobody_can_forge(folder: ConfigurationFolder, url: str) -> None:
    folder.add("monitor.yaml", f"lists:\n  ooni_fingerprints: '{url}'\n")
    assert folder.problem().field == "lists.ooni_fingerprints"


@pytest.fixture(scope="module")
def markers() -> FingerprintMarkers:
    own = read_own_fingerprints(SHIPPED)
    return FingerprintMarkers(own.fingerprints, {"own": own.version})


@pytest.mark.parametrize(
    ("location", "name"),
    [
        ("http://warning.rt.ru/?id=13&st=0&dt=1&rs=http://ovd.info/", "own:ru_rostelecom"),
        ("http://lawfilter.ertelecom.ru/", "own:ru_ertelecom"),
        ("http://fz139.ttk.ru", "own:ru_ttk"),
        ("http://blackhole.beeline.ru/?url=ovd.info", "own:ru_beeline"),
        ("http://m.megafonpro.ru/rkn?channel=1", "own:ru_megafon"),
        ("http://10.10.34.34/?type=Invalid%20Site", "own:ir_filter_page"),
        ("http://warning.or.kr/i1.html", "own:kr_warning"),
    ],
)
def test_known_block_pages_are_recognised_by_where_they_are(markers: FingerprintMarkers, location: str, name: str) -> None:
    assert [mark.name for mark in markers.of_response(b"", location, None, b"", "")] == [name]


@pytest.mark.parametrize("site", ["https://www.rt.ru/", "https://rkn.gov.ru/", "https://megafonpro.ru/", "https://www.mts.ru/"])
def test_the_same_companies_own_websites_are_none(markers: FingerprintMarkers, site: str) -> None:
    assert markers.of_response(b"", site, None, b"", "") == ()


@pytest.mark.parametrize("charset", ["utf-8", "windows-1251", "koi8-r"])
def test_the_words_of_the_law_are_recognised_however_they_are_encoded(markers: FingerprintMarkers, charset: str) -> None:
    said = "<p>ДОСТУП ОГРАНИЧЕН ПО РЕШЕНИЮ СУДА ИЛИ ПО ИНЫМ ОСНОВАНИЯМ, УСТАНОВЛЕННЫМ ЗАКОНОДАТЕЛЬСТВОМ РОССИЙСКОЙ ФЕДЕРАЦИИ</p>"
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset={charset}\r\n\r\n".encode()
    found = markers.of_response(head, None, None, said.encode(charset), charset)
    assert [mark.name for mark in found] == ["own:ru_court_or_law"]


def test_a_suspended_account_and_a_parked_domain_are_told_apart(markers: FingerprintMarkers) -> None:
    suspended = markers.of_response(b"", None, "Account Suspended", b"", "")
    parked = markers.of_response(b"", None, None, b'<script>window.park = "e30="</script>', "park")
    assert [mark.kind for mark in suspended] == [MarkKind.SUSPENDED]
    assert [mark.kind for mark in parked] == [MarkKind.PARKED]


def test_a_challenge_is_evidence_against(markers: FingerprintMarkers) -> None:
    head = b"HTTP/1.1 403 Forbidden\r\ncf-mitigated: challenge\r\n\r\n"
    found = markers.of_response(head, None, "Just a moment...", b"", "")
    assert {mark.kind for mark in found} == {MarkKind.NOT_A_BLOCKPAGE}


def test_every_accusing_entry_counts_somewhere_and_names_its_source() -> None:
    own = read_own_fingerprints(SHIPPED)
    accusing = {MarkKind.BLOCKPAGE, MarkKind.FORGED_ADDRESS, MarkKind.STATE_AUTHORITY}
    assert all(one.mark.countries for one in own.fingerprints if one.mark.kind in accusing)
    assert own.version >= "2026-11-22"


def test_none_of_the_pages_that_others_took_for_block_pages_is_one_for_us(markers: FingerprintMarkers, reference: Path) -> None:
    """Censored Planet keeps phrases of pages that it had mistaken; none of them has a mark of a block page here."""
    lines = (reference / "fingerprints" / "false_positive_signatures.json").read_text(encoding="utf-8").split("\n")
    phrases = [json.loads(line)["pattern"].replace("\\", "") for line in lines if line]
    found = [mark for phrase in phrases for mark in markers.of_response(b"", None, None, phrase.encode(), phrase)]
    assert len(phrases) == 460
    assert {mark.kind for mark in found} <= {MarkKind.NOT_A_BLOCKPAGE, MarkKind.PARKED, MarkKind.SUSPENDED}
