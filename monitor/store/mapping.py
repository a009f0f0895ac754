"""Between values and rows: the only place that knows how one becomes the other."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar

from pydantic import TypeAdapter
from sqlalchemy import Result

from monitor.core.incident import Event, Incident, looks_kept
from monitor.core.keys import Key, KeyUse, Scope
from monitor.core.kinds import EventKind
from monitor.core.message import Message, MessageKind, Parcel, Purpose
from monitor.core.plan import Check
from monitor.core.planned import AnnouncedChange
from monitor.core.verdict import Verdict
from monitor.core.watchlist import PlannedChange, Severity
from monitor.store.packing import Packer, readable
from monitor.store.records import (
    Attempt,
    CheckState,
    Hour,
    Judged,
    MessageState,
    Owed,
    ParcelState,
    Posted,
    Queued,
    Sent,
    Span,
    Standing,
)
from monitor.store.tables import ApiKeyRow
from probes.kit.observation import Control, Facts, Observation, Provenance
from probes.kit.vocabulary import Meant, State, Strength, Unmeasured, Validity, WhyUnclear

Word = TypeVar("Word", bound=StrEnum)
Columns = dict[str, Any]
Fetched = Mapping[str, Any]

_facts: Packer[Facts] = Packer(Facts)
_control: Packer[tuple[Control, ...]] = Packer(tuple[Control, ...])
_incident = TypeAdapter(Incident)
_provenance = TypeAdapter(Provenance)


def fetched(result: Result[Any]) -> list[Fetched]:
    """The rows of an answer as dictionaries: finding a column in them takes a tenth of the time that it takes in SQLAlchemy's."""
    names = tuple(result.keys())
    return [dict(zip(names, row, strict=True)) for row in result]


def check_columns(check: Check) -> Columns:
    """A check of the configuration. Its parameters stay there: they hold addresses."""
    return {
        "id": check.id,
        "organisation": check.organisation,
        "target": check.target,
        "probe": check.probe,
        "vantage": check.vantage,
        "country": check.country,
        "every": check.every,
        "watched": True,
    }


def unknown_check_columns(verdict: Verdict) -> Columns:
    """What a verdict tells of its check."""
    return {
        "id": verdict.check,
        "organisation": verdict.organisation,
        "target": verdict.target,
        "probe": verdict.probe,
        "vantage": verdict.vantage,
        "country": verdict.country,
        "every": None,
        "watched": False,
    }


def look_columns(look: Judged) -> Columns:
    """A look and its verdict."""
    observation, verdict = look.observation, look.verdict
    return {
        "id": observation.id,
        "at": observation.started_at,
        "check_id": observation.check,
        "country": verdict.country,
        "validity": observation.validity.value,
        "unmeasured": _text(observation.unmeasured),
        "missed": observation.missed,
        "duration": observation.duration,
        "timing_suspect": observation.timing_suspect,
        "probe_version": observation.probe_version,
        "software": observation.software,
        "state": verdict.state.value,
        "rule": verdict.rule,
        "because": readable(verdict.because),
        "strength": verdict.strength.value,
        "why_unclear": _text(verdict.why_unclear),
        "mechanism": verdict.mechanism,
        "scope": _text(verdict.scope),
        "ruleset": verdict.ruleset,
        "provenance": None if observation.provenance is None else _provenance.dump_python(observation.provenance, mode="json"),
        "facts": None if observation.facts is None else _facts.pack(observation.facts),
        "control": _control.pack(observation.control) if observation.control else None,
    }


def look_from(row: Fetched) -> Judged:
    """A look and its verdict, without bytes."""
    observation = Observation(
        id=row["id"],
        check=row["check_id"],
        vantage=row["vantage"],
        country=row["country"],
        started_at=row["at"],
        duration=row["duration"],
        facts=None if row["facts"] is None else _facts.unpack(row["facts"]),
        control=() if row["control"] is None else _control.unpack(row["control"]),
        validity=Validity(row["validity"]),
        unmeasured=_word(Unmeasured, row["unmeasured"]),
        missed=row["missed"],
        timing_suspect=row["timing_suspect"],
        provenance=None if row["provenance"] is None else _provenance.validate_python(row["provenance"]),
        probe_version=row["probe_version"],
        software=row["software"],
    )
    return Judged(observation=observation, verdict=verdict_from(row))


