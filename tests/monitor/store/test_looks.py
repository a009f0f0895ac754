"""Writing looks: nothing is lost, nothing counts twice."""

from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from random import Random

import pytest
from sqlalchemy import text

from monitor.store import Judged, Store
from monitor.store.courses import hours_of
from probes.kit.observation import Blob, Control
from probes.kit.vocabulary import State
from tests.monitor.store.cast import BERLIN, MOSCOW, NOON, PAGE, REQUEST, a_check, a_look, after, kept, rich_facts
from tests.monitor.store.conftest import ON_BOTH_DATABASES

pytestmark = ON_BOTH_DATABASES


async def write(store: Store, *looks: Judged) -> None:
    async with store.writing() as writing:
        await writing.add_looks(looks)


async def count_rows(store: Store, table: str) -> int:
    async with store._readers.connect() as connection:
        counted: int = (await connection.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one()
    return counted


async def test_a_look_comes_back_as_it_was_judged(store: Store) -> None:
    look = a_look(state=State.BLOCKED, facts=rich_facts(), blobs=(REQUEST, PAGE))
    await write(store, look)
    assert await kept(store, look.observation.id) == replace(look, blobs=())
    async with store.reading() as reading:
        assert await reading.blob(PAGE.name) == PAGE.data


async def test_a_control_is_kept_with_its_look(store: Store) -> None:
    control = Control(vantage="berlin", country="DE", started_at=after(1), facts=rich_facts())
    look = a_look(state=State.UNREACHABLE)
    await write(store, replace(look, observation=replace(look.observation, control=(control,))))
    assert (await kept(store, look.observation.id)).observation.control == (control,)


async def test_a_gap_without_facts_is_kept(store: Store) -> None:
    gap = a_look(state=State.UNMEASURED, missed=7)
    await write(store, gap)
    found = (await kept(store, gap.observation.id)).observation
    assert (found.facts, found.missed) == (None, 7)


async def test_a_look_handed_over_twice_counts_once(store: Store) -> None:
    look = a_look(blobs=(REQUEST,))
    await write(store, look, look)
    await write(store, look)
    async with store.reading() as reading:
        (hour,) = await reading.hours(MOSCOW.id, NOON)
        (span,) = await reading.spans(MOSCOW.id, NOON)
    assert (hour.looks, span.looks) == (1, 1)
    assert await count_rows(store, "observation") == 1


async def test_known_tells_which_looks_are_stored(store: Store) -> None:
    await write(store, a_look(name="stored"))
    async with store.writing() as writing:
        assert await writing.known(["stored", "new"]) == {"stored"}
        assert await writing.known([]) == set()
        assert await writing.known(f"look {number}" for number in range(40_000)) == set()


async def test_the_same_bytes_are_kept_once(store: Store) -> None:
    await write(store, a_look(blobs=(REQUEST, PAGE)), a_look(after(5), blobs=(REQUEST, PAGE, PAGE)))
    await write(store, a_look(after(10), blobs=(REQUEST,)))
    assert await count_rows(store, "blob") == 2
    assert await count_rows(store, "observation_blob") == 5


async def test_unknown_bytes_are_none(store: Store) -> None:
    async with store.reading() as reading:
        assert await reading.blob(sha256(b"never seen").hexdigest()) is None


async def test_empty_bytes_are_bytes(store: Store) -> None:
    await write(store, a_look(blobs=(Blob.of(b""),)))
    async with store.reading() as reading:
        assert await reading.blob(sha256(b"").hexdigest()) == b""


async def test_current_shows_where_every_watched_check_stands(store: Store) -> None:
    async with store.writing() as writing:
        await writing.save_checks([MOSCOW, BERLIN])
    await write(store, a_look(NOON, State.BLOCKED), a_look(after(5), State.UNMEASURED), a_look(after(1), check=BERLIN))
    async with store.reading() as reading:
        berlin, moscow = await reading.current()
        assert await reading.last_runs() == {MOSCOW.id: after(5), BERLIN.id: after(1)}
    assert (moscow.vantage, moscow.country, moscow.every) == ("moscow", "RU", 300)
    assert (moscow.state, moscow.since, moscow.measured_state, moscow.measured_at) == (
        State.UNMEASURED,
        after(5),
        State.BLOCKED,
        NOON,
    )
    assert (berlin.state, berlin.because) == (State.OK, "the test says ok")


async def test_a_check_that_is_no_longer_configured_is_not_current_but_keeps_its_past(store: Store) -> None:
    async with store.writing() as writing:
        await writing.save_checks([MOSCOW, BERLIN])
    await write(store, a_look(), a_look(check=BERLIN))
    async with store.writing() as writing:
        await writing.save_checks([BERLIN])
    async with store.reading() as reading:
        assert [state.check for state in await reading.current()] == [BERLIN.id]
        assert list(await reading.last_runs()) == [BERLIN.id]
        assert len(await reading.spans(MOSCOW.id, NOON)) == 1


async def test_a_look_of_a_check_that_was_never_registered_is_kept(store: Store) -> None:
    stranger = a_check("tbilisi", country="GE")
    look = a_look(check=stranger)
    await write(store, look)
    assert (await kept(store, look.observation.id)).verdict == look.verdict
    async with store.reading() as reading:
        assert await reading.current() == []
    async with store.writing() as writing:
        await writing.save_checks([stranger])
    async with store.reading() as reading:
        assert [state.vantage for state in await reading.current()] == ["tbilisi"]


async def test_a_vantage_point_that_moves_does_not_rewrite_the_past(store: Store) -> None:
    look = a_look()
    async with store.writing() as writing:
        await writing.save_checks([MOSCOW])
        await writing.add_looks([look])
        await writing.save_checks([a_check("moscow", country="KZ")])
    assert (await kept(store, look.observation.id)).verdict.country == "RU"
    async with store.reading() as reading:
        (state,) = await reading.current()
    assert state.country == "KZ"


async def test_a_look_that_arrives_late_is_recorded_and_counted_but_rewrites_nothing(store: Store) -> None:
    late = a_look(after(5), State.DOWN)
    await write(store, a_look(NOON), a_look(after(10)))
    await write(store, late)
    async with store.reading() as reading:
        (span,) = await reading.spans(MOSCOW.id, NOON)
        hours = await reading.hours(MOSCOW.id, NOON)
    assert (await kept(store, late.observation.id)).verdict.state is State.DOWN
    assert (span.state, span.looks, span.last_at) == (State.OK, 2, after(10))
    assert {hour.state: hour.looks for hour in hours} == {State.OK: 2, State.DOWN: 1}


async def test_a_block_and_its_end_across_batches_read_as_one_line(store: Store) -> None:
    story = [State.OK, State.OK, State.BLOCKED, State.UNMEASURED, State.BLOCKED, State.OK]
    for minute, state in enumerate(story):
        await write(store, a_look(after(minute), state))
    async with store.reading() as reading:
        spans = await reading.spans(MOSCOW.id, NOON)
        later = await reading.spans(MOSCOW.id, after(4))
    assert [(span.state, span.looks) for span in spans] == [
        (State.OK, 2),
        (State.BLOCKED, 1),
        (State.UNMEASURED, 1),
        (State.BLOCKED, 1),
        (State.OK, 1),
    ]
    assert [span.ended_at for span in spans] == [after(2), after(3), after(4), after(5), None]
    assert later == spans[3:]


async def test_a_page_full_of_halves_of_letters_does_not_stop_the_batch(store: Store) -> None:
    broken = a_look(name="broken", because="the title was \ud800\0")
    await write(store, broken, a_look(after(5), name="next"))
    assert (await kept(store, "broken")).verdict.because == "the title was ?\u2400"
    assert (await kept(store, "next")).verdict.state is State.OK


async def test_recent_verdicts_come_oldest_first(store: Store) -> None:
    looks = [a_look(after(minute), check=check) for minute in (10, 0, 5) for check in (MOSCOW, BERLIN)]
    await write(store, *looks)
    async with store.reading() as reading:
        everything = await reading.recent_verdicts(NOON)
        moscow = await reading.recent_verdicts(after(5), [MOSCOW.id])
        assert await reading.recent_verdicts(NOON, []) == []
    assert [verdict.at for verdict in everything] == [NOON, NOON, after(5), after(5), after(10), after(10)]
    assert [(verdict.at, verdict.check) for verdict in moscow] == [(after(5), MOSCOW.id), (after(10), MOSCOW.id)]


async def test_the_newest_verdicts_that_say_something_come_oldest_first(store: Store) -> None:
    states = (State.OK, State.BLOCKED, State.UNCLEAR, State.UNMEASURED, State.OK)
    await write(store, *(a_look(after(minute), state) for minute, state in enumerate(states)), a_look(after(9), check=BERLIN))
    async with store.reading() as reading:
        found = await reading.telling_verdicts(MOSCOW.id, 2)
    assert [(verdict.at, verdict.state) for verdict in found] == [(after(1), State.BLOCKED), (after(4), State.OK)]


async def test_last_verdicts_are_the_newest_of_watched_checks(store: Store) -> None:
    async with store.writing() as writing:
        await writing.save_checks([MOSCOW])
    newest = a_look(after(5), State.BLOCKED)
    await write(store, a_look(NOON), newest, a_look(after(7), check=BERLIN))
    async with store.reading() as reading:
        assert await reading.last_verdicts() == [newest.verdict]


async def test_observations_of_a_check_come_newest_first_within_their_bounds(store: Store) -> None:
    await write(store, *(a_look(after(minute), name=f"at {minute}") for minute in range(5)), a_look(after(2), check=BERLIN))
    async with store.reading() as reading:
        found = await reading.observations(MOSCOW.id, after(1), after(4), 2)
    assert [look.observation.id for look in found] == ["at 3", "at 2"]


@pytest.mark.parametrize("seed", range(3))
async def test_hours_hold_exactly_what_was_looked_at_whatever_came_twice(store: Store, seed: int) -> None:
    random = Random(seed)
    looks = [
        a_look(
            NOON + timedelta(minutes=random.randrange(300)),
            random.choice([State.OK, State.BLOCKED, State.UNMEASURED]),
            random.choice([MOSCOW, BERLIN]),
            missed=random.randrange(3),
            duration=random.randrange(8) / 4,
        )
        for _ in range(60)
    ]
    for _ in range(10):
        await write(store, *random.choices(looks, k=15))
    await write(store, *looks)
    async with store.reading() as reading:
        hours = [*await reading.hours(MOSCOW.id, NOON), *await reading.hours(BERLIN.id, NOON)]
    assert sorted(hours, key=repr) == sorted(hours_of(looks), key=repr)
