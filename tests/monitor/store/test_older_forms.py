"""A database of every older form, with something in it of every kind: after the upgrade all is there, and goes on."""

from collections.abc import Mapping
from typing import Any

import alembic.command
import pytest
from sqlalchemy import Connection, MetaData, insert

from monitor.core.keys import Scope, make_key
from monitor.store import Attempt, Store, course_rows, incident_rows, look_rows, message_rows, migrate, reader_rows
from monitor.store.packing import compressed
from monitor.store.session import writing_engine
from tests.monitor.store.cast import MOSCOW, NOON, PAGE, a_look, after, confirmed, kept, opened
from tests.monitor.store.workers import claim, deliver, ids

OLDER = ["0001", "0002", "0003", "0004"]

OPENING, SUSPECTED = opened()
CONFIRMATION, INCIDENT = confirmed(SUSPECTED, after(10))
LOOK = a_look(name="a look")
KEY = make_key("grafana", (Scope.READ,), ("ovd-info",), NOON)[0]
ATTEMPT = Attempt(parcel="arrived", at=after(1), outcome="delivered", status=200, duration=0.5)

STATES = {"waiting": "pending", "under way": "leased", "arrived": "delivered", "lost": "dead"}
"""Of the messages, as they were before there were parcels."""


def rows(*, with_parcels: bool) -> dict[str, list[dict[str, Any]]]:
    """What is in the tables. Columns that a form does not have are left out of it."""
    return {
        "check_registry": [course_rows.check_columns(MOSCOW)],
        "observation": [{"number": 7, **look_rows.look_columns(LOOK)}],
        "blob": [
            {
                "number": 3,
                "sha256": bytes.fromhex(PAGE.name),
                "size": len(PAGE.data),
                "first_seen": NOON,
                "data": compressed(PAGE.data),
            }
        ],
        "observation_blob": [{"observation": 7, "blob": 3}],
        "check_state": [
            {"check_id": MOSCOW.id, "state": "ok", "since": NOON, "last_at": NOON, "looks": 1}
            | {"observation": "a look", "rule": "website.ok", "because": "It came.", "strength": "strong"}
        ],
        "incident_event": [incident_rows.EVENT.columns(event) for event in (OPENING, CONFIRMATION)],
        "incident": [incident_rows.incident_columns(INCIDENT)],
        "incident_country": [{"incident": INCIDENT.id, "country": "RU"}],
        "incident_observation": [{"incident": INCIDENT.id, "observation": "a look"}],
        "parcel": [a_parcel(name) for name in STATES if name != "waiting"],
        "message": [a_message(name, number, with_parcels=with_parcels) for number, name in enumerate(STATES, 1)],
        "delivery": [message_rows.ATTEMPT.columns(ATTEMPT) | {"message": "arrived"}],
        "api_key": [reader_rows.key_row(KEY).model_dump()],
        "fact": [{"name": "country", "value": "LT"}],
    }


def a_message(name: str, number: int, *, with_parcels: bool) -> dict[str, Any]:
    was = STATES[name]
    return carried(name) | {
        "number": number,
        "kind": "alarm",
        "incident": INCIDENT.id,
        "version": number,
        "bundle": "",
        "severity": "morning",
        "purpose": "direct",
        "state": "sealed" if with_parcels and was == "leased" else was,
        "parcel": None if name == "waiting" else name,
        "lease_until": None,
        "lease_by": None,
    }


def a_parcel(name: str) -> dict[str, Any]:
    return carried(name) | {"state": STATES[name], "perhaps_received": False, "lease_until": NOON, "lease_by": "one"}


def carried(name: str) -> dict[str, Any]:
    """What messages and parcels have in common."""
    return {
        "id": name,
        "route": "on-call",
        "channel": "hook",
        "created_at": NOON,
        "payload": {"says": name},
        "due_at": NOON,
        "attempts": int(name != "waiting"),
        "last_error": None,
        "settled_at": NOON if name in {"arrived", "lost"} else None,
    }


def fill(connection: Connection, given: Mapping[str, list[dict[str, Any]]]) -> None:
    form = MetaData()
    form.reflect(connection)
    for name, several in given.items():
        if (table := form.tables.get(name)) is not None:
            known = [{column: value for column, value in row.items() if column in table.columns} for row in several]
            connection.execute(insert(table), known)


@pytest.fixture(params=OLDER)
def older(request: pytest.FixtureRequest, unmade: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of a database of an older form, filled and upgraded."""
    form: str = request.param
    upgrade = alembic.command.upgrade
    with monkeypatch.context() as patched:
        patched.setattr(alembic.command, "upgrade", lambda config, _: upgrade(config, form))
        migrate(unmade)
    engine = writing_engine(unmade)
    with engine.begin() as connection:
        fill(connection, rows(with_parcels=form >= "0003"))
    engine.dispose()
    migrate(unmade)
    return unmade


async def test_all_that_was_kept_in_an_older_form_is_there_and_what_was_owed_is_delivered_once(older: str) -> None:
    store = await Store.open(older)
    try:
        await all_is_there(store)
        await what_was_owed_is_delivered_once(store)
    finally:
        await store.close()


async def all_is_there(store: Store) -> None:
    assert await kept(store, "a look") == LOOK
    async with store.reading() as reading:
        assert [one.check for one in await reading.current()] == [MOSCOW.id]
        assert await reading.incident(INCIDENT.id) == INCIDENT
        assert await reading.incidents(country="RU") == [INCIDENT]
        assert await reading.events(INCIDENT.id) == [OPENING, CONFIRMATION]
        assert await reading.key(KEY.hash) == KEY
        assert await reading.fact("country") == "LT"
        assert await reading.attempts("arrived") == [ATTEMPT]
        assert await reading.blob(PAGE.name) == PAGE.data
    async with store.writing() as writing:
        assert await writing.drop_observations(after(999_999), 10) == 0, "a look that an incident cites was dropped"


async def what_was_owed_is_delivered_once(store: Store) -> None:
    assert await states(store) | {"under way": ""} == {**STATES, "waiting": "pending", "under way": ""}
    delivered = []
    while parcels := await claim(store, after(1)):
        for name in ids(parcels):
            assert await deliver(store, name, after(1))
            delivered.append(name)
    assert await states(store) == dict.fromkeys(STATES, "delivered") | {"lost": "dead"}
    assert not {"arrived", "lost"} & set(delivered)
    assert len(delivered) == len(set(delivered))


async def states(store: Store) -> dict[str, str]:
    async with store.reading() as reading:
        return {one.message.id: one.state for one in await reading.messages(INCIDENT.id)}
