"""The outbox's part of what can be read and written within one transaction."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Select

from monitor.core.hearing import Turn
from monitor.core.kinds import Severity
from monitor.core.message import Message, MessageKind, Parcel, Purpose
from monitor.core.subscription import Route
from monitor.core.timing import due_once_set_back
from monitor.store import hearing_queries, message_queries, message_rows, parcel_queries, reader_queries
from monitor.store.looks import portions
from monitor.store.packing import readable
from monitor.store.records import (
    Attempt,
    Care,
    ChannelBacklog,
    MessageState,
    Owed,
    ParcelState,
    Posted,
    Queued,
    Sent,
    Unattended,
)
from monitor.store.rows import Fetched, fetched
from monitor.store.transaction import Transaction

Line = tuple[str, str, str]
"""Route, channel and incident."""

_LONGEST_ERROR: Final = 1000
"""Characters of an error text that are kept: a stranger's server wrote it."""


class _Told(Transaction):
    """Who hears of what: asked by whoever reads, and again by whoever writes."""

    async def being_told(self, incidents: Collection[str]) -> set[tuple[str, str]]:
        """Channel and incident of every alarm about these that is on its way, or has arrived, or may have."""
        return await self._channels(hearing_queries.BEING_TOLD, incidents)

    async def called_later(self, incidents: Collection[str]) -> set[tuple[str, str]]:
        """Channel and incident of every alarm about these that stands by for the case that nobody acknowledges them."""
        return await self._channels(hearing_queries.CALLED_LATER, incidents)

    async def _channels(self, statement: Select[Any], incidents: Collection[str]) -> set[tuple[str, str]]:
        rows = [row for portion in portions(incidents) for row in await self._rows(statement, incidents=portion)]
        return {(row["channel"], row["incident"]) for row in rows}


class OutboxReading(_Told):
    """What is owed, what has become of it, and who stands by."""

    async def outbox(self, now: datetime) -> list[ChannelBacklog]:
        """What every channel that was ever used still owes."""
        return [ChannelBacklog(**row) for row in await self._rows(message_queries.OUTBOX, now=now)]

    async def messages(self, incident: str) -> list[Posted]:
        """All messages about one incident and what became of them, in the order in which they came to be owed."""
        return [message_rows.posted_from(row) for row in await self._rows(message_queries.MESSAGES, incident=incident)]

    async def any_due(self, now: datetime) -> bool:
        """Whether a message waits that is due."""
        return bool(await self._rows(message_queries.ANY_DUE, now=now))

    async def parcel(self, id: str) -> Sent | None:  # noqa: A002  the field's own name
        """One parcel and what has become of it."""
        rows = await self._rows(parcel_queries.PARCEL, id=id)
        return message_rows.sent_from(rows[0], await self._rows(parcel_queries.CONTENTS, parcels=[id])) if rows else None

    async def parcels(
        self, *, channel: str | None = None, state: ParcelState | None = None, after: str | None = None, limit: int = 100
    ) -> list[Sent]:
        """One page of parcels and what has become of them, the newest first.

        `after` is the id that the page before ended with; after an unknown id comes nothing.
        """
        rows = await self._rows(parcel_queries.parcels(channel=channel, state=state, after=after), limit=limit)
        return [message_rows.sent_from(row, inside) for row, inside in zip(rows, await self._contents(rows), strict=True)]

    async def _contents(self, parcels: Sequence[Fetched]) -> list[list[Fetched]]:
        inside: dict[str, list[Fetched]] = {row["id"]: [] for row in parcels}
        for portion in portions(inside):
            for row in await self._rows(parcel_queries.CONTENTS, parcels=portion):
                inside[row["parcel"]].append(row)
        return list(inside.values())

    async def dead_letters(
        self, *, channel: str | None = None, incident: str | None = None, since: datetime | None = None, limit: int = 1000
    ) -> list[Posted]:
        """Messages that were given up, the last first; `since` is when they were."""
        statement = message_queries.dead_letters(since=since, channel=channel, incident=incident)
        return [message_rows.posted_from(row) for row in await self._rows(statement, limit=limit)]

    async def named(self, names: Collection[str]) -> list[Posted]:
        """Messages by their own ids, or by those of the parcels in which they travelled."""
        rows = [row for portion in portions(names) for row in await self._rows(message_queries.NAMED, names=portion)]
        return [message_rows.posted_from(row) for row in rows]

    async def cares(self) -> list[Care]:
        """What people have said about being told of incidents."""
        return [Care(**row) for row in await self._rows(hearing_queries.CARES)]

    async def escalations(self, now: datetime) -> list[Message]:
        """What stands by for the case that nobody acknowledges, and is due."""
        return [message_rows.MESSAGE.value(row) for row in await self._rows(hearing_queries.ESCALATIONS, now=now)]

    async def unattended(self, channels: Collection[str]) -> list[Unattended]:
        """Which of these channels have known since when of what stands; without what somebody has acknowledged as it is."""
        return [Unattended(**row) for row in await self._rows(hearing_queries.UNATTENDED, channels=list(channels))]

    async def known_messages(self, messages: Collection[str]) -> set[str]:
        """Those of the message ids that are owed, or were."""
        rows = [row for portion in portions(messages) for row in await self._rows(message_queries.KNOWN, messages=portion)]
        return {row["id"] for row in rows}

    async def switched_off(self) -> dict[str, str]:
        """What is known of receivers that want no more messages, by channel."""
        rows = await self._rows(hearing_queries.SWITCHED_OFF)
        return {hearing_queries.channel_of(row["name"]): row["value"] for row in rows}

    async def attempts(self, parcel: str) -> list[Attempt]:
        """All attempts to deliver one parcel, in order."""
        return [message_rows.ATTEMPT.value(row) for row in await self._rows(parcel_queries.ATTEMPTS, parcel=parcel)]


