"""What can be written within one transaction."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict
from datetime import datetime

from monitor.core.deadline import Deadline
from monitor.core.incident import Event, Incident
from monitor.core.keys import Key
from monitor.core.kinds import EventKind
from monitor.core.plan import Check
from monitor.core.planned import AnnouncedChange
from monitor.core.verdict import Verdict
from monitor.core.watchlist import PlannedChange
from monitor.store import (
    course_queries,
    course_rows,
    date_queries,
    incident_queries,
    incident_rows,
    look_queries,
    look_rows,
    reader_queries,
    reader_rows,
)
from monitor.store.looks import add_looks, known_observations, portions
from monitor.store.outbox import OutboxWriting
from monitor.store.records import Judged
from monitor.store.redoing import redo, rewrite
from monitor.store.rows import fetched
from monitor.store.tables import FactRow, SignInRow, StaffSessionRow


class OutOfStep(Exception):
    """Events do not follow the log, or an incident is not what its events have left. Nothing was written.

    It means that somebody else advanced the incident: read it again and decide anew.
    """


class Writing(OutboxWriting):
    """One transaction that writes. Nothing is seen by anybody else before it ends well."""

    # Looks

    async def save_checks(self, checks: Sequence[Check]) -> None:
        """Make `checks` the ones that are watched. All others stay known, but count as no longer watched."""
        await self._connection.execute(course_queries.UNWATCH_ALL)
        await self._execute_all(
            course_queries.register_check(self._dialect), [course_rows.check_columns(check) for check in checks]
        )

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

        What an incident cites stays, and so do all looks around it, spans and roll-ups. Returns how many looks were dropped;
        call it again, in a transaction of its own, as long as that is `limit`.
        """
        rows = await self._connection.execute(look_queries.DROPPABLE, {"before": before, "limit": limit})
        dropped = 0
        for numbers in portions(rows.scalars()):
            await self._drop(numbers)
            dropped += len(numbers)
        return dropped

    async def _drop(self, numbers: Sequence[int]) -> None:
        blobs = (await self._connection.execute(look_queries.BLOBS_OF, {"numbers": numbers})).scalars().all()
        await self._connection.execute(look_queries.DROP_OBSERVATIONS, {"numbers": numbers})
        for portion in portions(blobs):
            await self._connection.execute(look_queries.DROP_ORPHANS, {"numbers": portion})

    # Judging again

    async def rejudge(self, looks: Sequence[Judged]) -> None:
        """Put the verdicts of these looks, which are stored, in place of the ones before."""
        await rewrite(self._connection, looks)

    async def redo(self, check: str) -> None:
        """Work out anew where a check stands and has stood, and its hours, from the verdicts on its stored looks."""
        rows = fetched(await self._connection.execute(look_queries.LOOKS_OF, {"check_id": check}))
        if rows:
            await redo(self._connection, check, [look_rows.look_from(row) for row in rows])

    # Incidents

    async def next_incident_id(self, year: int) -> str:
        """The first free id of that year, such as "CW-2026-0042". It is taken once an incident is appended under it."""
        stem = f"CW-{year}-"
        bounds = {"first": f"{stem}0", "beyond": f"{stem}A"}
        last: str | None = (await self._connection.execute(incident_queries.LAST_INCIDENT_ID, bounds)).scalar()
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
        if self._dialect == "sqlite" and any(event.kind is EventKind.ERASED for event in events):
            # What is rewritten from here on, the incident's own row included, must not stay readable in the file's free space.
            await self._connection.execute(incident_queries.OVERWRITE_WHAT_GOES)
        await self._execute_all(incident_queries.ADD_EVENT, [incident_rows.EVENT.columns(event) for event in events])
        kept = [incident_rows.incident_columns(incident) for incident in incidents]
        await self._execute_all(incident_queries.keep_incident(self._dialect), kept)
        await self._place(incidents)

    async def redact(self, events: Iterable[Event]) -> None:
        """Let these events of the log read as they are given here, after an erasure that was just appended. See ADR 0010.

        Only their data changes.
        """
        for one in events:
            row = {"of_incident": one.incident, "of_version": one.version, "left": one.data}
            await self._connection.execute(incident_queries.REDACT_EVENT, row)

    async def _place(self, incidents: Sequence[Incident]) -> None:
        """Note where incidents are felt and how they stand to others, for whoever looks for them by that."""
        for portion in portions([one.id for one in incidents]):
            await self._connection.execute(incident_queries.FORGET_COUNTRIES, {"incidents": portion})
            await self._connection.execute(incident_queries.FORGET_RELATIONS, {"incidents": portion})
        countries = [{"incident": one.id, "country": country} for one in incidents for country in dict.fromkeys(one.countries)]
        relations = [
            {"incident": one.id, "kind": related.kind, "other": related.incident}
            for one in incidents
            for related in dict.fromkeys(one.relations)
        ]
        await self._execute_all(incident_queries.ADD_COUNTRY, countries)
        await self._execute_all(incident_queries.ADD_RELATION, relations)

    async def cite(self, incident: str, observations: Iterable[str]) -> None:
        """Let an incident rest on these observations: they are kept for ever. Ids that are not stored are noted too."""
        rows = [{"incident": incident, "observation": name} for name in observations]
        await self._execute_all(incident_queries.cite(self._dialect), rows)

    async def _last_versions(self, incidents: Collection[str]) -> dict[str, int]:
        versions = dict.fromkeys(incidents, 0)
        for portion in portions(versions):
            rows = await self._connection.execute(incident_queries.LAST_VERSIONS, {"incidents": portion})
            versions.update((name, version) for name, version in rows)
        return versions

    # What was announced

    async def announce(self, announced: AnnouncedChange) -> None:
        """Keep a change that somebody plans."""
        await self._connection.execute(date_queries.ADD_PLANNED, incident_rows.announced_columns(announced))

    async def explain(self, explained: Iterable[tuple[Verdict, PlannedChange]]) -> None:
        """Note which looks have no say because a planned change explains the loss that they show."""
        rows = [look_rows.planned_look_columns(verdict, change) for verdict, change in explained]
        await self._execute_all(date_queries.explain_look(self._dialect), rows)

    async def cancel_planned(self, change: str, now: datetime) -> bool:
        """Expect a planned change no longer. Returns whether there was one that was not cancelled before."""
        return await self._changed(date_queries.CANCEL_PLANNED, change=change, now=now)

    # By when somebody must act

    async def note_deadlines(self, deadlines: Iterable[Deadline]) -> None:
        """Keep dates that were found, each in place of what was known under its name."""
        await self._execute_all(date_queries.note_deadline(self._dialect), [asdict(one) for one in deadlines])

    # Who may read

    async def add_key(self, key: Key) -> None:
        """Keep a key."""
        self._session.add(reader_rows.key_row(key))
        await self._session.flush()

    async def revoke_key(self, key: str, now: datetime) -> bool:
        """End the key with this id. Returns whether there was one that was not revoked before."""
        return await self._changed(reader_queries.REVOKE_KEY, key=key, now=now)

    async def touch_key(self, key: str, now: datetime) -> None:
        """Note that the key with this id was used."""
        await self._changed(reader_queries.TOUCH_KEY, key=key, now=now)

    async def add_sign_in(self, hash: str, expires: datetime) -> None:  # noqa: A002  the word that callers know it by
        """Keep the hash of a sign-in secret that opens once, until `expires`."""
        self._session.add(SignInRow(hash=hash, expires_at=expires))
        await self._session.flush()

    async def use_sign_in(self, hash: str, now: datetime) -> bool:  # noqa: A002  as above
        """Use a sign-in up. Returns whether it was good; what has expired by `now` is forgotten on the way."""
        used = await self._changed(reader_queries.USE_SIGN_IN, hash=hash, now=now)
        await self._changed(reader_queries.FORGET_SIGN_INS, now=now)
        await self._changed(reader_queries.FORGET_SESSIONS, now=now)
        return used

    async def add_session(self, hash: str, expires: datetime) -> None:  # noqa: A002  as above
        """Keep the hash of a signed-in browser's secret, until `expires`."""
        self._session.add(StaffSessionRow(hash=hash, expires_at=expires))
        await self._session.flush()

    async def end_session(self, hash: str) -> None:  # noqa: A002  as above
        """Forget a signed-in browser: whoever else holds its secret is out as well."""
        await self._changed(reader_queries.END_SESSION, hash=hash)

    async def fact(self, name: str) -> str | None:
        """What is remembered under this name, for whoever must know it before writing."""
        row = await self._session.get(FactRow, name)
        return row.value if row else None

    async def set_fact(self, name: str, value: str) -> None:
        """Remember a value under a name, in place of what was there."""
        await self._execute_all(reader_queries.set_fact(self._dialect), [{"name": name, "value": value}])


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
