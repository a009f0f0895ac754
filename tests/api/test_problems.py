"""Errors in words, for programs and for people, with nothing internal in them."""

from typing import NoReturn

import httpx2
import pytest

from api.parameters import SPELLINGS
from monitor.core.keys import Scope
from monitor.store import StoreUnavailable
from tests.api import cast
from tests.api.conftest import House
from tests.api.markup import Page

MACHINE = ("/api/v1/nothing", "/api/v1/incidents/CW-1999-0001", "/feed.json?x=1", "/metrics", "/healthz?x=1", "/openapi.json?x=1")


TURNED = "write what `next` was on the page before, or leave it out to begin anew"


class Broken:
    """A store that fails in its own way."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def reading(self) -> NoReturn:
        raise self.error


@pytest.mark.parametrize("address", MACHINE)
async def test_programs_get_problem_details(anonymous: httpx2.AsyncClient, address: str) -> None:
    answer = await anonymous.get(address)
    assert answer.headers["content-type"] == "application/problem+json"
    found = answer.json()
    assert found["status"] == answer.status_code >= 400
    assert found["type"] == "about:blank"
    assert found["title"]
    assert found["detail"]


async def test_people_get_a_page(anonymous: httpx2.AsyncClient) -> None:
    answer = await anonymous.get("/nothing")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert Page(answer.text).mistakes == []


async def test_an_unknown_parameter_is_named_together_with_the_known_ones(anonymous: httpx2.AsyncClient) -> None:
    answer = await anonymous.get("/api/v1/incidents?organization=x")
    assert answer.status_code == 400
    assert answer.json()["detail"] == (
        "This address does not know the parameter organization; it knows: after, by, country, kind, lang, limit, open, "
        "organisation, origin, provider, since, stage, target, tlp, until."
    )


@pytest.mark.parametrize(
    "address", ["/api/v1/incidents", "/api/v1/health", "/feed.json", "/feed.atom", "/calendar.ics", "/openapi.json", "/"]
)
async def test_a_parameter_that_is_given_twice_is_an_error_that_names_it(anonymous: httpx2.AsyncClient, address: str) -> None:
    answer = await anonymous.get(f"{address}?lang=ru&lang=en")
    assert answer.status_code == 400
    assert "the parameter lang is given 2 times" in answer.text


async def test_a_wrong_value_is_named_with_what_would_do(anonymous: httpx2.AsyncClient) -> None:
    answer = await anonymous.get("/api/v1/incidents?stage=open&limit=500")
    assert answer.status_code == 422
    errors = {one["field"]: one["message"] for one in answer.json()["errors"]}
    assert "'suspected'" in errors["stage"]
    assert "200" in errors["limit"]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
async def test_a_method_that_is_not_answered_names_those_that_are(anonymous: httpx2.AsyncClient, method: str) -> None:
    answer = await anonymous.request(method, "/api/v1/incidents")
    assert answer.status_code == 405
    assert "GET" in answer.headers["allow"]


@pytest.mark.parametrize("method", ["DELETE", "OPTIONS"])
@pytest.mark.parametrize(
    ("address", "methods"),
    [
        ("/api/v1/notices", "GET, HEAD, POST"),
        ("/api/v1/incidents", "GET, HEAD"),
        ("/api/v1/incidents/CW-2026-0001/release", "POST"),
        ("/incidents/CW-2026-0001", "GET, HEAD"),
    ],
)
async def test_all_methods_that_are_answered_are_named(
    anonymous: httpx2.AsyncClient, method: str, address: str, methods: str
) -> None:
    answer = await anonymous.request(method, address)
    assert (answer.status_code, answer.headers["allow"]) == (405, methods)


@pytest.mark.parametrize("address", ["/", "/api/v1/incidents", "/feed.json"])
async def test_a_locked_database_is_said_without_its_name(house: House, address: str) -> None:
    house.change(store=Broken(StoreUnavailable("the database /srv/secret/cutwatch.db is locked")))
    async with house.client() as client:
        answer = await client.get(address)
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"
    assert "secret" not in answer.text


@pytest.mark.parametrize("address", ["/", "/api/v1/incidents"])
async def test_a_mistake_of_ours_tells_nothing_of_itself(house: House, address: str) -> None:
    house.change(store=Broken(RuntimeError("password=hunter2 at /srv/secret")))
    async with house.client(raise_app_exceptions=False) as client:
        answer = await client.get(address)
    assert answer.status_code == 500
    assert "hunter2" not in answer.text
    assert "secret" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "private, no-store"


async def test_a_mistake_still_reaches_whoever_runs_the_service(house: House) -> None:
    house.change(store=Broken(RuntimeError("a bug")))
    async with house.client() as client:
        with pytest.raises(RuntimeError, match="a bug"):
            await client.get("/api/v1/incidents")


async def test_a_hostile_parameter_is_shown_as_text_and_cut_short(anonymous: httpx2.AsyncClient) -> None:
    answer = await anonymous.get("/", params={"<script>alert(1)</script>" + "x" * 500: "1"})
    assert answer.status_code == 400
    assert "<script" not in answer.text
    assert len(answer.content) < 4000
    assert Page(answer.text).mistakes == []


async def test_the_details_of_errors_are_translated_on_pages(anonymous: httpx2.AsyncClient) -> None:
    page = Page((await anonymous.get("/incidents/CW-1999-0001", headers={"accept-language": "ru"})).text)
    assert "По этому адресу нет ничего, что вам можно прочесть." in page.text
    assert cast.ADDRESS not in page.text


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("incidents?after=x", "after: write an incident's id, such as CW-2026-0042"),
        ("alerts?after=x", "after: write what `next` was, such as CW-2026-0042.3, or `start`"),
        ("targets?after=A", "after: write what `next` was on the page before, or leave it out to begin anew"),
        (
            "verdicts?organisation=amnesty&after=x",
            "after: write what `next` was on the page before, or leave it out to begin anew",
        ),
        ("verdicts?organisation=amnesty&check=x", "check: write a check's id: 16 of the digits 0-9 and a-f"),
        ("incidents?organisation=A", "organisation: write an id: small Latin letters and digits, with `-` between them"),
        ("incidents?country=ru", "country: write a country's two capital letters (ISO 3166), such as RU"),
        ("verdicts", "organisation: this is needed here: add it"),
    ],
)
async def test_what_does_not_fit_is_told_in_words_and_not_as_a_pattern(
    anonymous: httpx2.AsyncClient, query: str, said: str
) -> None:
    answer = await anonymous.get(f"/api/v1/{query}")
    assert (answer.status_code, answer.json()["detail"]) == (422, said)


async def test_every_pattern_of_a_parameter_has_its_words(house: House) -> None:
    described = house.app.openapi()["paths"].values()
    parameters = (one for methods in described for operation in methods.values() for one in operation.get("parameters", ()))
    schemas = (schema for one in parameters for schema in (one["schema"], *one["schema"].get("anyOf", ())))
    own = {"^[!-~]{1,200}$"}
    assert {schema["pattern"] for schema in schemas if "pattern" in schema} - SPELLINGS.keys() == own


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (b"[" * 30_000, 400, "nested no deeper"),
        (b'{"reason": "r", "becuase": "x"}', 422, "becuase: nothing of this name is known here"),
    ],
)
async def test_a_body_that_cannot_be_used_is_told_what_to_change(house: House, body: bytes, status: int, said: str) -> None:
    async with house.client(secret=await house.key(Scope.READ, Scope.REVIEW)) as client:
        json = {"content-type": "application/json"}
        answer = await client.post("/api/v1/incidents/CW-2026-0001/retraction", content=body, headers=json)
    assert answer.status_code == status
    assert said in answer.json()["detail"]
    assert answer.headers["content-type"] == "application/problem+json"