def verdict_from(row: Fetched) -> Verdict:
    """The verdict on a look."""
    return Verdict(
        observation=row["id"],
        check=row["check_id"],
        organisation=row["organisation"],
        target=row["target"],
        probe=row["probe"],
        vantage=row["vantage"],
        country=row["country"],
        at=row["at"],
        state=State(row["state"]),
        rule=row["rule"],
        because=row["because"],
        strength=Strength(row["strength"]),
        why_unclear=_word(WhyUnclear, row["why_unclear"]),
        mechanism=row["mechanism"],
        scope=_word(Meant, row["scope"]),
        ruleset=row["ruleset"],
    )


def verdict_columns(verdict: Verdict) -> Columns:
    """A new verdict on a look that is stored."""
    return {
        "observation": verdict.observation,
        "judged_state": verdict.state.value,
        "judged_rule": verdict.rule,
        "judged_because": readable(verdict.because),
        "judged_strength": verdict.strength.value,
        "judged_why_unclear": _text(verdict.why_unclear),
        "judged_mechanism": verdict.mechanism,
        "judged_scope": _text(verdict.scope),
        "judged_ruleset": verdict.ruleset,
    }


def standing_columns(standing: Standing, newest: Verdict) -> Columns:
    """Where a check stands, and what its newest look said."""
    return {
        "check_id": newest.check,
        "state": standing.state.value,
        "since": standing.since,
        "last_at": standing.last_at,
        "looks": standing.looks,
        "observation": newest.observation,
        "rule": newest.rule,
        "because": readable(newest.because),
        "strength": newest.strength.value,
        "why_unclear": _text(newest.why_unclear),
        "mechanism": newest.mechanism,
        "scope": _text(newest.scope),
        "measured_state": _text(standing.measured_state),
        "measured_since": standing.measured_since,
        "measured_at": standing.measured_at,
    }


def standing_from(row: Fetched) -> Standing:
    """Where a check stands."""
    return Standing(
        state=State(row["state"]),
        since=row["since"],
        last_at=row["last_at"],
        looks=row["looks"],
        measured_state=_word(State, row["measured_state"]),
        measured_since=row["measured_since"],
        measured_at=row["measured_at"],
    )


def check_state_from(row: Fetched) -> CheckState:
    """A watched check, where it stands, and what its newest look said."""
    return CheckState(
        check=row["check_id"],
        organisation=row["organisation"],
        target=row["target"],
        probe=row["probe"],
        vantage=row["vantage"],
        country=row["country"],
        every=row["every"],
        state=State(row["state"]),
        since=row["since"],
        last_at=row["last_at"],
        looks=row["looks"],
        measured_state=_word(State, row["measured_state"]),
        measured_since=row["measured_since"],
        measured_at=row["measured_at"],
        observation=row["observation"],
        rule=row["rule"],
        because=row["because"],
        strength=Strength(row["strength"]),
        why_unclear=_word(WhyUnclear, row["why_unclear"]),
        mechanism=row["mechanism"],
        scope=_word(Meant, row["scope"]),
    )


def span_columns(span: Span) -> Columns:
    """A span."""
    return {
        "check_id": span.check,
        "state": span.state.value,
        "started_at": span.started_at,
        "last_at": span.last_at,
        "ended_at": span.ended_at,
        "looks": span.looks,
    }


def span_from(row: Fetched) -> Span:
    """A span."""
    return Span(
        check=row["check_id"],
        state=State(row["state"]),
        started_at=row["started_at"],
        last_at=row["last_at"],
        ended_at=row["ended_at"],
        looks=row["looks"],
    )


