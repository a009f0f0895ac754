"""What a receiver got, taken apart: which events of which incidents, in which order, how often, and what is missing."""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.faults.house import House
from tests.lab.http import Request

TOLD = ("confirmed", "reopened", "reclassified", "scope_changed", "ended", "retracted")
ALARMS = frozenset({"confirmed", "reopened"})
OVER = frozenset({"ended", "retracted"})

TOGETHER = """
select alarm.incident from message alarm join message later
on later.parcel = alarm.parcel and later.incident = alarm.incident and later.version > alarm.version
where alarm.kind = 'alarm' and alarm.state = 'delivered'
"""
"""Incidents whose alarm was still here when its end came: one message tells both."""

Story = tuple[tuple[int, str], ...]
"""Versions and kinds of an incident's events, in order."""


@dataclass(frozen=True, slots=True)
class Account:
    """What was owed and what arrived.

    - `sent`: messages that were owed and did not collapse into others
    - `parcels`: how many different ones arrived
    - `duplicates`: arrivals of what had arrived before
    - `lost`: messages that neither arrived nor became part of one that did
    - `wrong`: sentences about what must not be: a recovery before its alarm, two contents under one id
    """

    sent: int
    delivered: int
    parcels: int
    duplicates: int
    lost: int
    wrong: tuple[str, ...]

    def __str__(self) -> str:
        return (
            f"sent {self.sent}, delivered {self.delivered} in {self.parcels} parcels, duplicates {self.duplicates}, "
            f"lost = {self.lost}, wrong = {len(self.wrong)}"
        )


def account(house: House, accepted: Iterable[Request]) -> Account:
    """Compare what the receiver accepted with what the outbox says was owed, and with the log of events."""
    requests = list(accepted)
    bodies: dict[str, bytes] = {}
    wrong = []
    for request in requests:
        name = request.headers["webhook-id"]
        if bodies.setdefault(name, request.body) != request.body:
            wrong.append(f"{name} came with two contents")
    told = _told(bodies.values())
    together = {str(row[0]) for row in house.rows(TOGETHER)}
    owed = [(str(name), str(parcel)) for name, parcel, state in _messages(house) if state not in {"collapsed", "cancelled"}]
    lost = [name for name, parcel in owed if parcel not in bodies]
    wrong += _wrong(_log(house), told, together)
    return Account(
        sent=len(owed),
        delivered=len(owed) - len(lost),
        parcels=len(bodies),
        duplicates=len(requests) - len(bodies),
        lost=len(lost),
        wrong=tuple(wrong),
    )


def _messages(house: House) -> list[tuple[object, ...]]:
    return house.rows("select id, parcel, state from message order by number")


def _log(house: House) -> dict[str, Story]:
    found: dict[str, list[tuple[int, str]]] = {}
    for incident, version, kind in house.rows("select incident, version, kind from incident_event order by seq"):
        found.setdefault(incident, []).append((version, kind))
    return {incident: tuple(story) for incident, story in found.items()}


def _told(bodies: Iterable[bytes]) -> dict[str, list[int]]:
    """By incident the versions that were told, in the order in which they first arrived."""
    told: dict[str, list[int]] = {}
    for body in bodies:
        for incident, version in _news(json.loads(body)):
            told.setdefault(incident, []).append(version)
    return told


def _news(payload: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    data = payload["data"]
    if payload["type"] == "group":
        for one in data["incidents"]:
            incident, _, version = one.partition("/")
            yield incident, int(version)
    elif "incident" in data:
        yield data["incident"], data["version"]


def _wrong(log: Mapping[str, Story], told: Mapping[str, list[int]], together: Collection[str]) -> list[str]:
    """What must not be, seen from the receiver's chair. What came `together` is told once, and late."""
    found = []
    for incident, story in log.items():
        kinds = dict(story)
        owed = [(version, kind) for version, kind in story if kind in TOLD and _was_confirmed(story, version)]
        heard = told.get(incident, [])
        if heard != sorted(heard):
            found.append(f"{incident} came out of order: {heard}")
        if owed and owed[-1][0] not in heard and not _never_mattered(owed):
            found.append(f"of {incident} the last news, {owed[-1]}, never came")
        alarmed = incident in together
        for version in heard:
            alarmed = alarmed or kinds[version] in ALARMS
            if kinds[version] in OVER and not alarmed:
                found.append(f"{incident} was said to be over, and had never been told")
    return found


def _was_confirmed(story: Story, version: int) -> bool:
    return any(kind == "confirmed" and number <= version for number, kind in story)


def _never_mattered(owed: list[tuple[int, str]]) -> bool:
    """Whether it was taken back before anybody was told of it."""
    return Counter(kind for _, kind in owed)["retracted"] > 0
