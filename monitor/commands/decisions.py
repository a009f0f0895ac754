"""The commands with which people decide about an incident, measured or not; they belong to `cutwatch incidents`."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

import typer
from pydantic import BaseModel, ValidationError

from monitor.clock import Clock
from monitor.commands.database import opened
from monitor.commands.dossiers import read_dossier
from monitor.commands.incidents import Number, incident_record, latest, watchlist_or_refusal
from monitor.commands.output import Json, emit, refuse, say
from monitor.core import decision
from monitor.core.decision import Decision, Refused
from monitor.core.descriptive import Basis, Review
from monitor.core.dossier import EvidenceItem, Reinstatement, Reply
from monitor.core.incident import Incident
from monitor.core.kinds import RelationKind
from monitor.core.model import Tlp, Words
from monitor.intake import carry_out, connect
from monitor.settings import Settings
from monitor.store import Store

ModelT = TypeVar("ModelT", bound=BaseModel)

decisions = typer.Typer()

BY: Final = "command line"


def _given(reason: str) -> str:
    """Insist on a reason before anything else is looked at."""
    return reason if reason.strip() else refuse("give a reason with --reason: it is kept with the incident, and readers see why")


Reason = Annotated[str, typer.Option(help="Why; it is kept with the incident, and readers see it.", callback=_given)]


@decisions.command("release")
def release(
    incident: Number,
    reason: Reason,
    tlp: Annotated[Tlp, typer.Option(help="How far it may travel.")] = Tlp.CLEAR,
    *,
    as_json: Json = False,
) -> None:
    """Let an incident leave the house: everything that was measured starts as AMBER, and only a person releases it."""
    now = latest(incident)
    if tlp is Tlp.CLEAR and now.dossier is not None and now.dossier.review is Review.DRAFT:
        refuse(f"{incident} is a draft: correct its dossier to what you have reviewed, with its `review`, first")
    released = now if now.tlp is tlp else _decide(incident, decision.release(tlp, reason, BY))
    _tell(released, f"is {released.tlp} now", as_json=as_json)


@decisions.command("retract")
def retract(incident: Number, reason: Reason, *, as_json: Json = False) -> None:
    """Take an incident back that should not stand. Those who were told of it are told of this, with the next delivery."""
    retracted = _decide(incident, decision.retract(reason, BY))
    _tell(retracted, "is retracted", as_json=as_json)
    _hint_at_file(retracted, "write `stage: retracted` there too")


@decisions.command("avert")
def avert(incident: Number, reason: Reason, *, as_json: Json = False) -> None:
    """Say that what a notice announced will not happen."""
    _tell(_decide(incident, decision.avert(reason, BY)), "is averted", as_json=as_json)


@decisions.command("reinstate")
def reinstate(
    incident: Number,
    reason: Reason,
    date: Annotated[str | None, typer.Option(help="When: 2024-02-01, 2024-02, 2024.")] = None,
    by: Annotated[str | None, typer.Option(help="Who gave it back.")] = None,
    basis: Annotated[Basis, typer.Option(help="On what this rests.")] = Basis.SELF_REPORT,
    *,
    announced: Annotated[bool, typer.Option("--announced", help="Nothing is back yet: a way back was announced.")] = False,
    as_json: Json = False,
) -> None:
    """Say that whoever took access away has given it back in full, or has announced how it can be had back."""
    scope = "announced" if announced else "full"
    given = _read(Reinstatement, scope=scope, date=date, by=by and {"en": by}, basis=basis)
    changed = _decide(incident, decision.reinstate(given, reason, BY))
    _tell(changed, "has an announced way back" if announced else "is reinstated", as_json=as_json)


@decisions.command("correct")
def correct(
    incident: Number,
    file: Annotated[Path, typer.Option(help="All that is known of it, as `show --dossier` prints it.")],
    reason: Reason,
    *,
    as_json: Json = False,
) -> None:
    """State anew what is known of an incident. What was measured stays as it was measured."""
    corrected = _decide(incident, decision.correct(read_dossier(file), reason, BY))
    _tell(corrected, "is corrected", as_json=as_json)
    _hint_at_file(corrected, "correct it there as well")


@decisions.command("evidence")
def evidence(
    incident: Number,
    title: Annotated[str, typer.Option(help="What it is.")],
    reason: Reason = "evidence was found",
    url: Annotated[str | None, typer.Option(help="Where it can be had.")] = None,
    sha256: Annotated[str | None, typer.Option(help="Its hash, as 64 hexadecimal digits.")] = None,
    *,
    as_json: Json = False,
) -> None:
    """Add a thing that shows it: a document, a screenshot, somebody else's measurement."""
    today = Clock.from_environment().now().date().isoformat()
    item = _read(EvidenceItem, title=title, url=url, sha256=sha256, added=today)
    _tell(_decide(incident, decision.add_evidence(item, reason, BY)), "has more evidence", as_json=as_json)


