"""A service is never asked more often than it grants, whatever the order of the questions."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.imported.services.bucket import Bucket, Gate
from probes.kit.api import Unavailable
from tests.lab.services import Passing

steps = st.lists(st.tuples(st.floats(0, 100), st.floats(0.1, 5)), max_size=60)


@given(steps)
def test_no_more_is_taken_than_the_bucket_held_and_was_filled_with(steps: list[tuple[float, float]]) -> None:
    bucket, now, taken = Bucket(rate=0.5, size=5), 0.0, 0.0
    for passed, cost in steps:
        now += passed
        if not bucket.wait(now, cost):
            bucket.take(now, cost)
            taken += cost
        assert taken <= 5 + 0.5 * now + 1e-3


@given(st.floats(0.1, 20), st.floats(0, 50))
def test_after_the_wait_it_is_there(cost: float, passed: float) -> None:
    bucket = Bucket(rate=0.5, size=5)
    bucket.take(0.0, 5)
    assert bucket.wait(passed + bucket.wait(passed, cost) + 1e-6, cost) == 0


def test_a_service_that_wants_to_be_left_alone_is() -> None:
    bucket = Bucket(rate=1, size=5)
    bucket.close(100)
    bucket.close(50)
    assert bucket.wait(10) == 90
    assert bucket.wait(101) == 0


def test_the_service_s_own_account_counts() -> None:
    bucket = Bucket(rate=1, size=5)
    bucket.take(0.0, 1)
    bucket.limit(0.5)
    assert bucket.wait(0.0) == pytest.approx(0.5)


async def test_questions_go_through_one_by_one_and_in_their_order() -> None:
    time = Passing()
    gate = Gate(Bucket(rate=0.1, size=1), time.monotonic, time.sleep)
    through: list[int] = []

    async def ask(number: int) -> None:
        await gate.enter()
        through.append(number)

    await asyncio.gather(*(ask(number) for number in range(5)))
    assert through == [0, 1, 2, 3, 4]
    assert time.now == pytest.approx(1000 + 40)


async def test_who_would_have_to_wait_too_long_is_told_at_once() -> None:
    time = Passing()
    gate = Gate(Bucket(rate=0.1, size=1), time.monotonic, time.sleep)
    gate.close(3600)
    with pytest.raises(Unavailable, match="60 minutes"):
        await gate.enter()
    assert time.slept == []
