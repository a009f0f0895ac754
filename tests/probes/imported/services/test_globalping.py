"""Volunteers are asked for a look: politely, on lines like the one wanted, and what they cannot see is not made up."""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any

import pytest

from probes.imported.services.bucket import Bucket, Gate
from probes.imported.services.globalping import BURST, RATE, Globalping
from probes.imported.services.witness import Wish, Witness
from probes.kit.api import Api, Unavailable
from probes.kit.discover import discover
from probes.kit.observation import Facts
from probes.kit.vocabulary import State, Unmeasured, Validity
from tests.lab.services import ADDRESS, GlobalpingStandIn, Helper, Passing, certificate, failed, names, page, saying
from tests.lab.sinks import answering

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOST = "ovd-info.example"


def wish(**more: Any) -> Wish:
    params = {"url": f"https://{HOST}/page?q=1"}
    return Wish(**{"check": "c1", "params": params, "country": "RU", "asn": 64500, "now": NOON, **more})


class Story:
    def __init__(self) -> None:
        self.seen: dict[str, Any] = page()
        self.service = GlobalpingStandIn(lambda helper, request: self.seen)
        self.time = Passing()
        self.source: Globalping

    def connect(self) -> None:
        gate = Gate(Bucket(rate=RATE, size=BURST), self.time.monotonic, self.time.sleep)
        self.source = Globalping(Api(self.service.url, agent="cutwatch/test"), gate, self.time.monotonic, self.time.sleep)

    async def look(self, **more: Any) -> Witness:
        (witness,) = await self.source.look(wish(**more))
        return witness

    async def facts(self, **more: Any) -> Facts:
        facts = (await self.look(**more)).observation.facts
        assert facts is not None
        return facts

    @property
    def created(self) -> list[dict[str, Any]]:
        return [json.loads(one.body) for one in self.service.requests if one.method == "POST"]


@pytest.fixture
async def story() -> AsyncIterator[Story]:
    story = Story()
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(story.service.open())
        story.connect()
        stack.push_async_callback(story.source.aclose)
        yield story


async def test_a_page_becomes_the_steps_that_led_to_it(story: Story) -> None:
    witness = await story.look()
    facts = witness.observation.facts
    assert facts is not None
    ((lookup,), (connect,), (shaken,), (got,)) = facts.dns, facts.tcp, facts.tls, facts.http
    assert (lookup.name, lookup.answers, lookup.transport) == (HOST, (ADDRESS,), "system")
    assert (connect.address, connect.port, connect.started) == (ADDRESS, 443, 0.02)
    assert (shaken.server_name, shaken.failure, shaken.version, shaken.chain) == (HOST, None, "TLSv1.3", None)
    assert (got.status, got.title, got.received) == (200, "We are here", ())
    assert {got.body, got.head} == {blob.name for blob in witness.blobs}
    assert discover()["website"].judge(witness.observation).state is State.OK


async def test_the_service_is_asked_as_documented(story: Story) -> None:
    await story.look(network="residential", limit=2)
    assert story.created == [
        {
            "type": "http",
            "target": HOST,
            "inProgressUpdates": False,
            "measurementOptions": {
                "protocol": "HTTPS",
                "port": 443,
                "request": {"method": "GET", "path": "/page", "query": "q=1"},
            },
            "locations": [{"country": "RU", "tags": ["eyeball-network"], "asn": 64500}],
            "limit": 2,
        }
    ]


async def test_a_measurement_is_asked_after_with_pauses_and_its_tag(story: Story) -> None:
    story.service.polls = 3
    await story.look()
    polls = story.service.asked("/v1/measurements/")
    assert [one.headers.get("if-none-match") for one in polls] == [None, *['W/"measurement1-False"'] * 3]
    assert story.time.slept == [0.5] * 4


async def test_of_the_volunteer_only_country_network_and_kind_of_line_are_kept(story: Story) -> None:
    story.seen = page(body="You are 192.0.2.77, of A volunteer's city", headers={"x-client": "192.0.2.77", "set-cookie": "id=7"})
    witness = await story.look()
    origin = witness.observation.provenance
    assert origin is not None
    assert (origin.service, origin.asn, origin.network) == ("globalping", 64500, "eyeball")
    assert origin.url == f"{story.service.url}/v1/measurements/measurement1"
    kept = repr(witness.observation) + repr([blob.data for blob in witness.blobs])
    for secret in ("Novosibirsk", "203.0.113.53", "192.0.2.77", "82.9", "operator", "id=7"):
        assert secret not in kept


