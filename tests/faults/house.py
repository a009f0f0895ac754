"""A house full of targets whose looks a story makes up, a service that lives in it, and a receiver that writes down what comes.

The service itself looks at nothing: it is told that it stands in a country in which it must first be asked. Looks are left for
it in its folder for incoming looks, as `cutwatch import` leaves them.
"""

import base64
import os
import secrets
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from monitor.bus import Report
from monitor.bus.incoming import FOLDER, drop
from monitor.clock import Clock
from monitor.core.plan import check_id
from probes.kit.observation import Facts, Observation
from tests.lab.demonstration import free_port, write
from tests.probes.telling import both, from_control, seen
from tests.probes.website.stories import fine, fine_in_clear
from tests.probes.website.stories_of_interference import WARNING, marked

PLACE: Final = "home"
SECRET: Final = "FAULTS_WEBHOOK_SECRET"
EVERY: Final = timedelta(minutes=5)

LOST: Final = 3
"""Bad looks per target: what shows a block page needs two."""

BACK: Final = 16
"""Good looks per target that end an incident for certain."""


@dataclass(frozen=True, slots=True)
class House:
    """A configuration in `folder` with `targets` websites, four of each organisation, and the environment of its service."""

    folder: Path
    targets: int
    clock: Clock
    environment: dict[str, str]
    secret: str

    @property
    def data(self) -> Path:
        """Where the service keeps its data."""
        return self.folder / "data"

    @property
    def address(self) -> str:
        """Where the service listens."""
        return f"http://127.0.0.1:{self.environment['CUTWATCH_PORT']}"

    def cut_off(self, some: Iterable[int], since: datetime) -> int:
        """Leave looks that found these targets blocked, from `since` on. Returns how many."""
        return self._leave(some, since, marked(WARNING), LOST)

    def come_back(self, some: Iterable[int], since: datetime) -> int:
        """Leave looks that found these targets well again."""
        return self._leave(some, since, fine(), BACK)

    def _leave(self, some: Iterable[int], since: datetime, facts: Facts, number: int) -> int:
        reports = [report for target in some for report in _reports(target, since, facts, number)]
        for report in reports:
            drop(self.data / FOLDER, report)
        return len(reports)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What the database says; nothing while there is none, or while somebody holds it."""
        path = self.data / "cutwatch.db"
        try:
            with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=1)) as database:
                return database.execute(query).fetchall()
        except sqlite3.OperationalError:
            return []

    def count(self, query: str) -> int:
        """One number from the database; 0 while there is none."""
        return next((int(row[0] or 0) for row in self.rows(query)), 0)


def _reports(target: int, since: datetime, facts: Facts, number: int) -> Iterator[Report]:
    controls = both(fine()) if facts.tls else (from_control(fine_in_clear(), "NL"), from_control(fine_in_clear(), "DE"))
    check = check_id(organisation(target), f"site-{target:03d}", "website", PLACE)
    for place in range(number):
        at = since + place * EVERY
        observation = replace(seen(facts, controls, at=at), id=f"{check}-{at:%d%H%M%S}", check=check, vantage=PLACE, country="RU")
        yield Report(observation=_plain(observation))


def _plain(observation: Observation) -> Observation:
    return replace(observation, software="cutwatch of the story")


def organisation(target: int) -> str:
    """The organisation to which a target belongs."""
    return f"organisation-{target // 4:02d}"


def furnish(
    folder: Path, targets: int, webhook: str, *, speed: float = 1.0, wait: str = "1s", route: dict[str, Any] | None = None
) -> House:
    """Write a configuration for so many targets, whose incidents are told to a webhook."""
    clock = Clock.starting(_now(), speed)
    secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    config = folder / "config"
    (config / "organisations").mkdir(parents=True)
    (config / "providers").mkdir()
    write(config / "monitor.yaml", {"vantages": [{"id": PLACE, "name": {"en": "A line"}, "country": "RU"}]})
    settings = {"url": webhook, "secret": SECRET, "allow_private": ["127.0.0.1"]}
    channel = {"id": "hook", "kind": "webhook", "discreet": False, "settings": settings}
    everything = {"id": "everything", "channels": ["hook"], "group": {"wait": wait}, **(route or {})}
    write(config / "alerts.yaml", {"channels": [channel], "routes": [everything]})
    for name, some in _by_organisation(targets):
        sites = [{"id": f"site-{one:03d}", "url": f"https://site-{one:03d}.example/"} for one in some]
        content = {"id": name, "name": {"en": name.title()}, "country": "RU", "targets": sites}
        write(config / "organisations" / f"{name}.yaml", content)
    environment = _environment(folder, clock, secret)
    return House(folder=folder, targets=targets, clock=clock, environment=environment, secret=secret)


def _by_organisation(targets: int) -> Iterator[tuple[str, Sequence[int]]]:
    for first in range(0, targets, 4):
        yield organisation(first), range(first, min(first + 4, targets))


def _now() -> datetime:
    return Clock().now().replace(microsecond=0)


def _environment(folder: Path, clock: Clock, secret: str) -> dict[str, str]:
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("CUTWATCH_")},
        "CUTWATCH_CONFIG": str(folder / "config"),
        "CUTWATCH_DATA_DIR": str(folder / "data"),
        "CUTWATCH_PORT": str(free_port()),
        "CUTWATCH_VANTAGE_COUNTRY": "RU",
        "CUTWATCH_LAB_CLOCK": clock.to_environment(),
        SECRET: secret,
    }
