"""`cutwatch rejudge`: what today's rules make of the looks that are stored, and, once that was read, write it down."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Annotated, Final

import typer
from rich.progress import Progress

from monitor.clock import Clock
from monitor.commands.database import opened
from monitor.commands.incidents import incident_record, one_line
from monitor.commands.output import Exit, Json, complaints, emit, refuse, say, utc
from monitor.commands.place import find_place
from monitor.configuration import ConfigurationError
from monitor.core.incident import Change, Event, Incident, apply, record
from monitor.core.kinds import EventKind, IncidentStage
from monitor.core.message import Message
from monitor.core.planned import planned_changes
from monitor.core.rejudging import BY, Difference, Looks, Replay, What, compare
from monitor.core.routing import route
from monitor.core.sight import judge_round
from monitor.core.verdict import Verdict, judge, unjudged
from monitor.pipeline import Watch
from monitor.service.wiring import AlreadyRunning, only_one, read_watch
from monitor.settings import Settings
from monitor.store import Judged, Reading, Store
from probes.kit.observation import Observation

PAGE: Final = 500
"""Looks that are read and judged at a time."""

Advance = Callable[[int], None]


@dataclass(slots=True)
class Findings:
    """What a pass over the stored looks has found. `changed` are the new verdicts, `checks` those they belong to."""

    replay: Replay
    looks: Looks = field(default_factory=Looks)
    changed: list[Judged] = field(default_factory=list)
    differences: tuple[Difference, ...] = ()
    written: dict[Difference, str] = field(default_factory=dict)
    """What was written down, with the id of the incident that it concerns."""

    @property
    def checks(self) -> list[str]:
        """The checks of which at least one look is judged otherwise now."""
        return sorted({look.verdict.check for look in self.changed})


def rejudge(
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M"], help="UTC; left out: all looks that are stored.")
    ] = None,
    reason: Annotated[str | None, typer.Option(help="Why, for --apply; it is kept with every incident that changes.")] = None,
    *,
    apply_it: Annotated[bool, typer.Option("--apply", help="Write it down; the service must not run meanwhile.")] = False,
    as_json: Json = False,
) -> None:
    """Judge the stored looks by today's rules and say what would differ; nothing is written without --apply.

    Facts are never touched. Incidents that would never have been confirmed are retracted with your reason, and those who were
    told are told of it; others are corrected, ended or opened again. What people have decided stays as it is.
    """
    settings = Settings()
    if apply_it and not (reason or "").strip():
        refuse("give a reason with --reason: it is kept with every incident that changes, and readers see why")
    watch = _watch(settings)
    try:
        # Without --apply the service may go on; it only makes looks of which this pass will not know.
        with only_one(settings.data_dir) if apply_it else contextlib.nullcontext():
            findings = asyncio.run(_run(settings, watch, since, reason if apply_it else None, as_json=as_json))
    except AlreadyRunning:
        refuse(
            "nothing was written: the service runs, and would go on by the old verdicts; stop it, run this, start it", Exit.FAILED
        )
    _report(findings, applied=apply_it, as_json=as_json)


def _watch(settings: Settings) -> Watch:
    try:
        return read_watch(settings, find_place(settings, interactive=False))
    except ConfigurationError:
        refuse("the configuration has problems: run `cutwatch check`")


async def _run(settings: Settings, watch: Watch, since: datetime | None, reason: str | None, *, as_json: bool) -> Findings:
    start = _utc(since) if since else datetime.fromtimestamp(0, Clock.from_environment().now().tzinfo)
    async with opened(settings) as store:
        findings = await _find(store, watch, start, as_json=as_json)
        if reason is not None:
            await _apply(store, watch, findings, reason, settings.address)
    return findings


def _utc(given: datetime) -> datetime:
    return given.replace(tzinfo=Clock.from_environment().now().tzinfo)


async def _find(store: Store, watch: Watch, since: datetime, *, as_json: bool) -> Findings:
    async with store.reading() as reading:
        planned = planned_changes(watch.watchlist, await reading.planned_changes(since))
        total = await reading.count_looks(since)
        findings = Findings(Replay(watch.watchlist.monitor.confirmation, planned))
        first: datetime | None = None
        with _progress(total, hidden=as_json) as advance:
            async for look in _looks(reading, since):
                first = first or look.verdict.at
                await _take(look, watch, reading, findings)
                advance(1)
        incidents = await reading.all_incidents()
        logs = {one.id: await reading.events(one.id) for one in incidents if one.confirmed_at is not None}
    begun = max(since, first) if first else since
    findings.differences = compare(logs, incidents, findings.replay, begun, findings.looks.missing)
    return findings


@contextlib.contextmanager
def _progress(total: int, *, hidden: bool) -> Iterator[Advance]:
    with Progress(transient=True, console=complaints, disable=hidden) as bar:
        task = bar.add_task("Judging", total=total)
        yield lambda steps: bar.advance(task, steps)


async def _looks(reading: Reading, since: datetime) -> AsyncIterator[Judged]:
    after: tuple[datetime, str] | None = None
    while page := await reading.looks_from(since, after, PAGE):
        for look in page:
            yield look
        after = page[-1].verdict.at, page[-1].observation.id


async def _take(look: Judged, watch: Watch, reading: Reading, findings: Findings) -> None:
    verdict = await _judged(look.observation, watch, reading)
    if verdict is None:
        findings.looks.leave_out(look.verdict)
        return
    if findings.looks.take(look.verdict, verdict):
        findings.changed.append(Judged(observation=_without_facts(look.observation), verdict=verdict))
    findings.replay.take(verdict)


def _without_facts(observation: Observation) -> Observation:
    """What is held in memory until the end: a whole history of facts would not fit."""
    return Observation(
        id=observation.id,
        check=observation.check,
        vantage=observation.vantage,
        started_at=observation.started_at,
        duration=observation.duration,
        facts=None,
        validity=observation.validity,
        unmeasured=observation.unmeasured,
        missed=observation.missed,
        probe_version=observation.probe_version,
        software=observation.software,
    )


async def _judged(observation: Observation, watch: Watch, reading: Reading) -> Verdict | None:
    """Today's verdict on a look; None where it is no longer configured."""
    sight = watch.sights.get(observation.check)
    if sight is not None:
        return judge_round(sight, observation)
    check = watch.checks.get(observation.check)
    if check is None:
        return None
    probe = watch.probes[check.probe]
    well = await reading.well_lately(check.id, observation.started_at) if observation.control else []
    try:
        return judge(probe, check, observation, tuple(one.observation for one in well))
    except Exception:
        # As in the service: a rule that fails makes the look unclear, and stops nothing.
        return unjudged(probe, check, observation)