@decisions.command("reply")
def reply(
    incident: Number,
    by: Annotated[str, typer.Option(help="Who answered.")],
    text: Annotated[str, typer.Option(help="What they answered, in their words.")],
    reason: Reason = "those accused were heard",
    date: Annotated[str | None, typer.Option(help="When: 2024-02-01, 2024-02, 2024.")] = None,
    *,
    as_json: Json = False,
) -> None:
    """Add what one of those accused has answered; readers see it beside what they are accused of."""
    answer = _read(Reply, by=Words(en=by), text={"en": text}, date=date)
    _tell(_decide(incident, decision.add_reply(answer, reason, BY)), "has a reply", as_json=as_json)


@decisions.command("link")
def link(
    incident: Number,
    other: Number,
    relation: Annotated[RelationKind, typer.Option("--as", help="How the first stands to the second.")],
    reason: Reason,
    *,
    as_json: Json = False,
) -> None:
    """Say how an incident stands to another: it follows it, was announced by it, is one of its members."""

    async def linked(store: Store) -> Incident | None:
        now = Clock.from_environment().now()
        return await connect(store, (incident, other), relation, (reason, BY), now, watchlist_or_refusal())

    changed = _done(linked, f"{incident} or {other}")
    _tell(changed, f"is linked to {other}", as_json=as_json)


@decisions.command("erase")
def erase(
    incident: Number,
    field: Annotated[str, typer.Argument(help="A field of the dossier, such as actors[0].entity.")],
    reason: Reason,
    *,
    as_json: Json = False,
) -> None:
    """Empty a field that holds a person's data, now and in all earlier versions. This cannot be taken back."""
    erased = _decide(incident, decision.erase(field, reason, BY))
    _tell(erased, f"no longer holds {field}, in any version", as_json=as_json)
    _hint_at_file(erased, "take it out of there before anything else is changed in that file")


def _decide(name: str, wanted: Decision) -> Incident:
    watchlist, address = watchlist_or_refusal(), Settings().address

    async def decided(store: Store) -> Incident | None:
        return await carry_out(store, name, wanted, Clock.from_environment().now(), watchlist, address)

    return _done(decided, name)


def _done(decided: Callable[[Store], Coroutine[Any, Any, Incident | None]], name: str) -> Incident:
    async def in_the_store() -> Incident | None:
        async with opened(Settings()) as store:
            return await decided(store)

    try:
        found = asyncio.run(in_the_store())
    except Refused as refused:
        refuse(str(refused))
    if found is None:
        refuse(f"there is no incident {name}: see `cutwatch incidents list --all`")
    return found


def _read(model: type[ModelT], **given: object) -> ModelT:
    try:
        return model.model_validate({name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        refuse(f"--{'.'.join(str(part) for part in first['loc'])}: {first['msg'].removeprefix('Value error, ')}")


def _tell(incident: Incident, what: str, *, as_json: bool) -> None:
    emit(incident_record(incident)) if as_json else say(f"{incident.id} {what} (version {incident.version}).")


def _hint_at_file(incident: Incident, what: str) -> None:
    """The file of an entry rules again when it is changed next: what was decided here would be undone."""
    if incident.entry is not None:
        typer.echo(f"Note: {incident.id} is described in config/incidents/{incident.entry}.yaml: {what}.", err=True)
