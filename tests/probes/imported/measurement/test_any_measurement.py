"""Whatever a measurement says, reading and judging it ends: with a verdict, or with the reason why it cannot be read."""

import copy
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from probes.imported.measurement import Measurement, Unusable, documents, read_measurement
from probes.kit.discover import discover
from probes.kit.observation import Observation
from probes.website.classic import classic
from tests.probes.imported.measurement.publishing import (
    FALSE,
    TRUE,
    URL,
    Json,
    connect,
    handshake,
    helper,
    query,
    request,
    tagged,
    unanswered,
    untagged,
    without_tags,
)

NOW = datetime(2026, 11, 22, tzinfo=UTC)
OBSERVATION = TypeAdapter(Observation)

ADDRESSES = st.sampled_from([TRUE, FALSE, "127.0.0.1", "10.10.34.35", "2001:db8::1", "2606:2800:220:1::1"])
FAILURES = st.sampled_from(
    [None, "connection_reset", "generic_timeout_error", "eof_error", "ssl_unknown_authority", "dns_nxdomain_error", "ssl_error"]
)
HOPS = st.integers(0, 3)
PAGES = st.sampled_from([URL, "http://www.example.com/", "https://www.example.org/a?b=c", "http://[::1]/", "ftp://x/"])


def tags(hop: int, led: bool, fetched: bool) -> list[str]:
    return [f"depth={hop}", *(["classic"] if led else []), f"fetch_body={str(fetched).lower()}"]


TAGS = st.builds(tags, HOPS, st.booleans(), st.booleans())
NUMBERS = st.integers(0, 60000)
QUERIES = st.builds(
    lambda addresses, failure, engine, marks, number: query(
        *addresses, failure=failure, engine=engine, tags=marks, transaction_id=number
    ),
    st.lists(ADDRESSES, max_size=3),
    FAILURES,
    st.sampled_from(["getaddrinfo", "udp", "doh"]),
    TAGS,
    NUMBERS,
)
CONNECTS = st.builds(
    connect,
    ADDRESSES,
    st.sampled_from([80, 443]),
    FAILURES,
    tags=TAGS,
    transaction_id=NUMBERS,
    t0=st.floats(0, 9),
    t=st.floats(0, 9),
)
HANDSHAKES = st.builds(
    handshake, ADDRESSES.filter(lambda address: ":" not in address), FAILURES, tags=TAGS, transaction_id=NUMBERS
)
REQUESTS = st.one_of(
    st.builds(
        request,
        PAGES,
        FAILURES,
        body=st.text(max_size=50),
        code=st.sampled_from([200, 302, 403, 503]),
        tags=TAGS,
        transaction_id=NUMBERS,
    ),
    st.builds(unanswered, st.just("connection_reset"), PAGES, tags=TAGS, transaction_id=NUMBERS),
)
HELPERS: st.SearchStrategy[Json | None] = st.one_of(st.none(), st.just({}), st.builds(helper, ADDRESSES, failure=FAILURES))
STEPS = {
    "queries": st.lists(QUERIES, max_size=4),
    "tcp_connect": st.lists(CONNECTS, max_size=4),
    "tls_handshakes": st.lists(HANDSHAKES, max_size=4),
    "requests": st.lists(REQUESTS, max_size=4),
    "control": HELPERS,
}
TAGGED = st.fixed_dictionaries(STEPS).map(lambda keys: tagged(**keys))


def as_of_old(keys: Json) -> Json:
    steps = {name: [without_tags(entry) for entry in keys[name]] for name in STEPS if name != "control"}
    return untagged(**steps, control=keys["control"])


UNTAGGED = st.fixed_dictionaries(STEPS).map(as_of_old)
WELL_FORMED = st.one_of(TAGGED, UNTAGGED)

LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(), max_size=20),
    st.sampled_from(["depth=7", "127.0.0.1:0", "::", "[", "AS", "1970-01-01 00:00:00", "base64", "\x00", "\ud800"]),
)
ANYTHING = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
)


def places(document: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path to everything inside."""
    inside = document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    for key, value in inside:
        yield (*path, key)
        yield from places(value, (*path, key))


def put(document: Any, path: tuple[Any, ...], value: Any) -> None:
    for key in path[:-1]:
        document = document[key]
    document[path[-1]] = value


@st.composite
def mutated(draw: st.DrawFn) -> Json:
    """A well-formed measurement in which a few things were replaced by anything."""
    document = copy.deepcopy(draw(WELL_FORMED))
    for _ in range(draw(st.integers(1, 4))):
        put(document, draw(st.sampled_from(sorted(places(document), key=repr))), draw(ANYTHING))
    return document


def judged(seen: Measurement) -> None:
    """Both judgements come to an end, and the look can be kept."""
    observation = seen.observation(check="c", vantage="ooni-ru", probe_version=1)
    discover()["website"].judge(observation)
    classic(seen.facts, seen.control)
    assert OBSERVATION.validate_json(OBSERVATION.dump_json(observation)).facts == seen.facts


@given(WELL_FORMED)
def test_a_well_formed_measurement_is_read_and_judged(document: Json) -> None:
    judged(read_measurement(document, NOW))


@given(WELL_FORMED)
def test_reading_twice_gives_the_same(document: Json) -> None:
    assert read_measurement(document, NOW) == read_measurement(copy.deepcopy(document), NOW)


@given(TAGGED, st.randoms())
def test_where_transactions_are_numbered_the_order_in_the_file_does_not_matter(document: Json, chance: Any) -> None:
    keys = document["test_keys"]
    for name in ("queries", "tcp_connect", "tls_handshakes", "requests"):
        for number, entry in enumerate(keys[name]):
            entry["transaction_id"] = number + 1
    shuffled = copy.deepcopy(document)
    for name in ("queries", "tcp_connect", "tls_handshakes", "requests"):
        chance.shuffle(shuffled["test_keys"][name])
    one, other = read_measurement(document, NOW), read_measurement(shuffled, NOW)
    assert one.facts == other.facts
    assert classic(one.facts, one.control) == classic(other.facts, other.control)


@settings(max_examples=400)
@given(mutated())
def test_a_spoiled_measurement_is_read_or_refused_with_a_reason(document: Json) -> None:
    try:
        seen = read_measurement(document, NOW)
    except Unusable as refused:
        assert str(refused)  # noqa: PT017 - either end is right
        return
    judged(seen)


@given(ANYTHING)
def test_anything_at_all_is_refused_with_a_reason(document: Any) -> None:
    with pytest.raises(Unusable, match=r".+"):
        read_measurement(document, NOW)


@given(st.data())
def test_a_damaged_file_is_read_or_refused_with_a_reason(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    file: Path = tmp_path_factory.getbasetemp() / "damaged.json"
    raw = bytearray(json.dumps(tagged()).encode())
    for place in data.draw(st.lists(st.integers(0, len(raw) - 1), min_size=1, max_size=5)):
        raw[place] = data.draw(st.integers(0, 255))
    file.write_bytes(raw)
    try:
        for _, document in documents(file):
            judged(read_measurement(document, NOW))
    except Unusable as refused:
        assert str(refused)  # noqa: PT017 - either end is right
