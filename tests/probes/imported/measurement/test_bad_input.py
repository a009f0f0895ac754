"""What is no measurement, or one that nobody can have made, is refused with the reason and the remedy."""

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from probes.imported.measurement import Unusable, documents, read_measurement
from probes.imported.measurement import document as reading
from tests.probes.imported.measurement.publishing import (
    TRUE,
    Json,
    connect,
    handshake,
    helper,
    measurement,
    query,
    request,
    tagged,
    untagged,
)

NOW = datetime(2026, 11, 22, tzinfo=UTC)
MANY = [f"10.{number // 65536}.{number // 256 % 256}.{number % 256}" for number in range(5000)]


def refusal(document: Any) -> str:
    with pytest.raises(Unusable) as refused:
        read_measurement(document, NOW)
    return str(refused.value)


def refusal_of_file(path: Path) -> str:
    with pytest.raises(Unusable) as refused:
        list(documents(path))
    return str(refused.value)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "measurement.json"


class TestFiles:
    def test_one_measurement_over_many_lines(self, file: Path) -> None:
        file.write_text(json.dumps(tagged(), indent=2))
        assert list(documents(file)) == [(None, tagged())]

    def test_one_measurement_in_one_line(self, file: Path) -> None:
        file.write_text(json.dumps(tagged()) + "\n")
        assert list(documents(file)) == [(None, tagged())]

    def test_one_measurement_a_line(self, file: Path) -> None:
        file.write_text(f"{json.dumps(tagged())}\n\n{json.dumps(untagged())}")
        assert list(documents(file)) == [(1, tagged()), (3, untagged())]

    def test_packed_by_gzip(self, file: Path) -> None:
        file.write_bytes(gzip.compress(f"{json.dumps(tagged())}\n{json.dumps(untagged())}\n".encode()))
        assert [line for line, _ in documents(file)] == [1, 2]

    @pytest.mark.parametrize("kept", [1, 100, -2])
    def test_cut_off(self, file: Path, kept: int) -> None:
        file.write_text(json.dumps(tagged())[:kept])
        assert "is it cut off? Fetch it again" in refusal_of_file(file)

    def test_a_line_that_is_cut_off_is_named(self, file: Path) -> None:
        file.write_text(f"{json.dumps(tagged())}\n{json.dumps(tagged())[:50]}")
        assert refusal_of_file(file).startswith("line 2: it is no whole JSON document")

    def test_packed_and_cut_off(self, file: Path) -> None:
        file.write_bytes(gzip.compress(json.dumps(tagged()).encode())[:200])
        assert refusal_of_file(file) == "the packed file is damaged: fetch it again"

    def test_packed_and_spoiled(self, file: Path) -> None:
        packed = bytearray(gzip.compress(json.dumps(tagged()).encode()))
        packed[30:60] = bytes(30)
        file.write_bytes(packed)
        assert "damaged" in refusal_of_file(file)

    def test_empty(self, file: Path) -> None:
        file.write_bytes(b"")
        assert "no whole JSON document" in refusal_of_file(file)

    def test_not_there(self, file: Path) -> None:
        assert refusal_of_file(file) == "it cannot be read: No such file or directory"

    def test_a_folder(self, tmp_path: Path) -> None:
        assert refusal_of_file(tmp_path) == "it cannot be read: Is a directory"

    def test_no_text(self, file: Path) -> None:
        file.write_bytes(b'{"input": "\xff\xfe\xfa"}')
        assert "no text in UTF-8" in refusal_of_file(file)

    def test_nested_a_hundred_thousand_times(self, file: Path) -> None:
        file.write_text('{"test_keys": ' * 100_000)
        assert "nested deeper" in refusal_of_file(file)

    @pytest.mark.parametrize("content", ['{"t": NaN}', '{"t": -Infinity}', '{"t": ' + "9" * 5000 + "}"])
    def test_numbers_that_are_none(self, file: Path, content: str) -> None:
        file.write_text(content)
        assert "it holds" in refusal_of_file(file)

    @pytest.mark.parametrize("pack", [bytes, gzip.compress])
    @pytest.mark.parametrize("end", [b"", b"\n"])
    def test_larger_than_any_measurement(self, file: Path, monkeypatch: pytest.MonkeyPatch, pack: Any, end: bytes) -> None:
        monkeypatch.setattr(reading, "LARGEST", 1000)
        file.write_bytes(pack(b'{"input": "' + b"x" * 1_000_000 + b'"}' + end))
        assert "and this has more: is it one?" in refusal_of_file(file)

    def test_many_lines_that_are_too_large_together(self, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(reading, "LARGEST", 1000)
        file.write_bytes(b"[\n" * 1000)
        assert "and this has more" in refusal_of_file(file)


class TestOtherThings:
    @pytest.mark.parametrize("other", [None, 5, "text", [], [tagged()]])
    def test_no_object(self, other: Any) -> None:
        assert "it is no JSON object" in refusal(other)

    def test_some_other_object(self) -> None:
        assert refusal({"runs": []}) == "it is no OONI measurement: it names no test (`test_name`)"

    def test_a_measurement_of_another_test(self) -> None:
        other = measurement({}, test_name="telegram")
        assert refusal(other) == (
            "this is a measurement of telegram: only those of web_connectivity say whether a website is blocked"
        )

    def test_an_entry_of_a_list_without_results(self) -> None:
        assert "it holds no results" in refusal(tagged() | {"test_keys": None})

    @pytest.mark.parametrize("asked", [None, "", "www.example.com", "dot://9.9.9.9/", "http://[::1/", "https:///path"])
    def test_an_input_that_is_no_page(self, asked: str | None) -> None:
        assert "(`input`)" in refusal(tagged() | {"input": asked})


class TestTimes:
    @pytest.mark.parametrize("made", ["1970-01-01 00:00:00", "2012-11-30 23:59:59"])
    def test_before_there_were_measurements(self, made: str) -> None:
        assert "its clock was wrong" in refusal(tagged() | {"measurement_start_time": made})

    @pytest.mark.parametrize("made", ["2026-11-23 00:00:01", "3000-01-01 00:00:00"])
    def test_yet_to_come(self, made: str) -> None:
        assert "which is yet to come: its clock was wrong" in refusal(tagged() | {"measurement_start_time": made})

    @pytest.mark.parametrize("made", [None, "", "yesterday", "2026-13-01 00:00:00", "0001-01-01 00:00:00+23:59"])
    def test_no_time(self, made: str | None) -> None:
        assert "(`measurement_start_time`) is no time" in refusal(tagged() | {"measurement_start_time": made})

    @pytest.mark.parametrize("runtime", [-1, 1e300, 10**400, 86401])
    def test_a_measurement_of_years(self, runtime: float) -> None:
        assert "test_runtime is not between 0 and 86400 seconds" in refusal(tagged() | {"test_runtime": runtime})

    def test_a_step_before_the_beginning(self) -> None:
        assert "test_keys.tcp_connect[0].t0 is not between" in refusal(tagged(tcp_connect=[connect(t0=-3)]))


class TestBounds:
    @pytest.mark.parametrize("make", [tagged, untagged])
    def test_five_thousand_addresses_in_an_answer(self, make: Any) -> None:
        assert "test_keys.queries[0].answers holds 5000 entries, and at most 500 are read" in refusal(
            make(queries=[query(*MANY)])
        )

    def test_five_thousand_addresses_of_the_helper(self) -> None:
        assert "addrs holds 5000 entries" in refusal(tagged(control=helper(*MANY)))

    def test_five_thousand_connections(self) -> None:
        assert "tcp_connect holds 5000 entries" in refusal(tagged(tcp_connect=[connect(one) for one in MANY]))

    def test_five_thousand_headers(self) -> None:
        page = request()
        page["response"]["headers_list"] = [[f"x-{number}", ""] for number in range(5000)]
        assert "headers_list holds 5000 entries" in refusal(tagged(requests=[page]))

    def test_ten_megabytes_in_one_header(self) -> None:
        page = request()
        page["response"]["headers_list"] = [["X-Long", "x" * 10_000_000], ["n" * 10_000_000, "y"], ["Alt-Svc", "clear"]]
        seen = read_measurement(tagged(requests=[page]), NOW)
        assert len(seen.facts.http[0].header_names[1]) == 100
        assert sum(len(blob.data) for blob in seen.blobs) < 200_000

    def test_a_hop_that_nobody_reaches(self) -> None:
        for tag in ("depth=51", "depth=-1", "depth=x", "depth=" + "9" * 5000):
            assert "name a redirect that no walk can have reached" in refusal(
                tagged(tcp_connect=[connect(tags=["depth=0", tag])])
            )

    def test_text_that_no_terminal_can_bear(self) -> None:
        hostile = "\x1b[2J\x00\ud800 evil"
        seen = read_measurement(tagged(requests=[request(failure=hostile, body=f"<title>{hostile}</title>")]), NOW)
        [page] = seen.facts.http
        assert (page.failure, page.title) == (" [2J   evil", " [2J ? evil")

    def test_headers_of_the_helper_that_no_terminal_can_bear(self) -> None:
        page = {"failure": None, "status_code": 200, "headers": {"X-\x1b\ud800" + "y" * 1000: ""}}
        [control] = read_measurement(tagged(control=helper(http_request=page)), NOW).control
        assert control.facts.http[0].header_names == ("X-  " + "y" * 96,)


class TestShapes:
    @pytest.mark.parametrize(
        ("spoiled", "where"),
        [
            ({"queries": {}}, "test_keys.queries is no list"),
            ({"queries": ["x"]}, "test_keys.queries[0] is no JSON object"),
            ({"queries": [query(failure=5)]}, "test_keys.queries[0].failure is no failure in words"),
            ({"queries": [query(hostname=7)]}, "test_keys.queries[0].hostname is no text"),
            ({"tcp_connect": [connect(port="443")]}, "test_keys.tcp_connect[0].port is no whole number"),
            ({"tcp_connect": [connect(port=99999)]}, "test_keys.tcp_connect[0].port is not between 0 and 65535"),
            ({"tcp_connect": [connect(port=None)]}, "test_keys.tcp_connect[0].port is missing"),
            ({"tcp_connect": [connect(t="soon")]}, "test_keys.tcp_connect[0].t is no number of seconds"),
            ({"tcp_connect": [connect(tags=[1])]}, "test_keys.tcp_connect[0].tags holds something that is no text"),
            ({"requests": [request(body=5)]}, "test_keys.requests[0].response.body is neither text nor base64"),
            ({"requests": [request(body={"format": "base64", "data": "?"})]}, "response.body is no base64"),
            ({"requests": [request() | {"request": {}}]}, "test_keys.requests[0].request.url is missing"),
            ({"control": []}, "test_keys.control is no JSON object"),
            ({"control": helper(tcp_connect=[])}, "test_keys.control.tcp_connect is no JSON object"),
        ],
    )
    def test_the_field_and_the_remedy_are_named(self, spoiled: Json, where: str) -> None:
        said = refusal(tagged(**spoiled))
        assert where in said
        assert "take the measurement as OONI publishes it" in said

    def test_a_country_that_is_none(self) -> None:
        assert "probe_cc is no country's two letters" in refusal(tagged() | {"probe_cc": "Russia"})

    def test_addresses_that_are_none_are_left_out(self) -> None:
        steps = {"tcp_connect": [connect("localhost")], "tls_handshakes": [handshake("nowhere")], "requests": []}
        facts = read_measurement(tagged(**steps), NOW).facts
        assert (facts.tcp, facts.tls) == ((), ())

    def test_nothing_but_an_envelope_says_nothing(self) -> None:
        seen = read_measurement(measurement({}), NOW)
        assert (seen.facts.steps(), seen.control, seen.theirs.blocking) == ((), (), None)

    def test_an_unknown_country_is_none(self) -> None:
        assert read_measurement(tagged() | {"probe_cc": "ZZ", "probe_asn": "AS0"}, NOW).country is None

    def test_a_certificate_that_is_none_is_evidence_all_the_same(self) -> None:
        shown = [{"format": "base64", "data": "AAAA"}]
        [shaken] = read_measurement(tagged(tls_handshakes=[handshake(TRUE, peer_certificates=shown)]), NOW).facts.tls
        assert (shaken.subject, shaken.chain) == (None, shaken.chain_hash)