class OutboxWriting(_Told):
    """From a message that is owed to a parcel that has arrived."""

    async def add_messages(self, messages: Sequence[Message]) -> None:
        """Owe these messages from now on, in this order. One that is owed, or was, under the same id changes nothing."""
        rows = [message_rows.message_columns(message) for message in messages]
        await self._execute_all(message_queries.add_message(self._dialect), rows)

    async def sealable(self, now: datetime, limit: int, soon: datetime | None = None) -> list[Queued]:
        """Messages that may travel now, about `limit` of them, in the order in which they came to be owed.

        With a message that is due comes what shares its bundle and falls due until `soon`, and earlier news of the same
        incident that still waits for the same receiver, due or not. Nothing comes of an incident of which a parcel is under
        way through the same channel: so nothing overtakes.
        """
        rows = await self._rows(message_queries.SEALABLE, now=now, soon=soon or now, limit=limit)
        return [message_rows.queued_from(row) for row in rows]

    async def set_back(self, now: datetime, step: timedelta, routes: Collection[Route]) -> None:
        """The clock was set back by `step`: what was to come after a while is to come as soon as it would have.

        What waits for the end of quiet hours or for the digest of one of these `routes` waits for that.
        """
        known = {route.id: route for route in routes}
        messages = await self._rows(message_queries.LATER_MESSAGES, now=now)
        parcels = await self._rows(parcel_queries.LATER_PARCELS, now=now)
        dated = [{"one": row["number"], "due": _set_back(row, step, known.get(row["route"]))} for row in messages]
        await self._execute_all(message_queries.DATE_MESSAGE, dated)
        await self._execute_all(
            parcel_queries.DATE_PARCEL,
            [
                {"one": row["number"], "due": row["due_at"] - step, "until": row["lease_until"] and row["lease_until"] - step}
                for row in parcels
            ],
        )

    async def turns(self, incidents: Collection[str]) -> list[Turn]:
        """The alarms and last words about these incidents that are owed, or were."""
        rows = [row for portion in portions(incidents) for row in await self._rows(hearing_queries.TURNS, incidents=portion)]
        return [Turn(**row) for row in rows]

    async def muted(self, incidents: Collection[str]) -> dict[str, datetime]:
        """Until when to be quiet about these incidents, where somebody said so of them or of the mass events they belong to."""
        found: dict[str, datetime] = {}
        for portion in portions(incidents):
            for statement in (hearing_queries.MUTED, hearing_queries.MUTED_WITH_THE_REST):
                for row in await self._rows(statement, incidents=portion):
                    name, until = row["incident"], row["muted_until"]
                    found[name] = max(found.get(name, until), until)
        return found

    async def listening(self, incidents: Collection[str], now: datetime) -> set[tuple[str, str]]:
        """Channel and incident of every alarm that was told (`being_told`), about which nobody wants quiet at `now`."""
        if not incidents:
            return set()
        quiet = {name for name, until in (await self.muted(incidents)).items() if until > now}
        return await self.being_told(frozenset(incidents) - quiet)

    async def seal(self, parcel: Parcel, now: datetime, attempts: int) -> None:
        """Put messages that wait into a parcel, which is due at once; `attempts` is how often they have travelled in vain."""
        await self.seal_all([(parcel, attempts)], now)

    async def seal_all(self, parcels: Collection[tuple[Parcel, int]], now: datetime) -> None:
        """The same for many parcels, each with its attempts."""
        rows = [message_rows.parcel_columns(parcel, now, attempts) for parcel, attempts in parcels]
        contents = [{"message": name, "sealed_in": parcel.id} for parcel, _ in parcels for name in parcel.messages]
        await self._execute_all(parcel_queries.seal(self._dialect), rows)
        await self._execute_all(message_queries.PUT_IN, contents)

    async def claim_parcels(self, now: datetime, lease_seconds: float, limit: int, worker: str) -> list[Owed]:
        """Take at most `limit` due parcels into this worker's hands, for `lease_seconds`.

        A lease that has ended counts as none, so a parcel whose worker died is claimed again.
        """
        until = now + timedelta(seconds=lease_seconds)
        values = {"now": now, "until": until, "limit": limit, "worker": worker}
        rows = fetched(await self._connection.execute(parcel_queries.CLAIM, values))
        contents = await self._contents([row["id"] for row in rows])
        ordered = sorted(rows, key=lambda row: (row["due_at"], row["number"]))
        return [message_rows.owed_from(row, contents.get(row["id"], ())) for row in ordered]

    async def _contents(self, parcels: Collection[str]) -> dict[str, list[Fetched]]:
        found: dict[str, list[Fetched]] = {}
        for portion in portions(parcels):
            for row in await self._rows(parcel_queries.CONTENTS, parcels=portion):
                found.setdefault(row["parcel"], []).append(row)
        return found

    async def delivered(self, parcel: str, now: datetime) -> bool:
        """The parcel has arrived: whatever else was noted of it, that stands. Returns whether this is news."""
        is_news = await self._changed(parcel_queries.DELIVERED, parcel=parcel, now=now)
        await self._changed(message_queries.ARRIVED, sealed_in=parcel, now=now)
        return is_news

    async def postpone(
        self, parcel: str, now: datetime, due_at: datetime, error: str, worker: str | None = None, *, tried: int = 1
    ) -> bool:
        """Let a claimed parcel that may have arrived come again, as it is, from `due_at` on.

        `tried` is by how many attempts the messages in it have come further. Returns whether it was so: a parcel that is in
        nobody's hands, or in another's than `worker`'s, stays as it is.
        """
        values = {"parcel": parcel, "due": max(now, due_at), "error": _shortened(error)}
        if not await self._changed(parcel_queries.held_by(parcel_queries.POSTPONE, worker), **values):
            return False
        await self._changed(message_queries.KEPT_IN, sealed_in=parcel, error=values["error"], tried=tried)
        return True

    async def dissolve(
        self, parcel: str, now: datetime, due_at: datetime, error: str, worker: str | None = None, *, tried: int = 1
    ) -> bool:
        """Take a claimed parcel apart that has certainly not arrived: its messages wait again, until `due_at`.

        See `postpone` for `tried`, and for what is returned.
        """
        values = {"parcel": parcel, "due": max(now, due_at), "error": _shortened(error)}
        if not await self._changed(parcel_queries.held_by(parcel_queries.DISSOLVE, worker), **values):
            return False
        taken_out = {"sealed_in": parcel, "due": values["due"], "error": values["error"], "tried": tried}
        await self._changed(message_queries.TAKEN_OUT, **taken_out)
        return True

    async def dead(self, parcel: str, now: datetime, error: str, worker: str | None = None, *, tried: int = 1) -> bool:
        """Give a claimed parcel up. Later news of the same incidents may then go out. See `postpone` for the rest."""
        values = {"parcel": parcel, "now": now, "error": _shortened(error)}
        if not await self._changed(parcel_queries.held_by(parcel_queries.GIVE_UP, worker), **values):
            return False
        await self._changed(message_queries.LOST, sealed_in=parcel, now=now, error=values["error"], tried=tried)
        return True

    async def collapse(self, messages: Collection[str], now: datetime) -> set[str]:
        """Owe these no longer, because another message says it all. Returns those that were still waiting, in no parcel."""
        gone: set[str] = set()
        for portion in portions(messages):
            rows = await self._connection.execute(message_queries.COLLAPSE, {"messages": portion, "now": now})
            gone.update(rows.scalars())
        await self.stand_down(gone, now)
        return gone

    async def untell(self, incident: str, left: Callable[[Mapping[str, Any]], dict[str, Any]]) -> None:
        """Let all that is owed and was told of an incident read as `left` leaves it, after an erasure (ADR 0010)."""
        messages = await self._rows(message_queries.MESSAGES, incident=incident)
        await self._execute_all(message_queries.UNTELL, _rewritten(messages, left))
        parcels = await self._rows(parcel_queries.SPEAKING_OF, incident=incident)
        await self._execute_all(parcel_queries.UNTELL, _rewritten(parcels, left))

    async def hold(self, held: Collection[tuple[str, datetime]]) -> None:
        """Let messages wait until then."""
        rows = [{"message": name, "due": until} for name, until in held]
        await self._execute_all(message_queries.HOLD, rows)

    # Who stands by

    async def stand_in(self, messages: Collection[str], now: datetime, attempts: int) -> None:
        """Let second channels speak for those of these messages that failed in so many attempts, or were given up."""
        for portion in portions(messages):
            seconds = await self._rows(hearing_queries.SECONDS_OF_FAILED, messages=portion, attempts=attempts)
            await self._let_speak(seconds, now)

    async def stand_down(self, messages: Collection[str], now: datetime) -> None:
        """These are settled: their second channels need not speak, unless they have spoken of the incident before."""
        for portion in portions(messages):
            seconds = await self._rows(hearing_queries.SECONDS, messages=portion)
            told = await self._rows(hearing_queries.BEING_TOLD, incidents=[one["incident"] for one in seconds])
            spoken = {(one["channel"], one["incident"]) for one in told if one["purpose"] == Purpose.SECOND}
            later = [one for one in seconds if one["kind"] != MessageKind.ALARM and (one["channel"], one["incident"]) in spoken]
            await self._let_speak(later, now)
            await self.cancel([one["id"] for one in seconds], now)

    async def _let_speak(self, seconds: Sequence[Fetched], now: datetime) -> None:
        """A channel that stands in for several speaks once."""
        incidents = {one["incident"] for one in seconds}
        talking = await self._rows(hearing_queries.TALKING, incidents=list(incidents)) if incidents else []
        taken = {(*_line(one), one["version"]) for one in talking}
        chosen = {(*_line(one), one["version"]): one["id"] for one in reversed(seconds)}
        await self.release([name for key, name in chosen.items() if key not in taken], now)
        await self.cancel([one["id"] for one in seconds], now)

    async def release(self, messages: Collection[str], now: datetime) -> None:
        """Owe these, which stood by, from now on."""
        for portion in portions(messages):
            await self._changed(hearing_queries.RELEASE, messages=portion, due=now)

    async def cancel(self, messages: Collection[str], now: datetime) -> None:
        """What these stood by for has not come to pass."""
        for portion in portions(messages):
            await self._changed(hearing_queries.CANCEL, messages=portion, settled=now)

    # What people say

    async def acknowledge(self, incident: str, by: str, now: datetime) -> None:
        """Somebody sees to it: nobody else is called, nobody is reminded, until it ends or comes back."""
        values = {"incident": incident, "acknowledged_at": now, "acknowledged_by": by}
        await self._connection.execute(hearing_queries.acknowledge(self._dialect), values)

    async def mute(self, incident: str, until: datetime, by: str) -> None:
        """Hold back news of an incident and reminders until then; its end is told, and so is a retraction."""
        values = {"incident": incident, "muted_until": until, "muted_by": by}
        await self._connection.execute(hearing_queries.mute(self._dialect), values)

    async def unmute(self, incident: str) -> None:
        """Tell news of an incident again."""
        values = {"incident": incident, "muted_until": None, "muted_by": None}
        await self._connection.execute(hearing_queries.mute(self._dialect), values)

    # Having it again, and having it no more

    async def replay(self, messages: Collection[str], now: datetime) -> list[str]:
        """Owe messages again that were given up, collapsed or delivered, as if they had never been tried.

        After one that never arrived comes whatever has happened since to its incident, for the same receiver: so an alarm that
        is over by now comes as one late message, and not as a false alarm. What had arrived travels again as it was. Receivers
        that wanted no more are tried again. Returns the ids of what is owed again.
        """
        rows = [row for portion in portions(messages) for row in await self._rows(message_queries.REPLAYABLE, messages=portion)]
        arrived = [row["id"] for row in rows if row["state"] == MessageState.DELIVERED]
        afresh = {row["id"]: None for row in rows if row["state"] != MessageState.DELIVERED}
        for row in rows:
            if row["id"] in afresh and row["incident"]:
                values = {name: row[name] for name in ("incident", "route", "channel", "number")}
                afresh |= {one["id"]: None for one in await self._rows(message_queries.REST_OF_THE_STORY, **values)}
        for portion in portions(afresh):
            await self._changed(message_queries.OWE_AFRESH, messages=portion, due=now)
        for portion in portions(arrived):
            await self._changed(message_queries.OWE_AGAIN, messages=portion, due=now)
        for channel in {row["channel"] for row in rows}:
            await self._changed(hearing_queries.SWITCH_ON, name=hearing_queries.switched_off(channel))
        return list(afresh | dict.fromkeys(arrived))

    async def switch_off(self, channel: str, noted: str) -> None:
        """Remember that a channel's receiver wants no more messages, with what is known of that."""
        row = {"name": hearing_queries.switched_off(channel), "value": noted}
        await self._connection.execute(reader_queries.set_fact(self._dialect), row)

    # What was tried

    async def record_attempt(self, attempt: Attempt) -> None:
        """Note one attempt to deliver, whatever came of it."""
        columns = message_rows.ATTEMPT.columns(attempt)
        await self._connection.execute(parcel_queries.ADD_ATTEMPT, {**columns, "error": _shortened(attempt.error)})


def _set_back(row: Fetched, step: timedelta, route: Route | None) -> datetime:
    due: datetime = row["due_at"]
    return due_once_set_back(due, step, Severity(row["severity"]), route) if route else due - step


def _rewritten(rows: Sequence[Fetched], left: Callable[[Mapping[str, Any]], dict[str, Any]]) -> list[dict[str, Any]]:
    found = ({"one": row["number"], "before": row["payload"], "left": left(row["payload"])} for row in rows)
    return [{"one": one["one"], "left": one["left"]} for one in found if one["left"] != one["before"]]


def _line(row: Fetched) -> Line:
    return row["route"], row["channel"], row["incident"]


def _shortened(text: str | None) -> str | None:
    return text and readable(text[:_LONGEST_ERROR])
