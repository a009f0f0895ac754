"""The application as a whole: its routes are found by scanning, described, and a new page is one new file."""

import json
import sys
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx2
import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from api import routes
from api.app import create
from api.examples import contents
from tests.api.conftest import House
from tests.api.test_secrecy import routes_of

PLUG_IN = '''
"""`/throw-away`: a page of somebody's own."""

from fastapi import APIRouter

router = APIRouter()


@router.get("/throw-away", operation_id="read_throw_away")
async def throw_away() -> dict[str, str]:
    """Say hello."""
    return {"hello": "world"}
'''


@pytest.fixture
async def description(anonymous: httpx2.AsyncClient) -> dict[str, Any]:
    found: dict[str, Any] = (await anonymous.get("/openapi.json")).json()
    return found


async def test_a_new_page_is_one_new_file(house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "throw_away.py").write_text(PLUG_IN)
    monkeypatch.setattr(routes, "__path__", [*routes.__path__, str(tmp_path)])
    app = create()
    sys.modules.pop("api.routes.throw_away")
    app.state.context = house.context
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="https://watch.example") as client:
        assert (await client.get("/throw-away")).json() == {"hello": "world"}
        assert "/throw-away" in (await client.get("/openapi.json")).json()["paths"]


def test_every_address_of_the_design_is_answered() -> None:
    paths = {route.path for route in routes_of(create().routes)}
    assert {
        "/",
        "/organisations/{slug}",
        "/incidents/{name}",
        "/incidents/{name}/v{number}",
        "/feed.json",
        "/api/v1",
        "/api/v1/organisations",
        "/api/v1/organisations/{slug}",
        "/api/v1/vantage-points",
        "/api/v1/states",
        "/api/v1/incidents",
        "/api/v1/incidents/{name}",
        "/api/v1/events",
        "/api/v1/health",
        "/api/v1/targets",
        "/api/v1/verdicts",
        "/api/v1/observations",
        "/api/v1/notices",
        "/api/v1/providers",
        "/api/v1/providers/{slug}",
        "/api/v1/exposure",
        "/api/v1/deliveries",
        "/api/v1/alerts",
        "/api/v1/stream",
        "/incidents/{name}/log",
        "/metrics",
        "/healthz",
        "/readyz",
        "/sign-in",
        "/sign-out",
        "/openapi.json",
    } <= paths


async def test_every_operation_has_a_name_a_summary_tags_and_documented_errors(description: dict[str, Any]) -> None:
    operations = [operation for path in description["paths"].values() for operation in path.values()]
    names = [operation["operationId"] for operation in operations]
    assert len(set(names)) == len(names) >= 42
    tags = {tag["name"] for tag in description["tags"]}
    for operation in operations:
        assert operation["summary"]
        assert operation["description"]
        assert set(operation["tags"]) <= tags
        assert {"400", "422", "503"} <= set(operation["responses"])
        for status, answer in operation["responses"].items():
            if int(status) in {400, 401, 403, 404, 422}:
                assert list(answer["content"]) == ["application/problem+json"]


async def test_the_description_is_valid_openapi(description: dict[str, Any]) -> None:
    assert description["openapi"].startswith("3.1")
    validate(description)


async def test_every_operation_shows_an_answer_that_fits_what_is_described(description: dict[str, Any]) -> None:
    for path, operations in description["paths"].items():
        for operation in operations.values():
            shown = [one for status, one in operation["responses"].items() if status.startswith("2")]
            examples = [content for answer in shown for content in answer.get("content", {}).values() if "example" in content]
            assert examples, path
    for media_type, content in contents(description):
        if media_type.endswith("json") and "schema" in content:
            schema = {**content["schema"], "components": description["components"]}
            Draft202012Validator(schema).validate(content["example"])


def operations_of(description: dict[str, Any]) -> list[dict[str, Any]]:
    return [operation for path in description["paths"].values() for operation in path.values()]


async def test_every_body_that_can_be_sent_has_an_example_that_fits(description: dict[str, Any]) -> None:
    bodies = [(one["operationId"], one["requestBody"]["content"]) for one in operations_of(description) if "requestBody" in one]
    assert len(bodies) >= 10
    for name, content in bodies:
        for taken in content.values():
            schema = {**taken["schema"], "components": description["components"]}
            Draft202012Validator(schema).validate(taken["example"])
            assert "…" not in str(taken["example"]), name


