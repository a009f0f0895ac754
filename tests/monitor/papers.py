"""What stories of mass events are played with on the spine: three papers in one country, blocked in one night, and a fourth."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from monitor.bus import Report
from monitor.core import decision
from monitor.core.decision import Decision, decide
from monitor.core.incident import Incident, apply, fold
from monitor.core.ledger import Ledger
from monitor.core.mass import Masses
from monitor.core.model import Words
from monitor.core.watchlist import Mass, Monitor, Organisation, Target, VantagePoint, Watchlist
from monitor.pipeline import Pipeline
from monitor.store import Store
from probes.kit.vocabulary import State
from tests.monitor.spine import a_check, a_report

NIGHT = datetime(2022, 3, 4, 1, 0, tzinfo=UTC)
PAPERS = ("meduza", "mediazona", "memorial")
LATECOMER = "sova"

WATCHLIST = Watchlist(
    version="1",
    monitor=Monitor(
        vantages=(VantagePoint(id="moscow", name=Words(en="Moscow"), country="RU"),),
        mass=Mass(members=3, organisations=3),
    ),
    organisations=tuple(
        Organisation(id=name, name=Words(en=name.title()), targets=(Target(id="site", url=f"https://{name}.example/"),))
        for name in (*PAPERS, LATECOMER)
    ),
)


CHECKS = {one.id: one for one in map(a_check, (*PAPERS, LATECOMER))}


def report(organisation: str, minute: float, state: State) -> Report:
    return a_report(a_check(organisation), NIGHT + timedelta(minutes=minute), state)


def of_all(state: State, *minutes: float) -> list[Report]:
    return [report(organisation, minute, state) for minute in minutes for organisation in PAPERS]


async def on_record(store: Store) -> tuple[Incident, list[Incident]]:
    """The one mass event, and all other incidents."""
    async with store.reading() as reading:
        found = await reading.all_incidents()
        for one in found:
            assert fold(await reading.events(one.id)) == one
    (parent,) = [one for one in found if one.is_mass]
    return parent, [one for one in found if not one.is_mass]


MISTAKEN = decision.retract("our own line was at fault", "command line")


async def decided(store: Store, incidents: Iterable[Incident], wanted: Decision = MISTAKEN) -> None:
    """A person decides about these incidents, on the command line: if nothing else is said, to take them back."""
    for one in incidents:
        event = decide(one, wanted, NIGHT)
        async with store.writing() as writing:
            await writing.append([event], [apply(one, event)])


async def starts_again(pipeline: Pipeline, store: Store) -> None:
    """The service knows what is on record, and nothing of what was decided while it stood still."""
    async with store.reading() as reading:
        known = await reading.all_incidents()
        pipeline.seen = await reading.last_seq()
    pipeline.ledger, pipeline.masses = Ledger([], known), Masses(known)
