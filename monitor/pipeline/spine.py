"""The spine, where all stages meet: observe, judge, advance, route, write; then acknowledge.

Whatever one batch of looks causes (observations, verdicts, incident events, messages) is written in one transaction.
Nothing is acknowledged before that, so a crash at any moment only means that a batch is handed over again; and a look
that is already stored is recognised by its id, so it never counts twice.
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import count
from pathlib import Path

import structlog

from monitor.bus import Report, ServiceBus
from monitor.bus.frames import encode
from monitor.clock import Clock
from monitor.core.deadline import Deadline, Deadlines, deadlines_of
from monitor.core.incident import Event, Incident, apply, record
from monitor.core.isolation import Isolations, IsolationStep
from monitor.core.kinds import EventKind
from monitor.core.ledger import REACH, Ledger, Step
from monitor.core.letting_go import letting_go
from monitor.core.mass import Masses, MassStep
from monitor.core.member_alarms import Happened, left_alone, owed, unheard
from monitor.core.message import Message
from monitor.core.planned import AnnouncedChange, Planned, planned_changes
from monitor.core.sight import is_round, speaks_of_its_target
from monitor.core.verdict import Verdict
from monitor.metrics import Metrics
from monitor.pipeline.judging import Recollection, judged
from monitor.pipeline.watch import Watch
from monitor.store import Judged, OutOfStep, Store, StoreUnavailable, Writing
from probes.kit.observation import Observation

_log = structlog.get_logger()

BATCH = 500
"""Looks that are written together at most."""

PATIENCE = 0.5
"""Seconds for which a batch waits to fill up."""


ANNOUNCED = timedelta(days=30)
"""For how long after its end an announced change is remembered: looks that it explains must not speak later on."""

DECISIONS = 500
"""Events of the log that are caught up with at once."""


@dataclass(frozen=True, slots=True)
class _Written:
    step: Step
    isolation: IsolationStep
    mass: MassStep
    judged: Sequence[Judged]
    dates: Sequence[Deadline]
    messages: int
    watch: Watch
    """The configuration under which it was written."""

    @property
    def events(self) -> tuple[tuple[Event, Incident], ...]:
        """All that has happened."""
        return (*self.step.events, *self.isolation.events, *self.mass.events)


@dataclass(slots=True)
class Pipeline:
    """Takes what probers saw through the stages. One instance runs; it alone advances incidents."""

    store: Store
    bus: ServiceBus
    clock: Clock
    metrics: Metrics
    ledger: Ledger
    watch: Watch
    address: str
    aside: Path
    """The folder in which looks are kept that the database cannot hold."""

    told: Callable[[], None] = lambda: None
    """Called after a commit that left messages to deliver."""

    set_aside: int = 0
    """How many looks went there since the start."""

    ending: bool = False

    retry: float = 2.0
    """Seconds between attempts while the database cannot be written."""

    trouble: str | None = None
    """Why nothing can be written at present, for whoever asks after our health."""

    seen: int = 0
    """The number of the newest event of the log that the ledger knows of."""

    isolations: Isolations = field(default_factory=Isolations)
    """What is remembered of the vantage points' own sight."""

    masses: Masses = field(default_factory=Masses)
    """What is remembered of mass events."""

    announced: tuple[AnnouncedChange, ...] = ()
    """The changes that were announced on the command line, as they were when they were last asked for."""

    deadlines: Deadlines = field(default_factory=Deadlines)
    """What is remembered of dates that looks have shown."""

    relooks: list[tuple[datetime, str]] = field(default_factory=list)
    _recollection: Recollection = field(default_factory=Recollection)
    _at_work: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def run(self) -> None:
        """Take batch after batch until cancelled; between batches is where cancelling does no harm."""
        while True:
            async with self._at_work:
                reports = await self.bus.consume(BATCH, PATIENCE)
                if reports:
                    await self.take(reports)
            await self._ask_for_relooks()

    async def finish(self) -> None:
        """Take what is still waiting, so that a stop loses no look that a prober has handed over.

        While the database cannot be written it stays with the prober, whose journal hands it over at the next start.
        """
        self.ending = True
        async with self._at_work:
            while self.trouble is None and (reports := await self.bus.consume(BATCH, 0)):
                await self.take(reports)

    async def take(self, reports: Sequence[Report]) -> None:
        """Write one batch, however long the database takes, and only then acknowledge it."""
        written = await self._written(reports)
        if written is None:
            return
        self.trouble = None
        self._settle(written)
        await self.bus.ack([report.observation.id for report in reports])
        await self._follow_up(written)

    async def _written(self, reports: Sequence[Report]) -> _Written | None:
        """What came of writing the batch; None where the service ends before it could be written, or it cannot be at all."""
        while True:
            try:
                return await self._write(reports)
            except StoreUnavailable as problem:
                self._complain(str(problem))
                if self.ending:
                    return None
                await asyncio.sleep(self.retry)
            except OutOfStep:
                await self._try_to_catch_up()
            except Exception as error:
                # One look that the database cannot hold must not end the service, and again at every start.
                if len(reports) == 1:
                    await self._set_aside(reports[0], error)
                else:
                    for report in reports:
                        await self.take([report])
                return None

    async def _set_aside(self, report: Report, error: Exception) -> None:
        """Keep the look as it came, apart, and only then acknowledge it: it is not lost, and can be read once we are mended."""
        name = report.observation.id
        await asyncio.to_thread(_keep_apart, self.aside, name, encode(report))
        self.set_aside += 1
        _log.error("a look cannot be stored and is set aside; the fault is ours", observation=name, error=type(error).__name__)
        await self.bus.ack([name])

    async def _try_to_catch_up(self) -> None:
        try:
            await self.catch_up()
        except StoreUnavailable as problem:
            self._complain(str(problem))
            await asyncio.sleep(self.retry)

    async def _write(self, reports: Sequence[Report]) -> _Written:
        now, watch = self.clock.now(), self.watch
        well = await self._recollection.of(reports, self.store)
        async with self.store.writing() as writing:
            looks = judged(await _unknown(writing, reports), watch, well)
            await writing.add_looks(looks, now)
            current = [one for one in looks if not _is_history(one.observation, now)]
            verdicts = [one.verdict for one in current if speaks_of_its_target(one.verdict)]
            dates = self.deadlines.changed(date for one in current for date in deadlines_of(one.observation, one.verdict))
            await writing.note_deadlines(dates)
            rounds = [one.verdict for one in looks if is_round(one.verdict)]
            numbers = _numbers(await writing.next_incident_id(now.year))
            policy = watch.watchlist.monitor.confirmation
            step = self.ledger.take(verdicts, policy, now, numbers, self.planned)
            isolation = self.isolations.take(rounds, now, numbers)
            mass = self._mass(step.incidents.values(), now, numbers)
            messages = await self._write_events(writing, step, isolation, mass)
            await writing.explain(step.explained)
        return _Written(step, isolation, mass, looks, dates, messages, watch)

    @property
    def planned(self) -> Planned:
        """What the organisations have planned, in their files and on the command line."""
        return planned_changes(self.watch.watchlist, self.announced)

    def _mass(self, changed: Iterable[Incident], now: datetime, new_id: Callable[[], str] | None = None) -> MassStep:
        monitor = self.watch.watchlist.monitor
        return self.masses.take(changed, monitor.mass, monitor.confirmation.reopen, now, new_id)

    async def _write_events(self, writing: Writing, *steps: Step | IsolationStep | MassStep) -> int:
        """Write what has happened, and the messages that it owes; returns how many these are."""
        happened = [one for step in steps for one in step.events]
        if not happened:
            return 0
        for step in steps:
            await writing.append([event for event, _ in step.events], list(step.incidents.values()))
        for event, incident in happened:
            await writing.cite(incident.id, event.change.looks)
        messages = await self._owed(writing, happened)
        await writing.add_messages(messages)
        return len(messages)

    async def _owed(self, writing: Writing, happened: Happened) -> tuple[Message, ...]:
        known = (*self.ledger.incidents, *self.isolations.incidents, *self.masses.parents)
        messages = owed(happened, known, self.watch.watchlist, self.address)
        alone = left_alone(happened)
        return unheard(messages, alone, await writing.turns(alone)) if alone else messages

    def _settle(self, written: _Written) -> None:
        self.ledger.keep(written.step)
        self.isolations.keep(written.isolation)
        self.deadlines.keep(written.dates)
        self._keep_masses(written.step.incidents.values(), written.mass)
        if written.watch is not self.watch:
            # The configuration has changed meanwhile: what it has let go must not come back by what was under way.
            self.ledger.forget_others(self.watch.checks)
            self.isolations.forget_others(self.watch.sights)
        self.metrics.looked([one for one in written.judged if not is_round(one.verdict)])
        self.metrics.happened(written.events)
        for event, incident in written.events:
            _log.info("incident", happened=event.kind.value, incident=incident.id, kind=incident.kind.value)
        for verdict, change in written.step.explained:
            _log.info("a planned change explains a loss", observation=verdict.observation, until=change.end.isoformat())
        if written.messages:
            self.told()

    def _keep_masses(self, changed: Iterable[Incident], step: MassStep) -> None:
        self.masses.keep(changed, step)
        for incident in step.incidents.values():
            self.ledger.revise(incident)

    async def _follow_up(self, written: _Written) -> None:
        """Ask for the looks that will settle what has just been seen: elsewhere at once, here again a little later."""
        for event, incident in written.step.events:
            if event.kind is EventKind.OPENED:
                for check in self._others(incident):
                    await self.bus.look(check)
        for verdict in written.step.turned:
            self._relook(verdict)

    def _others(self, incident: Incident) -> Iterable[str]:
        key = incident.key
        seen_by = set(incident.vantages)
        for check in self.watch.checks.values():
            if (check.organisation, check.target) == (key.organisation, key.target) and check.vantage not in seen_by:
                yield check.id

    def _relook(self, verdict: Verdict) -> None:
        waits = self.watch.watchlist.monitor.cadence.relook
        self.relooks.extend((verdict.at + timedelta(seconds=wait), verdict.check) for wait in waits)

    async def _ask_for_relooks(self) -> None:
        now = self.clock.now()
        due = {check for at, check in self.relooks if at <= now}
        if due:
            self.relooks = [(at, check) for at, check in self.relooks if at > now]
            for check in sorted(due):
                await self.bus.look(check)

    async def let_go(self) -> None:
        """Deal with open incidents that the configuration no longer lets anybody follow. Raises `StoreUnavailable`.

        A vantage point that is gone no longer holds an incident open; an incident that no check looks at any more is taken
        back, since whether the loss goes on is not known.
        """
        await self.catch_up()
        # What was decided while nobody ran counts as seen: only the mass events have not followed it.
        await self._let_masses_follow(one.id for one in self.masses.parents)
        self.ledger.forget_others(self.watch.checks)
        self.isolations.forget_others(self.watch.sights)
        while decided := self._decided_now(self.clock.now()):
            with contextlib.suppress(OutOfStep):  # a person, or the looks, decided something meanwhile: that comes first
                async with self.store.writing() as writing:
                    await self._write_events(writing, Step(events=decided, incidents={one.key: one for _, one in decided}))
            await self.catch_up()
            self.told()

    def _decided_now(self, now: datetime) -> tuple[tuple[Event, Incident], ...]:
        """What letting go changes of the incidents as they are known, each event with its result."""
        known = (*self.ledger.incidents, *self.isolations.incidents)
        changes = [(one, letting_go(one, self.watch.registered)) for one in known if one.is_open]
        events = [(one, record(one.id, one.version + 1, now, *change)) for one, change in changes if change is not None]
        return tuple((event, apply(one, event)) for one, event in events)

    async def catch_up(self) -> None:
        """Take note of what people have decided meanwhile: about incidents, and what they have planned.

        What was decided counts as seen once the mass events have followed it. Raises `StoreUnavailable`; then it is taken up
        again the next time.
        """
        async with self.store.reading() as reading:
            self.announced = tuple(await reading.planned_changes(self.clock.now() - ANNOUNCED))
            events = await reading.events_after(self.seen, DECISIONS)
        await self._let_masses_follow(event.incident for _, event in events)
        self.seen = max((self.seen, *(seq for seq, _ in events)))

    async def _let_masses_follow(self, changed: Iterable[str]) -> None:
        """Bring mass events in step with what has become of these incidents; anew, where somebody decides in between."""
        names = dict.fromkeys(changed)
        while True:
            step = self._mass(await self._noted(names), self.clock.now())
            with contextlib.suppress(OutOfStep):
                await self._enter(step)
                return
            names |= dict.fromkeys(step.incidents)

    async def _noted(self, names: Iterable[str]) -> list[Incident]:
        """These incidents as they are on record, which is remembered from now on."""
        async with self.store.reading() as reading:
            found = [await reading.incident(name) for name in names]
        known = [incident for incident in found if incident is not None]
        for incident in known:
            for memory in (self.ledger, self.isolations, self.masses):
                memory.revise(incident)
            self.metrics.revised(incident)
        return known

    async def _enter(self, step: MassStep) -> None:
        if not step.events:
            return
        async with self.store.writing() as writing:
            messages = await self._write_events(writing, step)
        self._keep_masses((), step)
        self.metrics.happened(step.events)
        if messages:
            self.told()

    def _complain(self, problem: str) -> None:
        if self.trouble is None:
            _log.error("results cannot be written; they are kept and will be written later", problem=problem)
        self.trouble = problem


def _is_history(observation: Observation, now: datetime) -> bool:
    """Whether somebody else's look is too old to say anything of the present: it is kept, and no incident begins with it.

    Our own are never too old. Late as they may come, after a cut, nobody has told of them yet.
    """
    return observation.provenance is not None and now - observation.started_at > REACH


def _keep_apart(folder: Path, name: str, frame: bytes) -> None:
    """Write one report into a file of its own, named by its id's hash: the id came from outside."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / f"{sha256(name.encode()).hexdigest()}.report").write_bytes(frame)


async def _unknown(writing: Writing, reports: Sequence[Report]) -> list[Report]:
    fresh = {report.observation.id: report for report in reports}
    known = await writing.known(list(fresh))
    return [report for name, report in fresh.items() if name not in known]


def _numbers(first: str) -> Callable[[], str]:
    """Incident ids from `first` on, one by one."""
    stem, _, number = first.rpartition("-")
    following = count(int(number))
    return lambda: f"{stem}-{next(following):04d}"
