"""What people decide about an incident, measured or attested, and which of it stands. Pure.

A person says what they want (`retract`, `correct`, …); `decide` turns that into the event that enters it into the log, or
refuses with a sentence that says what to do instead.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Final

from monitor.core.descriptive import Outcome
from monitor.core.dossier import Dossier, EvidenceItem, Reinstatement, Reply
from monitor.core.edtf import span
from monitor.core.erasure import NoSuchField, emptied, without
from monitor.core.incident import Bracket, Change, Event, Incident, Relation, record
from monitor.core.kinds import EventKind, IncidentStage, Kind, Origin, RelationKind
from monitor.core.mass_account import narrowed, obstacle, with_member
from monitor.core.model import Tlp, Words
from monitor.core.phrases import PHRASES


class Refused(ValueError):
    """A decision that cannot be carried out; the message says why, and what to do instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One thing that a person wants of an incident, and why. The functions below make them; each sets what it needs.

    - `by`: who decides: a key's id, `staff`, `command line`
    - `relation`: to the incident `other`, as it stands now; `member` is one that a mass event is to take in
    - `field`: what is to be emptied in the dossier, such as `actors[0].entity`
    """

    kind: EventKind
    reason: str
    by: str
    tlp: Tlp | None = None
    dossier: Dossier | None = None
    reinstatement: Reinstatement | None = None
    relation: Relation | None = None
    other: Incident | None = None
    member: Incident | None = None
    evidence: EvidenceItem | None = None
    reply: Reply | None = None
    field: str | None = None


def release(tlp: Tlp, reason: str, by: str) -> Decision:
    """Let it travel as far as `tlp` says."""
    return Decision(kind=EventKind.RELEASED, tlp=tlp, reason=reason, by=by)


def retract(reason: str, by: str) -> Decision:
    """Take it back: it should not stand."""
    return Decision(kind=EventKind.RETRACTED, reason=reason, by=by)


def avert(reason: str, by: str) -> Decision:
    """What a notice announced will not happen."""
    return Decision(kind=EventKind.AVERTED, reason=reason, by=by)


def reinstate(reinstatement: Reinstatement, reason: str, by: str) -> Decision:
    """Whoever took access away has given it back in full, or (`announced`) has said how it can be had back."""
    kind = EventKind.REINSTATEMENT_ANNOUNCED if reinstatement.scope == "announced" else EventKind.REINSTATED
    return Decision(kind=kind, reinstatement=reinstatement, reason=reason, by=by)


def correct(dossier: Dossier, reason: str, by: str) -> Decision:
    """State all that is known of it anew: `dossier` takes the place of what was stated."""
    return Decision(kind=EventKind.CORRECTED, dossier=dossier, reason=reason, by=by)


def add_evidence(evidence: EvidenceItem, reason: str, by: str) -> Decision:
    """Add a thing that shows it."""
    return Decision(kind=EventKind.EVIDENCE_ADDED, evidence=evidence, reason=reason, by=by)


def add_reply(reply: Reply, reason: str, by: str) -> Decision:
    """Add what one of those accused has answered."""
    return Decision(kind=EventKind.REPLIED, reply=reply, reason=reason, by=by)


def link(other: Incident, relation: RelationKind, reason: str, by: str) -> Decision:
    """Say how it stands to `other`. The mass event that gains a member by that must be told so with `take_in`."""
    kind = EventKind.NOTICE_LINKED if relation is RelationKind.ANNOUNCED_BY else EventKind.LINKED
    return Decision(kind=kind, relation=Relation(relation, other.id), other=other, reason=reason, by=by)


def take_in(member: Incident, reason: str, by: str) -> Decision:
    """The mass event's side of a `link` with `member_of`."""
    return Decision(kind=EventKind.LINKED, member=member, reason=reason, by=by)


def erase(field: str, reason: str, by: str) -> Decision:
    """Empty a field of the dossier that holds a person's data, here and in every earlier event of the log."""
    return Decision(kind=EventKind.ERASED, field=field, reason=reason, by=by)


def narrow_parent(parent: Incident, steps: tuple[Incident, Incident], now: datetime, by: str) -> Event | None:
    """What befalls a mass event as a person decides how far a member may travel; None where nothing does.

    `steps` is the member before the decision and after it.
    """
    before, member = steps
    change = narrowed(parent, member, before) if parent.is_mass else None
    if change is None:
        return None
    return record(parent.id, parent.version + 1, now, EventKind.RELEASED, replace(change, by=by))


