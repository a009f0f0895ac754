"""Looks to send over a bus, and a wait that has a deadline."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from monitor.bus import Report
from monitor.core.plan import Plan, PlannedCheck
from monitor.core.watchlist import Canaries, Limits, VantagePoint
from probes.kit.observation import Blob, Facts, HttpExchange, Observation, TcpConnect, new_id
from probes.kit.vocabulary import Unmeasured

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DEADLINE = 10.0


def report(number: int = 0, *, check: str = "ovd-info", page: bytes = b"", padding: int = 0) -> Report:
    """The look number `number`, with `page` as its raw bytes."""
    blob = Blob.of(page)
    facts = Facts(
        tcp=(TcpConnect(started=0.01, duration=0.02, address="198.51.100.7", port=443),),
        http=(
            HttpExchange(
                started=0.1,
                duration=0.2,
                url="https://ovd.example/",
                status=200,
                title="x" * padding,
                body=blob.name if page else None,
            ),
        ),
        details={"number": number},
    )
    started_at = NOON + timedelta(seconds=number)
    observation = Observation(
        id=new_id(started_at),
        check=check,
        vantage="berlin",
        started_at=started_at,
        duration=0.3,
        facts=facts,
        probe_version=1,
        software="cutwatch/test",
    )
    return Report(observation, (blob,) if page else ())


def plan(*checks: str, version: str = "1") -> Plan:
    """A plan of website checks every five minutes, from one place."""
    return Plan(
        version=version,
        checks=tuple(
            PlannedCheck(id=check, probe="website", vantage="berlin", every=300, params={"url": f"https://{check}.example/"})
            for check in checks
        ),
        vantages=(VantagePoint.model_validate({"id": "berlin", "name": {"en": "Berlin"}, "country": "DE", "every": "10min"}),),
        canaries=Canaries(foreign=("example.org",)),
        limits=Limits(),
        relook=(180, 600),
    )


def numbers(reports: list[Report]) -> list[int]:
    """The numbers of the looks, in the order in which they came. A gap counts as the looks that it stands for, negative."""
    return [_number(one) for one in reports]


def _number(one: Report) -> int:
    observation = one.observation
    if observation.facts is None:
        assert observation.unmeasured is Unmeasured.OVERLOAD
        return -observation.missed
    number: int = observation.facts.details["number"]
    return number


async def until(is_so: Callable[[], bool], what: str) -> None:
    """Wait for a condition, and fail with `what` if it never comes true."""
    try:
        async with asyncio.timeout(DEADLINE):
            while not is_so():
                await asyncio.sleep(0.005)
    except TimeoutError:
        raise AssertionError(f"after {DEADLINE} s still not: {what}") from None
