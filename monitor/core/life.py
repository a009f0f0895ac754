"""The life of an incident: which events the looks so far cause. Pure; the policy is that of `detection.md`."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from monitor.core.confirmation import (
    Bearing,
    Course,
    Stretch,
    courses,
)
from monitor.core.contradiction import contradiction
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
    Relation,
    case_key,
    concerns,
    record,
)
from monitor.core.kinds import EventKind, IncidentStage, Kind, RelationKind
from monitor.core.letting_go import CONFIGURATION
from monitor.core.proof import Case, Contrast, kinds_shown, names, recovery, shows_kind, suspicion, what_is_proven
from monitor.core.setback import NONE_MISDATED, SKEW, Misdated
from monitor.core.severity import intercepts
from monitor.core.verdict import Verdict
from monitor.core.watchlist import Confirmation
from probes.kit.vocabulary import State, Strength

EXPLAINED = "a change that the organisation had planned explains it"

_SAID_OTHERWISE = frozenset({IncidentStage.REINSTATED, IncidentStage.AVERTED, IncidentStage.RETRACTED})


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
        kinds = kinds_shown([course])
        narrower = [shows for shows in map(shows_kind, kinds) if not all(map(shows, course.losses))]
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
    misdated: Misdated = NONE_MISDATED,
) -> tuple[Event, ...]:
    """Decide what the looks so far do to a case: no event, or those that bring the incident up to date.

    `verdicts` are the recent looks that concern the case, in any order; `incident` is the case's latest incident, if there
    is one. `new_id` is called only when a new incident begins. How old a look is counts from the newest one, so that looks
    which arrive late, after a cut, are read as they were made. `contrast` is asked before a bare failure is confirmed.
    `misdated` knows which times of the incident are of a clock that ran ahead.
    """
    since = _heard_from(incident, misdated)
    known = [verdict for verdict in verdicts if verdict.at <= now + SKEW and (since is None or verdict.at >= since)]
    moment = max((verdict.at for verdict in known), default=now)
    heard = courses(known, lambda verdict: bearing(key, verdict), policy)
    case = Case(heard, policy, moment, contrast)
    if incident is None or _is_over(incident, policy, now, misdated):
        suspected = replace(suspicion(case.lost), key=key, heard_from=since) if case.lost else None
        return _begin(suspected, what_is_proven(case), now, new_id) if suspected else ()
    if _is_taken_back_by_a_person(incident):
        spoken = courses([verdict for verdict in verdicts if verdict.at <= now + SKEW], lambda one: bearing(key, one), policy)
        return _begin_in_spite(incident, contradiction(incident, spoken, case, since or now), now, new_id)
    changes = _next_changes(incident, case)
    return tuple(record(incident.id, incident.version + 1 + index, now, *change) for index, change in enumerate(changes))


def _heard_from(incident: Incident | None, misdated: Misdated) -> datetime | None:
    """Since when looks count, if not all do: once an incident has ended, only what was seen since can open it, or another.

    Where somebody has said that it is over, or never was, or that nobody looks any more, earlier looks have had their say.
    """
    return max(map(misdated.latest, bounds(incident)), default=None) if incident else None


def bounds(incident: Incident) -> tuple[datetime, ...]:
    """The times before which looks at the target have had their say.

    An end lies ahead of the moment of its entry only where a clock was set back and it was put at the onset.
    """
    is_said = incident.stage in _SAID_OTHERWISE and incident.stage_by is not None
    said = incident.closed_at if is_said else None
    end = min(filter(None, (incident.end.by, incident.closed_at))) if incident.end else None
    return tuple(at for at in (incident.heard_from, end, said) if at is not None)


def _is_a_persons_word(incident: Incident) -> bool:
    return incident.stage in _SAID_OTHERWISE and incident.stage_by not in {None, CONFIGURATION}


def _is_taken_back_by_a_person(incident: Incident) -> bool:
    return incident.stage is IncidentStage.RETRACTED and _is_a_persons_word(incident)


def is_followed(incident: Incident, policy: Confirmation, now: datetime, misdated: Misdated) -> bool:
    """Whether all looks at its target matter: while it stands open, and while a person's retraction asks what was seen since."""
    silenced = _is_taken_back_by_a_person(incident) and not _is_over(incident, policy, now, misdated)
    return incident.is_open or silenced


