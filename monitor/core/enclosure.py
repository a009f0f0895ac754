"""What a parcel says: the payload of one message, or of several that travel together. Pure.

It says only what its messages say, so it names nobody whom they do not name. The same messages always give the same payload.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from monitor.core import wording
from monitor.core.grouping import DIGEST
from monitor.core.hearing import Late
from monitor.core.message import Message
from monitor.core.phrases import gathered

GROUP: Final = "group"
"""The type of a payload that tells of several messages."""

SHOWN: Final = 30
"""Messages of which a payload tells more than the incident's number, at most."""

ROOM: Final = 19_000
"""Bytes of JSON that a payload of several may take: below the 20 kB that a webhook may have, whatever is in it."""

_ITEM: Final = (
    "incident",
    "version",
    "stage",
    "severity",
    "incident_severity",
    "tlp",
    "title",
    "url",
    "url_api",
    "details",
    "late",
    "covers",
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A message that is told, with earlier ones of the same incident that it covers, in order.

    - `late`: what it is to those who were not told of the alarm while it lasted; None where they were
    - `again`: somebody asked to have it once more
    """

    message: Message
    covered: tuple[Message, ...] = ()
    late: Late | None = None
    again: bool = False

    @property
    def messages(self) -> tuple[Message, ...]:
        """All of them, in order."""
        return (*self.covered, self.message)


def of_one(entry: Entry) -> dict[str, Any]:
    """The payload of a message. One that covers others says which versions of the incident they told, and its own."""
    payload = entry.message.payload
    if not entry.covered:
        return payload
    data = {**payload["data"], "covers": sorted({one.version for one in entry.messages})}
    if entry.late:
        data |= {"late": True, "text": wording.told_late(data["text"], data["language"], entry.late)}
    return {**payload, "data": data}


def of_several(entries: Sequence[Entry]) -> dict[str, Any]:
    """What several say: all numbers as far as they fit, the first messages in short as far as they fit, a text for people."""
    payloads = [of_one(entry) for entry in entries]
    language = payloads[0]["data"]["language"]
    words = wording.of_digest if all(entry.message.bundle == DIGEST for entry in entries) else wording.of_group
    told = [{"type": one["type"], **one["data"]} for one in payloads]
    text = words(told, language)
    data = {"language": language, "severity": gathered.most_urgent(told).value, "title": text.title, "text": text.body}
    data |= {"count": len(entries)}
    room = ROOM - _size(data)
    numbers = (f"{entry.message.incident}/{entry.message.version}" for entry in entries if entry.message.incident)
    incidents = _fitting(numbers, room)
    items = (_item(entry.message.id, payload) for entry, payload in zip(entries[:SHOWN], payloads, strict=False))
    data |= {"incidents": incidents, "items": _fitting(items, room - _size(incidents))}
    return {"type": GROUP, "time": max(one["time"] for one in payloads), "data": data}


def _item(name: str, payload: dict[str, Any]) -> dict[str, Any]:
    data = payload["data"]
    return {"id": name, "type": payload["type"], **{field: data[field] for field in _ITEM if field in data}}


def _fitting(parts: Iterable[Any], room: int) -> list[Any]:
    """As many of the first parts as `room` bytes of JSON can hold."""
    fitting: list[Any] = []
    for part in parts:
        room -= _size(part) + 1
        if room < 0:
            break
        fitting.append(part)
    return fitting


def _size(part: Any) -> int:
    return len(json.dumps(part, ensure_ascii=False, separators=(",", ":")).encode())
