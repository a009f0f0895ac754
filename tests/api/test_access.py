"""Who gets in, and what they then see."""

from datetime import datetime, timedelta
from typing import Any

import httpx2
import pytest
from fastapi import Request

from api.access import ANONYMOUS, STAFF, Reader, is_local, is_public
from monitor.core.keys import Scope, fingerprint, make_feed_key
from monitor.core.kinds import EventKind, IncidentStage
from monitor.core.model import Tlp
from monitor.settings import Settings
from tests.api import cast
from tests.api.conftest import House, standing_still
from tests.api.test_secrecy import routes_of

MINE = Reader(name="key-1", scopes=frozenset({Scope.READ}), organisations=frozenset({"ovd-info"}))


def test_a_released_incident_is_everybodys() -> None:
    incident = cast.suspicion(1).confirmed().released().incident
    assert is_public(incident)
    assert all(reader.may_read(incident) for reader in (ANONYMOUS, MINE, STAFF))


def test_what_was_not_released_is_for_staff_and_for_keys_of_the_organisation() -> None:
    theirs = cast.suspicion(1).confirmed().incident
    others = cast.suspicion(2, "memorial", "memohrc-org").confirmed().incident
    assert [reader.may_read(theirs) for reader in (ANONYMOUS, MINE, STAFF)] == [False, True, True]
    assert [reader.may_read(others) for reader in (ANONYMOUS, MINE, STAFF)] == [False, False, True]


def test_a_suspicion_stays_private_even_if_somebody_releases_it() -> None:
    assert not is_public(cast.suspicion(1).released().incident)


def test_a_suspicion_that_came_to_nothing_stays_private_and_a_retracted_case_leaves_a_public_tombstone() -> None:
    at = cast.NOW
    nothing = cast.suspicion(1).released().then(EventKind.RETRACTED, at, stage=IncidentStage.RETRACTED, reason="a cable")
    case = cast.suspicion(2).confirmed().released().then(EventKind.RETRACTED, at, stage=IncidentStage.RETRACTED, reason="a cable")
    assert not is_public(nothing.incident)
    assert is_public(case.incident)


def test_a_key_without_the_scope_to_read_sees_what_the_public_sees() -> None:
    notices = Reader(name="key-2", scopes=frozenset({Scope.NOTICES}), organisations=None)
    assert notices.audience == ANONYMOUS.audience == "public"
    assert not notices.may_know(cast.OVD_INFO)


def test_live_states_are_public_only_where_both_organisation_and_target_are() -> None:
    public, private = cast.AMNESTY.targets
    assert ANONYMOUS.may_watch(cast.AMNESTY, public)
    assert not ANONYMOUS.may_watch(cast.AMNESTY, private)
    assert not ANONYMOUS.may_watch(cast.OVD_INFO, cast.OVD_INFO.targets[0].model_copy(update={"tlp": Tlp.CLEAR}))


async def test_a_key_opens_what_belongs_to_its_organisations_and_nothing_else(house: House) -> None:
    await cast.plant(house.store, cast.suspicion(1), cast.suspicion(2, "memorial", "memohrc-org"))
    async with house.client(secret=await house.key(organisations=("ovd-info",))) as bound:
        listed = (await bound.get("/api/v1/incidents")).json()
        assert [one["id"] for one in listed["items"]] == ["CW-2026-0001"]
        assert (await bound.get("/api/v1/incidents/CW-2026-0002")).status_code == 404
        assert [one["id"] for one in (await bound.get("/api/v1/organisations")).json()["items"]] == ["ovd-info", "amnesty"]
        assert {one["incident"] for one in (await bound.get("/api/v1/events")).json()["items"]} == {"CW-2026-0001"}
        assert (await bound.get("/organisations/memorial")).status_code == 404


@pytest.mark.parametrize("secret", ["cutwatch_forged", "x" * 500, "%00", "; DROP TABLE api_key"])
async def test_a_forged_key_is_an_error_and_not_an_anonymous_reader(house: House, secret: str) -> None:
    async with house.client(secret=secret) as client:
        answer = await client.get("/api/v1/incidents")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert secret not in answer.text


