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
from itertools import count
from pathlib import Path

import structlog

from monitor.bus import Report, ServiceBus
from monitor.clock import Clock
from monitor.core.deadline import Deadlines, deadlines_of
from monitor.core.incident import Event, Incident, apply, record
from monitor.core.isolation import Isolations, IsolationStep
from monitor.core.kinds import EventKind
from monitor.core.ledger import Ledger, Step
from monitor.core.letting_go import letting_go
from monitor.core.mass import Masses, MassStep
from monitor.core.member_alarms import Happened
from monitor.core.message import Message
from monitor.core.planned import AnnouncedChange, Planned, planned_changes
from monitor.core.sight import is_round, speaks_of_its_target
from monitor.core.verdict import Verdict
from monitor.metrics import Metrics
from monitor.pipeline.judging import Recollection, is_history, judged, unknown
from monitor.pipeline.numbering import numbers_from
from monitor.pipeline.owing import owed_now
from monitor.pipeline.refusal import CannotBeWritten, Refusals, Refused, keep_apart
from monitor.pipeline.watch import Watch
from monitor.pipeline.written import Written
from monitor.store import OutOfStep, Store, StoreUnavailable, Writing

_log = structlog.get_logger()

BATCH = 500
"""Looks that are written together at most."""

PATIENCE = 0.5
"""Seconds for which a batch waits to fill up."""


ANNOUNCED = timedelta(days=30)
"""For how long after its end an announced change is remembered: looks that it explains must not speak later on."""

DECISIONS = 500
"""Events of the log that are caught up with at once."""


TRIES = 5
"""So often is tried anew what somebody else has forestalled, before it counts as trouble."""

