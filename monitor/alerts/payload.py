"""What a webhook's body holds: the published form of a message, as `{type, time, data}` (Standard Webhooks).

`docs/webhook.schema.json` is generated from these models. Fields are only ever added; what is not known is null, never
left out.
"""

import json
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from monitor.core.incident import EventKind, IncidentStage, Kind, Origin
from monitor.core.routing import TOLD_AS
from monitor.core.watchlist import Language, Severity, Tlp
from probes.kit.vocabulary import Strength


class _Part(BaseModel):
    # Unknown fields are not forbidden: the schema must still fit when a later version sends more.
    model_config = ConfigDict(frozen=True)


class Moment(_Part):
    """When something happened, as far as looks can tell: after `after` (null: not known), at the latest at `by`."""

    after: datetime | None
    by: datetime


class Details(_Part):
    """What is known of the incident."""

    organisation: str | None = Field(
        description="id of the organisation, as in the configuration and all addresses; null: a whole network is cut off"
    )
    target: str | None = Field(description="id of the target within its organisation")
    kind: Kind
    countries: tuple[str, ...] = Field(description="ISO 3166 codes of where the loss is felt; empty: everywhere")
    provider: str | None = Field(description="id of the provider that acted, if one did")
    origin: Origin
    strength: Strength
    rule: str = Field(description="permanent id of the rule that judged so")
    because: str = Field(description="that rule's reason, in English")
    mechanisms: tuple[str, ...] = Field(description="how the way was disturbed, such as tls.reset.sni")
    intermittent: bool = Field(description="whether it had ended and came back")
    onset: Moment
    end: Moment | None


class IncidentData(_Part):
    """News of an incident."""

    incident: str = Field(description="the incident's number, such as CW-2026-0042")
    version: int = Field(description="counts the incident's events; the higher version is the newer")
    stage: IncidentStage
    severity: Severity = Field(description="page: act now; morning: can wait until morning; digest: no hurry")
    tlp: Tlp
    language: Language
    title: str
    text: str = Field(description="the message in words, one paragraph per line")
    url: str = Field(description="the incident's page")
    url_api: str = Field(description="the incident in the API")
    details: Details | None = Field(description="null where the case is not public and the channel is discreet")


class TryOutData(_Part):
    """A try-out of a route."""

    language: Language
    title: str
    text: str


class IncidentPayload(_Part):
    """Something has happened to an incident."""

    type: str = Field(pattern=rf"^incident\.({'|'.join(kind.value for kind in EventKind if kind in TOLD_AS)})$")
    time: datetime = Field(description="when it happened, UTC")
    data: IncidentData


class TryOutPayload(_Part):
    """Nothing has happened: somebody tries out a route."""

    type: Literal["test"]
    time: datetime
    data: TryOutData


def json_schema() -> str:
    """The JSON Schema of all payloads, as it is published."""
    variants = {model.__name__: model for model in (IncidentPayload, TryOutPayload)}
    parts = {
        name: model.model_json_schema(mode="serialization", ref_template="#/$defs/{model}") for name, model in variants.items()
    }
    definitions = {name: part for schema in parts.values() for name, part in schema.pop("$defs", {}).items()}
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Cutwatch webhook payload",
        "oneOf": [{"$ref": f"#/$defs/{name}"} for name in variants],
        "$defs": definitions | parts,
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