async def test_expired_and_revoked_keys_open_nothing(house: House) -> None:
    expired = await house.key(expires=cast.NOW)
    revoked = await house.key()
    async with house.store.reading() as reading:
        key = await reading.key(fingerprint(revoked))
    assert key is not None
    async with house.store.writing() as writing:
        await writing.revoke_key(key.id, cast.NOW)
    for secret in (expired, revoked):
        async with house.client(secret=secret) as client:
            assert (await client.get("/api/v1/events")).status_code == 401


async def test_the_secret_of_a_private_feed_is_no_key(house: House) -> None:
    feed, secret = make_feed_key("calendar", "ovd-info", cast.NOW)
    async with house.store.writing() as writing:
        await writing.add_key(feed)
    async with house.client(secret=secret) as client, house.client(secret="cutwatch_forged") as forger:
        answer, forged = await client.get("/api/v1/incidents"), await forger.get("/api/v1/incidents")
    assert (answer.status_code, answer.content) == (forged.status_code, forged.content) == (401, forged.content)


@pytest.mark.parametrize(
    "headers",
    [
        [("authorization", "Basic YTpi")],
        [("authorization", "Bearer")],
        [("authorization", "Bearer  ")],
        [("authorization", "Bearer one"), ("authorization", "Bearer two")],
        [("authorization", "Bearer " + "x" * 20_000)],
        [("authorization", "\xff\xfe".encode("latin-1"))],
    ],
)
async def test_a_header_that_holds_no_single_key_is_an_error(anonymous: httpx2.AsyncClient, headers: Any) -> None:
    answer = await anonymous.get("/api/v1/incidents", headers=headers)
    assert answer.status_code == 401
    assert answer.json()["detail"] == "Send one key, as `Authorization: Bearer KEY`."


async def test_a_session_does_not_rescue_a_bad_key(house: House, staff: httpx2.AsyncClient) -> None:
    assert (await staff.get("/api/v1/events", headers={"authorization": "Bearer forged"})).status_code == 401


CLOSED = cast.watchlist().model_copy(update={"monitor": cast.watchlist().monitor.model_copy(update={"public": False})})


@pytest.mark.parametrize("address", ["/", "/incidents/CW-2026-0001", "/api/v1/incidents", "/api/v1/providers", "/feed.json"])
async def test_where_nothing_is_public_only_keys_and_staff_read(house: House, staff: httpx2.AsyncClient, address: str) -> None:
    await cast.plant(house.store, cast.suspicion(1).confirmed().released())
    async with house.client() as anonymous:
        assert (await anonymous.get(address)).status_code == 200
        house.change(watchlist=CLOSED)
        answer = await anonymous.get(address)
    assert answer.status_code == 401
    assert "OVD-Info" not in answer.text
    assert (await staff.get(address)).status_code == 200
    async with house.client(secret=await house.key()) as reader, house.client(secret=await house.key(Scope.NOTICES)) as sender:
        assert (await reader.get(address)).status_code == 200
        assert (await sender.get(address)).status_code == 403


@pytest.mark.parametrize("address", ["/healthz", "/readyz", "/openapi.json", "/api/v1"])
async def test_where_nothing_is_public_supervisors_still_get_their_answer(house: House, address: str) -> None:
    house.change(watchlist=CLOSED)
    async with house.client() as anonymous:
        assert (await anonymous.get(address)).status_code == 200


async def test_a_key_that_lacks_the_scope_to_read_is_told_so(house: House) -> None:
    async with house.client(secret=await house.key(Scope.NOTICES)) as client:
        answer = await client.get("/api/v1/events")
    assert answer.status_code == 403
    assert "`read`" in answer.json()["detail"]


