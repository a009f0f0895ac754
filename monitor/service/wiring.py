"""How the parts of the service start, work together and stop."""

import asyncio
import contextlib
import fcntl
import os
import socket
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from datetime import timedelta
from pathlib import Path

import structlog

from monitor.alerts import channels
from monitor.alerts.outbox import Outbox
from monitor.alerts.refreshing import EVERY, refresher
from monitor.bus.incoming import FOLDER, WithIncoming
from monitor.bus.local import LocalServiceBus
from monitor.clock import Clock
from monitor.configuration import ConfigurationError, load
from monitor.configuration.alert_advice import Surroundings, of_alerts
from monitor.core.deadline import Deadlines
from monitor.core.incident import Incident
from monitor.core.isolation import Isolations
from monitor.core.ledger import REACH, WINDOW, Ledger
from monitor.core.life import is_followed
from monitor.core.mass import Masses
from monitor.core.plan import Check, plan_checks, plan_for_prober
from monitor.core.setback import NONE_MISDATED
from monitor.core.sight import is_round, speaks_of_its_target
from monitor.core.watchlist import Watchlist
from monitor.intake import enter
from monitor.metrics import Metrics, as_confirmed
from monitor.pipeline import Pipeline, Watch
from monitor.scheduler import Scheduler
from monitor.service.context import Context, Health, Place
from monitor.service.health import SILENT_AFTER, Signs, health_of
from monitor.service.prober import ProberProcess
from monitor.service.web import WebServer, listen, web_server
from monitor.settings import Settings
from monitor.store import Store, StoreUnavailable, migrate
from probes.kit.discover import discover
from probes.kit.vocabulary import State

_log = structlog.get_logger()

PRUNED_AT_ONCE = 1000
"""Observations that one step of the retention removes, so that writing is never held up for long."""


class AlreadyRunning(Exception):
    """Another service uses this data folder; the message names it."""


def read_watchlist(folder: Path, country: str | None) -> Watchlist:
    """Read the configuration in full, every alert channel's own settings included. Raises `ConfigurationError`."""
    settings = {name: kind.settings for name, kind in channels.discover().items()}
    return load(folder, probes=discover(), country=country, channel_settings=settings)


def surroundings(settings: Settings) -> Surroundings:
    """What the environment tells of the channels. In the loopback world links lead to this machine, as they are meant to."""
    address = settings.address if settings.lab_world is None else None
    return Surroundings(carrier=channels.carrier_of, address=address, secret_trouble=channels.secret_trouble)


def read_watch(settings: Settings, place: Place) -> Watch:
    """Read the configuration, and what it asks to be done. Raises `ConfigurationError`."""
    probes = discover()
    watchlist = read_watchlist(settings.config, place.country)
    return Watch(watchlist, {check.id: check for check in plan_checks(watchlist, probes)}, probes)


async def serve(settings: Settings, clock: Clock, place: Place, started: Callable[["Service"], None]) -> str | None:
    """Run the service until it is stopped. `started` is called with it once it answers.

    Returns why the last looks could not be written, or None where they were.

    Raises `ConfigurationError`, `AlreadyRunning` or `CannotListen` before anything has been started or changed.
    """
    watch = read_watch(settings, place)
    with only_one(settings.data_dir), listen(settings.host, settings.port) as listening:
        async with _store(settings) as store:
            return await Service(settings, clock, place, watch, store).run(listening, started)


@contextlib.contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Hold the data folder for as long as this lasts. Raises `AlreadyRunning` where somebody else holds it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / "cutwatch.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as problem:
            raise AlreadyRunning(
                f"another Cutwatch uses {folder}: stop it, or choose another folder with CUTWATCH_DATA_DIR"
            ) from problem
        yield


@contextlib.asynccontextmanager
async def _store(settings: Settings) -> AsyncIterator[Store]:
    await asyncio.to_thread(migrate, settings.database)
    store = await Store.open(settings.database)
    try:
        yield store
    finally:
        await store.close()