async def test_the_volunteers_who_looked_last_are_asked_again(story: Story) -> None:
    await story.look()
    await story.look()
    assert "limit" not in story.created[1]
    assert story.created[1]["locations"] == "measurement1"


async def test_others_are_asked_once_those_are_forgotten_or_gone(story: Story) -> None:
    await story.look()
    story.service.running.clear()
    await story.look()
    assert isinstance(story.created[-1]["locations"], list)
    story.service.helpers = [Helper(is_online=False)]
    story.service.running["measurement1"].helpers[:] = story.service.helpers
    assert await story.source.look(wish()) == ()
    story.service.helpers = [Helper()]
    assert (await story.look()).observation.facts is not None


async def test_where_nobody_is_nobody_looks(story: Story) -> None:
    assert await story.source.look(wish(country="TM")) == ()


async def test_a_redirect_is_followed_by_the_same_volunteers(story: Story) -> None:
    landing = page()
    moved = page(301, "", headers={"location": f"https://www.{HOST}/"})
    story.service.outcome = lambda _, request: moved if request["target"] == HOST else landing
    facts = await story.facts()
    assert [(one.hop, one.url, one.status) for one in facts.http] == [
        (0, f"https://{HOST}/page?q=1", 301),
        (1, f"https://www.{HOST}/", 200),
    ]
    assert story.created[1]["locations"] == "measurement1"


async def test_a_redirect_to_a_private_place_is_not_followed(story: Story) -> None:
    story.seen = page(302, "", headers={"location": "http://127.0.0.1/"})
    await story.look()
    assert len(story.created) == 1


async def test_half_a_character_spoils_nothing(story: Story) -> None:
    story.seen = page(302, "", headers={"location": "https://\ud800.example/", "content-type": "text/html; charset=\ud800"})
    assert (await story.facts()).http[0].location == "https://?.example/"


async def test_redirects_without_end_are_left_alone(story: Story) -> None:
    story.seen = page(302, "", headers={"location": f"https://{HOST}/again"})
    await story.look()
    assert len(story.created) == 4


@pytest.mark.parametrize(
    ("said", "stage", "failure"),
    [
        (f"connect ECONNREFUSED {ADDRESS}:443", "tcp", "connection_refused"),
        ("connect ETIMEDOUT 198.51.100.7:443", "tcp", "timed_out"),
        ("queryA ENOTFOUND ovd-info.example", "dns", "dns_nxdomain_error"),
        ("Private IP ranges are not allowed.", "dns", "dns_bogon_error"),
        ("Client network socket disconnected before secure TLS connection was established", "tls", "eof_error"),
        ("read ECONNRESET", "http", "connection_reset"),
        ("Request timeout.", "http", "generic_timeout_error"),
        ("strange", "http", "unknown_failure: strange"),
    ],
)
async def test_a_failure_is_blamed_on_a_stage_only_where_the_volunteer_names_it(
    story: Story, said: str, stage: str, failure: str
) -> None:
    story.seen = failed(said)
    facts = await story.facts()
    steps = {"dns": facts.dns, "tcp": facts.tcp, "tls": facts.tls, "http": facts.http}
    assert {name: [step.failure for step in its] for name, its in steps.items() if its} == {stage: [failure]}
    assert ADDRESS not in facts.details["failure_as_told"]


@pytest.mark.parametrize("source", ["internal", "resolver", None, "something new"])
async def test_a_failure_that_is_not_the_target_s_says_nothing_of_the_target(story: Story, source: str | None) -> None:
    story.seen = failed("Test failed. Please try again.", source)
    seen = (await story.look()).observation
    assert (seen.facts, seen.validity, seen.unmeasured) == (None, Validity.INVALID, Unmeasured.OFFLINE)
    assert seen.provenance is not None


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        ("ERR_TLS_CERT_ALTNAME_INVALID", "ssl_invalid_hostname"),
        ("CERT_HAS_EXPIRED", "ssl_invalid_certificate"),
        ("SELF_SIGNED_CERT_IN_CHAIN", "ssl_unknown_authority"),
        ("SOMETHING_NEW", "ssl_invalid_certificate"),
    ],
)
async def test_a_certificate_that_proves_nothing_is_a_fact(story: Story, error: str, failure: str) -> None:
    story.seen = page(tls=certificate(authorized=False, error=error))
    assert [one.failure for one in (await story.facts()).tls] == [failure]


