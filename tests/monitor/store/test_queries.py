"""The statements themselves: both databases understand them, and none that is asked often reads a whole table."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Delete, Insert, Select, Update, create_engine, event, make_url

from monitor.store import (
    course_queries,
    date_queries,
    hearing_queries,
    incident_queries,
    look_queries,
    message_queries,
    parcel_queries,
    reader_queries,
)
from tests.monitor.store.cast import NOON

DIALECTS = {"sqlite": make_url("sqlite://").get_dialect()(), "postgresql": make_url("postgresql+psycopg://").get_dialect()()}
MODULES = (
    course_queries,
    date_queries,
    hearing_queries,
    incident_queries,
    look_queries,
    message_queries,
    parcel_queries,
    reader_queries,
)
FIXED = {
    f"{module.__name__}.{name}": value
    for module in MODULES
    for name, value in vars(module).items()
    if isinstance(value, Select | Insert | Update | Delete)
}
BY_DIALECT = {
    f"{module.__name__}.{name}": value
    for module in MODULES
    for name, value in vars(module).items()
    if hasattr(value, "cache_info") and value.__module__ == module.__name__
}


def test_there_are_statements_to_speak_of() -> None:
    assert len(FIXED) > 25
    assert len(BY_DIALECT) > 8


@pytest.mark.parametrize("name", FIXED)
def test_a_fixed_statement_is_understood_by_both_databases(name: str) -> None:
    for dialect in DIALECTS.values():
        assert str(FIXED[name].compile(dialect=dialect))


@pytest.mark.parametrize("name", BY_DIALECT)
def test_a_statement_in_dialect_is_written_in_each(name: str) -> None:
    for database, dialect in DIALECTS.items():
        assert "ON CONFLICT" in str(BY_DIALECT[name](database).compile(dialect=dialect))


def test_a_page_of_incidents_is_understood_by_both_databases() -> None:
    filtered = incident_queries.incidents(
        stages=["confirmed"], country="RU", after="CW-2021-0001", kind="blocking", organisation=None
    )
    for dialect in DIALECTS.values():
        written = str(filtered.compile(dialect=dialect))
        assert "(incident.updated, incident.id) < (SELECT" in written
        assert "incident_country.country = " in written


def plan_of(database: Path, statement: Any, **values: Any) -> list[str]:
    """How SQLite would go about it."""
    engine = create_engine(f"sqlite:///{database}")
    event.listen(engine, "before_cursor_execute", explaining, retval=True)
    with engine.connect() as connection:
        plan = [step for *_, step in connection.execute(statement, values).cursor.fetchall()]
    engine.dispose()
    return plan


def explaining(_connection: object, _cursor: object, statement: str, parameters: Any, *_: Any) -> tuple[str, Any]:
    return f"EXPLAIN QUERY PLAN {statement}", parameters


DUE = {"now": NOON, "soon": NOON, "limit": 9}

SEARCHES: dict[str, tuple[Any, dict[str, Any], str, str]] = {
    "a whole timeline": (course_queries.ENDED_SPANS, {"check_id": "c", "since": NOON}, "span", "(check_id=?)"),
    "hours of a check": (course_queries.HOURS, {"check_id": "c", "since": NOON}, "hour", "(check_id=? AND hour>?)"),
    "looks of a check": (
        look_queries.OBSERVATIONS,
        {"check_id": "c", "since": NOON, "until": NOON, "limit": 9},
        "observation",
        "(check_id=? AND at>? AND at<?)",
    ),
    "recent verdicts": (look_queries.VERDICTS_OF_ALL, {"since": NOON}, "observation", "(at>?)"),
    "verdicts of some": (
        look_queries.VERDICTS_OF_SOME,
        {"since": NOON, "check_ids": ["c", "d"]},
        "observation",
        "(check_id=? AND at>?)",
    ),
    "a place in the log": (
        incident_queries.SEQ_OF_ONCE_MARKED,
        {"incident": "CW-2021-0001", "version": 1, "tlp": "clear"},
        "marking",
        "(incident=?)",
    ),
    "known looks": (look_queries.KNOWN_OBSERVATIONS, {"ids": ["a", "b"]}, "observation", "(id=?)"),
    "known bytes": (look_queries.KNOWN_BLOBS, {"names": [b"a", b"b"]}, "blob", "(sha256=?)"),
    "what may be dropped": (look_queries.DROPPABLE, {"before": NOON, "limit": 9}, "observation", "(at<?)"),
    "what is kept around incidents": (
        look_queries.DROPPABLE,
        {"before": NOON, "limit": 9},
        "incident",
        "(organisation=? AND target=?)",
    ),
    "bytes of looks": (look_queries.BLOBS_OF, {"numbers": [1, 2]}, "observation_blob", "(observation=?)"),
    "orphaned bytes": (look_queries.DROP_ORPHANS, {"numbers": [1, 2]}, "observation_blob", "(blob=?)"),
    "versions": (incident_queries.LAST_VERSIONS, {"incidents": ["a"]}, "incident_event", "(incident=?)"),
    "the log from a number on": (incident_queries.EVENTS_AFTER, {"seq": 1, "limit": 9}, "incident_event", "(rowid>?)"),
    "what may travel": (message_queries.SEALABLE, DUE, "due", "(state=? AND due_at<?)"),
    "who is under way": (message_queries.SEALABLE, DUE, "under_way", "(channel=? AND incident=? AND state=?)"),
    "who travels along": (
        message_queries.SEALABLE,
        DUE,
        "companion",
        "(channel=? AND incident=? AND state=? AND number<?)",
    ),
    "whether anything may travel": (message_queries.ANY_DUE, {"now": NOON}, "due", "(state=? AND due_at<?)"),
    "what is put into a parcel": (message_queries.PUT_IN, {"message": "a", "sealed_in": "p"}, "message", "(id=?)"),
    "what collapses": (message_queries.COLLAPSE, {"messages": ["a"], "now": NOON}, "message", "(id=?)"),
    "parcels that are due": (
        parcel_queries.CLAIM,
        {"now": NOON, "limit": 9, "until": NOON, "worker": "one"},
        "candidate",
        "(state=? AND due_at<?)",
    ),
    "what is in parcels": (parcel_queries.CONTENTS, {"parcels": ["p"]}, "message", "(parcel=?)"),
    "what a parcel gives back": (
        message_queries.TAKEN_OUT,
        {"sealed_in": "p", "due": NOON, "error": "", "tried": 1},
        "message",
        "(parcel=?)",
    ),
    "who was told": (hearing_queries.TURNS, {"incidents": ["a"]}, "message", "(incident=?)"),
    "who is being told": (hearing_queries.BEING_TOLD, {"incidents": ["a"]}, "message", "(incident=?)"),
    "who is called later": (hearing_queries.CALLED_LATER, {"incidents": ["a"]}, "message", "(incident=? AND state=?)"),
    "what stands in": (hearing_queries.SECONDS, {"messages": ["a"]}, "second", "(incident=? AND state=?)"),
    "what stands in for what failed": (
        hearing_queries.SECONDS_OF_FAILED,
        {"messages": ["a"], "attempts": 5},
        "first",
        "(id=?)",
    ),
    "escalations": (hearing_queries.ESCALATIONS, {"now": NOON}, "message", "(state=? AND due_at<?)"),
    "the rest of a story": (
        message_queries.REST_OF_THE_STORY,
        {"incident": "a", "route": "r", "channel": "c", "number": 1},
        "message",
        "(channel=? AND incident=? AND state=? AND number>?)",
    ),
    "messages by name": (message_queries.NAMED, {"names": ["a"]}, "message", "(parcel=?)"),
    "dead letters": (message_queries.dead_letters(since=None, channel=None), {"limit": 9}, "message", "(state=?)"),
    "parcels of a channel": (
        parcel_queries.parcels(after="p", channel="c", state="dead"),
        {"limit": 9},
        "parcel",
        "(channel=? AND state=? AND rowid<?)",
    ),
    "attempts": (parcel_queries.ATTEMPTS, {"parcel": "p"}, "delivery", "(parcel=?)"),
}


SMALL = {"SCAN ready"}
"""What was found already, and is limited."""


@pytest.mark.parametrize("question", SEARCHES)
def test_what_grows_is_searched_by_an_index(database: Path, question: str) -> None:
    statement, values, table, condition = SEARCHES[question]
    plan = plan_of(database, statement, **values)
    assert [step for step in plan if step.startswith(f"SEARCH {table} ") and step.endswith(condition)], plan
    assert not [step for step in plan if step.startswith("SCAN") and step not in SMALL], plan


def test_incidents_felt_in_a_country_are_paged_in_order_and_asked_by_key(database: Path) -> None:
    plan = plan_of(database, incident_queries.incidents(stages=None, country="RU", after=None), limit=9)
    assert plan[0] == "SCAN incident USING INDEX ix_incident_updated_id"
    assert [step for step in plan if "incident_country" in step and step.endswith("(incident=? AND country=?)")]
    assert not [step for step in plan if "TEMP B-TREE" in step]


def test_state_now_reads_no_observation(database: Path) -> None:
    assert not [step for step in plan_of(database, course_queries.CURRENT) if "observation" in step]
