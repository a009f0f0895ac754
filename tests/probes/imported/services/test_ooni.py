"""What OONI's volunteers published is fetched: a little of it, once, and only from the line that was asked for."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.imported.services.bucket import Bucket, Gate
from probes.imported.services.ooni import ANOMALIES, BURST, FETCHED, RATE, WELL, Listed, Ooni, chosen
from probes.imported.services.witness import Wish
from probes.kit.api import Api, Unavailable
from probes.kit.discover import discover
from probes.kit.vocabulary import State
from tests.lab.services import OoniStandIn, Passing, Published, answer, saying
from tests.lab.sinks import answering, redirecting

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOST = "ovd-info.example"


def published(minutes: float, **more: Any) -> Published:
    """A measurement of so many minutes ago."""
    return Published(at=NOON - timedelta(minutes=minutes), host=HOST, **more)


def wish(**more: Any) -> Wish:
    params = {"url": f"https://{HOST}/page"}
    return Wish(**{"check": "c1", "params": params, "country": "RU", "asn": 64500, "now": NOON, **more})


class Story:
    """A client, the service that it talks to, and the time between them."""

    def __init__(self) -> None:
        self.service = OoniStandIn()
        self.time = Passing()
        self.source: Ooni

    def connect(self) -> None:
        gate = Gate(Bucket(rate=RATE, size=BURST), self.time.monotonic, self.time.sleep)
        self.source = Ooni(Api(self.service.url, agent="cutwatch/test"), gate)


@pytest.fixture
async def story() -> AsyncIterator[Story]:
    story = Story()
    async with story.service.open():
        story.connect()
        yield story
        await story.source.aclose()


async def test_a_published_measurement_becomes_a_look_with_its_origin(story: Story) -> None:
    story.service.published = [published(30, failure="connection_reset")]
    (witness,) = await story.source.look(wish())
    seen = witness.observation
    assert (seen.check, seen.started_at) == ("c1", NOON - timedelta(minutes=30))
    assert seen.facts is not None
    assert [one.failure for one in seen.facts.tls] == ["connection_reset"]
    assert len(seen.control) == 1
    assert seen.provenance is not None
    assert (seen.provenance.service, seen.provenance.asn) == ("ooni", 64500)
    assert "CC BY-NC-SA 4.0" in seen.provenance.attribution


async def test_nothing_of_the_volunteer_is_kept_but_the_line(story: Story) -> None:
    story.service.published = [published(30)]
    (witness,) = await story.source.look(wish())
    kept = repr(witness.observation) + repr([blob.data for blob in witness.blobs])
    assert "203.0.113.53" not in kept
    assert "A volunteer's operator" not in kept


async def test_it_is_judged_like_a_look_of_our_own(story: Story) -> None:
    story.service.published = [published(60), published(30, failure="connection_reset")]
    judge = discover()["website"].judge
    well, cut = [judge(one.observation) for one in await story.source.look(wish())]
    assert well.state is State.OK
    assert cut.state in {State.UNREACHABLE, State.BLOCKED}


async def test_the_service_is_asked_as_documented(story: Story) -> None:
    await story.source.look(wish(newest=NOON - timedelta(hours=2)))
    (request,) = story.service.requests
    asked = {name: values[0] for name, values in parse_qs(urlsplit(request.target).query).items()}
    assert asked == {
        "domain": HOST,
        "probe_cc": "RU",
        "probe_asn": "AS64500",
        "test_name": "web_connectivity",
        "since": "2026-03-01T04:00:00",
        "order_by": "measurement_start_time",
        "order": "desc",
        "limit": "50",
    }
    assert request.headers["user-agent"] == "cutwatch/test"


async def test_what_was_brought_is_not_brought_again_and_what_comes_late_is_not_missed(story: Story) -> None:
    story.service.published = [published(30)]
    assert len(await story.source.look(wish())) == 1
    story.source.taken(wish().check)
    story.service.published.append(published(90, number=2))
    (late,) = await story.source.look(wish(newest=NOON - timedelta(minutes=30)))
    assert late.observation.started_at == NOON - timedelta(minutes=90)
    story.source.taken(wish().check)
    assert await story.source.look(wish(newest=NOON - timedelta(minutes=30))) == ()


async def test_what_nobody_took_is_brought_again(story: Story) -> None:
    story.service.published = [published(30)]
    (first,) = await story.source.look(wish())
    (again,) = await story.source.look(wish())
    assert first.observation.id == again.observation.id


async def test_after_a_restart_the_same_measurement_has_the_same_id(story: Story) -> None:
    story.service.published = [published(30)]
    (first,) = await story.source.look(wish())
    await story.source.aclose()
    story.connect()
    (second,) = await story.source.look(wish())
    assert first.observation.id == second.observation.id


async def test_only_a_few_of_each_network_are_fetched(story: Story) -> None:
    story.service.published = [published(n, number=n) for n in range(1, 20)]
    story.service.published += [published(n, number=n, failure="connection_reset") for n in range(20, 40)]
    found = await story.source.look(wish())
    assert len(found) == ANOMALIES + WELL
    assert len(story.service.asked("/api/v1/raw_measurement")) == ANOMALIES + WELL
    story.source.taken(wish().check)
    assert await story.source.look(wish()) == ()


async def test_another_network_s_measurements_are_not_taken(story: Story) -> None:
    story.service.published = [published(10, asn=64999), published(20, country="KZ")]
    assert await story.source.look(wish()) == ()


async def test_a_measurement_that_is_not_what_was_listed_is_left_out(story: Story) -> None:
    one, other = published(10), published(10, asn=64999)
    story.service.published = [one]
    listed = story.service.respond
    story.service.respond = lambda request: (  # type: ignore[method-assign]  # a service that mixes its measurements up
        listed(request) if "/measurements" in request.target else answer(other.document())
    )
    assert await story.source.look(wish()) == ()


async def test_times_that_cannot_be_are_left_out(story: Story) -> None:
    story.service.published = [published(-600), published(10)]
    (witness,) = await story.source.look(wish())
    assert witness.observation.started_at == NOON - timedelta(minutes=10)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"v": 0, "error": "timeout"}', 200),
        (b'{"v": 0, "error": "timeout", "results": []}', 200),
        (b'{"results": 5}', 200),
        (b"[" * 100_000, 200),
        (b"<html>maintenance</html>", 200),
        (b"", 200),
        (b"{}", 502),
        (b"{}", 400),
        (b"{}", 403),
    ],
)
async def test_an_answer_that_is_none_is_neither_well_nor_down(story: Story, body: bytes, status: int) -> None:
    story.service.then(saying(body, status))
    with pytest.raises(Unavailable):
        await story.source.look(wish())


async def test_rows_that_are_junk_do_not_spoil_the_others(story: Story) -> None:
    row = published(10).row()
    rows = [
        7,
        {},
        {**row, "measurement_uid": "../../etc"},
        {**row, "measurement_start_time": "yesterday"},
        {**row, "probe_asn": 5},
    ]
    story.service.published = [published(10)]
    story.service.then(saying(json.dumps({"results": [one for one in rows if isinstance(one, dict)] + [row]}).encode()))
    assert len(await story.source.look(wish())) == 1


async def test_nobody_follows_where_the_service_sends_us(story: Story) -> None:
    story.service.then(redirecting("http://127.0.0.1:1/elsewhere"))
    with pytest.raises(Unavailable, match="sends us elsewhere"):
        await story.source.look(wish())
    assert len(story.service.requests) == 1


async def test_a_service_that_is_not_there_is_unavailable() -> None:
    time = Passing()
    source = Ooni(Api("http://127.0.0.1:1", agent="test"), Gate(Bucket(rate=1, size=1), time.monotonic, time.sleep))
    with pytest.raises(Unavailable, match="cannot be reached"):
        await source.look(wish())
    await source.aclose()


async def test_whoever_is_asked_to_come_back_later_does(story: Story) -> None:
    story.service.then(answering(429, retry_after="600"))
    with pytest.raises(Unavailable):
        await story.source.look(wish())
    with pytest.raises(Unavailable, match="10 minutes"):
        await story.source.look(wish())
    assert len(story.service.requests) == 1
    assert "10 more minutes" in (story.source.problem() or "")
    story.time.now += 601
    assert story.source.problem() is None
    assert await story.source.look(wish()) == ()


async def test_what_is_there_already_counts_when_the_service_fails_half_way(story: Story) -> None:
    story.service.published = [published(n, failure="connection_reset", number=n) for n in (10, 20)]
    list_and_first = story.service.respond
    served = iter([list_and_first, list_and_first])

    def respond(request: Any) -> Any:
        handler = next(served, None)
        return handler(request) if handler else answer({}, 503)

    story.service.respond = respond  # type: ignore[method-assign]  # a service that breaks down after two answers
    (first,) = await story.source.look(wish())
    story.source.taken(wish().check)
    story.service.respond = list_and_first  # type: ignore[method-assign]  # and comes back
    (second,) = await story.source.look(wish())
    assert first.observation.started_at < second.observation.started_at


async def test_it_is_asked_ten_times_a_minute_at_most(story: Story) -> None:
    began = story.time.now
    for number in range(35):
        await story.source.look(wish(check=f"c{number}"))
    assert story.time.now - began >= (35 - BURST) / RATE - 1


rows = st.builds(
    Listed,
    uid=st.uuids().map(str),
    at=st.datetimes(datetime(2026, 1, 1), datetime(2026, 2, 1)).map(lambda at: at.replace(tzinfo=UTC)),  # noqa: DTZ001  naive bounds
    country=st.just("RU"),
    asn=st.integers(1, 30),
    is_anomaly=st.booleans(),
)


@given(st.lists(rows, max_size=80, unique_by=lambda row: row.uid))
def test_every_network_has_its_say_before_any_has_a_second(listed: list[Listed]) -> None:
    wanted = chosen(listed)
    by_network = {row.asn: [one for one in wanted if one.asn == row.asn] for row in listed}
    assert len(wanted) <= FETCHED
    assert all(sum(one.is_anomaly for one in its) <= ANOMALIES for its in by_network.values())
    assert all(sum(not one.is_anomaly for one in its) <= WELL for its in by_network.values())
    assert all(by_network.values()) or max((len(its) for its in by_network.values()), default=0) == 1
    failing = {row.asn for row in listed if row.is_anomaly}
    assert all(by_network[asn][0].is_anomaly for asn in failing if by_network[asn])
