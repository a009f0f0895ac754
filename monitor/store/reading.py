"""What can be read, as of one moment."""

import zlib
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from monitor.core.incident import Event, Incident, IncidentStage, Kind
from monitor.core.keys import Key
from monitor.core.verdict import Verdict
from monitor.core.watchlist import Tlp
from monitor.store import mapping, queries
from monitor.store.courses import span_of
from monitor.store.looks import portions
from monitor.store.records import Attempt, ChannelBacklog, CheckState, Hour, Judged, Posted, Span
from monitor.store.tables import ApiKeyRow, FactRow, StaffSessionRow


class Reading:
    """The database as it was at the first question.

    Keep it short: as long as it lasts, SQLite's write-ahead log can only grow.
    """

    def __init__(self, session: AsyncSession, connection: AsyncConnection) -> None:
        self._session = session
        self._connection = connection

    # Checks and looks

    async def current(self) -> list[CheckState]:
        """Where every watched check stands that was ever looked at, by organisation, target, probe and vantage point."""
        return [mapping.check_state_from(row) for row in await self._rows(queries.CURRENT)]

    async def last_runs(self) -> dict[str, datetime]:
        """When each watched check was last looked at, or its gap last recorded, by check id."""
        return {row["check_id"]: row["last_at"] for row in await self._rows(queries.LAST_RUNS)}

    async def spans(self, check: str, since: datetime) -> list[Span]:
        """The stretches of equal states of one check that reach into the time since then, oldest first, the present one last."""
        ended = [mapping.span_from(row) for row in await self._rows(queries.ENDED_SPANS, check_id=check, since=since)]
        present = [mapping.standing_from(row) for row in await self._rows(queries.STANDINGS, check_ids=[check])]
        return [*ended, *(span_of(check, standing, ended_at=None) for standing in present)]

    async def hours(self, check: str, since: datetime) -> list[Hour]:
        """The hourly roll-up of one check, from the hour that begins at or after `since`, oldest first."""
        rows = await self._rows(queries.HOURS, check_id=check, since=since)
        return [mapping.hour_from(row) for row in rows]

    async def last_verdicts(self) -> list[Verdict]:
        """The newest verdict of every watched check whose look has not been dropped yet, oldest first."""
        return [mapping.verdict_from(row) for row in await self._rows(queries.LAST_VERDICTS)]

    async def recent_verdicts(self, since: datetime, checks: Collection[str] | None = None) -> list[Verdict]:
        """All verdicts on looks made since then, oldest first; of some checks only, if they are named."""
        if checks is None:
            return [mapping.verdict_from(row) for row in await self._rows(queries.VERDICTS_OF_ALL, since=since)]
        found: list[Verdict] = []
        for portion in portions(checks):
            rows = await self._rows(queries.VERDICTS_OF_SOME, since=since, check_ids=portion)
            found.extend(mapping.verdict_from(row) for row in rows)
        return sorted(found, key=lambda verdict: (verdict.at, verdict.observation))

    async def telling_verdicts(self, check: str, limit: int) -> list[Verdict]:
        """The newest `limit` verdicts of one check that say something, for or against; oldest first."""
        rows = await self._rows(queries.TELLING_VERDICTS, check_id=check, limit=limit)
        return [mapping.verdict_from(row) for row in reversed(rows)]

    async def observations(self, check: str, since: datetime, until: datetime, limit: int) -> list[Judged]:
        """The newest `limit` looks of one check from `since` to before `until`, newest first, without their bytes."""
        rows = await self._rows(queries.OBSERVATIONS, check_id=check, since=since, until=until, limit=limit)
        return [mapping.look_from(row) for row in rows]

    async def well_lately(self, check: str, until: datetime) -> list[Judged]:
        """For each of the seven days before `until`, the newest look of the check that found all well; newest first."""
        days = (until - timedelta(days=number) for number in range(7))
        found: list[Judged] = []
        for end in days:
            rows = await self._rows(queries.LAST_WELL, check_id=check, since=end - timedelta(days=1), until=end)
            found.extend(mapping.look_from(row) for row in rows)
        return found

    async def observation(self, id: str) -> Judged | None:  # noqa: A002  the field's own name
        """One look, without its bytes: its facts name them."""
        rows = await self._rows(queries.OBSERVATION, id=id)
        return mapping.look_from(rows[0]) if rows else None

    async def attributions(self, incidents: Collection[str]) -> dict[str, list[str]]:
        """Whom to name for those looks, of the ones that an incident rests on, that others made; by incident, each once."""
        found: dict[str, set[str]] = {}
        for portion in portions(incidents):
            for row in await self._rows(queries.ORIGINS, incidents=portion):
                found.setdefault(row["incident"], set()).add(row["provenance"]["attribution"])
        return {incident: sorted(names) for incident, names in found.items()}

    async def blob(self, name: str) -> bytes | None:
        """The bytes with this name, which is their SHA-256 as 64 hexadecimal digits."""
        data = (await self._connection.execute(queries.BLOB, {"name": bytes.fromhex(name)})).scalar()
        return None if data is None else zlib.decompress(data)

    # Incidents

    async def all_incidents(self) -> list[Incident]:
        """Every incident there ever was, the latest change last."""
        return [mapping.incident_from(row["data"]) for row in await self._rows(queries.ALL_INCIDENTS)]

    async def incidents(
        self,
        *,
        organisation: str | None = None,
        kind: Kind | None = None,
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
        statement = queries.incidents(stages=stages, after=after, organisation=organisation, kind=kind, country=country, tlp=tlp)
        return [mapping.incident_from(row["data"]) for row in await self._rows(statement, limit=limit)]

    async def incident(self, id: str) -> Incident | None:  # noqa: A002  the field's own name
        """One incident as it is now."""
        rows = await self._rows(queries.INCIDENT, id=id)
        return mapping.incident_from(rows[0]["data"]) if rows else None

    async def events(self, incident: str) -> list[Event]:
        """Everything that happened to one incident, in order."""
        return [mapping.event_from(row) for row in await self._rows(queries.EVENTS, incident=incident)]

    async def events_after(self, seq: int, limit: int) -> list[tuple[int, Event]]:
        """The next events of the log after number `seq` (0: from the start), each with its number, in order."""
        rows = await self._rows(queries.EVENTS_AFTER, seq=seq, limit=limit)
        return [(row["seq"], mapping.event_from(row)) for row in rows]

    async def last_seq(self) -> int:
        """The number of the newest event of the log; 0 while it is empty."""
        found: int = (await self._connection.execute(queries.LAST_SEQ)).scalar_one()
        return found

    async def last_event_at(self) -> datetime | None:
        """When the newest event of the log happened."""
        found: datetime | None = (await self._connection.execute(queries.LAST_EVENT_AT)).scalar()
        return found

    # The outbox

    async def outbox(self) -> list[ChannelBacklog]:
        """What every channel that was ever used still owes."""
        return [ChannelBacklog(**row) for row in await self._rows(queries.OUTBOX)]

    async def messages(self, incident: str) -> list[Posted]:
        """All messages about one incident and what became of them, in the order in which they came to be owed."""
        return [mapping.posted_from(row) for row in await self._rows(queries.MESSAGES, incident=incident)]

    async def attempts(self, message: str) -> list[Attempt]:
        """All attempts to deliver one message, in order."""
        return [mapping.attempt_from(row) for row in await self._rows(queries.ATTEMPTS, message=message)]

    # Who may read

    async def key(self, hash: str) -> Key | None:  # noqa: A002  the field's own name
        """The key whose secret has this hash, be it revoked or not: ask `Key.usable`."""
        row = (await self._session.exec(select(ApiKeyRow).where(ApiKeyRow.hash == hash))).first()
        return mapping.key_from(row) if row else None

    async def keys(self) -> list[Key]:
        """All keys, the revoked ones too, oldest first."""
        rows = await self._session.exec(select(ApiKeyRow))
        return sorted((mapping.key_from(row) for row in rows), key=lambda key: (key.created_at, key.id))

    async def session(self, hash: str, now: datetime) -> bool:  # noqa: A002  the field's own name
        """Whether a browser whose secret has this hash is signed in at `now`."""
        row = await self._session.get(StaffSessionRow, hash)
        return row is not None and row.expires_at > now

    async def fact(self, name: str) -> str | None:
        """What is remembered under this name."""
        row = await self._session.get(FactRow, name)
        return row.value if row else None

    async def _rows(self, statement: Select[Any], **values: Any) -> list[mapping.Fetched]:
        return mapping.fetched(await self._connection.execute(statement, values))
