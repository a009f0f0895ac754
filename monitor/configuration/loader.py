"""Turns the configuration folder into a `Watchlist`, or into everything that is wrong with it."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from monitor.configuration.assets import check_organisation, check_provider
from monitor.configuration.checks import check_alerts, file_ids, ids_in, ids_of_files
from monitor.configuration.document import Document
from monitor.configuration.files import Files, NoFolder, gather
from monitor.configuration.fingerprints import check_fingerprints, check_lists
from monitor.configuration.incidents import Named, check_incident, former_names
from monitor.configuration.problems import ConfigurationError, Problem
from monitor.configuration.sentences import problems_of
from monitor.configuration.vantages import check_monitor
from monitor.core.documented import Documented
from monitor.core.subscription import Alerts
from monitor.core.watchlist import Monitor, Organisation, Provider, VantagePoint, Watchlist
from probes.kit.discover import discover
from probes.kit.probe import Probe
from probes.kit.vocabulary import VantageKind

ModelT = TypeVar("ModelT", bound=BaseModel)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Surroundings:
    """What the files are checked against."""

    probes: Mapping[str, Probe]
    channel_settings: Mapping[str, type[BaseModel]] | None
    country: str | None


def load(
    folder: Path,
    probes: Mapping[str, Probe] | None = None,
    *,
    channel_settings: Mapping[str, type[BaseModel]] | None = None,
    country: str | None = None,
) -> Watchlist:
    """Read and check the configuration in `folder`.

    - `probes`: the probe kinds that check their own parameters; all that exist unless given
    - `channel_settings`: kind of alert channel to the model of its settings; settings are not checked without it
    - `country`: where this machine stands, for direct vantage points that do not say it themselves

    Raises `ConfigurationError` with every problem found.
    """
    try:
        files = gather(folder)
    except NoFolder as missing:
        raise ConfigurationError((missing.problem,)) from None
    surroundings = _Surroundings(
        probes=discover() if probes is None else probes, channel_settings=channel_settings, country=country
    )
    return _watchlist(files, surroundings)


def _watchlist(files: Files, surroundings: _Surroundings) -> Watchlist:
    problems: list[Problem] = [*files.problems, *(problem for document in files.documents for problem in document.problems)]
    monitor = _read_as(Monitor, files.monitor, problems)
    alerts = _read_as(Alerts, files.alerts, problems)
    organisations = [_read_as(Organisation, document, problems) for document in files.organisations]
    providers = [_read_as(Provider, document, problems) for document in files.providers]
    incidents = [_read_as(Documented, document, problems) for document in files.incidents]
    problems.extend(_contradictions(files, {one.id: one for one in providers if one}, surroundings))
    if problems or monitor is None or alerts is None:
        raise ConfigurationError(problems)
    return Watchlist(
        version=files.version(),
        monitor=_placed(monitor, surroundings.country),
        organisations=tuple(one for one in organisations if one),
        providers=tuple(one for one in providers if one),
        alerts=alerts,
        incidents=tuple(one for one in incidents if one),
    )


def _read_as(model: type[ModelT], document: Document, problems: list[Problem]) -> ModelT | None:
    """The document as a `model`; None, and more `problems`, where it is none."""
    if not document.understood:
        return None
    try:
        return model.model_validate(document.data)
    except ValidationError as error:
        problems.extend(problems_of(error, document, model))
        return None


def _contradictions(files: Files, described: Mapping[str, Provider], surroundings: _Surroundings) -> Iterator[Problem]:
    organisations, providers = ids_of_files(files.organisations), ids_of_files(files.providers)
    vantages = ids_in(files.monitor, "vantages") if files.monitor.understood else None
    yield from check_monitor(files.monitor, surroundings.country)
    yield from check_alerts(files.alerts, organisations, providers, surroundings.channel_settings)
    yield from file_ids(files.organisations)
    yield from file_ids(files.providers)
    yield from file_ids(files.fingerprints)
    yield from check_lists(files.monitor)
    yield from check_fingerprints(files.fingerprints)
    yield from file_ids(files.incidents)
    yield from _in_incidents(files, organisations, providers)
    for document in files.organisations:
        yield from check_organisation(document, providers, described, vantages, surroundings.probes)
    for document in files.providers:
        yield from check_provider(document)


def _in_incidents(files: Files, organisations: Collection[str], providers: Collection[str]) -> Iterator[Problem]:
    targets = {Path(document.file).stem: ids_in(document, "targets") for document in files.organisations if document.understood}
    named = Named(
        organisations=organisations,
        targets=targets,
        providers=providers,
        entries=ids_of_files(files.incidents),
        former=former_names(files.incidents),
    )
    for document in files.incidents:
        yield from check_incident(document, named)


def _placed(monitor: Monitor, country: str | None) -> Monitor:
    """`monitor` with all that its vantage points leave to others: this machine's country, and the common public resolvers."""
    return monitor.model_copy(update={"vantages": tuple(_complete(one, monitor, country) for one in monitor.vantages)})


def _complete(vantage: VantagePoint, monitor: Monitor, country: str | None) -> VantagePoint:
    update: dict[str, Any] = {}
    if vantage.kind == VantageKind.DIRECT and vantage.country is None:
        update["country"] = country
    if vantage.public_resolvers is None:
        update["public_resolvers"] = monitor.public_resolvers
    return vantage.model_copy(update=update)
