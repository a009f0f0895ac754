"""`cutwatch import`: what others have measured is filed under the checks that it belongs to, as if it had just come in."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.progress import track

from monitor.bus import Report
from monitor.bus.frames import Unsendable
from monitor.bus.incoming import FOLDER, drop
from monitor.clock import Clock
from monitor.commands.configuration import read_configuration
from monitor.commands.output import Exit, Json, complaints, emit, printable, refuse, rfc3339, say
from monitor.configuration import ConfigurationError
from monitor.core.plan import Check, plan_checks
from monitor.core.watchlist import VantagePoint, Watchlist
from monitor.engine.markers import markers_for
from monitor.settings import Settings
from probes.imported.measurement import Measurement, Unusable, documents, read_measurement
from probes.kit.discover import discover
from probes.kit.marks import Markers
from probes.kit.vocabulary import VantageKind
from probes.website.target import host_of, web_address

imports = typer.Typer(no_args_is_help=True, help="Take over what others have measured about your targets.")

_WEBSITE: Final = "website"


@dataclass(frozen=True, slots=True)
class Filing:
    """One measurement and the check under which it is filed."""

    measurement: Measurement
    check: Check

    def report(self) -> Report:
        """The look that is handed over. Its id is the same whenever it is, so that a repeat is recognised."""
        version = discover()[_WEBSITE].version
        seen = self.measurement.observation(check=self.check.id, vantage=self.check.vantage, probe_version=version)
        return Report(seen, self.measurement.blobs)


@dataclass(frozen=True, slots=True)
class Cabinet:
    """Where measurements are filed: the configuration, the time, and the fingerprints in force."""

    watchlist: Watchlist
    now: datetime
    markers: Markers

    def file(self, document: Any) -> Iterator[Filing]:
        """A measurement, under the check of every target that it is about. Raises `Unusable`, saying what is missing."""
        measurement = read_measurement(document, self.now, self.markers)
        found = [self._seen_there(measurement, checks) for checks in self._targets(measurement)]
        yield from (Filing(measurement, check) for check in found)

    def _targets(self, measurement: Measurement) -> list[list[Check]]:
        """The checks of each target with this address, or where none has it, with this host."""
        checks = [check for check in plan_checks(self.watchlist, discover()) if check.probe == _WEBSITE]
        url = _comparable(measurement.input)
        same = [check for check in checks if check.params["url"] == url]
        near = same or [check for check in checks if host_of(check.params["url"]) == measurement.host]
        if not near:
            raise Unusable(f"{measurement.input[:80]} is no target of yours: add one with this `url`, looked at by `website`")
        targets = dict.fromkeys((check.organisation, check.target) for check in near)
        return [[check for check in near if (check.organisation, check.target) == target] for target in targets]

    def _seen_there(self, measurement: Measurement, checks: Iterable[Check]) -> Check:
        """The check from OONI's eyes in the country of the measurement, those in its very network before others."""
        places = {one.id: one for one in self.watchlist.monitor.vantages if _fits(one, measurement)}
        fitting = [check for check in checks if check.vantage in places]
        if not fitting:
            raise Unusable(_nobody_there(measurement))
        return min(fitting, key=lambda check: places[check.vantage].asn is None)


def _comparable(url: str) -> str:
    try:
        return web_address(url)
    except ValueError:
        return url


def _fits(place: VantagePoint, measurement: Measurement) -> bool:
    from_there = measurement.country is not None and place.country == measurement.country
    return place.kind is VantageKind.OONI and from_there and place.asn in {None, measurement.provenance.asn}


def _nobody_there(measurement: Measurement) -> str:
    country = measurement.country
    if country is None:
        return "OONI does not know from which country it was made, so there is no vantage point to file it under"
    example = f"{{id: ooni-{country.lower()}, kind: ooni, country: {country}, name: {{en: OONI in {country}}}}}"
    return f"no vantage point of kind `ooni` sees this target from {country}: add one to monitor.yaml, such as {example}"


@imports.command("ooni")
def ooni(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="A measurement as OONI publishes it, or one a line.")],
    *,
    as_json: Json = False,
) -> None:
    """Hand OONI measurements of your targets to the service, which judges and keeps them; it takes them when it runs.

    They are filed under the vantage point of kind `ooni` in the country that was measured from. Those of the last day have a
    say in whether something is blocked now; older ones are kept as history. Handing one over twice does no harm.
    """
    settings = Settings()
    cabinet = Cabinet(_watchlist(settings), Clock.from_environment().now(), markers_for(settings.config, settings.data_dir))
    told: Counter[str] = Counter()
    refused = 0
    for file in track(files, "Reading", transient=True, console=complaints, disable=as_json or len(files) == 1):
        for one in _handed_over(file, cabinet, settings.data_dir / FOLDER):
            if isinstance(one, str):
                complaints.print(printable(f"{file}: {one}"), markup=False)
                refused += 1
                continue
            told[one.check.target] += 1
            if as_json:
                emit(_record(file, one))
    if not as_json:
        _summarise(told)
    if refused:
        raise typer.Exit(Exit.UNUSABLE)


def _watchlist(settings: Settings) -> Watchlist:
    try:
        return read_configuration(settings)
    except ConfigurationError:
        refuse("the configuration has problems: run `cutwatch check`")


def _handed_over(file: Path, cabinet: Cabinet, folder: Path) -> Iterator[Filing | str]:
    """What was handed over, and in words what could not be. What cannot be used keeps nothing else back."""
    try:
        for line, document in documents(file):
            try:
                yield from _dropped(cabinet.file(document), folder)
            except Unusable as problem:
                yield str(problem) if line is None else f"line {line}: {problem}"
    except Unusable as problem:
        yield str(problem)


def _dropped(filings: Iterable[Filing], folder: Path) -> Iterator[Filing]:
    for filing in filings:
        try:
            drop(folder, filing.report())
        except Unsendable as problem:
            raise Unusable(str(problem)) from None
        except OSError as problem:
            refuse(f"{folder} cannot be written ({problem.strerror}): free some space there, or mend its rights", Exit.FAILED)
        yield filing


def _record(file: Path, filing: Filing) -> dict[str, object]:
    measurement, check = filing.measurement, filing.check
    return {
        "input": measurement.input,
        "file": printable(str(file)),
        "organisation": check.organisation,
        "target": check.target,
        "vantage": check.vantage,
        "at": rfc3339(measurement.started_at),
        "observation": filing.report().observation.id,
        "url": measurement.provenance.url,
    }


def _summarise(told: Counter[str]) -> None:
    for target, count in sorted(told.items()):
        say(f"{target}: {count} measurement{'s' if count > 1 else ''} handed to the service")
    if told:
        say("The service takes them at once if it runs, else when it starts (cutwatch run).")