def hour_columns(hour: Hour) -> Columns:
    """An hour of one check in one state."""
    return {
        "check_id": hour.check,
        "hour": hour.hour,
        "state": hour.state.value,
        "looks": hour.looks,
        "missed": hour.missed,
        "duration_sum": hour.duration_sum,
        "duration_max": hour.duration_max,
    }


def hour_from(row: Fetched) -> Hour:
    """An hour of one check in one state."""
    return Hour(
        check=row["check_id"],
        hour=row["hour"],
        state=State(row["state"]),
        looks=row["looks"],
        missed=row["missed"],
        duration_sum=row["duration_sum"],
        duration_max=row["duration_max"],
    )


def event_columns(event: Event) -> Columns:
    """An entry of the log; its number is given by the database."""
    return {"incident": event.incident, "version": event.version, "at": event.at, "kind": event.kind, "data": event.data}


def event_from(row: Fetched) -> Event:
    """An entry of the log."""
    return Event(incident=row["incident"], version=row["version"], at=row["at"], kind=EventKind(row["kind"]), data=row["data"])


def incident_columns(incident: Incident) -> Columns:
    """An incident: whole in `data`, and the columns by which it is found."""
    return {
        "id": incident.id,
        "version": incident.version,
        "organisation": incident.key.organisation,
        "target": incident.key.target,
        "kind": incident.kind,
        "country": incident.key.country,
        "stage": incident.stage,
        "origin": incident.origin,
        "provider": incident.provider,
        "tlp": incident.tlp,
        "entry": incident.entry,
        "keep_from": kept[0] if (kept := looks_kept(incident)) else None,
        "keep_until": kept[1] if kept else None,
        "updated": incident.updated,
        "data": _incident.dump_python(incident, mode="json"),
    }


def incident_from(data: Any) -> Incident:
    """An incident from its `data`."""
    return _incident.validate_python(data)


def message_columns(message: Message) -> Columns:
    """A message that is owed, or stands by, from the moment it is written."""
    return {
        "id": message.id,
        "kind": message.kind,
        "incident": message.incident,
        "version": message.version,
        "route": message.route,
        "channel": message.channel,
        "bundle": message.bundle,
        "severity": message.severity,
        "purpose": message.purpose,
        "stands_in_for": message.stands_in_for,
        "created_at": message.created_at,
        "payload": message.payload,
        "state": MessageState.PENDING if message.purpose is Purpose.DIRECT else MessageState.STANDBY,
        "due_at": message.due_at or message.created_at,
        "attempts": 0,
    }


def message_from(row: Fetched) -> Message:
    """A message."""
    return Message(
        id=row["id"],
        kind=MessageKind(row["kind"]),
        incident=row["incident"],
        version=row["version"],
        route=row["route"],
        channel=row["channel"],
        bundle=row["bundle"],
        severity=Severity(row["severity"]),
        purpose=Purpose(row["purpose"]),
        stands_in_for=row["stands_in_for"],
        created_at=row["created_at"],
        due_at=row["due_at"],
        payload=row["payload"],
    )


def queued_from(row: Fetched) -> Queued:
    """A message that may travel."""
    return Queued(message=message_from(row), attempts=row["attempts"], again=row["settled_at"] is not None)


def parcel_columns(parcel: Parcel, due_at: datetime, attempts: int) -> Columns:
    """A parcel that is to travel."""
    return {
        "id": parcel.id,
        "route": parcel.route,
        "channel": parcel.channel,
        "created_at": parcel.created_at,
        "payload": parcel.payload,
        "state": ParcelState.PENDING,
        "due_at": due_at,
        "attempts": attempts,
        "perhaps_received": False,
    }


