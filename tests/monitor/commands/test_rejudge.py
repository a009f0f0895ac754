"""`cutwatch rejudge`: the looks of a week, judged by rules that were wrong, are judged once more by those of today."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.core.incident import Bracket, CaseKey, Change, Incident, apply, record
from monitor.core.kinds import EventKind, IncidentStage, Kind
from monitor.core.plan import check_id
from monitor.core.verdict import Verdict
from monitor.service.wiring import only_one
from monitor.settings import Settings
from monitor.store import Judged, Span, Store, migrate
from probes.kit.observation import Facts, Observation
from probes.kit.vocabulary import State, Strength
from tests.monitor.commands.conftest import Type, objects
from tests.probes.telling import both, seen
from tests.probes.website.stories import HTTPS, fine, swapped

FIRST = datetime(2021, 12, 25, 9, 0, tzinfo=UTC)
EVERY = timedelta(minutes=5)
CHECK = check_id("ovd-info", "site", "website", "here")
OURS = "CW-2021-0001"
WHY = ("--apply", "--reason", "the rule took a hold for a reset")

Looks = list[tuple[Facts, State]]


@pytest.fixture
def house(house: Path) -> Path:
    """The site of the stories of the website probe is what is watched."""
    file = house / "config" / "organisations" / "ovd-info.yaml"
    file.write_text(file.read_text("utf-8").replace("{id: ovd.info, url: 'https://ovd.info/'}", f"{{id: site, url: '{HTTPS}'}}"))
    return house


def a_look(number: int, facts: Facts, state: State) -> Judged:
    """What was seen, and what the rules of that day took it for."""
    at = FIRST + number * EVERY
    control = both(fine()) if state is not State.OK or facts != fine() else ()
    observation = replace(seen(facts, control, at=at), id=f"look-{number:03d}", check=CHECK, vantage="here", country="DE")
    return Judged(observation=observation, verdict=a_verdict(observation, state))


def a_verdict(observation: Observation, state: State) -> Verdict:
    return Verdict(
        observation=observation.id,
        check=CHECK,
        organisation="ovd-info",
        target="site",
        probe="website",
        vantage="here",
        country="DE",
        at=observation.started_at,
        state=state,
        rule=f"website.old.{state}",
        because="An old rule said so.",
        strength=Strength.STRONG,
        ruleset="website/0",
    )


async def in_store(doing: Callable[[Store], Any]) -> Any:
    settings = Settings()
    settings.data_dir.mkdir(mode=0o700, exist_ok=True)
    await asyncio.to_thread(migrate, settings.database)
    store = await Store.open(settings.database)
    try:
        return await doing(store)
    finally:
        await store.close()


def plant(looks: Looks) -> None:
    async def write(store: Store) -> None:
        async with store.writing() as writing:
            await writing.add_looks([a_look(number, *look) for number, look in enumerate(looks)])

    asyncio.run(in_store(write))


def plant_incident(onset: int, end: int | None = None) -> None:
    """What was concluded at the time, from the look with number `onset` on."""
    began = Bracket(after=FIRST + (onset - 1) * EVERY, by=FIRST + onset * EVERY)
    change = Change(
        key=CaseKey(organisation="ovd-info", target="site", family="path", country="DE"),
        kind=Kind.BLOCKING,
        stage=IncidentStage.SUSPECTED,
        onset=began,
        vantages=("here",),
        mechanisms=(),
        rule="website.old.blocked",
        because="An old rule said so.",
        strength=Strength.STRONG,
    )
    events = [
        record(OURS, 1, began.by, EventKind.OPENED, change),
        record(OURS, 2, began.by, EventKind.CONFIRMED, Change(stage=IncidentStage.CONFIRMED)),
    ]
    if end is not None:
        over = Bracket(after=FIRST + (end - 1) * EVERY, by=FIRST + end * EVERY)
        events.append(record(OURS, 3, over.by, EventKind.ENDED, Change(stage=IncidentStage.ENDED, end=over)))
    incident = None
    for event in events:
        incident = apply(incident, event)

    async def write(store: Store) -> None:
        async with store.writing() as writing:
            await writing.append(events, [incident])

    asyncio.run(in_store(write))


def incident(name: str = OURS) -> Incident:
    async def read(store: Store) -> Incident:
        async with store.reading() as reading:
            return await reading.incident(name)

    found: Incident = asyncio.run(in_store(read))
    return found


def spans() -> list[Span]:
    async def read(store: Store) -> list[Span]:
        async with store.reading() as reading:
            return await reading.spans(CHECK, FIRST - timedelta(days=1))

    found: list[Span] = asyncio.run(in_store(read))
    return found


def hours() -> dict[tuple[int, str], int]:
    async def read(store: Store) -> dict[tuple[int, str], int]:
        async with store.reading() as reading:
            return {(one.hour.hour, one.state): one.looks for one in await reading.hours(CHECK, FIRST)}

    found: dict[tuple[int, str], int] = asyncio.run(in_store(read))
    return found


def reset() -> Facts:
    return swapped("connection_reset")


WELL: Looks = [(fine(), State.OK)] * 6
FALSELY_BLOCKED: Looks = [(fine(), State.BLOCKED)] * 24
OVERLOOKED: Looks = [(reset(), State.UNCLEAR)] * 24


def test_where_nothing_would_differ_it_says_so(cutwatch: Type, house: Path) -> None:
    plant(WELL)
    cutwatch("rejudge", *WHY)
    (summary,) = objects(cutwatch("rejudge", "--json"))
    assert summary == {"looks": 6, "changed": 0, "left_out": 0, "applied": False}
    assert "No incident would change." in cutwatch("rejudge").stdout


def test_a_false_block_would_be_retracted_and_nothing_is_written_before_one_says_so(cutwatch: Type, house: Path) -> None:
    plant([*WELL, *FALSELY_BLOCKED])
    plant_incident(onset=6)
    summary, *rest = objects(cutwatch("rejudge", "--json"))
    assert (summary["looks"], summary["changed"]) == (30, 30)
    assert rest[0]["before"] == {"state": "blocked", "rule": "website.old.blocked"}
    assert (rest[0]["now"]["state"], rest[0]["looks"]) == ("ok", 24)
    assert (rest[-1]["what"], rest[-1]["incident"]) == ("gone", OURS)
    assert incident().stage is IncidentStage.CONFIRMED
    assert [span.state for span in spans()] == [State.OK, State.BLOCKED]


def test_written_down_it_is_retracted_with_the_reason_and_the_past_is_told_anew(cutwatch: Type, house: Path) -> None:
    plant([*WELL, *FALSELY_BLOCKED])
    plant_incident(onset=6)
    assert cutwatch("rejudge", *WHY).exit_code == 0
    assert incident().stage is IncidentStage.RETRACTED
    ((since, until, state, looks),) = [(one.started_at, one.last_at, one.state, one.looks) for one in spans()]
    assert (since, until, state, looks) == (FIRST, FIRST + 29 * EVERY, State.OK, 30)
    assert hours() == {(9, "ok"): 12, (10, "ok"): 12, (11, "ok"): 6}
    assert "No incident would change." in cutwatch("rejudge").stdout


def test_an_overlooked_block_would_be_confirmed(cutwatch: Type, house: Path) -> None:
    plant([*WELL, *OVERLOOKED])
    *_, new = objects(cutwatch("rejudge", "--json"))
    assert (new["what"], new["incident"], new["replayed"]["kind"]) == ("new", None, "blocking")
    assert cutwatch("rejudge", *WHY).exit_code == 0
    found = objects(cutwatch("incidents", "list", "--json"))
    assert [(one["stage"], one["rule"]) for one in found] == [("confirmed", "website.tls.reset.sni")]
    assert found[0]["onset"] == {"after": "2021-12-25T09:25:00Z", "by": "2021-12-25T09:30:00Z"}
    assert "No incident would change." in cutwatch("rejudge").stdout


def test_what_was_written_down_is_told_by_its_number(cutwatch: Type, house: Path) -> None:
    plant([*WELL, *OVERLOOKED])
    assert "would be confirmed:  (new)  confirmed blocking" in cutwatch("rejudge").stdout
    told = cutwatch("rejudge", *WHY).stdout
    (found,) = objects(cutwatch("incidents", "list", "--json"))
    assert f"was confirmed:  {found['id']}  confirmed blocking" in told
    assert "written down" in told


def test_written_down_twice_it_changes_nothing_more(cutwatch: Type, house: Path) -> None:
    plant([*WELL, *OVERLOOKED, *FALSELY_BLOCKED])
    plant_incident(onset=9)
    *_, first = objects(cutwatch("rejudge", *WHY, "--json"))
    before = incident(), spans(), hours()
    assert (first["incident"], before[0].version) == (OURS, 4)
    assert objects(cutwatch("rejudge", *WHY, "--json")) == [{"looks": 54, "changed": 0, "left_out": 0, "applied": True}]
    assert "No incident has changed." in cutwatch("rejudge", *WHY).stdout
    assert (incident(), spans(), hours()) == before


def test_every_difference_stands_on_a_line_of_its_own(cutwatch: Type, house: Path) -> None:
    plant([*WELL, *[(reset(), State.BLOCKED)] * 24])
    plant_incident(onset=9)
    lines = cutwatch("rejudge").stdout.splitlines()
    assert "      rule: website.old.blocked -> website.tls.reset.sni" in lines
    assert "      mechanisms: none -> tls.reset.sni" in lines


def test_what_is_told_in_other_terms_is_corrected(cutwatch: Type, house: Path) -> None:
    plant([*WELL, *[(reset(), State.BLOCKED)] * 24])
    plant_incident(onset=9)
    *_, corrected = objects(cutwatch("rejudge", "--json"))
    assert (corrected["what"], corrected["incident"]) == ("otherwise", OURS)
    assert set(corrected["fields"]) == {"onset", "rule", "mechanisms"}
    assert cutwatch("rejudge", *WHY).exit_code == 0
    now = incident()
    assert (now.rule, now.onset.by, now.stage) == ("website.tls.reset.sni", FIRST + 6 * EVERY, IncidentStage.CONFIRMED)
    assert now.because != "An old rule said so."


def test_what_people_have_decided_is_left_alone(cutwatch: Type, house: Path) -> None:
    plant([*WELL, *FALSELY_BLOCKED])
    plant_incident(onset=6)
    assert cutwatch("incidents", "retract", OURS, "--reason", "a test of our own").exit_code == 0
    assert "No incident would change." in cutwatch("rejudge").stdout


def test_what_began_before_the_looks_that_are_read_is_left_alone(cutwatch: Type, house: Path) -> None:
    plant([*WELL, *FALSELY_BLOCKED])
    plant_incident(onset=6)
    assert "No incident would change." in cutwatch("rejudge", "--since", "2021-12-25T10:30").stdout


def test_an_hour_that_has_lost_looks_and_all_before_it_stay_as_they_were(cutwatch: Type, house: Path) -> None:
    plant([*WELL, *FALSELY_BLOCKED])
    plant_incident(onset=6)

    async def drop(store: Store) -> None:
        async with store.writing() as writing:
            assert await writing.drop_observations(FIRST + 3 * EVERY, 100) == 0
            await writing._connection.exec_driver_sql("DELETE FROM observation WHERE id = 'look-013'")

    asyncio.run(in_store(drop))
    assert cutwatch("rejudge", *WHY).exit_code == 0
    assert hours() == {(9, "ok"): 6, (9, "blocked"): 6, (10, "blocked"): 12, (11, "ok"): 6}
    assert [(span.state, span.started_at) for span in spans()] == [
        (State.OK, FIRST),
        (State.BLOCKED, FIRST + 6 * EVERY),
        (State.OK, FIRST + 24 * EVERY),
    ]


def test_what_would_be_over_by_now_ends(cutwatch: Type, house: Path) -> None:
    plant([*WELL, *[(reset(), State.BLOCKED)] * 24, *[(fine(), State.BLOCKED)] * 24])
    plant_incident(onset=6)
    *_, ended = objects(cutwatch("rejudge", "--json"))
    assert "end" in ended["fields"]
    assert cutwatch("rejudge", *WHY).exit_code == 0
    now = incident()
    assert (now.stage, now.end.by) == (IncidentStage.ENDED, FIRST + 30 * EVERY)
    assert "No incident would change." in cutwatch("rejudge").stdout


def test_what_would_not_be_over_opens_again(cutwatch: Type, house: Path) -> None:
    plant([*WELL, *[(reset(), State.BLOCKED)] * 12, *[(reset(), State.OK)] * 24])
    plant_incident(onset=6, end=18)
    assert cutwatch("rejudge", *WHY).exit_code == 0
    now = incident()
    assert (now.stage, now.end) == (IncidentStage.CONFIRMED, None)
    assert "No incident would change." in cutwatch("rejudge").stdout


def test_who_was_not_heard_proves_nothing(cutwatch: Type, house: Path) -> None:
    plant([*WELL, *FALSELY_BLOCKED])
    plant_incident(onset=6)
    file = house / "config" / "organisations" / "ovd-info.yaml"
    file.write_text(file.read_text("utf-8").replace("id: site", "id: other"), "utf-8")
    assert "No incident would change." in cutwatch("rejudge").stdout


def test_looks_at_what_is_no_longer_configured_are_left_out(cutwatch: Type, house: Path) -> None:
    plant(WELL)
    file = house / "config" / "organisations" / "ovd-info.yaml"
    file.write_text(file.read_text("utf-8").replace("id: site", "id: other"), "utf-8")
    (summary,) = objects(cutwatch("rejudge", "--json"))
    assert (summary["looks"], summary["left_out"]) == (0, 6)


@pytest.fixture
def running(house: Path) -> Iterator[None]:
    with only_one(Settings().data_dir):
        yield


@pytest.mark.usefixtures("running")
def test_nothing_is_written_while_the_service_runs(cutwatch: Type) -> None:
    plant([*WELL, *FALSELY_BLOCKED])
    plant_incident(onset=6)
    refused = cutwatch("rejudge", *WHY)
    assert refused.exit_code == 1
    assert "nothing was written: the service runs" in refused.stderr
    assert "stop it" in refused.stderr
    assert incident().stage is IncidentStage.CONFIRMED
    assert cutwatch("rejudge", "--json").exit_code == 0


def test_writing_down_asks_for_a_reason(cutwatch: Type, house: Path) -> None:
    refused = cutwatch("rejudge", "--apply", "--reason", " ")
    assert (refused.exit_code, "--reason" in refused.stderr) == (2, True)
