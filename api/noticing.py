"""Notices that people hand in, through the API or a form: whether one fits what is watched here, and its entry into the log."""

from datetime import datetime

from api import case_inputs as inputs
from api.access import Reader
from api.problems import FieldProblem
from monitor.core.dossier import DatedStatement, Dates, Dossier, LegalGround, StatedReason
from monitor.core.watchlist import Watchlist
from monitor.intake import Received, receive
from monitor.service import Context


def objection(watchlist: Watchlist, reader: Reader, notice: inputs.Notice) -> FieldProblem | None:
    """What in it is not known here. Of others' organisations a key does not learn whether they are watched."""
    organisation = watchlist.organisation(notice.organisation) if reader.acts_for(notice.organisation) else None
    if organisation is None:
        return FieldProblem(field="organisation", message="there is no such organisation that this key may enter notices for")
    if notice.target is not None and notice.target not in {target.id for target in organisation.targets}:
        return FieldProblem(field="target", message="the organisation has no such target")
    if notice.provider is not None and notice.provider not in {one.id for one in watchlist.providers}:
        return FieldProblem(field="provider", message="no such provider is described here; leave it out")
    return None


async def hand_in(context: Context, reader: Reader, notice: inputs.Notice, own_name: str | None = None) -> tuple[str, bool]:
    """Enter a notice to which there is no objection. Returns the incident's id, and whether it is new.

    By its `own_name`, else by what it says, it is known again. Raises `NotTheSame`, or `StoreUnavailable`.
    """
    now = context.clock.now()
    return await receive(context.store, _received(notice, own_name, reader, now), now)


def _received(notice: inputs.Notice, own_name: str | None, reader: Reader, now: datetime) -> Received:
    dossier = _dossier(notice)
    about = (notice.organisation, notice.target, notice.provider)
    name = f"{reader.name}\0{own_name}" if own_name else "\0".join((*map(str, about), dossier.model_dump_json()))
    return Received(
        name=name,
        organisation=notice.organisation,
        target=notice.target,
        provider=notice.provider,
        dossier=dossier.model_copy(update={"as_of": notice.announced or now.date().isoformat()}),
        by=reader.name,
    )


def _dossier(notice: inputs.Notice) -> Dossier:
    basis = notice.basis
    return Dossier(
        title=notice.title,
        summary=notice.summary,
        action=notice.action,
        dates=Dates(
            announced=DatedStatement(date=notice.announced, basis=basis) if notice.announced else None,
            effective=DatedStatement(date=notice.effective, basis=basis) if notice.effective else None,
        ),
        legal_basis=(LegalGround(value=notice.legal_basis, basis=basis),) if notice.legal_basis else (),
        stated_reason=StatedReason(quote=notice.quote, lang=notice.quote_language, basis=basis) if notice.quote else None,
        sources=notice.sources,
    )