async def _apply(store: Store, watch: Watch, findings: Findings, reason: str, address: str) -> None:
    """Write it down: verdicts first, then what follows from them, then the incidents, each in one transaction."""
    for start in range(0, len(findings.changed), PAGE):
        async with store.writing() as writing:
            await writing.rejudge(findings.changed[start : start + PAGE])
    for check in findings.checks:
        async with store.writing() as writing:
            await writing.redo(check)
    for difference in findings.differences:
        findings.written[difference] = await _enter(store, watch, difference, reason, address)


async def _enter(store: Store, watch: Watch, difference: Difference, reason: str, address: str) -> str:
    """Returns the id of the incident."""
    now = Clock.from_environment().now()
    async with store.writing() as writing:
        number = difference.recorded.id if difference.recorded else await writing.next_incident_id(now.year)
        events = tuple(_events(difference, number, reason, now))
        incident = difference.recorded
        messages: list[Message] = []
        for event in events:
            before, incident = incident, apply(incident, event)
            messages += route(event, incident, watch.watchlist, address, before)
        if incident is not None:
            await writing.append(events, [incident])
            await writing.cite(number, difference.looks)
            await writing.add_messages(messages)
    return number


def _events(difference: Difference, number: str, reason: str, now: datetime) -> Iterator[Event]:
    recorded, replayed = difference.recorded, difference.replayed
    if recorded is not None and replayed is None:
        gone = Change(stage=IncidentStage.RETRACTED, reason=reason, by=BY)
        yield record(number, recorded.version + 1, now, EventKind.RETRACTED, gone)
    elif recorded is not None and replayed is not None:
        yield from _corrections(difference, recorded, replayed, reason, now)
    elif replayed is not None:
        yield from _from_the_start(replayed, number, reason, now)


