"""Reads recorded runs of OONI's own quality tests, normalised as the reference data describes, into our facts.

What a run says of a step is brought into the shape in which OONI publishes it, and read by the same readers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

from probes.imported.measurement.fields import Fields, Unusable
from probes.imported.measurement.helper import control_of
from probes.imported.measurement.seen import Seen
from probes.imported.measurement.steps import Common, common, connect, handshake, lookup, order_of, read_answers, read_tags
from probes.imported.measurement.words import failure_in, transport_of, wire_name
from probes.kit.observation import Control, Facts, HttpExchange
from probes.kit.vocabulary import Aim

COMPARED: Final = ("accessible", "blocking", "dns_consistency", "dns_experiment_failure", "http_experiment_failure")

RECORDED_AT: Final = datetime(2026, 8, 14, 12, tzinfo=UTC)
"""The runs say nothing of when they were made."""

_LONGEST_BODY: Final = 2**40


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One recorded run. `expected` holds those of the compared results that the file gives."""

    name: str
    facts: Facts
    control: tuple[Control, ...]
    expected: Mapping[str, Any]


def runs_in(document: Any) -> list[Run]:
    """The runs of a file, in its order. Raises `Unusable`, naming the run and the field."""
    runs = document.get("runs") if isinstance(document, dict) else None
    if not isinstance(runs, list) or not runs or not all(isinstance(run, dict) for run in runs):
        raise Unusable("it is no file of recorded runs: give a JSON object with objects in a list under `runs`")
    return [_run(Fields(run, f"runs[{number}]")) for number, run in enumerate(runs)]


def _run(run: Fields) -> Run:
    url = _needed(run, "input_url")
    seen = Seen(asns=_numbers(run.part("asn")))
    for query in _in_order(run, "dns"):
        _look_up(seen, query)
    for entry in _in_order(run, "tcp"):
        seen.connected(connect(_with_status(entry), _place(entry)))
    for entry in _in_order(run, "tls"):
        seen.shaken(handshake(entry, _place(entry), None))
    seen.http = [_exchange(entry) for entry in _in_order(run, "http")]
    if not run.has("expect"):
        raise run.wrong("expect", "is missing")
    return Run(
        name=_needed(run, "name"), facts=seen.facts(None), control=_control(run, url), expected=_expected(run.part("expect"))
    )


def _expected(expect: Fields) -> dict[str, Any]:
    """What is compared. Failures go through the same reader as those of the steps, or their words would differ."""
    given = {name: expect.content[name] for name in COMPARED if name in expect.content}
    return given | {name: failure_in(expect, name) for name in given if name.endswith("_failure")}


def _needed(run: Fields, name: str) -> str:
    text = run.text(name)
    if text is None:
        raise run.wrong(name, "is missing")
    return text


def _in_order(run: Fields, name: str) -> list[Fields]:
    """The entries in the order in which they began. `tid` is the transaction that joins the steps of one endpoint."""
    entries = [Fields({**entry.content, "transaction_id": entry.content.get("tid")}, entry.place) for entry in run.parts(name)]
    return sorted(entries, key=order_of)


def _look_up(seen: Seen, query: Fields) -> None:
    is_own = transport_of(query.text("engine") or "") == "system"
    answers = [{"ipv4": address} for address in query.texts("addrs")]
    published = Fields({**query.content, "answers": answers, "query_type": query.content.get("qtype")}, query.place)
    given = read_answers(published)
    place = common(query, read_tags(query).hop or 0, Aim.VISIT if is_own else Aim.ELSEWHERE)
    seen.looked_up(lookup(published, place, wire_name(query.text("name") or ""), given, None), given)


def _place(entry: Fields) -> Common:
    """Hop and aim of a step: a visitor's own are those at addresses from the own resolver that were for the page."""
    tags = read_tags(entry)
    return common(entry, tags.hop or 0, Aim.VISIT if tags.classic and tags.fetches else Aim.ELSEWHERE)


def _with_status(entry: Fields) -> Fields:
    return Fields({**entry.content, "status": {"failure": entry.content.get("failure")}}, entry.place)


def _exchange(entry: Fields) -> HttpExchange:
    """A page. By which address it came is left out: OONI says nothing over a handshake that broke, so every page counts."""
    status, length = entry.whole("status", -1, 999) or 0, entry.whole("body_length", -1, _LONGEST_BODY)
    return HttpExchange(
        **_place(entry),
        failure=failure_in(entry),
        url=_needed(entry, "url"),
        status=status if status > 0 else None,
        header_names=entry.texts("header_names"),
        location=entry.text("location"),
        title=entry.text("title") or None,
        body_length=length if length is not None and length >= 0 else None,
        truncated=entry.flag("body_truncated"),
    )


def _control(run: Fields, url: str) -> tuple[Control, ...]:
    if not run.has("control"):
        return ()
    control = run.part("control")
    asked = control.text("asked_url") or url
    return (control_of(_as_published(control), asked, _host(run, asked), RECORDED_AT),)


def _as_published(control: Fields) -> Fields:
    page = control.part("http")
    request = {
        "failure": page.content.get("failure"),
        "status_code": page.content.get("status"),
        "body_length": page.content.get("body_length"),
        "title": page.content.get("title"),
        "headers": dict.fromkeys(page.texts("header_names"), ""),
    }
    published = {
        "dns": control.content.get("dns"),
        "tcp_connect": {name: {"failure": failure} for name, failure in control.part("tcp").content.items()},
        "tls_handshake": control.content.get("tls"),
        "http_request": request if control.has("http") else None,
        "ip_info": control.content.get("ip_info"),
    }
    return Fields(published, control.place)


def _host(run: Fields, url: str) -> str:
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        raise run.wrong("input_url", "is no address of a page") from None
    return wire_name(host)


def _numbers(asns: Fields) -> dict[str, int]:
    return {address: number for address in asns.content if (number := asns.whole(address, 0, 2**32 - 1))}
