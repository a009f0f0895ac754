"""What a webhook's body holds: the published form of a message, as `{type, time, data}` (Standard Webhooks).

`docs/webhook.schema.json` is generated from these models. Fields are only ever added; what is not known is null, never
left out. Only `late` and `covers` are left out where there is nothing to say of them.
"""

import json
import re
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from monitor.core.kinds import EventKind, IncidentStage, Kind, Origin, Severity
from monitor.core.model import Language, Tlp
from monitor.core.phrases.gathered import REMINDER
from monitor.core.routing import TOLD_AS
from probes.kit.vocabulary import Strength

TYPES = (*(f"incident.{kind.value}" for kind in EventKind if kind in TOLD_AS), REMINDER)
"""All types of payloads that tell of one incident."""

IncidentType = Annotated[str, Field(pattern=f"^({'|'.join(map(re.escape, TYPES))})$")]


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
    organisation_name: str | None = Field(description="what it is called in the message's language")
    target: str | None = Field(description="id of the target within its organisation")
    kind: Kind
    countries: tuple[str, ...] = Field(description="ISO 3166 codes of where the loss is felt; empty: everywhere")
    provider: str | None = Field(description="id of the provider that acted, if one did")
    origin: Origin
    strength: Strength | None = Field(description="null where nobody looked")
    rule: str | None = Field(description="permanent id of the rule that judged so; null where nobody looked")
    because: str = Field(description="that rule's reason, in English")
    mechanisms: tuple[str, ...] = Field(description="how the way was disturbed, such as tls.reset.sni")
    intermittent: bool = Field(description="whether it had ended and came back")
    onset: Moment | None = Field(description="null where no source says when it began")
    end: Moment | None


Late = Annotated[bool, Field(description="true: this receiver was not told of the alarm while it lasted")]

Covers = Annotated[
    tuple[int, ...], Field(description="versions of the incident that this message tells of, where it takes the place of several")
]


class _News(_Part):
    incident: str = Field(description="the incident's number, such as CW-2026-0042")
    version: int = Field(description="counts the incident's events; the higher version is the newer")
    stage: IncidentStage
    severity: Severity = Field(description="of this news: page: act now; morning: can wait until morning; digest: no hurry")
    incident_severity: Severity = Field(description="of the incident itself: that it is over can wait, whatever it was")
    tlp: Tlp
    title: str
    url: str = Field(description="the incident's page")
    url_api: str = Field(description="the incident in the API")
    details: Details | None = Field(description="null where the case is not public and the channel is discreet")
    late: Late = False
    covers: Covers = ()


class IncidentData(_News):
    """News of an incident."""

    language: Language
    text: str = Field(description="the message in words, one paragraph per line")


class Item(_News):
    """One of several messages that travel together, in short."""

    id: str = Field(description="the message's own id, under which it would have travelled alone")
    type: IncidentType


class GroupData(_Part):
    """News of several incidents, or several of one."""

    language: Language
    severity: Severity = Field(description="of the most urgent news of what still stands; none: all of it is over")
    title: str
    text: str = Field(description="all of it in words, one paragraph per line")
    count: int = Field(description="how many messages this stands for")
    incidents: tuple[Annotated[str, Field(pattern=r"^[^/]+/\d+$")], ...] = Field(
        description="number and version of each, such as CW-2026-0042/3, as far as they fit"
    )
    items: tuple[Item, ...] = Field(description="the first of them, as far as they fit")


class TryOutData(_Part):
    """A try-out of a route."""

    language: Language
    title: str
    text: str
    url: str = Field(description="where people find us")


class IncidentPayload(_Part):
    """Something has happened to an incident, or it stands open and nobody has acknowledged it (`incident.reminder`)."""

    type: IncidentType
    time: datetime = Field(description="when it happened, UTC")
    data: IncidentData


class GroupPayload(_Part):
    """Several things have happened, and travel together."""

    type: Literal["group"]
    time: datetime = Field(description="when the last of them happened, UTC")
    data: GroupData


class TryOutPayload(_Part):
    """Nothing has happened: somebody tries out a route."""

    type: Literal["test"]
    time: datetime
    data: TryOutData


def json_schema() -> str:
    """The JSON Schema of all payloads, as it is published."""
    variants = {model.__name__: model for model in (IncidentPayload, GroupPayload, TryOutPayload)}
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