async def test_every_operation_that_takes_a_body_says_that_it_may_be_too_large(description: dict[str, Any]) -> None:
    assert all("413" in one["responses"] for one in operations_of(description) if "requestBody" in one)


async def test_the_example_of_an_error_is_that_error(description: dict[str, Any]) -> None:
    shown = {
        (int(status), content["example"]["status"], content["example"]["title"])
        for operation in operations_of(description)
        for status, answer in operation["responses"].items()
        for media_type, content in answer.get("content", {}).items()
        if media_type == "application/problem+json"
    }
    assert {400, 401, 403, 404, 409, 412, 413, 422, 429, 503} <= {status for status, _, _ in shown}
    assert all(shown_as == status and title == HTTPStatus(status).phrase for status, shown_as, title in shown)


async def test_examples_do_not_contradict_themselves(description: dict[str, Any]) -> None:
    paths = description["paths"]
    incident = paths["/api/v1/incidents"]["get"]["responses"]["200"]["content"]["application/json"]["example"]["items"][0]
    assert (incident["stage"], incident["end"], incident["organisation"]) == ("confirmed", None, "ovd-info")
    assert incident["onset"]["by"] <= incident["detected"] <= incident["confirmed_at"] <= incident["updated"]
    feed = paths["/feed.json"]["get"]["responses"]["200"]["content"]["application/feed+json"]["example"]
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    (item,) = feed["items"]
    assert (item["_cutwatch"]["stage"], item["tags"]) == ("confirmed", ["blocking", "confirmed", "ovd-info"])
    stream = paths["/api/v1/stream"]["get"]["responses"]["200"]["content"]["text/event-stream"]["example"]
    cursor, event, data = (line.partition(": ")[2] for line in stream.strip().splitlines())
    sent = json.loads(data)
    assert (cursor, event) == ("CW-2026-0042.3", "incident.confirmed") == (sent["id"], sent["type"])


async def test_cursors_and_headers_have_examples(description: dict[str, Any]) -> None:
    found = {}
    for operation in operations_of(description):
        for parameter in operation.get("parameters", ()):
            if parameter["in"] == "header" or parameter["name"] == "after":
                found[operation["operationId"], parameter["name"].lower()] = parameter["schema"].get("examples")
    assert {name for _, name in found} == {"after", "if-match", "idempotency-key", "last-event-id"}
    assert [where for where, examples in found.items() if not examples] == []


async def test_it_is_said_which_operations_always_need_a_key(description: dict[str, Any]) -> None:
    closed = {one["operationId"] for one in operations_of(description) if one.get("security") == [{"key": []}]}
    assert {"release_incident", "enter_notice", "list_events", "list_deliveries", "replay_delivery"} <= closed
    assert {"list_incidents", "read_feed", "read_health", "follow_alerts", "read_metrics"}.isdisjoint(closed)


async def test_no_reference_of_the_description_leads_nowhere(description: dict[str, Any]) -> None:
    def references(part: Any) -> list[str]:
        if isinstance(part, dict):
            own = [part["$ref"]] if "$ref" in part else []
            return own + [found for value in part.values() for found in references(value)]
        return [found for value in part for found in references(value)] if isinstance(part, list) else []

    found = references(description)
    assert found
    for reference in found:
        target: Any = description
        for step in reference.removeprefix("#/").split("/"):
            target = target[step]
    assert "HTTPValidationError" not in description["components"]["schemas"]


async def test_every_field_of_a_schema_is_described_by_type_or_example(description: dict[str, Any]) -> None:
    schemas = description["components"]["schemas"]
    assert "Incident" in schemas
    assert schemas["Incident"]["properties"]["id"]["examples"] == ["CW-2026-0042"]
    for name, schema in schemas.items():
        assert "enum" in schema or schema.get("description"), name


async def test_the_feed_is_described_by_the_names_it_really_has(description: dict[str, Any]) -> None:
    assert "_cutwatch" in description["components"]["schemas"]["FeedItem"]["properties"]
    content = description["paths"]["/feed.json"]["get"]["responses"]["200"]["content"]
    assert list(content) == ["application/feed+json"]