def _corrections(difference: Difference, recorded: Incident, replayed: Incident, reason: str, now: datetime) -> Iterator[Event]:
    """What is told in other terms is corrected; what would be over, or would not, ends or opens again."""
    version = recorded.version
    told = {name: getattr(replayed, name) for name in difference.fields if name != "end" or (recorded.end and replayed.end)}
    if "rule" in told:
        told["because"] = replayed.because
    if told:
        version += 1
        yield record(recorded.id, version, now, EventKind.CORRECTED, Change(**told, reason=reason, by=BY))
    if recorded.end is None and replayed.end is not None:
        over = Change(stage=IncidentStage.ENDED, end=replayed.end, reason=reason, by=BY)
        yield record(recorded.id, version + 1, now, EventKind.ENDED, over)
    elif recorded.end is not None and replayed.end is None:
        again = Change(stage=IncidentStage.CONFIRMED, vantages=replayed.vantages, reason=reason, by=BY)
        yield record(recorded.id, version + 1, now, EventKind.REOPENED, again)


def _from_the_start(replayed: Incident, number: str, reason: str, now: datetime) -> Iterator[Event]:
    """The log of an incident that is only known now: it is dated now, and its brackets say when it was."""
    known = Change(
        key=replayed.key,
        kind=replayed.kind,
        stage=IncidentStage.SUSPECTED,
        onset=replayed.onset,
        vantages=replayed.vantages or replayed.seen_from,
        mechanisms=replayed.mechanisms,
        rule=replayed.rule,
        because=replayed.because,
        strength=replayed.strength,
        intermittent=replayed.intermittent or None,
        reason=reason,
        by=BY,
    )
    yield record(number, 1, now, EventKind.OPENED, known)
    yield record(number, 2, now, EventKind.CONFIRMED, Change(stage=IncidentStage.CONFIRMED, reason=reason, by=BY))
    if replayed.end is not None:
        yield record(number, 3, now, EventKind.ENDED, Change(stage=IncidentStage.ENDED, end=replayed.end, reason=reason, by=BY))


def _report(findings: Findings, *, applied: bool, as_json: bool) -> None:
    if as_json:
        _emit(findings, applied=applied)
        return
    looks = findings.looks
    say(f"{looks.judged:,} looks judged by today's rules, {sum(looks.changed.values()):,} of them otherwise than before.")
    if looks.left_out:
        say(f"{looks.left_out:,} looks were left out: what they looked at is no longer configured.")
    for (probe, state, rule, now_state, now_rule), number in looks.changed.most_common():
        say(f"  {number:>8,}  {probe}: {state} ({rule}) -> {now_state} ({now_rule})")
    for difference in findings.differences:
        say(_sentence(difference, findings.written.get(difference)))
    if not findings.differences:
        say("No incident has changed." if applied else "No incident would change.")
    if applied:
        say("All of this is written down; the service may start again.")
    elif looks.changed or findings.differences:
        say("Nothing was written. To write it: stop the service, and run this again with --apply --reason “…”.")


def _sentence(difference: Difference, written: str | None) -> str:
    """One incident, and what of it differs, a line each. `written`: its id, if that was written down."""
    recorded, replayed = difference.recorded, difference.replayed
    is_done = "was" if written else "would be"
    match difference.what:
        case What.GONE if recorded:
            return f"  - {is_done} retracted:  {one_line(recorded)}"
        case What.OTHERWISE if recorded and replayed:
            changes = (f"\n      {name}: {_shown(recorded, name)} -> {_shown(replayed, name)}" for name in difference.fields)
            return f"  ~ {is_done} corrected:  {one_line(recorded)}{''.join(changes)}"
        case _:
            return f"  + {is_done} confirmed:  {one_line(replace(replayed, id=written or '(new)'))}" if replayed else ""


def _shown(incident: Incident, name: str) -> str:
    value = getattr(incident, name)
    if name in {"onset", "end"}:
        return f"{utc(value.after)} to {utc(value.by)}" if value else "none"
    return ", ".join(value) or "none" if isinstance(value, tuple) else str(value)


def _emit(findings: Findings, *, applied: bool) -> None:
    looks = findings.looks
    emit({"looks": looks.judged, "changed": sum(looks.changed.values()), "left_out": looks.left_out, "applied": applied})
    for (probe, state, rule, now_state, now_rule), number in looks.changed.most_common():
        before, now = {"state": state, "rule": rule}, {"state": now_state, "rule": now_rule}
        emit({"probe": probe, "before": before, "now": now, "looks": number})
    for difference in findings.differences:
        emit(_record(difference, findings.written.get(difference)))


def _record(difference: Difference, written: str | None) -> Mapping[str, object]:
    recorded, replayed = difference.recorded, difference.replayed
    return {
        "what": difference.what.value,
        "incident": recorded.id if recorded else written,
        "fields": list(difference.fields),
        "recorded": incident_record(recorded) if recorded else None,
        "replayed": {**incident_record(replayed), "id": None} if replayed else None,
    }