def parcel_from(row: Fetched, contents: Iterable[Fetched]) -> Parcel:
    """A parcel; `contents` are the message and incident ids in it, in order."""
    inside = list(contents)
    incidents = dict.fromkeys(one["incident"] for one in inside if one["incident"])
    return Parcel(
        id=row["id"],
        route=row["route"],
        channel=row["channel"],
        created_at=row["created_at"],
        messages=tuple(one["id"] for one in inside),
        incidents=tuple(incidents),
        payload=row["payload"],
    )


def owed_from(row: Fetched, contents: Iterable[Fetched]) -> Owed:
    """A claimed parcel."""
    return Owed(parcel=parcel_from(row, contents), attempts=row["attempts"], perhaps_received=row["perhaps_received"])


def sent_from(row: Fetched, contents: Iterable[Fetched]) -> Sent:
    """A parcel and what has become of it."""
    return Sent(
        parcel=parcel_from(row, contents),
        state=ParcelState(row["state"]),
        due_at=row["due_at"],
        attempts=row["attempts"],
        last_error=row["last_error"],
        settled_at=row["settled_at"],
    )


def posted_from(row: Fetched) -> Posted:
    """A message and what has become of it."""
    return Posted(
        message=message_from(row),
        state=MessageState(row["state"]),
        due_at=row["due_at"],
        attempts=row["attempts"],
        parcel=row["parcel"],
        last_error=row["last_error"],
        settled_at=row["settled_at"],
    )


def attempt_columns(attempt: Attempt) -> Columns:
    """An attempt to deliver."""
    return {
        "parcel": attempt.parcel,
        "at": attempt.at,
        "outcome": attempt.outcome,
        "status": attempt.status,
        "error": attempt.error,
        "duration": attempt.duration,
    }


def attempt_from(row: Fetched) -> Attempt:
    """An attempt to deliver."""
    return Attempt(**{name: row[name] for name in ("parcel", "at", "outcome", "status", "error", "duration")})


def planned_look_columns(verdict: Verdict, change: PlannedChange) -> Columns:
    """That a planned change explains a look."""
    return {"observation": verdict.observation, "starts_at": change.start, "ends_at": change.end, "note": change.note}


def announced_columns(announced: AnnouncedChange) -> Columns:
    """A change that somebody plans."""
    return {
        "id": announced.id,
        "organisation": announced.organisation,
        "target": announced.target,
        "starts_at": announced.change.start,
        "ends_at": announced.change.end,
        "note": announced.change.note,
        "entered_at": announced.entered_at,
        "entered_by": announced.entered_by,
        "cancelled_at": announced.cancelled_at,
    }


def announced_from(row: Fetched) -> AnnouncedChange:
    """A change that somebody plans."""
    return AnnouncedChange(
        id=row["id"],
        organisation=row["organisation"],
        target=row["target"],
        change=PlannedChange(start=row["starts_at"], end=row["ends_at"], note=row["note"]),
        entered_at=row["entered_at"],
        entered_by=row["entered_by"],
        cancelled_at=row["cancelled_at"],
    )


def key_row(key: Key) -> ApiKeyRow:
    """A key."""
    return ApiKeyRow(
        id=key.id,
        name=key.name,
        hash=key.hash,
        use=key.use,
        scopes=list(key.scopes),
        organisations=None if key.organisations is None else list(key.organisations),
        created_at=key.created_at,
        expires_at=key.expires_at,
        revoked_at=key.revoked_at,
        last_used_at=key.last_used_at,
    )


def key_from(row: ApiKeyRow) -> Key:
    """A key."""
    return Key(
        id=row.id,
        name=row.name,
        hash=row.hash,
        use=KeyUse(row.use),
        scopes=tuple(Scope(scope) for scope in row.scopes),
        organisations=None if row.organisations is None else tuple(row.organisations),
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        last_used_at=row.last_used_at,
    )


def _text(word: StrEnum | None) -> str | None:
    """A word as plain text. The SQLite driver takes an enumeration's member too, but at six times the cost."""
    return None if word is None else word.value


def _word(words: type[Word], text: str | None) -> Word | None:
    return None if text is None else words(text)
