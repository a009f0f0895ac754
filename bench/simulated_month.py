"""A month of looks, as verdicts: what an honest network does to them, lived through by the real ledger.

A target is looked at every five minutes from `inside` (a network in the country to be feared) and from `outside`; after the
first bad look again after 3 and 10 minutes, as the service does. What goes wrong without anybody's ill will:

- **bursts**: one look in a hundred of every check falls into a burst. Bursts come at random, last for an exponential time of
  three minutes on average and ten minutes at most, and spoil every look. All of them count as `unreachable`, strong, as if
  the control had always seen the target well: that is the worst case. What lasts for twenty minutes, in one place only and
  while the control sees the target well, is no burst but what `unreachable` means, and is confirmed as such.
- **odd answers**: one look in a thousand, alone, looks like interference: `blocked`, strong; and of fifty such one shows what
  passes for an explicit artefact. Our rules keep explicit ones rarer still: they take a fingerprint of the expected country,
  an address proven elsewhere, or a swap of names that isolates the trigger.
- **outages** of `inside`, an hour each: every target is `unreachable` until the canaries notice (after 5 minutes the first
  time, after 25 the second time, as when half of the canaries still answer), and `unmeasured` from then on.
- **a migration** of one target, announced by the organisation for three hours: most looks are `unreachable` or disagree about
  the address, from everywhere.

Good looks that cannot change anything are skipped: while a check remembers nothing but its last good look and has no case
open, a further good look only replaces that one (`still_telling` in `monitor.core.life`). The last one before anything bad
is made in any case. During the outages and the half hour around them nothing is skipped, so that contrast sees everybody;
at all other times contrast is switched off, which can only confirm more.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from heapq import heapify, heappop, heappush
from itertools import count
from math import exp
from random import Random
from typing import Final

from monitor.core.incident import Event, Incident
from monitor.core.kinds import EventKind
from monitor.core.ledger import Ledger
from monitor.core.planned import Planned
from monitor.core.verdict import Verdict
from monitor.core.watchlist import Confirmation, PlannedChange
from probes.kit.vocabulary import State, Strength

START: Final = datetime(2026, 3, 1, tzinfo=UTC)
MINUTE: Final = 60.0
HOUR: Final = 3600.0
DAY: Final = 86400.0

EVERY: Final = 5 * MINUTE
RELOOKS: Final = (3 * MINUTE, 10 * MINUTE)
INSIDE: Final = "inside"
OUTSIDE: Final = "outside"
COUNTRIES: Final = {INSIDE: "RU", OUTSIDE: "DE"}
PER_ORGANISATION: Final = 10

FAILING: Final = 0.01
BURST: Final = 3 * MINUTE
LONGEST_BURST: Final = 10 * MINUTE
ODD: Final = 0.001
ODD_EXPLICIT: Final = 0.02
NOTICED_AFTER: Final = (5 * MINUTE, 25 * MINUTE)
MIGRATION: Final = 3 * HOUR
AROUND: Final = HOUR / 2

OUT_OF_TURN: Final = -1

Due = tuple[float, int, int]
"""When a look is due, at which check, and which of its looks it is; one out of turn has no number."""

Interval = tuple[float, float]
Seen = tuple[State, Strength]

WELL: Final[Seen] = (State.OK, Strength.STRONG)
FAILED: Final[Seen] = (State.UNREACHABLE, Strength.STRONG)
INTERFERED: Final[Seen] = (State.BLOCKED, Strength.STRONG)
EXPLICIT: Final[Seen] = (State.BLOCKED, Strength.EXPLICIT)
UNDECIDED: Final[Seen] = (State.UNCLEAR, Strength.WEAK)
BLIND: Final[Seen] = (State.UNMEASURED, Strength.WEAK)


@dataclass(frozen=True, slots=True, kw_only=True)
class Injection:
    """Interference with one target at `inside`: from `start` to `end`, in seconds, what is seen of every `nth` look."""

    target: int
    start: float
    end: float
    seen: Seen = INTERFERED
    nth: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """What is simulated. Times are seconds since the beginning."""

    seed: int = 1
    targets: int = 1000
    days: float = 30.0
    vantages: tuple[str, ...] = (INSIDE, OUTSIDE)
    burst: float = BURST
    longest_burst: float = LONGEST_BURST
    noticed_after: tuple[float, ...] = NOTICED_AFTER
    with_contrast: bool = True
    with_plan: bool = True
    with_control: bool = True
    injections: tuple[Injection, ...] = ()
    policy: Confirmation = field(default_factory=Confirmation)

    @property
    def mean_burst(self) -> float:
        """What is left of the average when longer bursts are left out."""
        return self.burst - self.longest_burst / (exp(self.longest_burst / self.burst) - 1)

    @property
    def end(self) -> float:
        """When it is over."""
        return self.days * DAY

    @property
    def outages(self) -> tuple[Interval, ...]:
        """The outages of `inside`, an hour each, evenly spread."""
        share = self.end / (len(self.noticed_after) + 1)
        return tuple((share * number, share * number + HOUR) for number in range(1, len(self.noticed_after) + 1))

    @property
    def migration(self) -> Interval:
        """When the target number 0 moves."""
        return self.end * 0.8, self.end * 0.8 + MIGRATION


@dataclass(slots=True)
class Tale:
    """What came of it: every event with its incident, and how many looks there were and were made."""

    scheduled: int = 0
    lived: int = 0
    failing: int = 0
    odd: int = 0
    events: list[tuple[Event, Incident]] = field(default_factory=list)

    @property
    def confirmed(self) -> list[tuple[Event, Incident]]:
        """The confirmations, each with the incident as it then was."""
        return [(event, incident) for event, incident in self.events if event.kind is EventKind.CONFIRMED]


@dataclass(slots=True)
class _Line:
    """One check: when it looks, and what it then sees. `dense` are the times in which no look is skipped."""

    name: str
    target: int
    vantage: str
    phase: float
    odd: dict[int, Seen]
    bursts: Sequence[Interval]
    injection: Injection | None
    dense: Sequence[Interval]
    outages: Sequence[tuple[Interval, float]]
    month: Month
    random: Random
    done: int = 0

    def at(self, number: int) -> float:
        """When the look of that number is due."""
        return self.phase + number * EVERY

    def sees(self, time: float, number: int) -> Seen:
        """What a look at that time shows, or what may be said of it where nobody looks from elsewhere."""
        self.done += 1
        seen = self._sees(time, number)
        return seen if self.month.with_control or seen in (WELL, EXPLICIT) else UNDECIDED

    def _sees(self, time: float, number: int) -> Seen:
        blind = self._blind(time)
        if blind is not None:
            return blind
        if self.injection and self.injection.start <= time < self.injection.end and self.done % self.injection.nth == 0:
            return self.injection.seen
        if self.target == 0 and _within([self.month.migration], time) and self.random.random() < 0.7:
            return self.random.choice((FAILED, INTERFERED))
        if _within(self.bursts, time):
            return FAILED
        if number != OUT_OF_TURN:
            return self.odd.get(number, WELL)
        return _oddity(self.random) if self.random.random() < ODD else WELL

    def _blind(self, time: float) -> Seen | None:
        for (start, end), noticed in self.outages:
            if start <= time < end:
                return FAILED if time < start + noticed else BLIND
        return None

    def next_of_note(self, number: int, notes: Sequence[int]) -> int:
        """The number of the next look from `number` on that must be made."""
        for start, end in self.dense:
            if start <= self.at(number) < end:
                return number
        following = notes[bisect_right(notes, number - 1) :][:1]
        starts = [int((start - self.phase) // EVERY) + 1 for start, _ in self.dense if start > self.at(number)]
        return min([*following, *starts], default=int(self.month.end // EVERY) + 1)


def live_through(month: Month) -> Tale:
    """Let the month happen. The same month always happens in the same way."""
    return _Telling(month).told()


class _Telling:
    def __init__(self, month: Month) -> None:
        self._month = month
        self._tale = Tale()
        self._ledger = Ledger()
        self._numbers = count(1)
        self._observations = count(1)
        self._outages = tuple(zip(month.outages, month.noticed_after, strict=True))
        self._attentive = [(start - AROUND, end + AROUND) for start, end in month.outages]
        self._lines = [self._line(target, vantage, month.seed) for target in range(month.targets) for vantage in month.vantages]
        self._notes = [self._of_note(line) for line in self._lines]
        self._strict = month.policy.model_copy(update={"contrast": 1.0})
        self._planned = self._plans()

    def told(self) -> Tale:
        """Take look after look in the order of time, those out of turn among them."""
        due: list[Due] = []
        for index, line in enumerate(self._lines):
            number = line.next_of_note(0, self._notes[index])
            due.append((line.at(number), index, number))
        heapify(due)
        while due and due[0][0] < self._month.end:
            time, index, number = heappop(due)
            for later in self._look(time, index, number):
                heappush(due, later)
        return self._tale

    def _look(self, time: float, index: int, number: int) -> Iterator[Due]:
        """Make one look; yield those that follow from it."""
        line = self._lines[index]
        verdict = self._verdict(line, time, line.sees(time, number))
        is_quiet, is_new = self._take(verdict, time)
        if is_new and verdict.state is not State.OK:
            yield from ((time + wait, index, OUT_OF_TURN) for wait in RELOOKS)
        if number != OUT_OF_TURN:
            following = line.next_of_note(number + 1, self._notes[index]) if is_quiet else number + 1
            yield line.at(following), index, following

    def _take(self, verdict: Verdict, time: float) -> tuple[bool, bool]:
        """Whether the check has nothing but a good look to remember, and whether it says something new."""
        self._tale.lived += 1
        has_contrast = self._month.with_contrast and _within(self._attentive, time)
        policy = self._month.policy if has_contrast else self._strict
        step = self._ledger.take([verdict], policy, verdict.at, self._new_id, self._planned)
        self._ledger.keep(step)
        self._tale.events.extend(step.events)
        window = step.windows.get(verdict.check, (verdict,))
        return len(window) == 1 and window[0].state is State.OK, bool(step.turned)

    def _new_id(self) -> str:
        return f"CW-2026-{next(self._numbers):06d}"

    def _verdict(self, line: _Line, time: float, seen: Seen) -> Verdict:
        state, strength = seen
        return Verdict(
            observation=f"{next(self._observations):09d}",
            check=line.name,
            organisation=f"organisation-{line.target // PER_ORGANISATION}",
            target=f"target-{line.target}",
            probe="website",
            vantage=line.vantage,
            country=COUNTRIES[line.vantage],
            at=START + timedelta(seconds=time),
            state=state,
            rule=f"simulated.{state}",
            because="",
            strength=strength,
            ruleset="simulated/1",
        )

    def _line(self, target: int, vantage: str, seed: int) -> _Line:
        """A check with a fate of its own, whatever else is simulated: the same seed, target and vantage point give the same."""
        random = Random(f"{seed} {target} {vantage}")
        dense = list(self._attentive) if vantage == INSIDE else []
        injected = next((one for one in self._month.injections if one.target == target and vantage == INSIDE), None)
        if injected:
            dense.append((injected.start - AROUND, injected.end + AROUND))
        if target == 0:
            dense.append((self._month.migration[0] - AROUND, self._month.migration[1] + AROUND))
        phase = random.uniform(0, EVERY)
        looks = int((self._month.end - phase) // EVERY) + 1
        odd, bursts = dict(_odd_looks(random, looks)), tuple(_bursts(random, self._month))
        self._tale.scheduled += looks
        return _Line(
            name=f"{vantage}-{target}",
            target=target,
            vantage=vantage,
            phase=phase,
            odd=odd,
            bursts=bursts,
            injection=injected,
            dense=dense,
            outages=self._outages if vantage == INSIDE else (),
            month=self._month,
            random=random,
        )

    def _of_note(self, line: _Line) -> list[int]:
        """The numbers of the looks that find something, and of those just before them."""
        failing = {number for start, end in line.bursts for number in _looks_within(line.phase, start, end)}
        self._tale.failing += len(failing)
        self._tale.odd += len(line.odd)
        found = failing | line.odd.keys()
        return sorted(found | {number - 1 for number in found if number})

    def _plans(self) -> Planned:
        if not self._month.with_plan:
            return {}
        start, end = (START + timedelta(seconds=time) for time in self._month.migration)
        return {("organisation-0", "target-0"): (PlannedChange(start=start, end=end, note="moves to another host"),)}


def _odd_looks(random: Random, looks: int) -> Iterator[tuple[int, Seen]]:
    number = int(random.expovariate(ODD))
    while number < looks:
        yield number, _oddity(random)
        number += 1 + int(random.expovariate(ODD))


def _oddity(random: Random) -> Seen:
    return EXPLICIT if random.random() < ODD_EXPLICIT else INTERFERED


def _bursts(random: Random, month: Month) -> Iterator[Interval]:
    """Bursts that together take up the share `FAILING` of all time."""
    pause = month.mean_burst * (1 - FAILING) / FAILING
    time = random.expovariate(1 / pause)
    while time < month.end:
        length = _length(random, month)
        yield time, time + length
        time += length + random.expovariate(1 / pause)


def _length(random: Random, month: Month) -> float:
    while (length := random.expovariate(1 / month.burst)) >= month.longest_burst:
        pass
    return length


def _looks_within(phase: float, start: float, end: float) -> range:
    first = max(0, int((start - phase) // EVERY) + 1)
    return range(first, max(first, int((end - phase) // EVERY) + 1))


def _within(intervals: Sequence[Interval], time: float) -> bool:
    """Whether the time falls into one of the intervals, which are in order and do not overlap."""
    position = bisect_right(intervals, time, key=lambda interval: interval[0]) - 1
    return position >= 0 and time < intervals[position][1]
