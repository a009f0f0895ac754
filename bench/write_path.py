"""What it costs to write a look: our write path against SQLModel row by row, and SQLModel objects against Core.

Run `python -m bench.write_path [--json] [--looks N] [--rounds N]`. Every round writes the same looks in every way, one way
after the other, each into a fresh database on the present disk. Figures are CPU microseconds per look (user and system, all
threads) and the median of the rounds; compare the ratios, not the figures.
"""

import argparse
import asyncio
import gc
import json
import shutil
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from sqlmodel.ext.asyncio.session import AsyncSession

from monitor.core.verdict import Verdict
from monitor.store import Judged, Store, course_rows, look_queries, look_rows, migrate
from monitor.store.tables import CheckRow, ObservationRow
from probes.kit.observation import Blob, DnsLookup, Facts, HttpExchange, Observation, TcpConnect, TlsHandshake
from probes.kit.vocabulary import State, Strength

START = datetime(2026, 1, 1, tzinfo=UTC)
CHECKS = 1000
BATCH = 500

Way = Callable[[Store, Sequence[Judged]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Result:
    """Microseconds per look, by CPU and by the clock on the wall."""

    way: str
    cpu: float
    wall: float


def facts_of(number: int, names: Sequence[str]) -> Facts:
    """A look at a site that redirects once: about 2.4 kB of JSON."""
    request, page, chain, *own = names
    address = f"203.0.113.{number % 250}"
    return Facts(
        dns=tuple(
            DnsLookup(
                started=0.0,
                duration=0.0123,
                resolver="127.0.0.53:53",
                transport="system",
                name=f"site{number}.example",
                qtype=qtype,
                rcode="NOERROR",
                answers=(address,),
                wire=own[0],
            )
            for qtype in ("A", "AAAA")
        ),
        tcp=tuple(TcpConnect(hop=hop, started=0.02, duration=0.0123, address=address, port=443) for hop in range(2)),
        tls=(
            TlsHandshake(
                hop=1,
                started=0.03,
                duration=0.033,
                address=address,
                port=443,
                server_name=f"site{number}.example",
                version="TLSv1.3",
                cipher="TLS_AES_256_GCM_SHA384",
                subject=f"CN=site{number}.example",
                issuer="CN=E7,O=Let's Encrypt,C=US",
                not_before=START,
                not_after=START + timedelta(days=90),
                chain_hash=chain,
                chain=chain,
            ),
        ),
        http=tuple(
            HttpExchange(
                hop=hop,
                started=0.05,
                duration=0.1,
                url=f"https://site{number}.example/",
                address=address,
                status=200,
                header_names=("date", "content-type", "connection", "cache-control", "server", "x-frame-options", "alt-svc"),
                title="News and help",
                body_length=20480,
                body_hash=page,
                received=((0.05, 8000), (0.1, 20480)),
                request=request,
                head=own[1],
                body=page,
            )
            for hop in range(2)
        ),
    )


def blobs_of(number: int, check: int) -> tuple[Blob, ...]:
    """What a look brings: a request, a page and a chain as ever, and three things that are new every time."""
    ever = (b"GET / HTTP/1.1 %d" % check, b"<p>news</p> %d" % check * 1500, sha256(b"%d" % check).digest() * 100)
    new = (b"dns %d" % number * 8, b"HTTP/1.1 200 OK date %d" % number * 20, b"dns, too %d" % number * 8)
    return tuple(Blob.of(data) for data in (*ever, *new))


def looks_of(count: int, *, with_blobs: bool) -> list[Judged]:
    """Looks at many sites in turn; one in fifty finds its site blocked."""
    return [_look(number, with_blobs=with_blobs) for number in range(count)]


def _look(number: int, *, with_blobs: bool) -> Judged:
    check = number % CHECKS
    at = START + timedelta(seconds=number)
    blobs = blobs_of(number, check)
    observation = Observation(
        id=f"{int(at.timestamp() * 1000):012x}{number:020x}",
        check=f"check{check:011d}",
        vantage="berlin",
        started_at=at,
        duration=0.2,
        facts=facts_of(check, [blob.name for blob in blobs]),
        probe_version=1,
        software="cutwatch 0.1.0",
    )
    state = State.BLOCKED if number % 50 == 0 else State.OK
    verdict = Verdict(
        observation=observation.id,
        check=observation.check,
        organisation=f"organisation-{check % 40}",
        target=f"target-{check}",
        probe="website",
        vantage="berlin",
        country="DE",
        at=at,
        state=state,
        rule=f"website.http.{state}",
        because="the site answered as expected and the page is the one that is known",
        strength=Strength.STRONG,
        ruleset="website/1",
    )
    return Judged(observation=observation, verdict=verdict, blobs=blobs if with_blobs else ())


def batches(looks: Sequence[Judged]) -> Iterator[Sequence[Judged]]:
    """The looks as the writer takes them."""
    return (looks[start : start + BATCH] for start in range(0, len(looks), BATCH))


async def ours(store: Store, looks: Sequence[Judged]) -> None:
    """`add_looks`: observations, verdicts, states, spans and roll-ups (and bytes, where the looks bring any)."""
    for batch in batches(looks):
        async with store.writing() as writing:
            await writing.add_looks(batch)


async def sqlmodel_per_row(store: Store, looks: Sequence[Judged]) -> None:
    """One SQLModel object and one commit per look; observations only."""
    for look in looks:
        async with AsyncSession(store._writer) as session:  # noqa: SLF001  the same connection as ours
            session.add(ObservationRow(**look_rows.look_columns(look)))
            await session.commit()


async def sqlmodel_objects(store: Store, looks: Sequence[Judged]) -> None:
    """SQLModel objects in batches; observations only."""
    for batch in batches(looks):
        async with AsyncSession(store._writer) as session:  # noqa: SLF001  the same connection as ours
            session.add_all([ObservationRow(**look_rows.look_columns(look)) for look in batch])
            await session.commit()


async def core_executemany(store: Store, looks: Sequence[Judged]) -> None:
    """Core's insert in batches; observations only."""
    for batch in batches(looks):
        async with store._writer.begin() as connection:  # noqa: SLF001  the same connection as ours
            await connection.execute(look_queries.ADD_OBSERVATION, [look_rows.look_columns(look) for look in batch])


async def measured(name: str, way: Way, looks: Sequence[Judged], template: Path) -> Result:
    """Write the looks into a fresh database."""
    with tempfile.TemporaryDirectory(dir=template.parent) as folder:
        store = await Store.open(url_of(Path(shutil.copy(template, folder))))
        gc.collect()
        cpu, wall = time.process_time(), time.perf_counter()
        await way(store, looks)
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        await store.close()
    return Result(name, cpu / len(looks) * 1e6, wall / len(looks) * 1e6)


async def prepare(template: Path) -> None:
    """Register the checks, as configuration does before anything is looked at."""
    migrate(url_of(template))
    store = await Store.open(url_of(template))
    async with AsyncSession(store._writer) as session:  # noqa: SLF001  as above
        session.add_all(
            CheckRow(**course_rows.unknown_check_columns(_look(number, with_blobs=False).verdict)) for number in range(CHECKS)
        )
        await session.commit()
    await store.close()


def url_of(path: Path) -> str:
    """The database's address."""
    return f"sqlite+aiosqlite:///{path}"


async def rounds(looks: int, count: int) -> list[Result]:
    """All ways, interleaved, `count` times."""
    bare, full = looks_of(looks, with_blobs=False), looks_of(looks, with_blobs=True)
    ways: list[tuple[str, Way, Sequence[Judged]]] = [
        ("add_looks", ours, bare),
        ("add_looks with bytes", ours, full),
        ("SQLModel per row", sqlmodel_per_row, bare[: max(1, looks // 20)]),
        ("SQLModel objects in batches", sqlmodel_objects, bare),
        ("Core executemany", core_executemany, bare),
    ]
    gc.freeze()  # as the service does after its start; otherwise the collector would go over our looks again and again
    with tempfile.TemporaryDirectory() as folder:
        template = Path(folder) / "template.db"
        await prepare(template)
        return [await measured(name, way, some, template) for _ in range(count) for name, way, some in ways]


def medians(results: Sequence[Result]) -> list[Result]:
    """One result per way."""
    names = list(dict.fromkeys(one.way for one in results))
    return [
        Result(
            name,
            statistics.median(one.cpu for one in results if one.way == name),
            statistics.median(one.wall for one in results if one.way == name),
        )
        for name in names
    ]


def ratios(results: Sequence[Result]) -> dict[str, float]:
    """How many times as much CPU one way takes as another."""
    cpu = {one.way: one.cpu for one in results}
    return {
        "SQLModel per row / add_looks": cpu["SQLModel per row"] / cpu["add_looks"],
        "SQLModel objects / Core executemany": cpu["SQLModel objects in batches"] / cpu["Core executemany"],
        "add_looks / Core executemany": cpu["add_looks"] / cpu["Core executemany"],
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    parser.add_argument("--looks", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    found = medians(asyncio.run(rounds(given.looks, given.rounds)))
    if given.json:
        print(json.dumps({"microseconds_per_look": [asdict(one) for one in found], "ratios": ratios(found)}))
        return
    for one in found:
        print(f"{one.way:30} {one.cpu:8.1f} µs CPU {one.wall:8.1f} µs wall per look")
    for name, ratio in ratios(found).items():
        print(f"{name:40} {ratio:6.2f}x")


if __name__ == "__main__":
    main()
