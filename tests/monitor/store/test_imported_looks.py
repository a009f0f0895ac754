"""Looks that others made arrive late, several at once and in no order; the history must read as if they had been there."""

from dataclasses import replace
from datetime import datetime

from monitor.store import Judged, Store
from probes.kit.observation import Provenance
from probes.kit.vocabulary import State
from tests.monitor.store.cast import MOSCOW, NOON, a_look, after, kept
from tests.monitor.store.conftest import ON_BOTH_DATABASES

pytestmark = ON_BOTH_DATABASES

ORIGIN = Provenance(
    service="ooni",
    name="20211225_RU_webconnectivity_1",
    url="https://explorer.ooni.org/m/20211225_RU_webconnectivity_1",
    attribution="OONI, CC BY-NC-SA 4.0",
    asn=64500,
)


async def write(store: Store, *looks: Judged) -> None:
    async with store.writing() as writing:
        await writing.add_looks(looks, after(600))


async def test_several_looks_of_the_past_arrive_in_one_go_and_in_any_order(store: Store) -> None:
    states = (State.OK, State.OK, State.BLOCKED, State.BLOCKED, State.OK)
    looks = [a_look(after(60 * number), state) for number, state in enumerate(states)]
    await write(store, looks[3], looks[0], looks[4], looks[2], looks[1])
    async with store.reading() as reading:
        spans = await reading.spans(MOSCOW.id, NOON)
    assert [(one.state, one.started_at, one.last_at, one.ended_at, one.looks) for one in spans] == [
        (State.OK, NOON, after(60), after(120), 2),
        (State.BLOCKED, after(120), after(180), after(240), 2),
        (State.OK, after(240), after(240), None, 1),
    ]
    assert await standings(store) == [(State.OK, after(240))]


async def test_a_look_that_is_older_than_what_is_known_is_kept_and_rewrites_nothing(store: Store) -> None:
    await write(store, a_look(after(300), State.OK))
    await write(store, a_look(after(60), State.BLOCKED), a_look(after(30), State.BLOCKED))
    async with store.reading() as reading:
        (span,) = await reading.spans(MOSCOW.id, NOON)
        hours = await reading.hours(MOSCOW.id, NOON)
        found = await reading.observations(MOSCOW.id, NOON, after(600), 10)
    assert (span.state, span.started_at, span.looks) == (State.OK, after(300), 1)
    assert sum(one.looks for one in hours if one.state is State.BLOCKED) == 2
    assert [one.verdict.at for one in found] == [after(300), after(60), after(30)]


async def test_what_is_published_after_a_gap_of_an_earlier_time_says_where_the_check_stands(store: Store) -> None:
    await write(store, a_look(after(0), State.UNMEASURED, missed=1))
    await write(store, a_look(after(90), State.BLOCKED), a_look(after(120), State.BLOCKED))
    assert await standings(store) == [(State.BLOCKED, after(120))]


async def test_the_same_measurement_imported_twice_counts_once(store: Store) -> None:
    look = a_look(after(60), State.BLOCKED, name="the-same")
    await write(store, look)
    await write(store, look, a_look(after(120), State.BLOCKED))
    async with store.reading() as reading:
        (span,) = await reading.spans(MOSCOW.id, NOON)
    assert span.looks == 2


async def test_the_origin_of_a_look_is_kept_to_the_letter(store: Store) -> None:
    look = a_look(after(60), State.BLOCKED)
    look = replace(look, observation=replace(look.observation, provenance=ORIGIN))
    await write(store, look)
    assert (await kept(store, look.observation.id)).observation.provenance == ORIGIN


async def standings(store: Store) -> list[tuple[State, datetime]]:
    """Where each check stands, and as of when."""
    async with store.writing() as writing:
        await writing.save_checks((MOSCOW,))
    async with store.reading() as reading:
        return [(one.state, one.last_at) for one in await reading.current()]
