"""`cutwatch status` and `cutwatch incidents`, over a store that holds a block."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor.core.incident import Bracket, CaseKey, Change, Incident, apply, record
from monitor.core.kinds import EventKind, IncidentStage, Kind
from monitor.settings import Settings
from monitor.store import Posted, Store, migrate
from probes.kit.vocabulary import Strength
from tests.monitor.commands.conftest import Type, objects

AT = datetime(2021, 12, 25, 9, 0, tzinfo=UTC)


async def plant() -> Incident:
    settings = Settings()
    settings.data_dir.mkdir(mode=0o700, exist_ok=True)
    await asyncio.to_thread(migrate, settings.database)
    store = await Store.open(settings.database)
    change = Change(
        key=CaseKey(organisation="ovd-info", target="ovd.info", family="path", country="RU"),
        kind=Kind.BLOCKING,
        stage=IncidentStage.CONFIRMED,
        onset=Bracket(after=None, by=AT),
        vantages=("moscow",),
        rule="website.tls.reset.sni",
        because="It answers to another name.\x1b[31m",
        strength=Strength.STRONG,
    )
    opened = record("CW-2021-0001", 1, AT, EventKind.OPENED, replace(change, stage=IncidentStage.SUSPECTED))
    confirmed = record("CW-2021-0001", 2, AT, EventKind.CONFIRMED, Change(stage=IncidentStage.CONFIRMED))
    incident = apply(apply(None, opened), confirmed)
    async with store.writing() as writing:
        await writing.append([opened, confirmed], [incident])
    await store.close()
    return incident


async def messages(incident: str) -> list[Posted]:
    store = await Store.open(Settings().database)
    async with store.reading() as reading:
        found = await reading.messages(incident)
    await store.close()
    return found


@pytest.fixture
def blocked(house: Path) -> Incident:
    return asyncio.run(plant())


def test_before_the_first_look_it_says_how_to_begin(cutwatch: Type) -> None:
    assert "cutwatch run" in cutwatch("status").stdout


def test_open_incidents_are_listed_with_what_is_known(blocked: Incident, cutwatch: Type) -> None:
    said = cutwatch("incidents", "list").stdout
    for words in ("CW-2021-0001", "blocking", "ovd-info/ovd.info in RU", "before 2021-12-25 09:00 UTC", "strong"):
        assert words in said
    assert "\x1b[31m" not in said, "a stranger's text does not steer the terminal"


def test_a_person_releases_an_incident_with_a_reason(blocked: Incident, cutwatch: Type) -> None:
    (released,) = objects(cutwatch("incidents", "release", blocked.id, "--reason", "agreed with OVD-Info", "--json"))
    assert (released["tlp"], released["version"]) == ("CLEAR", 3)


def test_a_person_retracts_what_should_not_stand_and_those_who_were_told_are_told(blocked: Incident, cutwatch: Type) -> None:
    (retracted,) = objects(cutwatch("incidents", "retract", blocked.id, "--reason", "our own proxy was broken", "--json"))
    assert (retracted["stage"], retracted["version"]) == ("retracted", 3)
    (message,) = asyncio.run(messages(blocked.id))
    assert message.message.payload["type"] == "incident.retracted"


def test_releasing_what_does_not_exist_says_so(blocked: Incident, cutwatch: Type) -> None:
    result = cutwatch("incidents", "release", "CW-1999-0001", "--reason", "x")
    assert result.exit_code == 2
    assert "cutwatch incidents list" in result.stderr


def test_a_reason_is_asked_for(blocked: Incident, cutwatch: Type) -> None:
    assert cutwatch("incidents", "release", blocked.id).exit_code == 2


def test_an_empty_reason_is_none(blocked: Incident, cutwatch: Type) -> None:
    result = cutwatch("incidents", "release", blocked.id, "--reason", " ")
    assert result.exit_code == 2
    assert "--reason" in result.stderr


def test_releasing_twice_changes_nothing_the_second_time(blocked: Incident, cutwatch: Type) -> None:
    for _ in range(2):
        (released,) = objects(cutwatch("incidents", "release", blocked.id, "--reason", "agreed", "--json"))
    assert released["version"] == 3


def test_a_mistyped_organisation_does_not_read_as_all_is_well(blocked: Incident, cutwatch: Type) -> None:
    assert cutwatch("incidents", "list", "--organisation", "ovdinfo").exit_code == 2
    assert "CW-2021-0001" in cutwatch("incidents", "list", "--organisation", "ovd-info").stdout


def test_a_test_alert_waits_for_the_service(house: Path, cutwatch: Type) -> None:
    (waiting,) = objects(cutwatch("alerts", "test", "staff", "--json"))
    assert waiting["channel"] == "hook"


def test_an_unknown_route_is_named_with_those_that_exist(house: Path, cutwatch: Type) -> None:
    result = cutwatch("alerts", "test", "nobody")
    assert result.exit_code == 2
    assert "staff" in result.stderr