class Service:
    """All parts, wired. `run` lasts until `stop` is called or a part fails."""

    def __init__(self, settings: Settings, clock: Clock, place: Place, watch: Watch, store: Store) -> None:
        self._settings = settings
        self._clock = clock
        self._place = place
        self._watch = watch
        self.store = store
        self._started = clock.now()
        self._stopping = asyncio.Event()
        self._reloading = asyncio.Lock()
        self._metrics = Metrics()
        self._bus = LocalServiceBus(settings.data_dir)
        name = f"service-{os.getpid()}"
        self._outbox = Outbox(store, clock, lambda: self._watch.watchlist, worker=name, address=settings.address)
        self._refresh_receivers = refresher(store, self._current_watchlist, channels.discover(), clock)
        self._scheduler = Scheduler(clock)
        self._prober = ProberProcess(settings)
        self._pipeline: Pipeline

    @property
    def address(self) -> str:
        """Where readers find the service."""
        return self._settings.address

    def stop(self) -> None:
        """Ask the service to finish what it has in hand and to end."""
        self._stopping.set()

    @property
    def paused(self) -> bool:
        """Whether nothing is looked at until a person agrees."""
        return self._place.paused

    async def run(self, listening: socket.socket, started: Callable[["Service"], None]) -> str | None:
        """Start everything, last until `stop`, and end everything in order. Returns what `serve` does."""
        await enter(self.store, self._watch.watchlist.incidents, self._clock.now())
        self._advise()
        self._pipeline = await self._resumed_pipeline()
        await self._bus.start()
        await self._pipeline.let_go()
        await self._publish()
        async with self.store.for_visitors() as visited, asyncio.TaskGroup() as group:
            web = web_server(self._context(visited))
            prober = group.create_task(self._prober.run())
            pipeline = group.create_task(self._pipeline.run())
            outbox = group.create_task(self._outbox.run())
            group.create_task(web.serve(sockets=[listening]))
            self._schedule()
            started(self)
            await self._stopping.wait()
            await self._wind_down(web, prober, pipeline, outbox)
        return self._pipeline.trouble

    def _advise(self) -> None:
        """Warn where an alarm could fail to reach anybody, travels through what is itself watched, or leads nowhere."""
        for remark in of_alerts(self._watch.watchlist, surroundings(self._settings)):
            _log.warning(remark)

    async def _resumed_pipeline(self) -> Pipeline:
        """Take up where the last run ended: checks, windows, open incidents and counters come from the store."""
        async with self.store.writing() as writing:
            await writing.save_checks(self._watch.registered)
        async with self.store.reading() as reading:
            states = await reading.current()
            incidents = await reading.all_incidents()
            logs = [await reading.events(one.id) for one in incidents if one.confirmed_at is not None]
            since = self._clock.now() - REACH
            unsettled = [state.check for state in states if state.state is not State.OK or state.since > since]
            seen = await reading.last_seq()
            dates = await reading.deadlines()
            verdicts = [*await reading.last_verdicts(), *await reading.recent_verdicts(since, unsettled)]
            for check in self._followed(incidents):
                verdicts += await reading.telling_verdicts(check.id, WINDOW)
        known = tuple({verdict.observation: verdict for verdict in verdicts}.values())
        self._metrics.configured(self._watch.watchlist)
        self._metrics.resume(states, incidents, [one for one in map(as_confirmed, logs) if one is not None])
        return Pipeline(
            store=self.store,
            bus=WithIncoming(self._bus, self._settings.data_dir / FOLDER),
            clock=self._clock,
            metrics=self._metrics,
            ledger=Ledger(filter(speaks_of_its_target, known), incidents),
            isolations=Isolations(filter(is_round, known), incidents),
            masses=Masses(incidents),
            deadlines=Deadlines.resumed(dates, self._clock.now()),
            watch=self._watch,
            address=self.address,
            aside=self._settings.data_dir / "aside",
            told=self._outbox.wake,
            seen=seen,
        )

    def _followed(self, incidents: Iterable[Incident]) -> tuple[Check, ...]:
        """The checks of which all looks matter, by the same rule by which they are remembered from then on."""
        policy, now = self._watch.watchlist.monitor.confirmation, self._clock.now()
        cases = {(one.key.organisation, one.key.target) for one in incidents if is_followed(one, policy, now, NONE_MISDATED)}
        return tuple(check for check in self._watch.registered if (check.organisation, check.target) in cases)

    async def _publish(self) -> None:
        """Tell the prober what to look at, and when it last did."""
        async with self.store.reading() as reading:
            last_runs = await reading.last_runs()
        checks = tuple(self._watch.checks.values())
        await self._bus.publish(plan_for_prober(self._watch.watchlist, checks, last_runs, paused=self._place.paused))

    def _schedule(self) -> None:
        # However fast the clock of a demonstration runs, these need not run more often than people look.
        least = 0.2 * self._clock.speed
        self._scheduler.every(max(5, least), "what the prober says of itself", self._listen_to_prober)
        self._scheduler.every(max(15, least), "what the outbox holds", self._count_outbox)
        self._scheduler.every(max(15, least), "who is to be called or reminded", lambda: self._outbox.tend(self._clock.now()))
        self._scheduler.every(max(15, least), "what people have decided", self._pipeline.catch_up)
        self._scheduler.every(max(EVERY, least), "what forgetful receivers are told again", self._refresh_receivers)
        self._scheduler.every(600, "retention", self._prune)
        self._scheduler.start()

    async def _wind_down(self, web: WebServer, prober: asyncio.Task[None], *workers: asyncio.Task[None]) -> None:
        """End the parts so that what was seen is written: the prober first, the pipeline once it has taken the rest."""
        self._scheduler.stop()
        await self._prober.stop()
        prober.cancel()
        await self._pipeline.finish()
        await self._outbox.stop()
        for worker in workers:
            worker.cancel()
        web.should_exit = True
        await self._bus.close()

    async def reload(self) -> tuple[str, ...]:
        """Read the configuration again; on any problem the one in force stays, and the problems are returned."""
        async with self._reloading:
            try:
                watch = await asyncio.to_thread(read_watch, self._settings, self._place)
                await self._adopt(watch)
            except ConfigurationError as refused:
                self._metrics.refused()
                return tuple(str(problem) for problem in refused.problems)
            except StoreUnavailable as problem:
                self._metrics.refused()
                return (f"it is in order, but the database cannot take it: {problem}",)
        return ()

    async def _adopt(self, watch: Watch) -> None:
        async with self.store.writing() as writing:
            await writing.save_checks(watch.registered)
        await enter(self.store, watch.watchlist.incidents, self._clock.now())
        self._watch = self._pipeline.watch = watch
        self._metrics.configured(watch.watchlist)
        self._advise()
        try:
            await self._pipeline.let_go()
        finally:
            # Whatever the database says: the prober must not go by a plan of which nobody knows any more.
            await self._publish()

    async def _listen_to_prober(self) -> None:
        health = self._health()
        self._say(health)
        if self._bus.heartbeat is None:
            return
        countries = {vantage.id: vantage.country for vantage in self._watch.watchlist.monitor.vantages}
        self._metrics.heard(self._bus.heartbeat.lanes, {one.id: one.health for one in health.vantages}, countries)

    def _say(self, health: Health) -> None:
        """Say every new problem aloud, once, and say when it is over."""
        problems = frozenset(health.problems)
        for problem in sorted(problems - self._said):
            _log.warning(problem)
        for problem in sorted(self._said - problems):
            _log.info("no longer", problem=problem)
        self._said = problems

    _said: frozenset[str] = frozenset()

    async def _count_outbox(self) -> None:
        async with self.store.reading() as reading:
            backlogs = await reading.outbox(self._clock.now())
        self._metrics.owed(backlogs, self._outbox.deliveries)

    async def _prune(self) -> None:
        """Remove what is past its time, in small steps between which others can write."""
        before = self._clock.now() - timedelta(seconds=self._watch.watchlist.monitor.retention.observations)
        dropped = PRUNED_AT_ONCE
        while dropped == PRUNED_AT_ONCE:
            async with self.store.writing() as writing:
                dropped = await writing.drop_observations(before, PRUNED_AT_ONCE)

    def _health(self) -> Health:
        now = self._clock.now()
        signs = Signs(
            started=self._started,
            heartbeat=self._bus.heartbeat,
            trouble=self._pipeline.trouble,
            paused=self._place.paused,
            stuck=self._scheduler.stuck(),
            set_aside=self._pipeline.set_aside,
            patience=SILENT_AFTER * self._clock.speed,
        )
        return health_of(signs, self._watch.watchlist, now)

    def _context(self, store: Store) -> Context:
        return Context(
            settings=self._settings,
            clock=self._clock,
            store=store,
            watchlist=self._current_watchlist,
            metrics=self._told_metrics,
            health=self._health,
            is_ending=self._stopping.is_set,
        )

    def _told_metrics(self) -> bytes:
        self._metrics.tell_deadlines(self._clock.now())
        return self._metrics.text()

    def _current_watchlist(self) -> Watchlist:
        return self._watch.watchlist
