"""`cutwatch explain`: what a document that others wrote says about a target, by our rules. One function for each kind."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.table import Table

from monitor.clock import Clock
from monitor.commands.output import Exit, Json, complaints, console, emit, printable, say, utc
from monitor.engine.markers import markers_for
from monitor.settings import Settings
from probes.imported.measurement import Measurement, Unusable, documents, read_measurement
from probes.kit.discover import discover
from probes.kit.marks import Markers
from probes.kit.rule import Finding
from probes.website.classic import Classic, classic

explain = typer.Typer(no_args_is_help=True, help="Say what a document that others wrote tells about a target, and why.")

At = Annotated[str | None, typer.Option("--at", metavar="TIME", help="Read it as of this time (RFC 3339); left out: now.")]

_CONCLUSIONS: Final = ("accessible", "blocking", "dns_consistency")


@dataclass(frozen=True, slots=True)
class Explanation:
    """What one document says: a `record` for a program, and lines and tables for a person."""

    record: Mapping[str, object]
    words: tuple[str | Table, ...]


@explain.command("ooni")
def ooni(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="A measurement as OONI publishes it, or one a line.")],
    at: At = None,
    *,
    as_json: Json = False,
) -> None:
    """Judge OONI measurements of websites by our rules, beside OONI's own verdict as we compute it and as it was published."""
    settings, now = Settings(), moment(at)
    markers = markers_for(settings.config, settings.data_dir)
    show = _emitted if as_json else _said
    show_each(files, partial(_explanations, now=now, markers=markers), show)


def show_each(files: Iterable[Path], read: Callable[[Path], Sequence[Explanation]], show: Callable[[Explanation], None]) -> None:
    """Show what is read of each file, the whole of it or nothing. One that cannot be used does not keep others from being read.

    Ends with exit code 2 if there was any, having named it and the remedy on standard error.
    """
    unusable = False
    for file in files:
        try:
            explanations = read(file)
        except Unusable as problem:
            complaints.print(printable(f"{file}: {problem}"), markup=False)
            unusable = True
            continue
        for explanation in explanations:
            show(explanation)
    if unusable:
        raise typer.Exit(Exit.UNUSABLE)


def moment(text: str | None) -> datetime:
    """The moment that a person named, else now. Raises `typer.BadParameter`."""
    if text is None:
        return Clock.from_environment().now()
    try:
        named = datetime.fromisoformat(text)
    except ValueError:
        named = None
    if named is None or named.tzinfo is None:
        raise typer.BadParameter("write a time with its offset, such as 2026-01-31T12:00:00Z", param_hint="--at")
    return named.astimezone(UTC)


def _explanations(file: Path, now: datetime, markers: Markers) -> list[Explanation]:
    """What every measurement of the file says. Raises `Unusable`, naming the line where there are many."""
    explanations = []
    for line, document in documents(file):
        try:
            explanations.append(_explanation(file, read_measurement(document, now, markers)))
        except Unusable as problem:
            raise Unusable(str(problem) if line is None else f"line {line}: {problem}") from None
    return explanations


def _explanation(file: Path, measurement: Measurement) -> Explanation:
    probe = discover()["website"]
    finding = probe.judge(measurement.observation(check="explained", vantage="ooni", probe_version=probe.version))
    ours = classic(measurement.facts, measurement.control)
    return Explanation(
        _record(file, measurement, finding, ours),
        (_heading(file, measurement), *_judgement(finding), _table(measurement, ours), _source(measurement)),
    )


def _record(file: Path, measurement: Measurement, finding: Finding, ours: Classic) -> Mapping[str, object]:
    return {
        "input": measurement.input,
        "file": printable(str(file)),
        "state": finding.state,
        "strength": finding.strength,
        "mechanism": finding.mechanism,
        "rule": finding.rule,
        "because": finding.because,
        "why_unclear": finding.why_unclear,
        "classic": {name: getattr(ours, name) for name in _CONCLUSIONS},
        "theirs": {name: getattr(measurement.theirs, name) for name in _CONCLUSIONS},
    }


def _heading(file: Path, measurement: Measurement) -> str:
    network = f", AS{measurement.provenance.asn}" if measurement.provenance.asn else ""
    country = measurement.country or "an unknown country"
    return f"{measurement.input} from {country}{network} at {utc(measurement.started_at)} ({file})"


def _judgement(finding: Finding) -> Iterator[str]:
    yield f"{finding.state} ({finding.strength})" + (f": {finding.why_unclear}" if finding.why_unclear else "")
    yield finding.because
    yield f"rule {finding.rule}" + (f", mechanism {finding.mechanism}" if finding.mechanism else "")


def _table(measurement: Measurement, ours: Classic) -> Table:
    table = Table("OONI's verdict", *_CONCLUSIONS, pad_edge=False)
    for source, conclusions in (("by its rules, as we apply them", ours), ("as published", measurement.theirs)):
        table.add_row(source, *(_word(getattr(conclusions, name)) for name in _CONCLUSIONS))
    return table


def _word(value: object) -> str:
    return "not said" if value is None else "no" if value is False else "yes" if value is True else str(value)


def _source(measurement: Measurement) -> str:
    return f"{measurement.provenance.attribution}: {measurement.provenance.url or 'not published'}\n"


def _emitted(explanation: Explanation) -> None:
    emit(explanation.record)


def _said(explanation: Explanation) -> None:
    for words in explanation.words:
        if isinstance(words, str):
            say(words)
        else:
            console.print(words)