def _is_over(incident: Incident, policy: Confirmation, now: datetime, misdated: Misdated) -> bool:
    """Whether it cannot open again."""
    closed = incident.closed_at
    return closed is not None and now - misdated.latest(closed) > timedelta(seconds=policy.reopen)


def _begin(suspected: Change, proven: Change | None, now: datetime, new_id: Callable[[], str]) -> tuple[Event, ...]:
    name = new_id()
    opened = record(name, 1, now, EventKind.OPENED, suspected)
    if proven is None:
        return (opened,)
    return opened, record(name, 2, now, EventKind.CONFIRMED, proven)


def _begin_in_spite(taken_back: Incident, proven: Change | None, now: datetime, new_id: Callable[[], str]) -> tuple[Event, ...]:
    """Another incident, since the one that a person took back stays so. It hears nothing of what came before its own onset."""
    if proven is None or proven.onset is None:
        return ()
    related = (Relation(RelationKind.SEE_ALSO, taken_back.id),)
    since = proven.onset.after or proven.onset.by
    suspected = replace(proven, stage=IncidentStage.SUSPECTED, key=taken_back.key, heard_from=since, relations=related)
    return _begin(suspected, proven, now, new_id)


def _next_changes(incident: Incident, case: Case) -> tuple[tuple[EventKind, Change], ...]:
    if incident.stage is IncidentStage.RETRACTED and incident.confirmed_at is None:
        return _suspect_again(case) if case.lost else ()
    change = _next_change(incident, case, what_is_proven(case))
    return () if change is None else (change,)


def _next_change(incident: Incident, case: Case, proven: Change | None) -> tuple[EventKind, Change] | None:
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


def _still_lost(case: Case, proven: Change) -> Change:
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


def _suspect_again(case: Case) -> tuple[tuple[EventKind, Change], ...]:
    """A suspicion that was taken back is back; the looks may prove it at once."""
    proven = what_is_proven(case)
    again = EventKind.REOPENED, suspicion(case.lost)
    return (again, (EventKind.CONFIRMED, proven)) if proven else (again,)


def _resolve_suspicion(case: Case, proven: Change | None) -> tuple[EventKind, Change] | None:
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


def _follow(incident: Incident, case: Case, proven: Change | None) -> tuple[EventKind, Change] | None:
    if proven and (told := _known_better(incident, proven)):
        return EventKind.RECLASSIFIED, told
    if proven and proven.intermittent and not incident.intermittent:
        return EventKind.SCOPE_CHANGED, Change(intermittent=True, looks=proven.looks)
    recovered = tuple(row for course in case.courses if (row := recovery(course, incident)) is not None)
    back = {row.check for row in recovered}
    open_still = tuple(course for course in case.courses if course.check not in back and _holds(course, case.moment))
    seeing = _still_seeing(incident, open_still, recovered)
    if proven:
        seeing = _joined(seeing, proven.vantages)
    if not seeing:
        return EventKind.ENDED, Change(stage=IncidentStage.ENDED, end=_end(recovered), looks=names(recovered))
    if seeing != incident.vantages:
        return EventKind.SCOPE_CHANGED, Change(
            vantages=seeing,
            mechanisms=_joined(incident.mechanisms, proven.mechanisms if proven else ()),
            looks=proven.looks if proven else names(recovered),
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


def _end(recovered: Iterable[Stretch]) -> Bracket:
    last = max(recovered, key=lambda row: row.first.at)
    return Bracket(after=last.before.at if last.before else None, by=last.first.at)
