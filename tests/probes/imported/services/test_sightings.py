"""Whatever volunteers report: it is refused, or becomes facts that can be judged and sent."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar

from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from monitor.bus import Report
from monitor.bus.frames import encode
from probes.imported.services.reports import Result
from probes.imported.services.sightings import Visit, lacks_answers, next_page, witnesses
from probes.imported.services.witness import Wish
from probes.kit.discover import discover
from probes.kit.observation import Mark
from probes.kit.vocabulary import MarkKind, State
from tests.lab.services import Helper, certificate, failed, names, page

words = st.text(max_size=30)
numbers = st.one_of(st.none(), st.floats(allow_nan=False), st.integers(-(10**12), 10**12))
addresses = st.sampled_from([None, "198.51.100.7", "2001:db8::7", "not an address", "127.0.0.1", "fe80::1%eth0"])
headers = st.dictionaries(words, st.one_of(words, st.lists(words, max_size=3)), max_size=5)
timings = st.fixed_dictionaries(dict.fromkeys(("total", "dns", "tcp", "tls", "firstByte", "download"), numbers))
locations = st.sampled_from(["https://elsewhere.example/", "http://127.0.0.1/", "//", "\x00", "https://[::1"])
pages = st.builds(
    lambda status, body, more, location, times, address, error: page(
        status,
        body,
        headers={**more, **({"location": location} if location else {})},
        timings=times,
        resolvedAddress=address,
        tls=certificate(authorized=error is None, **({"error": error} if error else {})),
    ),
    st.sampled_from([200, 301, 302, 403, 451, 503]),
    words,
    headers,
    st.none() | locations,
    timings,
    addresses,
    st.none() | words,
)
failures = st.builds(
    failed, words | st.sampled_from(["connect ECONNREFUSED x:1", "Request timeout."]), st.sampled_from(["target"])
)
lookups = st.builds(lambda answers, code: names(*answers, code=code), st.lists(words, max_size=4), st.integers(0, 20))


def wish(**params: Any) -> Wish:
    return Wish(check="c1", params=params, country="RU", now=datetime(2026, 3, 1, tzinfo=UTC))


def reported(outcome: dict[str, Any]) -> tuple[Result, ...] | None:
    """The report as it is read, None where it is refused."""
    try:
        return (Result.model_validate({"probe": Helper().told(), "result": outcome}),)
    except ValidationError:
        return None


@given(pages | failures)
def test_any_report_of_a_page_can_be_judged_and_sent(outcome: dict[str, Any]) -> None:
    results = reported(outcome)
    if results is None:
        return
    visit = Visit(subject="https://ovd-info.example/", id="m1", results=results)
    following = next_page(visit)
    assert following is None or following.startswith("https://elsewhere.example/") or "ovd-info.example" in following
    (witness,) = witnesses([visit], wish(url=visit.subject), "http://127.0.0.1")
    assert discover()["website"].judge(witness.observation).state in State
    assert encode(Report(witness.observation, witness.blobs))


@given(lookups | failures)
def test_any_report_of_a_name_can_be_judged_and_sent(outcome: dict[str, Any]) -> None:
    results = reported(outcome)
    if results is None:
        return
    visit = Visit(subject="A", id="m1", results=results)
    assert lacks_answers(visit) in {True, False}
    (witness,) = witnesses([visit], wish(name="ovd-info.example"), "http://127.0.0.1")
    assert discover()["dns"].judge(witness.observation).state in State
    assert encode(Report(witness.observation, witness.blobs))


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(words, inner)
    )
)
def test_junk_is_refused_and_not_guessed_at(content: Any) -> None:
    try:
        Result.model_validate(content)
    except ValidationError:
        return
    raise AssertionError("this is no report")


class Known:
    """Fingerprints of this test: one address, and one word on pages."""

    versions: ClassVar = {"own": "1"}

    def of_answers(self, addresses: Sequence[str]) -> tuple[Mark, ...]:
        return (Mark(name="own:lie", kind=MarkKind.FORGED_ADDRESS),) if "198.51.100.7" in addresses else ()

    def of_chain(self, chain: Sequence[bytes]) -> tuple[Mark, ...]:
        raise AssertionError("no chain of certificates is told")

    def of_response(self, head: bytes, location: str | None, title: str | None, body: bytes, body_hash: str) -> tuple[Mark, ...]:
        return (Mark(name="own:page", kind=MarkKind.BLOCKPAGE, countries=("RU",)),) if b"Roskomnadzor" in body else ()


def test_block_pages_and_forged_addresses_are_recognised_on_others_lines_too() -> None:
    results = reported(page(body="By order of Roskomnadzor"))
    assert results
    visit = Visit(subject="https://ovd-info.example/", id="m1", results=results)
    (witness,) = witnesses([visit], wish(url=visit.subject), "http://127.0.0.1", Known())
    facts = witness.observation.facts
    assert facts is not None
    assert [mark.name for step in facts.dns for mark in step.marks] == ["own:lie"]
    assert [mark.name for step in facts.http for mark in step.marks] == ["own:page"]
    assert facts.lists == {"own": "1"}
