"""The case of a country that is cut off: from rounds of canaries that say so to its end (design: detection.md).

An isolation is the worst event there is, a shutdown or a regime of whitelists, and it concerns no one organisation: its case
has neither organisation nor target, only a country. Rounds in which nothing answers, and silence, neither confirm nor end it.

`Isolations` decides nothing by itself: `take` works out what new rounds change, `keep` makes that its memory once it is stored.
"""

from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from monitor.core.contradiction import LOST_AGAIN
from monitor.core.incident import Bracket, CaseKey, Change, Event, Incident, Relation, apply, is_newer, record
from monitor.core.kinds import EventKind, IncidentStage, Kind, RelationKind
from monitor.core.letting_go import CONFIGURATION
from monitor.core.setback import NONE_MISDATED, SKEW, Misdated, bounded, setback
from monitor.core.sight import BLIND, NOBODY
from monitor.core.verdict import Verdict
from probes.kit.vocabulary import State

ROUNDS: Final = 3
"""Rounds that must agree, to confirm or to end: a single bad one is a suspicion."""

CONFIRMING: Final = timedelta(minutes=5)
"""Time over which the rounds that confirm must be spread: a line that is being mended comes back sooner."""

ENDING: Final = timedelta(minutes=10)
"""The same for those that end it: a shutdown often flickers."""

APART: Final = timedelta(seconds=30)
"""Rounds closer together than this count once."""

SILENCE: Final = timedelta(hours=1)
"""After this long without a round that says either, what came before proves nothing."""

REOPEN: Final = timedelta(days=1)
"""A return within this time continues the same incident."""

WINDOW: Final = 64
"""Rounds that are remembered of each vantage point; far more than any decision asks for."""


def case_of(country: str | None) -> CaseKey:
    """The case of a country that is cut off. Its vantage points share it, as the networks of a country share a block."""
    return CaseKey(organisation=NOBODY, target=NOBODY, family=Kind.ISOLATION, country=country)


@dataclass(frozen=True, slots=True)
class Row:
    """The unbroken row of like rounds with which a vantage point's memory ends, oldest first, crowded ones left out.

    `before` is the last round that said the opposite, if it is known: together they bracket the change. `earlier` are the rows
    that came before it, as far as they are remembered.
    """

    vantage: str
    rounds: tuple[Verdict, ...]
    before: Verdict | None = None
    earlier: tuple["Row", ...] = ()

    @property
    def is_cut_off(self) -> bool:
        """Whether these rounds found the place isolated; else they found it well."""
        return self.rounds[-1].state is State.UNREACHABLE

    @property
    def start(self) -> Bracket:
        """When it began to be so."""
        return Bracket(after=self.before.at if self.before else None, by=self.rounds[0].at)

    @property
    def names(self) -> tuple[str, ...]:
        """The observations of the row."""
        return tuple(one.observation for one in self.rounds)

    def is_present(self, moment: datetime) -> bool:
        """Whether the row still speaks at `moment`."""
        return moment - self.rounds[-1].at <= SILENCE

    def lasts(self, span: timedelta) -> bool:
        """Whether enough rounds agree over enough time."""
        return len(self.rounds) >= ROUNDS and self.rounds[-1].at - self.rounds[0].at >= span

    def since(self, moment: datetime) -> "Row | None":
        """What was seen from `moment` on; None where that is nothing."""
        rounds = tuple(one for one in self.rounds if one.at >= moment)
        earlier = (row.since(moment) for row in self.earlier)
        return replace(self, rounds=rounds, earlier=tuple(row for row in earlier if row is not None)) if rounds else None

    @property
    def has_been_well(self) -> bool:
        """Whether the place has seen the world for a while before, as an end asks for."""
        return any(not row.is_cut_off and row.lasts(ENDING) for row in self.earlier)

    @property
    def has_seen(self) -> bool:
        """Whether any round, of it or before it, found the place well."""
        return any(not row.is_cut_off for row in (*self.earlier, self))


def row_of(window: Iterable[Verdict], now: datetime) -> Row | None:
    """The row with which these rounds of one vantage point, in any order, end; None where none of them decides."""
    known = sorted((one for one in window if _decides(one) and one.at <= now + SKEW), key=lambda one: (one.at, one.observation))
    if not known:
        return None
    *earlier, last = _unbroken(known)
    opposite = (rounds[-1] for rounds in reversed(earlier) if rounds[-1].state is not last[-1].state)
    rows = tuple(Row(last[-1].vantage, _uncrowded(rounds)) for rounds in earlier)
    return Row(last[-1].vantage, _uncrowded(last), next(opposite, None), rows)


