"""Finds the files of the configuration folder, and misses none that a person believes to be read."""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from monitor.configuration.document import Document
from monitor.configuration.problems import Problem, did_you_mean
from monitor.configuration.reader import read

_FILES: Final = ("monitor.yaml", "alerts.yaml")
_STEMS: Final = tuple(Path(name).stem for name in _FILES)
_FOLDERS: Final = ("organisations", "providers", "fingerprints", "incidents")
_SUFFIXES: Final = (".yaml", ".yml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """Everything that was read. `problems` concern the folder itself; each document has its own."""

    monitor: Document
    alerts: Document
    organisations: tuple[Document, ...] = ()
    providers: tuple[Document, ...] = ()
    fingerprints: tuple[Document, ...] = ()
    incidents: tuple[Document, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def documents(self) -> tuple[Document, ...]:
        """All files in a stable order."""
        return (self.monitor, self.alerts, *self.organisations, *self.providers, *self.fingerprints, *self.incidents)

    def version(self) -> str:
        """A short hash of all names and bytes, in order."""
        digest = sha256()
        for document in self.documents:
            digest.update(f"{Path(document.file).name}\0{len(document.content)}\0".encode())
            digest.update(document.content)
        return digest.hexdigest()[:12]


class NoFolder(Exception):
    """There is no configuration folder to read."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


def gather(folder: Path) -> Files:
    """Read the files of `folder`. Raises `NoFolder` where nothing can be read at all."""
    if not _is_folder(folder):
        remedy = "name the folder that holds monitor.yaml in CUTWATCH_CONFIG, or start Cutwatch beside its `config` folder"
        raise NoFolder(_about(folder, "is not a folder that can be read", remedy))
    problems: list[Problem] = []
    organisations, providers, fingerprints, incidents = (_in_folder(folder / name, problems) for name in _FOLDERS)
    problems.extend(_strangers(folder))
    if not organisations:
        problems.append(
            _about(folder / "organisations", "holds no organisation", "add one YAML file for each organisation to watch")
        )
    return Files(
        monitor=read(folder / "monitor.yaml"),
        alerts=read(folder / "alerts.yaml"),
        organisations=organisations,
        providers=providers,
        fingerprints=fingerprints,
        incidents=incidents,
        problems=tuple(problems),
    )


def _in_folder(folder: Path, problems: list[Problem]) -> tuple[Document, ...]:
    documents = []
    for path in _listing(folder, problems):
        if path.suffix == ".yaml":
            documents.append(read(path))
        elif path.suffix in _SUFFIXES:
            problems.append(_about(path, "is not read, because its name ends in .yml", "rename it so that it ends in .yaml"))
    return tuple(documents)


def _listing(folder: Path, problems: list[Problem]) -> list[Path]:
    """What the folder holds, by name; hidden files (an editor's own) left out. A folder that does not exist holds nothing."""
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except FileNotFoundError:
        return []
    except OSError as error:
        reason = error.strerror or type(error).__name__
        problems.append(_about(folder, f"cannot be listed ({reason})", "make it a folder that Cutwatch may read"))
        return []


def _strangers(folder: Path) -> Iterator[Problem]:
    """Files and folders beside the known ones whose names suggest that somebody relies on them."""
    problems: list[Problem] = []
    for path in _listing(folder, problems):
        if _is_folder(path):
            yield from _misspelled_folder(path)
        elif path.suffix in _SUFFIXES and path.name not in _FILES:
            yield _about(path, "is not a file that is read", did_you_mean(path.stem, _STEMS, "move it, or remove it"))
    yield from problems


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # a folder above it may not be entered
        return False


def _misspelled_folder(path: Path) -> Iterator[Problem]:
    remedy = did_you_mean(path.name, _FOLDERS, "")
    if path.name not in _FOLDERS and remedy:
        yield _about(path, "is not a folder that is read", remedy)


def _about(path: Path, message: str, remedy: str) -> Problem:
    return Problem(file=str(path), line=None, field="", message=message, remedy=remedy)
