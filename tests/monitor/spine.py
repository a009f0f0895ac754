"""What stories of the spine are played with: a probe that reports what it is told, a bus that hands over what the story needs,
and a real store.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from monitor.bus import Heartbeat, Report
from monitor.clock import Clock
from monitor.core.ledger import Ledger
from monitor.core.plan import Check, Plan, check_id
from monitor.core.watchlist import Watchlist
from monitor.metrics import Metrics
from monitor.pipeline import Pipeline, Watch
from monitor.store import Store, migrate
from probes.kit.observation import Blob, Facts, Observation, new_id
from probes.kit.probe import Probe, ProbeParams
from probes.kit.rule import Rule
from probes.kit.vocabulary import State, Strength


def rule(state: State, strength: Strength = Strength.EXPLICIT) -> Rule[Observation]:
    return Rule(
        id=f"story.told.{state}",
        state=state,
        strength=strength,
        because="the story says so",
        source="this test",
        fits=lambda case: {} if case.facts is not None and case.facts.details.get("state") == state else None,
    )


async def never(params: ProbeParams, look: object) -> Facts:
    raise AssertionError("the pipeline looks at nothing")


def failing_rule() -> Rule[Observation]:
    def fits(case: Observation) -> None:
        if case.facts is not None and case.facts.details.get("state") == "poison":
            raise RuntimeError("a rule with a fault")

    return Rule(id="story.fault", state=State.DOWN, strength=Strength.WEAK, because="", source="this test", fits=fits)


STORY = Probe(
    name="story",
    version=1,
    documentation="Reports what it is told.",
    params=ProbeParams,
    observe=never,
    wants_control=lambda facts: False,
    addresses=lambda facts: (),
    case=lambda observation, recent: observation,
    rules=(failing_rule(), *(rule(state) for state in State)),
)

STRONG = replace(STORY, rules=tuple(rule(state, Strength.STRONG) for state in State))
"""The same, but what it says may have an innocent cause, such as a planned change."""


def a_check(organisation: str, target: str = "site", vantage: str = "moscow") -> Check:
    return Check(
        id=check_id(organisation, target, "story", vantage),
        organisation=organisation,
        target=target,
        probe="story",
        vantage=vantage,
        country="RU",
        every=300,
        params={},
    )


def a_report(check: Check, at: datetime, state: State | str, blobs: tuple[Blob, ...] = (), **changes: Any) -> Report:
    observation = Observation(
        id=new_id(at),
        check=check.id,
        vantage=check.vantage,
        started_at=at,
        duration=0.1,
        facts=Facts(details={"state": str(state)}),
        probe_version=1,
        software="test",
    )
    return Report(replace(observation, **changes), blobs)


class Bus:
    """A service's end of a bus whose other end is the story."""

    def __init__(self) -> None:
        self.waiting: list[Report] = []
        self.acknowledged: list[str] = []
        self.asked: list[str] = []
        self.heartbeat: Heartbeat | None = None

    async def publish(self, plan: Plan) -> None:
        raise AssertionError("the pipeline makes no plans")

    async def look(self, check_id: str) -> None:
        self.asked.append(check_id)

    async def consume(self, limit: int, wait: float) -> list[Report]:
        taken, self.waiting = self.waiting[:limit], self.waiting[limit:]
        if not taken:
            await asyncio.sleep(min(wait, 0.01))
        return taken

    async def ack(self, ids: Sequence[str]) -> None:
        self.acknowledged.extend(ids)


def bus_of(pipeline: Pipeline) -> Bus:
    assert isinstance(pipeline.bus, Bus)
    return pipeline.bus


@asynccontextmanager
async def a_store(folder: Path, checks: Mapping[str, Check]) -> AsyncIterator[Store]:
    """A new database in this folder, in which these checks are watched."""
    url = f"sqlite+aiosqlite:///{folder / 'cutwatch.db'}"
    migrate(url)
    store = await Store.open(url, busy_timeout=0.2)
    async with store.writing() as writing:
        await writing.save_checks(list(checks.values()))
    yield store
    await store.close()


def a_pipeline(store: Store, watchlist: Watchlist, checks: Mapping[str, Check], now: datetime, folder: Path) -> Pipeline:
    return Pipeline(
        store=store,
        bus=Bus(),
        clock=Clock.starting(now, speed=1.0),
        metrics=Metrics(),
        ledger=Ledger(),
        watch=Watch(watchlist, checks, {"story": STORY}),
        address="http://127.0.0.1:8000",
        aside=folder / "aside",
    )
