"""The life of an incident: which events the looks so far cause. Pure; the policy is that of `detection.md`."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from monitor.core.confirmation import (
    Bearing,
    Course,
    Shows,
    Stretch,
    courses,
    is_coming_and_going,
    is_explicit,
    is_over,
    is_steady,
)
from monitor.core.incident import (
    FAMILY_OF_STATE,
    KIND_OF_STATE,
    PATH,
    PATH_KINDS,
    REACHED,
    WORKS_FOR_SOMEBODY,
    Bracket,
    CaseKey,
    Change,
    Event,
    Incident,
    case_key,
    concerns,
    record,
)
from monitor.core.kinds import EventKind, IncidentStage, Kind
from monitor.core.letting_go import CONFIGURATION
from monitor.core.severity import intercepts
from monitor.core.verdict import Verdict
from monitor.core.watchlist import Confirmation
from probes.kit.vocabulary import State, Strength

SKEW = timedelta(minutes=1)
"""Looks dated later than this after now were stamped by a clock that has since been set back: they wait for their time."""

EXPLAINED = "a change that the organisation had planned explains it"

_SAID_OTHERWISE = frozenset({IncidentStage.REINSTATED, IncidentStage.AVERTED, IncidentStage.RETRACTED})

Contrast = Callable[[Stretch], bool]
"""Whether whatever spoils these looks spoils most unrelated targets of the same vantage point too: then it may be to blame."""


@dataclass(frozen=True, slots=True)
class _Case:
    """What the looks say at one moment. `lost` are the courses that end with a loss and still speak."""

    courses: tuple[Course, ...]
    lost: tuple[Course, ...]
    policy: Confirmation
    moment: datetime
    contrast: Contrast


def bearing(key: CaseKey, verdict: Verdict) -> Bearing | None:
    """Which way a verdict speaks in a case: weak, unclear and unmeasured ones do not speak, neither for nor against."""
    if verdict.strength is Strength.WEAK:
        return None
    if FAMILY_OF_STATE.get(verdict.state) == key.family and concerns(key, verdict):
        return Bearing.LOST
    return Bearing.WELL if verdict.state in _speaks_against(key.family) else None


def _speaks_against(family: str) -> frozenset[State]:
    """The states that deny such a loss: for an outage every other, since each says that the service works for somebody."""
    if family == PATH:
        return REACHED
    return WORKS_FOR_SOMEBODY if family == Kind.OUTAGE else frozenset({State.OK})


def still_telling(window: Sequence[Verdict], policy: Confirmation) -> tuple[Verdict, ...]:
    """What of a check's looks, oldest first, can still matter once no case stands open: a good look outdates what it wore away.

    All that counts begins where the evidence was last at zero, so whatever came before may be forgotten without any change.
    """
    if window[-1].state in KIND_OF_STATE:
        return tuple(window)
    keys = {key for look in window if (key := case_key(look)) is not None}
    since = min((at for key in keys for at in _beginnings(key, window, policy)), default=window[-1].at)
    return tuple(look for look in window if look.at >= since)


def _beginnings(key: CaseKey, window: Sequence[Verdict], policy: Confirmation) -> Iterator[datetime]:
    """When whatever may still be coming and going began, or rather the good look before it."""
    for course in courses(window, lambda verdict: bearing(key, verdict), policy):
        kinds = _kinds([course])
        narrower = [shows for shows in map(_shows, kinds) if not all(map(shows, course.losses))]
        found = [course.coming_and_going(), *map(course.coming_and_going, narrower)]
        yield from ((losses.before or losses.first).at for losses in found if losses is not None)


def advance(
    incident: Incident | None,
    verdicts: Sequence[Verdict],
    policy: Confirmation,
    now: datetime,
    new_id: Callable[[], str],
    key: CaseKey,
    contrast: Contrast = lambda _: False,
) -> tuple[Event, ...]:
    """Decide what the looks so far do to a case: no event, or those that bring the incident up to date.

    `verdicts` are the recent looks that concern the case, in any order; `incident` is the case's latest incident, if there
    is one. `new_id` is called only when a new incident begins. How old a look is counts from the newest one, so that looks
    which arrive late, after a cut, are read as they were made. `contrast` is asked before a bare failure is confirmed.
    """
    known = [verdict for verdict in _unaccounted(incident, verdicts) if verdict.at <= now + SKEW]
    moment = max((verdict.at for verdict in known), default=now)
    heard = courses(known, lambda verdict: bearing(key, verdict), policy)
    lost = tuple(one for one in heard if one.bearing is Bearing.LOST and one.is_present(moment))
    case = _Case(heard, lost, policy, moment, contrast)
    if incident is None or _is_over(incident, policy, now):
        return _begin(new_id, case, now, replace(_suspicion(lost), key=key, heard_from=_heard_from(incident))) if lost else ()
    changes = _next_changes(incident, case)
    return tuple(record(incident.id, incident.version + 1 + index, now, *change) for index, change in enumerate(changes))


def _unaccounted(incident: Incident | None, verdicts: Sequence[Verdict]) -> Sequence[Verdict]:
    """The looks that still count: once an incident has ended, only what was seen since can bring it back, or begin another."""
    since = _heard_from(incident)
    return verdicts if since is None else [verdict for verdict in verdicts if verdict.at >= since]


def _heard_from(incident: Incident | None) -> datetime | None:
    """Since when looks count, if not all do.

    Where a person has said that it is over, or never was, the looks that this person knew of have had their say.
    """
    if incident is None:
        return None
    bounds = [incident.heard_from, incident.end.by if incident.end else None]
    if _is_a_persons_word(incident):
        bounds.append(incident.closed_at)
    return max((bound for bound in bounds if bound is not None), default=None)


def _is_a_persons_word(incident: Incident) -> bool:
    return incident.stage in _SAID_OTHERWISE and incident.stage_by not in {None, CONFIGURATION}


def _is_over(incident: Incident, policy: Confirmation, now: datetime) -> bool:
    return incident.closed_at is not None and now - incident.closed_at > timedelta(seconds=policy.reopen)


def _begin(new_id: Callable[[], str], case: _Case, now: datetime, suspicion: Change) -> tuple[Event, ...]:
    name = new_id()
    opened = record(name, 1, now, EventKind.OPENED, suspicion)
    proven = _proven(case)
    if proven is None:
        return (opened,)
    return opened, record(name, 2, now, EventKind.CONFIRMED, proven)


def _next_changes(incident: Incident, case: _Case) -> tuple[tuple[EventKind, Change], ...]:
    if incident.stage is IncidentStage.RETRACTED and incident.confirmed_at is None:
        return _suspect_again(case) if case.lost and not _is_a_persons_word(incident) else ()
    change = _next_change(incident, case, _proven(case))
    return () if change is None else (change,)


def _next_change(incident: Incident, case: _Case, proven: Change | None) -> tuple[EventKind, Change] | None:
    match incident.stage:
        case IncidentStage.SUSPECTED:
            return _resolve_suspicion(case, proven)
        case IncidentStage.CONFIRMED:
            return _follow(incident, case, proven)
        case IncidentStage.ENDED if proven:
            return EventKind.REOPENED, proven
        case IncidentStage.REINSTATED | IncidentStage.AVERTED if proven:
            return EventKind.REOPENED, _still_lost(case, proven)
        case IncidentStage.RETRACTED if proven and incident.stage_by == CONFIGURATION:
            return EventKind.REOPENED, _still_lost(case, proven)
    return None


def _still_lost(case: _Case, proven: Change) -> Change:
    """A loss that was said to be over, or that nobody followed for a while, has come and gone only if a look since was good."""
    came_and_went = any(bearing is Bearing.WELL for course in case.courses for _, bearing in course.looks)
    return replace(proven, intermittent=bool(proven.intermittent) or came_and_went)


def excuse(incident: Incident, verdicts: Iterable[Verdict], now: datetime, explained: Verdict) -> Event | None:
    """Take a suspicion back of which nothing is left, now that a planned change explains `explained` and maybe more.

    `verdicts` are the looks at the target that nothing explains. A confirmed incident stands: it was more than that.
    """
    if incident.stage is not IncidentStage.SUSPECTED:
        return None
    if any(bearing(incident.key, verdict) is Bearing.LOST for verdict in verdicts):
        return None
    change = Change(stage=IncidentStage.RETRACTED, reason=EXPLAINED, looks=(explained.observation,))
    return record(incident.id, incident.version + 1, now, EventKind.RETRACTED, change)


def _suspect_again(case: _Case) -> tuple[tuple[EventKind, Change], ...]:
    """A suspicion that was taken back is back; the looks may prove it at once."""
    proven = _proven(case)
    again = EventKind.REOPENED, _suspicion(case.lost)
    return (again, (EventKind.CONFIRMED, proven)) if proven else (again,)


def _resolve_suspicion(case: _Case, proven: Change | None) -> tuple[EventKind, Change] | None:
    if proven:
        return EventKind.CONFIRMED, proven
    if case.lost or not any(course.bearing is Bearing.WELL for course in case.courses):
        return None
    if any(_has_come_back(course) for course in case.courses):
        return None
    return EventKind.RETRACTED, Change(stage=IncidentStage.RETRACTED, reason="not confirmed by further looks")


def _has_come_back(course: Course) -> bool:
    """Whether a loss has returned and good looks have not yet worn the suspicion away."""
    losses = course.coming_and_going()
    return losses is not None and losses.returns > 1


def _follow(incident: Incident, case: _Case, proven: Change | None) -> tuple[EventKind, Change] | None:
    if proven and (told := _known_better(incident, proven)):
        return EventKind.RECLASSIFIED, told
    if proven and proven.intermittent and not incident.intermittent:
        return EventKind.SCOPE_CHANGED, Change(intermittent=True, looks=proven.looks)
    recovered = tuple(row for course in case.courses if (row := _recovery(course, incident)) is not None)
    back = {row.check for row in recovered}
    open_still = tuple(course for course in case.courses if course.check not in back and _holds(course, case.moment))
    seeing = _still_seeing(incident, open_still, recovered)
    if proven:
        seeing = _joined(seeing, proven.vantages)
    if not seeing:
        return EventKind.ENDED, Change(stage=IncidentStage.ENDED, end=_end(recovered), looks=_names(recovered))
    if seeing != incident.vantages:
        return EventKind.SCOPE_CHANGED, Change(
            vantages=seeing,
            mechanisms=_joined(incident.mechanisms, proven.mechanisms if proven else ()),
            looks=proven.looks if proven else _names(recovered),
        )
    return None


def _known_better(incident: Incident, proven: Change) -> Change | None:
    """What the looks now tell of a confirmed loss that was not known before: a more telling kind, or that somebody listens in."""
    intercepted = intercepts(proven.mechanisms or ()) and not intercepts(incident.mechanisms)
    if intercepted or (proven.kind is not incident.kind and _tells_more(proven, incident)):
        return replace(
            proven,
            onset=None,
            vantages=_joined(incident.vantages, proven.vantages),
            mechanisms=_joined(incident.mechanisms, proven.mechanisms),
        )
    return None


def _holds(course: Course, moment: datetime) -> bool:
    """Whether a course that has not recovered keeps its place in the case: not a loss that was never seen again for long."""
    return course.bearing is Bearing.WELL or course.is_present(moment)


def _still_seeing(incident: Incident, open_still: Iterable[Course], recovered: Iterable[Stretch]) -> tuple[str, ...]:
    """The vantage points of the incident that have not come back: a silent one has not, nor one with any check still lost."""
    well = {row.vantage for row in recovered}
    not_yet = {course.vantage for course in open_still}
    return tuple(vantage for vantage in incident.vantages if vantage in not_yet or vantage not in well)


def _joined(some: tuple[str, ...], more: tuple[str, ...] | None) -> tuple[str, ...]:
    return tuple(sorted({*some, *(more or ())}))


def _tells_more(proven: Change, incident: Incident) -> bool:
    order = {kind: rank for rank, kind in enumerate(PATH_KINDS)}
    return order.get(proven.kind or incident.kind, 99) < order.get(incident.kind, 99)


def _recovery(course: Course, incident: Incident) -> Stretch | None:
    """The good looks with which a course has come back for certain; None where it has not."""
    row = course.row()
    if row is None or course.bearing is not Bearing.WELL:
        return None
    leak = course.let_through(incident.onset.by if incident.onset else incident.detected)
    over = is_over(row, course.policy, let_through=leak, explicit=incident.strength is Strength.EXPLICIT)
    return row if over else None


def _end(recovered: Iterable[Stretch]) -> Bracket:
    last = max(recovered, key=lambda row: row.first.at)
    return Bracket(after=last.before.at if last.before else None, by=last.first.at)


def _onset(lost: Sequence[Stretch]) -> Bracket:
    first = min(lost, key=lambda stretch: stretch.first.at)
    return Bracket(after=first.before.at if first.before else None, by=first.first.at)


def _suspicion(lost: Iterable[Course]) -> Change:
    rows = [row for course in lost if (row := course.row()) is not None]
    return replace(_account(rows), stage=IncidentStage.SUSPECTED)


def _account(lost: Sequence[Stretch]) -> Change:
    """Say what the looks show, led by the most telling of them."""
    best = min((stretch.last for stretch in lost), key=_weight)
    return Change(
        kind=KIND_OF_STATE[best.state],
        onset=_onset(lost),
        vantages=tuple(sorted({stretch.vantage for stretch in lost})),
        mechanisms=tuple(sorted({look.mechanism for stretch in lost for look in stretch.looks if look.mechanism})),
        rule=best.rule,
        because=best.because,
        strength=best.strength,
        looks=_names(lost),
    )


def _weight(verdict: Verdict) -> tuple[int, int, str]:
    kind = KIND_OF_STATE[verdict.state]
    rank = PATH_KINDS.index(kind) if kind in PATH_KINDS else 0
    return list(Strength).index(verdict.strength), rank, verdict.observation


def _names(looks: Iterable[Stretch]) -> tuple[str, ...]:
    return tuple(sorted({look.observation for stretch in looks for look in stretch.looks}))


def _proven(case: _Case) -> Change | None:
    """The account of the most telling kind of loss that the looks prove, or None if they prove none yet."""
    for kind in _kinds(case.lost):
        evidence = [_evidence(course, kind) for course in case.lost]
        proving = [proof for rows in evidence if (proof := _proof(rows, kind, evidence, case)) is not None]
        if proving:
            broken = any(row.returns for row in proving)
            comes_and_goes = broken or any(_comes_and_goes(row, case.policy) for rows in evidence for row in rows)
            return replace(_account(proving), kind=kind, stage=IncidentStage.CONFIRMED, intermittent=comes_and_goes or None)
    return None


def _comes_and_goes(row: Stretch, policy: Confirmation) -> bool:
    """Whether good looks lay between the losses so often that this is no steady loss which once let a look through."""
    return row.returns >= policy.returns and is_coming_and_going(row, policy)


def _kinds(lost: Iterable[Course]) -> tuple[Kind, ...]:
    """The kinds of loss that the looks may prove, most telling first: every artefact is also a failure to reach."""
    shown = {KIND_OF_STATE[look.state] for course in lost for look in course.losses}
    if shown & set(PATH_KINDS):
        shown.add(Kind.UNREACHABLE)
    return tuple(kind for kind in dict.fromkeys((*PATH_KINDS, *Kind)) if kind in shown)


def _shows(kind: Kind) -> Shows:
    kinds = PATH_KINDS if kind is Kind.UNREACHABLE else (kind,)
    return lambda look: KIND_OF_STATE[look.state] in kinds


def _evidence(course: Course, kind: Kind) -> tuple[Stretch, ...]:
    """What a course has to say of a kind of loss: the row with which it ends, and the losses that came and went."""
    shows = _shows(kind)
    return tuple(found for found in (course.row(shows), course.coming_and_going(shows)) if found is not None)


def _proof(rows: Iterable[Stretch], kind: Kind, evidence: Sequence[Sequence[Stretch]], case: _Case) -> Stretch | None:
    """The first of the rows, the unbroken one before the other, that the policy accepts."""
    return next((row for row in rows if _proves(row, kind, evidence, case)), None)


def _proves(row: Stretch, kind: Kind, evidence: Sequence[Sequence[Stretch]], case: _Case) -> bool:
    """Apply the policy: what a line of ours may do by itself, to fail or to be slow, needs two vantage points, or contrast.

    A bare failure to reach, most easily mistaken, then needs twice the time as well.
    """
    if is_explicit(row, case.policy) and not row.returns:
        return True
    agreed = any(other.vantage != row.vantage and len(other.looks) > 1 for rows in evidence for other in rows)
    if agreed or kind not in {Kind.UNREACHABLE, Kind.THROTTLING}:
        return _is_enough(row, case.policy)
    return _is_enough(row, case.policy, times=2 if kind is Kind.UNREACHABLE else 1) and not case.contrast(row)


def _is_enough(row: Stretch, policy: Confirmation, *, times: int = 1) -> bool:
    return is_coming_and_going(row, policy) if row.returns else is_steady(row, policy, times=times)
