"""The statements themselves: both databases understand them, and none that is asked often reads a whole table."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Delete, Insert, Select, Update, create_engine, event, make_url

from monitor.store import queries
from tests.monitor.store.cast import NOON

DIALECTS = {"sqlite": make_url("sqlite://").get_dialect()(), "postgresql": make_url("postgresql+psycopg://").get_dialect()()}
FIXED = {name: value for name, value in vars(queries).items() if isinstance(value, Select | Insert | Update | Delete)}
BY_DIALECT = {
    name: value for name, value in vars(queries).items() if hasattr(value, "cache_info") and value.__module__ == queries.__name__
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
    filtered = queries.incidents(stages=["confirmed"], after="CW-2021-0001", kind="blocking", organisation=None)
    for dialect in DIALECTS.values():
        assert "(incident.updated, incident.id) < (SELECT" in str(filtered.compile(dialect=dialect))


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


SEARCHES: dict[str, tuple[Any, dict[str, Any], str, str]] = {
    "a whole timeline": (queries.ENDED_SPANS, {"check_id": "c", "since": NOON}, "span", "(check_id=?)"),
    "hours of a check": (queries.HOURS, {"check_id": "c", "since": NOON}, "hour", "(check_id=? AND hour>?)"),
    "looks of a check": (
        queries.OBSERVATIONS,
        {"check_id": "c", "since": NOON, "until": NOON, "limit": 9},
        "observation",
        "(check_id=? AND at>? AND at<?)",
    ),
    "recent verdicts": (queries.VERDICTS_OF_ALL, {"since": NOON}, "observation", "(at>?)"),
    "verdicts of some": (
        queries.VERDICTS_OF_SOME,
        {"since": NOON, "check_ids": ["c", "d"]},
        "observation",
        "(check_id=? AND at>?)",
    ),
    "known looks": (queries.KNOWN_OBSERVATIONS, {"ids": ["a", "b"]}, "observation", "(id=?)"),
    "known bytes": (queries.KNOWN_BLOBS, {"names": [b"a", b"b"]}, "blob", "(sha256=?)"),
    "what may be dropped": (queries.DROPPABLE, {"before": NOON, "limit": 9}, "observation", "(at<?)"),
    "bytes of looks": (queries.BLOBS_OF, {"numbers": [1, 2]}, "observation_blob", "(observation=?)"),
    "orphaned bytes": (queries.DROP_ORPHANS, {"numbers": [1, 2]}, "observation_blob", "(blob=?)"),
    "versions": (queries.LAST_VERSIONS, {"incidents": ["a"]}, "incident_event", "(incident=?)"),
    "the log from a number on": (queries.EVENTS_AFTER, {"seq": 1, "limit": 9}, "incident_event", "(rowid>?)"),
    "what is due": (
        queries.CLAIM,
        {"now": NOON, "limit": 9, "until": NOON, "worker": "one"},
        "candidate",
        "(state=? AND due_at<?)",
    ),
    "who is before in line": (
        queries.CLAIM,
        {"now": NOON, "limit": 9, "until": NOON, "worker": "one"},
        "earlier",
        "(channel=? AND incident=? AND number<?)",
    ),
}


@pytest.mark.parametrize("question", SEARCHES)
def test_what_grows_is_searched_by_an_index(database: Path, question: str) -> None:
    statement, values, table, condition = SEARCHES[question]
    plan = plan_of(database, statement, **values)
    assert [step for step in plan if step.startswith(f"SEARCH {table} ") and step.endswith(condition)], plan
    assert not [step for step in plan if step.startswith("SCAN")], plan


def test_state_now_reads_no_observation(database: Path) -> None:
    assert not [step for step in plan_of(database, queries.CURRENT) if "observation" in step]