def insist_that_members_may_travel(decision: Decision, members: Iterable[Incident]) -> None:
    """Raise `Refused` where a mass event is to travel further than a person lets one of its `members`."""
    kept = obstacle(decision.tlp, members) if decision.tlp is not None else None
    if kept is not None:
        only = f"its member {kept.id} may travel as far as {kept.tlp} only"
        raise Refused(f"{only}: release that first, or release the mass event {kept.tlp}")


def decide(incident: Incident, decision: Decision, now: datetime) -> Event:
    """The event that carries out `decision`; `apply` makes the incident of it. Raises `Refused`."""
    if not decision.reason.strip():
        raise Refused("give a reason: it is kept with the incident, and readers see why")
    change = _RULES[decision.kind](incident, decision, now)
    change = replace(change, reason=change.reason or decision.reason.strip(), by=decision.by)
    return record(incident.id, incident.version + 1, now, decision.kind, change)


def _release(incident: Incident, decision: Decision, _: datetime) -> Change:
    if decision.tlp is incident.tlp:
        raise Refused(f"{incident.id} is {incident.tlp} already")
    return Change(tlp=decision.tlp)


def _retract(incident: Incident, _: Decision, __: datetime) -> Change:
    if incident.stage is IncidentStage.RETRACTED:
        raise Refused(f"{incident.id} is retracted already")
    return Change(stage=IncidentStage.RETRACTED)


def _avert(incident: Incident, _: Decision, __: datetime) -> Change:
    if incident.kind is not Kind.NOTICE:
        raise Refused(f"{incident.id} is no notice, so there is nothing to avert: `reinstate` says that access is back")
    _insist_on(incident, (IncidentStage.CONFIRMED,), "averted")
    return Change(stage=IncidentStage.AVERTED)


NOBODYS_DOING: Final = frozenset({Kind.UNREACHABLE, Kind.OUTAGE, Kind.ISOLATION})
"""Losses that nobody is known to have caused: nobody can give back what they took."""


def _reinstate(incident: Incident, decision: Decision, now: datetime) -> Change:
    given = _reinstatement(incident, decision)
    if given.scope == "partial":
        raise Refused("a part of the way back is a correction: state it in the dossier, with the outcome `reinstated_partial`")
    known = _described(incident).model_copy(update={"reinstatement": given, "outcome": Outcome.REINSTATED_FULL})
    end = incident.end or _given_back(incident, given, now)
    return Change(stage=IncidentStage.REINSTATED, end=end, dossier=known, origin=_attested_too(incident))


def _given_back(incident: Incident, given: Reinstatement, now: datetime) -> Bracket:
    after, by = span(given.date) if given.date else (None, None)
    began = (incident.onset.after or incident.onset.by) if incident.onset else None
    if by and began and by <= began:
        raise Refused(f"access cannot have been given back ({given.date}) before it was lost: correct the date")
    if after and after > now:
        raise Refused(f"{given.date} is still to come: say that access is back once it is")
    return Bracket(after=after, by=min(by or now, now))


def _announce(incident: Incident, decision: Decision, _: datetime) -> Change:
    given = _reinstatement(incident, decision)
    known = _described(incident).model_copy(update={"reinstatement": given, "outcome": Outcome.PROCESS_ANNOUNCED})
    return Change(dossier=known, origin=_attested_too(incident))


def _reinstatement(incident: Incident, decision: Decision) -> Reinstatement:
    if incident.kind is Kind.NOTICE:
        raise Refused(f"{incident.id} is a notice, and nothing is lost yet: `avert` says that it will not happen")
    if incident.kind in NOBODYS_DOING:
        raise Refused(f"nobody is known to have caused {incident.id} ({incident.kind}), so nobody can take it back")
    _insist_on(incident, (IncidentStage.CONFIRMED, IncidentStage.ENDED), "reinstated")
    if decision.reinstatement is None:
        raise Refused("say what was given back")
    return decision.reinstatement


def _insist_on(incident: Incident, stages: tuple[IncidentStage, ...], what: str) -> None:
    if incident.stage is IncidentStage.SUSPECTED:
        raise Refused(f"{incident.id} is only suspected: it can be retracted, but not {what}")
    if incident.stage not in stages:
        raise Refused(f"{incident.id} is {incident.stage} already, so it cannot be {what}")


