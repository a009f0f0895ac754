"""Incidents, their log, and what was announced, as rows."""

from typing import Any, Final

from pydantic import TypeAdapter

from monitor.core.incident import Event, Incident, looks_kept
from monitor.core.planned import AnnouncedChange
from monitor.core.watchlist import PlannedChange
from monitor.store.rows import Columns, Fetched, Shape

EVENT: Final = Shape(Event)
"""An entry of the log; its number is given by the database."""

_incident = TypeAdapter(Incident)


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