async def test_ten_kilobytes_of_a_page_are_not_taken_for_the_whole(story: Story) -> None:
    story.seen = page(body="x" * 10_000, truncated=True)
    (got,) = (await story.facts()).http
    assert (got.truncated, got.body_length) == (True, None)


async def test_a_name_is_asked_of_the_volunteers_own_resolvers(story: Story) -> None:
    story.seen = names(ADDRESS)
    facts = await story.facts(params={"name": HOST})
    assert [(one.name, one.qtype, one.answers, one.failure, one.resolver) for one in facts.dns] == [
        (HOST, "A", (ADDRESS,), None, "system")
    ]
    assert story.created[0]["measurementOptions"] == {"query": {"type": "A"}, "protocol": "UDP"}


async def test_ipv6_is_asked_for_only_where_there_is_no_ipv4(story: Story) -> None:
    story.service.outcome = lambda _, request: (
        names() if request["measurementOptions"]["query"]["type"] == "A" else names("2001:db8::7", qtype="AAAA")
    )
    facts = await story.facts(params={"name": HOST})
    assert [(one.qtype, one.failure) for one in facts.dns] == [("A", "dns_no_answer"), ("AAAA", None)]


@pytest.mark.parametrize(
    ("code", "name", "failure"),
    [(3, "NXDOMAIN", "dns_nxdomain_error"), (2, "SERVFAIL", "dns_servfail_error"), (5, "REFUSED", "dns_refused_error")],
)
async def test_a_resolver_s_refusal_is_a_fact(story: Story, code: int, name: str, failure: str) -> None:
    story.seen = names(code=code, code_name=name)
    (lookup,) = (await story.facts(params={"name": HOST})).dns
    assert (lookup.rcode, lookup.failure) == (name, failure)


async def test_several_volunteers_are_several_looks(story: Story) -> None:
    story.service.helpers = [Helper(), Helper()]
    story.service.outcome = lambda helper, _: page()
    found = await story.source.look(wish(limit=2))
    assert len({one.observation.id for one in found}) == 2


async def test_a_volunteer_who_is_elsewhere_than_asked_for_has_no_say(story: Story) -> None:
    story.service.helpers = [Helper(country="KZ")]
    story.service._chosen = lambda asked: story.service.helpers  # type: ignore[method-assign]  # a service that errs
    assert await story.source.look(wish()) == ()


async def test_when_the_hours_tests_are_used_up_nobody_is_troubled(story: Story) -> None:
    story.service.limits.remaining = 1
    await story.look()
    assert "30 minutes" in (story.source.problem() or "")
    with pytest.raises(Unavailable, match="30 minutes"):
        await story.source.look(wish())
    assert len(story.created) == 1
    story.service.limits.remaining = 250
    story.time.now += 1801
    await story.look()
    assert story.source.problem() is None


async def test_few_tests_left_are_said(story: Story) -> None:
    story.service.limits.remaining = 20
    await story.look()
    assert story.source.problem() == "Globalping: 19 of 250 tests are left this hour"


async def test_a_refusal_names_the_wait_in_its_limits(story: Story) -> None:
    story.service.limits.remaining = 0
    with pytest.raises(Unavailable):
        await story.source.look(wish())
    with pytest.raises(Unavailable, match="30 minutes"):
        await story.source.look(wish())


async def test_a_measurement_that_does_not_end_is_given_up(story: Story) -> None:
    story.service.polls = 10_000
    with pytest.raises(Unavailable, match="did not finish"):
        await story.source.look(wish())
    assert len(story.service.requests) < 130


@pytest.mark.parametrize(
    ("body", "status"), [(b"[]", 202), (b'{"id": "../x"}', 202), (b"<html>", 202), (b"{}", 400), (b"{}", 401), (b"{}", 500)]
)
async def test_junk_in_place_of_an_answer_is_unavailable(story: Story, body: bytes, status: int) -> None:
    story.service.then(saying(body, status))
    with pytest.raises(Unavailable):
        await story.source.look(wish())


async def test_being_asked_to_poll_slower_is_heeded(story: Story) -> None:
    create = story.service.respond
    slowed = iter([None, answering(429, retry_after="7")])

    def respond(request: Any) -> Any:
        behaviour = next(slowed, None)
        if behaviour is not None:
            story.service.then(behaviour)
        return create(request)

    story.service.respond = respond  # type: ignore[method-assign]  # the second answer is followed by a request to slow down
    await story.look()
    assert 7.0 in story.time.slept
