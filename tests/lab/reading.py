"""Reads scenario files, as strictly as the configuration is read: every mistake at once, each with its line and its remedy."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from monitor.configuration import reader
from monitor.configuration.document import Document
from monitor.configuration.problems import ConfigurationError, Problem
from monitor.configuration.sentences import problems_of
from tests.lab.references import Missing, in_scenario, in_world
from tests.lab.scenario import ScenarioFile
from tests.lab.topology import Topology

Model = TypeVar("Model", bound=BaseModel)


def read(file: Path) -> ScenarioFile:
    """Read and check a scenario file. Raises `ConfigurationError` where it cannot be run."""
    document = _understood(file)
    world = _world(document)
    content = _validated(ScenarioFile, document, {**document.data, "world": world})
    _refuse(document, _missing_in(content))
    return content


def _world(document: Document) -> Topology:
    """The world that the file holds, or names by the path of another file, seen from its own folder."""
    elsewhere = document.text("world")
    if elsewhere is None:
        return _checked_world(document, document.value("world"), ("world",))
    there = _understood(Path(document.file).parent / elsewhere)
    return _checked_world(there, there.data, ())


def _checked_world(document: Document, data: Any, at: tuple[str, ...]) -> Topology:
    world = _validated(Topology, document, data, at)
    _refuse(document, (missing.within(at) for missing in in_world(world)))
    return world


def _understood(file: Path) -> Document:
    document = reader.read(file)
    if document.problems:
        raise ConfigurationError(document.problems)
    return document


def _validated(model: type[Model], document: Document, data: Any, at: tuple[str, ...] = ()) -> Model:
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise ConfigurationError(problems_of(error, document, model, at)) from error


def _missing_in(content: ScenarioFile) -> Iterator[Missing]:
    names = [scenario.name for scenario in content.scenarios]
    for position, scenario in enumerate(content.scenarios):
        at = ("scenarios", position)
        if scenario.name in names[:position]:
            yield Missing((*at, "name"), f"repeats {scenario.name}", "give each scenario of a file a name of its own")
        yield from (missing.within(at) for missing in in_scenario(scenario, content.world))


def _refuse(document: Document, missing: Iterator[Missing]) -> None:
    problems: list[Problem] = [document.problem(one.path, one.message, one.remedy) for one in missing]
    if problems:
        raise ConfigurationError(problems)
