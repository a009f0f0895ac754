"""Others' lists as they were last fetched whole, each in one file of the data folder, so that there is never half a list."""

import os
from hashlib import sha256
from pathlib import Path
from typing import Final

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

_FOLDER: Final = "lists"
_NAME: Final = "ooni-fingerprints.json"
_CAP: Final = 128 * 1024 * 1024
"""Bytes of the file: two lists of the greatest size that is fetched, with every byte escaped."""


class CacheDamaged(Exception):
    """The file cannot be used; the message says what to do."""


class CachedList(BaseModel):
    """OONI's list. `files` holds its text by file name, `etags` what the server calls that state of each file."""

    model_config = ConfigDict(frozen=True)

    fetched_at: AwareDatetime
    origin: str
    rows: int
    files: dict[str, str]
    etags: dict[str, str] = {}

    @property
    def version(self) -> str:
        """The day on which this list was first fetched, and a short hash of what it says."""
        digest = sha256()
        for name, text in sorted(self.files.items()):
            digest.update(f"{name}\0{len(text)}\0{text}".encode())
        return f"{self.fetched_at:%Y-%m-%d}-{digest.hexdigest()[:12]}"

    @property
    def contents(self) -> dict[str, bytes]:
        """The bytes of each file."""
        return {name: text.encode() for name, text in self.files.items()}


def cache_file(data: Path) -> Path:
    """Where OONI's list is kept, in the data folder `data`."""
    return data / _FOLDER / _NAME


def read_cached(data: Path) -> CachedList | None:
    """The list as last fetched; None where there is none. Raises CacheDamaged."""
    path = cache_file(data)
    try:
        with path.open("rb") as stream:
            content = stream.read(_CAP + 1)
        return CachedList.model_validate_json(content)
    except FileNotFoundError:
        return None
    except (OSError, ValidationError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not what was written there"
        raise CacheDamaged(f"{path} cannot be read ({reason}): remove it, and run `cutwatch lists update`") from None


def write_cached(data: Path, fetched: CachedList) -> None:
    """Put `fetched` in place of what was there, in one step. Raises OSError, and leaves then what was there."""
    path = cache_file(data)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        with draft.open("w", encoding="utf-8") as stream:
            stream.write(fetched.model_dump_json())
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
