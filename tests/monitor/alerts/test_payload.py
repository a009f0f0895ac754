"""What is published about a webhook's body is what is sent."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError

from monitor.alerts.payload import TYPES, GroupPayload, IncidentPayload, TryOutPayload, json_schema
from monitor.core import routing
from monitor.core.bundling import Waiting, bundle
from monitor.core.incident import Incident
from monitor.core.kinds import EventKind, IncidentStage, Kind
from monitor.core.message import Message
from monitor.core.model import Tlp
from monitor.core.phrases.gathered import REMINDER
from monitor.core.routing import TOLD_AS
from monitor.core.subscription import Route
from tests.monitor.alerts.channels.parcels import NOW, alarm, owed, together
from tests.monitor.cast import ADDRESS, BLOCKED, DESK, DOWN, ONSET, ended, happening, watchlist

EVERYTHING = Route(id="everything", channels=("desk", "phone"))
DOCS = Path(__file__).resolve().parents[3] / "docs"
PUBLISHED = Draft202012Validator(
    json.loads((DOCS / "webhook.schema.json").read_text(encoding="utf-8")), format_checker=FormatChecker()
)


def as_sent(payload: dict[str, object]) -> object:
    """What a receiver reads."""
    return json.loads(json.dumps(payload))


def told(event: EventKind, incident: Incident) -> Iterator[Message]:
    """What is owed of the event to a channel that may name names, and to a discreet one."""
    stages = {EventKind.REINSTATED: IncidentStage.REINSTATED, EventKind.AVERTED: IncidentStage.AVERTED}
    so = replace(incident, stage=stages.get(event, incident.stage))
    yield from routing.route(happening(event, so), so, watchlist(EVERYTHING), ADDRESS)


@pytest.mark.parametrize("event", TOLD_AS)
@pytest.mark.parametrize("incident", [BLOCKED, DOWN, ended(BLOCKED), replace(DOWN, tlp=Tlp.CLEAR, kind=Kind.DESIGNATION)])
def test_every_message_has_the_published_form(event: EventKind, incident: Incident) -> None:
    for message in told(event, incident):
        PUBLISHED.validate(as_sent(message.payload))
        assert IncidentPayload.model_validate_json(json.dumps(message.payload)).model_dump(
            mode="json", exclude_unset=True
        ) == as_sent(message.payload)


def test_a_reminder_has_its_published_form() -> None:
    last = happening(EventKind.CONFIRMED, BLOCKED)
    reminder = routing.reminder_message(BLOCKED, last, EVERYTHING, DESK, 1, watchlist(EVERYTHING), ADDRESS, NOW)
    assert reminder.payload["type"] == REMINDER
    PUBLISHED.validate(as_sent(reminder.payload))


def test_a_group_has_its_published_form() -> None:
    payload = together(owed(), owed(incident=DOWN), owed(EventKind.SCOPE_CHANGED, replace(BLOCKED, version=3))).payload
    PUBLISHED.validate(as_sent(payload))
    assert GroupPayload.model_validate_json(json.dumps(payload)).model_dump(mode="json", exclude_unset=True) == as_sent(payload)
    assert payload["data"]["items"][0]["details"]["organisation"] == "ovd-info"


def test_what_comes_too_late_has_its_published_form() -> None:
    waiting = [Waiting(message=owed()), Waiting(message=owed(EventKind.ENDED, ended(BLOCKED)))]
    [sealed] = bundle(waiting, (), NOW).parcels
    payload = sealed.parcel.payload
    PUBLISHED.validate(as_sent(payload))
    assert (payload["type"], payload["data"]["late"], payload["data"]["covers"]) == ("incident.ended", True, [2, 3])


def test_a_test_message_has_its_published_form() -> None:
    for message in routing.test_messages(EVERYTHING, watchlist(EVERYTHING), "https://watch.example", ONSET):
        PUBLISHED.validate(as_sent(message.payload))
        assert TryOutPayload.model_validate_json(json.dumps(message.payload)).model_dump(mode="json") == message.payload


@pytest.mark.parametrize("wrong", [{"type": "incident.opened"}, {"type": "group"}, {"time": None}, {"data": {}}])
def test_what_is_not_published_does_not_fit(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        PUBLISHED.validate({**alarm().payload, **wrong})


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
    for name in ("IncidentData", "Item"):
        optional = set(definitions[name]["properties"]) - set(definitions[name]["required"])
        assert optional == {"late", "covers"}


def test_the_example_in_the_documentation_is_what_is_sent() -> None:
    example = (DOCS / "webhook.md").read_text(encoding="utf-8").partition("```json\n")[2].partition("```")[0]
    sent = owed().payload
    shown = json.loads(example)
    beginning = shown["data"].pop("text").removesuffix("…")
    assert sent["data"]["text"].startswith(beginning)
    assert shown == {**sent, "data": {name: value for name, value in sent["data"].items() if name != "text"}}


def test_every_type_of_payload_is_documented() -> None:
    documented = (DOCS / "webhook.md").read_text(encoding="utf-8")
    for kind in (*TYPES, "group", "test"):
        assert f"| `{kind}` |" in documented
