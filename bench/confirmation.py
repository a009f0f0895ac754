"""How soon and how surely a loss is confirmed: a real block, and a simulated month.

`python -m bench.confirmation [--targets N] [--days N] [--seeds N …] [--series FILE]`

- **series**: the measurements of twitter.com from one network in Uganda in January 2026, published by OONI. They are read from
  the reference folder (`CUTWATCH_REFERENCE`, or `../shared/reference`) and left out where that is absent.
- **month**: a month in which nobody interferes. Whatever is confirmed is false. Then the same without what guards it.
- **blocks**: 200 targets of such a month, each blocked at some time at the one network inside the country.

`bench.public_series` and `bench.simulated_month` say how the rows are read and what happens in a month.
"""

import argparse
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from statistics import median
from typing import Final

from bench.public_series import delays, read
from bench.simulated_month import (
    AROUND,
    FAILED,
    HOUR,
    INSIDE,
    INTERFERED,
    MINUTE,
    START,
    Injection,
    Month,
    Seen,
    Tale,
    live_through,
)
from monitor.core.incident import Incident
from monitor.core.watchlist import Confirmation

UGANDA: Final = Path("ooni-series/uganda_twitter_as20294.csv")
BLOCKED_FROM: Final = datetime(2026, 1, 17, 22, 10, 34, tzinfo=UTC)
BLOCKED_UNTIL: Final = datetime(2026, 1, 23, 21, 32, 35, tzinfo=UTC)

BLOCKS: Final = 200
LASTING: Final = 2 * HOUR
"""How long a steady block is injected; one that comes and goes lasts four times as long."""

SORTS: Final[Sequence[tuple[str, Seen, int]]] = (
    ("steady, interference shows", INTERFERED, 1),
    ("steady, bare failures", FAILED, 1),
    ("every other look, interference shows", INTERFERED, 2),
    ("every other look, bare failures", FAILED, 2),
    ("every third look, interference shows", INTERFERED, 3),
    ("every third look, bare failures", FAILED, 3),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """How an injected loss was found: by how many lost looks, and how long after the first that was injected."""

    looks: int
    delay: timedelta
    incident: Incident


def main() -> None:
    """Run what is asked for, and print the figures."""
    asked = _arguments()
    if asked.series.is_file():
        print_series(asked.series)
    else:
        print(f"series: {asked.series} is not there; set CUTWATCH_REFERENCE to the folder of reference data\n")
    for seed in asked.seeds:
        month = Month(seed=seed, targets=asked.targets, days=asked.days)
        print_month(month)
        print_blocks(month)


def print_series(path: Path) -> None:
    """The real block: delays of onset and end, and how often the verdict on it changed."""
    verdicts = read(path)
    found = delays(verdicts, Confirmation(), BLOCKED_FROM, BLOCKED_UNTIL)
    print(f"series: {len(verdicts)} rows of {path.name}")
    print(f"  onset confirmed after {_hours(found.onset)}, end after {_hours(found.end)}, {found.transitions} transitions\n")


def print_month(month: Month) -> None:
    """The quiet month, and the same without what guards it."""
    for name, variant in _months(month):
        started = time.process_time()
        tale = live_through(variant)
        false = {incident.id for _, incident in tale.confirmed}
        print(
            f"month, seed {variant.seed}, {name}: {len(false)} confirmed of {tale.scheduled:,} looks "
            f"({tale.failing / tale.scheduled:.2%} failing, {tale.odd / tale.scheduled:.2%} odd, {tale.lived:,} told apart; "
            f"{time.process_time() - started:.0f} s)"
        )
    print()


def _months(month: Month) -> Iterator[tuple[str, Month]]:
    yield "as designed", month
    yield "bursts of up to 15 minutes", replace(month, burst=5 * MINUTE, longest_burst=15 * MINUTE)
    yield "without contrast", replace(month, with_contrast=False)
    yield "without the plan of the migration", replace(month, with_plan=False, targets=1)
    alone = replace(month, vantages=(INSIDE,))
    blind = tuple(HOUR for _ in month.noticed_after)
    yield "one vantage point, believed as it stands", replace(alone, with_contrast=False, with_plan=False, noticed_after=blind)
    yield "one vantage point, without a control", replace(alone, with_control=False)


def print_blocks(month: Month) -> None:
    """What was found of the injected losses, sort by sort."""
    for name, seen, nth in SORTS:
        found, expected = find_blocks(month, seen, nth)
        print(f"blocks, seed {month.seed}, {name}: {_summary(found, expected)}")
    name, seen, nth = SORTS[0]
    alone = replace(month, with_control=False)
    print(f"blocks, seed {month.seed}, {name}, one vantage point without a control: {_summary(*find_blocks(alone, seen, nth))}\n")


def _summary(found: Sequence[Found], expected: int) -> str:
    if not found:
        return f"0 of {expected} confirmed"
    wait = sorted(one.delay for one in found)
    looks = [one.looks for one in found]
    marked = sum(one.incident.intermittent for one in found)
    return (
        f"{len(found)} of {expected} confirmed, with {median(looks):.0f} lost looks (at most {max(looks)}), "
        f"{_minutes(wait[len(wait) // 2])} after the first (at most {_minutes(wait[-1])}), {marked} as coming and going"
    )


def find_blocks(month: Month, seen: Seen, nth: int) -> tuple[list[Found], int]:
    """Inject one loss of this sort into every target of a smaller month; what was found of it, and how many there were.

    What is seen from outside the country is a case of its own, so looks from there are left out.
    """
    lasting = LASTING if nth == 1 else 4 * LASTING
    quiet = replace(month, targets=min(BLOCKS, month.targets), vantages=(INSIDE,))
    injections = tuple(_injections(quiet, seen, nth, lasting))
    tale = live_through(replace(quiet, injections=injections))
    return list(_found(tale, injections)), len(injections)


def _injections(month: Month, seen: Seen, nth: int, lasting: float) -> Iterator[Injection]:
    """One for every target, at any time but around the outages, in which nothing at all can be seen from there."""
    random = Random(f"{month.seed} injections")
    for target in range(month.targets):
        start = random.uniform(HOUR, month.end - lasting - HOUR)
        while any(
            start < until + AROUND and start + lasting > since - AROUND for since, until in (*month.outages, month.migration)
        ):
            start = random.uniform(HOUR, month.end - lasting - HOUR)
        yield Injection(target=target, start=start, end=start + lasting, seen=seen, nth=nth)


def _found(tale: Tale, injections: Iterable[Injection]) -> Iterator[Found]:
    by_target = {f"target-{one.target}": one for one in injections}
    for event, incident in tale.confirmed:
        injection = by_target[incident.key.target]
        if START + timedelta(seconds=injection.start) <= event.at < START + timedelta(seconds=injection.end):
            first = max(incident.onset.by if incident.onset else event.at, START + timedelta(seconds=injection.start))
            yield Found(looks=len(event.change.looks), delay=event.at - first, incident=incident)


def _hours(delay: timedelta | None) -> str:
    return "never" if delay is None else f"{delay / timedelta(hours=1):.1f} h"


def _minutes(delay: timedelta) -> str:
    return f"{delay / timedelta(minutes=1):.0f} min"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--targets", type=_positive, default=1000)
    parser.add_argument("--days", type=float, default=30.0)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--series", type=Path, default=_reference() / UGANDA)
    return parser.parse_args()


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("give a number above 0")
    return number


def _reference() -> Path:
    beside = Path(__file__).resolve().parents[2] / "shared" / "reference"
    return Path(os.environ.get("CUTWATCH_REFERENCE", beside))


if __name__ == "__main__":
    main()
