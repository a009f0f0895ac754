"""The life of an incident: which events the looks so far cause. Pure; the policy is that of `detection.md`."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from monitor.core.confirmation import Bearing, Run, is_explicit, is_steady, runs
from monitor.core.incident import (
    KIND_OF_STATE,
    PATH,
    PATH_KINDS,
    REACHED,
    WORKS_FOR_SOMEBODY,
    Bracket,
    CaseKey,
    Change,
    Event,
    EventKind,
    Incident,
    IncidentStage,
    Kind,
    case_key,
    record,
)
from monitor.core.verdict import Verdict
from monitor.core.watchlist import Confirmation
from probes.kit.vocabulary import State, Strength

SKEW = timedelta(minutes=1)
"""Looks dated later than this after now were stamped by a clock that has since been set back: they wait for their time."""


def bearing(key: CaseKey, verdict: Verdict) -> Bearing | None:
    """Which way a verdict speaks in a case: weak, unclear and unmeasured ones do not speak, neither for nor against."""
    if verdict.strength is Strength.WEAK:
        return None
    if case_key(verdict) == key:
        return Bearing.LOST
    return Bearing.WELL if verdict.state in _speaks_against(key.family) else None


def _speaks_against(family: str) -> frozenset[State]:
    """The states that deny such a loss: for an outage every other, since each says that the service works for somebody."""
    if family == PATH:
        return REACHED
    return WORKS_FOR_SOMEBODY if family == Kind.OUTAGE else frozenset({State.OK})


def advance(
    incident: Incident | None,
    verdicts: Sequence[Verdict],
    policy: Confirmation,
    now: datetime,
    new_id: Callable[[], str],
    key: CaseKey,
) -> tuple[Event, ...]:
    """Decide what the looks so far do to a case: no event, or those that bring the incident up to date.

    `verdicts` are the recent looks that concern the case, in any order; `incident` is the case's latest incident, if there
    is one. `new_id` is called only when a new incident begins. How old a look is counts from the newest one, so that looks
    which arrive late, after a cut, are read as they were made.
    """
    known = [verdict for verdict in verdicts if verdict.at <= now + SKEW]
    moment = max((verdict.at for verdict in known), default=now)
    current = runs(known, lambda verdict: bearing(key, verdict), policy)
    lost = tuple(run for run in current if run.bearing is Bearing.LOST and run.is_present(moment, policy))
    if incident is None or _is_over(incident, policy, now):
        return _begin(new_id, lost, policy, now, key) if lost else ()
    change = _next_change(incident, current, lost, policy, moment)
    if change is None:
        return ()
    return (record(incident.id, incident.version + 1, now, *change),)


def _is_over(incident: Incident, policy: Confirmation, now: datetime) -> bool:
    return not incident.is_open and now - incident.updated > timedelta(seconds=policy.reopen)


def _begin(
    new_id: Callable[[], str], lost: tuple[Run, ...], policy: Confirmation, now: datetime, key: CaseKey
) -> tuple[Event, ...]:
    name = new_id()
    opened = record(name, 1, now, EventKind.OPENED, replace(_suspicion(lost), key=key))
    proven = _proven(lost, policy)
    if proven is None:
        return (opened,)
    return opened, record(name, 2, now, EventKind.CONFIRMED, proven)


def _next_change(
    incident: Incident, current: tuple[Run, ...], lost: tuple[Run, ...], policy: Confirmation, moment: datetime
) -> tuple[EventKind, Change] | None:
    proven = _proven(lost, policy)
    match incident.stage:
        case IncidentStage.SUSPECTED:
            return _resolve_suspicion(current, lost, proven)
        case IncidentStage.CONFIRMED:
            return _follow(incident, current, proven, policy, moment)
        case IncidentStage.ENDED:
            return (EventKind.REOPENED, proven) if proven else None
        case IncidentStage.RETRACTED if incident.confirmed_at is None:
            return (EventKind.REOPENED, _suspicion(lost)) if lost else None
    return None


def _resolve_suspicion(current: tuple[Run, ...], lost: tuple[Run, ...], proven: Change | None) -> tuple[EventKind, Change] | None:
    if proven:
        return EventKind.CONFIRMED, proven
    if lost or not any(run.bearing is Bearing.WELL for run in current):
        return None
    return EventKind.RETRACTED, Change(stage=IncidentStage.RETRACTED, reason="not confirmed by further looks")


def _follow(
    incident: Incident, current: tuple[Run, ...], proven: Change | None, policy: Confirmation, moment: datetime
) -> tuple[EventKind, Change] | None:
    if proven and proven.kind is not incident.kind and _tells_more(proven, incident):
        return EventKind.RECLASSIFIED, replace(
            proven,
            onset=None,
            vantages=_joined(incident.vantages, proven.vantages),
            mechanisms=_joined(incident.mechanisms, proven.mechanisms),
        )
    recovered = tuple(run for run in current if _has_recovered(run, incident, policy))
    open_still = tuple(run for run in current if run not in recovered and _holds(run, policy, moment))
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


def _holds(run: Run, policy: Confirmation, moment: datetime) -> bool:
    """Whether a run that has not recovered keeps its place in the case: not a loss that was never seen again for long."""
    return run.bearing is Bearing.WELL or run.is_present(moment, policy)


def _still_seeing(incident: Incident, open_still: Iterable[Run], recovered: Iterable[Run]) -> tuple[str, ...]:
    """The vantage points of the incident that have not come back: a silent one has not, nor one with any check still lost."""
    well = {run.vantage for run in recovered}
    not_yet = {run.vantage for run in open_still}
    return tuple(vantage for vantage in incident.vantages if vantage in not_yet or vantage not in well)


def _joined(some: tuple[str, ...], more: tuple[str, ...] | None) -> tuple[str, ...]:
    return tuple(sorted({*some, *(more or ())}))


def _tells_more(proven: Change, incident: Incident) -> bool:
    order = {kind: rank for rank, kind in enumerate(PATH_KINDS)}
    return order.get(proven.kind or incident.kind, 99) < order.get(incident.kind, 99)


def _has_recovered(run: Run, incident: Incident, policy: Confirmation) -> bool:
    if run.bearing is not Bearing.WELL:
        return False
    if incident.strength is Strength.EXPLICIT:
        return len(run.looks) >= policy.explicit_looks
    return is_steady(run, policy)


def _end(recovered: Iterable[Run]) -> Bracket:
    last = max(recovered, key=lambda run: run.first.at)
    return Bracket(after=last.before.at if last.before else None, by=last.first.at)


def _onset(lost: Sequence[Run]) -> Bracket:
    first = min(lost, key=lambda run: run.first.at)
    return Bracket(after=first.before.at if first.before else None, by=first.first.at)


def _suspicion(lost: tuple[Run, ...]) -> Change:
    return replace(_account(lost), stage=IncidentStage.SUSPECTED)


def _account(lost: Sequence[Run]) -> Change:
    """Say what the looks show, led by the most telling of them."""
    best = min((run.last for run in lost), key=_weight)
    return Change(
        kind=KIND_OF_STATE[best.state],
        onset=_onset(lost),
        vantages=tuple(sorted({run.vantage for run in lost})),
        mechanisms=tuple(sorted({look.mechanism for run in lost for look in run.looks if look.mechanism})),
        rule=best.rule,
        because=best.because,
        strength=best.strength,
        looks=_names(lost),
    )


def _weight(verdict: Verdict) -> tuple[int, int, str]:
    kind = KIND_OF_STATE[verdict.state]
    rank = PATH_KINDS.index(kind) if kind in PATH_KINDS else 0
    return list(Strength).index(verdict.strength), rank, verdict.observation


def _names(looks: Iterable[Run]) -> tuple[str, ...]:
    return tuple(sorted({look.observation for run in looks for look in run.looks}))


def _proven(lost: tuple[Run, ...], policy: Confirmation) -> Change | None:
    """The account of the most telling kind of loss that the looks prove, or None if they prove none yet."""
    for kind in dict.fromkeys((*PATH_KINDS, *Kind)):
        rows = tuple(row for run in lost if (row := run.of(look for look in run.looks if _shows(look, kind))))
        proving = tuple(row for row in rows if _proves(row, kind, rows, policy))
        if proving:
            return replace(_account(proving), kind=kind, stage=IncidentStage.CONFIRMED)
    return None


def _shows(look: Verdict, kind: Kind) -> bool:
    shown = KIND_OF_STATE[look.state]
    return shown is kind or (kind is Kind.UNREACHABLE and shown in PATH_KINDS)


def _proves(row: Run, kind: Kind, rows: Sequence[Run], policy: Confirmation) -> bool:
    """Apply the policy: a bare failure to reach, easily mistaken, needs two vantage points or twice the time."""
    if is_explicit(row, policy):
        return True
    if kind is not Kind.UNREACHABLE:
        return is_steady(row, policy)
    witnessed = any(other.vantage != row.vantage and len(other.looks) > 1 for other in rows)
    return is_steady(row, policy, times=1 if witnessed else 2)