def _correct(incident: Incident, decision: Decision, _: datetime) -> Change:
    if decision.dossier is None or decision.dossier == incident.dossier:
        raise Refused("this says what is stated already: nothing would change")
    return Change(dossier=decision.dossier, origin=_attested_too(incident))


def _add_evidence(incident: Incident, decision: Decision, _: datetime) -> Change:
    known = _described(incident)
    if decision.evidence is None or decision.evidence in known.evidence:
        raise Refused("this evidence is there already")
    items = (*known.evidence, decision.evidence)
    return Change(dossier=known.model_copy(update={"evidence": items}), origin=_attested_too(incident))


def _add_reply(incident: Incident, decision: Decision, _: datetime) -> Change:
    known = _described(incident)
    if decision.reply is None or decision.reply in known.replies:
        raise Refused("this reply is there already")
    replies = (*known.replies, decision.reply)
    return Change(dossier=known.model_copy(update={"replies": replies}), origin=_attested_too(incident))


def _link(incident: Incident, decision: Decision, _: datetime) -> Change:
    if decision.member is not None:
        return _take_in(incident, decision.member)
    relation, other = decision.relation, decision.other
    if relation is None or other is None or other.id == incident.id:
        raise Refused("an incident cannot be linked to itself: name another one")
    if relation in incident.relations:
        raise Refused(f"{incident.id} is linked to {other.id} like this already")
    if relation.kind is RelationKind.ANNOUNCED_BY and other.kind is not Kind.NOTICE:
        raise Refused(f"{other.id} is no notice ({other.kind}), so it announced nothing: link it as `follows` or `see_also`")
    if relation.kind is RelationKind.MEMBER_OF:
        _insist_that_it_may_join(incident, other)
    return Change(relations=(*incident.relations, relation))


def _insist_that_it_may_join(incident: Incident, other: Incident) -> None:
    if incident.parent is not None:
        raise Refused(f"{incident.id} is a member of a mass event already, and one act caused it, not two")
    if not other.is_mass and other.origin is not Origin.ATTESTED:
        raise Refused(f"{other.id} is one loss, no mass event: link it as `follows` or `see_also`")
    if incident.members or other.parent is not None:
        raise Refused("a mass event cannot be a member of another one, nor can a member have members")


def _take_in(incident: Incident, member: Incident) -> Change:
    if member.id in incident.members:
        raise Refused(f"{member.id} is a member of {incident.id} already")
    if incident.is_mass:
        return replace(with_member(incident, member), reason=None)
    affected = sorted({*incident.affected, member.key.organisation} - {""})
    return Change(members=(*incident.members, member.id), affected=tuple(affected))


def _erase(incident: Incident, decision: Decision, _: datetime) -> Change:
    if incident.dossier is None or not decision.field:
        raise Refused(f"{incident.id} has no dossier, so nobody's data can be in it")
    try:
        left, texts = emptied(incident.dossier, decision.field)
    except NoSuchField as unknown:
        raise Refused(str(unknown)) from None
    return Change(dossier=left, erased=decision.field, reason=without(texts, decision.reason.strip()))


_Rule = Callable[[Incident, Decision, datetime], Change]

_RULES: Final[Mapping[EventKind, _Rule]] = MappingProxyType(
    {
        EventKind.RELEASED: _release,
        EventKind.RETRACTED: _retract,
        EventKind.AVERTED: _avert,
        EventKind.REINSTATED: _reinstate,
        EventKind.REINSTATEMENT_ANNOUNCED: _announce,
        EventKind.CORRECTED: _correct,
        EventKind.EVIDENCE_ADDED: _add_evidence,
        EventKind.REPLIED: _add_reply,
        EventKind.LINKED: _link,
        EventKind.NOTICE_LINKED: _link,
        EventKind.ERASED: _erase,
    }
)
"""What becomes of each decision. Everything else that can happen to an incident the looks decide."""


def _described(incident: Incident) -> Dossier:
    """What is stated of it; of an incident that was only measured, no more than what it is."""
    if incident.dossier is not None:
        return incident.dossier
    whom = f"{incident.key.organisation}/{incident.key.target}".strip("/") or incident.id
    english, russian = (PHRASES[language].losses[incident.kind].title for language in ("en", "ru"))
    return Dossier(title=Words(en=f"{whom}: {english}", ru=f"{whom}: {russian}"))


def _attested_too(incident: Incident) -> Origin | None:
    return Origin.BOTH if incident.origin is Origin.MEASURED else None
