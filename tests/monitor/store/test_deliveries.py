"""Whatever workers do, in whatever order: what is owed is delivered at least once, in order, and forgotten never."""

import asyncio
import shutil
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from monitor.store import MessageState, Owed, ParcelState, Store
from monitor.store.tables import Row
from tests.monitor.store.cast import NOON, a_message
from tests.monitor.store.conftest import url_of
from tests.monitor.store.postgresql import Server
from tests.monitor.store.workers import LEASE, deliver, ids, owe, seal


@dataclass
class Known:
    """What the model knows of a message."""

    line: tuple[str, str] | None
    due: datetime
    state: MessageState = MessageState.PENDING
    attempts: int = 0


@dataclass
class Carried:
    """What the model knows of a parcel."""

    inside: list[str]
    due: datetime
    state: ParcelState = ParcelState.PENDING
    worker: str = ""
    until: datetime = NOON
    perhaps_received: bool = False


class Deliveries(RuleBasedStateMachine):
    """Workers that seal, claim, deliver, fail, die and come back late, in any order, beside a model of what must be true."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.store = self.runner.run(Store.open(self.fresh()))
        self.now = NOON
        self.known: dict[str, Known] = {}
        self.carried: dict[str, Carried] = {}
        self.arrived: list[str] = []

    def teardown(self) -> None:
        self.runner.run(self.store.close())
        self.runner.close()

    def fresh(self) -> str:
        """The address of an empty database."""
        raise NotImplementedError

    @rule(channel=st.sampled_from("ab"), incident=st.sampled_from(["x", "y", None]), seconds=st.sampled_from([0, 0, 45]))
    def owe(self, channel: str, incident: str | None, seconds: int) -> None:
        name = f"m{len(self.known)}"
        due = self.now + timedelta(seconds=seconds)
        message = replace(a_message(name, self.now, channel=channel, incident=incident), due_at=due)
        self.runner.run(owe(self.store, message))
        self.known[name] = Known(line=(channel, incident) if incident else None, due=due)

    @rule(seconds=st.sampled_from([1, 30, 60]))
    def wait(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule()
    def seal(self) -> None:
        expected = sorted(self.sealable())
        assert sorted(self.runner.run(seal(self.store, self.now))) == expected
        for inside in expected:
            self.carried[" and ".join(inside)] = Carried(inside, self.now)
            for name in inside:
                self.known[name].state = MessageState.SEALED

    def sealable(self) -> list[list[str]]:
        """What must now go into one parcel each: whatever is due, with all earlier news of the same line."""
        together: dict[object, list[str]] = {}
        for name, known in self.known.items():
            if known.state is MessageState.PENDING and not self.is_under_way(known.line):
                together.setdefault(known.line or name, []).append(name)
        parts = (self.up_to_the_last_due(line) for line in together.values())
        return [part for part in parts if part]

    def is_under_way(self, line: tuple[str, str] | None) -> bool:
        return line is not None and any(one.line == line and one.state is MessageState.SEALED for one in self.known.values())

    def up_to_the_last_due(self, line: list[str]) -> list[str]:
        due = [place for place, name in enumerate(line) if self.known[name].due <= self.now]
        return line[: due[-1] + 1] if due else []

    @rule(worker=st.sampled_from(["one", "two"]), limit=st.integers(1, 4))
    def claim(self, worker: str, limit: int) -> None:
        async def claim() -> list[Owed]:
            async with self.store.writing() as writing:
                return await writing.claim_parcels(self.now, LEASE, limit, worker)

        claimed = self.runner.run(claim())
        assert set(ids(claimed)) <= set(self.free())
        assert len(claimed) == min(limit, len(self.free()))
        for owed in claimed:
            parcel = self.carried[owed.parcel.id]
            parcel.perhaps_received |= parcel.state is ParcelState.LEASED
            parcel.state, parcel.worker, parcel.until = ParcelState.LEASED, worker, self.now + timedelta(seconds=LEASE)
            assert (list(owed.parcel.messages), owed.perhaps_received) == (parcel.inside, parcel.perhaps_received)
            assert owed.parcel.payload == {"says": parcel.inside}

    def free(self) -> list[str]:
        return [name for name, one in self.carried.items() if self.is_free(one)]

    def is_free(self, parcel: Carried) -> bool:
        due = parcel.state is ParcelState.PENDING and parcel.due <= self.now
        return due or (parcel.state is ParcelState.LEASED and parcel.until <= self.now)

    def any_of(self, data: st.DataObject) -> str:
        return data.draw(st.sampled_from(sorted(self.carried)))

    def is_held(self, name: str, worker: str) -> bool:
        parcel = self.carried[name]
        return parcel.state is ParcelState.LEASED and parcel.worker == worker

    def held(self, worker: str) -> list[str]:
        return [name for name in self.carried if self.is_held(name, worker)]

    @precondition(lambda self: self.held("one"))
    @rule()
    def deliver(self) -> None:
        name = self.held("one")[0]
        assert self.runner.run(deliver(self.store, name, self.now))
        self.carried[name].state = ParcelState.DELIVERED
        for inside in self.carried[name].inside:
            self.known[inside].state = MessageState.DELIVERED
            self.known[inside].attempts += 1
            self.arrived.append(inside)

    @precondition(lambda self: self.carried)
    @rule(data=st.data(), worker=st.sampled_from(["one", "two"]), seconds=st.sampled_from([0, 5, 90]))
    def fail_without_an_answer(self, data: st.DataObject, worker: str, seconds: int) -> None:
        name = self.any_of(data)
        held, due = self.is_held(name, worker), self.now + timedelta(seconds=seconds)

        async def postpone() -> bool:
            async with self.store.writing() as writing:
                return await writing.postpone(name, self.now, due, "no answer", worker=worker)

        assert self.runner.run(postpone()) is held
        if held:
            parcel = self.carried[name]
            parcel.state, parcel.due, parcel.perhaps_received = ParcelState.PENDING, due, True
            for inside in parcel.inside:
                self.known[inside].attempts += 1

    @precondition(lambda self: self.carried)
    @rule(data=st.data(), worker=st.sampled_from(["one", "two"]), seconds=st.sampled_from([0, 5, 90]))
    def fail_for_certain(self, data: st.DataObject, worker: str, seconds: int) -> None:
        name = self.any_of(data)
        held, due = self.is_held(name, worker), self.now + timedelta(seconds=seconds)

        async def dissolve() -> bool:
            async with self.store.writing() as writing:
                return await writing.dissolve(name, self.now, due, "busy", worker=worker)

        assert self.runner.run(dissolve()) is held
        if held:
            self.carried[name].state = ParcelState.DISSOLVED
            for inside in self.carried[name].inside:
                known = self.known[inside]
                known.state, known.due, known.attempts = MessageState.PENDING, due, known.attempts + 1

    @precondition(lambda self: self.carried)
    @rule(data=st.data(), worker=st.sampled_from(["one", "two"]))
    def give_up(self, data: st.DataObject, worker: str) -> None:
        name = self.any_of(data)
        held = self.is_held(name, worker)

        async def give_up() -> bool:
            async with self.store.writing() as writing:
                return await writing.dead(name, self.now, "gone", worker=worker)

        assert self.runner.run(give_up()) is held
        if held:
            self.carried[name].state = ParcelState.DEAD
            for inside in self.carried[name].inside:
                self.known[inside].state = MessageState.DEAD
                self.known[inside].attempts += 1

    @invariant()
    def nothing_is_forgotten(self) -> None:
        async def left() -> dict[str, tuple[MessageState, int]]:
            async with self.store.reading() as reading:
                found = [one for incident in "xy" for one in await reading.messages(incident)]
            return {one.message.id: (one.state, one.attempts) for one in found}

        expected = {name: (one.state, one.attempts) for name, one in self.known.items() if one.line}
        assert self.runner.run(left()) == expected

    @invariant()
    def nothing_overtakes(self) -> None:
        for line in {one.line for one in self.known.values() if one.line}:
            order = [int(name[1:]) for name in self.arrived if self.known[name].line == line]
            assert order == sorted(order)


def test_nothing_is_lost_on_sqlite(template: Path, tmp_path: Path) -> None:
    class OnSqlite(Deliveries):
        def fresh(self) -> str:
            return url_of(Path(shutil.copy(template, tmp_path / "cutwatch.db")))

    run_state_machine_as_test(OnSqlite, settings=settings(max_examples=20, stateful_step_count=25))


def test_nothing_is_lost_on_postgresql(server: Server, migrated: str) -> None:
    class OnPostgresql(Deliveries):
        def fresh(self) -> str:
            return server.url_of(migrated)

        def teardown(self) -> None:
            super().teardown()
            server.empty(migrated, Row.metadata.tables)

    run_state_machine_as_test(OnPostgresql, settings=settings(max_examples=5, stateful_step_count=25))
