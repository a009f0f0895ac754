"""What can be read, as of one moment."""

import zlib
from collections.abc import Collection
from datetime import datetime, timedelta

from sqlmodel import select

from monitor.core.deadline import Deadline
from monitor.core.incident import Event, Incident, Relation
from monitor.core.keys import Key
from monitor.core.kinds import EventKind, IncidentStage, Kind, Origin, RelationKind
from monitor.core.model import Tlp
from monitor.core.planned import AnnouncedChange
from monitor.core.verdict import Verdict
from monitor.core.watchlist import PlannedChange
from monitor.store import (
    course_queries,
    course_rows,
    date_queries,
    hearing_queries,
    incident_queries,
    incident_rows,
    look_queries,
    look_rows,
    reader_rows,
)
from monitor.store.courses import span_of
from monitor.store.looks import portions
from monitor.store.outbox import OutboxReading
from monitor.store.records import Care, CheckState, Hour, Judged, Span
from monitor.store.tables import ApiKeyRow, FactRow, StaffSessionRow


class Reading(OutboxReading):
    """The database as it was at the first question.

    Keep it short: as long as it lasts, SQLite's write-ahead log can only grow.
    """

    # Checks and looks

    async def current(self) -> list[CheckState]:
        """Where every watched check stands that was ever looked at, by organisation, target, probe and vantage point."""
        return [course_rows.CHECK_STATE.value(row) for row in await self._rows(course_queries.CURRENT)]

    async def last_runs(self) -> dict[str, datetime]:
        """When each watched check was last looked at, or its gap last recorded, by check id."""
        return {row["check_id"]: row["last_at"] for row in await self._rows(course_queries.LAST_RUNS)}

    async def spans(self, check: str, since: datetime) -> list[Span]:
        """The stretches of equal states of one check that reach into the time since then, oldest first, the present one last."""
        ended = [course_rows.SPAN.value(row) for row in await self._rows(course_queries.ENDED_SPANS, check_id=check, since=since)]
        present = [course_rows.STANDING.value(row) for row in await self._rows(course_queries.STANDINGS, check_ids=[check])]
        return [*ended, *(span_of(check, standing, ended_at=None) for standing in present)]

    async def hours(self, check: str, since: datetime) -> list[Hour]:
        """The hourly roll-up of one check, from the hour that begins at or after `since`, oldest first."""
        rows = await self._rows(course_queries.HOURS, check_id=check, since=since)
        return [course_rows.HOUR.value(row) for row in rows]

    async def last_verdicts(self) -> list[Verdict]:
        """The newest verdict of every watched check whose look has not been dropped yet, oldest first."""
        return [look_rows.VERDICT.value(row) for row in await self._rows(look_queries.LAST_VERDICTS)]

    async def recent_verdicts(self, since: datetime, checks: Collection[str] | None = None) -> list[Verdict]:
        """All verdicts on looks made since then, oldest first; of some checks only, if they are named."""
        if checks is None:
            return [look_rows.VERDICT.value(row) for row in await self._rows(look_queries.VERDICTS_OF_ALL, since=since)]
        found: list[Verdict] = []
        for portion in portions(checks):
            rows = await self._rows(look_queries.VERDICTS_OF_SOME, since=since, check_ids=portion)
            found.extend(look_rows.VERDICT.value(row) for row in rows)
        return sorted(found, key=lambda verdict: (verdict.at, verdict.observation))

    async def telling_verdicts(self, check: str, limit: int) -> list[Verdict]:
        """The newest `limit` verdicts of one check that say something, for or against; oldest first."""
        rows = await self._rows(look_queries.TELLING_VERDICTS, check_id=check, limit=limit)
        return [look_rows.VERDICT.value(row) for row in reversed(rows)]

    async def observations(self, check: str, since: datetime, until: datetime, limit: int) -> list[Judged]:
        """The newest `limit` looks of one check from `since` to before `until`, newest first, without their bytes."""
        rows = await self._rows(look_queries.OBSERVATIONS, check_id=check, since=since, until=until, limit=limit)
        return [look_rows.look_from(row) for row in rows]

    async def checks_of(self, organisation: str) -> dict[str, str]:
        """The target of every check of an organisation that was ever registered, by the check's id."""
        return {row["id"]: row["target"] for row in await self._rows(course_queries.CHECKS_OF, organisation=organisation)}

    async def looks(
        self, checks: Collection[str], since: datetime, until: datetime, *, after: tuple[datetime, str] | None, limit: int
    ) -> list[Judged]:
        """One page of the looks of these checks from `since` to before `until`, oldest first, without their bytes.

        `after` names the look that the page before ended with, by its moment and id.
        """
        if not checks:
            return []
        last = {"at": after[0], "id": after[1]} if after else {}
        statement = look_queries.looks_page(checks, is_first=after is None)
        rows = await self._rows(statement, since=since, until=until, limit=limit, **last)
        return [look_rows.look_from(row) for row in rows]

    async def well_lately(self, check: str, until: datetime) -> list[Judged]:
        """For each of the seven days before `until`, the newest look of the check that found all well; newest first."""
        days = (until - timedelta(days=number) for number in range(7))
        found: list[Judged] = []
        for end in days:
            rows = await self._rows(look_queries.LAST_WELL, check_id=check, since=end - timedelta(days=1), until=end)
            found.extend(look_rows.look_from(row) for row in rows)
        return found

    async def observation(self, id: str) -> Judged | None:  # noqa: A002  the field's own name
        """One look, without its bytes: its facts name them."""
        rows = await self._rows(look_queries.OBSERVATION, id=id)
        return look_rows.look_from(rows[0]) if rows else None

    async def looks_from(self, since: datetime, after: tuple[datetime, str] | None, limit: int) -> list[Judged]:
        """The next `limit` looks of all checks made since then, oldest first; `after` is the time and id of the last one read."""
        at, name = after or (since - timedelta(microseconds=1), "")
        rows = await self._rows(look_queries.LOOKS_FROM, since=since, at=at, id=name, limit=limit)
        return [look_rows.look_from(row) for row in rows]

    async def count_looks(self, since: datetime) -> int:
        """How many looks made since then are stored."""
        found: int = (await self._connection.execute(look_queries.COUNT_FROM, {"since": since})).scalar_one()
        return found

    async def attributions(self, incidents: Collection[str]) -> dict[str, list[str]]:
        """Whom to name for those looks, of the ones that an incident rests on, that others made; by incident, each once."""
        found: dict[str, set[str]] = {}
        for portion in portions(incidents):
            for row in await self._rows(incident_queries.ORIGINS, incidents=portion):
                found.setdefault(row["incident"], set()).add(row["provenance"]["attribution"])
        return {incident: sorted(names) for incident, names in found.items()}

    async def blob(self, name: str) -> bytes | None:
        """The bytes with this name, which is their SHA-256 as 64 hexadecimal digits."""
        data = (await self._connection.execute(look_queries.BLOB, {"name": bytes.fromhex(name)})).scalar()
        return None if data is None else zlib.decompress(data)

    # Incidents

    async def all_incidents(self) -> list[Incident]:
        """Every incident there ever was, the latest change last."""
        return [incident_rows.incident_from(row["data"]) for row in await self._rows(incident_queries.ALL_INCIDENTS)]

    async def incidents(
        self,
        *,
        organisation: str | None = None,
        target: str | None = None,
        provider: str | None = None,
        kind: Kind | None = None,
        origins: Collection[Origin] | None = None,
        country: str | None = None,
        stages: Collection[IncidentStage] | None = None,
        tlp: Tlp | None = None,
        after: str | None = None,
        limit: int = 100,
    ) -> list[Incident]:
        """One page of incidents, the latest change first.

        `after` is the id that the page before ended with; after an unknown id comes nothing. An incident that changes between
        two pages moves to the front: who must miss nothing follows `events_after`.
        """
        equal = {"organisation": organisation, "target": target, "provider": provider, "kind": kind, "tlp": tlp}
        statement = incident_queries.incidents(stages=stages, origins=origins, country=country, after=after, **equal)
        return [incident_rows.incident_from(row["data"]) for row in await self._rows(statement, limit=limit)]

    async def incident(self, id: str) -> Incident | None:  # noqa: A002  the field's own name
        """One incident as it is now."""
        rows = await self._rows(incident_queries.INCIDENT, id=id)
        return incident_rows.incident_from(rows[0]["data"]) if rows else None

    async def incidents_named(self, incidents: Collection[str], tlp: Tlp | None = None) -> list[Incident]:
        """Those of these incidents that there are, in no order; with `tlp`, those that are marked so, and no other is read."""
        given = {} if tlp is None else {"tlp": tlp}
        statement = incident_queries.NAMED if tlp is None else incident_queries.NAMED_WITH_TLP
        found: list[Incident] = []
        for portion in portions(incidents):
            found += [incident_rows.incident_from(row["data"]) for row in await self._rows(statement, incidents=portion, **given)]
        return found

    async def entries(self) -> list[Incident]:
        """The documented incidents, by the name of their file."""
        return [incident_rows.incident_from(row["data"]) for row in await self._rows(incident_queries.ENTRIES)]

    async def related(self, incident: str) -> list[Relation]:
        """The incidents that name this one as related to them, each with its relation to it."""
        rows = await self._rows(incident_queries.RELATED, incident=incident)
        return [Relation(RelationKind(row["kind"]), row["incident"]) for row in rows]

    async def care(self, incident: str) -> Care:
        """What people have said about being told of one incident; empty where nobody has said anything."""
        rows = await self._rows(hearing_queries.CARE, incident=incident)
        return Care(**rows[0]) if rows else Care(incident=incident)

    async def events(self, incident: str) -> list[Event]:
        """Everything that happened to one incident, in order."""
        return [incident_rows.EVENT.value(row) for row in await self._rows(incident_queries.EVENTS, incident=incident)]

    async def events_after(self, seq: int, limit: int) -> list[tuple[int, Event]]:
        """The next events of the log after number `seq` (0: from the start), each with its number, in order."""
        rows = await self._rows(incident_queries.EVENTS_AFTER, seq=seq, limit=limit)
        return [(row["seq"], incident_rows.EVENT.value(row)) for row in rows]

    async def last_seq(self) -> int:
        """The number of the newest event of the log; 0 while it is empty."""
        found: int = (await self._connection.execute(incident_queries.LAST_SEQ)).scalar_one()
        return found

    async def seq_of(self, incident: str, version: int, tlp: Tlp | None = None) -> int | None:
        """The number in the log of the event that made this version of an incident; None where there is no such event.

        With `tlp`, None also where the incident has never been marked so, and nothing of it is read.
        """
        statement = incident_queries.SEQ_OF if tlp is None else incident_queries.SEQ_OF_ONCE_MARKED
        values = {"incident": incident, "version": version, **({} if tlp is None else {"tlp": tlp.value})}
        found: int | None = (await self._connection.execute(statement, values)).scalar()
        return found

    async def logs(self, incidents: Collection[str]) -> dict[str, list[Event]]:
        """Everything that happened to these incidents, in order, by incident."""
        found: dict[str, list[Event]] = {}
        for portion in portions(incidents):
            for row in await self._rows(incident_queries.LOGS, incidents=portion):
                found.setdefault(row["incident"], []).append(incident_rows.EVENT.value(row))
        return found

    async def news(
        self,
        seq: int,
        limit: int,
        kinds: Collection[EventKind],
        *,
        organisations: Collection[str] | None = None,
        country: str | None = None,
        backwards: bool = False,
        **equal: str | None,
    ) -> list[tuple[int, Event]]:
        """The next events of these kinds after number `seq` (backwards: before it, the newest first), each with its number.

        With `organisations`: of incidents that are theirs, a whole network's, or public. `country` and `equal` (`organisation`,
        `provider`, `kind`, `origin`, `tlp`) narrow that down to what the incidents are now.
        """
        statement = incident_queries.news(organisations, country, backwards=backwards, **equal)
        rows = await self._rows(statement, seq=seq, limit=limit, kinds=sorted(kinds))
        return [(row["seq"], incident_rows.EVENT.value(row)) for row in rows]

    async def tally(self, tlp: Tlp) -> tuple[object, ...]:
        """Something that differs after every change of the incidents with this TLP mark, and stays whatever the others do."""
        return tuple((await self._connection.execute(incident_queries.TALLY, {"tlp": tlp})).one())

    # What was announced

    async def planned_changes(self, since: datetime) -> list[AnnouncedChange]:
        """The announced changes, cancelled ones too, that end after `since`, by their beginning."""
        return [incident_rows.announced_from(row) for row in await self._rows(date_queries.PLANNED, since=since)]

    # By when somebody must act

    async def deadlines(self) -> list[Deadline]:
        """Every date that was found by which somebody must act, in order."""
        return [Deadline(**row) for row in await self._rows(date_queries.DEADLINES)]

    async def explanations(self, observations: Collection[str]) -> dict[str, PlannedChange]:
        """The planned changes that explain the losses which some of these looks show, by the look's id."""
        found: dict[str, PlannedChange] = {}
        for portion in portions(observations):
            for row in await self._rows(date_queries.EXPLANATIONS, observations=portion):
                change = PlannedChange(start=row["starts_at"], end=row["ends_at"], note=row["note"])
                found[row["observation"]] = change
        return found

    # Who may read

    async def key(self, hash: str) -> Key | None:  # noqa: A002  the field's own name
        """The key whose secret has this hash, be it revoked or not: ask `Key.usable`."""
        row = (await self._session.exec(select(ApiKeyRow).where(ApiKeyRow.hash == hash))).first()
        return reader_rows.key_from(row) if row else None

    async def keys(self) -> list[Key]:
        """All keys, the revoked ones too, oldest first."""
        rows = await self._session.exec(select(ApiKeyRow))
        return sorted((reader_rows.key_from(row) for row in rows), key=lambda key: (key.created_at, key.id))

    async def session(self, hash: str, now: datetime) -> bool:  # noqa: A002  the field's own name
        """Whether a browser whose secret has this hash is signed in at `now`."""
        row = await self._session.get(StaffSessionRow, hash)
        return row is not None and row.expires_at > now

    async def fact(self, name: str) -> str | None:
        """What is remembered under this name."""
        row = await self._session.get(FactRow, name)
        return row.value if row else None
