"""`python -m tests.lab replay`: recorded runs of OONI's own quality tests, and what becomes of a file that is none."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from tests.lab.__main__ import main
from tests.lab.replay import differences, read_runs

NAME, TRUE = "www.example.com", "93.184.216.34"
TAGS = ["classic", "tcptls_experiment", "depth=0", "fetch_body=true"]

RUN: dict[str, Any] = {
    "name": "reset",
    "input_url": f"https://{NAME}/",
    "asn": {TRUE: 15133},
    "dns": [
        {
            "engine": "getaddrinfo",
            "name": NAME,
            "qtype": "ANY",
            "failure": None,
            "addrs": [TRUE],
            "tags": TAGS[::2],
            "tid": 10001,
        },
        {"engine": "doh", "name": NAME, "qtype": "A", "failure": "eof_error", "addrs": [], "tags": ["depth=0"], "tid": 30001},
    ],
    "tcp": [{"ip": TRUE, "port": 443, "failure": None, "tags": TAGS, "tid": 50001}],
    "tls": [{"address": f"{TRUE}:443", "server_name": NAME, "failure": "connection_reset", "tags": TAGS, "tid": 50001}],
    "http": [],
    "control": {
        "asked_url": f"https://{NAME}/",
        "dns": {"failure": None, "addrs": [TRUE]},
        "tcp": {f"{TRUE}:443": None},
        "tls": {f"{TRUE}:443": {"server_name": NAME, "failure": None}},
        "http": {"failure": None, "status": 200, "body_length": 1533, "title": "Default Web Page", "header_names": ["Alt-Svc"]},
        "ip_info": None,
    },
    "expect": {
        "accessible": False,
        "blocking": "http-failure",
        "dns_consistency": "consistent",
        "dns_experiment_failure": None,
        "http_experiment_failure": "connection_reset",
        "body_proportion": 0.0,
        "state": "whatever",
    },
}


def run(**changes: Any) -> dict[str, Any]:
    return copy.deepcopy(RUN) | changes


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "runs.json"


def replayed(file: Path, *runs: dict[str, Any]) -> int:
    file.write_text(json.dumps({"meta": {}, "runs": runs}), encoding="utf-8")
    return main(["replay", str(file)])


def test_a_run_that_we_judge_alike_is_well(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert replayed(file, run()) == 0
    assert capsys.readouterr().out == "ok reset\n"


def test_a_run_that_we_judge_otherwise_says_in_what(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    expect = RUN["expect"] | {"blocking": "dns", "dns_consistency": "inconsistent"}
    assert replayed(file, run(), run(name="odd", expect=expect)) == 1
    assert capsys.readouterr().out.splitlines() == [
        "ok reset",
        "FAIL odd: expected blocking dns, dns_consistency inconsistent, got blocking http-failure, dns_consistency consistent",
    ]


def test_false_and_nothing_are_not_the_same(file: Path) -> None:
    assert replayed(file, run(control=None, expect={"accessible": None, "blocking": False})) == 1
    assert replayed(file, run(control=None, expect={"accessible": None, "blocking": None})) == 0


def test_one_wants_the_control_to_have_looked_up_a_name_in_its_ascii_form(file: Path) -> None:
    name = "xn--d1acpjx3f.xn--p1ai"
    lookup = RUN["dns"][0] | {"name": name, "failure": "dns_nxdomain_error", "addrs": []}
    control = RUN["control"] | {"asked_url": "http://яндекс.рф/"}
    changes = {"input_url": "http://яндекс.рф/", "dns": [lookup], "tcp": [], "tls": [], "control": control}
    assert replayed(file, run(**changes, expect={"blocking": "dns", "dns_consistency": "inconsistent"})) == 0


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://www.example.com./", "www.example.com."),
        ("https://яндекс.рф/", "яндекс.рф"),
        ("https://Яндекс.рф/", "xn--d1acpjx3f.xn--p1ai"),
    ],
)
def test_a_name_is_the_same_however_it_is_spelled(file: Path, url: str, name: str) -> None:
    control = RUN["control"] | {"asked_url": url}
    handshake = RUN["tls"][0] | {"server_name": name}
    changes = {"input_url": url, "dns": [RUN["dns"][0] | {"name": name}], "tls": [handshake], "control": control}
    control["tls"] = {f"{TRUE}:443": {"server_name": name, "failure": "connection_reset"}}
    assert replayed(file, run(**changes, expect={"accessible": False, "blocking": False, "dns_consistency": "consistent"})) == 0


@pytest.mark.parametrize("failure", ["connection_reset", "ssl_invalid_hostname"])
def test_a_page_comes_before_the_handshake_whatever_became_of_that(file: Path, failure: str) -> None:
    page = {"url": f"https://{NAME}/", "failure": None, "status": 200, "body_length": 9, "tags": TAGS, "tid": 50001}
    broken = RUN["tls"][0] | {"failure": failure}
    assert replayed(file, run(tls=[broken], http=[page], expect={"accessible": True, "http_experiment_failure": None})) == 0


def test_a_control_that_says_nothing_of_the_page_says_so_though_its_lookup_failed(file: Path) -> None:
    control = RUN["control"] | {"dns": {"failure": "dns_name_error", "addrs": []}, "http": None, "tls": {}}
    expect = {"dns_consistency": None, "accessible": None, "blocking": None}
    assert replayed(file, run(dns=[], control=control, expect=expect)) == 0


def test_a_failure_is_expected_in_the_words_in_which_the_step_has_it(file: Path) -> None:
    long = f"unknown_failure: {'x' * 400}"
    for failure in ("response_never_received", long):
        handshake = RUN["tls"][0] | {"failure": failure}
        assert replayed(file, run(tls=[handshake], expect={"http_experiment_failure": failure})) == 0


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "is it cut off?"),
        ("[]", "it is no file of recorded runs"),
        ('{"runs": []}', "it is no file of recorded runs"),
        ('{"runs": [5]}', "it is no file of recorded runs"),
        ('{"runs": [{}]}', "runs[0].input_url is missing"),
        (json.dumps({"runs": [run(expect=None)]}), "runs[0].expect is missing"),
        (json.dumps({"runs": [run(tcp=[{"ip": TRUE}])]}), "runs[0].tcp[0].port is missing"),
        (json.dumps({"runs": [run(input_url="http://[", control={"dns": {}})]}), "runs[0].input_url is no address"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(file: Path, capsys: pytest.CaptureFixture[str], content: str, reason: str) -> None:
    file.write_text(content, encoding="utf-8")
    assert main(["replay", str(file)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"{file}: ")
    assert reason in said.err


def test_a_file_that_is_not_there_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", str(tmp_path / "nothing.json")]) == 2
    assert "nothing.json: it cannot be read: No such file or directory" in capsys.readouterr().err


def test_all_recorded_runs_are_judged_as_ooni_judged_them(reference: Path) -> None:
    runs = read_runs([reference / "ooni" / "qa_observations.json"])
    wrong = {run.name: differences(run) for run in runs if differences(run)}
    assert (len(runs), wrong) == (34, {})
    assert all(len(run.expected) == 5 for run in runs)
