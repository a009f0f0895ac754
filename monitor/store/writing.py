"""What can be written within one transaction."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Delete, Update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel.ext.asyncio.session import AsyncSession

from monitor.core.incident import Event, Incident
from monitor.core.keys import Key
from monitor.core.message import Message
from monitor.core.plan import Check
from monitor.store import mapping, queries
from monitor.store.looks import add_looks, known_observations, portions
from monitor.store.packing import readable
from monitor.store.records import Attempt, Judged, Owed
from monitor.store.tables import SignInRow, StaffSessionRow

_LONGEST_ERROR: Final = 1000
"""Characters of an error text that are kept: a stranger's server wrote it."""


class OutOfStep(Exception):
    """Events do not follow the log, or an incident is not what its events have left. Nothing was written.

    It means that somebody else advanced the incident: read it again and decide anew.
    """


class Writing:
    """One transaction that writes. Nothing is seen by anybody else before it ends well."""

    def __init__(self, session: AsyncSession, connection: AsyncConnection) -> None:
        self._session = session
        self._connection = connection
        self._dialect = connection.dialect.name

    # Looks

    async def save_checks(self, checks: Sequence[Check]) -> None:
        """Make `checks` the ones that are watched. All others stay known, but count as no longer watched."""
        await self._connection.execute(queries.UNWATCH_ALL)
        await self._execute_all(queries.register_check(self._dialect), [mapping.check_columns(check) for check in checks])

    async def known(self, ids: Iterable[str]) -> set[str]:
        """Those of the observation ids that are stored already."""
        return set(await known_observations(self._connection, ids))

    async def add_looks(self, looks: Sequence[Judged], now: datetime | None = None) -> None:
        """Write looks with all they change: observations, verdicts, bytes, current states, spans and hourly roll-ups.

        A look that is stored already, or that is in `looks` twice, counts once. One that arrives late is recorded and counted
        in its hour; current states and spans are never rewritten backwards. A look of a check that was never registered is
        kept too. `now` lets a state that was dated into the future by a clock since set back give way to a present look.
        """
        await add_looks(self._connection, looks, now)

    async def drop_observations(self, before: datetime, limit: int) -> int:
        """Drop at most `limit` of the oldest looks made before then, and bytes that nothing else rests on.

        What an incident cites stays, and so do spans and roll-ups. Returns how many looks were dropped; call it again, in a
        transaction of its own, as long as that is `limit`.
        """
        rows = await self._connection.execute(queries.DROPPABLE, {"before": before, "limit": limit})
        dropped = 0
        for numbers in portions(rows.scalars()):
            await self._drop(numbers)
            dropped += len(numbers)
        return dropped

    async def _drop(self, numbers: Sequence[int]) -> None:
        blobs = (await self._connection.execute(queries.BLOBS_OF, {"numbers": numbers})).scalars().all()
        await self._connection.execute(queries.DROP_OBSERVATIONS, {"numbers": numbers})
        for portion in portions(blobs):
            await self._connection.execute(queries.DROP_ORPHANS, {"numbers": portion})

    # Incidents

    async def next_incident_id(self, year: int) -> str:
        """The first free id of that year, such as "CW-2026-0042". It is taken once an incident is appended under it."""
        stem = f"CW-{year}-"
        bounds = {"first": f"{stem}0", "beyond": f"{stem}A"}
        last: str | None = (await self._connection.execute(queries.LAST_INCIDENT_ID, bounds)).scalar()
        number = int(last.removeprefix(stem)) if last else 0
        return f"{stem}{number + 1:04d}"

    async def append(self, events: Sequence[Event], incidents: Sequence[Incident]) -> None:
        """Enter events into the log, and keep the incidents as these events have left them.

        Raises `OutOfStep` where an event's version is not the one after the last, where an incident's version is not that of
        its last event, or where an incident of an event is missing.
        """
        versions = await self._last_versions({event.incident for event in events} | {one.id for one in incidents})
        _follow(versions, events)
        _check_incidents(versions, events, incidents)
        await self._execute_all(queries.ADD_EVENT, [mapping.event_columns(event) for event in events])
        kept = [mapping.incident_columns(incident) for incident in incidents]
        await self._execute_all(queries.keep_incident(self._dialect), kept)

    async def cite(self, incident: str, observations: Iterable[str]) -> None:
        """Let an incident rest on these observations: they are kept for ever. Ids that are not stored are noted too."""
        rows = [{"incident": incident, "observation": name} for name in observations]
        await self._execute_all(queries.cite(self._dialect), rows)

    async def _last_versions(self, incidents: Collection[str]) -> dict[str, int]:
        versions = dict.fromkeys(incidents, 0)
        for portion in portions(versions):
            rows = await self._connection.execute(queries.LAST_VERSIONS, {"incidents": portion})
            versions.update((name, version) for name, version in rows)
        return versions

    # The outbox

    async def add_messages(self, messages: Sequence[Message]) -> None:
        """Owe these messages from now on, in this order. One that is owed, or was, under the same id changes nothing."""
        rows = [mapping.message_columns(message) for message in messages]
        await self._execute_all(queries.add_message(self._dialect), rows)

    async def claim_messages(self, now: datetime, lease_seconds: float, limit: int, worker: str) -> list[Owed]:
        """Take at most `limit` due messages into this worker's hands, for `lease_seconds`.

        A lease that has ended counts as none, so a message whose worker died is claimed again. A message is never claimed
        while an earlier one about the same incident is owed through the same channel.
        """
        until = now + timedelta(seconds=lease_seconds)
        values = {"now": now, "until": until, "limit": limit, "worker": worker}
        rows = mapping.fetched(await self._connection.execute(queries.CLAIM, values))
        return [mapping.owed_from(row) for row in sorted(rows, key=lambda row: (row["due_at"], row["number"]))]

    async def delivered(self, message: str, now: datetime) -> bool:
        """The message has arrived: whatever else was noted of it, that stands. Returns whether this is news."""
        return await self._changed(queries.DELIVERED, message=message, now=now)

    async def postpone(self, message: str, now: datetime, due_at: datetime, error: str, worker: str | None = None) -> bool:
        """Give a claimed message back, to be claimed again from `due_at` on. See `dead` for `worker` and what is returned."""
        values = {"message": message, "due": max(now, due_at), "error": _shortened(error)}
        return await self._changed(queries.held_by(queries.POSTPONE, worker), **values)

    async def dead(self, message: str, now: datetime, error: str, worker: str | None = None) -> bool:
        """Give a claimed message up. Later ones about the same incident may then go out.

        Returns whether it was so: a message that is in nobody's hands, or in another's than `worker`'s, stays as it is.
        """
        values = {"message": message, "now": now, "error": _shortened(error)}
        return await self._changed(queries.held_by(queries.GIVE_UP, worker), **values)

    async def collapse(self, messages: Collection[str], now: datetime) -> set[str]:
        """Owe these no longer, because another message says it all. Returns those that were still waiting, in nobody's hands."""
        rows = await self._connection.execute(queries.COLLAPSE, {"messages": list(messages), "now": now})
        return set(rows.scalars())

    async def record_attempt(self, attempt: Attempt) -> None:
        """Note one attempt to deliver, whatever came of it."""
        columns = mapping.attempt_columns(attempt)
        await self._connection.execute(queries.ADD_ATTEMPT, {**columns, "error": _shortened(attempt.error)})

    # Who may read

    async def add_key(self, key: Key) -> None:
        """Keep a key."""
        self._session.add(mapping.key_row(key))
        await self._session.flush()

    async def revoke_key(self, key: str, now: datetime) -> bool:
        """End the key with this id. Returns whether there was one that was not revoked before."""
        return await self._changed(queries.REVOKE_KEY, key=key, now=now)

    async def touch_key(self, key: str, now: datetime) -> None:
        """Note that the key with this id was used."""
        await self._changed(queries.TOUCH_KEY, key=key, now=now)

    async def add_sign_in(self, hash: str, expires: datetime) -> None:  # noqa: A002  the word that callers know it by
        """Keep the hash of a sign-in secret that opens once, until `expires`."""
        self._session.add(SignInRow(hash=hash, expires_at=expires))
        await self._session.flush()

    async def use_sign_in(self, hash: str, now: datetime) -> bool:  # noqa: A002  as above
        """Use a sign-in up. Returns whether it was good; what has expired by `now` is forgotten on the way."""
        used = await self._changed(queries.USE_SIGN_IN, hash=hash, now=now)
        await self._changed(queries.FORGET_SIGN_INS, now=now)
        await self._changed(queries.FORGET_SESSIONS, now=now)
        return used

    async def add_session(self, hash: str, expires: datetime) -> None:  # noqa: A002  as above
        """Keep the hash of a signed-in browser's secret, until `expires`."""
        self._session.add(StaffSessionRow(hash=hash, expires_at=expires))
        await self._session.flush()

    async def end_session(self, hash: str) -> None:  # noqa: A002  as above
        """Forget a signed-in browser: whoever else holds its secret is out as well."""
        await self._changed(queries.END_SESSION, hash=hash)

    async def set_fact(self, name: str, value: str) -> None:
        """Remember a value under a name, in place of what was there."""
        await self._execute_all(queries.set_fact(self._dialect), [{"name": name, "value": value}])

    async def _execute_all(self, statement: Any, rows: list[dict[str, Any]]) -> None:
        if rows:
            await self._connection.execute(statement, rows)

    async def _changed(self, statement: Update | Delete, **values: Any) -> bool:
        result = await self._connection.execute(statement, values)
        return bool(result.rowcount)


def _follow(versions: dict[str, int], events: Iterable[Event]) -> None:
    for event in events:
        following = versions[event.incident] + 1
        if event.version != following:
            raise OutOfStep(
                f"{event.incident} stands at version {following - 1}: the next event is {following}, not {event.version}"
            )
        versions[event.incident] = following


def _check_incidents(versions: dict[str, int], events: Iterable[Event], incidents: Iterable[Incident]) -> None:
    given = {incident.id: incident.version for incident in incidents}
    missing = {event.incident for event in events} - given.keys()
    if missing:
        raise OutOfStep(f"hand over the incidents that the events have changed as well: {', '.join(sorted(missing))}")
    for name, version in given.items():
        if version != versions[name]:
            raise OutOfStep(f"{name} is given at version {version}, its log stands at {versions[name]}")


def _shortened(text: str | None) -> str | None:
    return text and readable(text[:_LONGEST_ERROR])
