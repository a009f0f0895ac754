"""`cutwatch explain ooni`: exactly the documented object for a program, sentences for a person, a remedy for what is none."""

import json
import os
from pathlib import Path

import pytest

from tests.monitor.commands.conftest import Type, objects
from tests.probes.imported.measurement.publishing import (
    NAME,
    URL,
    Json,
    connect,
    helper,
    query,
    request,
    tagged,
    unanswered,
    untagged,
)

BOGON = "10.10.34.35"
FORGED = {
    "queries": [query(BOGON)],
    "tcp_connect": [connect(BOGON, failure="generic_timeout_error")],
    "tls_handshakes": [],
    "requests": [],
    "accessible": False,
    "blocking": "dns",
    "dns_consistency": "inconsistent",
}


@pytest.fixture
def saved(tmp_path: Path):
    def save(name: str, *documents: Json) -> str:
        path = tmp_path / name
        path.write_text("\n".join(json.dumps(document) for document in documents), encoding="utf-8")
        return str(path)

    return save


def test_a_program_gets_the_documented_object(cutwatch: Type, saved) -> None:
    file = saved("forged.json", tagged(**FORGED))
    result = cutwatch("explain", "ooni", file, "--json")
    [record] = objects(result)
    assert result.exit_code == 0
    assert "public" in record.pop("because")
    assert record == {
        "input": URL,
        "file": file,
        "state": "blocked",
        "strength": "explicit",
        "mechanism": "dns.injection.bogon",
        "rule": "website.dns.injection.bogon",
        "why_unclear": None,
        "classic": {"accessible": False, "blocking": "dns", "dns_consistency": "inconsistent"},
        "theirs": {"accessible": False, "blocking": "dns", "dns_consistency": "inconsistent"},
    }


def test_what_is_absent_is_null(cutwatch: Type, saved) -> None:
    document = untagged(control=None, control_failure="timed_out", accessible=None, blocking=None, dns_consistency=None)
    [record] = objects(cutwatch("explain", "ooni", saved("alone.json", document), "--json"))
    assert list(record) == [
        *("input", "file", "state", "strength", "mechanism", "rule", "because", "why_unclear", "classic", "theirs"),
    ]
    assert record["theirs"] == {"accessible": None, "blocking": None, "dns_consistency": None}


def test_a_person_is_told_why_and_whose_it_is(cutwatch: Type, saved) -> None:
    said = cutwatch("explain", "ooni", saved("forged.json", tagged(**FORGED))).stdout
    for words in (f"{URL} from RU, AS12389 at 2026-08-14 12:00 UTC", "blocked (explicit)", BOGON, "as published", "CC BY-NC-SA"):
        assert words in said


def test_one_control_is_not_enough_for_down(cutwatch: Type, saved) -> None:
    nobody = helper(tcp_connect={}, tls_handshake={}, http_request={"failure": "connection_refused_error"})
    document = tagged(tcp_connect=[connect(failure="connection_refused")], tls_handshakes=[], requests=[], control=nobody)
    [record] = objects(cutwatch("explain", "ooni", saved("down.json", document), "--json"))
    assert (record["state"], record["why_unclear"]) == ("unclear", "not_enough")


def test_without_control_nothing_bad_is_said(cutwatch: Type, saved) -> None:
    document = tagged(requests=[unanswered("connection_reset")], control=None)
    [record] = objects(cutwatch("explain", "ooni", saved("alone.json", document), "--json"))
    assert (record["state"], record["why_unclear"]) == ("unclear", "no_control")


@pytest.mark.parametrize(("country", "state"), [("RU", "blocked"), ("DE", "unclear")])
def test_a_fingerprint_counts_in_its_country(cutwatch: Type, saved, house: Path, country: str, state: str) -> None:
    """A page in clear text that bears the mark of a Russian block page."""
    (house / "config" / "fingerprints").mkdir()
    (house / "config" / "fingerprints" / "ru.yaml").write_text(
        "id: ru\ncompiled: 2026-11-01\ncountries: [RU]\nfingerprints:\n"
        "  - {id: ru_test, kind: blockpage, body: [this resource is blocked by order 149], source: made for this test}\n",
        encoding="utf-8",
    )
    plain = f"http://{NAME}/"
    seen = request(plain, body="<title>Access Denied</title>this resource is blocked by order 149" + " " * 1000)
    document = tagged(requests=[seen], tcp_connect=[connect(port=80)], tls_handshakes=[]) | {"probe_cc": country, "input": plain}
    result = cutwatch("explain", "ooni", saved("page.json", document), "--json")
    assert [record["state"] for record in objects(result)] == [state], result.stderr


def test_many_measurements_in_many_files(cutwatch: Type, saved) -> None:
    files = (saved("one.jsonl", tagged(), untagged()), saved("two.json", tagged(**FORGED)))
    result = cutwatch("explain", "ooni", *files, "--json")
    assert [(record["file"], record["state"]) for record in objects(result)] == [
        (files[0], "ok"),
        (files[0], "ok"),
        (files[1], "blocked"),
    ]


def test_of_a_file_that_cannot_be_used_nothing_is_printed_and_the_others_are_read(cutwatch: Type, saved) -> None:
    broken = saved("broken.jsonl", tagged(), tagged() | {"test_name": "telegram"})
    result = cutwatch("explain", "ooni", broken, saved("good.json", tagged()), "--json")
    assert result.exit_code == 2
    assert [Path(record["file"]).name for record in objects(result)] == ["good.json"]
    assert f"{broken}: line 2: this is a measurement of telegram" in result.stderr


def test_as_of_another_time(cutwatch: Type, saved) -> None:
    file = saved("made.json", tagged())
    assert cutwatch("explain", "ooni", file, "--json", "--at", "2026-08-15T00:00:00Z").exit_code == 0
    early = cutwatch("explain", "ooni", file, "--json", "--at", "2026-08-01T00:00:00+03:00")
    assert (early.exit_code, early.stdout) == (2, "")
    assert "which is yet to come" in early.stderr


@pytest.mark.parametrize("at", ["soon", "2026-08-15", "2026-08-15T00:00:00"])
def test_a_time_without_offset_is_refused(cutwatch: Type, saved, at: str) -> None:
    result = cutwatch("explain", "ooni", saved("made.json", tagged()), "--at", at)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "2026-01-31T12:00:00Z" in result.stderr


def test_a_file_whose_name_is_no_text_is_read_all_the_same(cutwatch: Type, saved, tmp_path: Path) -> None:
    odd = tmp_path / os.fsdecode(b"odd\xff.json")
    Path(saved("plain.json", tagged())).rename(odd)
    result = cutwatch("explain", "ooni", str(odd), "--json")
    [record] = objects(result)
    assert record["file"] == f"{tmp_path}/odd\N{REPLACEMENT CHARACTER}.json"
