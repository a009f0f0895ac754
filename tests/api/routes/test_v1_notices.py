"""`/api/v1/notices`: handed in once however often it is sent, private until a person has reviewed it."""

from datetime import timedelta
from typing import Any

import httpx2
import pytest

from monitor.core.keys import Scope
from tests.api import cast
from tests.api.conftest import House, standing_still

NOTICES = "/api/v1/notices"

LETTER: dict[str, Any] = {
    "organisation": "ovd-info",
    "target": "ovdinfo-org",
    "title": {"en": "The registrar ends its service"},
    "announced": "2026-11-20",
    "effective": "2026-12",
    "legal_basis": "terms_of_service",
    "quote": "We no longer serve you.",
}


@pytest.fixture
async def sender(house: House) -> Any:
    secret = await house.key(Scope.NOTICES, organisations=("ovd-info",))
    async with house.client(secret=secret) as client:
        yield client


async def test_a_notice_is_entered_as_an_amber_draft_that_names_the_basis_of_what_it_says(
    house: House, sender: httpx2.AsyncClient, staff: httpx2.AsyncClient, anonymous: httpx2.AsyncClient
) -> None:
    answer = await sender.post(NOTICES, json=LETTER)
    assert answer.status_code == 201
    address = answer.headers["location"]
    entered = (await staff.get(address)).json()
    assert (entered["kind"], entered["origin"], entered["tlp"]) == ("notice", "attested", "AMBER")
    assert entered["dossier"]["review"] == "draft"
    assert entered["dossier"]["dates"]["effective"] == {"tlp": None, "date": "2026-12", "basis": "document", "note": None}
    assert (await anonymous.get(address)).status_code == 404
    assert [one["id"] for one in (await staff.get(NOTICES)).json()["items"]] == [answer.json()["id"]]


async def test_the_same_notice_twice_is_one(sender: httpx2.AsyncClient, staff: httpx2.AsyncClient) -> None:
    first, second = await sender.post(NOTICES, json=LETTER), await sender.post(NOTICES, json=LETTER)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    assert len((await staff.get(NOTICES)).json()["items"]) == 1


async def test_it_says_as_of_when_it_speaks_and_is_the_same_on_another_day(house: House, sender: httpx2.AsyncClient) -> None:
    undated = {name: value for name, value in LETTER.items() if name != "announced"}
    dated = {**LETTER, "announced": "2026-11-02"}
    named = {"idempotency-key": "letter-19"}
    first = await sender.post(NOTICES, json=undated, headers=named)
    second = await sender.post(NOTICES, json=dated)
    async with house.store.reading() as reading:
        found = [await reading.incident(one.json()["id"]) for one in (first, second)]
    assert [one.dossier.as_of for one in found if one and one.dossier] == [cast.NOW.date().isoformat(), "2026-11-02"]
    house.change(clock=standing_still(cast.NOW + timedelta(days=3)))
    again = [await sender.post(NOTICES, json=undated, headers=named), await sender.post(NOTICES, json=dated)]
    assert [one.status_code for one in again] == [200, 200]


async def test_two_notices_under_one_name_are_a_mistake_and_under_two_names_two_notices(sender: httpx2.AsyncClient) -> None:
    named = {"idempotency-key": "letter-17"}
    first = await sender.post(NOTICES, json=LETTER, headers=named)
    again = await sender.post(NOTICES, json={**LETTER, "quote": "Sorry."}, headers=named)
    other = await sender.post(NOTICES, json=LETTER, headers={"idempotency-key": "letter-18"})
    assert (first.status_code, again.status_code, other.status_code) == (201, 409, 201)
    assert first.json()["id"] != other.json()["id"]


async def test_another_organisation_is_refused_as_one_that_does_not_exist(sender: httpx2.AsyncClient) -> None:
    hidden = await sender.post(NOTICES, json={**LETTER, "organisation": "memorial"})
    missing = await sender.post(NOTICES, json={**LETTER, "organisation": "nobody"})
    assert (hidden.status_code, hidden.content) == (missing.status_code, missing.content) == (422, missing.content)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"target": "nothing"}, "target"),
        ({"provider": "nobody"}, "provider"),
        ({"announced": "last week"}, "announced"),
        ({"title": {}}, "title"),
        ({"basis": "measured"}, "basis"),
        ({"colour": "red"}, "colour"),
    ],
)
async def test_what_cannot_be_used_is_named(sender: httpx2.AsyncClient, change: dict[str, Any], field: str) -> None:
    answer = await sender.post(NOTICES, json={**LETTER, **change})
    assert answer.status_code == 422
    assert field in answer.json()["detail"]


async def test_entering_needs_a_key_made_for_it(house: House, staff: httpx2.AsyncClient, anonymous: httpx2.AsyncClient) -> None:
    assert (await anonymous.post(NOTICES, json=LETTER)).status_code == 401
    assert (await staff.post(NOTICES, json=LETTER)).status_code == 401
    async with house.client(secret=await house.key(Scope.READ, Scope.REVIEW)) as reviewer:
        assert (await reviewer.post(NOTICES, json=LETTER)).status_code == 403


async def test_a_notice_is_no_open_loss(house: House, sender: httpx2.AsyncClient, staff: httpx2.AsyncClient) -> None:
    await sender.post(NOTICES, json=LETTER)
    await cast.plant(house.store, cast.suspicion(900).confirmed())
    assert [one["id"] for one in (await staff.get("/api/v1/incidents?open=true")).json()["items"]] == ["CW-2026-0900"]
    (listed,) = [one for one in (await staff.get("/api/v1/organisations")).json()["items"] if one["id"] == "ovd-info"]
    assert listed["open_incidents"] == 1