_OUT_OF_STEP = "what the database holds is not what was written: does another Cutwatch write to it? If so, stop that one"


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
    _refusals: Refusals = field(default_factory=Refusals)
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
        """Write one batch, however long the database takes, and only then acknowledge it.

        One look that the database cannot hold must not end the service, and again at every start: it is set aside.
        """
        waiting = reports
        while waiting:
            refused = await self._refused(waiting)
            problem = self._refusals.trouble(refused) or await self._set_aside(refused)
            if problem is None or not await self._waits(problem):
                return
            waiting = [one.report for one in refused]

    async def _refused(self, reports: Sequence[Report]) -> list[Refused]:
        """Write the looks, together or else one by one; returns those that cannot be written."""
        try:
            written = await self._written(reports)
        except CannotBeWritten as problem:
            if len(reports) == 1:
                return [Refused(reports[0], str(problem))]
            return [one for report in reports for one in await self._refused([report])]
        if written is not None:
            await self._finish_with(written, reports)
        return []

    async def _finish_with(self, written: Written, reports: Sequence[Report]) -> None:
        self.trouble = None
        if written.judged:
            self._refusals.stored()
        self._settle(written)
        await self.bus.ack([report.observation.id for report in reports])
        await self._follow_up(written)

    async def _written(self, reports: Sequence[Report]) -> Written | None:
        """What came of writing the batch; None where the service ends before it could be written.

        Raises `CannotBeWritten` where it cannot be, though the database can be used.
        """
        for tries in count(1):
            try:
                return await self._write(reports)
            except StoreUnavailable as problem:
                trouble: str | None = str(problem)
            except OutOfStep:
                trouble = await self._get_into_step(tries)
            except Exception as error:
                raise CannotBeWritten(type(error).__name__) from error
            if trouble is not None and not await self._waits(trouble):
                break
        return None

    async def _waits(self, trouble: str) -> bool:
        """Say what is wrong, and let a while pass; returns whether to try again, or the service is to end first."""
        self._complain(trouble)
        if self.ending:
            return False
        await asyncio.sleep(self.retry)
        return True

    async def _set_aside(self, refused: list[Refused]) -> str | None:
        """Keep looks as they came, apart, and only then acknowledge them: they are not lost, and can be read once we are mended.

        Returns why that cannot be done, or None; those of which it cannot be done are left in the list.
        """
        while refused:
            name = refused[0].report.observation.id
            problem = await asyncio.to_thread(keep_apart, self.aside, refused[0].report)
            if problem is not None:
                return problem
            error = refused.pop(0).error
            self.set_aside += 1
            _log.error("a look cannot be stored and is set aside; the fault is ours", observation=name, error=error)
            await self.bus.ack([name])
            self.trouble = None
        return None

    async def _get_into_step(self, tries: int) -> str | None:
        """Learn what somebody else has decided; if that is not it, read all incidents again. Returns why that does not help."""
        try:
            if tries > 1:
                await self._read_again()
                await self._let_masses_follow(one.id for one in self.masses.parents)
            await self.catch_up()
        except StoreUnavailable as problem:
            return str(problem)
        return None if tries < TRIES else _OUT_OF_STEP

    async def _read_again(self) -> None:
        """Remember all incidents as they are on record, even what is older than we know: a backup may have been put back."""
        async with self.store.reading() as reading:
            incidents = await reading.all_incidents()
            self.seen = min(self.seen, await reading.last_seq())
        self.ledger.replace_incidents(incidents)
        self.isolations.replace_incidents(incidents)
        self.masses = Masses(incidents)
        for incident in incidents:
            self.metrics.revised(incident)

    async def _write(self, reports: Sequence[Report]) -> Written:
        now, watch = self.clock.now(), self.watch
        well = await self._recollection.of(reports, self.store)
        async with self.store.writing() as writing:
            looks = judged(await unknown(writing, reports), watch, well)
            await writing.add_looks(looks, now)
            current = [one for one in looks if not is_history(one.observation, now)]
            verdicts = [one.verdict for one in current if speaks_of_its_target(one.verdict)]
            dates = self.deadlines.changed(date for one in current for date in deadlines_of(one.observation, one.verdict))
            await writing.note_deadlines(dates)
            rounds = [one.verdict for one in looks if is_round(one.verdict)]
            numbers = numbers_from(await writing.next_incident_id(now.year))
            policy = watch.watchlist.monitor.confirmation
            step = self.ledger.take(verdicts, policy, now, numbers, self.planned)
            isolation = self.isolations.take(rounds, now, numbers)
            mass = self._mass(step.incidents.values(), now, numbers)
            messages = await self._write_events(writing, step, isolation, mass)
            await writing.explain(step.explained)
        return Written(step, isolation, mass, looks, dates, messages, watch)

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
        return await owed_now(writing, happened, known, self.watch.watchlist, self.address, self.clock.now())

    def _settle(self, written: Written) -> None:
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

    async def _follow_up(self, written: Written) -> None:
        """Ask for the looks that will settle what has just been seen: elsewhere at once, here again a little later."""
        for event, incident in written.step.events:
            if event.kind is EventKind.OPENED:
                for check in self.watch.elsewhere(incident):
                    await self.bus.look(check)
        for verdict in written.step.turned:
            self._relook(verdict)

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
        for tries in range(TRIES):
            if tries > 1:
                await self._read_again()
            if not (decided := self._decided_now(self.clock.now())):
                return
            with contextlib.suppress(OutOfStep):  # a person, or the looks, decided something meanwhile: that comes first
                async with self.store.writing() as writing:
                    await self._write_events(writing, Step(events=decided, incidents={one.key: one for _, one in decided}))
            await self.catch_up()
            self.told()
        raise StoreUnavailable(_OUT_OF_STEP)

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
        """Bring mass events in step with what has become of these incidents; anew, where somebody decides in between.

        Raises `StoreUnavailable` where that goes on.
        """
        names = dict.fromkeys(changed)
        for tries in range(TRIES):
            if tries > 1:
                await self._read_again()
            step = self._mass(await self._noted(names), self.clock.now())
            with contextlib.suppress(OutOfStep):
                await self._enter(step)
                return
            names |= dict.fromkeys(step.incidents)
        raise StoreUnavailable(_OUT_OF_STEP)

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
