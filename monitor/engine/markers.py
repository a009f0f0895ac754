"""The fingerprints in force in a prober: our own, and OONI's where somebody has fetched it."""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from threading import Thread
from typing import Final

import structlog

from monitor.clock import Clock
from monitor.configuration import ConfigurationError
from monitor.configuration.fingerprints import FOLDER, OwnFingerprints, read_own_fingerprints
from monitor.core.fingerprint import OWN
from monitor.core.ooni_fingerprints import OONI, ListRefused, OoniList, read_ooni_list
from monitor.engine.list_cache import CacheDamaged, cache_file, read_cached
from probes.kit.fingerprints import FingerprintMarkers
from probes.kit.marks import Markers
from probes.kit.observation import Mark

_log = structlog.get_logger()

LOOKED_AFTER: Final = 60.0
"""Seconds between two looks at whether the files have changed."""

_NOTHING: Final = OwnFingerprints((), "none")

_Stamp = tuple[tuple[str, int, int], ...]


@cache
def markers_for(config: Path, data: Path) -> Markers:
    """The markers of this configuration and data folder, the same for every vantage point of a process."""
    return CurrentMarkers(config, data, Clock.from_environment())


class CurrentMarkers:
    """Markers that are read anew when their files have changed, beside the looks, and change all at once.

    A file that cannot be used is told of once, and what was in force before stays in force.
    """

    def __init__(self, config: Path, data: Path, clock: Clock) -> None:
        self._config = config
        self._data = data
        self._clock = clock
        self._own = _NOTHING
        self._ooni: tuple[OoniList, str] | None = None
        self._reader: Thread | None = None
        self._looked = clock.monotonic()
        self._stamp = self._stamp_of_files()
        self._markers = self._read()

    @property
    def versions(self) -> Mapping[str, str]:
        """The version of every list that is used, by the list's name."""
        return self._current().versions

    def of_answers(self, addresses: Sequence[str]) -> tuple[Mark, ...]:
        """See `Markers`."""
        return self._current().of_answers(addresses)

    def of_chain(self, chain: Sequence[bytes]) -> tuple[Mark, ...]:
        """See `Markers`."""
        return self._current().of_chain(chain)

    def of_response(self, head: bytes, location: str | None, title: str | None, body: bytes, body_hash: str) -> tuple[Mark, ...]:
        """See `Markers`."""
        return self._current().of_response(head, location, title, body, body_hash)

    def _current(self) -> FingerprintMarkers:
        now = self._clock.monotonic()
        if now - self._looked >= LOOKED_AFTER:
            self._looked = now
            self._look_after()
        return self._markers

    def _look_after(self) -> None:
        """Read the files where they have changed; in a thread, because it takes longer than a look may be held up."""
        stamp = self._stamp_of_files()
        if stamp == self._stamp or (self._reader is not None and self._reader.is_alive()):
            return
        self._stamp = stamp
        self._reader = Thread(target=self._read_anew, name="fingerprints", daemon=True)
        self._reader.start()

    def _stamp_of_files(self) -> _Stamp:
        files = (*sorted((self._config / FOLDER).glob("[!.]*.yaml")), cache_file(self._data))
        return tuple(one for one in map(_stamp_of, files) if one is not None)

    def _read_anew(self) -> None:
        self._markers = self._read()
        _log.info("the fingerprints were read anew", **self._markers.versions)

    def _read(self) -> FingerprintMarkers:
        try:
            self._own = read_own_fingerprints(self._config)
        except ConfigurationError as wrong:
            _log.error("our own fingerprints cannot be read; run `cutwatch check`", problems=len(wrong.problems))
        try:
            self._ooni = self._read_ooni()
        except (CacheDamaged, ListRefused) as wrong:
            _log.error("the fingerprints of OONI cannot be used", problem=str(wrong))
        fingerprints = (*self._own.fingerprints, *(self._ooni[0].fingerprints if self._ooni else ()))
        versions = {OWN: self._own.version} | ({OONI: self._ooni[1]} if self._ooni else {})
        return FingerprintMarkers(fingerprints, versions)

    def _read_ooni(self) -> tuple[OoniList, str] | None:
        cached = read_cached(self._data)
        return None if cached is None else (read_ooni_list(cached.contents), cached.version)


def _stamp_of(path: Path) -> tuple[str, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return str(path), found.st_mtime_ns, found.st_size