def _unbroken(known: Sequence[Verdict]) -> Iterator[Sequence[Verdict]]:
    """Rounds, oldest first, parted where they say something else and where there was silence for too long."""
    start = 0
    for at, (one, following) in enumerate(pairwise(known), start=1):
        if following.state is not one.state or following.at - one.at > SILENCE:
            yield known[start:at]
            start = at
    yield known[start:]


def _decides(verdict: Verdict) -> bool:
    return verdict.state in {State.OK, State.UNREACHABLE}


def _uncrowded(rounds: Iterable[Verdict]) -> tuple[Verdict, ...]:
    kept: list[Verdict] = []
    for one in rounds:
        if not kept or one.at - kept[-1].at >= APART:
            kept.append(one)
    return tuple(kept)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What is known at one moment of the vantage points of one country.

    - `rows`: theirs
    - `moment`: the time of the newest round
    - `elsewhere`: the newest round of every vantage point in another country whose way out works: a proxy abroad is reached
      over the very line that may be cut
    """

    country: str | None
    rows: tuple[Row, ...]
    moment: datetime
    elsewhere: tuple[Verdict, ...] = ()

    @property
    def cut_off(self) -> tuple[Row, ...]:
        """The rows that say it is cut off, and still speak."""
        return tuple(row for row in self.rows if row.is_cut_off and row.is_present(self.moment))

    @property
    def proven(self) -> tuple[Row, ...]:
        """Those of them that prove it. Where nobody elsewhere sees abroad either, the canaries themselves may be what is gone."""
        present = [one for one in self.elsewhere if self.moment - one.at <= SILENCE]
        if present and not any(one.state is State.OK for one in present):
            return ()
        return tuple(row for row in self.cut_off if row.lasts(CONFIRMING))

    def since(self, moment: datetime) -> "Outlook":
        """What has been seen of the country from `moment` on."""
        later = (row.since(moment) for row in self.rows)
        return replace(self, rows=tuple(row for row in later if row is not None))


def outlook(country: str | None, windows: Mapping[str, Sequence[Verdict]], moment: datetime, now: datetime) -> Outlook:
    """What these windows, one for each vantage point and its rounds oldest first, say of a country at `moment`."""
    newest = {check: window[-1] for check, window in windows.items()}
    rows = (row_of(windows[check], now) for check, last in newest.items() if last.country == country)
    return Outlook(
        country=country,
        rows=tuple(row for row in rows if row is not None),
        moment=moment,
        elsewhere=tuple(last for last in newest.values() if last.country != country and last.rule != BLIND.rule),
    )


def advance(
    incident: Incident | None, seen: Outlook, now: datetime, new_id: Callable[[], str], misdated: Misdated = NONE_MISDATED
) -> tuple[Event, ...]:
    """Decide what is known of a country does to its case, whose latest incident is `incident`.

    `new_id` is called only when a new incident begins. `misdated` knows which times are of a clock that ran ahead.
    """
    if incident is None or _is_over(incident, now, misdated):
        return _begin(seen, now, new_id)
    later = seen.since(misdated.latest(incident.closed_at)) if incident.closed_at is not None else seen
    if incident.stage is IncidentStage.RETRACTED and _is_a_persons_word(incident):
        return _begin_in_spite(incident, later, now, new_id)
    change = _next_change(incident, seen) if incident.is_open else _return(incident, seen, later)
    return () if change is None else (record(incident.id, incident.version + 1, now, *change),)


def _is_over(incident: Incident, now: datetime, misdated: Misdated) -> bool:
    return incident.closed_at is not None and now - misdated.latest(incident.closed_at) > REOPEN


def _begin(seen: Outlook, now: datetime, new_id: Callable[[], str]) -> tuple[Event, ...]:
    if not seen.cut_off:
        return ()
    name = new_id()
    suspicion = replace(_account(seen.cut_off, IncidentStage.SUSPECTED), key=case_of(seen.country))
    opened = record(name, 1, now, EventKind.OPENED, suspicion)
    if not seen.proven:
        return (opened,)
    return opened, record(name, 2, now, EventKind.CONFIRMED, _account(seen.proven, IncidentStage.CONFIRMED))


def _is_a_persons_word(incident: Incident) -> bool:
    return incident.stage_by not in {None, CONFIGURATION}


def _begin_in_spite(taken_back: Incident, later: Outlook, now: datetime, new_id: Callable[[], str]) -> tuple[Event, ...]:
    """Another incident, since the one that a person took back stays so: a place has been well since, and is cut off again."""
    again = tuple(row for row in later.proven if row.has_been_well)
    if not again:
        return ()
    name, proven = new_id(), _account(again, IncidentStage.CONFIRMED)
    suspicion = replace(
        proven,
        stage=IncidentStage.SUSPECTED,
        key=taken_back.key,
        relations=(Relation(RelationKind.SEE_ALSO, taken_back.id),),
        reason=LOST_AGAIN,
    )
    return record(name, 1, now, EventKind.OPENED, suspicion), record(name, 2, now, EventKind.CONFIRMED, proven)


def _next_change(incident: Incident, seen: Outlook) -> tuple[EventKind, Change] | None:
    match incident.stage:
        case IncidentStage.SUSPECTED if seen.proven:
            return EventKind.CONFIRMED, _account(seen.proven, IncidentStage.CONFIRMED)
        case IncidentStage.SUSPECTED if not seen.cut_off and _sees_again(incident, seen.rows):
            return EventKind.RETRACTED, Change(stage=IncidentStage.RETRACTED, reason="not confirmed by further rounds")
        case IncidentStage.CONFIRMED:
            return _follow(incident, seen)
    return None


def _return(incident: Incident, seen: Outlook, later: Outlook) -> tuple[EventKind, Change] | None:
    """What opens an incident again; of what somebody has decided, only what was seen later counts."""
    match incident.stage:
        case IncidentStage.ENDED if seen.proven:
            return EventKind.REOPENED, _account(seen.proven, IncidentStage.CONFIRMED)
        case IncidentStage.RETRACTED if seen.cut_off and incident.confirmed_at is None:
            return EventKind.REOPENED, _account(seen.cut_off, IncidentStage.SUSPECTED)
        case IncidentStage.REINSTATED | IncidentStage.RETRACTED if later.proven:
            came_and_went = any(row.has_seen for row in later.rows)
            return EventKind.REOPENED, replace(_account(later.proven, IncidentStage.CONFIRMED), intermittent=came_and_went)
    return None


def _sees_again(incident: Incident, rows: Iterable[Row]) -> bool:
    """Whether every place that gave rise to the suspicion has seen the world since. One that is offline has not."""
    return set(incident.vantages) <= {row.vantage for row in rows if not row.is_cut_off}


def _follow(incident: Incident, seen: Outlook) -> tuple[EventKind, Change] | None:
    """A place leaves the case when it has seen the world for a while, and joins it when it is proven to be cut off too."""
    recovered = [row for row in seen.rows if row.vantage in incident.vantages and not row.is_cut_off and row.lasts(ENDING)]
    gone = {row.vantage for row in recovered}
    inside = tuple(sorted({*incident.vantages, *(row.vantage for row in seen.proven)} - gone))
    if not inside:
        last = max(recovered, key=lambda row: row.start.by)
        return EventKind.ENDED, Change(stage=IncidentStage.ENDED, end=last.start, looks=_names(recovered))
    if inside != incident.vantages:
        return EventKind.SCOPE_CHANGED, Change(vantages=inside, looks=_names((*seen.proven, *recovered)))
    return None


def _account(cut_off: Sequence[Row], stage: IncidentStage) -> Change:
    """Say what the rows show, in the words of the newest round."""
    newest = max((row.rounds[-1] for row in cut_off), key=lambda one: (one.at, one.observation))
    return Change(
        kind=Kind.ISOLATION,
        stage=stage,
        onset=min((row.start for row in cut_off), key=lambda bracket: bracket.by),
        vantages=tuple(sorted({row.vantage for row in cut_off})),
        mechanisms=(),
        rule=newest.rule,
        because=newest.because,
        strength=newest.strength,
        looks=_names(cut_off),
    )


def _names(rows: Iterable[Row]) -> tuple[str, ...]:
    return tuple(sorted({name for row in rows for name in row.names}))


@dataclass(frozen=True, slots=True)
class IsolationStep:
    """What new rounds change: windows and incidents to remember, and the events that happened, each with its result."""

    windows: Mapping[str, tuple[Verdict, ...]] = field(default_factory=dict)
    incidents: Mapping[CaseKey, Incident] = field(default_factory=dict)
    events: tuple[tuple[Event, Incident], ...] = ()
    at: datetime | None = None
    """What the clock showed; None where nothing was worked out."""
    misdated: Misdated = NONE_MISDATED


class Isolations:
    """What must be remembered of past rounds, and the latest incident of every country. It is rebuilt from the store."""

    def __init__(self, rounds: Iterable[Verdict] = (), incidents: Iterable[Incident] = ()) -> None:
        self._incidents: dict[CaseKey, Incident] = {}
        self._windows: dict[str, tuple[Verdict, ...]] = {}
        self._clock: datetime | None = None
        self._misdated = NONE_MISDATED
        for incident in incidents:
            self.revise(incident)
        for verdict in rounds:
            self._windows[verdict.check] = _extended(self._windows.get(verdict.check, ()), verdict)[-2 * WINDOW :]

    @property
    def incidents(self) -> tuple[Incident, ...]:
        """The latest incident of every country."""
        return tuple(self._incidents.values())

    def take(self, rounds: Collection[Verdict], now: datetime, new_id: Callable[[], str]) -> IsolationStep:
        """Work out what these rounds change."""
        windows, misdated = self._brought_back(now)
        incidents: dict[CaseKey, Incident] = {}
        events: list[tuple[Event, Incident]] = []
        for verdict in sorted(rounds, key=lambda one: (one.at, one.observation)):
            before = windows[verdict.check] if verdict.check in windows else self._windows.get(verdict.check, ())
            windows[verdict.check] = bounded(_extended(before, verdict), now, WINDOW)
            key = case_of(verdict.country)
            incident = incidents.get(key) or self._incidents.get(key)
            known = {check: window for check, window in {**self._windows, **windows}.items() if window}
            seen = outlook(verdict.country, known, verdict.at, now)
            for event in advance(incident, seen, now, new_id, misdated):
                incident = apply(None if event.kind is EventKind.OPENED else incident, event)
                incidents[key] = incident
                events.append((event, incident))
        return IsolationStep(windows, incidents, tuple(events), now, misdated)

    def _brought_back(self, now: datetime) -> tuple[dict[str, tuple[Verdict, ...]], Misdated]:
        """The windows without the rounds that have spoken before the clock was set back to `now`, if it was."""
        found = setback(self._clock, now)
        if found is None:
            return {}, self._misdated
        windows = {check: tuple(one for one in window if not found.has_spoken(one)) for check, window in self._windows.items()}
        closed = [one.closed_at for one in self._incidents.values() if one.closed_at is not None]
        return windows, self._misdated.at_setback(now, closed)

    def keep(self, step: IsolationStep) -> None:
        """Remember what `take` worked out."""
        self._windows = {check: window for check, window in {**self._windows, **step.windows}.items() if window}
        if step.at is not None:
            self._clock, self._misdated = step.at, step.misdated
        for incident in step.incidents.values():
            self.revise(incident)

    def revise(self, incident: Incident) -> None:
        """Remember an incident as it is on record; of several of one country, the latest counts."""
        known = self._incidents.get(incident.key)
        if incident.kind is Kind.ISOLATION and not incident.is_mass and is_newer(incident, known):
            self._incidents[incident.key] = incident

    def replace_incidents(self, incidents: Iterable[Incident]) -> None:
        """Remember these incidents in place of all that were known, be they older; what was seen stays remembered."""
        self._incidents.clear()
        for incident in incidents:
            self.revise(incident)

    def forget_others(self, checks: Container[str]) -> None:
        """Forget the rounds of all vantage points but these."""
        self._windows = {check: window for check, window in self._windows.items() if check in checks}


def _extended(window: Iterable[Verdict], verdict: Verdict) -> tuple[Verdict, ...]:
    """The window with one round more, oldest first. Of those that decide nothing only the newest is of any use."""
    ordered = sorted((*window, verdict), key=lambda one: (one.at, one.observation))
    return tuple(one for one in ordered if _decides(one) or one is ordered[-1])
