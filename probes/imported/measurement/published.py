"""One measurement as OONI publishes it: whose it is, when and where it was made, what was seen, and what OONI concluded."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Final, Literal
from urllib.parse import quote, urlsplit

from probes.imported.measurement.fields import Fields, Unusable
from probes.imported.measurement.helper import read_control
from probes.imported.measurement.seen import Seen
from probes.imported.measurement.tagged import read_tagged
from probes.imported.measurement.untagged import read_untagged
from probes.imported.measurement.words import wire_name
from probes.imported.services.witness import witness_id
from probes.kit.marks import Markers
from probes.kit.observation import Blob, Control, Facts, Observation, Provenance

TEST: Final = "web_connectivity"
ATTRIBUTION: Final = "OONI, CC BY-NC-SA 4.0"
EXPLORER: Final = "https://explorer.ooni.org"

_FIRST: Final = datetime(2012, 12, 1, tzinfo=UTC)
"""Before this OONI published nothing."""

_AHEAD: Final = timedelta(days=1)
"""By how much a volunteer's clock may be ahead of ours."""

_ASN: Final = re.compile(r"AS([0-9]{1,10})")
_COUNTRY: Final = re.compile(r"[A-Z]{2}")
_UNKNOWN_COUNTRY: Final = "ZZ"
_URL_CAP: Final = 4096
_WORD_CAP: Final = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Theirs:
    """What OONI's own probe concluded at the time."""

    accessible: bool | None
    blocking: Literal[False] | str | None
    dns_consistency: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One measurement of one page. `duration` is in seconds; `country` is None where OONI does not know it."""

    input: str
    host: str
    country: str | None
    started_at: datetime
    duration: float
    facts: Facts
    control: tuple[Control, ...]
    provenance: Provenance
    blobs: tuple[Blob, ...]
    theirs: Theirs
    report: str
    """What tells it from all others, wherever it was got from: the report that it is part of, and the page."""

    def observation(self, *, check: str, vantage: str, probe_version: int) -> Observation:
        """The look of the check `check` that it amounts to. Its id is the same whenever the measurement is read."""
        return Observation(
            id=witness_id(self.started_at, check, self.report),
            check=check,
            vantage=vantage,
            country=self.country,
            started_at=self.started_at,
            duration=self.duration,
            facts=self.facts,
            control=self.control,
            provenance=self.provenance,
            probe_version=probe_version,
            software=self.provenance.software or "ooni",
        )


def read_measurement(document: Any, now: datetime, markers: Markers | None = None) -> Measurement:
    """Read a measurement that was published by the time `now`; `markers` are the fingerprints to seek in what was received.

    Raises `Unusable`, whose message says what is wrong and what to do.
    """
    if not isinstance(document, dict):
        raise Unusable("it is no JSON object: give a measurement as OONI publishes it")
    envelope = Fields(document)
    _check_test(envelope)
    asked = _asked(envelope)
    started_at = _moment(envelope, now)
    keys = envelope.part("test_keys")
    seen = _seen(keys, asked, _host(asked), markers)
    return Measurement(
        input=asked,
        host=_host(asked),
        country=_country(envelope),
        started_at=started_at,
        duration=envelope.seconds("test_runtime") or 0.0,
        facts=seen.facts(markers),
        control=_control(keys, asked, started_at),
        provenance=_provenance(envelope, asked),
        blobs=tuple(seen.blobs.values()),
        theirs=_theirs(keys),
        report=f"{_report(envelope)} {asked}",
    )


def _check_test(envelope: Fields) -> None:
    name = envelope.text("test_name", _WORD_CAP)
    if name is None:
        raise Unusable("it is no OONI measurement: it names no test (`test_name`)")
    if name != TEST:
        raise Unusable(f"this is a measurement of {name}: only those of {TEST} say whether a website is blocked")
    if not envelope.has("test_keys"):
        raise Unusable("it holds no results (`test_keys`): fetch the raw measurement, not its entry in a list")


def _asked(envelope: Fields) -> str:
    asked = envelope.text("input", _URL_CAP)
    if not asked:
        raise Unusable("it does not say which address was measured (`input`)")
    return asked


def _host(asked: str) -> str:
    """The host of the address as the wire carries it. Raises `Unusable`."""
    try:
        parts = urlsplit(asked)
        host, scheme = parts.hostname or "", parts.scheme
    except ValueError:
        host, scheme = "", ""
    if scheme not in {"http", "https"} or not host:
        raise Unusable(f"{asked[:80]!r} (`input`) is not the address of a page: only measurements of http and https are read")
    return wire_name(host)


def _moment(envelope: Fields, now: datetime) -> datetime:
    text = envelope.text("measurement_start_time", _WORD_CAP) or ""
    try:
        named = datetime.fromisoformat(text)
        moment = named.replace(tzinfo=UTC) if named.tzinfo is None else named.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Unusable(f"{text!r} (`measurement_start_time`) is no time in the form 2026-01-31 12:00:00") from None
    if moment < _FIRST:
        raise Unusable(f"it claims to be of {text} UTC, when there were no such measurements: its clock was wrong")
    if moment > now + _AHEAD:
        raise Unusable(f"it claims to be of {text} UTC, which is yet to come: its clock was wrong")
    return moment


def _country(envelope: Fields) -> str | None:
    country = envelope.text("probe_cc", _WORD_CAP) or _UNKNOWN_COUNTRY
    if not _COUNTRY.fullmatch(country):
        raise envelope.wrong("probe_cc", "is no country's two letters")
    return None if country == _UNKNOWN_COUNTRY else country


def _report(envelope: Fields) -> str:
    """What it is part of; one that was never published is known by what it says."""
    return envelope.text("report_id", _WORD_CAP) or envelope.text("measurement_uid", _WORD_CAP) or _digest(envelope)


def _digest(envelope: Fields) -> str:
    return sha256(json.dumps(envelope.content, sort_keys=True).encode()).hexdigest()


def _provenance(envelope: Fields, asked: str) -> Provenance:
    asn = _ASN.fullmatch(envelope.text("probe_asn", _WORD_CAP) or "")
    return Provenance(
        service="ooni",
        name=envelope.text("measurement_uid", _WORD_CAP) or _report(envelope),
        url=_page(envelope, asked),
        attribution=ATTRIBUTION,
        asn=int(asn[1]) or None if asn else None,
        software=" ".join(_software(envelope)) or None,
    )


def _page(envelope: Fields, asked: str) -> str | None:
    """Where OONI shows it to everybody."""
    if uid := envelope.text("measurement_uid", _WORD_CAP):
        return f"{EXPLORER}/m/{quote(uid, safe='')}"
    if report := envelope.text("report_id", _WORD_CAP):
        return f"{EXPLORER}/measurement/{quote(report, safe='')}?input={quote(asked, safe='')}"
    return None


def _software(envelope: Fields) -> Iterator[str]:
    for name in ("software_name", "software_version", "test_name", "test_version"):
        if word := envelope.text(name, _WORD_CAP):
            yield word


def _seen(keys: Fields, asked: str, host: str, markers: Markers | None) -> Seen:
    """Versions from 0.5 on tag every step; older ones let the order of requests speak."""
    steps = ("queries", "tcp_connect", "tls_handshakes", "requests")
    is_tagged = any(tag.startswith("depth=") for name in steps for entry in keys.parts(name) for tag in entry.texts("tags"))
    return read_tagged(keys, markers) if is_tagged else read_untagged(keys, asked, host, markers)


def _control(keys: Fields, asked: str, started_at: datetime) -> tuple[Control, ...]:
    request = keys.part("x_control_request").text("http_request", _URL_CAP) or asked
    return read_control(keys, request, _host(request), started_at)


def _theirs(keys: Fields) -> Theirs:
    """What they concluded, as far as it is one of the words that they use; a failed measurement has none."""
    accessible, blocking = keys.content.get("accessible"), keys.content.get("blocking")
    consistency = keys.content.get("dns_consistency")
    return Theirs(
        accessible=accessible if isinstance(accessible, bool) else None,
        blocking=blocking if blocking in _BLOCKINGS and not isinstance(blocking, int) else False if blocking is False else None,
        dns_consistency=consistency if consistency in _CONSISTENCIES else None,
    )


_BLOCKINGS: Final = ("dns", "tcp_ip", "http-diff", "http-failure")
_CONSISTENCIES: Final = ("consistent", "inconsistent", "reverse_match")
