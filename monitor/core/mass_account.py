"""What a mass event tells of its members: how many stand and whose they are, what was seen, and how far that may travel. Pure.

It says nothing that only some of those who stand show, and is no surer than the least sure of them. Those who join are told of
no further than they themselves may travel, and where a person narrows how far a member may, the mass event travels no further
than that until somebody decides on it again. Whoever has a member marked RED is named by it never: its losses are counted, and
it is not among the organisations.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

from monitor.core.disclosure import travels_as_far
from monitor.core.incident import PATH_KINDS, Bracket, Change, Incident
from monitor.core.kinds import IncidentStage, Kind
from monitor.core.ledger import is_case_of_looks
from monitor.core.model import Tlp
from monitor.core.severity import intercepts
from probes.kit.vocabulary import Strength

RULE: Final = "incident.mass"

MECHANISMS: Final = 20
"""Mechanisms of the members that are named."""

NARROWED: Final = "one of its members may not travel as far any more"

NOT_RELEASED: Final = "organisations have joined of which nobody has decided that it may travel as far"

TOGETHER: Final = "Several losses that were confirmed close together."
"""Why it is one event, to readers who may not know how many losses there are and whose."""

_CLOSEST_FIRST: Final = (Tlp.RED, Tlp.AMBER, Tlp.GREEN, Tlp.CLEAR)


def stands(incident: Incident) -> bool:
    """Whether it is a loss that is confirmed at present."""
    return is_case_of_looks(incident) and incident.stage is IncidentStage.CONFIRMED


def as_told(parent: Incident, members: Sequence[Incident]) -> Incident:
    """A mass event to those who may read only these of its members: what it says of them all would tell of the others.

    That it stands, since when it is known and what kind of loss it is was released with it.
    """
    known = _account(members) if members else Change()
    return replace(
        parent,
        onset=_onset_of_some(parent, members),
        end=last_end(members) if parent.end else None,
        mechanisms=known.mechanisms or (),
        because=TOGETHER,
        strength=known.strength or parent.strength,
        struck=0,
    )


def beginning(members: Sequence[Incident], window: timedelta) -> Change:
    """What is known of them together when the mass event begins; `window` is how far apart they may be confirmed."""
    tlp = Tlp.RED if any(one.tlp is Tlp.RED for one in members) else None
    return replace(_account(members), onset=_onset(members, window), rule=RULE, provider=members[0].provider, tlp=tlp)


def scope(parent: Incident, members: Sequence[Incident]) -> Change:
    """Who is in it by now, and what is told of it."""
    return guarded(parent, members, _account(members))


def news(parent: Incident, members: Sequence[Incident]) -> Change | None:
    """What the mass event does not tell yet of these, its members; None where it tells all.

    A change that names the members tells of more losses than are known of. One that does not tells of fewer, and leaves what the
    loss was found to be: for that nobody need be called.
    """
    standing = [one for one in members if stands(one)]
    told = len(parent.members) if parent.struck is None else parent.struck
    owners = organisations(standing)
    if len(members) > len(parent.members) or len(standing) > told or not set(owners) <= set(parent.affected):
        return scope(parent, members)
    if not standing or (len(standing), owners) == (told, parent.affected):
        return None
    return Change(struck=len(standing), affected=owners, vantages=_vantages(standing), because=_because(len(standing), owners))


def with_member(parent: Incident, member: Incident) -> Change:
    """What a mass event tells from now on that takes in one more."""
    members = (*parent.members, member.id)
    if parent.is_open and not stands(member):
        return guarded(parent, [member], Change(members=members))
    struck = (len(parent.members) if parent.struck is None else parent.struck) + 1
    affected = _named_besides(parent, member)
    told = Change(members=members, struck=struck, affected=affected, because=_because(struck, affected))
    return told if member.key.organisation in parent.affected else guarded(parent, [member], told)


def narrowed(parent: Incident, member: Incident, before: Incident) -> Change | None:
    """What becomes of a mass event as a person decides how far a member may travel, which until then was `before`.

    None where nothing does.
    """
    affected = _named_besides(parent, member) if member.tlp is Tlp.RED else parent.affected
    tlp = _closest((parent.tlp, member.tlp))
    if member.tlp is before.tlp or (tlp, affected) == (parent.tlp, parent.affected):
        return None
    struck = len(parent.members) if parent.struck is None else parent.struck
    return Change(tlp=tlp, affected=affected, because=_because(struck, affected), reason=NARROWED)


def obstacle(tlp: Tlp, members: Iterable[Incident]) -> Incident | None:
    """A member that a person lets travel, though not as far as `tlp`, the mass event it stands in: nobody decided that it may.

    What nobody has decided upon goes as far as the mass event does; what is RED is not told of by it.
    """
    kept = (one for one in members if one.tlp not in {Tlp.AMBER, Tlp.RED} and stands(one))
    return next((one for one in kept if not travels_as_far(one.tlp, tlp)), None)


def guarded(parent: Incident, members: Iterable[Incident], change: Change) -> Change:
    """What was released of some is not released of those who join: they may not have been known to whoever decided."""
    present = [one for one in members if one.id in parent.members]
    known = {one.key.organisation for one in present}
    strangers = {one.tlp for one in members if one.key.organisation not in known}
    tlp = _closest((parent.tlp, *strangers))
    return change if tlp is parent.tlp else replace(change, tlp=tlp, reason=NOT_RELEASED)


def organisations(members: Iterable[Incident]) -> tuple[str, ...]:
    """Whose losses these are, but for those of whom a person has marked one RED."""
    members = tuple(members)
    closed = {one.key.organisation for one in members if one.tlp is Tlp.RED}
    return tuple(sorted({one.key.organisation for one in members} - closed - {""}))


def last_end(members: Iterable[Incident]) -> Bracket | None:
    """When the last of them was over."""
    return max((one.end for one in members if one.end), key=lambda bracket: bracket.by, default=None)


def _onset(members: Iterable[Incident], window: timedelta) -> Bracket | None:
    """When the wave began: with the first of the most that began one soon after the other.

    What had been lost for long, and was confirmed only now, makes the others no older.
    """
    rows: list[list[Bracket]] = []
    for began in sorted(_beginnings(members), key=lambda bracket: bracket.by):
        if not rows or began.by - rows[-1][-1].by > window:
            rows.append([])
        rows[-1].append(began)
    return max(reversed(rows), key=len)[0] if rows else None


def _onset_of_some(parent: Incident, members: Iterable[Incident]) -> Bracket | None:
    """When those of its members began that began with it."""
    together = (one for one in _beginnings(members) if parent.onset and one.by >= parent.onset.by)
    return min(together, key=lambda bracket: bracket.by, default=None)


def _beginnings(members: Iterable[Incident]) -> Iterator[Bracket]:
    return (began for one in members if (began := _lost(one)) is not None)


def _lost(incident: Incident) -> Bracket | None:
    """When it was lost; what had been over, when it was lost last."""
    since, first = incident.stage_since, incident.confirmed_at
    if since is None or first is None or since <= first or not stands(incident):
        return incident.onset
    return Bracket(after=None, by=since)


def _account(members: Sequence[Incident]) -> Change:
    """Say what those show that stand, or, where none does, that stood."""
    struck = [one for one in members if stands(one)] or members
    affected = organisations(struck)
    surest_first = list(Strength)
    known = [one.strength for one in struck if one.strength is not None]
    return Change(
        kind=max((one.kind for one in struck), key=_telling),
        strength=max(known, key=surest_first.index, default=None),
        members=tuple(one.id for one in members),
        struck=len(struck),
        affected=affected,
        vantages=_vantages(struck),
        mechanisms=_mechanisms(struck),
        because=_because(len(struck), affected),
    )


def _named_besides(parent: Incident, member: Incident) -> tuple[str, ...]:
    """Whom the mass event names, with the owner of this member or, where that is RED, without."""
    others = {*parent.affected} - {member.key.organisation}
    return tuple(sorted({*others, *organisations([member])}))


def _closest(marks: Collection[Tlp]) -> Tlp:
    return next(one for one in _CLOSEST_FIRST if one in marks)


def _because(struck: int, affected: Collection[str]) -> str:
    many = f"{struck} losses of {len(affected)} organisations" if affected else f"{struck} losses"
    return f"{many} were confirmed so close together that they may have one cause."


def _vantages(members: Iterable[Incident]) -> tuple[str, ...]:
    return tuple(sorted({vantage for one in members for vantage in one.vantages}))


def _mechanisms(members: Sequence[Incident]) -> tuple[str, ...]:
    """What was seen of any of them; that somebody may read along only if it was seen of all, since it is told of all."""
    of_all = all(intercepts(one.mechanisms) for one in members)
    seen = {name for one in members for name in one.mechanisms if of_all or not intercepts([name])}
    return tuple(sorted(seen)[:MECHANISMS])


def _telling(kind: Kind) -> int:
    return PATH_KINDS.index(kind) if kind in PATH_KINDS else 0
