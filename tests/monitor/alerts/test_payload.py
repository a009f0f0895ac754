"""What is published about a webhook's body is what is sent."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from monitor.alerts.payload import IncidentPayload, TryOutPayload, json_schema
from monitor.core import routing
from monitor.core.incident import EventKind, Incident, Kind
from monitor.core.routing import TOLD_AS
from monitor.core.watchlist import Route, Tlp
from tests.monitor.cast import ADDRESS, BLOCKED, DOWN, ONSET, ended, happening, watchlist

EVERYTHING = Route(id="everything", channels=("desk", "phone"))
DOCS = Path(__file__).resolve().parents[3] / "docs"


@pytest.mark.parametrize("event", TOLD_AS)
@pytest.mark.parametrize("incident", [BLOCKED, DOWN, ended(BLOCKED), replace(DOWN, tlp=Tlp.CLEAR, kind=Kind.DESIGNATION)])
def test_every_message_has_the_published_form(event: EventKind, incident: Incident) -> None:
    for message in routing.route(happening(event, incident), incident, watchlist(EVERYTHING), ADDRESS):
        assert IncidentPayload.model_validate_json(json.dumps(message.payload)).model_dump(mode="json") == message.payload


def test_a_test_message_has_its_published_form() -> None:
    for message in routing.test_messages(EVERYTHING, watchlist(EVERYTHING), ONSET):
        assert TryOutPayload.model_validate_json(json.dumps(message.payload)).model_dump(mode="json") == message.payload


def test_the_published_schema_is_current() -> None:
    published = (DOCS / "webhook.schema.json").read_text(encoding="utf-8")
    assert published == json_schema(), "write monitor.alerts.payload.json_schema() to docs/webhook.schema.json"


def test_the_schema_stands_on_its_own() -> None:
    schema = json.loads(json_schema())
    definitions = schema["$defs"]
    references = {part.partition('"')[0] for part in json_schema().split('"#/$defs/')[1:]}
    assert references <= set(definitions)
    assert "additionalProperties" not in json_schema(), "a receiver must not choke on a field that is added later"
    assert "confirmed" in definitions["IncidentPayload"]["properties"]["type"]["pattern"]
    assert set(definitions["IncidentData"]["required"]) == set(definitions["IncidentData"]["properties"])


def test_the_example_in_the_documentation_is_what_is_sent() -> None:
    example = (DOCS / "webhook.md").read_text(encoding="utf-8").partition("```json\n")[2].partition("```")[0]
    [sent, _] = routing.route(happening(EventKind.CONFIRMED, BLOCKED), BLOCKED, watchlist(EVERYTHING), ADDRESS)
    shown = json.loads(example)
    beginning = shown["data"].pop("text").removesuffix("…")
    assert sent.payload["data"]["text"].startswith(beginning)
    assert shown == {**sent.payload, "data": {name: value for name, value in sent.payload["data"].items() if name != "text"}}


def test_every_type_of_payload_is_documented() -> None:
    documented = (DOCS / "webhook.md").read_text(encoding="utf-8")
    for kind in TOLD_AS:
        assert f"| `incident.{kind.value}` |" in documented