async def test_the_last_use_of_a_key_is_noted_now_and_then_only(house: House) -> None:
    secret = await house.key()

    async def used_after(minutes: int) -> datetime | None:
        house.change(clock=standing_still(cast.NOW + timedelta(minutes=minutes)))
        async with house.client(secret=secret) as client:
            await client.get("/api/v1/health")
        async with house.store.reading() as reading:
            key = await reading.key(fingerprint(secret))
        assert key is not None
        return key.last_used_at

    assert await used_after(0) == cast.NOW
    assert await used_after(9) == cast.NOW
    assert await used_after(11) == cast.NOW + timedelta(minutes=11)


async def test_no_form_is_taken_from_a_session_that_does_not_bring_its_token(house: House) -> None:
    posted = {one.path for one in routes_of(house.app.routes) if "POST" in (one.methods or ())}
    forms = {path for path in posted if not path.startswith("/api/")} - {"/sign-out"}
    assert len(forms) >= 5
    async with house.staff() as client:
        for form in forms:
            assert (await client.post(form.format(name="CW-2021-0001"))).status_code == 403, form


AT_HOME = "http://127.0.0.1:8000"


def asked(house: House, address: str, peer: str, host: str, header: str | None) -> Request:
    """A request to a service whose configured address is `address`, from `peer`, for the name `host`."""
    house.change(settings=Settings(base_url=address))
    headers = [(b"host", host.encode()), *([(header.encode(), b"192.0.2.7")] if header else [])]
    scope = {"type": "http", "method": "GET", "path": "/metrics", "headers": headers, "client": (peer, 4711), "app": house.app}
    return Request(scope)


@pytest.mark.parametrize(
    ("peer", "host"), [("127.0.0.1", "127.0.0.1:8000"), ("127.0.0.1", "localhost:8000"), ("::1", "[::1]:8000")]
)
@pytest.mark.parametrize("address", [AT_HOME, "http://localhost:8000", "http://[::1]:8000/"])
async def test_a_program_on_this_machine_that_asks_for_itself_is_local(house: House, address: str, peer: str, host: str) -> None:
    assert is_local(asked(house, address, peer, host, None))


@pytest.mark.parametrize(
    ("peer", "host"),
    [("127.0.0.1", "watch.example"), ("127.0.0.1", "cutwatchabcdef.onion"), ("192.0.2.7", "127.0.0.1:8000")],
)
async def test_whoever_comes_from_elsewhere_or_under_another_name_is_not_local(house: House, peer: str, host: str) -> None:
    assert not is_local(asked(house, AT_HOME, peer, host, None))


@pytest.mark.parametrize(
    "header",
    [
        "forwarded",
        "via",
        "x-real-ip",
        "x-forwarded-for",
        "x-forwarded-port",
        "x-forwarded",
        "x-original-forwarded-for",
        "client-ip",
        "true-client-ip",
        "x-cluster-client-ip",
        "cf-connecting-ip",
    ],
)
async def test_whatever_speaks_of_forwarding_comes_from_somebody_else(house: House, header: str) -> None:
    assert not is_local(asked(house, AT_HOME, "127.0.0.1", "127.0.0.1:8000", header))


@pytest.mark.parametrize(
    "headers",
    [{"origin": "https://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}],
)
async def test_what_a_page_on_another_site_makes_a_browser_ask_is_not_asked_by_a_program(
    house: House, headers: dict[str, str]
) -> None:
    house.change(settings=Settings(base_url=AT_HOME))
    async with house.client(peer="127.0.0.1", base_url=AT_HOME) as client:
        assert (await client.get("/metrics")).status_code == 200
        assert (await client.get("/metrics", headers={"sec-fetch-site": "none"})).status_code == 200
        assert (await client.get("/metrics", headers=headers)).status_code == 401


@pytest.mark.parametrize("address", ["https://watch.example", "http://abcdef.onion", "http://0.0.0.0:8000", "http://192.0.2.1"])
async def test_a_service_for_others_takes_nobody_for_local_since_many_proxies_leave_no_trace(house: House, address: str) -> None:
    assert not is_local(asked(house, address, "127.0.0.1", "127.0.0.1:8000", None))
