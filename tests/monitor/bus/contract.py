"""What every bus promises. A bus is tested by subclassing `BusContract` and giving it a fixture `ends`."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Protocol

from monitor.bus import Heartbeat, LaneStatus, ProberBus, Report, ServiceBus
from monitor.core.plan import Plan
from tests.monitor.bus.making import DEADLINE, NOON, numbers, plan, report, until

WAIT = 0.05


class Ends(Protocol):
    """Both ends of a bus, each of which can be killed and come back with whatever it had made durable."""

    prober: ProberBus
    service: ServiceBus

    async def restart_prober(self) -> None: ...

    async def restart_service(self) -> None: ...


async def first(messages: AsyncIterator[Plan] | AsyncIterator[str]) -> Plan | str:
    async with asyncio.timeout(DEADLINE):
        return await anext(messages)


async def consumed(service: ServiceBus, count: int) -> list[Report]:
    """The next `count` looks."""
    taken: list[Report] = []
    async with asyncio.timeout(DEADLINE):
        while len(taken) < count:
            taken += await service.consume(count - len(taken), WAIT)
    return taken


async def acknowledge(service: ServiceBus, reports: list[Report]) -> None:
    await service.ack([one.observation.id for one in reports])


def beat(busy: float) -> Heartbeat:
    return Heartbeat(at=NOON, lanes={"fast": LaneStatus(queued=0, in_flight=1, lag_seconds=0.0)}, vantages=(), loop_busy=busy)


class BusContract:
    async def test_a_plan_reaches_the_prober(self, ends: Ends) -> None:
        await ends.service.publish(plan("ovd-info"))
        assert await first(ends.prober.plans()) == plan("ovd-info")

    async def test_a_plan_reaches_a_prober_that_comes_later(self, ends: Ends) -> None:
        await ends.service.publish(plan("ovd-info"))
        await ends.restart_prober()
        assert await first(ends.prober.plans()) == plan("ovd-info")

    async def test_of_many_plans_the_newest_counts(self, ends: Ends) -> None:
        for version in ("1", "2", "3"):
            await ends.service.publish(plan("ovd-info", version=version))
        plans = ends.prober.plans()
        async with asyncio.timeout(DEADLINE):
            while (await anext(plans)).version != "3":
                pass

    async def test_a_restarted_prober_learns_of_looks_that_came_after_the_plan(self, ends: Ends) -> None:
        await ends.service.publish(plan("ovd-info", "memorial"))
        await ends.prober.submit(report(7, check="ovd-info"))
        await acknowledge(ends.service, await consumed(ends.service, 1))
        await ends.restart_prober()
        arrived = await first(ends.prober.plans())
        assert isinstance(arrived, Plan)
        assert [check.last_run for check in arrived.checks] == [report(7).observation.started_at, None]

    async def test_a_wish_reaches_the_prober(self, ends: Ends) -> None:
        await ends.service.look("ovd-info")
        assert await first(ends.prober.looks()) == "ovd-info"

    async def test_a_look_arrives_with_its_bytes(self, ends: Ends) -> None:
        sent = report(1, page=b"<html>blocked</html>")
        await ends.prober.submit(sent)
        assert await consumed(ends.service, 1) == [sent]

    async def test_looks_arrive_in_order_and_no_more_than_asked_for(self, ends: Ends) -> None:
        for number in range(7):
            await ends.prober.submit(report(number))
        assert numbers(await consumed(ends.service, 7)) == list(range(7))
        for number in range(7):
            await ends.prober.submit(report(number))
        assert len(await ends.service.consume(3, DEADLINE)) == 3

    async def test_consuming_waits_no_longer_than_it_is_told_to(self, ends: Ends) -> None:
        async with asyncio.timeout(DEADLINE):
            assert await ends.service.consume(10, 0) == []
            assert await ends.service.consume(10, WAIT) == []

    async def test_what_is_acknowledged_is_drained(self, ends: Ends) -> None:
        for number in range(3):
            await ends.prober.submit(report(number))
        taken = await consumed(ends.service, 3)
        assert await ends.prober.drain(WAIT) == 3
        await acknowledge(ends.service, taken)
        assert await ends.prober.drain(DEADLINE) == 0

    async def test_what_is_not_acknowledged_comes_again_to_the_next_service(self, ends: Ends) -> None:
        for number in range(3):
            await ends.prober.submit(report(number, page=b"page"))
        taken = await consumed(ends.service, 3)
        await acknowledge(ends.service, taken[:1])
        await ends.restart_service()
        again = await consumed(ends.service, 2)
        assert {one.observation.id for one in taken[1:]} <= {one.observation.id for one in again} | {taken[0].observation.id}

    async def test_what_a_killed_prober_had_submitted_comes_from_the_next_one(self, ends: Ends) -> None:
        sent = [report(number, page=b"page") for number in range(3)]
        await ends.restart_service()
        for one in sent:
            await ends.prober.submit(one)
        await ends.restart_prober()
        seen: list[Report] = []
        async with asyncio.timeout(DEADLINE):
            while {one.observation.id for one in seen} != {one.observation.id for one in sent}:
                seen += await ends.service.consume(10, WAIT)
        assert all(one in sent for one in seen)

    async def test_a_look_that_is_handed_over_twice_has_one_id(self, ends: Ends) -> None:
        await ends.prober.submit(report(1))
        (once,) = await consumed(ends.service, 1)
        await ends.restart_prober()
        (twice,) = await consumed(ends.service, 1)
        assert twice.observation.id == once.observation.id

    async def test_the_newest_heartbeat_counts(self, ends: Ends) -> None:
        assert ends.service.heartbeat is None
        for busy in (0.1, 0.2, 0.3):
            await ends.prober.heartbeat(beat(busy))
        await until(lambda: ends.service.heartbeat == beat(0.3), "the newest heartbeat is heard")

    async def test_heartbeats_pass_while_the_service_takes_nothing(self, ends: Ends) -> None:
        for number in range(1500):
            await ends.prober.submit(report(number))
        await ends.prober.heartbeat(beat(0.9))
        await until(lambda: ends.service.heartbeat == beat(0.9), "a heartbeat overtakes looks that nobody takes")

    async def test_thousands_of_looks_pass_while_they_are_acknowledged(self, ends: Ends) -> None:
        made = {report(number).observation.id: number for number in range(10)}
        for number in range(3000):
            one = report(number)
            made[one.observation.id] = number
            await ends.prober.submit(one)
        seen: dict[str, Report] = {}
        async with asyncio.timeout(3 * DEADLINE):
            while len(seen) < 3000:
                taken = await ends.service.consume(500, WAIT)
                seen |= {one.observation.id: one for one in taken}
                await acknowledge(ends.service, taken)
        assert {name: numbers([one])[0] for name, one in seen.items()}.items() <= made.items()
        assert await ends.prober.drain(DEADLINE) == 0

    async def test_submitting_does_not_need_a_service(self, ends: Ends) -> None:
        look = replace(report(1).observation, check="memorial")
        await ends.prober.submit(Report(look))
        await ends.restart_service()
        assert [one.observation for one in await consumed(ends.service, 1)] == [look]
