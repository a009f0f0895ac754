"""Enters a notice that somebody has received: once, however often they hand it in."""

import contextlib
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from monitor.core.dossier import Dossier
from monitor.core.incident import CaseKey, Change, apply, record
from monitor.core.kinds import EventKind, IncidentStage, Kind, Origin
from monitor.core.model import Tlp
from monitor.store import OutOfStep, Store


class NotTheSame(ValueError):
    """Another notice was handed in under this name before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A notice as it was handed in.

    - `name`: by which whoever hands it in recognises it, so that handing it in again enters nothing
    - `by`: who hands it in: a key's id, `staff`, `command line`
    """

    name: str
    organisation: str
    target: str | None = None
    provider: str | None = None
    dossier: Dossier
    by: str


async def receive(store: Store, notice: Received, now: datetime) -> tuple[str, bool]:
    """Enter a notice as AMBER, to be reviewed by a person. Returns the incident's id, and whether it is new.

    Raises `NotTheSame`, or `StoreUnavailable`.
    """
    fact = f"notice {sha256(notice.name.encode()).hexdigest()}"
    content = _digest(notice)
    while True:
        with contextlib.suppress(OutOfStep):
            async with store.writing() as writing:
                known = await writing.fact(fact)
                if known is not None:
                    return _again(known, content), False
                incident = await writing.next_incident_id(now.year)
                opened = record(incident, 1, now, EventKind.OPENED, _statement(notice, fact))
                await writing.append([opened], [apply(None, opened)])
                await writing.set_fact(fact, f"{incident} {content}")
                return incident, True


def _again(known: str, content: str) -> str:
    incident, _, before = known.partition(" ")
    if before != content:
        raise NotTheSame("another notice was handed in under this name before: give each its own")
    return incident


def _digest(notice: Received) -> str:
    said = notice.dossier.model_copy(update={"as_of": None})  # the day of entry may stand there, which is no part of the notice
    about = (notice.organisation, notice.target or "", notice.provider or "", said.model_dump_json())
    return sha256("\0".join(about).encode()).hexdigest()


def _statement(notice: Received, fact: str) -> Change:
    """Each notice is a case of its own: nothing that is measured can be taken for the same."""
    return Change(
        key=CaseKey(organisation=notice.organisation, target=notice.target or "", family=fact.replace(" ", ":"), country=None),
        kind=Kind.NOTICE,
        stage=IncidentStage.CONFIRMED,
        tlp=Tlp.AMBER,
        origin=Origin.ATTESTED,
        provider=notice.provider,
        dossier=notice.dossier,
        by=notice.by,
    )
